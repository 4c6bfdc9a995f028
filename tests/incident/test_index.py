"""The index lists what the journals tell, the newest first, and a day that is not needed is not read."""

from __future__ import annotations

from threading import Barrier

import msgspec

from rolemend.errors import NotThere
from rolemend.incident.index import Index
from rolemend.incident.life import live
from tests.fakes import MemoryStore
from tests.incident.test_life import DIAGNOSED, OPENED, TO_APPLY, after

DAY = 86_400.0


def test_the_last_line_of_an_incident_counts_and_the_newest_comes_first() -> None:
    index = Index(MemoryStore())
    one, other = after(DIAGNOSED), after(*TO_APPLY)
    renamed = live("inc-" + "0" * 24, [])
    index.add([one], 10 * DAY)
    index.add([other, renamed], 11 * DAY)
    (line,) = index.newest_first()
    assert (line.id, line.state, line.who, line.action) == (
        one.id,
        "diagnosed",
        "emr-role",
        "oss:ListObjects",
    )
    assert [(change.role, change.outcome) for change in line.changes] == [("emr-role", "intended")]
    assert OPENED.denial.code == line.code


def test_only_the_days_that_are_reached_are_read() -> None:
    read_keys: list[str] = []

    class Counting(MemoryStore):
        def read(self, key: str) -> bytes:
            read_keys.append(key)
            return super().read(key)

    store = Counting()
    index = Index(store)
    for day in (1, 2, 3):
        index.add([after(DIAGNOSED)], day * DAY)
    next(index.newest_first())
    assert read_keys == ["index/1970-01-04.jsonl"]
    assert len(list(index.newest_first("1970-01-03"))) == 1
    assert "index/1970-01-02.jsonl" not in read_keys


def test_a_line_that_cannot_be_read_hides_no_other() -> None:
    store = MemoryStore()
    index = Index(store)
    index.add([after(DIAGNOSED)], DAY)
    key = "index/1970-01-02.jsonl"
    store.objects[key] = b'{"half\n\xff\n' + store.objects[key] + b"{}\n"
    store.objects["index/other"] = b"{}"
    assert len(list(index.newest_first())) == 1


def test_who_reads_on_has_days_read_at_once_in_order_and_one_that_is_gone_passed_over() -> None:
    met = Barrier(2)

    class Together(MemoryStore):
        def read_end(self, key: str, length: int) -> bytes:
            if key in ("index/1970-01-07.jsonl", "index/1970-01-06.jsonl"):
                met.wait(20)
            if key == "index/1970-01-05.jsonl":
                raise NotThere("GetObject", "NoSuchKey", key)
            return super().read_end(key, length)

    index = Index(Together())
    for day in range(7):
        one = msgspec.structs.replace(after(DIAGNOSED), id=f"inc-{day:024d}", count=day)
        index.add([one], (day + 1) * DAY)
    assert [line.count for line in index.newest_first()] == [6, 5, 4, 2, 1, 0]
