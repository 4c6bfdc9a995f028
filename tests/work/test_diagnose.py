"""`diagnose` finds the cause from the live account once, waits where it cannot read, and hands the incident on."""

from __future__ import annotations

import json

import msgspec
import pytest

from rolemend.account.interface import Absent, Known, Unread
from rolemend.errors import LedgerDamaged, UnknownIncident, Unreachable
from rolemend.incident.journal import Closed
from rolemend.work.events import read_incident_id
from tests.samples import LISTING
from tests.work.scene import ID, Scene, reading

BUSY = Unread("ListPoliciesForRole", "throttled", transient=True)


def test_a_missing_bucket_goes_on_to_remediate() -> None:
    scene = Scene()
    scene.denied()
    outcome = scene.diagnose()
    assert (outcome.state, outcome.cause, outcome.next) == ("diagnosed", "permission_missing", "remediate")
    function, payload = scene.functions.started[-1]
    assert (function, read_incident_id(payload)) == ("remediate", ID)


def test_what_only_a_person_can_mend_goes_on_to_notify() -> None:
    scene = Scene()
    statement = {"Effect": "Deny", "Action": "oss:*", "Resource": "*"}
    scene.account.attach("no-oss", json.dumps({"Version": "1", "Statement": [statement]}))
    scene.denied()
    assert scene.diagnose().cause == "identity_policy_deny"
    assert scene.started[-1] == "notify"


def test_a_cause_that_is_not_found_is_told_to_people_as_unknown() -> None:
    scene = Scene()
    scene.account.the_bucket_policy = Unread("GetBucketPolicy", "refused")
    scene.account.attach("data-reader", reading("data"))
    scene.denied()
    outcome = scene.diagnose()
    assert (outcome.state, outcome.cause, outcome.next) == ("diagnosed", "", "notify")


def test_doing_it_twice_notes_nothing_more_and_hands_on_again() -> None:
    scene = Scene()
    scene.diagnosed()
    before = dict(scene.store.objects)
    assert scene.diagnose().next == "remediate"
    assert scene.store.objects == before


def test_two_instances_at_once_note_one_diagnosis() -> None:
    scene = Scene()
    scene.denied()
    scene.store.before_append.append(scene.diagnose)
    scene.diagnose()
    assert scene.facts.count("Diagnosed") == 1


def test_a_read_that_may_succeed_later_is_waited_for_and_noted_once() -> None:
    scene = Scene()
    scene.account.role_policies = BUSY
    scene.denied()
    for _ in range(3):
        assert scene.diagnose().next == ""
    assert scene.facts == ["Opened", "Counted", "Waiting"]
    assert "throttled" in scene.incident.waiting
    scene.account.role_policies = Known(())
    assert scene.diagnose().next == "remediate"
    assert scene.incident.waiting == ""


def test_a_read_that_was_refused_is_an_open_question_and_not_waited_for() -> None:
    scene = Scene()
    scene.account.role_policies = Unread("ListPoliciesForRole", "NoPermission")
    scene.denied()
    outcome = scene.diagnose()
    assert (outcome.state, outcome.cause, outcome.next) == ("diagnosed", "", "notify")
    diagnosis = scene.incident.diagnosis
    assert diagnosis is not None
    assert not diagnosis.is_complete()


def test_a_right_given_since_the_denial_closes_the_incident() -> None:
    scene = Scene()
    scene.account.attach("reader", reading("data"))
    (live,) = scene.account.policies_of_role("emr-role").value  # type: ignore[union-attr]
    later = msgspec.structs.replace(live, updated=LISTING.time + 5.0)
    scene.account.role_policies = Known((later,))
    scene.denied()
    outcome = scene.diagnose()
    assert (outcome.state, outcome.next) == ("closed", "notify")
    scene.notify()
    assert scene.sent == []
    assert list(scene.ledger.open_ids()) == []


def test_a_settled_incident_is_not_diagnosed_again() -> None:
    scene = Scene()
    scene.denied()
    scene.ledger.extend(ID, lambda known: [Closed(reason="by hand")])
    assert scene.diagnose().state == "closed"
    assert scene.facts == ["Opened", "Counted", "Closed"]


def test_a_reopened_incident_is_diagnosed_anew() -> None:
    scene = Scene()
    scene.mended()
    scene.account.attach("reader", reading("other"))
    again = msgspec.structs.replace(LISTING, signal_id="request-2", time=int(scene.incident.applied_at) + 61)
    scene.denied(again)
    assert scene.diagnose().next == "remediate"
    assert scene.remediate().state == "verified"
    assert scene.incident.round == 2


def test_a_next_function_that_cannot_be_started_is_an_error_and_started_by_the_next_try() -> None:
    scene = Scene()
    scene.denied()
    scene.functions.failing = Unreachable("InvokeFunction", "Throttling", "later")
    with pytest.raises(Unreachable):
        scene.diagnose()
    scene.functions.failing = None
    assert scene.diagnose().next == "remediate"
    assert scene.facts.count("Diagnosed") == 1


def test_an_incident_that_is_not_there_or_damaged_is_an_error() -> None:
    scene = Scene()
    with pytest.raises(UnknownIncident):
        scene.diagnose()
    scene.store.objects[f"incidents/{ID}.jsonl"] = b"{half\n"
    with pytest.raises(LedgerDamaged):
        scene.diagnose()
    assert scene.started == []


def test_a_bucket_without_policy_is_not_a_bucket_policy_that_cannot_be_read() -> None:
    answers = []
    for reading_of in (Absent(), Unread("GetBucketPolicy", "refused")):
        scene = Scene()
        scene.account.the_bucket_policy = reading_of
        diagnosis = scene.diagnosed().diagnosis
        assert diagnosis is not None
        answers.append(next(each.answer for each in diagnosis.findings if each.check == "bucket-level"))
    assert answers == ["passed", "unknown"]
