"""What a benchmark comes out with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Figure:
    """One measured value, less being better. `ratio` is to the plain thing measured beside it, `bar` what it must keep.

    None where there is nothing to compare with, or nothing was promised. `relative`: the bar is one for the ratio.
    """

    name: str
    figure: float
    unit: str
    ratio: float | None = None
    bar: float | None = None
    relative: bool = False

    @property
    def holds(self) -> bool | None:
        measured = self.ratio if self.relative else self.figure
        return None if self.bar is None or measured is None else measured <= self.bar

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "figure": round(self.figure, 4),
            "unit": self.unit,
            "ratio": None if self.ratio is None else round(self.ratio, 2),
            "bar": self.bar,
            "holds": self.holds,
        }
