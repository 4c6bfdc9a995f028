"""Patterns with placeholders: LIKE's `%` and `_`, the search language's `*` and `?`."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum


class Mark(Enum):
    ANY = "any number of characters"
    ONE = "exactly one character"


Pattern = list[str | Mark]
"""Single characters and marks, in order."""


def like_pattern(text: str, escape: str = "") -> Pattern:
    """The pattern of a LIKE; ValueError if the escape character escapes anything but `%`, `_` and itself."""
    pattern: Pattern = []
    characters = iter(text)
    for character in characters:
        if escape and character == escape:
            following = next(characters, "")
            if following not in ("%", "_", escape) or not following:
                raise ValueError(
                    "escape character must be followed by '%', '_' or the escape character itself"
                )
            pattern.append(following)
        else:
            pattern.append({"%": Mark.ANY, "_": Mark.ONE}.get(character, character))
    return pattern


def word_pattern(text: str) -> Pattern:
    """The pattern of a search word."""
    return [{"*": Mark.ANY, "?": Mark.ONE}.get(character, character) for character in text]


def compile_pattern(pattern: Pattern) -> Callable[[str], bool]:
    """A test for the whole of a text; `x`, `x%`, `%x` and `%x%` are plain string operations."""
    inner = [part for part in pattern if part is not Mark.ANY]
    if Mark.ONE not in inner and all(part is not Mark.ANY for part in pattern[1:-1]):
        literal = "".join(str(part) for part in inner)
        begins = bool(pattern) and pattern[0] is Mark.ANY
        ends = bool(pattern) and pattern[-1] is Mark.ANY
        if begins and ends:
            return lambda text: literal in text
        if ends:
            return lambda text: text.startswith(literal)
        if begins:
            return lambda text: text.endswith(literal)
        return lambda text: text == literal
    return lambda text: _matches(pattern, text)


def _matches(pattern: Pattern, text: str) -> bool:
    """Walk both at once; on a mismatch only the last ANY takes one character more."""
    at = place = 0
    last_any, taken = -1, 0
    while place < len(text):
        part = pattern[at] if at < len(pattern) else None
        if part is Mark.ANY:
            last_any, taken = at, place
            at += 1
        elif part is Mark.ONE or part == text[place]:
            at += 1
            place += 1
        elif last_any >= 0:
            taken += 1
            at, place = last_any + 1, taken
        else:
            return False
    return all(part is Mark.ANY for part in pattern[at:])
