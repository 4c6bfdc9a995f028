"""The function `diagnose`: walks the checklist of an incident and hands it on to `remediate` or `notify`."""

from __future__ import annotations

import msgspec

from rolemend.account.interface import Functions
from rolemend.checklist.diagnose import diagnose as walk_checklist
from rolemend.checklist.facts import Account
from rolemend.checklist.model import Diagnosis
from rolemend.incident.journal import Closed, Diagnosed, Fact, Waiting
from rolemend.incident.ledger import Ledger
from rolemend.incident.life import DIAGNOSED, OPEN, REOPENED, Incident
from rolemend.incident.next_step import next_step
from rolemend.incident.wording import POLICIES_CHANGED, stored
from rolemend.work.events import incident_event


class Parts(msgspec.Struct, frozen=True, kw_only=True):
    account: Account
    ledger: Ledger
    functions: Functions
    remediate: str
    notify: str


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What one invocation did: the incident's state after it, the cause, and the function started next, if any."""

    incident: str
    state: str
    cause: str = ""
    next: str = ""


def diagnose(incident_id: str, parts: Parts) -> Outcome:
    """Bring the incident one step on. Doing it twice changes nothing. Raises AccountError or LedgerError."""
    incident = parts.ledger.load(incident_id)
    if needs_diagnosis(incident) and incident.denial is not None:
        found = walk_checklist(parts.account, incident.denial)
        incident = parts.ledger.extend(incident_id, lambda known: _facts(known, found))
    following = {"remediate": parts.remediate, "notify": parts.notify}.get(next_step(incident), "")
    if following:
        parts.functions.start(following, incident_event(incident_id))
    cause = (incident.diagnosis.cause if incident.diagnosis else None) or ""
    return Outcome(incident=incident_id, state=incident.state, cause=cause, next=following)


def needs_diagnosis(incident: Incident) -> bool:
    return incident.state in (OPEN, REOPENED) or (incident.state == DIAGNOSED and bool(incident.waiting))


def _facts(incident: Incident, found: Diagnosis) -> list[Fact]:
    """The diagnosis, unless another invocation came first; only the reason where a read may yet succeed."""
    if not needs_diagnosis(incident):
        return []
    if found.is_waiting():
        reasons = [
            evidence.statement.render()
            for finding in found.findings
            if finding.transient
            for evidence in finding.evidence
        ]
        reason = "; ".join(reasons)
        return [] if incident.waiting == reason else [Waiting(reason=reason)]
    facts: list[Fact] = [Diagnosed(diagnosis=found)]
    if found.allowed_now:
        facts.append(Closed(reason=stored(POLICIES_CHANGED)))
    return facts
