"""How many messages a robot takes in a minute, counted for all instances in the ledger.

Each minute has an object of its own. Who wants to send appends a line at exactly the position that was read; who loses
that race counts again. The minute before counts too, so that no sixty seconds hold more than the limit.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

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

    def __init__(
        self, store: ObjectStore, now: Callable[[], float], sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._store = store
        self._now = now
        self._sleep = sleep

    def take(self, robot: str, message: str, limit: int, apart: float = 0.0) -> bool:
        """Whether a message may be sent now; if so, it is counted. It waits until `apart` seconds after the last one.

        Every lost race and every wait is for a token that another instance took, so there are at most `limit` of each.
        A token whose append had no answer may stand or not: Unreachable, and no message.
        """
        for _ in range(2 * limit + 1):
            now = self._now()
            minute = int(now // WINDOW)
            current, before = self._read(robot, minute), self._read(robot, minute - 1)
            sent = [*_tokens(before), *_tokens(current)]
            if sum(token.at > now - WINDOW for token in sent) >= limit:
                return False
            if (pause := _pause(sent, now, apart)) > 0:
                self._sleep(pause)
                continue
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


def _pause(sent: Iterable[Token], now: float, apart: float) -> float:
    """Seconds until the next message may follow; another instance's clock that is ahead counts for nothing."""
    return max((token.at for token in sent if token.at <= now), default=0.0) + apart - now


def _key(robot: str, minute: int) -> str:
    return f"tokens/{robot}/{minute:010d}.jsonl"
