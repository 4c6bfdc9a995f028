"""The rights that a setup takes: listed, as a policy, and decided beforehand on the caller's own policies."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, Protocol

import msgspec

from rolemend.account.interface import AttachedPolicy, Known, Reading
from rolemend.policy import PolicyError, Principal, Request, Source, decide, parse_policy
from rolemend.setup.model import Right, Thing

_OPEN_CONDITIONS = frozenset(
    (
        "acs:SourceIp",
        "acs:SourceVpc",
        "acs:VpcSourceIp",
        "acs:MFAPresent",
        "acs:CurrentTime",
        "acs:SecureTransport",
    )
)
"""What nobody here knows of the calls that will be made."""

SERVICE_LINKED = "ram:CreateServiceLinkedRole"
_TRAIL_SERVICE = "actiontrail.aliyuncs.com"


class Callers(Protocol):
    """RAM, as far as the caller's own policies go."""

    def policies_of_user(self, name: str) -> Reading[tuple[AttachedPolicy, ...]]: ...
    def policies_of_role(self, name: str) -> Reading[tuple[AttachedPolicy, ...]]: ...


class Verdict(msgspec.Struct, frozen=True):
    """Which rights the caller has not, and which nobody could decide, with the reason."""

    denied: tuple[Right, ...] = ()
    unknown: tuple[Right, ...] = ()
    why: str = ""


def needed(things: Iterable[Thing], verb: str) -> tuple[Right, ...]:
    """Every right that `plan`, `apply` or `destroy` takes, each once."""
    return tuple(dict.fromkeys(right for thing in things for right in thing.rights(verb)))


def document(rights: Iterable[Right]) -> dict[str, Any]:
    """A policy that grants exactly these rights: resources that need the same actions share a statement."""
    by_resource: dict[tuple[str, bool], list[str]] = defaultdict(list)
    for action, resource in rights:
        by_resource[resource, action == SERVICE_LINKED].append(action)
    by_actions: dict[tuple[tuple[str, ...], bool], list[str]] = defaultdict(list)
    for (resource, linked), actions in by_resource.items():
        by_actions[tuple(sorted(actions)), linked].append(resource)
    return {
        "Version": "1",
        "Statement": [
            _statement(list(actions), resources, linked)
            for (actions, linked), resources in by_actions.items()
        ],
    }


def _statement(actions: list[str], resources: list[str], linked: bool) -> dict[str, Any]:
    found: dict[str, Any] = {"Effect": "Allow", "Action": actions, "Resource": resources}
    if linked:
        found["Condition"] = {"StringEquals": {"ram:ServiceName": _TRAIL_SERVICE}}
    return found


def check(rights: Sequence[Right], caller: str, account: str, callers: Callers) -> Verdict:
    """Decide each right on the policies of the caller, an ARN as STS tells it. The account's root has all.

    A role's session may have fewer rights than the role; what a session policy says cannot be read.
    """
    kind, _, name = caller.rpartition(":")[2].partition("/")
    if kind == "root":
        return Verdict()
    role = name.partition("/")[0]
    found = callers.policies_of_role(role) if kind == "assumed-role" else callers.policies_of_user(name)
    if not isinstance(found, Known):
        return Verdict(unknown=tuple(rights), why=getattr(found, "reason", "") or "the caller was not found")
    try:
        sources = [_source(policy) for policy in found.value]
    except PolicyError as error:
        return Verdict(unknown=tuple(rights), why=str(error))
    who = Principal(type="ram_user", account=account, name=name)
    if kind == "assumed-role":
        who = Principal(type="assumed_role", account=account, role=role.lower())
    outcomes = {right: _outcome(right, who, sources) for right in rights}
    denied = [right for right, outcome in outcomes.items() if outcome.endswith("deny")]
    unknown = [right for right, outcome in outcomes.items() if outcome == "unknown"]
    return Verdict(tuple(denied), tuple(unknown), "a condition decides that is known only when it is called")


def _source(policy: AttachedPolicy) -> Source:
    return Source(kind="identity", policy=parse_policy(policy.document, "identity"), name=policy.name)


def _outcome(right: Right, who: Principal, sources: Sequence[Source]) -> str:
    action, resource = right
    linked = {"ram:ServiceName": (_TRAIL_SERVICE,)} if action == SERVICE_LINKED else {}
    request = Request(
        action=action,
        resource=resource,
        principal=who,
        conditions=linked,
        unknown_conditions=_OPEN_CONDITIONS,
    )
    return decide(request, sources).outcome
