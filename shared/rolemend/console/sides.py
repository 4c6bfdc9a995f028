"""Two documents side by side, line by line."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import SequenceMatcher

import msgspec

SAME, CHANGED, ADDED, REMOVED = "same", "changed", "added", "removed"


class Row(msgspec.Struct, frozen=True):
    """One row: what stands there before and after, with the numbers of the lines; 0 where there is none."""

    kind: str
    before: str
    after: str
    number: int = 0
    after_number: int = 0


def side_by_side(before: str, after: str) -> tuple[Row, ...]:
    """All lines of both documents, those that belong together in one row."""
    old, new = _lines(before), _lines(after)
    return tuple(_rows(old, new))


def _lines(document: str) -> list[str]:
    try:
        return msgspec.json.format(document, indent=2).splitlines()
    except msgspec.DecodeError:
        return document.splitlines()


def _said(lines: list[str]) -> list[str]:
    """The lines without the commas at their ends: one that came because another line follows now is no difference."""
    return [line.removesuffix(",") for line in lines]


def _rows(old: list[str], new: list[str]) -> Iterator[Row]:
    kinds = {"equal": SAME, "replace": CHANGED, "insert": ADDED, "delete": REMOVED}
    for tag, a, a_end, b, b_end in SequenceMatcher(None, _said(old), _said(new), False).get_opcodes():
        for at in range(max(a_end - a, b_end - b)):
            left, right = a + at < a_end, b + at < b_end
            yield Row(
                kind=kinds[tag] if (left and right) or tag != "replace" else (REMOVED if left else ADDED),
                before=old[a + at] if left else "",
                after=new[b + at] if right else "",
                number=a + at + 1 if left else 0,
                after_number=b + at + 1 if right else 0,
            )
