"""How fast an audit may ask: evenly spaced calls, slower while the service says that there are too many."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable

_SLOWER, _REST = 2.0, 1.0
"""After a throttled call the space between calls is this much wider, and nothing is asked for so many seconds."""


class Count:
    """`Pace` that waits for nothing and counts each call by its operation."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()
        self._lock = threading.Lock()

    def before(self, operation: str) -> None:
        with self._lock:
            self.calls[operation] += 1

    def throttled(self, operation: str) -> None:
        """The tries pause by themselves."""


class Spaced:
    """`Pace` of at most `rate` calls a second over all threads, counted in `count`.

    RAM publishes no rate. A refusal doubles the space between calls, and each call after it takes a
    little of that back.
    """

    def __init__(
        self,
        rate: float,
        count: Count,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._space = self._least = 1 / rate
        self._count, self._clock, self._sleep = count, clock, sleep
        self._next = 0.0
        self._lock = threading.Lock()

    def before(self, operation: str) -> None:
        self._count.before(operation)
        with self._lock:
            turn = max(self._next, self._clock())
            self._next = turn + self._space
            self._space = max(self._least, self._space * 0.98)
        wait = turn - self._clock()
        if wait > 0:
            self._sleep(wait)

    def throttled(self, operation: str) -> None:
        with self._lock:
            self._space = min(self._space * _SLOWER, 2.0)
            self._next = max(self._next, self._clock() + _REST)
