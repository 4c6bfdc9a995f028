"""JSON: the report as it is kept and read again, with each sentence written out in one language."""

from __future__ import annotations

from typing import Any

import msgspec

from rolemend.audit.comparison import Comparison
from rolemend.audit.model import Report
from rolemend.fix.guidance import say
from rolemend.text import Text


def to_json(report: Report, comparison: Comparison, language: str) -> bytes:
    """One line of UTF-8: the fields of `Report`, `complete` and `incomplete` before all, and `comparison`.

    A text is `{"template", "values", "text"}`; `text` is the sentence in `language`. Invisible characters are escaped.
    """
    fields = msgspec.to_builtins(report)
    first = {
        "schema": fields.pop("schema"),
        "complete": report.is_complete(),
        "incomplete": fields.pop("incomplete"),
        "language": language,
    }
    document = {**first, **fields, "comparison": msgspec.to_builtins(comparison)}
    return _visible(msgspec.json.encode(_spoken(document, language))) + b"\n"


def _spoken(value: Any, language: str) -> Any:
    """`value` with the sentence beside each text."""
    if isinstance(value, dict):
        if value.keys() == {"template", "values"} and isinstance(value["values"], dict):
            return {**value, "text": say(Text(value["template"], value["values"]), language)}
        return {key: _spoken(each, language) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_spoken(each, language) for each in value]
    return value


def _visible(encoded: bytes) -> bytes:
    """JSON in which what a terminal would obey is escaped. Outside of strings JSON has plain ASCII only."""
    if encoded.isascii() and b"\x7f" not in encoded:
        return encoded
    return "".join(mark if mark.isprintable() else _escaped(mark) for mark in encoded.decode()).encode()


def _escaped(mark: str) -> str:
    pairs = mark.encode("utf-16-be").hex()
    return "".join(f"\\u{pairs[at : at + 4]}" for at in range(0, len(pairs), 4))
