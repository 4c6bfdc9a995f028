"""Listing a ledger of 100,000 incidents through its daily index."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from itertools import islice

import msgspec

from bench.figure import Figure
from rolemend.incident.index import ChangeLine, IncidentLine, Index

INCIDENTS, DAYS, PAGE = 100_000, 400, 50
_SECONDS_A_DAY = 86_400
_NOW = 1_767_225_600


class Store:
    """Objects in memory, as far as the index reads them; `bytes` is how much was read."""

    def __init__(self, objects: dict[str, bytes]) -> None:
        self._objects = objects
        self.calls = self.bytes = 0

    def read(self, key: str) -> bytes:
        self.calls += 1
        self.bytes += len(self._objects[key])
        return self._objects[key]

    def read_end(self, key: str, length: int) -> bytes:
        self.calls += 1
        self.bytes += min(length, len(self._objects[key]))
        return self._objects[key][-length:]

    def keys(self, prefix: str) -> Iterator[str]:
        self.calls += 1
        return iter(sorted(self._objects))

    def append(self, key: str, position: int, data: bytes) -> None:
        raise NotImplementedError

    def add(self, key: str, data: bytes) -> None:
        raise NotImplementedError

    def put(self, key: str, data: bytes) -> None:
        raise NotImplementedError

    def delete(self, key: str) -> None:
        raise NotImplementedError


def listing() -> Iterable[Figure]:
    """The newest page, and the whole ledger beside merely decoding the same lines."""
    known = objects()
    store = Store(known)
    page = _seconds(lambda: list(islice(Index(store).newest_first(), PAGE)))
    yield Figure(f"newest {PAGE} of {INCIDENTS:,} incidents", page * 1000, "ms", bar=100)
    yield Figure("calls for that", store.calls, "calls", bar=3)
    whole = _seconds(lambda: sum(1 for _ in Index(Store(known)).newest_first()))
    plain = _seconds(lambda: _decode(known))
    yield Figure(f"all {INCIDENTS:,} incidents", whole, "s", ratio=whole / plain, bar=2.0, relative=True)


def _seconds(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def _decode(objects: dict[str, bytes]) -> None:
    decoder = msgspec.json.Decoder(IncidentLine)
    for data in objects.values():
        for line in data.splitlines():
            decoder.decode(line)


def objects(incidents: int = INCIDENTS, days: int = DAYS) -> dict[str, bytes]:
    """The objects of an index. Each incident has a line from when it was opened and one from when it was settled."""
    found: dict[str, list[bytes]] = {}
    for number in range(incidents):
        touched = _NOW - number * days * _SECONDS_A_DAY // incidents
        key = time.strftime("index/%Y-%m-%d.jsonl", time.gmtime(touched))
        lines = found.setdefault(key, [])
        lines.append(msgspec.json.encode(_line(number, touched, "verified")))
        lines.append(msgspec.json.encode(_line(number, touched, "open")))
    return {key: b"\n".join(reversed(lines)) + b"\n" for key, lines in found.items()}


def _line(number: int, touched: int, state: str) -> IncidentLine:
    change = ChangeLine(
        id=f"chg-{number:024x}-00000000",
        at=float(touched),
        role="emr-etl",
        kind="policy",
        name="emr-etl",
        outcome="verified",
    )
    return IncidentLine(
        id=f"inc-{number:024x}",
        touched=float(touched),
        state=state,
        round=1,
        count=17,
        last=touched,
        who="emr-etl",
        action="oss:ListObjects",
        target=f"oss://corp-data-{number}/warehouse/part-00000",
        code="AccessDenied",
        cause="permission_missing" if state == "verified" else "",
        changes=(change,) if state == "verified" else (),
    )
