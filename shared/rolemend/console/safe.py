"""What comes from logs, as text that a page can show: in one direction, and without control characters."""

from __future__ import annotations

import time

from rolemend.notify.message import plain

SHORT = 160
"""Characters of a name that a row or a sentence shows."""
LONG = 60_000
"""Characters that a page shows of one value at all: more than any service allows."""


def short(value: str) -> str:
    """One line of a name, cut where it is longer than a row can show; how long it is is told."""
    line = plain(value[: SHORT + 1]).replace("\n", "\\u000a")
    return line if len(value) <= SHORT else f"{line[:SHORT]}… ({len(value):,})"


def whole(value: str) -> str:
    """All of a value, lines kept."""
    return plain(value[:LONG])


def moment(seconds: float) -> str:
    """Epoch seconds as `2026-01-31 08:00:00 UTC`; "-" for none."""
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(seconds)) if seconds else "-"


def duration(seconds: float) -> str:
    """`45 s`, `12 min`, `3.5 h`."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"
