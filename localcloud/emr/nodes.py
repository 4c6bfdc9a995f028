"""The calls that read the nodes and node groups of a cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from localcloud.emr.lifecycle import node_state
from localcloud.emr.parameters import milliseconds, page, texts
from localcloud.emr.read import find_cluster

if TYPE_CHECKING:
    from localcloud.emr.state import Cluster, Node, NodeGroup
    from localcloud.openapi import Answer, Invocation


def list_nodes(invocation: Invocation) -> Answer:
    cluster, now = find_cluster(invocation), invocation.call.received
    state = node_state(cluster, now)

    def matches(node: Node) -> bool:
        filters = (
            (texts(invocation, "NodeIds"), node.id),
            (texts(invocation, "NodeNames"), node.name),
            (texts(invocation, "NodeGroupIds"), node.group),
            (texts(invocation, "NodeStates"), state),
            (texts(invocation, "PrivateIps"), node.private_ip),
            (texts(invocation, "PublicIps"), ""),
        )
        return all(not wanted or have in wanted for wanted, have in filters)

    groups = {group.id: group for group in cluster.groups}
    shown, paging = page(invocation, [node for node in cluster.nodes if matches(node)])
    return {"Nodes": [_node(cluster, node, groups[node.group], state) for node in shown], **paging}


def _node(cluster: Cluster, node: Node, group: NodeGroup, state: str) -> dict[str, Any]:
    types = group.wanted.get("InstanceTypes") or [""]
    return {
        "NodeId": node.id,
        "NodeName": node.name,
        "NodeGroupId": group.id,
        "NodeGroupType": group.type,
        "NodeState": state,
        "PrivateIp": node.private_ip,
        "ZoneId": cluster.node_attributes.get("ZoneId", ""),
        "InstanceType": types[0],
        "CreateTime": milliseconds(cluster.created),
    }


def list_node_groups(invocation: Invocation) -> Answer:
    cluster, now = find_cluster(invocation), invocation.call.received
    running = node_state(cluster, now) == "Running"

    def matches(group: NodeGroup) -> bool:
        filters = (
            (texts(invocation, "NodeGroupIds"), group.id),
            (texts(invocation, "NodeGroupNames"), group.name),
            (texts(invocation, "NodeGroupTypes"), group.type),
        )
        return all(not wanted or have in wanted for wanted, have in filters)

    shown, paging = page(invocation, [group for group in cluster.groups if matches(group)])
    return {"NodeGroups": [_group(cluster, group, running) for group in shown], **paging}


def _group(cluster: Cluster, group: NodeGroup, running: bool) -> dict[str, Any]:
    return {
        "NodeGroupId": group.id,
        "NodeGroupName": group.name,
        "NodeGroupType": group.type,
        "PaymentType": group.wanted.get("PaymentType") or cluster.payment_type,
        "InstanceTypes": group.wanted.get("InstanceTypes") or [],
        "VSwitchIds": group.wanted.get("VSwitchIds") or [],
        "ZoneId": cluster.node_attributes.get("ZoneId", ""),
        "RunningNodeCount": sum(node.group == group.id for node in cluster.nodes) if running else 0,
    }
