"""Past events from files: ActionTrail's deliveries to OSS, and OSS's access log as it is exported from SLS.

ActionTrail writes gzip files of one JSON array each:
https://www.alibabacloud.com/help/en/actiontrail/user-guide/deliver-events-to-specified-alibaba-cloud-services .
What the filter of `watch` would hold back in SLS is dropped here by that same filter, and counted.
"""

from __future__ import annotations

import zlib
from calendar import timegm
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import strptime
from typing import Any

import msgspec

from localcloud.sls.spl import compile_script
from rolemend.signals import actiontrail, oss_access_log

TRAIL, ACCESS_LOG = "actiontrail", "oss_access_log"
_GZIP = b"\x1f\x8b"
_MOST_BYTES = 2 << 30
"""Of one file, unpacked. ActionTrail's are a few megabytes; a small file that unpacks to more is no log."""
_GZIP_WINDOW = 31


class _Head(msgspec.Struct, rename={"topic": "__topic__", "at": "__time__"}):
    """The members that tell what a record is and whether the filters let it pass; the others are only skipped."""

    eventName: Any = None
    eventVersion: Any = None
    event: Any = None
    http_status: Any = None
    operation: Any = None
    topic: Any = None
    at: Any = None


class Record(msgspec.Struct, frozen=True):
    """A record for a logstore: `log` is the trail's or the access log's, `time` in epoch seconds."""

    log: str
    time: int
    contents: dict[str, str]


class Trouble(msgspec.Struct, frozen=True):
    """A file of which nothing was taken, and why."""

    file: str
    why: str


@dataclass
class History:
    """What was read: `events` of the trail and `lines` of the access log, those the filters hold back among them."""

    records: list[Record] = field(default_factory=list)
    events: int = 0
    lines: int = 0
    held_back: int = 0
    files: int = 0
    troubles: list[Trouble] = field(default_factory=list)
    counted: dict[str, int] = field(default_factory=dict)
    """How many denials a record stands for, by its request id, where a log was aggregated."""


class _Unusable(Exception):
    """Why a file is none of a log."""


def files_of(paths: Iterable[Path]) -> Iterator[Path]:
    """The files that are named, and all in the folders that are."""
    for path in paths:
        if path.is_dir():
            yield from (each for each in sorted(path.rglob("*")) if each.is_file())
        else:
            yield path


def read_files(
    paths: Iterable[Path], *, whole: bool = False, progress: Callable[[int], None] = lambda count: None
) -> History:
    """Read files one after the other. With `whole`, nothing is held back here: SLS has the filter, too.

    A file that cannot be used is told in `troubles` and takes no other with it.
    """
    history, sieve = History(), _Sieve(whole)
    for path in files_of(paths):
        history.files += 1
        try:
            data = path.read_bytes()
            progress(len(data))
            sieve.take(_unpacked(data), history)
        except (OSError, _Unusable) as error:
            why = (error.strerror if isinstance(error, OSError) else "") or str(error)
            history.troubles.append(Trouble(str(path), why))
    history.records.sort(key=lambda record: record.time)
    return history


def add_events(events: Iterable[dict[str, Any]], history: History, *, whole: bool = False) -> None:
    """Events of ActionTrail's history (LookupEvents)."""
    encoded = msgspec.json.encode(list(events))
    _Sieve(whole).take(encoded, history)
    history.records.sort(key=lambda record: record.time)


def _unpacked(data: bytes) -> bytes:
    """A file's text; gzip may have several members, as `cat` makes them."""
    if not data.startswith(_GZIP):
        return data
    pieces, size = [], 0
    while data:
        unpacker = zlib.decompressobj(_GZIP_WINDOW)
        try:
            pieces.append(unpacker.decompress(data, _MOST_BYTES - size))
        except zlib.error as error:
            raise _Unusable(f"broken gzip: {error}") from error
        size += len(pieces[-1])
        if unpacker.unconsumed_tail or size >= _MOST_BYTES:
            raise _Unusable(f"more than {_MOST_BYTES >> 30} GB unpacked")
        if not unpacker.eof:
            raise _Unusable("broken gzip: the file ends too early")
        data = unpacker.unused_data
    return b"".join(pieces)


class _Sieve:
    """The two filters of `watch`, asked once for each value that they depend on."""

    def __init__(self, whole: bool) -> None:
        self._whole = whole
        self._trail = compile_script(actiontrail.PUSHED_DOWN).passes
        self._log = compile_script(oss_access_log.PUSHED_DOWN).passes
        self._known: dict[tuple[str, Any], bool] = {}
        self._array = msgspec.json.Decoder(list[_Head])
        self._lines = msgspec.json.Decoder(_Head)

    def take(self, text: bytes, history: History) -> None:
        """Take in one file's text. Raises _Unusable, with nothing taken."""
        begin = text.lstrip()[:1]
        try:
            heads = self._array.decode(text) if begin == b"[" else self._lines.decode_lines(text)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise _Unusable(f"neither a JSON array nor JSON lines: {error}") from error
        kinds = [_kind(head) for head in heads]
        known = self._known
        passing = [
            number
            for number, (head, kind) in enumerate(zip(heads, kinds, strict=True))
            if self._passes_known(known, head, kind)
        ]
        kept = list(_records(text, begin == b"[", passing, heads, kinds)) if passing else []
        events = kinds.count(TRAIL)
        history.events += events
        history.lines += len(kinds) - events
        history.held_back += len(kinds) - len(kept)
        history.records += kept

    def _passes_known(self, known: dict[tuple[str, Any], bool], head: _Head, kind: str) -> bool:
        if self._whole:
            return True
        value = self._event_name(head) if kind == TRAIL else head.http_status
        if not isinstance(value, str):
            return True
        found = known.get((kind, value))
        if found is None:
            found = known[kind, value] = self._passes(kind, value)
        return found

    def _event_name(self, head: _Head) -> Any:
        """A record of the trail's logstore holds the event as text."""
        if head.eventName is not None or not isinstance(head.event, str):
            return head.eventName
        try:
            return self._lines.decode(head.event).eventName
        except (msgspec.MsgspecError, UnicodeError):
            return None

    def _passes(self, kind: str, value: str) -> bool:
        if kind == ACCESS_LOG:
            return self._log({"__topic__": oss_access_log.TOPIC, "http_status": value})
        event = msgspec.json.encode({"eventName": value}).decode()
        return self._trail({"__topic__": actiontrail.TOPIC, "event": event})


def _kind(head: _Head) -> str:
    if head.eventName is not None and head.operation is None:
        return TRAIL
    if head.topic == oss_access_log.TOPIC or (head.http_status is not None and head.operation is not None):
        return ACCESS_LOG
    if head.topic == actiontrail.TOPIC or head.event is not None:
        return TRAIL
    raise _Unusable("it holds records that are neither ActionTrail events nor lines of OSS's access log")


def _records(
    text: bytes, array: bool, passing: Sequence[int], heads: Sequence[_Head], kinds: Sequence[str]
) -> Iterator[Record]:
    raw = msgspec.json.Decoder(list[msgspec.Raw]).decode(text) if array else _raw_lines(text)
    for number in passing:
        yield (_event if kinds[number] == TRAIL else _line)(bytes(raw[number]), heads[number])


def _raw_lines(text: bytes) -> list[msgspec.Raw]:
    return msgspec.json.Decoder(msgspec.Raw).decode_lines(text)


class _Told(msgspec.Struct):
    eventTime: Any = None


def _event(raw: bytes, head: _Head) -> Record:
    if head.event is not None and head.eventName is None:
        text = head.event if isinstance(head.event, str) else msgspec.json.encode(head.event).decode()
    else:
        text = raw.decode("utf-8", "replace")
    try:
        told = msgspec.json.decode(text, type=_Told).eventTime
        time = timegm(strptime(told, "%Y-%m-%dT%H:%M:%SZ"))
    except (msgspec.MsgspecError, TypeError, ValueError):
        time = int(head.at) if isinstance(head.at, int) and head.at >= 0 else 0
    return Record(TRAIL, max(time, 0), {"event": text})


def _line(raw: bytes, head: _Head) -> Record:
    time = str(head.at)
    if not time.isdecimal() or len(time) > 10:
        raise _Unusable("it holds a line of the access log without __time__ in epoch seconds")
    line = msgspec.json.decode(raw)
    contents = {
        key: value if isinstance(value, str) else msgspec.json.encode(value).decode()
        for key, value in line.items()
        if not key.startswith("__")
    }
    return Record(ACCESS_LOG, int(time), contents)
