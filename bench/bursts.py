"""Times of short calls, in turns, so that what slows the machine down for a while slows all of them."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping

ROUNDS = 41
BURST = 0.002
"""Seconds that one burst lasts, about."""


def medians(calls: Mapping[str, Callable[[], object]], rounds: int = ROUNDS) -> dict[str, float]:
    """The median time of each call, in microseconds: bursts of each, one after the other, `rounds` times.

    It is the processor's time, since calls that wait for nothing are measured here: what else runs on the machine is
    not counted.
    """
    sizes = {name: _burst_size(call) for name, call in calls.items()}
    taken: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            taken[name].append(_timed(call, sizes[name]))
    return {name: statistics.median(times) * 1e6 for name, times in taken.items()}


def _burst_size(call: Callable[[], object]) -> int:
    once = min(_timed(call, 3) for _ in range(3))
    return max(1, min(2_000, round(BURST / once)))


def _timed(call: Callable[[], object], times: int) -> float:
    began = time.thread_time()
    for _ in range(times):
        call()
    return (time.thread_time() - began) / times
