"""Bytes to text, window by window: any encoding, also several in one file, in bounded memory."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterator
from typing import Protocol

BLOCK = 1 << 18
"""Bytes that are read at once."""
WINDOW = 1 << 20
"""Characters that are looked at together: an input that is no longer is looked at in one piece."""
_LONGEST_LINE = 4 * WINDOW


class Readable(Protocol):
    """What can be read piece by piece: an open file, standard input."""

    def read(self, size: int, /) -> bytes:
        """Up to `size` bytes, none at the end."""


_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


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
    encoding = _encoding_of(first)
    if encoding is None:
        yield from _lines(first, file, read)
        return
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    block = first
    while block:
        yield decoder.decode(block).replace("\0", " ")
        block = _next_block(file, read)
    yield decoder.decode(b"", True)


def _next_block(file: Readable, read: Callable[[int], None]) -> bytes:
    block = file.read(BLOCK)
    read(len(block))
    return block


def _encoding_of(start: bytes) -> str | None:
    """An encoding that is not made of ASCII's bytes, told by its mark or by its zero bytes; None for any other."""
    for bom, encoding in _BOMS:
        if start.startswith(bom):
            return encoding
    sample = start[:4096]
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    if len(sample) >= 8 and max(even, odd) * 10 > len(sample) * 3 and min(even, odd) * 8 < max(even, odd):
        return "utf-16-le" if odd > even else "utf-16-be"
    return None


def _lines(block: bytes, file: Readable, read: Callable[[int], None]) -> Iterator[str]:
    """Blocks of whole lines; a line without an end is cut when it grows too long."""
    waiting = b""
    while block:
        waiting += block
        end = waiting.rfind(b"\n") + 1 or (len(waiting) if len(waiting) > _LONGEST_LINE else 0)
        if end:
            yield decoded(waiting[:end])
            waiting = waiting[end:]
        block = _next_block(file, read)
    if waiting:
        yield decoded(waiting)


def decoded(block: bytes) -> str:
    """Text of a block of lines: UTF-8, or line by line what each can be."""
    if b"\0" not in block:
        try:
            return block.decode()
        except UnicodeDecodeError:
            pass
    return "\n".join(_line(line) for line in block.split(b"\n"))


def _line(line: bytes) -> str:
    """One line: UTF-8, GB 18030 (with GBK), or Latin-1, which takes any byte. Many zero bytes are UTF-16's."""
    zeros = line.count(0)
    if zeros:
        line = line.replace(b"\0", b"") if zeros * 3 > len(line) else line.replace(b"\0", b" ")
    return next(
        text
        for encoding in ("utf-8", "gb18030", "latin-1")
        if (text := _decoded_as(line, encoding)) is not None
    )


def _decoded_as(line: bytes, encoding: str) -> str | None:
    try:
        return line.decode(encoding)
    except UnicodeDecodeError:
        return None
