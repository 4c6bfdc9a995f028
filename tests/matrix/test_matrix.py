"""Every fault at every cloud call of the two headline scenarios: nothing is lost, doubled or wrong.

The calls are taken from a recorded run. `make test` plays a covering part (tests/matrix/plan.py says which),
`make test-faults` everything. Both print the table.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable

import pytest

from demo.receiver import Receiver
from demo.scenarios import SCENARIOS, Scenario
from localcloud.server import LocalCloud
from tests.matrix.faults import AT_CALLS
from tests.matrix.judge import Judgement, judge
from tests.matrix.plan import Case, cases
from tests.matrix.scene import Scene
from tests.matrix.table import PROPERTY, cell

COMPLETE = os.environ.get("ROLEMEND_FAULTS") == "all"
PARTS = 12 if COMPLETE else 4
"""A scenario's runs are dealt out to so many tests, for processes that work side by side."""

HEADLINES = tuple(one for one in SCENARIOS if one.name in ("trust-policy", "resource-list"))


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("scenario", HEADLINES, ids=lambda one: one.name)
def test_no_fault_at_any_call_loses_doubles_or_spoils_anything(
    quick: LocalCloud,
    scenario: Scenario,
    part: int,
    record_property: Callable[[str, object], None],
) -> None:
    with Receiver() as receiver:
        scene = Scene(quick, receiver, scenario)
        sites = scene.recorded()
        scene.reset()
        before, by_person = scene.document(), scene.by_person
        scene.deny()
        scene.come_to_rest()
        plain = scene.end()
        assert (len(plain.incidents), len(plain.writes), len(plain.messages)) == (1, 1, 1)
        found: dict[tuple[str, str], Judgement] = defaultdict(Judgement)
        for case in cases(sites, complete=COMPLETE):
            if not case.is_of(part, PARTS):
                continue
            scene.reset()
            case.column.play(scene, case.site)
            found[case.row, _column(case)] += _named(
                case, judge(scene.end(), plain, before, by_person, case.column)
            )
    record_property(PROPERTY, [cell(row, column, judged) for (row, column), judged in found.items()])
    assert [why for judged in found.values() for why in judged.why] == []


def _column(case: Case) -> str:
    return case.column.name if case.column in AT_CALLS else ""


def _named(case: Case, judged: Judgement) -> Judgement:
    where = f"{case.column.name} at {case.site}" if case.column in AT_CALLS else case.column.name
    return Judgement(
        judged.runs,
        judged.lost,
        judged.doubled,
        judged.wrong,
        judged.repeated,
        judged.overwritten,
        tuple(f"{where}: {why}" for why in judged.why),
    )
