"""The life of an incident: its state is computed from its journal and nothing else. Pure."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from rolemend.checklist.model import Diagnosis
from rolemend.incident.journal import (
    Abandoned,
    Applied,
    ApprovalRefused,
    Closed,
    Counted,
    Diagnosed,
    Entry,
    Intended,
    Notified,
    NotTakenBack,
    Opened,
    Overtaken,
    Planned,
    Queued,
    Rejected,
    Reopened,
    RolledBack,
    Sending,
    Span,
    StoppedJob,
    TakenBack,
    Undelivered,
    Verified,
    Waiting,
)
from rolemend.incident.wording import EXPIRED, REJECTED, REJECTED_BECAUSE, TAKEN_BACK, stored
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


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a message on a channel: `outcome` is `delivered`, `unconfirmed`, or why it waits for a digest."""

    message: str
    channel: str
    kind: str
    outcome: str
    at: float


class ChangeNote(msgspec.Struct, frozen=True, kw_only=True):
    """One change of an incident, of whatever round: `outcome` is `intended`, `applied`, `verified`, `abandoned`,
    `rolled back`, `taken back`, `expired` or `not taken back`; `reason` says why, `approved_by` who approved it.

    `at` is when it was intended, `until` when it expires (0.0: never); `denied` is the time of the denial that it was
    made for, `verified` when that was seen to be allowed again (0.0: it was not).
    """

    id: str
    at: float
    plan: Plan
    outcome: str = "intended"
    reason: str = ""
    approved_by: str = ""
    change: Change | None = None
    until: float = 0.0
    denied: int = 0
    verified: float = 0.0


class Incident(msgspec.Struct, frozen=True, kw_only=True):
    """An incident as its journal tells it.

    `journal` is the id of the journal's first entry and `began` its time: where a journal has expired, the same
    denial begins another one. `round` counts how often it was opened; what belongs to an earlier round no longer
    counts. `denial` is the one that is diagnosed, `touched` the time of the last entry. `telling` counts the alerts
    that a round calls for, `told` says that the last of them was delivered. `refusal` says why an approval was not
    followed, `hands_off` who took a change back by hand, so that none is made again without asking. `overtaken` are
    documents of people that a change may have overwritten, `raised` says that people are yet to be told of the
    last. `counts` is how often a round was counted into, `counted_at` when last, `read` the parts of each shard in
    which its denials are counted. `jobs` are the first jobs that are known to have failed of it. `told_count` is
    how many denials people know of, `deliveries` what was sent to whom. `ended` says that it was closed because
    nothing is denied any more, and not by a person or a rule.
    """

    id: str
    journal: str = ""
    began: float = 0.0
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
    refused: bool = False
    refusal: str = ""
    hands_off: str = ""
    telling: int = 1
    told: bool = False
    told_at: float = 0.0
    told_count: int = 0
    deliveries: tuple[Delivery, ...] = ()
    changes: tuple[ChangeNote, ...] = ()
    still_stands: bool = False
    sending: dict[str, Attempts] = {}
    notified: tuple[str, ...] = ()
    waiting: str = ""
    closed: str = ""
    rejected: bool = False
    ended: bool = False
    closed_at: float = 0.0
    touched: float = 0.0
    overtaken: tuple[Overtaken, ...] = ()
    raised: bool = False
    counts: int = 0
    counted_at: float = 0.0
    read: dict[str, tuple[tuple[int, int], ...]] = {}
    jobs: tuple[StoppedJob, ...] = ()

    def has_read(self, span: Span) -> bool:
        """Whether the denials of this part of a log are counted already."""
        return any(begin <= span.begin and span.end <= end for begin, end in self.read.get(span.shard, ()))


CLOCKS_DIFFER = 3_600
"""Seconds. A record that tells a later time than that has made it up, and must keep nothing open for ever."""

MOST_SPANS = 64
"""How many parts of one shard an incident remembers, the newest; parts that touch each other are one."""


def live(incident_id: str, entries: Iterable[Entry]) -> Incident:
    """Follow a journal from its first entry to now."""
    incident = Incident(id=incident_id)
    for entry in entries:
        if not incident.journal:
            incident = msgspec.structs.replace(incident, journal=entry.id, began=entry.time)
        incident = msgspec.structs.replace(_step(incident, entry), touched=entry.time)
    return incident


def _step(incident: Incident, entry: Entry) -> Incident:
    fact = entry.fact
    become = msgspec.structs.replace
    match fact:
        case Opened():
            return become(incident, fingerprint=fact.fingerprint, denial=fact.denial)
        case Counted():
            return _counted(incident, fact, entry.time)
        case Waiting():
            return become(incident, waiting=fact.reason)
        case Diagnosed():
            return _diagnosed(incident, fact)
        case Planned():
            return _planned(incident, fact)
        case Intended():
            return _intended(incident, fact, entry.time)
        case Applied():
            incident = _noted(incident, fact.change.id, "applied", change=fact.change)
            return become(
                incident, change=fact.change, applied_at=entry.time, intended=None, state=REMEDIATED
            )
        case Verified():
            return become(_verified(incident, fact.change, entry.time), state=VERIFIED)
        case Undelivered():
            return _undelivered(incident, fact)
        case RolledBack() | Abandoned():
            return _given_up(incident, fact)
        case ApprovalRefused():
            return become(incident, refusal=fact.reason)
        case Rejected():
            sentence = REJECTED_BECAUSE if fact.reason else REJECTED
            reason = stored(sentence, who=fact.rejected_by, reason=fact.reason)
            return become(incident, state=CLOSED, closed=reason, closed_at=entry.time, rejected=True)
        case TakenBack():
            return _taken_back(incident, fact, entry.time)
        case NotTakenBack():
            return _not_taken_back(incident, fact)
        case Overtaken():
            return become(incident, overtaken=(*incident.overtaken, fact), raised=True)
        case Sending():
            return _sending(incident, fact, entry.time)
        case Notified() | Queued():
            return _notified(incident, fact, entry.time)
        case Closed():
            return _closed(incident, fact, entry.time)
        case Reopened():
            return _reopened(incident, fact.denial)
        case StoppedJob():
            return become(incident, jobs=(*incident.jobs, fact))


def _closed(incident: Incident, fact: Closed, time: float) -> Incident:
    observed = incident.verdict is not None and incident.verdict.mode == "observe"
    return msgspec.structs.replace(
        incident,
        state=CLOSED,
        closed=fact.reason,
        closed_at=fact.since or time,
        ended=not observed,
        waiting="",
    )


def _counted(incident: Incident, fact: Counted, time: float) -> Incident:
    read = dict(incident.read)
    for span in fact.spans:
        read[span.shard] = _with_span(read.get(span.shard, ()), span)
    return msgspec.structs.replace(
        incident,
        signals=incident.signals.union(fact.signals) if fact.signals else incident.signals,
        count=incident.count + fact.count,
        first=min(incident.first or fact.first, fact.first),
        last=max(incident.last, min(fact.last, int(time) + CLOCKS_DIFFER)),
        counts=incident.counts + 1,
        counted_at=time,
        read=read,
    )


def _with_span(known: tuple[tuple[int, int], ...], span: Span) -> tuple[tuple[int, int], ...]:
    """Add a part to parts in order; those that touch become one."""
    begin, end = span.begin, span.end
    apart = []
    for part in known:
        if part[1] < begin or end < part[0]:
            apart.append(part)
        else:
            begin, end = min(begin, part[0]), max(end, part[1])
    return tuple(sorted([*apart, (begin, end)])[-MOST_SPANS:])


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
        refused=False,
        refusal="",
    )


def _intended(incident: Incident, fact: Intended, time: float) -> Incident:
    note = ChangeNote(
        id=fact.change,
        at=time,
        plan=fact.plan,
        approved_by=fact.approved_by,
        until=time + fact.plan.expires if fact.plan.expires else 0.0,
        denied=incident.denial.time if incident.denial else 0,
    )
    resumed = incident.intended.change if incident.intended is not None else ""
    changes = (*(known for known in incident.changes if known.id != resumed), note)
    overtaken = tuple(
        msgspec.structs.replace(one, change=note.id) if one.change == resumed else one
        for one in incident.overtaken
    )
    return msgspec.structs.replace(
        incident, intended=fact, intended_at=time, changes=changes, overtaken=overtaken, state=DIAGNOSED
    )


def _noted(
    incident: Incident, change_id: str, outcome: str, reason: str = "", change: Change | None = None
) -> Incident:
    """What became of one of the incident's changes."""
    changes = tuple(
        msgspec.structs.replace(note, outcome=outcome, reason=reason, change=change or note.change)
        if note.id == change_id
        else note
        for note in incident.changes
    )
    return msgspec.structs.replace(incident, changes=changes)


def _verified(incident: Incident, change_id: str, time: float) -> Incident:
    incident = _noted(incident, change_id, "verified")
    changes = tuple(
        msgspec.structs.replace(note, verified=time) if note.id == change_id else note
        for note in incident.changes
    )
    return msgspec.structs.replace(incident, changes=changes)


def _taken_back(incident: Incident, fact: TakenBack, time: float) -> Incident:
    """The change of this round being taken back closes the incident; one of an earlier round leaves it as it is."""
    outcome = "expired" if fact.expired else "taken back"
    incident = _noted(incident, fact.change, outcome, "" if fact.expired else fact.taken_back_by)
    if not fact.expired:
        incident = msgspec.structs.replace(incident, hands_off=fact.taken_back_by)
    if incident.change is None or incident.change.id != fact.change:
        return incident
    reason = stored(EXPIRED) if fact.expired else stored(TAKEN_BACK, who=fact.taken_back_by)
    return msgspec.structs.replace(incident, change=None, state=CLOSED, closed=reason, closed_at=time)


def _not_taken_back(incident: Incident, fact: NotTakenBack) -> Incident:
    """People must be told, also anew, unless the incident is at something else by now."""
    incident = _noted(incident, fact.change, "not taken back", fact.reason)
    mine = incident.change is not None and incident.change.id == fact.change
    if not mine and not _still_stands(incident, fact.change):
        return incident
    plan = incident.change.plan if incident.change is not None else incident.plan
    incident = _retold(incident)
    return msgspec.structs.replace(
        incident, change=None, plan=plan, rolled_back=fact.reason, still_stands=True, state=DIAGNOSED
    )


def _still_stands(incident: Incident, change_id: str) -> bool:
    """Whether it is the change that could not be taken back in this round, with nothing begun since."""
    last = incident.changes[-1].id if incident.changes else ""
    return incident.still_stands and incident.change is None and last == change_id


def _retold(incident: Incident) -> Incident:
    """What follows is news: an alert that was delivered already does not stand for it."""
    if not incident.told:
        return incident
    return msgspec.structs.replace(incident, telling=incident.telling + 1, told=False)


def _planned(incident: Incident, fact: Planned) -> Incident:
    waits = fact.plan is not None and fact.verdict.mode in ("propose", "approve")
    incident = _retold(incident)
    return msgspec.structs.replace(
        incident,
        plan=fact.plan,
        verdict=fact.verdict,
        no_plan=fact.reason,
        no_plan_detail=fact.detail,
        no_plan_principals=fact.principals,
        no_plan_document=fact.document,
        waiting="",
        state=AWAITING_APPROVAL if waits else DIAGNOSED,
    )


def _given_up(incident: Incident, fact: RolledBack | Abandoned) -> Incident:
    stands = isinstance(fact, RolledBack) and not fact.undone
    undone = "not taken back" if stands else "rolled back" if isinstance(fact, RolledBack) else "abandoned"
    return msgspec.structs.replace(
        _retold(_noted(incident, fact.change, undone, fact.reason)),
        intended=None,
        change=None,
        rolled_back=fact.reason,
        refused=isinstance(fact, Abandoned) and fact.refused,
        still_stands=stands,
        state=DIAGNOSED,
    )


def _notified(incident: Incident, fact: Notified | Queued, time: float) -> Incident:
    """An alert settles what waits for a person; it settles nothing that went on meanwhile, and no plan that may yet be
    approved. One that waits for its channel counts: it will be told, and holds nothing up."""
    alert = fact.kind == "alert"
    told = alert and incident.state in (DIAGNOSED, AWAITING_APPROVAL)
    state = ALERTED if told and not can_be_approved(incident) else incident.state
    notified = (*incident.notified, fact.message)
    return msgspec.structs.replace(
        incident,
        notified=notified,
        told=incident.told or told,
        told_at=time if told else incident.told_at,
        state=state,
        raised=incident.raised and fact.message != overwritten_id(incident),
        told_count=max(incident.told_count, fact.count),
        deliveries=(*incident.deliveries, delivery_of(fact, time)),
    )


def overwritten_id(incident: Incident) -> str:
    """The message on the last document of a person that a change may have overwritten."""
    return f"{incident.id}-{incident.round}-overwritten-{len(incident.overtaken)}"


def delivery_of(fact: Notified | Queued, time: float) -> Delivery:
    if isinstance(fact, Queued):
        outcome = fact.reason
    else:
        outcome = "delivered" if fact.confirmed else "unconfirmed"
    return Delivery(message=fact.message, channel=fact.channel, kind=fact.kind, outcome=outcome, at=time)


def can_be_approved(incident: Incident) -> bool:
    """Whether there is a plan that one approval applies."""
    approvable = incident.verdict is not None and incident.verdict.mode == "approve"
    return incident.state == AWAITING_APPROVAL and incident.plan is not None and approvable


def _sending(incident: Incident, fact: Sending, time: float) -> Incident:
    """A claim that takes the place of another one means that the other's try had no answer."""
    before = incident.sending.get(fact.message, Attempts())
    attempts = Attempts(before.unsure + bool(before.claim), fact.claim, time)
    return msgspec.structs.replace(incident, sending={**incident.sending, fact.message: attempts})


def _undelivered(incident: Incident, fact: Undelivered) -> Incident:
    before = incident.sending.get(fact.message, Attempts())
    attempts = Attempts(before.unsure + (not fact.sure))
    return msgspec.structs.replace(incident, sending={**incident.sending, fact.message: attempts})


def _reopened(incident: Incident, denial: Denial) -> Incident:
    """A new round: what was found and done before stays in the journal and counts no more."""
    kept = {
        "id",
        "journal",
        "began",
        "fingerprint",
        "signals",
        "count",
        "first",
        "last",
        "sending",
        "notified",
        "hands_off",
        "changes",
        "jobs",
        "counted_at",
        "read",
        "overtaken",
        "raised",
        "told_count",
        "deliveries",
    }
    fresh = {name: getattr(incident, name) for name in kept}
    return Incident(**fresh, state=REOPENED, round=incident.round + 1, denial=denial)
