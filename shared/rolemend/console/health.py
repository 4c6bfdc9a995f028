"""The page on the system itself: when each source was heard last, what waits, and what was kept aside."""

from __future__ import annotations

import time
from itertools import islice
from typing import TYPE_CHECKING

import msgspec

from rolemend.console import listing as lists
from rolemend.console.parts import ConsoleParts
from rolemend.console.visit import Visit
from rolemend.console.words import SOURCES
from rolemend.errors import LedgerDamaged, UnknownIncident
from rolemend.incident.index import IncidentLine
from rolemend.incident.journal import Opened, Reopened, Undelivered
from rolemend.incident.life import Incident, live

if TYPE_CHECKING:
    from starlette.responses import Response

NEWEST = 1000
"""Incidents among which the sources are looked for."""
DAYS = 7
MOST = 1000


class Heard(msgspec.Struct, frozen=True, kw_only=True):
    """A source: its last denial in epoch seconds, 0 for none, and how many seconds later that was noticed."""

    source: str
    last: int = 0
    lag: float = 0.0
    incident: str = ""


class AtWork(msgspec.Struct, frozen=True, kw_only=True):
    """An incident that is not settled; `undelivered` are the reasons why messages on it did not arrive."""

    incident: Incident
    undelivered: tuple[str, ...] = ()


class Number(msgspec.Struct, frozen=True):
    """How many objects lie under a prefix; `more`: at least so many."""

    name: str
    count: int
    more: bool


def show(visit: Visit) -> Response:
    """Raises AccountError."""
    parts = visit.parts
    opened, more_open, damaged = _at_work(parts)
    return visit.page(
        "health.html",
        sources=sources(parts),
        newest=NEWEST,
        opened=opened,
        more_open=more_open,
        damaged=damaged,
        numbers=_numbers(visit),
    )


def sources(parts: ConsoleParts) -> list[Heard]:
    """Each source as the newest incidents tell it; the lag is that of the last incident that it opened."""
    found: dict[str, IncidentLine] = {}
    for line in islice(parts.index.newest_first(), NEWEST):
        known = found.get(line.source)
        if known is None or line.last > known.last:
            found[line.source] = line
    return [_heard(source, found.get(source), parts) for source in SOURCES]


def _heard(source: str, line: IncidentLine | None, parts: ConsoleParts) -> Heard:
    if line is None:
        return Heard(source=source)
    try:
        entries = parts.ledger.entries(line.id)
    except (UnknownIncident, LedgerDamaged):
        return Heard(source=source, last=line.last)
    opened = [entry for entry in entries if isinstance(entry.fact, Opened | Reopened)]
    denial = opened[-1].fact.denial if opened and isinstance(opened[-1].fact, Opened | Reopened) else None
    lag = max(0.0, opened[-1].time - denial.time) if denial else 0.0
    return Heard(source=source, last=line.last, lag=lag, incident=line.id)


def _at_work(parts: ConsoleParts) -> tuple[list[AtWork], bool, list[str]]:
    """What is not settled, whether there is more than that, and the journals that cannot be believed."""
    ids = list(islice(parts.ledger.open_ids(), lists.MOST_OPEN + 1))
    opened, damaged = [], []
    for incident_id in ids[: lists.MOST_OPEN]:
        try:
            entries = parts.ledger.entries(incident_id)
        except UnknownIncident:
            continue
        except LedgerDamaged:
            damaged.append(incident_id)
            continue
        failed = tuple(entry.fact.reason for entry in entries if isinstance(entry.fact, Undelivered))
        opened.append(AtWork(incident=live(incident_id, entries), undelivered=failed[-3:]))
    return opened, len(ids) > lists.MOST_OPEN, damaged


def _numbers(visit: Visit) -> list[Number]:
    now, words = visit.parts.now(), visit.words
    days = [time.strftime("%Y-%m-%d", time.gmtime(now - back * 86_400)) for back in range(DAYS)]
    return [
        _count(words.say("rejected", count=DAYS), [f"rejected/{day}/" for day in days], visit.parts),
        _count(words.pending, ["pending/"], visit.parts),
        _count(words.expiring, ["expiring/"], visit.parts),
    ]


def _count(name: str, prefixes: list[str], parts: ConsoleParts) -> Number:
    keys = (key for prefix in prefixes for key in parts.store.keys(prefix))
    count = sum(1 for _ in islice(keys, MOST))
    return Number(name, count, count >= MOST)
