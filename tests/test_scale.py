"""docs/scale.md says what the simulation of bench/scale.py makes of the costs that it names."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bench.scale import BURST, INCIDENTS_A_DAY, LOADS, RAM_RATE, ROBOT_RATE, Load, Unit, page, simulate

PAGE = (Path(__file__).parents[1] / "docs" / "scale.md").read_text("utf-8")
UNIT = Unit({"ram": 20, "oss": 50, "sls": 9}, {"diagnose": 1.0, "remediate": 0.5}, 0.05, 1)


def unit_of(tables: str) -> Unit:
    """What the first table of the page says that one repair takes."""

    def cells(pattern: str) -> dict[str, float]:
        return {name: float(value) for name, value in re.findall(rf"\| {pattern} \| ([\d.]+) \|", tables)}

    calls = {name: int(count) for name, count in cells(r"calls to `(\w+)`").items()}
    (quiet,) = cells(r"seconds of a (look) of `watch` without a denial").values()
    (messages,) = cells("(messages)").values()
    return Unit(calls, cells(r"seconds of `(\w+)`"), quiet, int(messages))


def test_the_page_says_what_the_simulation_makes_of_the_costs_on_it() -> None:
    written = PAGE.split("<!-- scale: begin -->\n")[1].split("\n<!-- scale: end -->")[0]
    assert written == page(unit_of(written))


def test_the_page_names_the_limit_that_comes_first_for_ten_thousand_accounts() -> None:
    tables = PAGE.split("<!-- scale: begin -->\n")[1]
    use = simulate(LOADS[-1], unit_of(tables))
    a_minute = use.shares["one robot"] * ROBOT_RATE * 60
    assert use.first == "one robot"
    assert "the robot comes first" in PAGE
    assert f"send {a_minute:.0f} a minute" in " ".join(PAGE.split())


@pytest.mark.parametrize(("accounts", "share"), [(1, 0.0), (10_000, 0.69), (20_000, 1.39)])
def test_one_robot_for_all_accounts_is_a_limit_too(accounts: int, share: float) -> None:
    use = simulate(Load(accounts, accounts * 1e6), UNIT)
    assert use.shares["one robot"] == pytest.approx(share, abs=0.01)
    assert use.digested == pytest.approx(max(0.0, 1 - 1 / share) if share else 0.0, abs=0.01)
    assert use.shares["one robot"] == accounts * INCIDENTS_A_DAY / 86_400 / ROBOT_RATE


def test_a_burst_waits_for_rams_rate_and_idle_seconds_before_it_do_not_help() -> None:
    use = simulate(Load(1, 1e6), UNIT)
    assert use.waits == pytest.approx(BURST * UNIT.calls["ram"] / RAM_RATE, abs=1.0)
    assert use.seconds_to_repair > use.waits
