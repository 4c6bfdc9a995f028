"""From a denied call to the verified repair: the calls that come one after the other, with 50 ms for each.

Calls that are in flight together count once, so the figure is what the way costs in time, whatever a call takes.
"""

from __future__ import annotations

import copy
import os
import sys
from collections.abc import Iterator
from typing import Any

from bench.figure import Figure
from demo.receiver import Receiver
from demo.run import refusal
from demo.scenarios import GUARDRAILS, SCENARIOS, Scenario
from demo.stage import set_stage
from localcloud.cloud import Cloud
from localcloud.server import LocalCloud

LATENCY = 0.05
BAR = 20.0
PLAYS = 8
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
    """Play the scenario several times, and take the shortest row: what an instance loads for the first time takes
    longer than a call, and parts calls that are made together. Raises RuntimeError if it does not end verified."""
    local.reset()
    stage = set_stage(local, receiver.url, GUARDRAILS)
    call = scenario.prepare(stage)
    stage.settle()
    local.cloud.services["fc"].settings.pause_triggers = True  # type: ignore[attr-defined]
    kept = local.call(_account)
    local.cloud.latency = LATENCY
    local.cloud.keep_calls = True
    rows = []
    for _ in range(PLAYS):
        local.call(lambda cloud: _put_back(cloud, kept))
        refusal(call)
        stage.settle()
        if [incident.state for incident in stage.incidents().values()] != ["verified"]:
            raise RuntimeError(f"{scenario.name} did not end verified")
        rows.append(longest(to_repair(list(local.cloud.spans))))
    chained = min(rows, key=len)
    way = ", ".join(" ".join((who.removeprefix("rolemend-"), operation)) for *_, operation, who in chained)
    print(f"{scenario.name}: {way}", file=sys.stderr)
    name = f"calls one after the other, {scenario.name} to its repair"
    return Figure(name, len(chained), "calls", bar=BAR)


def _account(cloud: Cloud) -> Any:
    return copy.deepcopy((cloud.state.accounts, cloud.state.oss, cloud.state.emr))


def _put_back(cloud: Cloud, kept: Any) -> None:
    cloud.state.accounts, cloud.state.oss, cloud.state.emr = copy.deepcopy(kept)
    for project in cloud.state.sls.projects.values():
        for shard in (shard for logstore in project.logstores.values() for shard in logstore.shards):
            shard.first += len(shard.groups)  # what stood there has expired, and is counted by nobody again
            shard.groups.clear()
    cloud.spans.clear()


def to_repair(spans: list[Span]) -> list[Span]:
    """The functions' calls up to the last entry of `remediate` into the incident: that of the verified repair.

    What a function does once it has started the next one is on nobody's way.
    """
    own = sorted(span for span in spans if span[3].startswith("rolemend-"))
    handed_on = {who: end for _, end, operation, who in own if operation == "InvokeFunction"}
    ends = [end for _, end, *who in own if who == ["AppendObject", "rolemend-remediate"]]
    return [span for span in own if span[1] <= min(ends[-2], handed_on.get(span[3], ends[-2]))]


def longest(spans: list[Span]) -> list[Span]:
    """The longest row of calls of which each came after the answer to the one before."""
    row: list[Span] = []
    for span in sorted(spans, key=lambda span: span[1]):
        if not row or span[0] >= row[-1][1]:
            row.append(span)
    return row
