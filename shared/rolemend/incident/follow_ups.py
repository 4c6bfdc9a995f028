"""When an incident that people were told of is looked at again: was it denied since, or is it over?

A marker's key begins with the time it is due, so that a look reads no more than what is due.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from rolemend.account.interface import ObjectStore

STEPS = (900, 3_600, 14_400)
"""Seconds until the first look, the second and so on; the last step repeats while the incident goes on."""
_KEY = re.compile(r"told/([0-9]{10})-([0-9])-(inc-[0-9a-f]{24})-([0-9]+)", re.ASCII)


class FollowUp(msgspec.Struct, frozen=True, kw_only=True):
    """`due` in epoch seconds; `round` of the incident that people were told of."""

    incident: str
    round: int
    due: int
    step: int = 0

    @property
    def key(self) -> str:
        return f"told/{self.due:010d}-{self.step}-{self.incident}-{self.round}"


class FollowUps:
    """All methods raise AccountError."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    def begin(self, incident: str, number: int, now: float) -> None:
        self._store.put(FollowUp(incident=incident, round=number, due=int(now) + STEPS[0]).key, b"")

    def due(self, now: float) -> Iterator[FollowUp]:
        """What is due, the oldest first."""
        for key in self._store.keys("told/"):
            if (found := _KEY.fullmatch(key)) is None:
                continue
            due, step, incident, number = found.groups()
            if int(due) > now:
                return
            yield FollowUp(incident=incident, round=int(number), due=int(due), step=int(step))

    def again(self, done: FollowUp, now: float) -> None:
        """Look again a step later. The new marker comes before the old one goes: a stop between loses neither."""
        step = min(done.step + 1, len(STEPS) - 1)
        later = msgspec.structs.replace(done, due=int(now) + STEPS[step], step=step)
        self._store.put(later.key, b"")
        self.end(done)

    def end(self, done: FollowUp) -> None:
        self._store.delete(done.key)
