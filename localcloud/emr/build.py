"""Builds a cluster with its node groups and instances."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from localcloud.emr.parameters import count, flag, invalid, objects, one_of
from localcloud.emr.state import Cluster, Failure, Node, NodeGroup, Operation

if TYPE_CHECKING:
    from localcloud.emr.service import EmrService
    from localcloud.emr.wanted import Wanted
    from localcloud.openapi import Invocation

_GROUP_TYPES = ("MASTER", "CORE", "TASK", "GATEWAY")
_DEPLOY_MODES = ("NORMAL", "HA")
_SECURITY_MODES = ("NORMAL", "KERBEROS")
_PAYMENT_TYPES = ("PayAsYouGo", "Subscription")


def build_cluster(
    invocation: Invocation, service: EmrService, wanted: Wanted, failure: Failure | None
) -> Cluster:
    """The cluster that was asked for, starting now; one that will fail gets no instances."""
    now = invocation.call.received
    bootstrapping = now + service.starting_seconds
    cluster = Cluster(
        id=new_cluster_id(wanted.old),
        account=invocation.account,
        region=invocation.region,
        name=wanted.name,
        type=wanted.type,
        release=wanted.release,
        role=wanted.role,
        created=now,
        bootstrapping=bootstrapping,
        running=bootstrapping + service.bootstrapping_seconds,
        deploy_mode=one_of(invocation.text("DeployMode", "NORMAL"), _DEPLOY_MODES, "DeployMode"),
        security_mode=one_of(invocation.text("SecurityMode", "NORMAL"), _SECURITY_MODES, "SecurityMode"),
        payment_type=one_of(invocation.text("PaymentType", "PayAsYouGo"), _PAYMENT_TYPES, "PaymentType"),
        description=invocation.text("Description"),
        resource_group=invocation.text("ResourceGroupId"),
        deletion_protection=flag(invocation.params.get("DeletionProtection", False)),
        node_attributes=wanted.attributes | {"RamRole": wanted.role},
        tags=_tags(invocation),
        failure=failure,
        operations=[Operation(id=new_operation_id(), type="CREATE_CLUSTER", created=now)],
    )
    if failure is None:
        taken = len(invocation.cloud.state.emr.instances)
        _add_nodes(cluster, wanted.groups or _default_groups(cluster), taken)
    return cluster


def _default_groups(cluster: Cluster) -> list[dict[str, Any]]:
    masters = 3 if cluster.deploy_mode == "HA" else 1
    return [{"NodeGroupType": "MASTER", "NodeCount": masters}, {"NodeGroupType": "CORE", "NodeCount": 2}]


def _add_nodes(cluster: Cluster, groups: list[dict[str, Any]], taken: int) -> None:
    """Give the cluster its node groups and instances; `taken` is how many addresses are in use."""
    for number, wanted in enumerate(groups, 1):
        place = f"NodeGroups.{number}"
        kind = one_of(str(wanted.get("NodeGroupType", "")), _GROUP_TYPES, f"{place}.NodeGroupType")
        size = count(wanted.get("NodeCount", 1), f"{place}.NodeCount", 1, 1000)
        if not isinstance(wanted.get("InstanceTypes", []), list):
            raise invalid(f"{place}.InstanceTypes")
        name = str(wanted.get("NodeGroupName") or f"{kind.lower()}-{number}")
        group = NodeGroup(id="ng-" + secrets.token_hex(8), name=name, type=kind, wanted=wanted)
        cluster.groups.append(group)
        for index in range(1, size + 1):
            address = taken + len(cluster.nodes)
            cluster.nodes.append(
                Node(
                    id=new_instance_id(),
                    name=f"{name}-{index}",
                    group=group.id,
                    private_ip=f"10.{address // 62500 % 250}.{address // 250 % 250}.{address % 250 + 1}",
                )
            )


def _tags(invocation: Invocation) -> list[dict[str, str]]:
    tags = objects(invocation, "Tags")
    if len(tags) > 20 or not all(tag.get("Key") for tag in tags):
        raise invalid("Tags")
    return [{"Key": str(tag["Key"]), "Value": str(tag.get("Value", ""))} for tag in tags]


def new_cluster_id(old: bool) -> str:
    """`c-` and 16 hexadecimal digits; the old API's ids are upper case."""
    identifier = "c-" + secrets.token_hex(8)
    return identifier.upper() if old else identifier


def new_operation_id() -> str:
    return "op-" + secrets.token_hex(8)


def new_instance_id() -> str:
    return "i-" + secrets.token_hex(10)
