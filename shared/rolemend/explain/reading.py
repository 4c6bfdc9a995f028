"""Bytes to text, window by window: any encoding, also several in one file, in bounded memory."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Protocol

from rolemend.explain.encodings import Wide, decoded, encoding_of

BLOCK = 1 << 18
"""Bytes that are read at once."""
WINDOW = 1 << 20
"""Characters that are looked at together: an input that is no longer is looked at in one piece."""
_LONGEST_LINE = 4 * WINDOW


class Readable(Protocol):
    """What can be read piece by piece: an open file, standard input."""

    def read(self, size: int, /) -> bytes:
        """Up to `size` bytes, none at the end."""


def windows(file: Readable, read: Callable[[int], None] = lambda count: None) -> Iterator[str]:
    """The text of a file in windows that end where a record ends. `read` is told how many bytes were read."""
    waiting: list[str] = []
    size = 0
    for text in _texts(file, read):
        waiting.append(text)
        size += len(text)
        if size >= 2 * WINDOW:
            whole, waiting, size = "".join(waiting), [], 0
            while len(whole) >= 2 * WINDOW:
                cut = _end_of_record(whole)
                yield whole[:cut]
                whole = whole[cut:]
            waiting, size = [whole], len(whole)
    if size:
        yield "".join(waiting)


_NEW_LINE = re.compile(
    r"\n(?![<\[\s}\]\"'.]|at |Caused by|\.\.\. |(?:Error|Message|Request|Code|Host|Recommend|EC|User|Status)[\w ]*[:=])"
)
"""A line that does not look like one that goes on with the error before it."""
_RECORD = re.compile(r"\n(?=\n|\[?\d{2,4}[\-/:.]|\{|[A-Z]\d{4} )")


def _end_of_record(text: str) -> int:
    """Where to cut: before a line that begins a record, else at a line's end, else between two JSON values."""
    start = WINDOW - (WINDOW >> 2)
    records = [found.end() for found in _RECORD.finditer(text, start, WINDOW)]
    records = records or [found.end() for found in _NEW_LINE.finditer(text, start, WINDOW)]
    if records:
        return records[-1]
    for end in ("\n", "},{", "}, {", "} ", ", ", " "):
        if (at := text.rfind(end, start, WINDOW)) >= 0:
            return at + (1 if end[0] != "," else 2)
    return WINDOW


def _texts(file: Readable, read: Callable[[int], None]) -> Iterator[str]:
    first = _next_block(file, read)
    encoding = encoding_of(first)
    if encoding is None:
        yield from _lines(first, file, read)
        return
    wide, block = Wide(encoding), first
    while block:
        yield wide.decoded(block)
        block = _next_block(file, read)


def _next_block(file: Readable, read: Callable[[int], None]) -> bytes:
    block = file.read(BLOCK)
    read(len(block))
    return block


def _lines(block: bytes, file: Readable, read: Callable[[int], None]) -> Iterator[str]:
    """Blocks of whole lines; a line without an end is cut when it grows too long, but not within a character."""
    waiting: list[bytes] = []
    size = 0
    while block:
        end = block.rfind(b"\n") + 1
        waiting.append(block[:end] if end else block)
        size += len(waiting[-1])
        if end or size > _LONGEST_LINE:
            whole = b"".join(waiting)
            cut = len(whole) if end else _between_characters(whole)
            yield decoded(whole[:cut])
            rest = whole[cut:] + (block[end:] if end else b"")
            waiting, size = [rest], len(rest)
        block = _next_block(file, read)
    if size:
        yield decoded(b"".join(waiting))


def _between_characters(line: bytes) -> int:
    """Where a long line can be cut: behind its last space, comma or brace, which are part of no other character."""
    start = len(line) - WINDOW
    return max(line.rfind(mark, start) for mark in (b" ", b",", b'"')) + 1 or len(line)
