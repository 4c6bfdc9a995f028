"""A shard is read without a gap, in bounded memory, and with few writes, however its ranges come."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable
from typing import Any

import msgspec
import pytest

from rolemend.account.interface import Checkpoint, LogRange
from rolemend.errors import LedgerDamaged, RangeUnfinished, Refused, Unreachable
from rolemend.incident import tally
from rolemend.incident.journal import Counted
from rolemend.incident.life import Incident
from rolemend.signals import actiontrail
from rolemend.signals.denial import Denial, incident_id
from rolemend.work.counting import AT_ONCE, HOLD_SECONDS
from rolemend.work.events import LogTrigger, Timer
from rolemend.work.shards import CHECKPOINT_SECONDS, SEVERED
from rolemend.work.watch import watch
from rolemend.work.watch_parts import Memory, Parts, Watched
from tests.fakes import FakeShard, cursor
from tests.samples import denied_creation, denied_line
from tests.work.scene import Scene


def line(name: int | str, **changes: Any) -> dict[str, Any]:
    """An access-log line as the log SDK gives it."""
    return {"__topic__": "oss_access_log", **LINE, "request_id": f"r-{name}", **changes}


LINE = denied_line()


class Stream:
    """A shard with one denial at each place, and an instance of `watch` that is told ranges of it."""

    def __init__(self, length: int = 40, each: int = 1) -> None:
        self.scene = Scene()
        places: dict[int, Any] = {
            at: [line(f"{at}-{n}") for n in range(each)] for at in range(100, 100 + length)
        }
        self.shard = FakeShard(places, lambda: self.scene.now)

    @property
    def parts(self) -> Parts:
        parts = self.scene.watch_parts(logs=self.shard)
        return msgspec.structs.replace(parts, logstores=(("oss_access_log", "p", "l"),))

    def sweep(self) -> Watched:
        return watch(Timer("sweep"), self.parts)

    def tell(self, begin: int, end: int) -> Watched:
        where = LogRange(
            endpoint="cn-hangzhou.log.aliyuncs.com",
            project="p",
            logstore="l",
            shard=0,
            begin=cursor(begin),
            end=cursor(end),
        )
        return watch(LogTrigger(where, "oss_access_log"), self.parts)

    def another_instance(self) -> None:
        self.scene.memory = Memory()

    @property
    def incident(self) -> Incident:
        (key,) = [key for key in self.scene.store.objects if key.startswith("incidents/")]
        return self.scene.ledger.load(key.removeprefix("incidents/").removesuffix(".jsonl"))

    @property
    def counts(self) -> int:
        """How many counts the journal holds."""
        entries = self.scene.ledger.entries(self.incident.id)
        return sum(isinstance(entry.fact, Counted) for entry in entries)


@pytest.fixture
def stream() -> Stream:
    return Stream()


def test_what_lies_between_the_checkpoint_and_a_range_is_read_with_the_range(stream: Stream) -> None:
    stream.tell(100, 104)
    stream.another_instance()
    seen = stream.tell(110, 114)
    assert (seen.read, stream.incident.count) == (10, 14)
    assert stream.shard.pulled == [(100, 104), (104, 110), (110, 114)]


def test_the_first_range_of_all_begins_where_the_trigger_says(stream: Stream) -> None:
    stream.tell(110, 114)
    assert stream.shard.pulled == [(110, 114)]


def test_a_range_that_was_read_with_a_later_one_is_not_read_again(stream: Stream) -> None:
    stream.tell(100, 104)
    stream.scene.now += CHECKPOINT_SECONDS
    stream.tell(108, 112)
    assert stream.tell(104, 108).read == 0
    assert stream.incident.count == 12
    stream.another_instance()
    stream.tell(104, 108)
    assert stream.incident.count == 12


def test_the_first_ranges_of_all_may_come_in_another_order(stream: Stream) -> None:
    """The first checkpoint tells nothing of what lies before the range that it was written after."""
    stream.tell(108, 112)
    stream.tell(104, 108)
    stream.another_instance()
    stream.tell(100, 104)
    assert stream.incident.count == 12
    stream.tell(112, 116)
    assert stream.shard.pulled == [(108, 112), (104, 108), (100, 104), (112, 116)]


def test_a_checkpoint_is_written_once_a_minute_and_at_the_first_range(stream: Stream) -> None:
    for begin in range(100, 120, 4):
        stream.tell(begin, begin + 4)
    assert stream.shard.writes == [104]
    stream.scene.now += CHECKPOINT_SECONDS
    stream.tell(120, 124)
    assert stream.shard.writes == [104, 124]


def test_a_warm_instance_reads_nothing_twice_and_asks_for_no_checkpoint(stream: Stream) -> None:
    stream.tell(100, 104)
    stream.shard.failing["checkpoint"] = AssertionError("asked")
    stream.tell(104, 108)
    assert stream.shard.pulled == [(100, 104), (104, 108)]


def test_a_cold_instance_reads_again_and_counts_nothing_twice(stream: Stream) -> None:
    for begin in range(100, 120, 4):
        stream.another_instance()
        stream.tell(begin, begin + 4)
    assert stream.shard.pulled[-2:] == [(104, 116), (116, 120)]
    assert stream.incident.count == 20


@pytest.mark.parametrize("order", [*itertools.permutations([(100, 104), (104, 111), (111, 120)])])
@pytest.mark.parametrize("warm", [True, False])
@pytest.mark.parametrize("each", [1, 20])
def test_ranges_in_any_order_and_twice_count_each_denial_once(
    order: Iterable[tuple[int, int]], warm: bool, each: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where there are too many denials to remember the ids of: their places in the log are remembered."""
    monkeypatch.setattr(tally, "MOST_SIGNALS", 30)
    stream = Stream(20, each)
    stream.tell(100, 100)
    for begin, end in [one for told in order for one in (told, told)]:
        if not warm:
            stream.another_instance()
        stream.tell(begin, end)
    stream.scene.now += CHECKPOINT_SECONDS
    stream.another_instance()
    stream.tell(120, 121)
    assert stream.incident.count == 20 * each


def test_in_a_storm_counts_are_written_once_a_minute_and_none_is_lost() -> None:
    stream = Stream(400)
    for at in range(100, 500, 2):
        stream.scene.now += 1
        stream.tell(at, at + 2)
    stream.scene.now += HOLD_SECONDS
    stream.tell(500, 501)
    assert stream.incident.count == 400
    assert stream.counts <= AT_ONCE + 200 // HOLD_SECONDS + 2


def test_counts_that_were_only_remembered_are_counted_by_whoever_comes_next() -> None:
    stream = Stream(400)
    for at in range(100, 150, 2):
        stream.tell(at, at + 2)
    assert stream.incident.count < 50
    stream.another_instance()
    stream.scene.now += CHECKPOINT_SECONDS
    stream.tell(150, 152)
    assert stream.incident.count == 52


def test_a_failed_invocation_forgets_what_it_remembered_and_loses_nothing(stream: Stream) -> None:
    for at in range(100, 120, 2):
        stream.tell(at, at + 2)
    stream.shard.failing["pages"] = Unreachable("PullLogs", "Timeout", "no answer")
    with pytest.raises(Unreachable):
        stream.tell(120, 122)
    stream.shard.failing.clear()
    stream.scene.now += CHECKPOINT_SECONDS
    stream.tell(120, 122)
    assert stream.incident.count == 22


def test_one_storm_is_one_incident_one_diagnosis_and_a_journal_that_stays_small() -> None:
    stream = Stream(20, 100)
    for at in range(100, 120, 2):
        stream.tell(at, at + 2)
    assert stream.scene.started == ["diagnose"]
    stream.scene.now += HOLD_SECONDS
    stream.tell(120, 121)
    assert stream.incident.count == 2_000
    assert len(stream.scene.store.objects[f"incidents/{stream.incident.id}.jsonl"]) < 100_000
    assert 0 < len(stream.incident.signals) <= tally.MOST_SIGNALS


def test_a_range_too_long_for_one_invocation_is_read_in_parts(stream: Stream) -> None:
    def slow() -> None:
        stream.scene.now += 41

    stream.shard.reading = slow
    reached = []
    for _ in range(8):
        try:
            stream.tell(100, 140)
        except RangeUnfinished:
            reached.append(stream.shard.writes[-1])
    assert reached == [112, 124, 136]
    assert stream.incident.count == 40


def test_a_checkpoint_that_does_not_answer_keeps_no_denial_waiting(stream: Stream) -> None:
    stream.shard.failing["checkpoint"] = Unreachable("GetCheckPoint", "Timeout", "no answer")
    assert stream.tell(104, 108).denials == 4
    assert (stream.shard.writes, stream.scene.started) == ([], ["diagnose"])
    stream.shard.failing.clear()
    stream.shard.failing["set_checkpoint"] = Unreachable("UpdateCheckPoint", "Timeout", "no answer")
    assert stream.tell(108, 112).denials == 4


@pytest.mark.parametrize("method", ["checkpoint", "set_checkpoint"])
def test_a_refused_checkpoint_is_an_error_but_keeps_no_denial_waiting(stream: Stream, method: str) -> None:
    stream.shard.failing[method] = Refused(method, "Unauthorized", "no")
    with pytest.raises(Refused):
        stream.tell(104, 108)
    assert stream.incident.count == 4
    assert stream.scene.started == ["diagnose"]


@pytest.mark.parametrize("place", ["no cursor", cursor(10_000_000)])
def test_a_checkpoint_that_is_none_of_the_shard_s_leaves_nothing_out(stream: Stream, place: str) -> None:
    stream.shard.point = Checkpoint(place, 1.0)
    assert stream.tell(104, 108).denials == 4


def test_a_gap_that_the_service_refuses_to_read_is_told_and_stops_nothing(stream: Stream) -> None:
    stream.shard.point = Checkpoint(cursor(50), 1.0)
    original = stream.shard.pages

    def pages(log_range: LogRange, query: str) -> Any:
        if log_range.begin == cursor(50):
            raise Refused("PullLogs", "InvalidCursor", "gone")
        return original(log_range, query)

    stream.shard.pages = pages  # type: ignore[method-assign]
    seen = stream.tell(104, 108)
    assert (seen.denials, seen.passed_over[SEVERED]) == (8, 1)
    assert stream.shard.pulled == [(100, 104), (104, 108)]


def test_of_a_gap_that_is_refused_for_another_reason_only_the_range_is_read(stream: Stream) -> None:
    stream.shard.point = Checkpoint(cursor(50), 1.0)
    original = stream.shard.pages

    def pages(log_range: LogRange, query: str) -> Any:
        if log_range.begin == cursor(50):
            raise Refused("PullLogs", "Unauthorized", "no")
        return original(log_range, query)

    stream.shard.pages = pages  # type: ignore[method-assign]
    seen = stream.tell(104, 108)
    assert (seen.denials, seen.passed_over[SEVERED], stream.shard.pulled) == (4, 1, [(104, 108)])


def test_a_damaged_journal_holds_up_neither_the_other_incidents_nor_the_shard(stream: Stream) -> None:
    stream.tell(100, 101)
    broken = f"incidents/{stream.incident.id}.jsonl"
    stream.scene.store.objects[broken] = b"{half\n"
    stream.shard.places[101] = [line("a", bucket="other-bucket"), line("b")]
    stream.scene.now += CHECKPOINT_SECONDS
    with pytest.raises(LedgerDamaged):
        stream.tell(101, 102)
    assert sum(key.startswith("incidents/") for key in stream.scene.store.objects) == 2
    assert stream.shard.writes == [101, 102]
    stream.another_instance()
    stream.shard.places[102] = [line("c", bucket="other-bucket")]
    stream.tell(102, 103)
    assert stream.shard.pulled[-1] == (102, 103)


def test_denials_of_a_damaged_journal_are_kept_aside_once(stream: Stream) -> None:
    stream.tell(100, 101)
    objects = stream.scene.store.objects
    objects[f"incidents/{stream.incident.id}.jsonl"] = b"{half\n"
    stream.shard.places[101] = [line("a"), line("b")]
    for _ in range(2):
        stream.another_instance()
        with pytest.raises(LedgerDamaged):
            stream.tell(101, 102)
    (kept,) = [json.loads(objects[key]) for key in objects if key.startswith("rejected/")]
    assert "damaged" in kept["reason"]
    assert kept["record"]["kept_aside"]["count"] == 2
    assert kept["record"]["__time__"] == str(kept["record"]["kept_aside"]["latest"]["time"])


def test_a_damaged_journal_keeps_the_sweep_from_no_log(stream: Stream) -> None:
    """Neither one that the sweep itself was to write into, nor one of a log's."""
    stream.tell(100, 104)
    stream.scene.store.objects[f"incidents/{stream.incident.id}.jsonl"] = b"{half\n"
    stream.another_instance()
    stream.scene.now += 300
    stream.scene.trail.history = [denied_creation()]
    creation = actiontrail.read_event(denied_creation())
    assert isinstance(creation, Denial)
    created = incident_id(creation)
    stream.scene.store.objects[f"incidents/{created}.jsonl"] = b"{half\n"
    with pytest.raises(LedgerDamaged):
        stream.sweep()
    assert stream.shard.writes == [104, 140]


def test_lines_of_a_known_kind_are_counted_as_those_that_are_read_whole(stream: Stream) -> None:
    stream.shard.places[140] = [
        line("a"),
        line("b", http_status="200"),
        line("c", __time__=7),
        line("d", request_id="-"),
        line("e", extend_information="1,rolemend-watch,s,1"),
        line("f", extend_information="1,rolemend-watch,s,1"),
        line("g", error_code="NoSuchKey"),
        line("a"),
    ]
    seen = stream.tell(140, 141)
    assert (seen.denials, seen.rejected, seen.passed_over) == (
        3,
        1,
        {"not refused": 1, "own role": 2, "NoSuchKey": 1},
    )
    assert stream.incident.count == 2
    assert stream.incident.first == 7


def test_the_sweep_reads_what_a_trigger_never_told_and_reports_the_shard(stream: Stream) -> None:
    stream.tell(100, 104)
    stream.another_instance()
    written = stream.scene.now
    stream.scene.now += 300
    stream.shard.times = (written + 1, written + 290)
    assert stream.sweep().behind == ("p/l/0",)
    assert stream.incident.count == 40
    assert stream.shard.writes == [104, 140]


def test_the_sweep_leaves_to_the_trigger_what_came_lately(stream: Stream) -> None:
    stream.tell(100, 104)
    stream.scene.now += 2 * CHECKPOINT_SECONDS - 1
    assert stream.sweep().behind == ()
    assert stream.shard.pulled == [(100, 104)]


def test_a_quiet_shard_is_not_taken_for_a_silent_trigger(stream: Stream) -> None:
    """What was read after the last checkpoint, and has none yet because nothing came since."""
    stream.tell(100, 104)
    stream.another_instance()
    stream.shard.times = (stream.scene.now + 5, stream.scene.now + CHECKPOINT_SECONDS - 5)
    stream.scene.now += 3_000
    assert stream.sweep().behind == ()
    assert stream.shard.writes == [104, 140]


def test_a_shard_without_a_checkpoint_beside_others_is_read_and_gets_one(stream: Stream) -> None:
    """It was split off, or its trigger never came: from then on what no trigger tells is found."""
    stream.shard.beside, stream.shard.times = cursor(110), (stream.scene.now - 900, stream.scene.now - 300)
    seen = stream.sweep()
    assert (seen.denials, seen.behind, stream.shard.pulled) == (30, (), [(110, 140)])
    assert (stream.incident.count, stream.shard.writes) == (30, [140])
    stream.shard.places[140] = [line("later")]
    stream.another_instance()
    written = stream.scene.now
    stream.scene.now += 600
    stream.shard.times = (written + 100, written + 200)
    assert stream.sweep().behind == ("p/l/0",)
    assert stream.incident.count == 31


def test_a_place_that_does_not_answer_is_no_expired_one(stream: Stream) -> None:
    stream.tell(100, 104)
    stream.scene.now += 300
    stream.shard.failing["received"] = Unreachable("GetCursorTime", "Timeout", "no answer")
    with pytest.raises(Unreachable):
        stream.sweep()
    assert (stream.shard.writes, stream.shard.pulled) == ([104], [(100, 104)])


def test_a_logstore_that_cannot_be_read_is_an_error_after_the_rest_was_swept(stream: Stream) -> None:
    stream.shard.failing["shards"] = Refused("GetCheckPoint", "Unauthorized", "no")
    stream.scene.denied()
    stream.scene.functions.started.clear()
    stream.scene.now += 1_000
    with pytest.raises(Refused):
        stream.sweep()
    assert stream.scene.started == ["diagnose"]


def test_memory_is_only_a_saving(stream: Stream) -> None:
    assert msgspec.structs.asdict(stream.parts)["memory"] is stream.scene.memory
