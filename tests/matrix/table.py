"""The table of the matrix: calls down, faults across, runs in the cells; then what was lost, doubled, wrong."""

from __future__ import annotations

from collections.abc import Iterable

from tests.matrix.faults import AT_CALLS
from tests.matrix.judge import Judgement

PROPERTY = "faults"
"""The name under which a test reports its cells."""

Cell = tuple[str, str, int, int, int, int, int, int]
"""Row, column, and the counts of a judgement: runs, lost, doubled, wrong, repeated, overwritten."""

SHORT = {
    "stopped before": "stop<",
    "stopped after": "stop>",
    "429": "429",
    "500": "500",
    "no answer": "mute",
    "cut before": "cut<",
    "cut after": "cut>",
    "two instances": "two",
    "ledger away": "ledg",
    "hour ahead": "+1h",
    "hour back": "-1h",
    "person edits": "edit",
    "versions full": "full",
}


def cell(row: str, column: str, found: Judgement) -> Cell:
    return (
        row,
        column,
        found.runs,
        found.lost,
        found.doubled,
        found.wrong,
        found.repeated,
        found.overwritten,
    )


def lines(cells: Iterable[Cell]) -> list[str]:
    """The table as text, and what the short headings mean. The cell of a fault that found something ends in `!`."""
    rows: dict[str, dict[str, list[int]]] = {}
    for row, column, *counts in cells:
        have = rows.setdefault(row, {}).setdefault(column, [0] * 6)
        have[:] = [a + b for a, b in zip(have, counts, strict=True)]
    columns = [column.name for column in AT_CALLS]
    heads = [SHORT[name] for name in columns]
    totals = ("runs", "lost", "doubled", "wrong", "repeated", "overwritten")
    width = max((len(row) for row in rows), default=0)
    text = [
        " ".join(
            [" " * width, *(f"{head:>5}" for head in heads), *(f"{name:>{len(name)}}" for name in totals)]
        )
    ]
    sums = [0] * 6
    for row, found in sorted(rows.items(), key=lambda one: (" " not in one[0] or ":" not in one[0], one[0])):
        together = [sum(counts[index] for counts in found.values()) for index in range(6)]
        sums = [a + b for a, b in zip(sums, together, strict=True)]
        text.append(
            " ".join([f"{row:<{width}}", *(_shown(found.get(name)) for name in columns), _ends(together)])
        )
    text.append(" ".join([f"{'in all':<{width}}", " " * (6 * len(columns) - 1), _ends(sums)]))
    text.append("; ".join(f"{short} {name}" for name, short in SHORT.items() if short != name))
    return text


def _shown(counts: list[int] | None) -> str:
    if counts is None:
        return f"{'':>5}"
    runs, *found = counts
    return f"{runs}{'!' if any(found[:3]) else ''}".rjust(5)


def _ends(counts: list[int]) -> str:
    widths = (4, 4, 7, 5, 8, 11)
    return " ".join(f"{count:>{width}}" for count, width in zip(counts, widths, strict=True))
