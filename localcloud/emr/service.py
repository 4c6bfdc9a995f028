"""The table of EMR's operations, and the settings that tests and rehearsals change.

API: https://www.alibabacloud.com/help/en/emr/emr-on-ecs/developer-reference/api-emr-2021-03-20-overview
Actions and resources: https://api.alibabacloud.com/document/Emr/2021-03-20/ram
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from localcloud.emr import nodes, read
from localcloud.emr.build import new_operation_id
from localcloud.emr.create import create_cluster
from localcloud.emr.lifecycle import cluster_state
from localcloud.emr.parameters import flag
from localcloud.emr.state import Operation as ClusterOperation
from localcloud.emr.wanted import wanted_cluster, wanted_cluster_2016
from localcloud.errors import AccessDenied, CloudError, Unsupported
from localcloud.openapi import Answer, Invocation, OpenApiService, Operation, rpc_parameters

if TYPE_CHECKING:
    from localcloud.call import Call

VERSION_2016 = "2016-04-08"
_OPERATIONS_2016 = {"CreateClusterV2"}


@dataclass(frozen=True, slots=True)
class Instance:
    """An ECS instance of a cluster, for the metadata service. `role` is the ECS application role's name."""

    account: str
    region: str
    role: str
    cluster_id: str


class EmrService(OpenApiService):
    """EMR on ECS. The settings are attributes and return to their defaults when the cloud is reset.

    `failure_mode` "answer" refuses a wrong role in the API's answer (NoPermission, as the FAQ says); "later"
    lets the call succeed, and the cluster ends in `failed_state` with StateChangeReason NotAuthorized: which
    of the two the real service does is published nowhere. `check_pass_role` asks `ram:PassRole` of the
    creator, `check_service_role` asks for AliyunEMRDefaultRole, in the same mode; both are off by default. The
    `*_seconds` are how long a phase lasts.
    """

    name = "emr"
    event_name = "Emr"
    version = "2021-03-20"
    older_versions = (VERSION_2016,)

    failure_mode: Literal["answer", "later"] = "answer"
    failed_state: Literal["START_FAILED", "TERMINATED_WITH_ERRORS"] = "START_FAILED"
    check_pass_role: bool = False
    check_service_role: bool = False
    starting_seconds: float = 0.0
    bootstrapping_seconds: float = 0.0
    terminating_seconds: float = 0.0

    def table(self) -> tuple[Operation, ...]:
        return (
            Operation("RunCluster", self._create, "emr:RunCluster", "Write"),
            Operation("CreateCluster", self._create, "emr:CreateCluster", "Write"),
            Operation("CreateClusterV2", self._create_2016, "emr:CreateClusterV2", "Write"),
            Operation("DeleteCluster", self._delete, "emr:DeleteCluster", "Write"),
            Operation("UpdateClusterAttribute", update_attribute, "emr:UpdateClusterAttribute", "Write"),
            Operation("GetCluster", read.get_cluster, "emr:GetCluster"),
            Operation("ListClusters", read.list_clusters, "emr:ListClusters"),
            Operation("GetOperation", read.get_operation, "emr:GetOperation"),
            Operation("ListNodes", nodes.list_nodes, "emr:ListNodes"),
            Operation("ListNodeGroups", nodes.list_node_groups, "emr:ListNodeGroups"),
            Operation("ListReleaseVersions", read.list_release_versions, "emr:ListReleaseVersions"),
        )

    def instance(self, instance_id: str) -> Instance | None:
        """Which cluster an ECS instance belongs to; None if there is none or the cluster has ended."""
        state = self.cloud.state.emr
        cluster = state.clusters.get(state.instances.get(instance_id, ""))
        if cluster is None or cluster_state(cluster, self.cloud.clock()) == "TERMINATED":
            return None
        return Instance(cluster.account, cluster.region, cluster.role, cluster.id)

    def _find(self, call: Call, name: str) -> tuple[Operation, dict[str, str]]:
        """Both API versions share the host name; only CreateClusterV2 is there of the older one."""
        version = call.headers.get("x-acs-version") or rpc_parameters(call).get("Version", "")
        if version != (VERSION_2016 if name in _OPERATIONS_2016 else self.version):
            raise Unsupported(self.name, f"{name} of API version {version}")
        return super()._find(call, name)

    def _authorise(self, invocation: Invocation, operation: Operation) -> None:
        """Keep the password out of the event, and deny calls of the older API with its own code."""
        _hide_password(invocation)
        if operation.name not in _OPERATIONS_2016:
            return super()._authorise(invocation, operation)
        invocation.notes["apiVersion"] = VERSION_2016
        try:
            super()._authorise(invocation, operation)
        except AccessDenied as error:
            error.code = "RAM.Permission.NotAllow"
            error.message = "It is not allow to execute this operation,please use RAM to authorize!"
            raise
        return None

    def _create(self, invocation: Invocation) -> Answer:
        return create_cluster(invocation, self, wanted_cluster(invocation))

    def _create_2016(self, invocation: Invocation) -> Answer:
        answer = create_cluster(invocation, self, wanted_cluster_2016(invocation))
        return {"ClusterId": answer["ClusterId"]}

    def _delete(self, invocation: Invocation) -> Answer:
        cluster, now = read.find_cluster(invocation), invocation.call.received
        if cluster.deletion_protection:
            message = "The operation is denied because deletion protection is enabled for the cluster."
            raise CloudError("OperationDenied.DeletionProtection", message, 400)
        if cluster_state(cluster, now) in ("TERMINATING", "TERMINATED"):
            message = "The operation is not allowed in the current status of the cluster."
            raise CloudError("OperationDenied.ClusterStatus", message, 400)
        cluster.deleted, cluster.ended = now, now + self.terminating_seconds
        operation = ClusterOperation(id=new_operation_id(), type="DELETE_CLUSTER", created=now)
        cluster.operations.append(operation)
        return {"OperationId": operation.id}


def update_attribute(invocation: Invocation) -> Answer:
    """Name, description and deletion protection; no API changes the role of a cluster."""
    cluster = read.find_cluster(invocation)
    cluster.name = invocation.text("ClusterName") or cluster.name
    cluster.description = invocation.text("Description") or cluster.description
    if "DeletionProtection" in invocation.params:
        cluster.deletion_protection = flag(invocation.params["DeletionProtection"])
    return {}


def _hide_password(invocation: Invocation) -> None:
    """RunCluster sends the password inside the JSON text of NodeAttributes, CreateClusterV2 as MasterPwd."""
    invocation.flat.pop("MasterPwd", None)
    if "MasterRootPassword" not in str(invocation.flat.get("NodeAttributes", "")):
        return
    attributes = invocation.params.get("NodeAttributes")
    shown = attributes if isinstance(attributes, dict) else {}  # text that is no JSON is not shown at all
    invocation.flat["NodeAttributes"] = json.dumps({k: v for k, v in shown.items() if "Password" not in k})
