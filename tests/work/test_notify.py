"""`notify` tells people once, whatever is lost on the way, and settles the incident only when they were told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise

import msgspec
import pytest

from rolemend.account.interface import Known, PolicyUsers, Unread
from rolemend.errors import AccountError, AnswerLost, Refused, Unreachable
from rolemend.work.notify import LEASE_SECONDS
from tests.samples import LISTING
from tests.work.scene import ID, Scene, Stopped, reading, rule


def failing(error: Exception) -> Callable[[], None]:
    def fail() -> None:
        raise error

    return fail


LOST = AnswerLost("webhook", "ReadTimeout", "the receiver did not answer")
BUSY = Unreachable("webhook", "503", "the receiver could not take the message")


def alerting() -> Scene:
    """An incident that only a person can mend."""
    scene = Scene()
    scene.account.policy_users = Known(PolicyUsers(roles=("emr-role", "another")))
    scene.mended()
    return scene


def mended() -> Scene:
    scene = Scene()
    scene.mended()
    return scene


def test_a_mended_incident_is_told_once_and_settled() -> None:
    scene = mended()
    for _ in range(3):
        assert scene.notify().state == "verified"
    assert [(message.id, message.kind) for message in scene.sent] == [(f"{ID}-1-remediated", "remediated")]
    assert list(scene.ledger.open_ids()) == []
    assert scene.facts[-2:] == ["Sending", "Notified"]


def test_an_alert_is_told_once_and_settled() -> None:
    scene = alerting()
    for _ in range(3):
        assert scene.notify().state == "alerted"
    assert [message.kind for message in scene.sent] == ["alert"]
    assert list(scene.ledger.open_ids()) == []


def test_a_proposed_plan_is_an_alert_with_the_document() -> None:
    scene = Scene(guardrails=rule("propose"))
    scene.mended()
    scene.notify()
    (message,) = scene.sent
    assert "acs:oss:*:*:data/*" in message.document
    assert message.difference.startswith("--- before\n+++ after")


def test_people_are_told_also_where_the_ledger_may_not_be_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A control policy may deny every listing in an account."""
    scene = mended()

    def refused(prefix: str) -> Iterator[str]:
        raise Refused("ListObjectsV2", "AccessDenied", "denied by a control policy")

    monkeypatch.setattr(scene.store, "keys", refused)
    scene.notify()
    assert [message.kind for message in scene.sent] == ["remediated"]
    assert scene.facts[-1] == "Notified"


def test_two_instances_at_once_send_one_message() -> None:
    for scene in (mended(), alerting()):
        scene.store.before_append.append(scene.notify)
        scene.notify()
        assert len(scene.sent) == 1
        assert list(scene.ledger.open_ids()) == []


def test_an_instance_that_comes_while_another_sends_leaves_it_to_that_one() -> None:
    scene = mended()
    scene.delivering.append(scene.notify)
    scene.notify()
    assert len(scene.sent) == 1


@pytest.mark.parametrize("error", [BUSY, AccountError("webhook", "400", "refused")])
def test_a_message_that_did_not_arrive_is_sent_again_with_the_same_id_and_holds_nothing_up(
    error: AccountError,
) -> None:
    scene = alerting()
    scene.delivering += [failing(error)] * 3
    assert scene.notify().state == "alerted"
    assert list(scene.ledger.open_ids()) == []
    for _ in range(3):
        assert scene.sent == []
        scene.now += 3_600
        scene.tell()
    assert [message.id for message in scene.sent] == [f"{ID}-1-alert"]
    assert [(one.channel, one.outcome) for one in scene.incident.deliveries] == [
        ("test", str(error)),
        ("test", "delivered"),
    ]


def test_a_channel_that_fails_is_left_alone_longer_and_longer() -> None:
    scene = alerting()
    scene.failing["test"] = BUSY
    scene.notify()
    tried = []
    for _ in range(200):
        scene.now += 60
        if scene.tell().channels[0].error:
            tried.append(int(scene.now))
    pauses = [after - before for before, after in pairwise(tried)]
    assert pauses == [120, 240, 480, 960, 1920, 3600, 3600]


def test_a_receiver_that_refuses_for_good_is_asked_ever_less_and_loses_no_message() -> None:
    scene = alerting()
    scene.failing["test"] = AccountError("webhook", "404", "the receiver refused the message")
    scene.notify()
    length = len(scene.entries)
    tries = 0
    for _ in range(2 * 24 * 12):
        scene.now += 300
        tries += bool(scene.tell().channels[0].error)
    assert 12 < tries < 20
    assert len(scene.entries) == length
    scene.failing.clear()
    scene.now += 21_600
    scene.tell()
    assert [message.id for message in scene.sent] == [f"{ID}-1-alert"]


def test_a_message_whose_answer_was_lost_is_sent_again_once_and_then_held_for_told() -> None:
    scene = alerting()
    scene.delivering += [failing(LOST)] * 2
    scene.notify()
    for _ in range(3):
        scene.now += 3_600
        scene.tell()
    assert scene.sent == []
    assert scene.delivering == []
    assert [one.outcome for one in scene.incident.deliveries] == [str(LOST), "unconfirmed"]


def test_an_instance_that_stopped_while_sending_is_followed_by_another_after_its_lease() -> None:
    scene = mended()
    scene.delivering.append(failing(Stopped()))
    with pytest.raises(Stopped):
        scene.notify()
    scene.notify()
    assert scene.sent == []
    assert list(scene.ledger.open_ids()) == [ID]
    scene.now += LEASE_SECONDS
    scene.notify()
    assert len(scene.sent) == 1
    assert list(scene.ledger.open_ids()) == []


@pytest.mark.parametrize("stage", ["open", "waiting", "to plan", "intended"])
def test_nothing_is_told_while_another_function_is_to_go_on(stage: str) -> None:
    scene = Scene()
    scene.denied()
    if stage != "open":
        scene.diagnose()
    if stage == "waiting":
        scene.account.the_bucket_policy = Unread("GetBucketPolicy", "throttled", transient=True)
        scene.remediate()
    if stage == "intended":
        scene.account.failing = Stopped()
        with pytest.raises(Stopped):
            scene.remediate()
    count = len(scene.entries)
    scene.notify()
    assert scene.sent == []
    assert len(scene.entries) == count
    assert list(scene.ledger.open_ids()) == [ID]


def test_a_late_call_of_an_earlier_round_tells_nothing_of_the_new_one() -> None:
    scene = mended()
    scene.notify()
    scene.account.attach("reader", reading("other"))
    scene.denied(msgspec.structs.replace(LISTING, signal_id="r-2", time=int(scene.incident.applied_at) + 61))
    scene.notify()
    scene.diagnose()
    scene.notify()
    assert len(scene.sent) == 1
    assert scene.remediate().state == "verified"
    scene.notify()
    assert [message.id for message in scene.sent] == [f"{ID}-1-remediated", f"{ID}-2-remediated"]


def test_an_incident_that_is_opened_again_before_the_message_is_claimed_is_not_told_of() -> None:
    scene = mended()
    again = msgspec.structs.replace(LISTING, signal_id="r-2", time=int(scene.incident.applied_at) + 61)
    scene.store.before_append.append(lambda: scene.denied(again))
    scene.notify()
    assert scene.sent == []
    assert scene.incident.state == "reopened"


def test_an_incident_that_is_opened_again_while_its_marker_is_taken_away_keeps_it() -> None:
    """`watch` has written its entry and set its marker; then the marker of the round before is deleted."""
    scene = mended()
    scene.notify()
    scene.ledger.mark_open(ID)
    again = msgspec.structs.replace(LISTING, signal_id="r-2", time=int(scene.incident.applied_at) + 61)
    delete = scene.store.delete

    def late(key: str) -> None:
        scene.store.delete = delete  # type: ignore[method-assign]
        scene.denied(again)
        delete(key)

    scene.store.delete = late  # type: ignore[method-assign]
    scene.notify()
    assert scene.incident.state == "reopened"
    assert list(scene.ledger.open_ids()) == [ID]


def test_an_alert_that_was_on_its_way_settles_nothing_that_went_on() -> None:
    scene = alerting()
    before = scene.incident
    scene.notify()
    assert scene.incident.state == "alerted"
    assert before.state == "diagnosed"
