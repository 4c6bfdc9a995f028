"""Finds users, groups, roles and policies by name; RAM ignores case in all of them."""

from __future__ import annotations

from localcloud.openapi import Invocation
from localcloud.ram.refusals import refusal
from localcloud.ram.state import Group, ManagedPolicy, RamAccount, Role, User
from localcloud.ram.wire import GROUP_NAME, POLICY_NAME, ROLE_NAME, USER_NAME, take_name, take_text


def ram_of(invocation: Invocation) -> RamAccount:
    """The caller's own account: RAM has no calls into other accounts."""
    return invocation.cloud.state.accounts[invocation.account].ram


def find_user(invocation: Invocation) -> User:
    """The user that `UserName` names, or EntityNotExist.User."""
    user = ram_of(invocation).users.get(take_name(invocation, "UserName", USER_NAME).lower())
    if user is None:
        raise refusal("EntityNotExist.User")
    return user


def find_group(invocation: Invocation) -> Group:
    """The group that `GroupName` names, or EntityNotExist.Group."""
    group = ram_of(invocation).groups.get(take_name(invocation, "GroupName", GROUP_NAME).lower())
    if group is None:
        raise refusal("EntityNotExist.Group")
    return group


def find_role(invocation: Invocation) -> Role:
    """The role that `RoleName` names, or EntityNotExist.Role."""
    role = ram_of(invocation).roles.get(take_name(invocation, "RoleName", ROLE_NAME).lower())
    if role is None:
        raise refusal("EntityNotExist.Role")
    return role


def find_own_role(invocation: Invocation) -> Role:
    """As `find_role`, for a change: service-linked roles refuse every one.

    Source: https://www.alibabacloud.com/help/en/ram/user-guide/service-linked-roles
    """
    role = find_role(invocation)
    if role.service_linked:
        raise refusal("NotSupport.ServiceLinkedRole")
    return role


def find_policy(invocation: Invocation) -> ManagedPolicy:
    """The policy that `PolicyType` and `PolicyName` name, or EntityNotExist.Policy."""
    kind = policy_type(invocation)
    name = take_name(invocation, "PolicyName", POLICY_NAME)
    policy = invocation.cloud.find_policy(invocation.account, kind, name)
    if policy is None:
        raise refusal("EntityNotExist.Policy")
    return policy


def find_custom_policy(invocation: Invocation) -> ManagedPolicy:
    """The custom policy that `PolicyName` names; system policies are not found: nobody may change them."""
    policy = ram_of(invocation).policies.get(take_name(invocation, "PolicyName", POLICY_NAME).lower())
    if policy is None:
        raise refusal("EntityNotExist.Policy")
    return policy


def policy_type(invocation: Invocation) -> str:
    """`PolicyType`: "System" or "Custom"."""
    kind = take_text(invocation, "PolicyType")
    if kind not in ("System", "Custom"):
        raise refusal("InvalidParameter.PolicyType")
    return kind
