"""An incident's state follows from its journal alone: every step, every round, and what may not undo another."""

from __future__ import annotations

import itertools

import pytest

from rolemend.checklist.model import Advice, Diagnosis, ListBucket, Remedy
from rolemend.incident.journal import (
    Abandoned,
    Applied,
    Closed,
    Counted,
    Diagnosed,
    Entry,
    Fact,
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
from rolemend.incident.life import Incident, live
from rolemend.incident.next_step import next_step
from rolemend.remedy.model import Change, Plan, Verdict, Write, sealed
from rolemend.signals.denial import fingerprint, incident_id
from rolemend.text import text
from tests.samples import LISTING, altered

ID = incident_id(LISTING)
REMEDY = ListBucket(role="emr-role", bucket="data", action="oss:ListObjects")
WRITE = Write(kind="policy", name="reader", before="{}", after="[]", version="v1")
PLAN = sealed(Plan(remedy=REMEDY, write=WRITE, gains=("a",)))
CHANGE = Change(id="chg-1", plan=PLAN, version="v2")

OPENED = Opened(fingerprint=fingerprint(LISTING), denial=LISTING)
COUNTED = Counted(signals=("request-1",), count=1, first=LISTING.time, last=LISTING.time)
AGAIN = Reopened(denial=altered(LISTING, signal_id="request-9", time=LISTING.time + 999))
INTENDED = Intended(change="chg-1", plan=PLAN)
APPLIED, VERIFIED = Applied(change=CHANGE), Verified(change="chg-1")
ALERT = Notified(message=f"{ID}-1-alert", channel="c", kind="alert")
MENDED = Notified(message=f"{ID}-1-remediated", channel="c", kind="remediated")


def diagnosed(remedy: Remedy | None = REMEDY) -> Diagnosed:
    return Diagnosed(diagnosis=Diagnosis(checklist="oss-access", findings=(), cause="c", remedy=remedy))


def planned(mode: str, plan: Plan | None = PLAN) -> Planned:
    return Planned(verdict=Verdict(mode), plan=plan, reason="" if plan else "shared_policy", detail="reader")


def after(*facts: Fact, begin: float = 1000.0) -> Incident:
    """The incident after an opening and these facts, a second apart."""
    moments = itertools.count(begin)
    entries = [
        Entry(schema=1, id=str(n), prev="", time=next(moments), by="t", fact=fact)
        for n, fact in enumerate((OPENED, COUNTED, *facts))
    ]
    return live(ID, entries)


DIAGNOSED, TO_APPLY = diagnosed(), (diagnosed(), planned("auto"), INTENDED)
ADVISED = diagnosed(Advice(statement=text("do it")))


@pytest.mark.parametrize(
    ("facts", "state", "step"),
    [
        ((), "open", "diagnose"),
        ((Waiting(reason="busy"),), "open", "diagnose"),
        ((DIAGNOSED,), "diagnosed", "remediate"),
        ((DIAGNOSED, Waiting(reason="busy")), "diagnosed", ""),
        ((ADVISED,), "diagnosed", "notify"),
        ((diagnosed(None),), "diagnosed", "notify"),
        ((DIAGNOSED, planned("propose")), "awaiting approval", "notify"),
        ((DIAGNOSED, planned("approve")), "awaiting approval", "notify"),
        ((DIAGNOSED, planned("propose", None)), "diagnosed", "notify"),
        ((DIAGNOSED, planned("observe"), Closed(reason="observed")), "closed", "notify"),
        (TO_APPLY, "diagnosed", "remediate"),
        ((*TO_APPLY, APPLIED), "remediated", "remediate"),
        ((*TO_APPLY, APPLIED, VERIFIED), "verified", "notify"),
        ((*TO_APPLY, APPLIED, VERIFIED, MENDED), "verified", "notify"),
        ((*TO_APPLY, APPLIED, RolledBack(change="chg-1", reason="no")), "diagnosed", "notify"),
        ((*TO_APPLY, Abandoned(change="chg-1", reason="no")), "diagnosed", "notify"),
        ((*TO_APPLY, Abandoned(change="chg-1", reason="no"), ALERT), "alerted", "notify"),
        ((ADVISED, ALERT), "alerted", "notify"),
        ((*TO_APPLY, APPLIED, VERIFIED, MENDED, AGAIN), "reopened", "diagnose"),
        ((*TO_APPLY, APPLIED, VERIFIED, MENDED, AGAIN, DIAGNOSED), "diagnosed", "remediate"),
    ],
)
def test_each_step_leads_to_the_next(facts: tuple[Fact, ...], state: str, step: str) -> None:
    incident = after(*facts)
    assert (incident.state, next_step(incident)) == (state, step)


def test_signals_add_up() -> None:
    counted = Counted(signals=("a", "b"), count=2, first=5, last=LISTING.time + 5)
    incident = after(counted, begin=LISTING.time + 10.0)
    assert (incident.count, incident.signals) == (3, frozenset({"request-1", "a", "b"}))
    assert (incident.first, incident.last) == (5, LISTING.time + 5)


def test_times_are_those_of_the_entries() -> None:
    incident = after(*TO_APPLY, APPLIED)
    assert (incident.intended_at, incident.applied_at, incident.touched) == (1004.0, 1005.0, 1005.0)
    closed = after(Closed(reason="x"), Counted(signals=("late",), count=1, first=1, last=1))
    assert (closed.closed_at, closed.touched) == (1002.0, 1003.0)


def test_a_plan_ends_the_waiting_that_another_instance_noted_before_it() -> None:
    assert after(DIAGNOSED, Waiting(reason="busy"), planned("auto"), INTENDED).waiting == ""


def test_a_new_round_forgets_what_was_found_and_done_and_keeps_what_was_seen_and_told() -> None:
    before = after(*TO_APPLY, APPLIED, VERIFIED, MENDED)
    incident = after(*TO_APPLY, APPLIED, VERIFIED, MENDED, AGAIN)
    assert (incident.round, incident.denial) == (2, AGAIN.denial)
    assert (incident.diagnosis, incident.plan, incident.verdict, incident.change) == (None, None, None, None)
    assert (incident.intended, incident.rolled_back, incident.closed) == (None, "", "")
    assert (incident.signals, incident.count, incident.notified) == (before.signals, 1, before.notified)


def test_a_change_that_was_taken_back_is_no_change_any_more() -> None:
    incident = after(*TO_APPLY, APPLIED, RolledBack(change="chg-1", reason="still denied"))
    assert (incident.change, incident.intended, incident.rolled_back) == (None, None, "still denied")


@pytest.mark.parametrize("fact", [INTENDED, APPLIED])
def test_an_alert_that_was_on_its_way_does_not_settle_what_went_on(fact: Fact) -> None:
    incident = after(*TO_APPLY, APPLIED, ALERT) if fact is APPLIED else after(AGAIN, ALERT)
    assert incident.state in ("remediated", "reopened")
    assert next_step(incident) in ("remediate", "diagnose")


def test_tries_without_an_answer_are_counted() -> None:
    first, second = Sending(message="m", claim="one"), Sending(message="m", claim="two")
    lost = Undelivered(message="m", reason="no answer", sure=False)
    refused = Undelivered(message="m", reason="503", sure=True)
    unsure = [
        after(*facts).sending["m"].unsure
        for facts in ((first,), (first, refused), (first, lost), (first, second), (first, lost, second, lost))
    ]
    assert unsure == [0, 0, 1, 1, 2]
    assert after(first, lost).sending["m"].claim == ""
    assert after(first, second).sending["m"].claim == "two"


def test_an_empty_journal_is_an_incident_that_nobody_opened() -> None:
    incident = live(ID, [])
    assert (incident.fingerprint, incident.denial, incident.count) == ((), None, 0)
