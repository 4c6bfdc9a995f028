"""Lists of incidents and changes, from the index; what is being worked on comes from its journals."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice

import msgspec

from rolemend.console.parts import ConsoleParts
from rolemend.errors import LedgerDamaged, UnknownIncident
from rolemend.incident.index import ChangeLine, IncidentLine, decode_line, line_of

MOST_OPEN = 20
"""Journals that are read for one list."""
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What a list is narrowed to; `words` in small letters, "" for whatever does not matter."""

    words: str = ""
    state: str = ""
    cause: str = ""
    since: str = ""

    def fits(self, line: IncidentLine) -> bool:
        if self.state not in ("", line.state) or self.cause not in ("", line.cause):
            return False
        text = f"{line.who}\n{line.action}\n{line.target}\n{line.code}\n{line.id}\n{line.cause}"
        return self.words in text.casefold()

    def may_fit(self, line: bytes) -> bool:
        """Quickly, before a line is decoded. A state and a cause have no letter that JSON writes in two ways."""
        return _told(b"state", self.state, line) and _told(b"cause", self.cause, line)


def _told(name: bytes, value: str, line: bytes) -> bool:
    return not value or b'"%b":"%b"' % (name, value.encode("utf-8", "replace")) in line


class Page(msgspec.Struct, frozen=True):
    """One page of a list. `more_open`: not everything that is being worked on is shown."""

    lines: tuple[IncidentLine, ...]
    more: bool
    more_open: bool = False


class Changed(msgspec.Struct, frozen=True):
    """A change, and the incident that it was made for."""

    change: ChangeLine
    incident: IncidentLine


def day_or_nothing(given: str) -> str:
    return given if _DAY.fullmatch(given) else ""


def incidents(wanted: Wanted, number: int, size: int, parts: ConsoleParts) -> Page:
    """The page with this number, from 1. Raises AccountError."""
    opened, more_open = at_work(parts)
    current = {line.id: line for line in opened}
    settled = (line for line in _decoded(wanted, parts) if line.id not in current and wanted.fits(line))
    both = _chained((line for line in opened if wanted.fits(line)), settled)
    lines = tuple(islice(both, (number - 1) * size, number * size + 1))
    return Page(lines[:size], len(lines) > size, more_open)


def _chained(first: Iterable[IncidentLine], rest: Iterable[IncidentLine]) -> Iterator[IncidentLine]:
    yield from first
    yield from rest


def _decoded(wanted: Wanted, parts: ConsoleParts) -> Iterator[IncidentLine]:
    lines = (line for line in parts.index.lines(wanted.since) if wanted.may_fit(line))
    return (line for line in map(decode_line, lines) if line is not None)


def at_work(parts: ConsoleParts) -> tuple[list[IncidentLine], bool]:
    """The incidents that are not settled, as their journals tell them, and whether there are more than were read."""
    from concurrent.futures import ThreadPoolExecutor

    ids = list(islice(parts.ledger.open_ids(), MOST_OPEN + 1))
    with ThreadPoolExecutor(8) as pool:
        loaded = list(pool.map(lambda each: _loaded(each, parts), ids[:MOST_OPEN])) if ids else []
    return [line for line in loaded if line is not None], len(ids) > MOST_OPEN


def _loaded(incident_id: str, parts: ConsoleParts) -> IncidentLine | None:
    try:
        incident = parts.ledger.load(incident_id)
    except (UnknownIncident, LedgerDamaged):
        return None
    return line_of(incident) if incident.denial is not None else None


def changes(number: int, size: int, parts: ConsoleParts) -> tuple[tuple[Changed, ...], bool]:
    """Changes, those of the incidents touched last first. Raises AccountError."""
    wanted = (line for line in parts.index.lines() if b'"changes":[]' not in line)
    lines = (line for line in map(decode_line, wanted) if line is not None)
    found = (Changed(change, line) for line in lines for change in reversed(line.changes))
    page = tuple(islice(found, (number - 1) * size, number * size + 1))
    return page[:size], len(page) > size
