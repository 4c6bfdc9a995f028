"""Asks the policy engine what the live documents say about a denied call."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from rolemend.account.interface import AttachedPolicy
from rolemend.policy import (
    Decision,
    NearMiss,
    Policy,
    PolicyError,
    Principal,
    Request,
    Source,
    decide,
    explain,
    parse_policy,
)
from rolemend.signals.denial import BucketTarget, Denial, DeniedPrincipal
from rolemend.text import Text

TOLD = 2  # of the nearest statements, how many are evidence
_OBJECT_LEVEL = ("oss:DeleteObject", "oss:GetObject", "oss:PutObject")


def principal_of(denial: Denial) -> Principal:
    """The denied principal in the policy engine's words."""
    return caller_of(denial.principal)


def caller_of(who: DeniedPrincipal) -> Principal:
    """A principal as a signal names it, in the policy engine's words."""
    if who.type == "ram_user":
        return Principal(type="ram_user", account=who.account, uid=who.id, name=who.name)
    if who.type == "assumed_role":
        return Principal(type="assumed_role", account=who.account, role=who.name.lower(), session=who.session)
    if who.type == "root":
        return Principal(type="root", account=who.account)
    return (
        Principal(type="service", service=who.name) if who.type == "service" else Principal(type="anonymous")
    )


def resource_of(denial: Denial) -> str:
    """The resource the action is checked on. EMR's creation calls need `*`.

    https://api.alibabacloud.com/document/Emr/2021-03-20/ram ;
    https://www.alibabacloud.com/help/en/oss/user-guide/authorization-syntax-and-elements
    """
    target = denial.target
    if not isinstance(target, BucketTarget):
        return "*"
    bucket = f"acs:oss:*:{target.owner or '*'}:{target.bucket}"
    return f"{bucket}/{target.key}" if target.key or denial.action in _OBJECT_LEVEL else bucket


def request_of(denial: Denial) -> Request:
    """The denied call as the policy engine decides it, with what the signal leaves open as unknown."""
    return Request(
        action=denial.action,
        resource=resource_of(denial),
        principal=principal_of(denial),
        conditions={key: (value,) for key, value in denial.conditions.items()},
        unknown_conditions=frozenset(denial.unknown_conditions),
    )


def identity_sources(policies: Iterable[AttachedPolicy]) -> list[Source]:
    """Raises PolicyError, its path led by the policy's name, if a live document does not parse."""
    return [Source(kind="identity", policy=_parse(policy), name=policy.name) for policy in policies]


def _parse(policy: AttachedPolicy) -> Policy:
    try:
        return parse_policy(policy.document, "identity")
    except PolicyError as error:
        raise PolicyError(f"{policy.name}: {error.path}", error.message) from error


def decide_identity(denial: Denial, policies: Iterable[AttachedPolicy]) -> Decision:
    """What the principal's own policies say, and nothing else."""
    return decide(request_of(denial), identity_sources(policies))


def nearest_statements(
    denial: Denial, policies: Iterable[AttachedPolicy], decision: Decision
) -> tuple[Text, ...]:
    """What the nearest statements of the principal's own policies lack, after `decide_identity`."""
    return tuple(miss.text for miss in nearest_misses(denial, policies, decision)[:TOLD])


def nearest_misses(
    denial: Denial, policies: Iterable[AttachedPolicy], decision: Decision
) -> tuple[NearMiss, ...]:
    """The statements that come nearest, the most telling first; of them `TOLD` are evidence."""
    return explain(request_of(denial), identity_sources(policies), decision)


def decide_bucket_policy(denial: Denial, document: str) -> Decision:
    """What the bucket policy alone says."""
    return decide(request_of(denial), bucket_sources(document))


def unsure_statements(decision: Decision) -> str:
    """The statements on which an `unknown` hangs, each by number and policy; "" where it hangs on keys or ACLs."""
    unsure = [each for each in decision.reasons if each.code == "statement_unsure"]
    named = [
        f"{each.statement} ({each.policy})" if isinstance(each.policy, str) else f"{each.statement}"
        for each in unsure
    ]
    return ", ".join(dict.fromkeys(named))


def bucket_sources(document: str) -> list[Source]:
    """The bucket policy as a source; none for "". Raises PolicyError if it does not parse."""
    return [Source(kind="bucket", policy=parse_policy(document, "bucket"))] if document else []


def is_denied_for_http(denial: Denial, sources: list[Source]) -> bool:
    """Whether the same request over HTTPS would meet no Deny: it is the plain connection that was refused."""
    if denial.conditions.get(SECURE) != "false":
        return False
    conditions = {**denial.conditions, SECURE: "true"}
    secure = request_of(msgspec.structs.replace(denial, conditions=conditions))
    return decide(secure, sources).outcome in ("allow", "implicit_deny")


SECURE = "acs:SecureTransport"
