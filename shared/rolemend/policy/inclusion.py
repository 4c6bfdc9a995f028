"""Exact inclusion and intersection of wildcard patterns, by canonical points.

Take a pattern and put a character that stands in no pattern for each of its wildcards: a pattern
without `?` matches that one text only if it includes the whole pattern, so a union of patterns includes
it only if one of them does. Where `?` occurs, each `*` stands for every number of such characters up to
one more than any pattern has `?`: beyond that some `*` takes part in the match and can stretch.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product


class BudgetError(Exception):
    """More steps than allowed; the answer is unknown, which is no proof."""


class Budget:
    """A fixed number of steps, so that every comparison ends."""

    def __init__(self, steps: int) -> None:
        self.left = steps

    def spend(self, steps: int = 1) -> None:
        """Raises BudgetError when nothing is left."""
        self.left -= steps
        if self.left < 0:
            raise BudgetError


def fresh_character(texts: Iterable[str]) -> str:
    """A character that stands in none of `texts`."""
    used = set("".join(texts))
    return next(mark for mark in map(chr, range(0xE000, 0x110000)) if mark not in used)


def canonical_points(pattern: str, fresh: str, single_marks: int, budget: Budget) -> Iterator[str]:
    """Texts of `pattern` that a union of patterns matches only if it includes `pattern`.

    `single_marks` is the largest number of `?` in a pattern of the union. The longest text comes first: it is
    the least likely to be matched.
    """
    pieces = pattern.replace("?", fresh).split("*")
    effort = 1 + (len(pattern) + (len(pieces) - 1) * (single_marks + 1)) // 24
    if not single_marks or len(pieces) == 1:
        budget.spend(effort)
        yield fresh.join(pieces)
        return
    for lengths in product(range(single_marks + 1, -1, -1), repeat=len(pieces) - 1):
        budget.spend(effort)
        gaps = (fresh * length for length in lengths)
        yield "".join(piece + gap for piece, gap in zip(pieces, (*gaps, ""), strict=True))


def intersect(one: str, other: str, budget: Budget) -> frozenset[str]:
    """Patterns whose union is exactly what both patterns match."""
    budget.spend(1 + min(len(one), len(other)) // 16)
    start = _common_start(one, other)
    if start is None:
        return frozenset()
    one, other = one[len(start) :], other[len(start) :]
    end = _common_start(one[::-1], other[::-1])
    if end is None:
        return frozenset()
    cut = len(end)
    middle = _Intersection(one[: len(one) - cut], other[: len(other) - cut], budget).of(0, 0)
    return frozenset(start + found + end[::-1] for found in middle)


def _common_start(one: str, other: str) -> str | None:
    """What both patterns demand before the first star of either; None if no text can begin both ways."""
    found = []
    for a, b in zip(one, other, strict=False):
        if "*" in (a, b):
            break
        if a != b and "?" not in (a, b):
            return None
        found.append(b if a == "?" else a)
    return "".join(found)


class _Intersection:
    def __init__(self, one: str, other: str, budget: Budget) -> None:
        self.one, self.other, self.budget = one, other, budget
        self.known: dict[tuple[int, int], frozenset[str]] = {}

    def of(self, i: int, j: int) -> frozenset[str]:
        """The intersection of the rest of one pattern from `i` and of the other from `j`."""
        # Filled from the ends, so that long patterns do not recurse deeply.
        for a in range(len(self.one), i - 1, -1):
            for b in range(len(self.other), j - 1, -1):
                found = frozenset(self._cell(a, b))
                self.budget.spend(1 + len(found))
                self.known[a, b] = found
        return self.known[i, j]

    def _cell(self, i: int, j: int) -> Iterator[str]:
        one, other = self.one[i : i + 1], self.other[j : j + 1]
        if not one and not other:
            yield ""
        elif one == "*" and other == "*":
            yield from (_starred(rest) for rest in self.known[i + 1, j] | self.known[i, j + 1])
        elif one == "*":
            yield from self.known[i + 1, j]
            if other:
                yield from (other + rest for rest in self.known[i, j + 1])
        elif other == "*":
            yield from self.known[i, j + 1]
            if one:
                yield from (one + rest for rest in self.known[i + 1, j])
        elif one and other and (one == other or "?" in (one, other)):
            mark = other if one == "?" else one
            yield from (mark + rest for rest in self.known[i + 1, j + 1])


def _starred(rest: str) -> str:
    return rest if rest.startswith("*") else "*" + rest
