"""`watch` keeps every denial once, whatever comes twice, late or broken, and wakes what rests."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from rolemend.account.interface import LogPage, LogRange
from rolemend.errors import LedgerDamaged, Refused, Unreachable
from rolemend.incident.journal import Closed, read_journal
from rolemend.signals.denial import Denial, DeniedPrincipal, incident_id
from rolemend.work.counting import MOST_ASIDE, record_denials
from rolemend.work.events import LogTrigger, Timer, TrailEvents, read_incident_id
from rolemend.work.watch import watch
from rolemend.work.watch_parts import Watched
from tests.fakes import FakeLogs
from tests.samples import ACCOUNT, LISTING, altered, denied_creation, denied_line
from tests.work.scene import ID, Scene

RANGE = LogRange(
    endpoint="http://cn-hangzhou.log.aliyuncs.com", project="p", logstore="l", shard=0, begin="a", end="b"
)
RESTED_SECONDS = Scene().watch_parts().rest
SWEEP = Timer("sweep")


def watched(scene: Scene, *lines: Any, source: str = "oss_access_log") -> Watched:
    return watch(LogTrigger(RANGE, source), scene.watch_parts(list(lines)))


def line(**changes: Any) -> dict[str, Any]:
    """An access-log line as the log SDK gives it."""
    return {"__topic__": "oss_access_log"} | denied_line(**changes)


def trail_record(event: dict[str, Any]) -> dict[str, Any]:
    return {"__topic__": "actiontrail_audit_event", "__time__": 1, "event": json.dumps(event)}


def later(seconds: int, name: str = "request-2") -> Denial:
    return altered(LISTING, signal_id=name, time=LISTING.time + seconds)


def incidents(scene: Scene) -> list[str]:
    return [key for key in scene.store.objects if key.startswith("incidents/")]


def test_a_denied_line_opens_an_incident_and_starts_its_diagnosis() -> None:
    scene = Scene()
    seen = watched(scene, line(), line(http_status="200", error_code="-"), {"__topic__": "other"})
    assert (seen.read, seen.denials, seen.passed_over) == (3, 1, {"not refused": 1, "other topic": 1})
    ((function, payload),) = scene.functions.started
    assert (function, read_incident_id(payload)) == ("diagnose", seen.incidents[0])
    assert list(scene.ledger.open_ids()) == list(seen.incidents)


def test_the_filter_of_the_trigger_s_source_runs_in_the_log_service() -> None:
    for source, part in (
        ("oss_access_log", "http_status"),
        ("actiontrail", "RunCluster"),
        ("", ""),
        ("x", ""),
    ):
        parts = Scene().watch_parts()
        watch(LogTrigger(RANGE, source), parts)
        assert isinstance(parts.logs, FakeLogs)
        assert part in parts.logs.queries[0]


def test_one_denial_from_three_sources_is_one_incident_and_counts_once() -> None:
    scene = Scene()
    event = denied_creation()
    watched(scene, trail_record(event), source="actiontrail")
    watch(TrailEvents((event,)), scene.watch_parts())
    scene.trail.history = [event]
    watch(SWEEP, scene.watch_parts())
    (key,) = incidents(scene)
    assert len(read_journal(scene.store.objects[key]).entries) == 2


def test_an_event_delivered_again_changes_nothing() -> None:
    scene = Scene()
    watched(scene, line())
    before = dict(scene.store.objects)
    watched(scene, line(), line())
    assert scene.store.objects == before


def test_denials_of_one_kind_are_counted_together_and_others_apart() -> None:
    scene = Scene()
    seen = watched(
        scene,
        *(line(request_id=f"r-{number}", object=f"key-{number}") for number in range(50)),
        line(request_id="elsewhere", bucket="another-bucket"),
    )
    assert (seen.denials, len(seen.incidents)) == (51, 2)
    assert scene.ledger.load(seen.incidents[0]).count == 50


def test_two_instances_at_once_lose_no_denial() -> None:
    scene = Scene()
    scene.store.before_append.append(lambda: scene.denied(later(0, "rival")))
    incident = scene.denied()
    assert incident.signals == {"request-1", "rival"}
    assert scene.facts == ["Opened", "Counted", "Counted"]


def test_two_instances_at_once_count_the_same_denial_once() -> None:
    scene = Scene()
    scene.store.before_append.append(scene.denied)
    assert scene.denied().count == 1


def test_a_diagnosis_that_could_not_be_started_is_started_when_the_event_comes_again() -> None:
    scene = Scene()
    scene.functions.failing = Unreachable("InvokeFunction", "Throttling", "later")
    with pytest.raises(Unreachable):
        scene.denied()
    scene.functions.failing = None
    assert scene.denied().count == 1
    assert scene.started == ["diagnose"]


def test_a_denial_while_the_incident_is_handled_is_counted_and_no_more() -> None:
    scene = Scene()
    scene.diagnosed()
    assert scene.denied(later(50)).state == "diagnosed"
    assert scene.started == ["diagnose", "remediate"]


def test_an_earlier_denial_that_comes_late_reopens_nothing() -> None:
    scene = Scene()
    scene.mended()
    applied = int(scene.incident.applied_at) - LISTING.time
    for number, seconds in enumerate((-500, 0, applied, applied + 60)):
        assert scene.denied(later(seconds, f"late-{number}")).state == "verified"
    assert scene.incident.count == 5


def test_a_denial_after_the_change_and_its_propagation_reopens_the_incident() -> None:
    scene = Scene()
    scene.mended()
    applied = int(scene.incident.applied_at) - LISTING.time
    again = later(applied + 61)
    incident = scene.denied(later(applied + 10, "early"), again)
    assert (incident.state, incident.round, incident.denial) == ("reopened", 2, again)
    assert scene.started[-1] == "diagnose"
    assert list(scene.ledger.open_ids()) == [ID]


def test_a_denial_after_an_incident_was_closed_reopens_it_however_many_came_late_before() -> None:
    scene = Scene()
    scene.diagnosed()
    scene.ledger.extend(ID, lambda known: [Closed(reason="allowed now")])
    closed = int(scene.now) - LISTING.time
    for minute in range(1, 4):
        scene.now += 60
        assert scene.denied(later(closed - minute, f"late-{minute}")).state == "closed"
    assert scene.denied(later(closed + 61, "again")).state == "reopened"


def test_an_alert_is_not_repeated_by_every_further_denial() -> None:
    scene = Scene()
    scene.account.types["reader"] = "System"
    scene.mended()
    scene.notify()
    assert scene.denied(later(10_000)).state == "alerted"
    assert len(scene.sent) == 1


@pytest.mark.parametrize(
    ("kind", "name", "own"),
    [
        ("assumed_role", "rolemend-remediate", True),
        ("assumed_role", "Rolemend-Watch", True),
        ("assumed_role", "emr-rolemend-", False),
        ("ram_user", "rolemend-fan", False),
        ("ram_user", "", False),
    ],
)
def test_only_its_own_roles_are_passed_over(kind: str, name: str, own: bool) -> None:
    scene = Scene()
    shown = name if kind == "ram_user" else f"{name}:session"
    identity = {"type": kind.replace("_", "-"), "principalId": "3:s", "userName": shown, "accountId": ACCOUNT}
    seen = watch(TrailEvents((denied_creation(userIdentity=identity),)), scene.watch_parts())
    assert (seen.denials, seen.passed_over.get("own role", 0)) == ((0, 1) if own else (1, 0))
    assert bool(incidents(scene)) is not own


@pytest.mark.parametrize(
    "record",
    [
        {"__topic__": "actiontrail_audit_event", "event": "{half"},
        {"__topic__": "actiontrail_audit_event"},
        {"__topic__": "actiontrail_audit_event", "event": '{"a":' * 5_000},
        {"__topic__": "oss_access_log", "http_status": "soon"},
        {"__topic__": "oss_access_log", "http_status": "403", "error_code": "AccessDenied", "ec": "\ud800"},
    ],
)
def test_a_record_that_cannot_be_read_is_kept_aside_once_and_the_rest_goes_on(record: dict[str, Any]) -> None:
    scene = Scene()
    for _ in range(2):
        seen = watched(scene, record, line())
        assert (seen.rejected, seen.denials) == (1, 1)
    assert sum(key.startswith("rejected/") for key in scene.store.objects) == 1


def test_an_event_of_the_history_that_no_text_can_hold_is_kept_aside() -> None:
    scene = Scene()
    scene.trail.history = [denied_creation(errorMessage="half a pair \ud83d"), denied_creation(eventId="x")]
    seen = watch(SWEEP, scene.watch_parts())
    assert (seen.rejected, seen.denials) == (1, 1)


def test_a_rejected_record_that_comes_again_after_midnight_is_not_kept_twice() -> None:
    scene = Scene()
    record = {"__topic__": "oss_access_log", "__time__": LISTING.time}
    watched(scene, record)
    scene.now += 86_400
    watched(scene, record)
    (key,) = scene.store.objects
    assert key.startswith("rejected/2026-01-01/")


def test_logs_that_cannot_be_read_are_an_error_so_that_the_trigger_delivers_again() -> None:
    class Broken(FakeLogs):
        def pages(self, log_range: LogRange, query: str) -> Any:
            yield LogPage("a", "b", [line()])
            raise Unreachable("PullLogs", "Timeout", "no answer")

    scene = Scene()
    parts = msgspec.structs.replace(scene.watch_parts(), logs=Broken([]))
    with pytest.raises(Unreachable):
        watch(LogTrigger(RANGE, "oss_access_log"), parts)
    assert incidents(scene) == []


def test_the_sweep_takes_up_an_open_incident_that_rests() -> None:
    scene = Scene()
    scene.denied()
    scene.functions.started.clear()
    scene.now += RESTED_SECONDS - 1
    watch(SWEEP, scene.watch_parts())
    assert scene.started == []
    scene.now += 1
    watch(SWEEP, scene.watch_parts())
    assert scene.started == ["diagnose"]


def test_the_sweep_finds_a_creation_that_no_trigger_told() -> None:
    scene = Scene()
    scene.trail.history = [denied_creation(), denied_creation(eventName="DeleteCluster", eventId="x")]
    assert watch(SWEEP, scene.watch_parts()).denials == 1


def open_incidents(scene: Scene, *roles: str) -> list[str]:
    """Open incidents of several roles, in the order of their ids."""
    found = []
    for role in roles:
        denial = altered(LISTING, principal=DeniedPrincipal(type="assumed_role", name=role))
        found.append(incident_id(denial))
        record_denials(found[-1], [denial], scene.watch_parts())
    scene.functions.started.clear()
    return sorted(found)


def test_a_damaged_journal_is_an_error_but_keeps_no_other_incident_waiting() -> None:
    scene = Scene()
    first, second, third = open_incidents(scene, "a", "b", "c")
    scene.store.objects[f"incidents/{first}.jsonl"] = b"{half\n"
    scene.now += RESTED_SECONDS
    with pytest.raises(LedgerDamaged, match=f"^incidents/{first}.jsonl: line 1 "):
        watch(SWEEP, scene.watch_parts())
    assert [read_incident_id(payload) for _, payload in scene.functions.started] == [second, third]


def test_a_marker_without_an_incident_stops_nothing() -> None:
    scene = Scene()
    scene.ledger.mark_open("inc-" + "0" * 24)
    (key,) = open_incidents(scene, "a")
    scene.now += RESTED_SECONDS
    watch(SWEEP, scene.watch_parts())
    assert [read_incident_id(payload) for _, payload in scene.functions.started] == [key]


def test_a_trail_that_cannot_be_read_keeps_no_open_incident_waiting() -> None:
    scene = Scene()
    scene.denied()
    scene.functions.started.clear()
    scene.now += RESTED_SECONDS
    scene.trail.failing = Refused("LookupEvents", "NoPermission", "no")
    with pytest.raises(Refused):
        watch(SWEEP, scene.watch_parts())
    assert scene.started == ["diagnose"]


def test_a_journal_that_grew_to_many_signals_is_still_counted() -> None:
    scene = Scene()
    scene.denied()
    many = tuple(later(1, f"r-{number}") for number in range(5_000))
    assert scene.denied(*many).count == 5_001
    assert scene.denied(*many).count == 5_001


def test_of_a_flood_of_records_that_cannot_be_read_only_some_are_kept() -> None:
    scene = Scene()
    broken = [{"__topic__": "oss_access_log", "n": number} for number in range(MOST_ASIDE + 20)]
    seen = watched(scene, *broken, line())
    assert (seen.rejected, seen.denials) == (MOST_ASIDE + 20, 1)
    assert sum(key.startswith("rejected/") for key in scene.store.objects) == MOST_ASIDE
