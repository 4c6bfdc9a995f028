"""Reading what a command line names: a file, or `-` for standard input."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from rolemend.errors import UnreadableInput

LONGEST_DOCUMENT = 1 << 20  # bytes; no kind of policy may be a sixtieth of that
_BOM = b"\xef\xbb\xbf"
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


@contextmanager
def opened(name: str) -> Iterator[BinaryIO]:
    """The bytes of the file `name`, or of standard input for `-`. Raises UnreadableInput, also while reading."""
    try:
        if name == "-":
            yield sys.stdin.buffer
        else:
            with open(name, "rb") as file:
                yield file
    except BrokenPipeError:
        raise  # of what is written meanwhile
    except (OSError, ValueError) as error:  # ValueError: a name with a zero byte
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise UnreadableInput(f"{_shown(name)}: {reason}") from error


def read_document(name: str) -> str:
    """The text of a policy document. Raises UnreadableInput for what cannot be one."""
    with opened(name) as file:
        content = file.read(LONGEST_DOCUMENT + 1)
    if len(content) > LONGEST_DOCUMENT:
        raise UnreadableInput(f"{_shown(name)}: has more than {LONGEST_DOCUMENT} bytes, so it is no policy")
    try:
        return without_mark(content, name).decode()
    except UnicodeDecodeError as error:
        raise UnreadableInput(f"{_shown(name)}: is not UTF-8 at byte {error.start}") from error


def without_mark(content: bytes, name: str) -> bytes:
    """`content` without the byte order mark that some editors put first. Raises UnreadableInput for UTF-16."""
    if content.startswith(_UTF_16):
        raise UnreadableInput(f"{_shown(name)}: is UTF-16; save it as UTF-8")
    return content.removeprefix(_BOM)


def _shown(name: str) -> str:
    from rolemend.commands.output import plain

    return "standard input" if name == "-" else plain(name)
