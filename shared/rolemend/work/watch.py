"""The function `watch`: reads what a trigger names, keeps the denials in the ledger, and starts `diagnose`."""

from __future__ import annotations

import msgspec

from rolemend.errors import LedgerDamaged, UnknownIncident
from rolemend.signals import actiontrail
from rolemend.signals.denial import PassedOver
from rolemend.work import failed_jobs
from rolemend.work.closing import close
from rolemend.work.counting import keep, keep_counts, open_sorter
from rolemend.work.events import CLOSE, JOBS, PENDING, Timer, TrailEvents, WatchEvent, incident_event
from rolemend.work.pending import follow
from rolemend.work.shards import FILTERS, catch_up, watch_range
from rolemend.work.sorting import read_sent
from rolemend.work.watch_parts import Parts, Watched, joined

SWEEP_EVENTS = ("RunCluster", "CreateCluster")
SWEPT_SECONDS = 1800
"""How far back the sweep looks in ActionTrail's history; an event may take ten minutes to appear there."""


def watch(event: WatchEvent, parts: Parts) -> Watched:
    """Handle one trigger event. Raises AccountError or LedgerError, so that the trigger delivers it again."""
    if isinstance(event, Timer):
        return {PENDING: follow_pending, JOBS: sweep_jobs, CLOSE: close}.get(event.job, sweep)(parts)
    if isinstance(event, TrailEvents):
        found = open_sorter(parts)
        found.sort(event.events, read_sent)
        return keep(found, parts)
    return watch_range(event.log_range, FILTERS.get(event.source, ""), parts)


def follow_pending(parts: Parts) -> Watched:
    """Look after creations that the API accepted and jobs that could not be read: what failed becomes a denial, what is
    over is dropped.

    The denial is written first: a stop in between, or a second instance, finds it counted already. Raises
    AccountError for what did not answer, but only after everything else was settled.
    """
    seen = follow(parts.pending, parts.clusters, parts.now())
    jobs = failed_jobs.follow(parts.jobs, parts.pending_jobs, parts.now())
    found = open_sorter(parts)
    for outcome in jobs.outcomes:
        found.take(outcome)
    for fate in seen.over:
        if fate.given_up:
            record = {"pending": fate.pending.key, "__time__": fate.pending.time}
            found.reject(record, f"a creation was followed no further: {fate.reason}")
        else:
            found.take(fate.denial or PassedOver(fate.reason))
    for lost in jobs.lost:
        record = {
            "pending": lost.pending.key,
            "__time__": lost.pending.time,
            "job": msgspec.to_builtins(lost.job),
        }
        found.reject(record, f"a failed job was read no further: {lost.reason}")
    kept = keep_counts(found, {}, parts)
    for fate in seen.over:
        parts.pending.drop(fate.pending)
    for job in (*jobs.over, *(lost.pending for lost in jobs.lost)):
        parts.pending_jobs.drop(job)
    if (error := seen.error or jobs.error or kept.damaged) is not None:
        raise error
    given_up = sum(fate.given_up for fate in seen.over) + len(jobs.lost)
    return msgspec.structs.replace(kept.watched, pending=seen.waiting + jobs.later, given_up=given_up)


def sweep_jobs(parts: Parts) -> Watched:
    """Failed jobs whose events never came: those that the service lists for the home region. Raises AccountError."""
    found = open_sorter(parts)
    found.sort(failed_jobs.listed(parts.jobs, parts.now()), lambda job: job)
    if found.read == failed_jobs.MOST_LISTED:
        found.passed_over["failed runs that were not listed"] += 1
    return keep(found, parts)


def sweep(parts: Parts) -> Watched:
    """What the triggers may have missed: open incidents that rest, creations in ActionTrail's history, and unread parts
    of the logs.

    Raises LedgerDamaged for a journal that is, but only after everything else was taken up.
    """
    damaged = _wake(parts)
    now = int(parts.now())
    found = open_sorter(parts)
    for name in SWEEP_EVENTS:
        found.sort(parts.trail.events("Emr", name, now - SWEPT_SECONDS, now), actiontrail.read_event)
    kept = keep_counts(found, {}, parts)
    watched = joined(kept.watched, catch_up(parts))
    damaged = damaged or kept.damaged
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
