"""An account that does not answer delays an incident and never loses or doubles it."""

from __future__ import annotations

from typing import Any

import pytest

from demo.receiver import Receiver
from demo.run import refusal
from demo.scenarios import SCENARIOS
from demo.stage import Stage, deploy
from localcloud.faults import Fault
from rolemend.incident.leases import LEASE_SECONDS
from tests.e2e.watching import attempt, essences, failures, host, invocations

TRUST, LISTING = SCENARIOS[0], SCENARIOS[1]


@pytest.fixture(autouse=True)
def quick(stage: Stage) -> None:
    """Retries and rests of no length."""
    deploy(stage, ROLEMEND_REST_SECONDS="0", ROLEMEND_PAUSE_SECONDS="0")
    host(stage).settings.retry_scale = 0.001


def put(stage: Stage, **fault: Any) -> None:
    stage.local.call(lambda cloud: cloud.faults.append(Fault(**fault)))


def heal(stage: Stage) -> None:
    """Take the faults away and let the timer of `watch` fire."""
    stage.local.call(lambda cloud: cloud.faults.clear())
    stage.local.call(lambda cloud: cloud.services["fc"].fire_timer("rolemend-watch", "sweep"))  # type: ignore[attr-defined]
    stage.settle()


def wait_for_the_lease(stage: Stage) -> None:
    """What may have been written is looked at when nobody can be writing it any more."""
    clock = host(stage).settings.clock
    assert clock is not None
    clock.ahead += 2 * LEASE_SECONDS  # what instances skipped of their pauses is in their times


def states(stage: Stage) -> list[str]:
    return [incident["state"] for incident in essences(stage).values()]


@pytest.mark.parametrize("kind", ["throttle", "error", "reset"])
def test_a_passing_fault_is_tried_again_and_not_noticed(stage: Stage, receiver: Receiver, kind: str) -> None:
    put(stage, service="ram", operation="GetRole", kind=kind, caller="rolemend-diagnose", times=2)
    attempt(stage, TRUST)
    assert states(stage) == ["verified"]
    assert len(receiver.messages) == 1
    assert failures(stage) == []


@pytest.mark.parametrize("kind", ["throttle", "error"])
@pytest.mark.parametrize(
    ("service", "operation"), [("ram", "ListPoliciesForUser"), ("ram", "GetRole"), ("ram", "GetPolicy")]
)
def test_an_account_that_stays_away_leaves_the_incident_open_with_the_reason_and_it_is_taken_up_again(
    stage: Stage, receiver: Receiver, service: str, operation: str, kind: str
) -> None:
    put(stage, service=service, operation=operation, kind=kind, caller="rolemend-diagnose", times=None)
    attempt(stage, TRUST)
    (incident,) = stage.incidents().values()
    assert incident.state == "open"
    assert operation in incident.waiting
    assert receiver.messages == []
    heal(stage)
    assert states(stage) == ["verified"]
    assert len(receiver.messages) == 1


def test_a_refused_read_is_no_reason_to_wait_but_leaves_the_question_open(
    stage: Stage, receiver: Receiver
) -> None:
    put(
        stage, service="oss", operation="GetBucketPolicy", kind="error", status=403, code="AccessDenied",
        caller="rolemend-diagnose", times=None,
    )  # fmt: skip
    attempt(stage, LISTING)
    (incident,) = stage.incidents().values()
    assert incident.diagnosis is not None
    answers = {finding.check: finding.answer for finding in incident.diagnosis.findings}
    assert (answers["resource-list"], answers["bucket-level"]) == ("failed", "unknown")


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("kind", ["reset", "error"])
@pytest.mark.parametrize(
    ("scenario", "service", "operation"),
    [(TRUST, "ram", "UpdateRole"), (LISTING, "ram", "CreatePolicyVersion")],
    ids=["UpdateRole", "CreatePolicyVersion"],
)
def test_a_write_whose_answer_is_lost_is_made_once(
    stage: Stage, receiver: Receiver, scenario: Any, service: str, operation: str, kind: str, when: str
) -> None:
    call = scenario.prepare(stage)
    stage.settle()
    stage.local.cloud.keep_calls = True
    put(
        stage,
        service=service,
        operation=operation,
        kind=kind,
        when=when,
        caller="rolemend-remediate",
        times=1,
    )
    assert refusal(call) is not None
    stage.settle()
    wait_for_the_lease(stage)
    heal(stage)
    effects = [
        name for _, name, caller in stage.local.cloud.calls if name == operation and "remediate" in caller
    ]
    assert states(stage) == ["verified"]
    assert len(receiver.messages) == 1
    assert refusal(call) is None
    versions = stage.local.cloud.state.accounts[stage.account].ram.policies
    if operation == "CreatePolicyVersion":
        assert [version.id for version in versions["emr-demo-reader"].versions] == ["v1", "v2"]
    assert 1 <= len(effects) <= 2


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(
    ("function", "service", "operation"),
    [
        ("watch", "oss", "AppendObject"),
        ("watch", "fc", "InvokeFunction"),
        ("diagnose", "oss", "AppendObject"),
        ("diagnose", "fc", "InvokeFunction"),
        ("remediate", "oss", "AppendObject"),
        ("notify", "oss", "AppendObject"),
    ],
)
def test_a_lost_answer_of_the_ledger_or_of_function_compute_doubles_nothing(
    stage: Stage, receiver: Receiver, function: str, service: str, operation: str, when: str
) -> None:
    put(
        stage, service=service, operation=operation, kind="reset", when=when, caller=f"rolemend-{function}", times=1
    )  # fmt: skip
    attempt(stage, TRUST)
    heal(stage)
    (incident,) = essences(stage).values()
    assert (incident["state"], incident["count"], incident["messages"]) == ("verified", 1, 1)
    assert len(receiver.messages) == 1


def test_a_ledger_that_cannot_be_reached_makes_the_trigger_deliver_again(
    stage: Stage, receiver: Receiver
) -> None:
    put(stage, service="oss", operation="AppendObject", kind="error", caller="rolemend-watch", times=2)
    attempt(stage, TRUST)
    assert states(stage) == ["verified"]
    assert [one.function.name for one in invocations(stage, "watch") if one.error]


def test_a_receiver_that_is_down_gets_the_message_when_it_is_back(stage: Stage, receiver: Receiver) -> None:
    receiver.status = 500
    attempt(stage, SCENARIOS[3])
    assert receiver.messages == []
    assert states(stage) == ["alerted"], "nothing waits for a receiver"
    receiver.status = 200
    stage.local.call(lambda cloud: cloud.services["fc"].fire_timer("rolemend-notify", "deliver"))  # type: ignore[attr-defined]
    stage.settle()
    (message,) = receiver.messages
    (incident,) = stage.incidents().values()
    assert message["id"] == f"{incident.id}-1-alert"
    assert [sent.outcome for sent in incident.deliveries][-1] == "delivered"
