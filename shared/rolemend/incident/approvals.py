"""What people decided on a plan: a journal for each incident under `approvals/`, where no function may write.

A decision is bound to the plan's hash and to the round of the incident, so that none counts a second time.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import msgspec

from rolemend.account.interface import ObjectStore
from rolemend.errors import AlreadyDecided, UnknownIncident
from rolemend.incident.book import Book
from rolemend.incident.journal import Line
from rolemend.incident.life import Incident

_ID = re.compile(r"inc-[0-9a-f]{24}")


class Approve(msgspec.Struct, frozen=True, kw_only=True, tag="approve", omit_defaults=True):
    """`link` is the id of the one-time link it came through, "" for none."""

    plan: str
    round: int
    link: str = ""


class Reject(msgspec.Struct, frozen=True, kw_only=True, tag="reject", omit_defaults=True):
    plan: str
    round: int
    reason: str = ""
    link: str = ""


Decision = Approve | Reject
_decoder = msgspec.json.Decoder(Line[Decision])


class Approvals:
    """Reads and extends them. All raise LedgerError or AccountError."""

    def __init__(self, store: ObjectStore, by: str, now: Callable[[], float]) -> None:
        self._book = Book(store, _decoder, by, now)

    def latest(self, incident: Incident) -> Line[Decision] | None:
        """The last decision on the plan that the incident has now."""
        if incident.plan is None:
            return None
        bound = (incident.plan.hash, incident.round)
        lines = self._book.read(_key(incident.id)).entries
        return next((line for line in reversed(lines) if (line.fact.plan, line.fact.round) == bound), None)

    def decisions(self, incident_id: str) -> tuple[Line[Decision], ...]:
        """All that was ever decided on an incident's plans, in order."""
        return self._book.read(_key(incident_id)).entries

    def decide_once(self, incident: Incident, decision: Decision) -> None:
        """Record the first decision on a plan. Raises AlreadyDecided if there is one, which this append proves."""
        bound = (decision.plan, decision.round)

        def add(lines: tuple[Line[Decision], ...]) -> list[Decision]:
            for line in lines:
                if (line.fact.plan, line.fact.round) == bound:
                    raise AlreadyDecided(line.by, line.fact.link)
            return [decision]

        self._book.extend(_key(incident.id), add)

    def decide(self, incident: Incident, decision: Decision) -> None:
        """Record a decision, once however often it is made."""

        def add(lines: tuple[Line[Decision], ...]) -> list[Decision]:
            return [] if lines and lines[-1].fact == decision else [decision]

        self._book.extend(_key(incident.id), add)


def _key(incident_id: str) -> str:
    if not _ID.fullmatch(incident_id):
        raise UnknownIncident(f"not an incident id: {incident_id[:80]!r}")
    return f"approvals/{incident_id}.jsonl"
