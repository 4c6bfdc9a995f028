"""The faults of the matrix: each says which calls it may hit, and how it is arranged for one of them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from localcloud.faults import Fault
from tests.matrix.scene import Scene, Site

WRITES = frozenset(
    {"AppendObject", "PutObject", "DeleteObject", "InvokeFunction", "UpdateRole", "CreatePolicyVersion"}
)
"""Calls that leave something behind: each meets every fault, in the reduced form of the matrix too."""

MEANWHILE_SECONDS = 5.0
"""For so long a call is held at most while somebody else is at work."""

HOUR = 3600.0

Act = Callable[[], Awaitable[object]]


@dataclass(frozen=True)
class Column:
    """A fault. `play` plays one run from the denied call until everything rests; `hits` says which calls it is meant
    for. Those with a `person` leave a document of theirs behind, which must stand at the end.
    """

    name: str
    play: Callable[[Scene, Site], None]
    hits: Callable[[Site], bool] = lambda site: True
    person: bool = False
    alert: bool = False
    """Whether it may end with people being told instead of with the repair."""
    needs: tuple[str, ...] = ()
    """Operations of which a run must have one for this to be played."""
    overwrites: bool = False
    """Whether a person's document may be gone at the end: then that is counted, and is no fault."""


def _with(kind: Any, when: Any = "before", **more: Any) -> Callable[[Scene, Site], None]:
    def play(scene: Scene, site: Site) -> None:
        scene.put(site.fault(kind=kind, when=when, **more))
        scene.deny()
        scene.come_to_rest()

    return play


def _away(scene: Scene, site: Site) -> None:
    """From this call on the ledger cannot be reached, for longer than a delivery is tried."""
    operations = ("GetObject", "AppendObject", "PutObject", "DeleteObject", "ListObjectsV2")
    caller = f"rolemend-{site.function}"

    async def go_away() -> None:
        cloud = scene.local.cloud
        for operation in operations:
            cloud.faults.append(
                Fault(service="oss", operation=operation, caller=caller, kind="error", status=503, times=20)
            )

    scene.settings.resend_failed_ranges = True
    scene.put(site.fault(kind="meanwhile", when="after", act=go_away))
    scene.deny()
    scene.come_to_rest()


def _meanwhile(act: Callable[[Scene, Site], Awaitable[object]]) -> Callable[[Scene, Site], None]:
    """Something happens right before this call reaches the cloud; the call is held until it is done."""

    def play(scene: Scene, site: Site) -> None:
        scene.put(site.fault(kind="meanwhile", act=lambda: act(scene, site)))
        scene.deny()
        scene.come_to_rest()

    return play


async def _second_instance(scene: Scene, site: Site) -> None:
    """The event that this instance works on is delivered to a second one, which goes on while the first is held."""
    name = f"rolemend-{site.function}"
    running = [one for one in scene.host.invocations if one.function.name == name and one.status == "running"]
    if not running:
        return
    one = running[-1]
    again = scene.host._host.invoke(one.function, one.payload, one.kind, f"{one.request_id}-again")
    task = scene.host._work.spawn(again, "a second instance")
    await asyncio.wait([task], timeout=MEANWHILE_SECONDS)


async def _edit(scene: Scene, site: Site) -> None:
    await asyncio.to_thread(scene.edit_as_person, scene.by_person)


async def _fill_versions(scene: Scene, site: Site) -> None:
    """People fill up the policy's versions and leave the one in force as it is."""
    if site.operation != "ListPolicyVersions":  # which is answered afterwards, and sees them
        scene.keep_calls()

    def fill() -> None:
        for _ in range(5 - len(scene.versions())):
            scene.edit_as_person(scene.by_person, default=False)

    await asyncio.to_thread(fill)


async def _hour_ahead(scene: Scene, site: Site) -> None:
    scene.clock.ahead += HOUR


async def _hour_back(scene: Scene, site: Site) -> None:
    scene.clock.ahead -= HOUR


def _planning(site: Site) -> bool:
    return site.function in ("diagnose", "remediate")


def _filled(site: Site) -> bool:
    """All but the one write: what people do right before it is a limit, and has a row of its own."""
    return _planning(site) and site.operation != "CreatePolicyVersion"


def _edited(site: Site) -> bool:
    """All but the call that overwrites: that one has a row of its own."""
    return _planning(site) and site.operation != "UpdateRole"


def _ledger(site: Site) -> bool:
    return site.operation in ("GetObject", "AppendObject", "PutObject", "DeleteObject")


AT_CALLS: tuple[Column, ...] = (
    Column("stopped before", _with("stop")),
    Column("stopped after", _with("stop", "after")),
    Column("429", _with("throttle")),
    Column("500", _with("error")),
    Column("no answer", _with("timeout", "after", seconds=0.3)),
    Column("cut before", _with("reset")),
    Column("cut after", _with("reset", "after")),
    Column("two instances", _meanwhile(_second_instance)),
    Column("ledger away", _away, _ledger),
    Column("hour ahead", _meanwhile(_hour_ahead)),
    Column("hour back", _meanwhile(_hour_back)),
    Column("person edits", _meanwhile(_edit), _edited, person=True, alert=True),
    Column("versions full", _meanwhile(_fill_versions), _filled, alert=True, needs=("CreatePolicyVersion",)),
)
"""What happens at one call."""


def _delivered(**settings: bool) -> Callable[[Scene, Site], None]:
    def play(scene: Scene, site: Site) -> None:
        for name, value in settings.items():
            setattr(scene.settings, name, value)
        scene.deny()
        scene.come_to_rest()

    return play


def _late(scene: Scene, site: Site) -> None:
    """The timer of `watch` comes first, and what the trigger held an hour after it."""
    scene.settings.reverse_deliveries = True
    scene.deny()
    scene.clock.ahead += HOUR
    scene.local.call(lambda cloud: scene.host.fire_timer("rolemend-watch", "sweep"))
    scene.come_to_rest()


def _never(scene: Scene, site: Site) -> None:
    """The range that holds the denial never comes; the next one of the same shard does."""
    scene.settings.reverse_deliveries = True
    scene.deny()
    scene.local.call(lambda cloud: [watch.held.clear() for watch in scene.host._triggers.watches()])
    scene.settings.reverse_deliveries = False
    scene.stir()
    scene.come_to_rest()


def _never_more(scene: Scene, site: Site) -> None:
    """Neither the range that holds the denial nor any after it comes: only timers look."""
    scene.settings.reverse_deliveries = True
    scene.deny()
    scene.local.call(lambda cloud: [watch.held.clear() for watch in scene.host._triggers.watches()])
    scene.settings.reverse_deliveries = False
    scene.come_to_rest()


def _clock_of(function: str, ahead: float) -> Callable[[Scene, Site], None]:
    def play(scene: Scene, site: Site) -> None:
        scene.clock.by_function[f"rolemend-{function}"] = ahead
        scene.settings.simultaneous_deliveries = True
        scene.deny()
        scene.come_to_rest()

    return play


def _receiver(status: int, lost: int) -> Callable[[Scene, Site], None]:
    def play(scene: Scene, site: Site) -> None:
        scene.receiver.status, scene.receiver.lost = status, lost
        scene.deny()
        scene.settle()
        scene.receiver.status = 200
        scene.come_to_rest()

    return play


WHOLE_RUNS: tuple[Column, ...] = (
    Column("delivered twice", _delivered(duplicate_deliveries=True)),
    Column("delivered to two at once", _delivered(simultaneous_deliveries=True)),
    Column("delivered in reversed order", _delivered(reverse_deliveries=True)),
    Column("twice and reversed", _delivered(duplicate_deliveries=True, reverse_deliveries=True)),
    Column("delivered an hour late", _late),
    Column("a range that never comes", _never),
    Column("a range that never comes, and none after it", _never_more),
    *(
        Column(f"clock of {function} an hour {word}, two at once", _clock_of(function, ahead))
        for function in ("watch", "diagnose", "remediate", "notify")
        for word, ahead in (("ahead", HOUR), ("back", -HOUR))
    ),
    Column("receiver is down", _receiver(500, 0)),
)
"""What happens to a whole run."""


def _is(operation: str) -> Callable[[Site], bool]:
    return lambda site: (site.function, site.operation) == ("remediate", operation)


LIMITS: tuple[Column, ...] = (
    Column("answer to a message lost", _receiver(200, 1), lambda site: site.operation == "PullLogs"),
    Column(
        "person's CreatePolicyVersion right before ours",
        _meanwhile(_edit),
        _is("CreatePolicyVersion"),
        person=True,
        alert=True,
    ),
    Column(
        "person's UpdateRole right before ours",
        _meanwhile(_edit),
        _is("UpdateRole"),
        person=True,
        alert=True,
        overwrites=True,
    ),
)
"""What no client can remove."""
