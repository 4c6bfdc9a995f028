"""The times of a timer trigger: six cron fields with a zone, or a fixed interval.

Source: https://help.aliyun.com/document_detail/2513615.html . Fields are second, minute, hour, day of month,
month and day of week; times are UTC unless `CRON_TZ=<zone>` stands in front.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_EVERY = re.compile(r"@every\s+((?:\d+[smh])+)")
_UNITS = {"s": 1, "m": 60, "h": 3600}
_HORIZON = 366 * 5
"""Days looked ahead: 29 February of any weekday comes round within it or is not meant."""


@dataclass(frozen=True, slots=True)
class Every:
    """A fixed interval in seconds, counted from the trigger's creation."""

    seconds: int

    def next(self, after: float) -> float:
        return after + self.seconds


@dataclass(frozen=True, slots=True)
class Cron:
    """Sets of matching values. Day of month and day of week: either matches if both are restricted."""

    seconds: tuple[int, ...]
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    any_day: bool
    any_weekday: bool
    zone: tzinfo

    def next(self, after: float) -> float:
        """The first matching time later than `after` (both epoch seconds); infinity if there is none."""
        start = datetime.fromtimestamp(after, self.zone).date()
        for offset in range(_HORIZON):
            day = start + timedelta(days=offset)
            if self._day_matches(day):
                found = self._first_on(day, after)
                if found is not None:
                    return found
        return float("inf")

    def _day_matches(self, day: date) -> bool:
        if day.month not in self.months:
            return False
        of_month, of_week = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        if self.any_day or self.any_weekday:
            return of_month and of_week
        return of_month or of_week

    def _first_on(self, day: date, after: float) -> float | None:
        for hour in self.hours:
            if datetime(day.year, day.month, day.day, hour, 59, 59, tzinfo=self.zone).timestamp() <= after:
                continue
            for minute in self.minutes:
                for second in self.seconds:
                    moment = datetime(
                        day.year, day.month, day.day, hour, minute, second, tzinfo=self.zone
                    ).timestamp()
                    if moment > after:
                        return moment
        return None


def parse_schedule(text: str) -> Cron | Every:
    """Read a `cronExpression`; ValueError with the reason if it is none."""
    if match := _EVERY.fullmatch(text.strip()):
        seconds = sum(int(n) * _UNITS[unit] for n, unit in re.findall(r"(\d+)([smh])", match.group(1)))
        if seconds < 1:
            raise ValueError("an interval is at least one second")
        return Every(seconds)
    zone: tzinfo = UTC
    words = text.split()
    if words and words[0].startswith(("CRON_TZ=", "TZ=")):
        zone = _zone(words.pop(0).partition("=")[2])
    if len(words) != 6:
        raise ValueError(f"{len(words)} fields instead of six (second minute hour day month weekday)")
    return Cron(
        seconds=tuple(sorted(_values(words[0], 0, 59))),
        minutes=tuple(sorted(_values(words[1], 0, 59))),
        hours=tuple(sorted(_values(words[2], 0, 23))),
        days=_values(words[3], 1, 31),
        months=_values(words[4], 1, 12, _MONTHS, 1),
        weekdays=frozenset(value % 7 for value in _values(words[5], 0, 7, _DAYS, 0)),
        any_day=words[3] in ("*", "?"),
        any_weekday=words[5] in ("*", "?"),
        zone=zone,
    )


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"unknown time zone {name!r}") from error


def _values(field: str, low: int, high: int, names: tuple[str, ...] = (), first: int = 0) -> frozenset[int]:
    """The values of one field: `*`, `?`, `5`, `1-5`, `*/15`, `10/5`, `MON-FRI`, and lists of them."""
    found: set[int] = set()
    for part in field.split(","):
        span, slash, step_text = part.partition("/")
        step = int(step_text) if step_text.isdecimal() else 0 if slash else 1
        if span in ("*", "?"):
            begin, end = low, high
        else:
            left, dash, right = span.partition("-")
            begin = _value(left, names, first)
            end = _value(right, names, first) if dash else high if slash else begin
        if step < 1 or not low <= begin <= end <= high:
            raise ValueError(f"{part!r} is not within {low}-{high}")
        found.update(range(begin, end + 1, step))
    return frozenset(found)


def _value(text: str, names: tuple[str, ...], first: int) -> int:
    if text.upper() in names:
        return names.index(text.upper()) + first
    if not text.isdecimal():
        raise ValueError(f"{text!r} is not a value")
    return int(text)
