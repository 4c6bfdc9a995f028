"""Each scenario of the demo: a call denied to a real SDK ends as the documentation's FAQ says."""

from __future__ import annotations

import json

import pytest

from demo.receiver import Receiver
from demo.run import play
from demo.scenarios import SCENARIOS, Scenario
from demo.stage import Stage
from tests.e2e.watching import failures, invocations


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_a_denied_call_is_diagnosed_and_mended_or_alerted(
    stage: Stage, receiver: Receiver, scenario: Scenario
) -> None:
    outcome = play(stage, receiver, scenario)
    assert outcome.as_expected(), outcome.as_json()
    told = [message["incident"] for message in receiver.messages]
    assert len(told) == len(set(told))
    assert (outcome.incident is not None and outcome.incident.id in told) is (scenario.action != "none")
    assert len(told) <= 1
    assert stage.local.cloud.own_faults == 0


def test_every_function_ends_without_an_error(stage: Stage, receiver: Receiver) -> None:
    for scenario in SCENARIOS:
        play(stage, receiver, scenario)
    for function in ("watch", "diagnose", "remediate", "notify"):
        assert invocations(stage, function), function
    assert failures(stage) == []
    assert list(stage.ledger().open_ids()) == []
    assert stage.local.cloud.unsupported == {}


def test_only_the_denied_principal_gets_the_bucket(stage: Stage, receiver: Receiver) -> None:
    """The mended policy names both forms of the one bucket and nothing else, and the version before it is kept."""
    scenario = next(s for s in SCENARIOS if s.name == "resource-list")
    incident = play(stage, receiver, scenario).incident
    assert incident is not None
    assert incident.change is not None
    write = incident.change.plan.write
    assert (write.name, write.version, incident.change.version) == ("emr-demo-reader", "v1", "v2")
    before, after = (json.loads(text)["Statement"][0] for text in (write.before, write.after))
    clicks = ["acs:oss:*:*:demo-data-clicks", "acs:oss:*:*:demo-data-clicks/*"]
    assert after == {**before, "Resource": [*before["Resource"], *clicks]}
