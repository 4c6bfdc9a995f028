"""People hear at once that what they were told of is over: once, and whatever stops in between."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

import pytest

from rolemend.account.interface import AttachedPolicy, Known
from rolemend.errors import Unreachable
from rolemend.incident.follow_ups import STEPS
from rolemend.incident.journal import Rejected
from rolemend.incident.next_step import REMIND_SECONDS
from rolemend.work.events import Timer
from rolemend.work.watch import watch
from tests.fakes import FakeLogs, MemoryStore
from tests.samples import LISTING, altered
from tests.work.scene import ID, Scene, Stopped, reading, rule
from tests.work.test_closing import SUCCESS, asked, told


def kinds(scene: Scene) -> list[str]:
    return [message.kind for message in scene.sent]


def markers(scene: Scene, prefix: str) -> list[str]:
    return list(scene.store.keys(prefix))


def test_who_closes_an_incident_has_people_told_at_once() -> None:
    scene = told()
    before = len(scene.started)
    asked(scene, SUCCESS)
    assert scene.started[before:] == ["notify"]
    scene.notify()
    assert kinds(scene) == ["alert", "recovered"]
    assert "Closed: the same principal has succeeded since" in scene.sent[1].lines
    scene.now += STEPS[0]
    scene.notify()
    scene.tell()
    assert kinds(scene) == ["alert", "recovered"]
    assert (markers(scene, "told/"), markers(scene, "unmended/")) == ([], [])


def test_a_notify_that_cannot_be_started_is_started_by_the_next_timer() -> None:
    scene = told()
    scene.functions.failing = Unreachable("InvokeFunction", "503", "no answer")
    with pytest.raises(Unreachable):
        asked(scene, SUCCESS)
    assert scene.incident.state == "closed"
    scene.functions.failing = None
    before = len(scene.started)
    asked(scene)
    asked(scene)
    assert scene.started[before:] == ["notify"]
    scene.notify()
    assert kinds(scene) == ["alert", "recovered"]


def test_without_any_notify_the_look_that_is_due_tells_it() -> None:
    scene = told()
    asked(scene, SUCCESS)
    scene.now += STEPS[0]
    assert scene.tell().followed.recovered == 1
    assert kinds(scene) == ["alert", "recovered"]


def test_a_claim_whose_holder_stopped_is_followed_until_it_is_told() -> None:
    scene = told()
    asked(scene, SUCCESS)
    scene.now += STEPS[0] - 10

    def stop() -> None:
        raise Stopped

    scene.delivering.append(stop)
    with pytest.raises(Stopped):
        scene.notify()
    scene.now += 10
    assert scene.tell().followed.recovered == 0
    assert markers(scene, "told/")
    scene.now += 90
    assert scene.tell().followed.recovered == 1
    assert kinds(scene) == ["alert", "recovered"]
    assert markers(scene, "told/") == []


def test_what_a_person_or_a_rule_ended_is_not_called_over() -> None:
    scene = Scene(guardrails=rule("approve"))
    scene.mended()
    scene.notify()
    scene.ledger.extend(ID, lambda known: [Rejected(plan="p", rejected_by="ana")])
    asked(scene)
    scene.notify()
    assert kinds(scene) == ["alert"]
    scene.guardrails = rule("observe")
    later = int(scene.incident.closed_at) + REMIND_SECONDS + 1
    assert scene.denied(altered(LISTING, signal_id="day", time=later)).state == "reopened"
    scene.diagnose()
    scene.remediate()
    scene.notify()
    assert (scene.incident.state, kinds(scene)) == ("closed", ["alert"])


def given_by_hand(scene: Scene, time: float) -> None:
    """Somebody attaches another policy with what was denied."""
    policy = AttachedPolicy(
        name="by-hand", type="Custom", version="v1", document=reading("data"), updated=time
    )
    scene.account.role_policies = Known((policy,))


def test_an_approval_of_what_is_allowed_by_now_has_people_told() -> None:
    scene = Scene(guardrails=rule("approve"))
    scene.mended()
    scene.notify()
    scene.approve()
    given_by_hand(scene, scene.now)
    assert scene.remediate().next == "notify"
    scene.notify()
    assert (scene.incident.state, kinds(scene)) == ("closed", ["alert", "recovered"])


def test_who_was_told_in_an_earlier_round_hears_that_a_later_one_is_over() -> None:
    scene = told()
    later = int(scene.incident.told_at) + REMIND_SECONDS + 1
    assert scene.denied(altered(LISTING, signal_id="day", time=later)).state == "reopened"
    given_by_hand(scene, later + 1)
    assert scene.diagnose().next == "notify"
    scene.notify()
    scene.notify()
    assert (scene.incident.state, kinds(scene)) == ("closed", ["alert", "recovered"])


@dataclass
class Stopping(MemoryStore):
    """The instance ends at a chosen call, before or after it took effect."""

    at: int = 0
    after: bool = False
    calls: int = 0

    def _ends(self, *, after: bool) -> None:
        self.calls += not after
        if self.at and self.calls == self.at and self.after == after:
            self.at = 0
            raise Stopped

    def append(self, key: str, position: int, data: bytes) -> None:
        self._ends(after=False)
        super().append(key, position, data)
        self._ends(after=True)

    def add(self, key: str, data: bytes) -> None:
        self._ends(after=False)
        super().add(key, data)
        self._ends(after=True)

    def put(self, key: str, data: bytes) -> None:
        self._ends(after=False)
        super().put(key, data)
        self._ends(after=True)

    def delete(self, key: str) -> None:
        self._ends(after=False)
        super().delete(key)
        self._ends(after=True)

    def read(self, key: str) -> bytes:
        self._ends(after=False)
        return super().read(key)

    def keys(self, prefix: str) -> Iterator[str]:
        self._ends(after=False)
        return super().keys(prefix)


@pytest.mark.parametrize("after", [False, True])
def test_wherever_an_instance_stops_people_are_told_under_one_id(after: bool) -> None:
    for at in range(1, 60):
        store = Stopping(after=after)
        scene = Scene(store=store)
        scene.account.types["reader"] = "System"
        scene.mended()
        scene.notify()
        store.at, store.calls = at, 0
        _live_on(scene)
        store.at = 0
        told_of = [sent.id for sent in scene.outbox if sent.kind == "recovered"]
        assert (len(set(told_of)), len(told_of) <= 2) == (1, True), (at, told_of)
        assert (scene.incident.state, markers(scene, "unmended/"), markers(scene, "told/")) == (
            "closed",
            [],
            [],
        )


def _live_on(scene: Scene) -> None:
    """The timers, and what they start, for an hour; Function Compute tries an invocation three times."""
    logs = FakeLogs([])
    logs.found = [SUCCESS]
    tried = len(scene.functions.started)
    for _ in range(20):
        with suppress(Stopped):
            watch(Timer("close"), scene.watch_parts(logs=logs))
        for _ in scene.functions.started[tried:]:
            for _ in range(3):
                with suppress(Stopped):
                    scene.notify()
                    break
        tried = len(scene.functions.started)
        scene.now += 180
        with suppress(Stopped):
            scene.tell()
