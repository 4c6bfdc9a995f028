"""The index of the ledger: one appendable object a day, a line for each incident that was opened or settled that day.

Listing a ledger reads these few objects and no journal. A line is a copy, of which the journal is the truth; the same
line may stand twice, and the last one of an incident counts.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator

import msgspec

from rolemend.account.interface import ObjectStore
from rolemend.errors import NotThere
from rolemend.incident.life import ChangeNote, Incident
from rolemend.signals.denial import BucketTarget, ClusterTarget, Denial

PREFIX = "index/"
_KEY = re.compile(r"index/([0-9]{4}-[0-9]{2}-[0-9]{2})\.jsonl", re.ASCII)


class ChangeLine(msgspec.Struct, frozen=True, kw_only=True):
    """A change as it is listed; `at` is in epoch seconds."""

    id: str
    at: float
    role: str
    kind: str
    name: str
    outcome: str


class IncidentLine(msgspec.Struct, frozen=True, kw_only=True):
    """An incident as it is listed; `touched` and `last` are in epoch seconds, `target` is what was denied."""

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
        target=_target(denial),
        code=denial.code,
        cause=(incident.diagnosis.cause if incident.diagnosis else None) or "",
        changes=tuple(map(_change_line, incident.changes)),
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
    )


def _target(denial: Denial) -> str:
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
            self._store.add(f"{PREFIX}{day}.jsonl", b"".join(lines))

    def newest_first(self, since: str = "") -> Iterator[IncidentLine]:
        """The last line of each incident that the index knows from the day `since` (`2026-01-31`) on, the newest first.

        A day is read when it is reached. A line that cannot be read is passed over: the journal is the truth.
        """
        seen: set[str] = set()
        for day in sorted(self._days(), reverse=True):
            if day < since:
                return
            for line in self._lines(day):
                if line.id not in seen:
                    seen.add(line.id)
                    yield line

    def _days(self) -> Iterator[str]:
        for key in self._store.keys(PREFIX):
            if match := _KEY.fullmatch(key):
                yield match[1]

    def _lines(self, day: str) -> Iterator[IncidentLine]:
        """The lines of a day, the last first."""
        try:
            data = self._store.read(f"{PREFIX}{day}.jsonl")
        except NotThere:
            return
        for line in reversed(data.split(b"\n")):
            try:
                yield _decoder.decode(line)
            except (msgspec.DecodeError, UnicodeDecodeError):  # noqa: PERF203
                continue
