"""The calls that read clusters, operations and releases."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from localcloud.emr.lifecycle import (
    cluster_reason,
    cluster_state,
    end_time,
    operation_state,
    ready_time,
)
from localcloud.emr.parameters import invalid, mandatory, milliseconds, objects, page, texts
from localcloud.emr.release import parse_release, release_table

if TYPE_CHECKING:
    from localcloud.emr.state import Cluster
    from localcloud.openapi import Answer, Invocation

EMR_DEFAULT_ROLE = "AliyunEMRDefaultRole"


def find_cluster(invocation: Invocation) -> Cluster:
    """The cluster that ClusterId names, in the caller's account and the region; else InvalidParameter."""
    mandatory(invocation, "RegionId")
    cluster = invocation.cloud.state.emr.clusters.get(mandatory(invocation, "ClusterId"))
    if cluster is None or not _is_here(invocation, cluster):
        raise invalid("ClusterId")
    return cluster


def _is_here(invocation: Invocation, cluster: Cluster) -> bool:
    return cluster.account == invocation.account and cluster.region == invocation.region


def get_cluster(invocation: Invocation) -> Answer:
    cluster, now = find_cluster(invocation), invocation.call.received
    members = {
        "RegionId": cluster.region,
        "DeployMode": cluster.deploy_mode,
        "SecurityMode": cluster.security_mode,
        "NodeAttributes": cluster.node_attributes,
    }
    return {"Cluster": _summary(cluster, now) | members}


def list_clusters(invocation: Invocation) -> Answer:
    """Clusters, newest first, by every filter of the API."""
    mandatory(invocation, "RegionId")
    now = invocation.call.received
    mine = [c for c in invocation.cloud.state.emr.clusters.values() if _is_here(invocation, c)]
    kept = [c for c in reversed(mine) if _matches(invocation, c, now)]
    shown, paging = page(invocation, kept)
    return {"Clusters": [_summary(cluster, now) for cluster in shown], **paging}


def _matches(invocation: Invocation, cluster: Cluster, now: float) -> bool:
    filters = (
        (texts(invocation, "ClusterIds"), cluster.id),
        (texts(invocation, "ClusterName"), cluster.name),
        (texts(invocation, "ClusterStates"), cluster_state(cluster, now)),
        (texts(invocation, "ClusterTypes"), cluster.type),
        (texts(invocation, "PaymentTypes"), cluster.payment_type),
        (texts(invocation, "ResourceGroupId"), cluster.resource_group),
    )
    tags = {tag["Key"]: tag["Value"] for tag in cluster.tags}
    return all(not wanted or have in wanted for wanted, have in filters) and all(
        tag.get("Key") in tags and tag.get("Value", tags[tag["Key"]]) == tags[tag["Key"]]
        for tag in objects(invocation, "Tags")
    )


def _summary(cluster: Cluster, now: float) -> dict[str, Any]:
    """The members that a list shows: NodeAttributes, RegionId and DeployMode come with GetCluster only."""
    summary: dict[str, Any] = {
        "ClusterId": cluster.id,
        "ClusterName": cluster.name,
        "ClusterType": cluster.type,
        "ClusterState": cluster_state(cluster, now),
        "PaymentType": cluster.payment_type,
        "CreateTime": milliseconds(cluster.created),
        "ReleaseVersion": cluster.release,
        "ResourceGroupId": cluster.resource_group,
        "DeletionProtection": cluster.deletion_protection,
        "Description": cluster.description,
        "EmrDefaultRole": EMR_DEFAULT_ROLE,
        "Tags": cluster.tags,
    }
    times = {"ReadyTime": ready_time(cluster, now), "EndTime": end_time(cluster, now)}
    summary |= {name: milliseconds(time) for name, time in times.items() if time}
    if reason := cluster_reason(cluster, now):
        summary["StateChangeReason"] = reason
    return summary


def get_operation(invocation: Invocation) -> Answer:
    cluster, now = find_cluster(invocation), invocation.call.received
    wanted = mandatory(invocation, "OperationId")
    operation = next((o for o in cluster.operations if o.id == wanted), None)
    if operation is None:
        raise invalid("OperationId")
    state, ended = operation_state(cluster, operation, now)
    members: dict[str, Any] = {
        "ClusterId": cluster.id,
        "OperationId": operation.id,
        "OperationType": operation.type,
        "OperationState": state,
        "CreateTime": milliseconds(operation.created),
        "StartTime": milliseconds(operation.created),
        "Description": "",
    }
    if ended:
        members["EndTime"] = milliseconds(ended)
    if state == "FAILED" and cluster.failure is not None:
        members["StateChangeReason"] = {"Code": cluster.failure.code, "Message": cluster.failure.message}
    return {"Operation": members}


def list_release_versions(invocation: Invocation) -> Answer:
    """The releases that the documentation names, newest first, whatever ClusterType and IaasType ask for."""
    mandatory(invocation, "RegionId")
    names = [f"EMR-{number}" for number in release_table().releases]
    names.sort(key=lambda name: parse_release(name) or (0, 0, 0), reverse=True)
    releases = [
        {"ReleaseVersion": name, "Series": f"{name.partition('.')[0]}.x", "IaasType": "ECS"} for name in names
    ]
    return {"ReleaseVersions": releases, "TotalCount": len(releases), "MaxResults": len(releases)}
