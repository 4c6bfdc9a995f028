"""Events that come twice, late or in reversed order lead to the same end."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from demo.receiver import Receiver
from demo.scenarios import GUARDRAILS, SCENARIOS
from demo.stage import Stage, set_stage
from localcloud.server import LocalCloud
from tests.e2e.watching import attempt, essences, host, invocations, invoke

_RANDOM = re.compile(r"\b(?:w|jr)-[0-9a-z]{8,}")
"""Ids of workspaces and of runs, which are others each time."""


def run_all(local: LocalCloud, receiver: Receiver, change: Callable[[Any], None]) -> tuple[Any, list[str]]:
    """The calls of all scenarios one after the other, settled only at the end; incidents and kinds of messages."""
    local.reset()
    receiver.messages.clear()
    stage = set_stage(local, receiver.url, GUARDRAILS)
    calls = [scenario.prepare(stage) for scenario in SCENARIOS]
    stage.settle()
    local.call(lambda cloud: change(host(stage).settings))
    for call in (*calls, *calls):
        with pytest.raises(Exception):  # noqa: B017, PT011
            call()
    stage.settle()
    assert len({message["id"] for message in receiver.messages}) == len(receiver.messages)
    found = {_RANDOM.sub("*", repr(essence)) for essence in essences(stage).values()}
    assert len(found) == len(stage.incidents())
    return sorted(found), sorted(message["kind"] for message in receiver.messages)


def plain(settings: Any) -> None:
    settings.pause_triggers = True


def twice(settings: Any) -> None:
    settings.pause_triggers = settings.duplicate_deliveries = True


def reversed_order(settings: Any) -> None:
    settings.pause_triggers = settings.reverse_deliveries = True


def twice_and_reversed(settings: Any) -> None:
    twice(settings)
    reversed_order(settings)


@pytest.fixture(scope="module")
def expected(running: LocalCloud) -> Any:
    with Receiver() as receiver:
        yield run_all(running, receiver, plain)


@pytest.mark.parametrize("change", [twice, reversed_order, twice_and_reversed])
def test_the_way_of_delivery_does_not_change_the_end(
    local: LocalCloud, receiver: Receiver, expected: Any, change: Callable[[Any], None]
) -> None:
    assert run_all(local, receiver, change) == expected


def test_the_expected_end_is_nine_incidents_with_one_message_each(expected: Any) -> None:
    incidents, messages = expected
    assert len(incidents) == len(messages) == 9
    assert all("'count': 2," in incident for incident in incidents)
    assert messages == ["alert"] * 6 + ["remediated"] * 3


def test_old_events_delivered_again_after_the_repair_reopen_nothing(stage: Stage, receiver: Receiver) -> None:
    attempt(stage, SCENARIOS[0])
    before = essences(stage)
    payloads = [one.payload for one in invocations(stage, "watch")]
    for payload in payloads:
        invoke(stage, "watch", payload)
    stage.settle()
    assert essences(stage) == before
    assert len(receiver.messages) == 1
