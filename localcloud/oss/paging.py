"""Walks a bucket's sorted keys page by page, rolling keys up to common prefixes, at the cost of one page."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(slots=True)
class Page:
    """Keys and common prefixes of one page; the next page begins behind `last`, the last of them."""

    keys: list[str] = field(default_factory=list)
    prefixes: list[str] = field(default_factory=list)
    truncated: bool = False
    last: str = ""

    def __len__(self) -> int:
        return len(self.keys) + len(self.prefixes)


def walk(
    names: list[str], prefix: str, delimiter: str, after: str, most: int, shown: Callable[[str], bool]
) -> Page:
    """At most `most` entries with `prefix` that stand behind `after`; `shown` says which keys are seen."""
    page = Page()
    at = max(bisect_left(names, prefix), bisect_right(names, after) if after else 0)
    end = bisect_left(names, behind(prefix)) if prefix else len(names)
    while at < end:
        name = names[at]
        rolled = common_prefix(name, prefix, delimiter)
        if rolled and rolled == after:
            at = bisect_left(names, behind(rolled), at, end)
            continue
        if not shown(name):
            at += 1
            continue
        if len(page) == most:
            page.truncated = True
            return page
        if rolled:
            page.prefixes.append(rolled)
            page.last = rolled
            at = bisect_left(names, behind(rolled), at, end)
        else:
            page.keys.append(name)
            page.last = name
            at += 1
    return page


def common_prefix(name: str, prefix: str, delimiter: str) -> str:
    """What `name` is rolled up to: up to the first delimiter behind the prefix; "" if it is not."""
    if not delimiter:
        return ""
    at = name.find(delimiter, len(prefix))
    return name[: at + len(delimiter)] if at >= 0 else ""


def behind(prefix: str) -> str:
    """The smallest text that stands behind every text with this prefix."""
    for at in range(len(prefix) - 1, -1, -1):
        if prefix[at] != "\U0010ffff":
            return prefix[:at] + chr(ord(prefix[at]) + 1)
    return "\U0010ffff" * 1024
