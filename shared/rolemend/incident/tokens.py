"""How many messages a robot takes in a minute, counted for all instances in the ledger.

Each minute has an object of its own. Who wants to send appends a line at exactly the position that was read; who loses
that race counts again. The minute before counts too, so that no sixty seconds hold more than the limit.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from rolemend.account.interface import ObjectStore
from rolemend.errors import Conflict, NotThere

WINDOW = 60
KEPT = 600
"""For so many seconds the objects of past minutes are kept."""


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """One message that was sent, or was about to be, at `at` (epoch seconds)."""

    at: float
    message: str


_decoder = msgspec.json.Decoder(Token)


class Tokens:
    """All methods raise AccountError."""

    def __init__(self, store: ObjectStore, now: Callable[[], float]) -> None:
        self._store = store
        self._now = now

    def take(self, robot: str, message: str, limit: int) -> bool:
        """Whether a message may be sent now; if so, it is counted.

        Every lost race is a token that another instance took, so at most `limit` of them are lost. A token whose
        append had no answer may stand or not: Unreachable, and no message.
        """
        for _ in range(limit + 1):
            now = self._now()
            minute = int(now // WINDOW)
            current, before = self._read(robot, minute), self._read(robot, minute - 1)
            sent = [*_tokens(before), *_tokens(current)]
            if sum(token.at > now - WINDOW for token in sent) >= limit:
                return False
            line = msgspec.json.encode(Token(at=now, message=message)) + b"\n"
            try:
                self._store.append(_key(robot, minute), len(current), line)
            except Conflict:
                continue
            return True
        return False

    def drop_old(self, robot: str) -> None:
        """Delete the objects of minutes long past."""
        oldest = _key(robot, int((self._now() - KEPT) // WINDOW))
        for key in list(self._store.keys(f"tokens/{robot}/")):
            if key < oldest:
                self._store.delete(key)

    def _read(self, robot: str, minute: int) -> bytes:
        try:
            return self._store.read(_key(robot, minute))
        except NotThere:
            return b""


def _tokens(data: bytes) -> list[Token]:
    return [_decoder.decode(line) for line in data.splitlines()]


def _key(robot: str, minute: int) -> str:
    return f"tokens/{robot}/{minute:010d}.jsonl"
