"""The page of figures: denials over time by cause, and how long repairs took."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from statistics import median
from typing import TYPE_CHECKING

from rolemend.console.charts import Chart, Series, stacked
from rolemend.console.parts import ConsoleParts
from rolemend.console.visit import Visit
from rolemend.console.words import Words
from rolemend.incident.index import IncidentLine

if TYPE_CHECKING:
    from starlette.responses import Response

DAYS = (7, 14, 30)
MOST = 20_000
"""Lines of a day that are counted."""
COLOURS = 5
_STEPS = (30, 60, 300, 900, 3600, 86_400)


def show(visit: Visit) -> Response:
    """The figures of some days. Raises AccountError."""
    days = visit.number("days", 14, 30)
    counted, known = Counted(), set(visit.parts.index.days())
    for day in _days(visit.parts.now(), days):
        counted.add(day, _lines(day, visit.parts) if day in known else [])
    return visit.page(
        "figures.html",
        days=days,
        choices=DAYS,
        denials=denials(counted, visit.words),
        repairs=repairs(counted, visit.words),
        count=len(counted.seconds),
        middle=median(counted.seconds.values()) if counted.seconds else 0.0,
        cut=counted.cut,
        most=MOST,
    )


class Counted:
    """Denials by day and cause, and the seconds that each repair took."""

    def __init__(self) -> None:
        self.days: dict[str, Counter[str]] = {}
        self.seconds: dict[str, float] = {}
        self.cut = False
        self._known: dict[str, int] = {}

    def add(self, day: str, lines: list[IncidentLine]) -> None:
        """Count the lines of one day, the oldest first; days must come in order.

        An incident's line tells all its denials up to then, so only what came since its last line is new.
        """
        causes = self.days[day] = Counter()
        self.cut = self.cut or len(lines) >= MOST
        last = {line.id: line for line in lines}
        for line in lines:
            before = self._known.get(line.id, line.count - 1 if line.round > 1 else 0)
            causes[last[line.id].cause] += max(0, line.count - before)
            self._known[line.id] = line.count
            self.seconds |= {change.id: change.seconds for change in line.changes if change.seconds}


def _days(now: float, count: int) -> Iterator[str]:
    for back in range(count - 1, -1, -1):
        yield time.strftime("%Y-%m-%d", time.gmtime(now - back * 86_400))


def _lines(day: str, parts: ConsoleParts) -> list[IncidentLine]:
    """The newest lines of a day, the oldest of them first, each once."""
    newest = dict.fromkeys(islice(parts.index.of_day(day), MOST))
    return list(newest)[::-1]


def denials(counted: Counted, words: Words) -> Chart:
    """A column a day; causes beyond the most frequent ones are taken together."""
    sums: Counter[str] = Counter()
    for causes in counted.days.values():
        sums.update(causes)
    named = [cause for cause, count in sums.most_common(COLOURS) if count]
    days = list(counted.days)
    series = [
        Series(words.of("cause", cause) if cause else words.not_known_yet,
               tuple(counted.days[day][cause] for day in days))
        for cause in named
    ]  # fmt: skip
    others = tuple(
        sum(counted.days[day].values()) - sum(s.values[at] for s in series) for at, day in enumerate(days)
    )
    if any(others):
        series.append(Series(words.other, others))
    return stacked([day[5:] for day in days], series)


def repairs(counted: Counted, words: Words) -> Chart:
    """How many repairs took how long."""
    names = ("< 30 s", "< 1 min", "< 5 min", "< 15 min", "< 1 h", "< 24 h", "> 24 h")
    counts = [0] * len(names)
    for seconds in counted.seconds.values():
        counts[sum(seconds >= step for step in _STEPS)] += 1
    return stacked(names, [Series(words.repairs, tuple(counts))])
