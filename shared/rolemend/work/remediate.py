"""The function `remediate`: diagnoses again, plans, asks the guardrails, applies, verifies, and rolls back if in doubt.

It trusts no payload: everything is read again from the ledger and from the live account.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable

import msgspec

from rolemend.account.interface import Functions, IdentityWrites
from rolemend.checklist.diagnose import diagnose as walk_checklist
from rolemend.checklist.facts import Account
from rolemend.checklist.model import NOT_APPLICABLE, PASSED
from rolemend.errors import AccountError, AnswerLost, Unreachable
from rolemend.incident.journal import (
    Abandoned,
    Applied,
    Closed,
    Diagnosed,
    Fact,
    Intended,
    Planned,
    RolledBack,
    Verified,
    Waiting,
)
from rolemend.incident.ledger import Ledger
from rolemend.incident.life import DIAGNOSED, REMEDIATED, Incident, next_step
from rolemend.remedy.apply import apply_plan, is_unchanged, is_written, read_live, roll_back
from rolemend.remedy.guardrails import APPROVE, AUTO, OBSERVE, PROPOSE, Guardrails
from rolemend.remedy.model import Change, NoPlan, Plan, Verdict
from rolemend.work.diagnose import Outcome
from rolemend.work.events import incident_event
from rolemend.work.planning import Planner, judged_plan

LEASE_SECONDS = 120
"""For so long an intended change belongs to the instance that intended it; then another may finish it."""


class Parts(msgspec.Struct, frozen=True, kw_only=True):
    """What `remediate` works with. `owner` is the account it works for; `guardrails` reads the operator's rules, and
    a GuardrailsError means: change nothing. `own_roles` begins the names of Rolemend's own roles."""

    account: Account
    identities: IdentityWrites
    owner: str
    ledger: Ledger
    functions: Functions
    guardrails: Callable[[], Guardrails]
    notify: str
    own_roles: str = "rolemend-"


def planner_of(parts: Parts) -> Planner:
    return Planner(
        account=parts.account,
        identities=parts.identities,
        owner=parts.owner,
        guardrails=parts.guardrails,
        now=parts.ledger.now,
        own_roles=parts.own_roles,
    )


def remediate(incident_id: str, parts: Parts) -> Outcome:
    """Bring a diagnosed incident to its end. Doing it twice applies nothing twice.

    Raises AccountError or LedgerError where the invocation should be tried again.
    """
    incident = parts.ledger.load(incident_id)
    if incident.intended is not None:
        incident = _resume(incident, parts)
    elif incident.state == REMEDIATED and incident.change is not None:
        incident = _verify(incident, incident.change, parts)
    elif incident.state == DIAGNOSED and incident.verdict is None:
        incident = _plan(incident, parts)
    following = parts.notify if next_step(incident) == "notify" else ""
    if following:
        parts.functions.start(following, incident_event(incident_id))
    cause = (incident.diagnosis.cause if incident.diagnosis else None) or ""
    return Outcome(incident=incident_id, state=incident.state, cause=cause, next=following)


def _plan(incident: Incident, parts: Parts) -> Incident:
    """Diagnose again; plan only if the answer is the same and every question has one."""
    assert incident.denial is not None
    assert incident.diagnosis is not None
    found = walk_checklist(parts.account, incident.denial)
    if found.is_waiting():
        return _note(incident, parts, Waiting(reason="the account could not be read before planning"))
    if found.allowed_now:
        return _note(incident, parts, Diagnosed(diagnosis=found), Closed(reason="the call is allowed now"))
    if (found.cause, found.remedy) != (incident.diagnosis.cause, incident.diagnosis.remedy):
        return _note(incident, parts, Waiting(reason="the diagnosis changed before a plan was made"))
    outcome, verdict = judged_plan(found, incident.denial, planner_of(parts))
    if isinstance(outcome, Plan):
        return _decided(incident, outcome, verdict, parts)
    if outcome.transient:
        return _note(incident, parts, Waiting(reason=outcome.detail))
    return _note(incident, parts, _not_planned(outcome, verdict))


def _not_planned(outcome: NoPlan, verdict: Verdict) -> Planned:
    return Planned(
        verdict=verdict,
        reason=outcome.reason,
        detail=outcome.detail,
        principals=outcome.principals,
        document=outcome.document,
    )


def _decided(incident: Incident, plan: Plan, verdict: Verdict, parts: Parts) -> Incident:
    planned = Planned(verdict=verdict, plan=plan)
    if verdict.mode == OBSERVE:
        return _note(incident, parts, planned, Closed(reason=f"observed only, by rule {verdict.rule}"))
    if verdict.mode in (PROPOSE, APPROVE):
        return _note(incident, parts, planned)
    assert verdict.mode == AUTO
    return _intend(incident, plan, parts, planned)


def _intend(incident: Incident, plan: Plan, parts: Parts, *facts: Fact) -> Incident:
    """Announce the change in the ledger, then make it."""
    mine = Intended(change=f"chg-{uuid.uuid4().hex[:16]}", plan=plan)
    incident = _note(incident, parts, *facts, mine)
    if incident.intended is None or incident.intended.change != mine.change:
        return incident  # another instance intended it first, and it is the one to apply it
    return _apply(incident, mine, parts)


def _note(incident: Incident, parts: Parts, *facts: Fact) -> Incident:
    """Append facts if the incident is still as it was when they were decided; otherwise the other writer goes on."""
    before = (incident.state, incident.round, incident.verdict, incident.intended)

    def decide(known: Incident) -> tuple[Fact, ...]:
        same = (known.state, known.round, known.verdict, known.intended) == before
        return facts if same else ()

    return parts.ledger.extend(incident.id, decide)


def _apply(incident: Incident, intended: Intended, parts: Parts) -> Incident:
    """Make the change. What will not pass by itself ends it, so that people are told; the rest is tried again.

    What was surely not written is planned anew when the incident is taken up again. What may have been written stays
    intended, and is looked at once its lease is over.
    """
    try:
        change = apply_plan(intended.change, intended.plan, parts.identities)
    except AnswerLost:
        raise
    except Unreachable as error:
        reason = str(error)
        return _note(
            incident, parts, Abandoned(change=intended.change, reason=reason), Waiting(reason=reason)
        )
    except AccountError as error:
        return _note(incident, parts, Abandoned(change=intended.change, reason=str(error)))
    incident = _note(incident, parts, Applied(change=change))
    return _verify(incident, change, parts) if incident.change == change else incident


def _verify(incident: Incident, change: Change, parts: Parts) -> Incident:
    """Decide the denied request again over the live documents. Not proved means: taken back."""
    assert incident.denial is not None
    found = walk_checklist(parts.account, incident.denial)
    if found.is_waiting():
        raise Unreachable("verify", "Unread", "the account could not be read after the change")
    failed = [finding.check for finding in found.findings if finding.answer not in (PASSED, NOT_APPLICABLE)]
    reason = f"still denied after the change ({', '.join(failed)})"
    try:
        if not failed and is_written(change.plan.write, read_live(change.plan.write, parts.identities)):
            return _note(incident, parts, Verified(change=change.id))
        reason = reason if failed else "the document was changed again"
        roll_back(change, parts.identities)
    except Unreachable:
        raise
    except AccountError as error:
        reason = f"{reason}; not rolled back: {error}"
        return _note(incident, parts, RolledBack(change=change.id, reason=reason, undone=False))
    return _note(incident, parts, RolledBack(change=change.id, reason=reason))


def _resume(incident: Incident, parts: Parts) -> Incident:
    """Finish a change that another invocation intended, once its lease is over, under a lease of one's own."""
    intended = incident.intended
    assert intended is not None
    if parts.ledger.now() < incident.intended_at + LEASE_SECONDS:
        return incident
    objection = _objection(incident, intended.plan, parts)
    if objection:
        return _note(incident, parts, Abandoned(change=intended.change, reason=objection))
    return _intend(incident, intended.plan, parts)


def _objection(incident: Incident, plan: Plan, parts: Parts) -> str:
    """Why a change that was intended earlier is not to be made now, "" if nothing speaks against it.

    What was not written yet is decided anew: account and guardrails may have changed since it was intended.
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
    found = walk_checklist(parts.account, incident.denial)
    outcome, verdict = judged_plan(found, incident.denial, planner_of(parts))
    if found.is_waiting() or (isinstance(outcome, NoPlan) and outcome.transient):
        raise Unreachable("resume", "Unread", "the account could not be read before the change")
    if isinstance(outcome, NoPlan) or outcome.hash != plan.hash:
        return "the diagnosis or the plan is another one by now"
    return "" if verdict.mode == AUTO else "the guardrails do not allow it any more"
