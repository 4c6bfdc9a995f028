"""Bars in SVG. They repeat numbers that stand beside them in words, so that they are hidden from screen readers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markupsafe import Markup

_WIDTH, _HEIGHT = 240, 14


def bar(parts: Sequence[tuple[str, int]], most: int) -> Markup:
    """Counts side by side, each in the colour of its class; `most` is the count that fills the whole width.

    A count is never invisible: what is not nought is at least two units wide.
    """
    from markupsafe import Markup

    at, drawn = 0.0, []
    for name, count in parts:
        width = max(2.0, _WIDTH * count / most) if count and most else 0.0
        if width:
            rect = Markup('<rect class="{}" x="{:.1f}" width="{:.1f}" height="{}"/>')
            drawn.append(rect.format(f"bar-{name}", at, width, _HEIGHT))
        at += width
    frame = Markup('<svg class="bar" viewBox="0 0 {} {}" aria-hidden="true" focusable="false">{}</svg>')
    return frame.format(max(_WIDTH, round(at)), _HEIGHT, Markup("").join(drawn))
