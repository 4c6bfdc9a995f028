"""Decides single rights that a Serverless Spark job needs, over the policies that were read.

What the service sent with its call is not known: a policy that hangs on it leaves the answer open.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from rolemend.account.interface import AttachedPolicy
from rolemend.checklist.answers import Name, not_applicable, unknown
from rolemend.checklist.decision import caller_of, identity_sources
from rolemend.checklist.model import Finding
from rolemend.checklist.spark_facts import JobFacts
from rolemend.checklist.spark_table import SERVICES
from rolemend.policy import Decision, Request, Source, decide
from rolemend.policy.matching import covers_action
from rolemend.signals.denial import Denial, DeniedPrincipal
from rolemend.text import text

_NOT_TOLD = ("acs:SourceIp", "acs:SourceVpc", "acs:SecureTransport", "acs:CurrentTime", "acs:UserAgent")


class Right(msgspec.Struct, frozen=True, kw_only=True):
    """What the policies say of one action on one resource: `allow`, `implicit_deny`, `explicit_deny`, `unknown`.

    `policy` decided, "" if none did; `elsewhere` says that an Allow names the action for other resources only.
    """

    outcome: str
    decision: Decision
    policy: str = ""
    kind: str = ""
    elsewhere: bool = False


def decide_right(
    denial: Denial,
    who: DeniedPrincipal,
    policies: Sequence[AttachedPolicy],
    action: str,
    resource: str,
    *,
    more: Sequence[Source] = (),
    bucket_acl: str | None = None,
) -> Right:
    """`more` are sources beside the identity policies. Raises PolicyError, ValueError for an unheard-of ACL."""
    sources = identity_sources(policies)
    told = {key: (value,) for key, value in denial.conditions.items()}
    request = Request(
        action=action,
        resource=resource,
        principal=caller_of(who),
        conditions=told,
        unknown_conditions=frozenset({*denial.unknown_conditions, *_NOT_TOLD} - set(told)),
    )
    decision = decide(request, [*sources, *more], bucket_acl=bucket_acl)
    by = decision.decided_by
    return Right(
        outcome=decision.outcome,
        decision=decision,
        policy=str(by.policy) if by else "",
        kind=by.kind if by else "",
        elsewhere=decision.outcome == "implicit_deny" and _names(sources, action),
    )


def _names(sources: Sequence[Source], action: str) -> bool:
    statements = [each for source in sources for each in source.policy.statements if not each.denies]
    return any(covers_action(each, action.lower()) is not False for each in statements)


def not_asked(name: Name, facts: JobFacts, service: str) -> Finding | None:
    """The answer where another service refused the job, or nothing tells which one did; None where this one did."""
    refusing = facts.target.service
    if refusing == service:
        return None
    if refusing not in SERVICES:
        return unknown(name, text("Nothing tells which service refused the job."))
    return not_applicable(
        name,
        text("{other} refused the job, not {service}.", other=SERVICES[refusing], service=SERVICES[service]),
    )
