"""One writer for each role at a time: a journal for each role says who may change it, and until when.

RAM takes no fencing token. So the lease is longer than a function may run, its holder looks again right before its one
write, and the next holder's entry in the same journal tells an overtaken one to stop.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from contextlib import suppress

import msgspec

from rolemend.account.interface import ObjectStore
from rolemend.errors import AccountError, LeaseLost, LedgerError, RoleBusy
from rolemend.incident.book import Book
from rolemend.incident.journal import Line

LEASE_SECONDS = 180
"""Longer than `remediate` may run (120 seconds), so that a lease is over only when its holder is."""

_ROLE_NAME = re.compile(r"[a-z0-9.\-]{1,64}", re.ASCII)


class Leased(msgspec.Struct, frozen=True, kw_only=True, tag="leased"):
    """A writer begins, for an incident; its lease ends at `until` (epoch seconds by its clock)."""

    holder: str
    incident: str
    until: float


class Released(msgspec.Struct, frozen=True, kw_only=True, tag="released"):
    """The writer is done; `change` is what it made, "" if nothing."""

    holder: str
    change: str = ""


RoleFact = Leased | Released
_decoder = msgspec.json.Decoder(Line[RoleFact])


class Lease(msgspec.Struct, frozen=True, kw_only=True):
    """A held lease; `changes` are the times of the changes that the role's journal tells, each once however often it
    was verified, `before` is that of its last entry before this lease (0.0: none).
    """

    role: str
    holder: str
    until: float
    changes: tuple[float, ...] = ()
    before: float = 0.0

    def changes_since(self, moment: float) -> int:
        return sum(time >= moment for time in self.changes)


class Leases:
    """Gives and ends leases. All raise LedgerError or AccountError."""

    def __init__(self, store: ObjectStore, by: str, now: Callable[[], float]) -> None:
        self._book = Book(store, _decoder, by, now)
        self._now = now
        self._foreseen: set[str] = set()

    def foresee(self, role: str) -> None:
        """Read the role's journal, so that the next `take` can begin with it. What cannot be read is left to that."""
        with suppress(LedgerError, AccountError):
            self._book.read(_key(role))
            self._foreseen.add(_key(role))

    def take(self, role: str, incident: str) -> Lease:
        """Raises RoleBusy while somebody else holds the role's lease. That nobody does is seen in the journal at the
        position at which the lease is appended.
        """
        mine = Leased(holder=uuid.uuid4().hex, incident=incident, until=self._now() + LEASE_SECONDS)

        def decide(lines: tuple[Line[RoleFact], ...]) -> list[RoleFact]:
            holder = _holder(lines)
            if holder is not None and self._now() < holder.until:
                raise RoleBusy(
                    f"role {role} is being changed for incident {holder.incident}; try again later"
                )
            return [mine]

        if _key(role) not in self._foreseen:
            self._book.read(_key(role))
        self._foreseen.discard(_key(role))
        lines = self._book.extend(_key(role), decide)
        changes: dict[str, float] = {}
        for line in lines:
            if isinstance(line.fact, Released) and line.fact.change:
                changes.setdefault(line.fact.change, line.time)
        earlier = [line.time for line in lines if line.fact != mine]
        before = earlier[-1] if earlier else 0.0
        times = tuple(changes.values())
        return Lease(role=role, holder=mine.holder, until=mine.until, changes=times, before=before)

    def around(self, role: str, moment: float, slack: float) -> tuple[str, ...]:
        """The incidents for which the role was leased at a moment, give or take `slack` seconds; each once."""
        lines = self._book.read(_key(role)).entries
        ended = {line.fact.holder: line.time for line in lines if isinstance(line.fact, Released)}
        found = (
            line.fact.incident
            for line in lines
            if isinstance(line.fact, Leased)
            and line.time - slack <= moment <= ended.get(line.fact.holder, line.fact.until) + slack
        )
        return tuple(dict.fromkeys(found))

    def check(self, lease: Lease) -> None:
        """Raises LeaseLost if the lease is over, or another writer holds one by now."""
        holder = _holder(self._book.read(_key(lease.role)).entries)
        if holder is None or holder.holder != lease.holder or self._now() >= lease.until:
            raise LeaseLost(f"the time to change role {lease.role} is over")

    def release(self, lease: Lease, change: str = "") -> None:
        """End a lease; one that another writer has taken over is left alone."""

        def decide(lines: tuple[Line[RoleFact], ...]) -> list[RoleFact]:
            holder = _holder(lines)
            mine = holder is not None and holder.holder == lease.holder
            return [Released(holder=lease.holder, change=change)] if mine or change else []

        self._book.extend(_key(lease.role), decide)


def _holder(lines: tuple[Line[RoleFact], ...]) -> Leased | None:
    """The last lease that was not released."""
    ended = {line.fact.holder for line in lines if isinstance(line.fact, Released)}
    taken = (line.fact for line in reversed(lines) if isinstance(line.fact, Leased))
    last = next(taken, None)
    return None if last is None or last.holder in ended else last


def _key(role: str) -> str:
    name = role.lower()
    if not _ROLE_NAME.fullmatch(name):
        raise LedgerError(f"{role[:80]!r} is no name of a role")
    return f"roles/{name}.jsonl"
