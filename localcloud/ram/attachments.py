"""Attaches policies to users, groups and roles.

API: https://www.alibabacloud.com/help/en/ram/developer-reference/api-ram-2015-05-01-attachpolicytorole
and its neighbours; limits: https://www.alibabacloud.com/help/en/ram/product-overview/limits .
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from localcloud.errors import Unsupported
from localcloud.openapi import Answer, Invocation, Operation
from localcloud.ram import resources
from localcloud.ram.entities import find_group, find_own_role, find_policy, find_role, find_user, ram_of
from localcloud.ram.refusals import refusal
from localcloud.ram.resources import Arn, operation, reading
from localcloud.ram.roles import role_arn
from localcloud.ram.state import Attachment, Group, ManagedPolicy, Role, User
from localcloud.ram.wire import iso_time, take_text

MOST_ATTACHED = {"System": 20, "Custom": 10}
"""Policies of each type that one user, group or role may have."""

Holder = User | Group | Role
H = TypeVar("H", User, Group, Role)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of holder: its word in API names and codes, how to read one and how to find one for a change."""

    word: str
    find: Callable[[Invocation], Holder]
    find_own: Callable[[Invocation], Holder]
    arn: Arn

    def attach(self, invocation: Invocation) -> Answer:
        """Attach the policy that the call names; EntityAlreadyExists or LimitExceeded if it cannot be."""
        _refuse_resource_group(invocation)
        holder, policy = self.find_own(invocation), find_policy(invocation)
        if _find(holder, policy) is not None:
            raise refusal(f"EntityAlreadyExists.{self.word}.Policy")
        if sum(a.type == policy.type for a in holder.attachments) >= MOST_ATTACHED[policy.type]:
            raise refusal(f"LimitExceeded.{self.word}.Policy")
        attachment = Attachment(type=policy.type, name=policy.name, attached=invocation.call.received)
        holder.attachments.append(attachment)
        return {}

    def detach(self, invocation: Invocation) -> Answer:
        """Take the policy away again; EntityNotExist if the holder does not have it."""
        _refuse_resource_group(invocation)
        holder, policy = self.find_own(invocation), find_policy(invocation)
        attachment = _find(holder, policy)
        if attachment is None:
            raise refusal(f"EntityNotExist.{self.word}.Policy")
        holder.attachments.remove(attachment)
        return {}

    def list_policies(self, invocation: Invocation) -> Answer:
        """The policies that the holder has itself, not those of its groups."""
        find, account = invocation.cloud.find_policy, invocation.account
        pairs = [(find(account, a.type, a.name), a) for a in self.find(invocation).attachments]
        return {"Policies": {"Policy": [_described(policy, a) for policy, a in pairs if policy is not None]}}

    def operations(self) -> tuple[Operation, ...]:
        """This kind's three operations."""
        return (
            operation(f"AttachPolicyTo{self.word}", self.attach, resources.policy, self.arn),
            operation(f"DetachPolicyFrom{self.word}", self.detach, resources.policy, self.arn),
            reading(f"ListPoliciesFor{self.word}", self.list_policies, self.arn),
        )


def list_entities_for_policy(invocation: Invocation) -> Answer:
    """Who has a policy: users, groups and roles of the account."""
    policy, ram = find_policy(invocation), ram_of(invocation)
    users = [
        {"UserId": user.id, "UserName": user.name, "DisplayName": user.display_name} | _since(found)
        for user, found in _having(ram.users.values(), policy)
    ]
    groups = [
        {"GroupName": group.name, "Comments": group.comments} | _since(found)
        for group, found in _having(ram.groups.values(), policy)
    ]
    roles = [
        {
            "RoleId": role.id,
            "RoleName": role.name,
            "Arn": role_arn(invocation.account, role.name),
            "Description": role.description,
        }
        | _since(found)
        for role, found in _having(ram.roles.values(), policy)
    ]
    return {"Users": {"User": users}, "Groups": {"Group": groups}, "Roles": {"Role": roles}}


def _having(holders: Iterable[H], policy: ManagedPolicy) -> Iterator[tuple[H, Attachment]]:
    """The holders that have the policy, each with its attachment."""
    for holder in holders:
        found = _find(holder, policy)
        if found is not None:
            yield holder, found


def _find(holder: Holder, policy: ManagedPolicy) -> Attachment | None:
    name = policy.name.lower()
    return next((a for a in holder.attachments if a.type == policy.type and a.name.lower() == name), None)


def _described(policy: ManagedPolicy, attachment: Attachment) -> Answer:
    described = {
        "PolicyName": policy.name,
        "PolicyType": policy.type,
        "Description": policy.description,
        "DefaultVersion": policy.default_version,
    }
    return described | _since(attachment)


def _since(attachment: Attachment) -> Answer:
    return {"AttachDate": iso_time(attachment.attached)}


def _refuse_resource_group(invocation: Invocation) -> None:
    if take_text(invocation, "ResourceGroupId"):
        raise Unsupported("ram", "policies attached within a resource group (ResourceGroupId)")


KINDS = (
    Kind("User", find_user, find_user, resources.user),
    Kind("Group", find_group, find_group, resources.group),
    Kind("Role", find_role, find_own_role, resources.role),
)

OPERATIONS = (
    *(op for kind in KINDS for op in kind.operations()),
    reading("ListEntitiesForPolicy", list_entities_for_policy, resources.policy),
)
