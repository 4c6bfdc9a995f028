"""Reads that do not wait for each other are in flight together, and answer in their order."""

from __future__ import annotations

import threading
from contextvars import ContextVar

import pytest

from rolemend.together import begun, together


def test_answers_come_in_the_order_of_the_reads() -> None:
    assert together(lambda: 1, lambda: "two") == (1, "two")
    assert together(lambda: 1) == (1,)
    assert together() == ()


def test_reads_are_in_flight_together() -> None:
    both = threading.Barrier(2, timeout=10)
    together(both.wait, both.wait)


def test_the_first_error_is_raised_when_all_have_ended() -> None:
    ended = []

    def fail(text: str) -> None:
        ended.append(text)
        raise ValueError(text)

    with pytest.raises(ValueError, match="one"):
        together(lambda: fail("one"), lambda: fail("two"))
    assert sorted(ended) == ["one", "two"]


def test_a_read_is_under_way_while_the_block_does_something_else() -> None:
    both = threading.Barrier(2, timeout=10)
    with begun(lambda: both.wait() >= 0, lambda: "two") as answers:
        both.wait()
        assert answers() == (True, "two")


def test_a_block_ends_when_its_reads_have_ended() -> None:
    ended = threading.Event()
    with pytest.raises(ValueError, match="block"), begun(ended.set):
        raise ValueError("block")
    assert ended.is_set()


def test_reads_run_in_the_context_of_whoever_asked() -> None:
    asked: ContextVar[str] = ContextVar("asked", default="")
    asked.set("here")
    assert together(asked.get, asked.get) == ("here", "here")
    with begun(asked.get) as answers:
        assert answers() == ("here",)
