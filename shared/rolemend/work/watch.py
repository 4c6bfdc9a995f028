"""The function `watch`: reads what a trigger names, keeps the denials in the ledger, and starts `diagnose`."""

from __future__ import annotations

import hashlib
import re
import time as clock
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec

from rolemend.account.interface import ClusterStates, Functions, Logs, Trail
from rolemend.errors import LedgerDamaged, RecordRejected, UnknownIncident
from rolemend.incident.index import Index
from rolemend.incident.journal import Counted, Fact, Opened, Reopened
from rolemend.incident.ledger import Ledger
from rolemend.incident.life import CLOSED, OPEN, REOPENED, SETTLED, VERIFIED, Incident
from rolemend.incident.pending import PendingCreations
from rolemend.incident.pending_jobs import PendingJobs
from rolemend.signals import actiontrail, oss_access_log, spark_job
from rolemend.signals.actiontrail import StartedCreation
from rolemend.signals.denial import Denial, PassedOver, fingerprint, incident_id
from rolemend.signals.spark_job import FailedJob
from rolemend.work import failed_jobs
from rolemend.work.events import JOBS, PENDING, Timer, TrailEvents, WatchEvent, incident_event
from rolemend.work.pending import follow

SWEEP_EVENTS = ("RunCluster", "CreateCluster")
SWEPT_SECONDS = 1800
"""How far back the sweep looks in ActionTrail's history; an event may take ten minutes to appear there."""

MOST_SIGNALS = 10_000
"""How many ids of single signals an incident remembers; from then on it remembers each delivery by one id of its own.
So the journal stays small in a storm, and the same range delivered again is still counted once."""

_FILTERS = {"actiontrail": actiontrail.PUSHED_DOWN, "oss_access_log": oss_access_log.PUSHED_DOWN}


class Watched(msgspec.Struct, frozen=True, kw_only=True):
    """What one invocation saw: records read, denials, incidents touched, records kept aside, and what was passed over
    by reason. `pending` creations and jobs go on; of those `given_up` nothing was found out."""

    read: int = 0
    denials: int = 0
    incidents: tuple[str, ...] = ()
    rejected: int = 0
    passed_over: dict[str, int] = {}
    pending: int = 0
    given_up: int = 0


class Parts(msgspec.Struct, frozen=True, kw_only=True):
    """What `watch` works with. `account` is the one it works for, "" for any; `own_roles` begins the names of
    Rolemend's own roles; an open incident that nobody touched for `rest` seconds is taken up again."""

    logs: Logs
    trail: Trail
    ledger: Ledger
    index: Index
    pending: PendingCreations
    clusters: ClusterStates
    jobs: failed_jobs.Reader
    pending_jobs: PendingJobs
    functions: Functions
    diagnose: str
    account: str = ""
    own_roles: str = "rolemend-"
    propagation: int = 60
    rest: int = 120
    now: Callable[[], float] = clock.time


class _Sorted(msgspec.Struct):
    """Records of one invocation, sorted."""

    read: int = 0
    denials: list[Denial] = []
    started: list[StartedCreation] = []
    jobs: list[FailedJob] = []
    rejected: list[tuple[Any, str]] = []
    passed_over: Counter[str] = msgspec.field(default_factory=Counter)


def watch(event: WatchEvent, parts: Parts) -> Watched:
    """Handle one trigger event. Raises AccountError or LedgerError, so that the trigger delivers it again."""
    if isinstance(event, Timer):
        return {PENDING: follow_pending, JOBS: sweep_jobs}.get(event.job, sweep)(parts)
    if isinstance(event, TrailEvents):
        return keep(sort_records(event.events, read_sent), parts)
    records = parts.logs.records(event.log_range, _FILTERS.get(event.source, ""))
    return keep(sort_records(records, read_record), parts)


Outcome = Denial | StartedCreation | FailedJob | PassedOver


def read_sent(event: dict[str, Any]) -> Outcome:
    """One event that was sent straight to the function."""
    if spark_job.is_system_event(event):
        return spark_job.read_event(event)
    return actiontrail.read_event(event)


def read_record(record: Mapping[str, Any]) -> Outcome:
    """One SLS record, by its topic; CloudMonitor's by what they are, as no page names their topic."""
    topic = record.get("__topic__")
    if topic == oss_access_log.TOPIC:
        return oss_access_log.read_record(record)
    if topic == actiontrail.TOPIC:
        event = record.get("event")
        if not isinstance(event, str):
            raise RecordRejected("an ActionTrail record without its field `event`")
        return actiontrail.read_event(event)
    if spark_job.is_system_event(record):
        return spark_job.read_event(record)
    return PassedOver("other topic")


def sort_records(records: Iterable[Any], read: Callable[[Any], Outcome]) -> _Sorted:
    found = _Sorted()
    for record in records:
        found.read += 1
        try:
            outcome = read(record)
        except RecordRejected as error:
            found.rejected.append((record, str(error)))
            continue
        if isinstance(outcome, PassedOver):
            found.passed_over[outcome.reason] += 1
        elif isinstance(outcome, StartedCreation):
            found.started.append(outcome)
        elif isinstance(outcome, FailedJob):
            found.jobs.append(outcome)
        else:
            found.denials.append(outcome)
    return found


def keep(found: _Sorted, parts: Parts) -> Watched:
    """Write what was found into the ledger, and start the diagnosis of each incident that needs one.

    Creations that the API accepted are remembered before anything is counted, so that a stop loses none of them.
    """
    for record, reason in found.rejected:
        parts.ledger.keep_rejected(record, reason, _day(record, parts.now()))
    followed = [creation for creation in found.started if not _of_no_interest(creation.denial, parts)]
    for creation in followed:
        parts.pending.record(creation)
    settled = failed_jobs.settle(list(dict.fromkeys(found.jobs)), parts.jobs, parts.pending_jobs, parts.now())
    _take(settled, found)
    incidents: dict[str, list[Denial]] = {}
    for denial in found.denials:
        if reason := _of_no_interest(denial, parts):
            found.passed_over[reason] += 1
        else:
            incidents.setdefault(incident_id(denial), []).append(denial)
    known = [record_denials(key, denials, parts) for key, denials in incidents.items()]
    parts.index.add([incident for incident, opened in known if opened], parts.now())
    return Watched(
        read=found.read,
        denials=sum(len(denials) for denials in incidents.values()),
        incidents=tuple(incidents),
        rejected=len(found.rejected),
        passed_over=dict(found.passed_over),
        pending=len(followed) + settled.later,
    )


def _take(settled: failed_jobs.Settled, found: _Sorted) -> None:
    for outcome in settled.outcomes:
        if isinstance(outcome, PassedOver):
            found.passed_over[outcome.reason] += 1
        else:
            found.denials.append(outcome)


def _of_no_interest(denial: Denial, parts: Parts) -> str:
    """Why a denial is passed over, "" if it is not.

    A function of Rolemend itself that was denied is no job's failure, and mending it would be a loop. Of another
    account, whose events a trail may bring or a forged record name, a role here may have the same name.
    """
    who = denial.principal
    if who.type == "assumed_role" and who.name.lower().startswith(parts.own_roles):
        return "own role"
    return "other account" if parts.account and denial.account not in ("", parts.account) else ""


def record_denials(key: str, denials: Sequence[Denial], parts: Parts) -> tuple[Incident, bool]:
    """Count denials into their incident, open or reopen it, and start `diagnose` unless that has been done.

    The marker comes last: set before the entries, one could stand without an incident, or be taken away as the one
    of an earlier round. Answers the incident, and whether it was opened or reopened by these.
    """
    facts: list[Fact] = []

    def decide(known: Incident) -> list[Fact]:
        facts[:] = _facts(known, denials, parts.propagation)
        return facts

    incident = parts.ledger.extend(key, decide)
    if incident.state not in SETTLED:
        parts.ledger.mark_open(key)
    if incident.state in (OPEN, REOPENED):
        parts.functions.start(parts.diagnose, incident_event(key))
    return incident, any(isinstance(fact, Opened | Reopened) for fact in facts)


def _facts(incident: Incident, denials: Sequence[Denial], propagation: int) -> list[Fact]:
    """What these denials add to the incident as it stands: nothing if each was seen before."""
    given = {denial.signal_id: denial for denial in denials}
    delivery = _delivery_id(given)
    fresh = sorted(
        (denial for key, denial in given.items() if key not in incident.signals),
        key=lambda d: (d.time, d.signal_id),
    )
    if not fresh or delivery in incident.signals:
        return []
    facts: list[Fact] = []
    if not incident.fingerprint:
        facts.append(Opened(fingerprint=fingerprint(fresh[0]), denial=fresh[0]))
    elif (again := _comes_back(incident, fresh, propagation)) is not None:
        facts.append(Reopened(denial=again))
    ids = tuple(denial.signal_id for denial in fresh)
    if len(incident.signals) + len(ids) > MOST_SIGNALS:
        ids = (delivery,)
    facts.append(Counted(signals=ids, count=len(fresh), first=fresh[0].time, last=fresh[-1].time))
    return facts


def _delivery_id(signals: Iterable[str]) -> str:
    """The same for the same signals, in whatever order they came."""
    digest = hashlib.sha256("\x1f".join(sorted(signals)).encode("utf-8", "surrogatepass"))
    return f"delivery-{digest.hexdigest()[:24]}"


def _comes_back(incident: Incident, fresh: Sequence[Denial], propagation: int) -> Denial | None:
    """A denial after the incident was settled. A late delivery of an earlier one is counted and no more."""
    settled = {VERIFIED: incident.applied_at, CLOSED: incident.closed_at}.get(incident.state)
    if settled is None:
        return None
    return next((denial for denial in fresh if denial.time > settled + propagation), None)


def follow_pending(parts: Parts) -> Watched:
    """Look after creations that the API accepted and jobs that could not be read: what failed becomes a denial, what is
    over is dropped.

    The denial is written first: a stop in between, or a second instance, finds it counted already. Raises
    AccountError for what did not answer, but only after everything else was settled.
    """
    seen = follow(parts.pending, parts.clusters, parts.now())
    jobs = failed_jobs.follow(parts.jobs, parts.pending_jobs, parts.now())
    found = _Sorted(denials=[fate.denial for fate in seen.over if fate.denial is not None])
    _take(jobs, found)
    for fate in seen.over:
        if fate.given_up:
            record = {"pending": fate.pending.key, "__time__": fate.pending.time}
            found.rejected.append((record, f"a creation was followed no further: {fate.reason}"))
        elif fate.denial is None:
            found.passed_over[fate.reason] += 1
    for lost in jobs.lost:
        record = {
            "pending": lost.pending.key,
            "__time__": lost.pending.time,
            "job": msgspec.to_builtins(lost.job),
        }
        found.rejected.append((record, f"a failed job was read no further: {lost.reason}"))
    watched = keep(found, parts)
    for fate in seen.over:
        parts.pending.drop(fate.pending)
    for job in (*jobs.over, *(lost.pending for lost in jobs.lost)):
        parts.pending_jobs.drop(job)
    if (error := seen.error or jobs.error) is not None:
        raise error
    given_up = sum(fate.given_up for fate in seen.over) + len(jobs.lost)
    return msgspec.structs.replace(watched, pending=seen.waiting + jobs.later, given_up=given_up)


def sweep_jobs(parts: Parts) -> Watched:
    """Failed jobs whose events never came: those that the service lists for the home region. Raises AccountError."""
    found = _Sorted(jobs=failed_jobs.listed(parts.jobs, parts.now()))
    if len(found.jobs) == failed_jobs.MOST_LISTED:
        found.passed_over["failed runs that were not listed"] += 1
    return msgspec.structs.replace(keep(found, parts), read=len(found.jobs))


def sweep(parts: Parts) -> Watched:
    """What the triggers may have missed: open incidents that rest, and creations in ActionTrail's history.

    Raises LedgerDamaged for a journal that is, but only after everything else was taken up.
    """
    damaged = _wake(parts)
    now = int(parts.now())
    events = [
        event for name in SWEEP_EVENTS for event in parts.trail.events("Emr", name, now - SWEPT_SECONDS, now)
    ]
    watched = keep(sort_records(events, actiontrail.read_event), parts)
    if damaged is not None:
        raise damaged
    return watched


def _wake(parts: Parts) -> LedgerDamaged | None:
    """Start `diagnose` for each open incident that rests; the first damaged journal that was met."""
    damaged = None
    for key in parts.ledger.open_ids():
        try:
            touched = parts.ledger.load(key).touched
        except UnknownIncident:
            continue
        except LedgerDamaged as error:
            damaged = damaged or error
            continue
        if touched + parts.rest <= parts.now():
            parts.functions.start(parts.diagnose, incident_event(key))
    return damaged


def _day(record: Any, now: float) -> str:
    """The record's own day where it tells one: a delivery after midnight must not keep it a second time."""
    told = str(record.get("__time__", "")) if isinstance(record, Mapping) else ""
    moment = int(told) if re.fullmatch("[0-9]{1,10}", told) else now
    return clock.strftime("%Y-%m-%d", clock.gmtime(moment))
