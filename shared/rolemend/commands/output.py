"""Writing what a command answers."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import argparse

LANGUAGES = ("en", "zh")


def add_options(parser: argparse.ArgumentParser, default: str) -> None:
    """The options `--format` and `--lang`, which every command has that answers in words."""
    words = "text for people, json for programs (default: %(default)s)"
    parser.add_argument("--format", choices=("text", "json"), default=default, help=words)
    words = "language of the sentences (default: %(default)s)"
    parser.add_argument("--lang", choices=LANGUAGES, default="en", help=words)


def catalogue(options: argparse.Namespace) -> Mapping[str, str]:
    """The translations for `--lang`."""
    from rolemend.catalogue import translations

    return translations(options.lang)


def plain(value: str) -> str:
    """`value` on one line: what a terminal would obey instead of showing is written as an escape."""
    return "".join(mark if mark.isprintable() else ascii(mark)[1:-1] for mark in value)


def write_json(value: Any) -> None:
    """One line of JSON, UTF-8 whatever the terminal's encoding, at once; what a terminal would obey is escaped."""
    import msgspec

    encoded = msgspec.json.encode(value)
    if not encoded.isascii() or b"\x7f" in encoded:
        encoded = "".join(map(_shown, encoded.decode())).encode()
    sys.stdout.buffer.write(encoded + b"\n")
    sys.stdout.buffer.flush()


def _shown(mark: str) -> str:
    """A character of JSON, as JSON escapes it where it is not printable."""
    if mark.isprintable():
        return mark
    pairs = mark.encode("utf-16-be").hex()
    return "".join(f"\\u{pairs[at : at + 4]}" for at in range(0, len(pairs), 4))


def write_text(line: str) -> None:
    """One line of text, with escapes for what the terminal's encoding does not have, at once."""
    encoding = sys.stdout.encoding or "utf-8"
    sys.stdout.buffer.write(line.encode(encoding, "backslashreplace") + b"\n")
    sys.stdout.buffer.flush()
