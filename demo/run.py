"""Plays one scenario: the denied call, the way of the event, what was found and done, and the same call again."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from demo.receiver import Receiver
from demo.scenarios import Scenario
from demo.stage import Stage
from rolemend.incident.life import VERIFIED, Incident

Step = Callable[[str], None]


@dataclass(frozen=True)
class Outcome:
    """What came out of one scenario. `verified` is whether the denied call succeeds now, None if nothing was mended."""

    scenario: Scenario
    denied: str
    seconds: float
    incident: Incident | None = None
    message: dict[str, Any] | None = None
    action: str = "none"
    verified: bool | None = None
    passed_over: dict[str, int] = field(default_factory=dict)

    @property
    def cause(self) -> str | None:
        return self.incident.diagnosis.cause if self.incident and self.incident.diagnosis else None

    def checks(self) -> list[dict[str, str]]:
        if self.incident is None or self.incident.diagnosis is None:
            return []
        return [{"id": f.check, "faq": f.faq, "answer": f.answer} for f in self.incident.diagnosis.findings]

    def as_expected(self) -> bool:
        wanted = self.scenario
        return (self.cause, self.action, self.verified) == (
            wanted.cause,
            wanted.action,
            wanted.verified,
        ) and ((self.incident is not None) == (wanted.action != "none"))

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.scenario.name,
            "denied_call": self.scenario.denied_call,
            "error": self.denied,
            "detected": self.incident is not None,
            "cause": self.cause,
            "checks": self.checks(),
            "action": self.action,
            "verified": self.verified,
            "seconds": round(self.seconds, 3),
            "incident": self.incident.id if self.incident else None,
            "passed_over": self.passed_over,
            "as_expected": self.as_expected(),
        }


class NotDenied(Exception):
    """The call that a scenario is about was answered: the stage is not as it should be."""


def play(stage: Stage, receiver: Receiver, scenario: Scenario, step: Step = lambda text: None) -> Outcome:
    """Play a scenario on a stage that is set. Raises NotDenied if its call is not denied."""
    known, heard = set(stage.incidents()), len(receiver.messages)
    step("preparing the account")
    call = scenario.prepare(stage)
    stage.settle()
    invoked = _watched(stage)
    step(f"calling: {scenario.denied_call}")
    started = time.monotonic()
    denied = refusal(call)
    if denied is None:
        raise NotDenied(f"{scenario.name}: {scenario.denied_call} was answered")
    step("waiting for the event to travel through the logs and the functions")
    stage.settle()
    incident = next((one for key, one in stage.incidents().items() if key not in known), None)
    seconds = time.monotonic() - started
    messages = receiver.messages[heard:]
    remediated = incident is not None and incident.state == VERIFIED
    verified = None
    if remediated:
        step("making the same call again")
        verified = refusal(call) is None
        stage.settle()
    return Outcome(
        scenario=scenario,
        denied=denied,
        seconds=seconds,
        incident=incident,
        message=messages[0] if messages else None,
        action=_action(remediated, messages),
        verified=verified,
        passed_over=_difference(_watched(stage), invoked),
    )


def refusal(call: Callable[[], Any]) -> str | None:
    """The error that a call ends with, in one line; None if it is answered."""
    try:
        call()
    except Exception as error:  # noqa: BLE001
        code = getattr(error, "code", "") or type(error).__name__
        ec = getattr(error, "ec", "") or ""
        message = str(getattr(error, "message", "") or error).splitlines()[0]
        return f"{code} {ec} {message}".replace("  ", " ")[:200]
    return None


def _action(remediated: bool, messages: list[dict[str, Any]]) -> str:
    if remediated:
        return "remediated"
    return "alerted" if any(message["kind"] == "alert" for message in messages) else "none"


def _watched(stage: Stage) -> dict[str, int]:
    """What `watch` passed over so far, by reason, from the answers of its invocations."""
    counts: dict[str, int] = {}
    invocations = stage.local.call(lambda cloud: list(cloud.services["fc"].invocations))  # type: ignore[attr-defined]
    for invocation in invocations:
        if invocation.function.name == "rolemend-watch" and invocation.result:
            for reason, count in json.loads(invocation.result)["passed_over"].items():
                counts[reason] = counts.get(reason, 0) + count
    return counts


def _difference(after: dict[str, int], before: dict[str, int]) -> dict[str, int]:
    return {
        reason: count - before.get(reason, 0)
        for reason, count in after.items()
        if count > before.get(reason, 0)
    }
