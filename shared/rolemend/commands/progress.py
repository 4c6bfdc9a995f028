"""A progress bar on standard error, for a person who waits at a terminal."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_WORTH_A_BAR = 16 << 20
"""Bytes from which on a bar is worth its line."""
_EVERY = 0.2
"""Seconds between two pictures of it."""
_WIDTH = 30


@contextmanager
def progress(size: int) -> Iterator[Callable[[int], None]]:
    """What is told the bytes of each piece that was read. `size` is 0 where nobody knows how much will come."""
    if not sys.stderr.isatty() or 0 < size < _WORTH_A_BAR:
        yield lambda count: None
        return
    bar = _Bar(size)
    try:
        yield bar.advance
    finally:
        bar.wipe()


class _Bar:
    def __init__(self, size: int) -> None:
        self._size, self._read, self._shown, self._begun = size, 0, 0.0, time.monotonic()

    def advance(self, count: int) -> None:
        self._read += count
        now = time.monotonic()
        if self._read < _WORTH_A_BAR or now - self._shown < _EVERY:
            return
        self._shown = now
        sys.stderr.write(f"\r\x1b[K{self._picture(now - self._begun)}")
        sys.stderr.flush()

    def wipe(self) -> None:
        """Leave the line as it was."""
        if self._shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()

    def _picture(self, seconds: float) -> str:
        read = f"{self._read / 1e6:,.0f} MB"
        if not self._size:
            return f"explain: {read} read"
        part = min(1.0, self._read / self._size)
        done = round(part * _WIDTH)
        left = round(seconds * (1 - part) / part)
        bar = "#" * done + "-" * (_WIDTH - done)
        return f"explain: [{bar}] {part:4.0%} {read} of {self._size / 1e6:,.0f} MB, {left // 60}:{left % 60:02} left"
