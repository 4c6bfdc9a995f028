"""RAM roles.

API: https://www.alibabacloud.com/help/en/ram/developer-reference/api-ram-2015-05-01-createrole
and its neighbours.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from localcloud.openapi import Answer, Invocation
from localcloud.ram import resources
from localcloud.ram.documents import take_document
from localcloud.ram.entities import find_own_role, find_role, ram_of
from localcloud.ram.paging import page
from localcloud.ram.refusals import invalid, refusal
from localcloud.ram.resources import operation, reading
from localcloud.ram.state import RamAccount, Role
from localcloud.ram.tags import matches, tag_list, take_tags
from localcloud.ram.wire import ROLE_NAME, iso_time, new_id, take_name, take_text

MOST_ROLES = 1000


def create_role(invocation: Invocation) -> Answer:
    """A role with its trust policy, and no permissions yet."""
    name = take_name(invocation, "RoleName", ROLE_NAME)
    role = Role(
        name=name,
        id=new_id("3"),
        trust_policy=take_document(invocation, "AssumeRolePolicyDocument", "trust"),
        description=take_text(invocation, "Description", 1024),
        max_session_duration=_take_duration(invocation, "MaxSessionDuration", 3600),
        tags=take_tags(invocation),
        created=invocation.call.received,
        updated=invocation.call.received,
    )
    add_role(ram_of(invocation), role)
    return {"Role": _described(role, invocation.account) | {"AssumeRolePolicyDocument": role.trust_policy}}


def add_role(ram: RamAccount, role: Role) -> None:
    """Keep a new role; EntityAlreadyExists.Role or LimitExceeded.Role if it cannot be."""
    if role.name.lower() in ram.roles:
        raise refusal("EntityAlreadyExists.Role")
    if len(ram.roles) >= MOST_ROLES:
        raise refusal("LimitExceeded.Role")
    ram.roles[role.name.lower()] = role


def get_role(invocation: Invocation) -> Answer:
    """A role with its trust policy."""
    role = find_role(invocation)
    owner = invocation.cloud.state.accounts[invocation.account]
    members = {
        "AssumeRolePolicyDocument": role.trust_policy,
        "UpdateDate": iso_time(role.updated),
        "IsServiceLinkedRole": role.service_linked,
        "RolePrincipalName": f"{role.name}@role.{owner.alias or owner.id}.onaliyunservice.com",
    }
    return {"Role": _described(role, invocation.account) | members}


def update_role(invocation: Invocation) -> Answer:
    """Change what is given: trust policy, description, longest session."""
    role = find_own_role(invocation)
    trust_policy = role.trust_policy
    if "NewAssumeRolePolicyDocument" in invocation.flat:
        trust_policy = take_document(invocation, "NewAssumeRolePolicyDocument", "trust")
    description = take_text(invocation, "NewDescription", 1024) or role.description
    duration = _take_duration(invocation, "NewMaxSessionDuration", role.max_session_duration)
    role.trust_policy, role.description, role.max_session_duration = trust_policy, description, duration
    role.updated = invocation.call.received
    members = {"AssumeRolePolicyDocument": role.trust_policy, "UpdateDate": iso_time(role.updated)}
    return {"Role": _described(role, invocation.account) | members}


def delete_role(invocation: Invocation) -> Answer:
    """Only a role without policies can go."""
    role = find_own_role(invocation)
    if role.attachments:
        raise refusal("DeleteConflict.Role.Policy")
    del ram_of(invocation).roles[role.name.lower()]
    return {}


def list_roles(invocation: Invocation) -> Answer:
    """Roles without their trust policies, page by page."""
    wanted = take_tags(invocation)
    candidates = [role for role in ram_of(invocation).roles.values() if matches(role.tags, wanted)]
    roles, more = page(invocation, candidates, lambda role: role.name.lower())
    listed = [
        _described(role, invocation.account)
        | {"UpdateDate": iso_time(role.updated), "Tags": tag_list(role.tags)}
        for role in roles
    ]
    return {"Roles": {"Role": listed}} | more


def role_arn(account: str, name: str) -> str:
    """RAM prints role names in lower case in ARNs."""
    return f"acs:ram::{account}:role/{name.lower()}"


def _described(role: Role, account: str) -> Answer:
    return {
        "RoleId": role.id,
        "RoleName": role.name,
        "Arn": role_arn(account, role.name),
        "Description": role.description,
        "MaxSessionDuration": role.max_session_duration,
        "CreateDate": iso_time(role.created),
    }


def _take_duration(invocation: Invocation, parameter: str, default: int) -> int:
    seconds = invocation.number(parameter, default)
    if not 3600 <= seconds <= 43200:
        raise invalid(parameter, "MUST be in the range of 3600 and 43200.")
    return seconds


def _trusted(invocation: Invocation) -> Mapping[str, tuple[str, ...]]:
    """The condition keys of ram:CreateRole: which kinds of principals and which services it is to trust."""
    try:
        statements = json.loads(take_text(invocation, "AssumeRolePolicyDocument"))["Statement"]
        principals = [statement["Principal"] for statement in statements]
        services = [p["Service"] for p in principals if "Service" in p]
    except (ValueError, KeyError, TypeError):
        return {}  # the grammar check answers this one
    names = [name for value in services for name in (value if isinstance(value, list) else [value])]
    return {
        "ram:TrustedPrincipalTypes": tuple(sorted({kind for p in principals for kind in p})),
        "ram:ServiceNames": tuple(str(name) for name in names),
    }


OPERATIONS = (
    operation("CreateRole", create_role, resources.role, context=_trusted),
    reading("GetRole", get_role, resources.role),
    operation("UpdateRole", update_role, resources.role),
    operation("DeleteRole", delete_role, resources.role),
    reading("ListRoles", list_roles, resources.all_roles),
)
