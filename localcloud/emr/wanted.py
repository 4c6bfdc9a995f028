"""What a creation call asks for: the parameters of RunCluster, CreateCluster and the older CreateClusterV2.

API: https://www.alibabacloud.com/help/en/emr/emr-on-ecs/developer-reference/api-emr-2021-03-20-runcluster
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from localcloud.emr.parameters import invalid, mandatory, objects, one_of

if TYPE_CHECKING:
    from localcloud.openapi import Invocation

DEFAULT_ROLE = "AliyunECSInstanceForEMRRole"
DEFAULT_ROLE_2016 = "AliyunEmrEcsDefaultRole"

_TYPES = ("DATALAKE", "OLAP", "DATAFLOW", "DATASERVING", "CUSTOM", "HADOOP")


@dataclass(frozen=True, slots=True)
class Wanted:
    """One cluster as it was asked for. `attributes` and `groups` have the API's member names.

    `old` marks the API 2016-04-08, whose cluster ids are upper case.
    """

    name: str
    release: str
    role: str
    type: str
    attributes: dict[str, Any]
    groups: list[dict[str, Any]]
    old: bool = False


def wanted_cluster(invocation: Invocation) -> Wanted:
    """Read the parameters of RunCluster and CreateCluster."""
    attributes = invocation.params.get("NodeAttributes", {})
    if not isinstance(attributes, dict):
        raise invalid("NodeAttributes")
    return Wanted(
        name=_name(mandatory(invocation, "ClusterName"), "ClusterName"),
        release=mandatory(invocation, "ReleaseVersion"),
        role=str(attributes.get("RamRole") or DEFAULT_ROLE),
        type=one_of(invocation.text("ClusterType", "DATALAKE"), _TYPES, "ClusterType"),
        attributes={key: value for key, value in attributes.items() if key != "MasterRootPassword"},
        groups=objects(invocation, "NodeGroups"),
    )


def wanted_cluster_2016(invocation: Invocation) -> Wanted:
    """Read the parameters of CreateClusterV2 (API 2016-04-08), whose host groups are named otherwise."""
    groups = [
        {
            "NodeGroupType": group.get("HostGroupType", "CORE"),
            "NodeGroupName": group.get("HostGroupName", ""),
            "NodeCount": group.get("NodeCount", 1),
            "InstanceTypes": [group["InstanceType"]] if "InstanceType" in group else [],
        }
        for group in objects(invocation, "HostGroup")
    ]
    places = {name: invocation.text(name) for name in ("VpcId", "ZoneId", "SecurityGroupId", "KeyPairName")}
    return Wanted(
        name=_name(mandatory(invocation, "Name"), "Name"),
        release=mandatory(invocation, "EmrVer"),
        role=invocation.text("UserDefinedEmrEcsRole") or DEFAULT_ROLE_2016,
        type=invocation.text("ClusterType") or "HADOOP",
        attributes={name: value for name, value in places.items() if value},
        groups=groups,
        old=True,
    )


def _name(name: str, parameter: str) -> str:
    if len(name) > 128 or name.startswith(("http://", "https://")):
        raise invalid(parameter)
    return name
