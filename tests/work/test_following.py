"""After an alert: repeats are one message with a count, and people hear when it is over."""

from __future__ import annotations

from itertools import pairwise

import msgspec

from rolemend.account.interface import Known, PolicyUsers
from rolemend.errors import Unreachable
from rolemend.incident.follow_ups import STEPS
from rolemend.incident.journal import Closed, Counted, Rejected
from tests.work.scene import ID, Scene


def alerted() -> Scene:
    scene = Scene()
    scene.account.policy_users = Known(PolicyUsers(roles=("emr-role", "another")))
    scene.mended()
    scene.notify()
    return scene


def again(scene: Scene, times: int) -> None:
    """The same denial once more, so often."""
    last = int(scene.now)
    fact = Counted(signals=(f"s-{last}",), count=times, first=last, last=last)
    scene.ledger.extend(ID, lambda known: [fact])


def titles(scene: Scene) -> list[str]:
    return [message.title for message in scene.sent]


def test_repeats_are_folded_into_one_message_that_counts_them() -> None:
    scene = alerted()
    again(scene, 40)
    scene.now += STEPS[0] - 1
    scene.tell()
    assert len(scene.sent) == 1
    again(scene, 2)
    scene.now += 1
    scene.tell()
    scene.tell()
    assert [message.kind for message in scene.sent] == ["alert", "repeated"]
    assert titles(scene)[1].startswith("Again, 42 more times. Denied: emr-role may not do")
    assert scene.incident.state == "alerted"


def test_a_repeat_that_waited_for_its_channel_still_tells_how_often() -> None:
    scene = alerted()
    again(scene, 40)
    scene.now += STEPS[0]
    scene.failing["test"] = Unreachable("webhook", "503", "the receiver could not take the message")
    scene.tell()
    assert [message.kind for message in scene.sent] == ["alert"]
    scene.failing.clear()
    scene.now += 60
    scene.tell()
    assert titles(scene)[1].startswith("Again, 40 more times. Denied: emr-role")


def test_further_repeats_are_told_at_longer_intervals() -> None:
    scene = alerted()
    times = []
    for _ in range(4 * 24 * 4):
        scene.now += 900
        again(scene, 1)
        before = len(scene.sent)
        scene.tell()
        times += [int(scene.now)] * (len(scene.sent) - before)
    assert [after - begin for begin, after in pairwise(times)] == [
        3_600,
        14_400,
        86_400,
        86_400,
        86_400,
    ][: len(times) - 1]
    assert len({message.id for message in scene.sent}) == len(scene.sent)


def test_an_incident_that_stays_quiet_is_followed_no_further() -> None:
    scene = alerted()
    for _ in range(40):
        scene.now += 86_400
        scene.tell()
    assert len(scene.sent) == 1
    assert [key for key in scene.store.objects if key.startswith("told/")] == []


def test_people_who_were_told_hear_that_it_is_over() -> None:
    scene = alerted()
    scene.ledger.extend(ID, lambda known: [Closed(reason="the same principal has succeeded since")])
    scene.now += STEPS[0]
    scene.tell()
    scene.tell()
    assert [(message.kind, message.severity) for message in scene.sent] == [
        ("alert", "warning"),
        ("recovered", "info"),
    ]
    assert titles(scene)[1].startswith("Over. Denied: emr-role")
    assert "Closed: the same principal has succeeded since" in scene.sent[1].lines


def test_people_hear_within_four_hours_that_it_is_over() -> None:
    scene = alerted()
    for _ in range(3 * 24):
        scene.now += 3_600
        scene.tell()
    scene.ledger.extend(ID, lambda known: [Closed(reason="the same principal has succeeded since")])
    scene.now += 4 * 3_600
    scene.tell()
    assert [message.kind for message in scene.sent] == ["alert", "recovered"]


def test_what_a_person_has_ended_is_not_told_to_people() -> None:
    scene = alerted()
    scene.ledger.extend(ID, lambda known: [Rejected(plan="p", rejected_by="ana")])
    scene.now += STEPS[0]
    scene.tell()
    assert len(scene.sent) == 1


def test_an_incident_that_was_opened_again_is_followed_in_its_new_round_only() -> None:
    scene = alerted()
    scene.ledger.extend(ID, lambda known: [Closed(reason="over")])
    scene.now += 2 * STEPS[0]
    late = msgspec.structs.replace(scene.denial, signal_id="r-2", time=int(scene.now) + 120)
    scene.denied(late)
    scene.tell()
    assert len(scene.sent) == 1
    assert [key for key in scene.store.objects if key.startswith("told/")] == []


def test_a_mended_incident_is_followed_by_nothing() -> None:
    scene = Scene()
    scene.mended()
    scene.notify()
    assert [message.kind for message in scene.sent] == ["remediated"]
    assert [key for key in scene.store.objects if key.startswith("told/")] == []
