"""The same functions as services of FC 2.0, where they call each other through fc2."""

from __future__ import annotations

import pytest

from demo.receiver import Receiver
from demo.run import play
from demo.scenarios import GUARDRAILS, SCENARIOS, Scenario
from demo.stage import Stage, set_stage
from localcloud.server import LocalCloud
from tests.e2e.test_operator import denied, in_force, plan, run


@pytest.fixture
def service(local: LocalCloud, receiver: Receiver) -> Stage:
    return set_stage(local, receiver.url, GUARDRAILS, fc2=True)


@pytest.mark.parametrize("scenario", [SCENARIOS[0], SCENARIOS[1], SCENARIOS[2]], ids=lambda one: one.name)
def test_a_scenario_ends_the_same_way_in_a_2_0_service(
    service: Stage, receiver: Receiver, scenario: Scenario
) -> None:
    outcome = play(service, receiver, scenario)
    assert outcome.as_expected(), outcome.as_json()
    functions = service.local.cloud.services["fc"].functions()  # type: ignore[attr-defined]
    assert {key.service for key in functions} == {key.name for key in functions}


def test_what_is_approved_in_a_shell_is_applied_by_a_2_0_service(service: Stage) -> None:
    incident = denied(service, "approve")
    done = run(service, "incidents", "approve", incident, "--plan", plan(service, incident))
    assert (done.code, done.err) == (0, "")
    service.settle()
    assert in_force(service) == "v2"
