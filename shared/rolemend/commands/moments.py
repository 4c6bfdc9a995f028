"""Days and moments as commands take and show them."""

from __future__ import annotations

import re
import time

from rolemend.commands.output import plain
from rolemend.errors import UnreadableInput

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


def moment(seconds: float) -> str:
    """Epoch seconds as `2026-01-31 08:00:00`, in UTC."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(seconds))


def checked_day(given: str) -> str:
    """A day as `2026-01-31`, or "". Raises UnreadableInput."""
    if given and not _DAY.fullmatch(given):
        raise UnreadableInput(plain(f"--since: {given!r} is no day like 2026-01-31"))
    return given
