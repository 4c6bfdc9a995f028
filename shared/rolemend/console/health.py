"""The page on the system itself: when each source was heard last, what waits, which channels take no messages, which
functions failed, and what was kept aside."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

import msgspec

from rolemend.console import listing as lists
from rolemend.console.parts import ConsoleParts
from rolemend.console.visit import Visit
from rolemend.console.words import SOURCES
from rolemend.errors import AccountError, LedgerDamaged, LedgerError, UnknownIncident
from rolemend.incident.channels import Channels, State, is_dead
from rolemend.incident.failures import DAYS, Failures
from rolemend.incident.index import IncidentLine
from rolemend.incident.journal import Opened, Reopened
from rolemend.incident.life import Incident, live
from rolemend.incident.waiting import WaitingMessages

if TYPE_CHECKING:
    from starlette.responses import Response

T = TypeVar("T")

NEWEST = 1000
"""Incidents among which the sources are looked for."""
MOST = 1000


class Heard(msgspec.Struct, frozen=True, kw_only=True):
    """A source: its last denial in epoch seconds, 0 for none, and how many seconds later that was noticed."""

    source: str
    last: int = 0
    lag: float = 0.0
    incident: str = ""


class ChannelLine(msgspec.Struct, frozen=True, kw_only=True):
    """A channel: how it fares, whether it is dead, and how many messages wait for it."""

    name: str
    state: State
    dead: bool
    waiting: int


class Number(msgspec.Struct, frozen=True):
    """How many objects lie under a prefix; `more`: at least so many."""

    name: str
    count: int
    more: bool


def show(visit: Visit) -> Response:
    """Raises AccountError."""
    parts = visit.parts
    opened, more_open, damaged = _at_work(parts)
    lines, no_channels = _read(lambda: channels(parts))
    failed, no_failures = _read(Failures(parts.store, parts.now).newest)
    return visit.page(
        "health.html",
        sources=sources(parts),
        newest=NEWEST,
        opened=opened,
        more_open=more_open,
        damaged=damaged,
        numbers=_numbers(visit),
        channels=lines,
        failures=failed,
        unread={"channels": no_channels, "failures": no_failures},
        days=DAYS,
    )


def _read(read: Callable[[], tuple[T, ...]]) -> tuple[tuple[T, ...], str]:
    """What was read, or nothing and why: the rest of the page stands without it."""
    try:
        return read(), ""
    except (AccountError, LedgerError, msgspec.DecodeError) as error:
        return (), str(error)


def channels(parts: ConsoleParts) -> tuple[ChannelLine, ...]:
    """Each channel that the ledger knows of: those that had a digest or failed, and those for which something waits.

    Raises LedgerError or AccountError.
    """
    journals, waiting = Channels(parts.store, "console", parts.now), WaitingMessages(parts.store, parts.now)
    lines = []
    for name in sorted(journals.names() | waiting.names()):
        state = journals.load(name)
        count = len(waiting.after(name, state.told).lines)
        lines.append(ChannelLine(name=name, state=state, dead=is_dead(state, parts.now()), waiting=count))
    return tuple(lines)


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


def _at_work(parts: ConsoleParts) -> tuple[list[Incident], bool, list[str]]:
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
        opened.append(live(incident_id, entries))
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
