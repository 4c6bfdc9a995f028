"""Roles that a cloud service owns: made on request or by the service itself, and changed by nobody else.

Sources: https://www.alibabacloud.com/help/en/ram/user-guide/service-linked-roles and
https://www.alibabacloud.com/help/en/resource-management/latest/createservicelinkedrole
"""

from __future__ import annotations

import time
from collections.abc import Mapping

from localcloud.openapi import Answer, Invocation
from localcloud.ram import resources
from localcloud.ram.default_roles import service_trust
from localcloud.ram.entities import ram_of
from localcloud.ram.refusals import refusal
from localcloud.ram.resources import operation
from localcloud.ram.roles import add_role, role_arn
from localcloud.ram.state import RamAccount, Role
from localcloud.ram.wire import iso_time, new_id, take_text

ROLE_NAMES = {
    "actiontrail.aliyuncs.com": "AliyunServiceRoleForActionTrail",
    "fc.aliyuncs.com": "AliyunServiceRoleForFC",
    "polardb.aliyuncs.com": "AliyunServiceRoleForPolarDB",
    "spark.emr-serverless.aliyuncs.com": "AliyunServiceRoleForEMRServerlessSpark",
}
"""The services that have one here. Their permission policies are not kept: the local services need none."""


def create_service_linked_role(invocation: Invocation) -> Answer:
    """The role of one cloud service; EntityNotExist.Service for a service that has none here."""
    service = invocation.require_text("ServiceName")
    if service not in ROLE_NAMES:
        raise refusal("EntityNotExist.Service")
    if take_text(invocation, "CustomSuffix"):
        raise refusal("InvalidParameter.CustomSuffix.NotAllowed")
    role = _new_role(service, invocation.call.received)
    add_role(ram_of(invocation), role)
    described = {
        "RoleId": role.id,
        "RoleName": role.name,
        "Arn": role_arn(invocation.account, role.name),
        "Description": role.description,
        "CreateDate": iso_time(role.created),
        "AssumeRolePolicyDocument": role.trust_policy,
        "IsServiceLinkedRole": True,
    }
    return {"Role": described}


def ensure_service_linked_role(ram: RamAccount, service: str, now: float | None = None) -> Role:
    """What a service does on its first use: the role that is there, or a new one."""
    role = ram.roles.get(ROLE_NAMES[service].lower())
    if role is None:
        role = _new_role(service, time.time() if now is None else now)
        add_role(ram, role)
    return role


def _new_role(service: str, now: float) -> Role:
    name = ROLE_NAMES[service]
    return Role(
        name=name,
        id=new_id("3"),
        trust_policy=service_trust(service),
        description=f"Service Linked Role for {name.removeprefix('AliyunServiceRoleFor')}.",
        service_linked=True,
        created=now,
        updated=now,
    )


def _service_name(invocation: Invocation) -> Mapping[str, tuple[str, ...]]:
    return {"ram:ServiceName": (take_text(invocation, "ServiceName"),)}


OPERATIONS = (
    operation(
        "CreateServiceLinkedRole", create_service_linked_role, resources.all_roles, context=_service_name
    ),
)
