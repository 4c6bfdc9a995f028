"""On which resources RAM's own calls are authorised.

Source: the authorization table of each operation's page, for example
https://www.alibabacloud.com/help/en/ram/developer-reference/api-ram-2015-05-01-createpolicy
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

from localcloud.openapi import Invocation, Operation, Run
from localcloud.ram.entities import ram_of
from localcloud.ram.wire import take_text

Arn = Callable[[Invocation], str]
Context = Callable[[Invocation], Mapping[str, tuple[str, ...]]]


def operation(
    name: str, run: Run, *arns: Arn, rw: Literal["Read", "Write"] = "Write", context: Context | None = None
) -> Operation:
    """An operation whose RAM action is `ram:<name>`, needed on each of the resources."""
    return Operation(
        name, run, f"ram:{name}", rw, lambda invocation: [arn(invocation) for arn in arns], None, context
    )


def reading(name: str, run: Run, *arns: Arn) -> Operation:
    """An operation that changes nothing."""
    return operation(name, run, *arns, rw="Read")


def user(invocation: Invocation) -> str:
    """The user that `UserName` names."""
    return _named(invocation, "user", "UserName", ram_of(invocation).users)


def key_owner(invocation: Invocation) -> str:
    """Calls on AccessKeys without a UserName are about the caller itself."""
    name = take_text(invocation, "UserName")
    return user(invocation) if name else _arn(invocation, "user", invocation.caller.name)


def group(invocation: Invocation) -> str:
    """The group that `GroupName` names."""
    return _named(invocation, "group", "GroupName", ram_of(invocation).groups)


def role(invocation: Invocation) -> str:
    """The role that `RoleName` names."""
    return _named(invocation, "role", "RoleName", ram_of(invocation).roles)


def custom_policy(invocation: Invocation) -> str:
    """A policy of the account's own."""
    return _named(invocation, "policy", "PolicyName", ram_of(invocation).policies)


def policy(invocation: Invocation) -> str:
    """A policy of either type: system policies stand under `system` in the place of the account."""
    if take_text(invocation, "PolicyType") != "System":
        return custom_policy(invocation)
    name = take_text(invocation, "PolicyName")
    known = invocation.cloud.system_policies.get(name.lower())
    return f"acs:ram:*:system:policy/{known.name if known else name}"


def all_users(invocation: Invocation) -> str:
    """What lists of users need."""
    return _arn(invocation, "user", "*")


def all_groups(invocation: Invocation) -> str:
    """What lists of groups need."""
    return _arn(invocation, "group", "*")


def all_roles(invocation: Invocation) -> str:
    """What lists of roles need."""
    return _arn(invocation, "role", "*")


def all_policies(invocation: Invocation) -> str:
    """What lists of policies need."""
    return _arn(invocation, "policy", "*")


def everything(invocation: Invocation) -> str:
    """For calls that know no permissions on single resources."""
    return "*"


def _named(invocation: Invocation, kind: str, parameter: str, known: Mapping[str, object]) -> str:
    """The ARN with the name as RAM keeps it, not as the caller happens to spell it."""
    name = take_text(invocation, parameter)
    entity = known.get(name.lower())
    return _arn(invocation, kind, getattr(entity, "name", name))


def _arn(invocation: Invocation, kind: str, name: str) -> str:
    return f"acs:ram:*:{invocation.account}:{kind}/{name}"
