"""Reads that do not wait for each other: they are in flight together, each in the context of whoever asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import copy_context
from typing import Any

MOST = 8
"""Calls in flight at once, so that a role with many policies is not throttled for it."""


def together(*reads: Callable[[], Any]) -> tuple[Any, ...]:
    """Their answers, in the order of the reads. If some raise, the first error in that order, once all have ended."""
    if len(reads) < 2:
        return tuple(read() for read in reads)
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(min(len(reads), MOST)) as pool:
        under_way = [pool.submit(copy_context().run, read) for read in reads]
    return tuple(one.result() for one in under_way)


@contextmanager
def begun(*reads: Callable[[], Any]) -> Iterator[Callable[[], tuple[Any, ...]]]:
    """Reads that are under way while the block does something else. The block is given a function that waits for their
    answers, as `together` gives them; its end waits for them in any case.
    """
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(min(len(reads), MOST)) as pool:
        under_way = [pool.submit(copy_context().run, read) for read in reads]
        yield lambda: tuple(one.result() for one in under_way)
