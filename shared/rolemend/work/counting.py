"""From what was sorted to the ledger: counts, opened incidents, and the diagnosis of each that needs one."""

from __future__ import annotations

import re
import time as clock
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from rolemend.errors import LedgerDamaged
from rolemend.incident.journal import Fact, Opened, Reopened
from rolemend.incident.life import OPEN, REOPENED, SETTLED, Incident
from rolemend.incident.tally import Tally, facts_of, tally_of
from rolemend.signals.denial import Denial
from rolemend.together import together
from rolemend.work import failed_jobs
from rolemend.work.events import incident_event
from rolemend.work.overtaken import raise_edit
from rolemend.work.sorting import Sorter
from rolemend.work.watch_parts import Parts, Watched

HOLD_SECONDS = 60
"""While an incident is denied again and again, its count is written once in so many seconds."""

AT_ONCE = 5
"""So many counts of a round are written as they come."""

MOST_ASIDE = 100
"""How many records that cannot be read one invocation keeps; the others are counted. A source that sends nothing else
must not fill the ledger's bucket."""


MOST_MET = 10_000
"""Of so many incidents an instance knows that there is a journal, which it then reads before it writes."""


class Recorded(msgspec.Struct, frozen=True):
    """What became of a tally: whether it opened the incident (again), and whether its count is still to be written."""

    incident: Incident
    opened: bool
    held: bool


class Kept(msgspec.Struct, frozen=True):
    """What was kept of a reading: the counts that were `held` back, and the first journal that was `damaged`: what
    could not be written because of such was kept aside, and who asked for it has to raise the error."""

    watched: Watched
    held: dict[str, Tally]
    damaged: LedgerDamaged | None = None


def open_sorter(parts: Parts) -> Sorter:
    """A sorter that keeps rejected records in the ledger's bucket."""

    def aside(record: Any, reason: str) -> None:
        if sorter.rejected <= MOST_ASIDE:
            parts.ledger.keep_rejected(record, reason, _day(record, parts.now()))

    sorter = Sorter(parts.own_roles, parts.account, aside)
    return sorter


def keep(found: Sorter, parts: Parts) -> Watched:
    """Write what was found into the ledger, and start the diagnosis of each incident that needs one.

    Raises LedgerDamaged for a journal that is, but only after everything else was written.
    """
    kept = keep_counts(found, {}, parts)
    if kept.damaged is not None:
        raise kept.damaged
    return kept.watched


def keep_counts(found: Sorter, carried: Mapping[str, Tally], parts: Parts, *, hold: bool = False) -> Kept:
    """The same together with counts that were held back; with `hold`, counts that may wait are handed back.

    Creations that the API accepted are remembered before anything is counted, so that a stop loses none of them. A
    damaged journal holds up nothing else, and no log either: what was to be written into it is kept aside.
    """
    for creation in found.started:
        parts.pending.record(creation)
    settled = failed_jobs.settle(list(found.jobs), parts.jobs, parts.pending_jobs, parts.now())
    for outcome in settled.outcomes:
        found.take(outcome)
    tallies = _together(carried, found.tallies)
    held, damaged = _write(tallies, found, parts, hold=hold)
    for edit in found.edits:
        try:
            raise_edit(edit, parts)
        except LedgerDamaged as error:  # noqa: PERF203
            damaged = damaged or error
            _set_aside(found, edit, edit.time, error)
    watched = Watched(
        read=found.read,
        denials=found.denials,
        incidents=tuple(found.tallies),
        rejected=found.rejected,
        passed_over=dict(found.passed_over),
        pending=len(found.started) + settled.later,
    )
    return Kept(watched, held, damaged)


def _together(carried: Mapping[str, Tally], found: Mapping[str, Tally]) -> dict[str, Tally]:
    tallies = dict(carried)
    for key, tally in found.items():
        if key in tallies:
            tallies[key].join(tally)
        else:
            tallies[key] = tally
    return tallies


def _write(
    tallies: Mapping[str, Tally], found: Sorter, parts: Parts, *, hold: bool
) -> tuple[dict[str, Tally], LedgerDamaged | None]:
    """Write each tally; the tallies that are held back, and the first damaged journal."""
    held: dict[str, Tally] = {}
    opened: list[Incident] = []
    damaged = None
    for key, tally in tallies.items():
        try:
            recorded = record_tally(key, tally, parts, hold=hold)
        except LedgerDamaged as error:
            damaged = damaged or error
            counted = {"incident": key, "count": tally.count, "latest": tally.latest}
            _set_aside(found, counted, tally.latest.time if tally.latest else 0, error)
            continue
        if recorded.opened:
            opened.append(recorded.incident)
        if recorded.held:
            held[key] = tally
    parts.index.add(opened, parts.now())
    return held, damaged


def _set_aside(found: Sorter, what: object, time: float, error: LedgerDamaged) -> None:
    """Keep what no journal took, once however often it is delivered."""
    record = {"kept_aside": msgspec.to_builtins(what), "__time__": str(int(time))}
    found.reject(record, f"a journal of the ledger is damaged: {error}")


def record_tally(key: str, tally: Tally, parts: Parts, *, hold: bool = False) -> Recorded:
    """Count denials into their incident, open or reopen it, and start `diagnose` unless that has been done.

    The marker comes after the entries: set before them, one could stand without an incident, or be taken away as the
    one of an earlier round. `diagnose` does not wait for it; if it comes when all is settled, the sweep has it taken
    away. What only counts sets none and starts nothing: whoever opened the incident did, or failed and comes again.
    """
    facts: list[Fact] = []
    held = False

    def decide(known: Incident) -> list[Fact]:
        nonlocal held
        facts[:] = facts_of(known, tally, parts.propagation)
        held = hold and len(facts) == 1 and _may_wait(known, parts.now())
        return [] if held else facts

    incident = parts.ledger.extend(key, decide, likely_new=key not in parts.memory.met)
    if len(parts.memory.met) >= MOST_MET:
        parts.memory.met.clear()
    parts.memory.met.add(key)
    opened = any(isinstance(fact, Opened | Reopened) for fact in facts)
    following: list[Callable[[], None]] = []
    if (opened or not facts) and incident.state not in SETTLED:
        following.append(lambda: parts.ledger.mark_open(key))
    if (opened or not facts) and incident.state in (OPEN, REOPENED):
        following.append(lambda: parts.functions.start(parts.diagnose, incident_event(key)))
    together(*following)
    return Recorded(incident, opened, held)


def record_denials(key: str, denials: Sequence[Denial], parts: Parts) -> Recorded:
    """The same for denials that are all at hand."""
    return record_tally(key, tally_of(denials), parts)


def _may_wait(incident: Incident, now: float) -> bool:
    return incident.counts >= AT_ONCE and now < incident.counted_at + HOLD_SECONDS


def _day(record: Any, now: float) -> str:
    """The record's own day where it tells one: a delivery after midnight must not keep it a second time."""
    told = str(record.get("__time__", "")) if isinstance(record, Mapping) else ""
    moment = int(told) if re.fullmatch("[0-9]{1,10}", told) else now
    return clock.strftime("%Y-%m-%d", clock.gmtime(moment))
