"""The figures of the cost page, in both languages, are those of its formulas and of s.yaml's intervals."""

from __future__ import annotations

import re
from math import ceil
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
PAGES = ("docs/cost.md", "docs/cost.zh.md")
LINES = (1_000_000, 10_000_000, 100_000_000)
DAY = 86_400
DAYS = 30
INCIDENTS = 2
MINUTES = re.compile(r"@every (\d+)m")


def functions() -> dict[str, dict[str, Any]]:
    manifest = yaml.safe_load((ROOT / "s.yaml").read_text("utf-8"))
    return {name: one["props"] for name, one in manifest["resources"].items() if "memorySize" in one["props"]}


def timers_of_a_day() -> int:
    """Invocations by timers that come every few minutes."""
    triggers = [trigger for one in functions().values() for trigger in one.get("triggers", ())]
    every = [MINUTES.fullmatch(one["triggerConfig"].get("cronExpression", "")) for one in triggers]
    return sum(24 * 60 // int(found[1]) for found in every if found)


def quantities(lines: int) -> list[float]:
    """What the rows of the first table say, but for their units, then the price of all compute units."""
    watch, audit = functions()["watch"], functions()["audit"]
    interval = watch["triggers"][0]["triggerConfig"]["jobConfig"]["triggerInterval"]
    shards = 1 + ceil(3 * lines * 1_500 / DAY / 5_000_000)
    by_logs, by_timers = shards * DAY // interval * DAYS, timers_of_a_day() * DAYS
    calls = by_logs + by_timers
    cpu, memory = calls * 0.16 * watch["cpu"], calls * 0.16 * watch["memorySize"] / 1024
    audited = 480 * DAYS
    nightly = audited * audit["cpu"], audited * audit["memorySize"] / 1024
    units = calls * 75 / 10_000 + cpu + nightly[0] + (memory + nightly[1]) * 0.15
    written = lines * 1_500 * DAYS
    ledger = 40 * INCIDENTS * DAYS, 20e3 * INCIDENTS * DAYS / 1e6
    return [
        *(shards, by_logs, by_timers, cpu, memory, *nightly, units),
        *(written / 1e9, written / 100_000 / 1e6, *ledger, units * 0.00002),
    ]


def said(page: str) -> list[list[float]]:
    """The three figures of each row that has any, rows in order."""
    rows = [line.split("|")[-4:-1] for line in (ROOT / page).read_text("utf-8").splitlines() if "|" in line]
    found = [[re.search(r"[0-9][0-9,.]*", cell) for cell in row] for row in rows]
    headings = re.compile(r"million|万|亿|---")
    return [
        [float(cell[0].replace(",", "")) for cell in row if cell]
        for row, cells in zip(found, rows, strict=True)
        if all(row) and not headings.search("".join(cells))
    ]


@pytest.mark.parametrize("page", PAGES)
def test_the_figures_follow_from_the_formulas(page: str) -> None:
    expected = zip(*map(quantities, LINES), strict=True)
    for row, figures in zip(said(page), expected, strict=True):
        for one, figure in zip(row, figures, strict=True):
            assert abs(one - figure) <= (0.01 if figure < 10 else 0.5), row


def test_functions_that_timers_and_logs_start_have_the_size_that_is_counted() -> None:
    sizes = {functions()[name]["memorySize"] for name in ("watch", "diagnose", "remediate", "notify")}
    assert sizes == {256}
