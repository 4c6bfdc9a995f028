"""From a denied call to the verified repair: the calls that come one after the other, with 50 ms for each.

Calls that are in flight together count once, so the figure is what the way costs in time, whatever a call takes.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from bench.figure import Figure
from demo.receiver import Receiver
from demo.run import refusal
from demo.scenarios import GUARDRAILS, SCENARIOS, Scenario
from demo.stage import set_stage
from localcloud.server import LocalCloud

LATENCY = 0.05
BAR = 20.0
HEADLINES = ("trust-policy", "resource-list")

Span = tuple[float, float, str, str]
"""When a call came, when its answer went, its operation and who made it."""


def chain() -> Iterator[Figure]:
    """The calls on the longest chain of each headline scenario."""
    with LocalCloud() as local, Receiver() as receiver:
        around = {name: os.environ.get(name) for name in ("http_proxy", "no_proxy")}
        os.environ |= {"http_proxy": local.proxy, "no_proxy": "127.0.0.1,localhost"}
        try:
            for scenario in SCENARIOS:
                if scenario.name in HEADLINES:
                    yield measure(local, receiver, scenario)
        finally:
            for name, value in around.items():
                os.environ.pop(name, None) if value is None else os.environ.__setitem__(name, value)


def measure(local: LocalCloud, receiver: Receiver, scenario: Scenario) -> Figure:
    """Play the scenario once and count. Raises RuntimeError if it does not end verified."""
    local.reset()
    stage = set_stage(local, receiver.url, GUARDRAILS)
    call = scenario.prepare(stage)
    stage.settle()
    local.cloud.services["fc"].settings.pause_triggers = True  # type: ignore[attr-defined]
    local.cloud.latency = LATENCY
    local.cloud.keep_calls = True
    refusal(call)
    stage.settle()
    if [incident.state for incident in stage.incidents().values()] != ["verified"]:
        raise RuntimeError(f"{scenario.name} did not end verified")
    count = longest(to_repair(list(local.cloud.spans)))
    return Figure(f"calls one after the other, {scenario.name} to its repair", count, "calls", bar=BAR)


def to_repair(spans: list[Span]) -> list[Span]:
    """The functions' calls up to the last entry of `remediate` into the incident: that of the verified repair."""
    own = sorted(span for span in spans if span[3].startswith("rolemend-"))
    ends = [end for _, end, *who in own if who == ["AppendObject", "rolemend-remediate"]]
    return [span for span in own if span[1] <= ends[-2]]


def longest(spans: list[Span]) -> int:
    """The most calls of which each came after the answer to the one before."""
    count, until = 0, 0.0
    for began, ended, *_ in sorted(spans, key=lambda span: span[1]):
        if began >= until:
            count, until = count + 1, ended
    return count
