"""Windows of the week in which a rule holds: `08:00-18:00`, `Mon-Fri 08:00-18:00`, `Sat,Sun 22:00-06:00`.

A window that ends before it begins goes past midnight, and belongs to the day on which it began. Times are told by the
clock that the guardrails name as an offset from UTC: zones with summer time would make a rule mean two things.
"""

from __future__ import annotations

import re

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY = 86_400
_FIRST_MONDAY = 4 * _DAY
"""1970-01-05, in epoch seconds."""
_WINDOW = re.compile(
    r"(?:([a-z]{3}(?:-[a-z]{3})?(?:,[a-z]{3}(?:-[a-z]{3})?)*) )?([0-9]{2}):([0-9]{2})-([0-9]{2}):([0-9]{2})",
    re.ASCII,
)
_OFFSET = re.compile(r"([+-])([0-9]{2}):([0-9]{2})", re.ASCII)


def within(window: str, moment: float) -> bool:
    """Whether a moment (epoch seconds, shifted by the offset) lies in a window. The end is outside."""
    days, begin, end = read_window(window)
    day, seconds = divmod(int(moment - _FIRST_MONDAY), _DAY)
    if begin < end:
        return day % 7 in days and begin <= seconds < end
    return (day % 7 in days and seconds >= begin) or ((day - 1) % 7 in days and seconds < end)


def read_window(window: str) -> tuple[frozenset[int], int, int]:
    """Days (0 is Monday), begin and end in seconds of the day. Raises ValueError."""
    match = _WINDOW.fullmatch(window.lower())
    if match is None:
        raise ValueError(f"{window!r} is no window like 'Mon-Fri 08:00-18:00'")
    begin, end = _clock(match[2], match[3]), _clock(match[4], match[5])
    if begin == end:
        raise ValueError(f"{window!r} begins when it ends")
    return _days(match[1] or "mon-sun"), begin, end


def _clock(hours: str, minutes: str) -> int:
    seconds = int(hours) * 3_600 + int(minutes) * 60
    if int(minutes) > 59 or seconds > _DAY:
        raise ValueError(f"{hours}:{minutes} is no time of day")
    return seconds


def _days(listed: str) -> frozenset[int]:
    found: set[int] = set()
    for part in listed.split(","):
        first, _, last = part.partition("-")
        for name in (first, last or first):
            if name not in DAYS:
                raise ValueError(f"{name!r} is no day of the week (Mon to Sun)")
        start, stop = DAYS.index(first), DAYS.index(last or first)
        found |= {(start + step) % 7 for step in range((stop - start) % 7 + 1)}
    return frozenset(found)


def read_offset(offset: str) -> int:
    """`+08:00` in seconds. Raises ValueError."""
    match = _OFFSET.fullmatch(offset)
    if match is None or int(match[2]) > 14 or int(match[3]) > 59:
        raise ValueError(f"{offset!r} is no offset from UTC like '+08:00'")
    seconds = int(match[2]) * 3_600 + int(match[3]) * 60
    return -seconds if match[1] == "-" else seconds
