"""The index of the ledger: one appendable object a day, a line for each incident that was opened or settled that day.

Listing a ledger reads these few objects and no journal. A line is a copy, of which the journal is the truth; the same
line may stand twice, and the last one of an incident counts.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from functools import partial

import msgspec

from rolemend.account.interface import ObjectStore
from rolemend.errors import NotThere
from rolemend.incident.life import ChangeNote, Incident
from rolemend.signals.denial import BucketTarget, ClusterTarget, Denial
from rolemend.together import MOST, together

PREFIX = "index/"
_KEY = re.compile(r"index/([0-9]{4}-[0-9]{2}-[0-9]{2})\.jsonl", re.ASCII)


class ChangeLine(msgspec.Struct, frozen=True, kw_only=True):
    """A change as it is listed; `at` is in epoch seconds, `seconds` how long it took from the denial until the call was
    seen to be allowed again (0.0: it was not)."""

    id: str
    at: float
    role: str
    kind: str
    name: str
    outcome: str
    seconds: float = 0.0


class IncidentLine(msgspec.Struct, frozen=True, kw_only=True):
    """An incident as it is listed; `touched` and `last` are in epoch seconds, `target` is what was denied, `source`
    where its denial was read."""

    id: str
    touched: float
    state: str
    round: int
    count: int
    last: int
    who: str
    action: str
    target: str
    code: str
    cause: str = ""
    changes: tuple[ChangeLine, ...] = ()
    source: str = ""


_decoder = msgspec.json.Decoder(IncidentLine)


def line_of(incident: Incident) -> IncidentLine:
    """An incident with a denial as one line."""
    denial = incident.denial
    assert denial is not None
    return IncidentLine(
        id=incident.id,
        touched=incident.touched,
        state=incident.state,
        round=incident.round,
        count=incident.count,
        last=incident.last,
        who=denial.principal.name or denial.principal.id or denial.principal.type,
        action=denial.action,
        target=target_of(denial),
        code=denial.code,
        cause=(incident.diagnosis.cause if incident.diagnosis else None) or "",
        changes=tuple(map(_change_line, incident.changes)),
        source=denial.source,
    )


def _change_line(note: ChangeNote) -> ChangeLine:
    write = note.plan.write
    return ChangeLine(
        id=note.id,
        at=note.at,
        role=note.plan.remedy.role,
        kind=write.kind,
        name=write.name,
        outcome=note.outcome,
        seconds=max(0.0, note.verified - note.denied) if note.verified and note.denied else 0.0,
    )


def target_of(denial: Denial) -> str:
    """What was denied, in one line."""
    target = denial.target
    if isinstance(target, BucketTarget):
        return f"oss://{target.bucket}/{target.key}"
    if isinstance(target, ClusterTarget):
        return f"{target.release} with role {target.role}"
    return f"{target.workspace} {target.job_run}"


class Index:
    """Writes and reads the index. Every method raises AccountError."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    def add(self, incidents: Iterable[Incident], now: float) -> None:
        """Add a line for each, in one append; incidents that nobody opened have none."""
        lines = [msgspec.json.encode(line_of(one)) + b"\n" for one in incidents if one.denial is not None]
        if lines:
            day = time.strftime("%Y-%m-%d", time.gmtime(now))
            self._store.add(_key(day), b"".join(lines))

    def newest_first(self, since: str = "") -> Iterator[IncidentLine]:
        """The last line of each incident that the index knows from the day `since` (`2026-01-31`) on, the newest first.

        Days are read when they are reached, some at once. A line that cannot be read is passed over: the journal is
        the truth.
        """
        for line in self.lines(since):
            decoded = decode_line(line)
            if decoded is not None:
                yield decoded

    def lines(self, since: str = "") -> Iterator[bytes]:
        """As `newest_first`, but as they stand there: decoding is most of the work where few of many are wanted."""
        seen: set[bytes] = set()
        days = [day for day in sorted(self.days(), reverse=True) if day >= since]
        for day, end in self._ends(days):
            for line in self._lines(day, end):
                found = _ID.match(line)
                if found is not None and found[1] not in seen and line.endswith(b"}"):
                    seen.add(found[1])
                    yield line

    def of_day(self, day: str) -> Iterator[IncidentLine]:
        """The lines of one day, the last first; an incident may have several."""
        return (line for line in map(decode_line, self._lines(day, self._end(day))) if line is not None)

    def days(self) -> Iterator[str]:
        """The days of which there are lines, in no order."""
        for key in self._store.keys(PREFIX):
            if match := _KEY.fullmatch(key):
                yield match[1]

    def _ends(self, days: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        """Each day with what stands at its end. The further somebody reads, the more days are read at once: the first
        one mostly has all that is asked for."""
        begin, many = 0, 1
        while batch := days[begin : begin + many]:
            yield from zip(batch, together(*(partial(self._end, day) for day in batch)), strict=True)
            begin, many = begin + many, min(2 * many, MOST)

    def _end(self, day: str) -> bytes:
        """The last bytes of a day, nothing of one that is gone."""
        try:
            return self._store.read_end(_key(day), _END)
        except NotThere:
            return b""

    def _lines(self, day: str, end: bytes) -> Iterator[bytes]:
        """The lines of a day, the last first: those at its end, and the whole day where more are asked for.

        What is appended in between comes late, and lines that were given come again.
        """
        if len(end) < _END:
            yield from reversed(end.split(b"\n"))
            return
        yield from reversed(end.split(b"\n")[1:])
        with suppress(NotThere):
            yield from reversed(self._store.read(_key(day)).split(b"\n"))


def _key(day: str) -> str:
    return f"{PREFIX}{day}.jsonl"


_ID = re.compile(rb'\{"id":"(inc-[0-9a-f]{24})"')
_END = 64 * 1024
"""Bytes of a day that are read first: some two hundred lines."""


def decode_line(line: bytes) -> IncidentLine | None:
    """None for what is no line of the index."""
    try:
        return _decoder.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
