"""Pictures of numbers as SVG: only elements and classes, no style and no script; all colours are the style sheet's."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 720, 240, 44, 28, 10


class Series(msgspec.Struct, frozen=True):
    """One colour of a picture: its name, and a number for each column."""

    name: str
    values: tuple[int, ...]


class Shape(msgspec.Struct, frozen=True):
    """A rectangle of the picture: `colour` is the number of its series, `tip` what it stands for."""

    x: float
    y: float
    width: float
    height: float
    colour: int
    tip: str


class Tick(msgspec.Struct, frozen=True):
    """A label of an axis with its place."""

    at: float
    label: str


class Chart(msgspec.Struct, frozen=True, kw_only=True):
    """What the template draws."""

    columns: tuple[str, ...]
    series: tuple[Series, ...]
    shapes: tuple[Shape, ...]
    across: tuple[Tick, ...]
    up: tuple[Tick, ...]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    floor: int = HEIGHT - BOTTOM

    @property
    def total(self) -> int:
        return sum(sum(each.values) for each in self.series)


def stacked(columns: Sequence[str], series: Sequence[Series], labels: int = 7) -> Chart:
    """Columns, in each of which the series stand on each other; about `labels` of the columns are named."""
    sums = [sum(each.values[at] for each in series) for at in range(len(columns))]
    most = _round_up(max(sums, default=0))
    step = (WIDTH - LEFT) / max(len(columns), 1)
    room = HEIGHT - BOTTOM - TOP
    every = max(1, -(-len(columns) // labels))
    return Chart(
        columns=tuple(columns),
        series=tuple(series),
        shapes=tuple(_shapes(columns, series, step, room / most)),
        across=tuple(
            Tick(round(LEFT + step * (at + 0.5), 1), name)
            for at, name in enumerate(columns)
            if at % every == 0
        ),
        up=tuple(
            Tick(round(HEIGHT - BOTTOM - room * part / 2, 1), f"{most * part // 2:,}") for part in range(3)
        ),
    )


def _shapes(columns: Sequence[str], series: Sequence[Series], step: float, scale: float) -> list[Shape]:
    shapes = []
    for at, column in enumerate(columns):
        floor = float(HEIGHT - BOTTOM)
        for colour, each in enumerate(series):
            height = each.values[at] * scale
            if not height:
                continue
            floor -= height
            tip = f"{column}: {each.name}, {each.values[at]:,}"
            x, width = LEFT + step * at + step * 0.14, step * 0.72
            shapes.append(Shape(round(x, 1), round(floor, 1), round(width, 1), round(height, 1), colour, tip))
    return shapes


def _round_up(most: int) -> int:
    """The next number of 2, 4, 10, 20, 40, 100 … so that its half is whole."""
    scale = 1
    while True:
        for each in (2, 4, 10):
            if most <= each * scale:
                return each * scale
        scale *= 10
