"""The phase of clusters, nodes and operations at one moment.

States: https://www.alibabacloud.com/help/en/emr/emr-on-ecs/developer-reference/api-emr-2021-03-20-struct-cluster
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from localcloud.emr.state import Cluster, Operation

Reason = dict[str, str]
"""`{"Code": ..., "Message": ...}`, empty if nothing is to be told."""

_USER_REQUEST = {"Code": "UserRequest", "Message": "The cluster was deleted at the request of the user."}


def cluster_state(cluster: Cluster, now: float) -> str:
    """One of the API's ClusterState values."""
    if cluster.deleted:
        return "TERMINATED" if now >= cluster.ended else "TERMINATING"
    if now < cluster.bootstrapping:
        return "STARTING"
    if cluster.failure is not None:
        return cluster.failure.state
    return "RUNNING" if now >= cluster.running else "BOOTSTRAPPING"


def cluster_reason(cluster: Cluster, now: float) -> Reason:
    """Why the cluster is in its state, for those states that have a reason."""
    state = cluster_state(cluster, now)
    if cluster.failure is not None and state == cluster.failure.state:
        return {"Code": cluster.failure.code, "Message": cluster.failure.message}
    return _USER_REQUEST if state in ("TERMINATING", "TERMINATED") else {}


def end_time(cluster: Cluster, now: float) -> float:
    """When the cluster ended, 0 while it has not."""
    state = cluster_state(cluster, now)
    if state == "TERMINATED":
        return cluster.ended
    return cluster.bootstrapping if state in ("START_FAILED", "TERMINATED_WITH_ERRORS") else 0.0


def ready_time(cluster: Cluster, now: float) -> float:
    """When the cluster became ready, 0 while it has not or never did."""
    return cluster.running if cluster.failure is None and now >= cluster.running else 0.0


def node_state(cluster: Cluster, now: float) -> str:
    """The NodeState that all nodes of the cluster share."""
    match cluster_state(cluster, now):
        case "STARTING":
            return "Starting"
        case "TERMINATING":
            return "Stopping"
        case "TERMINATED":
            return "Terminated"
        case _:
            return "Running"


def operation_state(cluster: Cluster, operation: Operation, now: float) -> tuple[str, float]:
    """The OperationState, and when the operation ended (0 while it is in progress)."""
    if operation.type == "DELETE_CLUSTER":
        return ("COMPLETED", cluster.ended) if now >= cluster.ended else ("IN_PROGRESS", 0.0)
    if cluster.failure is not None:
        failed = now >= cluster.bootstrapping
        return ("FAILED", cluster.bootstrapping) if failed else ("IN_PROGRESS", 0.0)
    return ("COMPLETED", cluster.running) if now >= cluster.running else ("IN_PROGRESS", 0.0)
