"""The messages that wait for a channel: those over its limit, and those that it did not take.

Lines are appended, so nobody who waits disturbs another; how far a channel has told them stands in its own journal.
They are spread over sixteen objects a day, because appends to one object come one after the other.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from rolemend.account.interface import ObjectStore
from rolemend.errors import NotThere
from rolemend.incident.index import target_of
from rolemend.incident.life import Incident

NOTICE = "notice"
"""The kind of a message that is about no denial: a failure of a function, or what an audit found."""


class WaitingMessage(msgspec.Struct, frozen=True, kw_only=True):
    """What a digest tells of one message. `count` are its incident's denials; `unsure` says that it was sent once
    without an answer. Of a notice `whole` is the message itself, in the channel's language; `first` and `last` are when
    it came to wait, and what tells of a denial is "".
    """

    message: str
    incident: str
    kind: str
    severity: str
    count: int
    first: int
    last: int
    who: str
    action: str
    target: str
    code: str
    cause: str = ""
    role: str = ""
    unsure: bool = False
    whole: dict[str, Any] = {}


def waiting_notice(
    message: str, incident: str, severity: str, whole: dict[str, Any], now: float, *, unsure: bool = False
) -> WaitingMessage:
    """A message about no denial; `incident` may be ""."""
    return WaitingMessage(
        message=message,
        incident=incident,
        kind=NOTICE,
        severity=severity,
        count=0,
        first=int(now),
        last=int(now),
        who="",
        action="",
        target="",
        code="",
        unsure=unsure,
        whole=whole,
    )


def waiting_message(
    incident: Incident, message: str, kind: str, severity: str, *, unsure: bool = False
) -> WaitingMessage:
    """An incident with a denial, as a digest tells it."""
    denial = incident.denial
    assert denial is not None
    who = denial.principal
    return WaitingMessage(
        message=message,
        incident=incident.id,
        kind=kind,
        severity=severity,
        count=incident.count,
        first=incident.first,
        last=incident.last,
        who=who.name or who.id or who.type,
        action=denial.action,
        target=target_of(denial),
        code=denial.code,
        cause=(incident.diagnosis.cause if incident.diagnosis else None) or "",
        role=who.name if who.type == "assumed_role" else getattr(denial.target, "role", ""),
        unsure=unsure,
    )


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """What waits for a channel; `ends` are the lengths in bytes up to which the objects were read."""

    lines: tuple[WaitingMessage, ...]
    ends: dict[str, int]


_decoder = msgspec.json.Decoder(WaitingMessage)


class WaitingMessages:
    """All methods raise AccountError."""

    def __init__(self, store: ObjectStore, now: Callable[[], float]) -> None:
        self._store = store
        self._now = now

    def add(self, channel: str, line: WaitingMessage) -> None:
        """After a lost answer the line may stand twice; a message is told once all the same."""
        day = time.strftime("%Y-%m-%d", time.gmtime(self._now()))
        key = f"waiting/{channel}/{day}/{line.incident[-1:] or '0'}.jsonl"
        self._store.add(key, msgspec.json.encode(line) + b"\n")

    def names(self) -> frozenset[str]:
        """The channels for which something waits, or waited in the last days."""
        return frozenset(key.split("/")[1] for key in self._store.keys("waiting/"))

    def after(self, channel: str, told: Mapping[str, int]) -> Batch:
        """All that waits after what was told."""
        return self._between(told, dict.fromkeys(self._store.keys(f"waiting/{channel}/"), -1))

    def between(self, told: Mapping[str, int], ends: Mapping[str, int]) -> Batch:
        """Exactly what was read once before, up to `ends`."""
        return self._between(told, ends)

    def _between(self, told: Mapping[str, int], ends: Mapping[str, int]) -> Batch:
        lines: dict[str, WaitingMessage] = {}
        read: dict[str, int] = {}
        for key, end in ends.items():
            data = self._read(key)
            read[key] = len(data) if end < 0 else end
            lines |= {line.message: line for line in _lines(data[told.get(key, 0) : read[key]])}
        return Batch(lines=tuple(lines.values()), ends=read)

    def _read(self, key: str) -> bytes:
        try:
            return self._store.read(key)
        except NotThere:
            return b""

    def drop_told(self, ends: Mapping[str, int]) -> tuple[str, ...]:
        """Delete the objects of days before yesterday, to which nobody appends any more. Answers which."""
        oldest = time.strftime("%Y-%m-%d", time.gmtime(self._now() - 86_400))
        old = tuple(key for key in ends if key.split("/")[2] < oldest)
        for key in old:
            self._store.delete(key)
        return old


def _lines(data: bytes) -> Iterator[WaitingMessage]:
    return map(_decoder.decode, data.splitlines())


def write_digest(store: ObjectStore, digest: str, lines: Sequence[WaitingMessage]) -> None:
    """Keep what a digest stands for. Raises AccountError."""
    store.put(_digest_key(digest), b"".join(msgspec.json.encode(line) + b"\n" for line in lines))


def read_digest(store: ObjectStore, digest: str) -> tuple[WaitingMessage, ...]:
    """What a digest stood for. Raises NotThere or another AccountError."""
    return tuple(_lines(store.read(_digest_key(digest))))


def _digest_key(digest: str) -> str:
    return f"digests/{digest}.jsonl"
