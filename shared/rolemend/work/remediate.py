"""The function `remediate`: diagnoses again, plans, asks the guardrails, applies, verifies, and rolls back if in doubt.

It trusts no payload: everything is read again from the ledger and from the live account.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from rolemend.checklist.diagnose import diagnose as walk_checklist
from rolemend.checklist.model import Diagnosis
from rolemend.errors import AccountError, Unreachable
from rolemend.incident.approvals import Decision, Reject
from rolemend.incident.journal import (
    Abandoned,
    ApprovalRefused,
    Closed,
    Diagnosed,
    Fact,
    Line,
    Planned,
    Rejected,
    Waiting,
)
from rolemend.incident.leases import LEASE_SECONDS
from rolemend.incident.life import DIAGNOSED, REMEDIATED, Incident, can_be_approved
from rolemend.incident.next_step import flaps, next_step
from rolemend.incident.wording import ALLOWED, ANOTHER_PLAN, NO_PLAN, OBSERVED, OTHER_MODE, stored
from rolemend.remedy.apply import is_unchanged, is_written, read_live
from rolemend.remedy.guardrails import APPROVE, AUTO, OBSERVE, PROPOSE
from rolemend.remedy.model import NoPlan, Plan, Verdict
from rolemend.together import begun, together
from rolemend.work.changing import Held, intend, leased, verify
from rolemend.work.diagnose import Outcome
from rolemend.work.events import incident_event
from rolemend.work.parts import Parts, note
from rolemend.work.planning import Planner, day_start, judged_plan, may_apply
from rolemend.work.undo import take_back_as_asked

__all__ = ["LEASE_SECONDS", "Parts", "remediate"]


def remediate(incident_id: str, parts: Parts) -> Outcome:
    """Bring a diagnosed incident to its end. Doing it twice applies nothing twice.

    Raises AccountError or LedgerError where the invocation should be tried again.
    """
    incident = take_back_as_asked(parts.ledger.load(incident_id), parts, parts.index)
    if incident.intended is not None:
        incident = _resume(incident, parts)
    elif incident.state == REMEDIATED and incident.change is not None:
        incident = _verify_left_behind(incident, parts)
    elif incident.state == DIAGNOSED and incident.verdict is None:
        incident = _plan(incident, parts)
    elif can_be_approved(incident):
        incident = _follow_decision(incident, parts)
    following = parts.notify if next_step(incident) == "notify" or can_be_approved(incident) else ""
    if following:
        parts.functions.start(following, incident_event(incident_id))
    cause = (incident.diagnosis.cause if incident.diagnosis else None) or ""
    return Outcome(incident=incident_id, state=incident.state, cause=cause, next=following)


def _plan(incident: Incident, parts: Parts) -> Incident:
    """Diagnose again; plan only if the answer is the same and every question has one.

    The role is leased while the account is read. What another writer may have changed meanwhile is read again.
    """
    assert incident.denial is not None
    assert incident.diagnosis is not None
    denial, remedy, look = incident.denial, incident.diagnosis.remedy, parts.look()
    role, began = str(getattr(remedy, "role", "")), parts.ledger.now()
    reads: list[Callable[[], object]] = [lambda: walk_checklist(look.account, denial)]
    if role:
        reads.append(lambda: look.identities.role(role))  # the plan asks for it
    with begun(*reads) as seen:
        unasked, _ = together(lambda: may_apply(remedy, denial, look), lambda: parts.leases.foresee(role))
        if not unasked:
            return _planned(incident, seen()[0], look, parts, None)
        with leased(role, incident.id, parts.leases, parts.patience) as held:
            found = seen()[0]
            if held.lease.before > began - LEASE_SECONDS:
                look = parts.look()
                found = walk_checklist(look.account, denial)
            return _planned(incident, found, look, parts, held)


def _allowed(found: Diagnosis) -> tuple[Fact, ...]:
    return (Diagnosed(diagnosis=found), Closed(reason=stored(ALLOWED)))


def _planned(
    incident: Incident, found: Diagnosis, look: Planner, parts: Parts, held: Held | None
) -> Incident:
    """Make the plan and do what the guardrails say of it; nothing is applied without the lease."""
    assert incident.denial is not None
    assert incident.diagnosis is not None
    if found.is_waiting():
        return note(incident, parts.ledger, Waiting(reason="the account could not be read before planning"))
    if found.allowed_now:
        return note(incident, parts.ledger, *_allowed(found))
    if (found.cause, found.remedy) != (incident.diagnosis.cause, incident.diagnosis.remedy):
        return note(incident, parts.ledger, Waiting(reason="the diagnosis changed before a plan was made"))
    outcome, verdict = judged_plan(found, incident.denial, look)
    if isinstance(outcome, NoPlan):
        fact = Waiting(reason=outcome.detail) if outcome.transient else _not_planned(outcome, verdict)
        return note(incident, parts.ledger, fact)
    verdict = _held_back(incident, verdict, held, parts)
    planned = Planned(verdict=verdict, plan=outcome)
    if verdict.mode == OBSERVE:
        closed = Closed(reason=stored(OBSERVED, rule=verdict.rule))
        return note(incident, parts.ledger, planned, closed)
    if verdict.mode != AUTO:
        return note(incident, parts.ledger, planned)
    if held is None:
        return note(incident, parts.ledger, Waiting(reason="the guardrails changed while a plan was made"))
    return intend(incident, outcome, parts, held, planned)


def _held_back(incident: Incident, verdict: Verdict, held: Held | None, parts: Parts) -> Verdict:
    """A person's rollback, two changes that did not help, and the largest number of changes of a day leave it to people
    to go on."""
    if verdict.mode != AUTO:
        return verdict
    if incident.hands_off:
        return msgspec.structs.replace(verdict, mode=PROPOSE, held="taken_back")
    if flaps(incident):
        return msgspec.structs.replace(verdict, mode=PROPOSE, held="flapping")
    return verdict if held is None else _within_the_day(verdict, held, parts)


def _within_the_day(verdict: Verdict, held: Held, parts: Parts) -> Verdict:
    """The verdict, or one that leaves it to people where the role has had as many changes today as it may get."""
    most = verdict.changes_per_day if verdict.mode in (APPROVE, AUTO) else 0
    if most and held.lease.changes_since(day_start(parts.look())) >= most:
        return msgspec.structs.replace(verdict, mode=PROPOSE, held="changes_per_day")
    return verdict


def _not_planned(outcome: NoPlan, verdict: Verdict) -> Planned:
    return Planned(
        verdict=verdict,
        reason=outcome.reason,
        detail=outcome.detail,
        principals=outcome.principals,
        document=outcome.document,
    )


def _follow_decision(incident: Incident, parts: Parts) -> Incident:
    """Do what a person decided on exactly this plan; nothing while nobody did."""
    decision = parts.approvals.latest(incident)
    assert incident.plan is not None
    if decision is None:
        return incident
    if isinstance(decision.fact, Reject):
        said = Rejected(plan=incident.plan.hash, rejected_by=decision.by, reason=decision.fact.reason)
        return note(incident, parts.ledger, said)
    with leased(incident.plan.remedy.role, incident.id, parts.leases, parts.patience) as held:
        return _apply_approved(incident, incident.plan, decision.by, parts, held)


def _apply_approved(incident: Incident, approved: Plan, approver: str, parts: Parts, held: Held) -> Incident:
    """Apply the approved plan if exactly it would be made now; else refuse it, and ask about the one that would."""
    assert incident.denial is not None
    look = parts.look()
    found = walk_checklist(look.account, incident.denial)
    outcome, verdict = judged_plan(found, incident.denial, look)
    if found.is_waiting() or (isinstance(outcome, NoPlan) and outcome.transient):
        raise Unreachable("approve", "Unread", "the account could not be read before the change")
    if found.allowed_now:
        return note(incident, parts.ledger, *_allowed(found))
    refusal = _refusal(approved, outcome, verdict)
    if not refusal:
        verdict = _within_the_day(verdict, held, parts)
        if not verdict.held:
            return intend(incident, approved, parts, held, approved_by=approver)
        refusal = "the role has had as many changes today as the guardrails allow"
    refused = ApprovalRefused(plan=approved.hash, approved_by=approver, reason=refusal)
    if isinstance(outcome, NoPlan):
        return note(incident, parts.ledger, refused, _not_planned(outcome, verdict))
    if verdict.mode == AUTO:
        verdict = msgspec.structs.replace(verdict, mode=APPROVE)
    if verdict.mode == APPROVE and _decision_on(outcome, incident, parts) is not None:
        # A plan of before that comes back: what was decided on it is done with, and must not count once more.
        verdict = msgspec.structs.replace(verdict, mode=PROPOSE)
    return note(incident, parts.ledger, refused, Planned(verdict=verdict, plan=outcome))


def _refusal(approved: Plan, outcome: Plan | NoPlan, verdict: Verdict) -> str:
    if isinstance(outcome, NoPlan):
        return stored(NO_PLAN)
    if outcome.hash != approved.hash:
        return stored(ANOTHER_PLAN)
    return "" if verdict.mode in (APPROVE, AUTO) else stored(OTHER_MODE, mode=verdict.mode)


def _verify_left_behind(incident: Incident, parts: Parts) -> Incident:
    """Finish the verification of a change whose instance stopped; while its lease runs, it is left alone."""
    change = incident.change
    assert change is not None
    with leased(change.plan.remedy.role, incident.id, parts.leases, 0) as held:
        held.change, held.resumed = change.id, True
        return verify(incident, change, parts, held)


def _resume(incident: Incident, parts: Parts) -> Incident:
    """Finish a change that another invocation intended, once its lease is over, under a lease of one's own.

    That it was approved is believed of `approvals/` alone: more may write into the journal than may approve.
    """
    intended = incident.intended
    assert intended is not None
    if parts.ledger.now() < incident.intended_at + LEASE_SECONDS:
        return incident
    with leased(intended.plan.remedy.role, incident.id, parts.leases, 0) as held:
        held.resumed = True
        approver = _approver(incident, intended.plan, parts) if intended.approved_by else ""
        objection = _objection(incident, intended.plan, bool(approver), held, parts)
        if objection:
            return note(incident, parts.ledger, Abandoned(change=intended.change, reason=objection))
        return intend(incident, intended.plan, parts, held, approved_by=approver)


def _approver(incident: Incident, plan: Plan, parts: Parts) -> str:
    """Who approved exactly this plan in this round, "" if the last decision is another or there is none."""
    decision = _decision_on(plan, incident, parts)
    return "" if decision is None or isinstance(decision.fact, Reject) else decision.by


def _decision_on(plan: Plan, incident: Incident, parts: Parts) -> Line[Decision] | None:
    """The last decision on exactly this plan in this round."""
    return parts.approvals.latest(msgspec.structs.replace(incident, plan=plan))


def _objection(incident: Incident, plan: Plan, approved: bool, held: Held, parts: Parts) -> str:
    """Why a change that was intended earlier is not to be made now, "" if nothing speaks against it.

    What was not written yet is decided anew: account and guardrails may have changed since it was intended, and other
    changes of the role may have been made.
    """
    assert incident.denial is not None
    try:
        live = read_live(plan.write, parts.identities)
    except Unreachable:
        raise
    except AccountError as error:
        return str(error)
    if is_written(plan.write, live):
        return ""
    if not is_unchanged(plan.write, live):
        return f"{plan.write.name} was edited in between"
    look = parts.look()
    found = walk_checklist(look.account, incident.denial)
    outcome, verdict = judged_plan(found, incident.denial, look)
    if found.is_waiting() or (isinstance(outcome, NoPlan) and outcome.transient):
        raise Unreachable("resume", "Unread", "the account could not be read before the change")
    if isinstance(outcome, NoPlan) or outcome.hash != plan.hash:
        return "the diagnosis or the plan is another one by now"
    verdict = (
        _within_the_day(verdict, held, parts) if approved else _held_back(incident, verdict, held, parts)
    )
    if verdict.held:
        return f"the guardrails do not allow it any more ({verdict.held})"
    allowed = (APPROVE, AUTO) if approved else (AUTO,)
    return "" if verdict.mode in allowed else "the guardrails do not allow it any more"
