"""The index lists what the journals tell, the newest first, and a day that is not needed is not read."""

from __future__ import annotations

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
