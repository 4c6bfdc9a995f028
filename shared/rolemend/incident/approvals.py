"""What people decided on a plan: a journal for each incident under `approvals/`, where no function may write.

A decision is bound to the plan's hash, to the round of the incident and to its journal, so that none counts a second
time: where a journal has expired, the same denial begins another one, with the same round and often the same plan. A
wish to take a change back is bound to the change, its plan's hash and what had become of it, so that it counts once
too.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import cast

import msgspec

from rolemend.account.interface import ObjectStore
from rolemend.errors import AlreadyDecided, UnknownIncident
from rolemend.incident.book import Book
from rolemend.incident.journal import Line
from rolemend.incident.life import ChangeNote, Incident

_ID = re.compile(r"inc-[0-9a-f]{24}")


class Approve(msgspec.Struct, frozen=True, kw_only=True, tag="approve", omit_defaults=True):
    """`link` is the id of the one-time link it came through, "" for none; `journal` is that of the first entry of the
    incident's journal, "" in what an earlier version wrote."""

    plan: str
    round: int
    link: str = ""
    journal: str = ""


class Reject(msgspec.Struct, frozen=True, kw_only=True, tag="reject", omit_defaults=True):
    plan: str
    round: int
    reason: str = ""
    link: str = ""
    journal: str = ""


class RollBack(msgspec.Struct, frozen=True, kw_only=True, tag="roll_back"):
    """Asks `remediate` to take a change back; `outcome` is what the change's note said when that was asked."""

    change: str
    plan: str
    outcome: str


Decision = Approve | Reject
_decoder = msgspec.json.Decoder(Line[Approve | Reject | RollBack])


class Approvals:
    """Reads and extends them. All raise LedgerError or AccountError."""

    def __init__(self, store: ObjectStore, by: str, now: Callable[[], float]) -> None:
        self._book = Book(store, _decoder, by, now)

    def latest(self, incident: Incident) -> Line[Decision] | None:
        """The last decision on the plan that the incident has now."""
        if incident.plan is None:
            return None
        bound = (incident.plan.hash, incident.round)
        decisions = self.standing(incident)
        return next((line for line in reversed(decisions) if _bound(line) == bound), None)

    def standing(self, incident: Incident) -> tuple[Line[Decision], ...]:
        """What was decided on plans of this journal of the incident, in order."""
        return tuple(line for line in self.decisions(incident.id) if _is_on(line, incident))

    def decisions(self, incident_id: str) -> tuple[Line[Decision], ...]:
        """All that was ever decided on an incident's plans, in order."""
        return _decisions(self._book.read(_key(incident_id)).entries)

    def decide_once(self, incident: Incident, decision: Decision) -> None:
        """Record the first decision on a plan. Raises AlreadyDecided if there is one, which this append proves."""
        bound = (decision.plan, decision.round)

        def add(lines: _Lines) -> list[Decision | RollBack]:
            on_it = (line for line in _decisions(lines) if _is_on(line, incident))
            before = [line for line in on_it if _bound(line) == bound]
            if before:
                raise already_decided(before[-1])
            return [_on_journal(decision, incident)]

        self._book.extend(_key(incident.id), add)

    def decide(self, incident: Incident, decision: Decision | RollBack) -> None:
        """Record a decision, once however often it is made."""
        bound = decision if isinstance(decision, RollBack) else _on_journal(decision, incident)

        def add(lines: _Lines) -> list[Decision | RollBack]:
            return [] if lines and lines[-1].fact == bound else [bound]

        self._book.extend(_key(incident.id), add)

    def roll_back_of(self, incident: Incident, note: ChangeNote) -> Line[RollBack] | None:
        """The wish to take back this change as it stands now."""
        wanted = RollBack(change=note.id, plan=note.plan.hash, outcome=note.outcome)
        lines = self._book.read(_key(incident.id)).entries
        found = [line for line in lines if isinstance(line.fact, RollBack) and line.fact == wanted]
        return cast("Line[RollBack]", found[-1]) if found else None


_Lines = tuple[Line[Approve | Reject | RollBack], ...]


def kind_of(decision: Decision) -> str:
    """`approve` or `reject`."""
    return "approve" if isinstance(decision, Approve) else "reject"


def already_decided(line: Line[Decision]) -> AlreadyDecided:
    """The error that says which decision stands."""
    return AlreadyDecided(line.by, kind_of(line.fact), line.fact.link)


def _decisions(lines: _Lines) -> tuple[Line[Decision], ...]:
    return tuple(cast("Line[Decision]", line) for line in lines if not isinstance(line.fact, RollBack))


def _on_journal(decision: Decision, incident: Incident) -> Decision:
    return msgspec.structs.replace(decision, journal=incident.journal)


def _is_on(line: Line[Decision], incident: Incident) -> bool:
    """Whether it was decided on this journal of the incident. What names none is of an earlier version: it does not
    count if it is older than the journal."""
    return line.fact.journal == incident.journal if line.fact.journal else line.time >= incident.began


def _bound(line: Line[Decision]) -> tuple[str, int]:
    return line.fact.plan, line.fact.round


def _key(incident_id: str) -> str:
    if not _ID.fullmatch(incident_id):
        raise UnknownIncident(f"not an incident id: {incident_id[:80]!r}")
    return f"approvals/{incident_id}.jsonl"
