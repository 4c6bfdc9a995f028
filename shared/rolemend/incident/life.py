"""The life of an incident: its state is computed from its journal and nothing else. Pure."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from rolemend.checklist.model import Advice, Diagnosis
from rolemend.incident.journal import (
    Abandoned,
    Applied,
    Closed,
    Counted,
    Diagnosed,
    Entry,
    Intended,
    Notified,
    Opened,
    Planned,
    Reopened,
    RolledBack,
    Sending,
    Undelivered,
    Verified,
    Waiting,
)
from rolemend.remedy.model import Change, Plan, Verdict
from rolemend.signals.denial import Denial

OPEN, DIAGNOSED, AWAITING_APPROVAL = "open", "diagnosed", "awaiting approval"
REMEDIATED, VERIFIED, ALERTED, REOPENED, CLOSED = "remediated", "verified", "alerted", "reopened", "closed"

SETTLED = frozenset({VERIFIED, ALERTED, CLOSED})
"""States in which nothing more is to be done until the denial comes back."""


class Attempts(msgspec.Struct, frozen=True):
    """How a message fares: `unsure` tries had no answer; `claim` is the invocation that sends it now, since `at`."""

    unsure: int = 0
    claim: str = ""
    at: float = 0.0


class Incident(msgspec.Struct, frozen=True, kw_only=True):
    """An incident as its journal tells it.

    `round` counts how often it was opened; what belongs to an earlier round no longer counts. `denial` is the one
    that is diagnosed, `touched` the time of the last entry.
    """

    id: str
    state: str = OPEN
    round: int = 1
    fingerprint: tuple[str, ...] = ()
    denial: Denial | None = None
    signals: frozenset[str] = frozenset()
    count: int = 0
    first: int = 0
    last: int = 0
    diagnosis: Diagnosis | None = None
    plan: Plan | None = None
    verdict: Verdict | None = None
    no_plan: str = ""
    no_plan_detail: str = ""
    no_plan_principals: tuple[str, ...] = ()
    no_plan_document: str = ""
    intended: Intended | None = None
    intended_at: float = 0.0
    change: Change | None = None
    applied_at: float = 0.0
    rolled_back: str = ""
    still_stands: bool = False
    sending: dict[str, Attempts] = {}
    notified: tuple[str, ...] = ()
    waiting: str = ""
    closed: str = ""
    closed_at: float = 0.0
    touched: float = 0.0


def live(incident_id: str, entries: Iterable[Entry]) -> Incident:
    """Follow a journal from its first entry to now."""
    incident = Incident(id=incident_id)
    for entry in entries:
        incident = msgspec.structs.replace(_step(incident, entry), touched=entry.time)
    return incident


def _step(incident: Incident, entry: Entry) -> Incident:
    fact = entry.fact
    become = msgspec.structs.replace
    match fact:
        case Opened():
            return become(incident, fingerprint=fact.fingerprint, denial=fact.denial)
        case Counted():
            return become(
                incident,
                signals=incident.signals | set(fact.signals),
                count=incident.count + fact.count,
                first=min(incident.first or fact.first, fact.first),
                last=max(incident.last, fact.last),
            )
        case Waiting():
            return become(incident, waiting=fact.reason)
        case Diagnosed():
            return _diagnosed(incident, fact)
        case Planned():
            return _planned(incident, fact)
        case Intended():
            return become(incident, intended=fact, intended_at=entry.time)
        case Applied():
            return become(
                incident, change=fact.change, applied_at=entry.time, intended=None, state=REMEDIATED
            )
        case Verified():
            return become(incident, state=VERIFIED)
        case Undelivered():
            return _undelivered(incident, fact)
        case RolledBack() | Abandoned():
            return _given_up(incident, fact)
        case Sending():
            return _sending(incident, fact, entry.time)
        case Notified():
            return _notified(incident, fact)
        case Closed():
            return become(incident, state=CLOSED, closed=fact.reason, closed_at=entry.time)
        case Reopened():
            return _reopened(incident, fact.denial)


def _diagnosed(incident: Incident, fact: Diagnosed) -> Incident:
    """A new diagnosis: what was planned on an older one is to be planned anew."""
    return msgspec.structs.replace(
        incident,
        diagnosis=fact.diagnosis,
        state=DIAGNOSED,
        waiting="",
        plan=None,
        verdict=None,
        no_plan="",
        no_plan_detail="",
        no_plan_principals=(),
        no_plan_document="",
        rolled_back="",
    )


def _planned(incident: Incident, fact: Planned) -> Incident:
    waits = fact.plan is not None and fact.verdict.mode in ("propose", "approve")
    return msgspec.structs.replace(
        incident,
        plan=fact.plan,
        verdict=fact.verdict,
        no_plan=fact.reason,
        no_plan_detail=fact.detail,
        no_plan_principals=fact.principals,
        no_plan_document=fact.document,
        waiting="",
        state=AWAITING_APPROVAL if waits else incident.state,
    )


def _given_up(incident: Incident, fact: RolledBack | Abandoned) -> Incident:
    return msgspec.structs.replace(
        incident,
        intended=None,
        change=None,
        rolled_back=fact.reason,
        still_stands=isinstance(fact, RolledBack) and not fact.undone,
        state=DIAGNOSED,
    )


def _notified(incident: Incident, fact: Notified) -> Incident:
    """An alert settles what waits for a person; it settles nothing that went on meanwhile."""
    alerted = fact.kind == "alert" and incident.state in (DIAGNOSED, AWAITING_APPROVAL)
    state = ALERTED if alerted else incident.state
    return msgspec.structs.replace(incident, notified=(*incident.notified, fact.message), state=state)


def _sending(incident: Incident, fact: Sending, time: float) -> Incident:
    """A claim that takes the place of another one means that the other's try had no answer."""
    before = incident.sending.get(fact.message, Attempts())
    attempts = Attempts(before.unsure + bool(before.claim), fact.claim, time)
    return msgspec.structs.replace(incident, sending={**incident.sending, fact.message: attempts})


def _undelivered(incident: Incident, fact: Undelivered) -> Incident:
    before = incident.sending.get(fact.message, Attempts())
    attempts = Attempts(before.unsure + (not fact.sure))
    return msgspec.structs.replace(incident, sending={**incident.sending, fact.message: attempts})


def next_step(incident: Incident) -> str:
    """Which function goes on with an incident: `diagnose`, `remediate`, `notify`, or "" while it waits.

    `diagnose` finds what is wrong, `remediate` plans and finishes changes, `notify` tells people and settles.
    """
    if incident.state in (OPEN, REOPENED):
        return "diagnose"
    if incident.waiting or incident.diagnosis is None:
        return ""
    if incident.intended is not None or incident.state == REMEDIATED:
        return "remediate"
    remedy = incident.diagnosis.remedy
    if (
        incident.state == DIAGNOSED
        and incident.verdict is None
        and not (remedy is None or isinstance(remedy, Advice))
    ):
        return "remediate"
    return "notify"


def _reopened(incident: Incident, denial: Denial) -> Incident:
    """A new round: what was found and done before stays in the journal and counts no more."""
    kept = {"id", "fingerprint", "signals", "count", "first", "last", "sending", "notified"}
    fresh = {name: getattr(incident, name) for name in kept}
    return Incident(**fresh, state=REOPENED, round=incident.round + 1, denial=denial)
