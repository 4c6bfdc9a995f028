"""The ledger loses no entry and writes none twice, and a journal that was tampered with is noticed."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rolemend.errors import LedgerDamaged, LedgerError, UnknownIncident, Unreachable
from rolemend.incident.journal import Closed, Counted, Fact, Opened, Waiting, read_journal, write_entries
from rolemend.incident.ledger import Ledger
from rolemend.incident.life import Incident
from rolemend.signals.denial import fingerprint, incident_id
from tests.fakes import MemoryStore
from tests.samples import LISTING

ID = incident_id(LISTING)
KEY = f"incidents/{ID}.jsonl"


def opening() -> list[Fact]:
    return [Opened(fingerprint=fingerprint(LISTING), denial=LISTING), counted("request-1")]


def counted(*signals: str) -> Counted:
    return Counted(signals=signals, count=len(signals), first=1, last=2)


def open_ledger(store: MemoryStore) -> Ledger:
    ledger = Ledger(store, "test", now=lambda: 1000.0)
    ledger.extend(ID, lambda incident: opening())
    return ledger


def test_an_incident_is_read_back_as_it_was_written() -> None:
    incident = open_ledger(MemoryStore()).load(ID)
    assert (incident.state, incident.count, incident.signals) == ("open", 1, frozenset({"request-1"}))
    assert incident.denial == LISTING


def test_nothing_is_written_where_nothing_is_decided() -> None:
    store = MemoryStore()
    open_ledger(store).extend(ID, lambda incident: [])
    assert store.writes == 1


class Counting(MemoryStore):
    """Counts how often it is read."""

    reads = 0

    def read(self, key: str) -> bytes:
        self.reads += 1
        return super().read(key)


def test_what_is_likely_new_is_begun_without_reading_it() -> None:
    store = Counting()
    incident = Ledger(store, "test").extend(ID, lambda incident: opening(), likely_new=True)
    assert (incident.state, incident.count, store.reads) == ("open", 1, 0)


def test_what_is_not_new_after_all_is_decided_on_as_it_stands() -> None:
    store = Counting()
    open_ledger(store)
    seen: list[int] = []

    def decide(incident: Incident) -> list[Fact]:
        seen.append(incident.count)
        return [counted("request-2")] if incident.count else opening()

    incident = Ledger(store, "test").extend(ID, decide, likely_new=True)
    assert (incident.count, incident.signals) == (2, frozenset({"request-1", "request-2"}))
    assert seen == [0, 1]


def test_what_was_read_is_appended_to_without_reading_it_again() -> None:
    store = Counting()
    ledger = open_ledger(store)
    ledger.load(ID)
    before = store.reads
    ledger.extend(ID, lambda incident: [Waiting(reason="one")])
    incident = ledger.extend(ID, lambda incident: [counted("request-2")])
    assert store.reads == before
    assert (incident.waiting, incident.count) == ("one", 2)
    assert ledger.load(ID) == incident


def test_nothing_is_left_undone_on_an_older_reading() -> None:
    store = Counting()
    ledger, other = open_ledger(store), Ledger(store, "other", now=lambda: 1000.0)
    other.extend(ID, lambda incident: [Waiting(reason="news")])
    incident = ledger.extend(ID, lambda incident: [counted("request-2")] if incident.waiting else [])
    assert incident.count == 2


def test_an_append_to_an_older_reading_is_refused_and_decided_anew() -> None:
    store = MemoryStore()
    ledger, other = open_ledger(store), Ledger(store, "other", now=lambda: 1000.0)
    other.extend(ID, lambda incident: [Closed(reason="news")])
    incident = ledger.extend(ID, lambda incident: [] if incident.closed else [Waiting(reason="late")])
    assert (incident.closed, incident.waiting) == ("news", "")


def test_who_loses_the_race_decides_again_on_the_newer_incident() -> None:
    store = MemoryStore()
    ledger = open_ledger(store)
    rival, _ = write_entries(read_journal(store.objects[KEY]), [counted("rival")], time=1.0, by="other")
    store.rivals.append(rival)
    seen: list[frozenset[str]] = []

    def decide(incident: Incident) -> Sequence[Fact]:
        seen.append(incident.signals)
        return [counted("mine")]

    incident = ledger.extend(ID, decide)
    assert seen == [frozenset({"request-1"}), frozenset({"request-1", "rival"})]
    assert incident.signals == {"request-1", "rival", "mine"}


def test_an_append_whose_answer_was_lost_stands_once() -> None:
    store = MemoryStore()
    ledger = open_ledger(store)
    store.lost = 1
    assert ledger.extend(ID, lambda incident: [counted("again")]).count == 2
    assert len(read_journal(store.objects[KEY]).entries) == 3


def test_a_ledger_that_cannot_be_reached_is_an_error_and_not_an_empty_incident() -> None:
    class Down(MemoryStore):
        def read(self, key: str) -> bytes:
            raise Unreachable("GetObject", "Timeout", "no answer")

    with pytest.raises(Unreachable):
        Ledger(Down(), "test").load(ID)


def test_endless_rivals_end_in_an_error() -> None:
    class Busy(MemoryStore):
        def append(self, key: str, position: int, data: bytes) -> None:
            rival, _ = write_entries(
                read_journal(self.objects.get(key, b"")), [counted("x")], time=1.0, by="other"
            )
            self.rivals = [rival]
            super().append(key, position, data)

    with pytest.raises(LedgerError, match="other writers came first"):
        Ledger(Busy(), "test").extend(ID, lambda incident: opening())


@pytest.mark.parametrize(
    "name", ["", "inc-1", "../config/guardrails.toml", "inc-" + "g" * 24, ID + "/x", ID.upper()]
)
def test_an_id_that_is_none_reaches_no_object(name: str) -> None:
    with pytest.raises(UnknownIncident):
        Ledger(MemoryStore(), "test").load(name)


def test_an_unknown_incident_is_an_error() -> None:
    with pytest.raises(UnknownIncident):
        Ledger(MemoryStore(), "test").load(ID)


@given(st.integers(min_value=0), st.integers(min_value=1, max_value=255))
@settings(max_examples=300)
def test_any_changed_byte_before_the_last_line_is_noticed(place: int, change: int) -> None:
    store = MemoryStore()
    open_ledger(store).extend(ID, lambda incident: [Waiting(reason="x"), Closed(reason="y")])
    data = bytearray(store.objects[KEY])
    place %= data.rindex(b"\n", 0, len(data) - 1)
    data[place] ^= change
    with pytest.raises(LedgerDamaged):
        read_journal(bytes(data))


def test_a_line_taken_out_or_moved_is_noticed() -> None:
    store = MemoryStore()
    open_ledger(store).extend(ID, lambda incident: [Waiting(reason="x")])
    lines = store.objects[KEY].splitlines(keepends=True)
    for tampered in (lines[:1] + lines[2:], [lines[1], lines[0], lines[2]], [*lines[:2], lines[2][:-5]]):
        with pytest.raises(LedgerDamaged):
            read_journal(b"".join(tampered))


def test_entries_are_json_that_a_person_can_read() -> None:
    store = MemoryStore()
    open_ledger(store)
    first = json.loads(store.objects[KEY].splitlines()[0])
    assert first["fact"]["type"] == "opened"
    assert first["fact"]["denial"]["action"] == "oss:ListObjects"
    assert (first["by"], first["time"], first["schema"]) == ("test", 1000.0, 1)


def test_a_journal_of_a_newer_version_is_not_misread() -> None:
    store = MemoryStore()
    open_ledger(store)
    newer = store.objects[KEY].replace(b'"schema":1', b'"schema":2', 1)
    with pytest.raises(LedgerDamaged, match="newer version"):
        read_journal(newer)
    with pytest.raises(LedgerDamaged, match="newer version"):
        read_journal(newer.replace(b'"type":"opened"', b'"type":"of another time"'))


def test_markers_of_open_incidents_come_and_go() -> None:
    ledger = open_ledger(MemoryStore())
    ledger.mark_open(ID)
    assert list(ledger.open_ids()) == [ID]
    ledger.mark_settled(ID)
    assert list(ledger.open_ids()) == []


def test_a_rejected_record_is_kept_once_however_often_it_comes() -> None:
    store = MemoryStore()
    ledger = Ledger(store, "test")
    one = ledger.keep_rejected({"event": "{half", "__topic__": "t"}, "no JSON", "2026-01-01")
    two = ledger.keep_rejected({"__topic__": "t", "event": "{half"}, "no JSON", "2026-01-01")
    assert one == two
    assert json.loads(store.objects[one]) == {
        "reason": "no JSON",
        "record": {"event": "{half", "__topic__": "t"},
    }


def test_a_rejected_record_is_kept_without_the_secrets_of_its_url() -> None:
    store = MemoryStore()
    uri = (
        "/data/k?OSSAccessKeyId=id&Signature=abc%3D&security-token=CAIS/x&x-oss-signature=0f&x-oss-expires=9"
    )
    key = Ledger(store, "watch").keep_rejected({"request_uri": uri, "object": "k"}, "no status", "2026-01-01")
    kept = json.loads(store.objects[key])["record"]["request_uri"]
    assert kept == (
        "/data/k?OSSAccessKeyId=id&Signature=***&security-token=***&x-oss-signature=***&x-oss-expires=9"
    )


@pytest.mark.parametrize("depth", [10, 985, 990, 5_000])
def test_a_record_that_is_nested_too_deeply_is_named(depth: int) -> None:
    """What an event's reader takes may be more than its writer does: the others of its batch must not wait for it."""
    record: dict[str, object] = {}
    for _ in range(depth):
        record = {"a": record}
    store = MemoryStore()
    key = Ledger(store, "watch").keep_rejected({"data": record}, "no event", "2026-01-01")
    assert b'"reason": "no event"' in store.objects[key]
