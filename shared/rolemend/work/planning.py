"""From a diagnosis made again to a plan and what the guardrails say of it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import msgspec

from rolemend.account.interface import Identities, Known, Unread
from rolemend.checklist.facts import Account
from rolemend.checklist.model import FAILED, Advice, Diagnosis, ListBucket, Remedy
from rolemend.errors import GuardrailsError, Refused
from rolemend.remedy.guardrails import AUTO, PROPOSE, Case, Guardrails
from rolemend.remedy.hours import read_offset
from rolemend.remedy.model import NoPlan, Plan, TypedRemedy, Verdict, sealed
from rolemend.remedy.plan import plan_remedy
from rolemend.signals.denial import BucketTarget, Denial, JobTarget


class Planner(msgspec.Struct, frozen=True, kw_only=True):
    """What a plan is made with. `owner` is the account it is for; `guardrails` reads the operator's rules, and a
    GuardrailsError means: change nothing. `own_roles` begins the names of Rolemend's own roles."""

    account: Account
    identities: Identities
    owner: str
    guardrails: Callable[[], Guardrails]
    now: Callable[[], float]
    own_roles: str = "rolemend-"


def judged_plan(found: Diagnosis, denial: Denial, planner: Planner) -> tuple[Plan | NoPlan, Verdict]:
    """The plan and what the guardrails say of it. Guardrails that cannot be used allow nothing, and people are told."""
    if (refusal := _objection(found, denial, planner)) is not None:
        return refusal, Verdict(PROPOSE)
    assert found.remedy is not None
    assert not isinstance(found.remedy, Advice)
    try:
        guardrails = planner.guardrails()
    except (GuardrailsError, Refused) as error:
        return NoPlan("guardrails", str(error)), Verdict(PROPOSE)
    return _settled(found.remedy, denial, guardrails, planner)


def _settled(
    remedy: TypedRemedy, denial: Denial, guardrails: Guardrails, planner: Planner
) -> tuple[Plan | NoPlan, Verdict]:
    """Plan for the extent that the guardrails allow, and judge what the plan really grants."""
    case = case_of(remedy, denial, planner)

    @cache
    def planned(extent: str) -> Plan | NoPlan:
        return plan_remedy(
            remedy,
            planner.identities,
            denial=denial,
            trust_mode=guardrails.trust_policy,
            extent=extent,
        )

    def actions_at(extent: str) -> tuple[str, ...]:
        plan = planned(extent)
        return plan.actions if isinstance(plan, Plan) else ()

    verdict = guardrails.settle(case, actions_at)
    outcome = planned(verdict.extent)
    if verdict.transient and isinstance(outcome, Plan):
        return NoPlan("refused_read", "the tags that a rule asks for", transient=True), verdict
    if isinstance(outcome, NoPlan):
        return outcome, Verdict(PROPOSE)
    return sealed(msgspec.structs.replace(outcome, expires=verdict.expires)), verdict


def may_apply(remedy: Remedy | None, denial: Denial, planner: Planner) -> bool:
    """Whether the guardrails may let a plan be applied without asking, so that the role is to be leased before."""
    if remedy is None or isinstance(remedy, Advice):
        return False
    try:
        guardrails = planner.guardrails()
    except (GuardrailsError, Refused):
        return False
    return guardrails.judge(case_of(remedy, denial, planner)).mode == AUTO


def day_start(planner: Planner) -> float:
    """When the day began by the clock of the guardrails, in epoch seconds."""
    offset = read_offset(planner.guardrails().utc_offset)
    return (planner.now() + offset) // 86_400 * 86_400 - offset


def case_of(remedy: TypedRemedy, denial: Denial, planner: Planner) -> Case:
    """The case as the guardrails judge it, with its tags read when they are asked for, once."""
    bucket = getattr(remedy, "bucket", "")
    region = _region_of(bucket, denial)
    return Case(
        remedy=remedy,
        account=planner.owner,
        now=planner.now(),
        role_tags=cache(lambda: planner.identities.role_tags(remedy.role)),
        bucket_tags=cache(lambda: planner.account.buckets.bucket_tags(bucket, region)),
    )


def _objection(found: Diagnosis, denial: Denial, planner: Planner) -> NoPlan | None:
    """Why nothing is planned for a diagnosis: something is left open, or something else stands in the way."""
    if found.remedy is None or isinstance(found.remedy, Advice):
        return NoPlan("advice_only")
    if (stranger := _stranger(found.remedy, denial, planner.owner)) is not None:
        return NoPlan("other_account", stranger or "-")
    if found.remedy.role.lower().startswith(planner.own_roles):
        # Whoever may create a cluster may name any role: with our own trusted by ECS, our rights would be a node's.
        return NoPlan("own_role", found.remedy.role)
    if not found.is_complete():
        open_questions = [finding.check for finding in found.findings if finding.answer == "unknown"]
        return NoPlan("open_questions", ", ".join(open_questions))
    failed = [finding for finding in found.findings if finding.answer == FAILED]
    if len(failed) > 1:
        others = [finding.check for finding in failed if finding.remedy != found.remedy]
        return NoPlan("other_checks_failed", ", ".join(others))
    if isinstance(found.remedy, ListBucket):
        return _refuse_bucket(found.remedy, denial, planner)
    return None


def _stranger(remedy: TypedRemedy, denial: Denial, owner: str) -> str | None:
    """The account that is not ours, where the log says that another one was denied: a role there may have our role's
    name."""
    told = [denial.account]
    if isinstance(remedy, ListBucket) and not isinstance(denial.target, JobTarget):
        told.append(denial.principal.account)
    return next((account for account in told if account != owner), None)


def _refuse_bucket(remedy: ListBucket, denial: Denial, planner: Planner) -> NoPlan | None:
    """A bucket is listed only if it was read and is the account's own: a name in a log proves neither."""
    bucket = planner.account.buckets.bucket(remedy.bucket, _region_of(remedy.bucket, denial))
    if isinstance(bucket, Known) and bucket.value.owner == planner.owner:
        return None
    if isinstance(bucket, Unread):
        return NoPlan("refused_read", f"bucket {remedy.bucket}: {bucket.reason}", transient=bucket.transient)
    return NoPlan("foreign_bucket", remedy.bucket)


def _region_of(bucket: str, denial: Denial) -> str:
    """Where to ask for a bucket: as the log has it, and a workspace's directory in the workspace's own region."""
    target = denial.target.bucket if isinstance(denial.target, JobTarget) else denial.target
    if isinstance(target, BucketTarget) and target.bucket == bucket and target.region:
        return target.region
    return denial.region if isinstance(denial.target, JobTarget) else ""
