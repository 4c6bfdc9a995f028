"""Which encoding bytes are in, also where one file holds several: nothing that is read is an error."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_SAMPLE = 4_096
_RUN = re.compile(rb"[^\0]{24,}")
_PLAIN = re.compile(rb"[\t\n\r\x20-\x7e]{24}")
"""So many plain characters in a row, and no zero byte among them: no text in UTF-16 or UTF-32 has that."""


def encoding_of(start: bytes) -> str | None:
    """An encoding of two or four bytes a character, told by its mark or by its zero bytes; None for any other."""
    for bom, encoding in _BOMS:
        if start.startswith(bom):
            return encoding
    sample = start[:_SAMPLE]
    if len(sample) < 8 or 0 not in sample or _is_narrow(sample):
        return None
    zeros = [sample[index::4].count(0) * 4 / len(sample) for index in range(4)]
    if min(zeros[2:]) > 0.9 and zeros[0] < 0.5:
        return "utf-32-le"
    if min(zeros[:2]) > 0.9 and zeros[3] < 0.5:
        return "utf-32-be"
    even, odd = zeros[0] + zeros[2], zeros[1] + zeros[3]
    if max(even, odd) < 0.02 or min(even, odd) * 8 > max(even, odd):
        return None
    return "utf-16-le" if odd > even else "utf-16-be"


def _is_narrow(block: bytes) -> bool:
    return any(_PLAIN.search(run[0]) for run in _RUN.finditer(block))


class Wide:
    """Decodes blocks of UTF-16 or UTF-32, and what stands between in an encoding of one byte or more."""

    def __init__(self, encoding: str) -> None:
        self._make = codecs.getincrementaldecoder(encoding)
        self._decoder = self._make("replace")
        self._low_first = encoding.endswith("le")

    def decoded(self, block: bytes) -> str:
        """The text of the next block."""
        return "".join(self._pieces(block)).replace("\0", " ").replace("\ufeff", "")

    def _pieces(self, block: bytes) -> Iterator[str]:
        at = 0
        for run in _RUN.finditer(block):
            if not _PLAIN.search(block, run.start(), run.end()):
                continue
            # The first byte of a character whose other bytes are zero belongs to what follows.
            end = run.end() - 1 if self._low_first and run.end() < len(block) else run.end()
            yield self._decoder.decode(block[at : run.start()])
            self._decoder = self._make("replace")
            yield decoded(block[run.start() : end])
            at = end
        yield self._decoder.decode(block[at:])


def decoded(block: bytes) -> str:
    """Text of a block of lines: UTF-8, or line by line what each can be."""
    block = block.removeprefix(codecs.BOM_UTF8)
    if b"\0" in block:
        return "\n".join(_line(_without_zeros(line)) for line in block.split(b"\n"))
    try:
        return block.decode()
    except UnicodeDecodeError:
        return "\n".join(map(_line, block.split(b"\n")))


def _without_zeros(line: bytes) -> bytes:
    """Many zero bytes are those of UTF-16 or UTF-32; a few stand for nothing."""
    zeros = line.count(0)
    return line.replace(b"\0", b"" if zeros * 3 > len(line) else b" ") if zeros else line


def _line(line: bytes) -> str:
    """One line: UTF-8, GB 18030 (with GBK), or Latin-1, which takes any byte."""
    try:
        return line.decode()
    except UnicodeDecodeError:
        pass
    try:
        return line.decode("gb18030")
    except UnicodeDecodeError:
        return line.decode("latin-1")
