"""`python -m bench.scale`: what grows with what, from one account to 10,000, and which limit comes first.

The cost of each unit is measured here: one repair is played on the local cloud, its calls and messages are counted and
its invocations timed; to each call the network's time is added. A simulation then puts the load of a number of accounts
and log lines onto the documented limits, second by second for ten minutes with a burst of incidents in them.
`--page` prints the tables of docs/scale.md.
"""

from __future__ import annotations

import random
import sys
from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median

from rich.console import Console
from rich.table import Table

from bench.figure import Figure

LINE_BYTES = 1_500
"""Bytes of one access-log line as SLS takes it, measured on the lines that the local OSS writes."""
TRIGGER_SECONDS = 5.0
"""`triggerInterval` of s.yaml: while a shard gets lines, `watch` is invoked so often."""
SHARD_WRITE, SHARD_READ = 5e6, 10e6
"""Bytes a second of one shard: https://www.alibabacloud.com/help/en/sls/product-overview/data-read-and-write"""
REGION_INSTANCES = 300
"""Instances of one region: https://help.aliyun.com/zh/functioncompute/fc/product-overview/limits-of-usage"""
RAM_RATE = 50.0
"""Calls a second that RAM is assumed to answer; its rate is not published."""
OSS_RATE = 10_000.0
"""Requests a second of one account: https://www.alibabacloud.com/help/en/oss/product-overview/limits-1"""
ROBOT_RATE = 20 / 60
"""Messages a second of one robot: https://open.dingtalk.com/document/robots/custom-robot-access"""
CALL_SECONDS = 0.05
"""What the network adds to one call."""
INCIDENTS_A_DAY = 2.0
"""Different incidents of one account on a bad day; repeats are counted, not handled."""
BURST = 20
"""Incidents that begin in the same second: a policy that many jobs share was broken."""
SIMULATED = 600


@dataclass(frozen=True)
class Unit:
    """What one repair and one quiet look take: calls by service, seconds by function, messages to people."""

    calls: dict[str, int]
    seconds: dict[str, float]
    quiet_seconds: float
    messages: int

    @property
    def repair_calls(self) -> int:
        """Calls of one repair, without those of `watch` that find nothing."""
        return sum(count for service, count in self.calls.items() if service not in ("sls", "emr"))


def measure() -> Unit:
    """Play the demo's trust-policy scenario with its functions warm, and count."""
    from demo.__main__ import through_proxy
    from demo.receiver import Receiver
    from demo.run import play
    from demo.scenarios import GUARDRAILS, SCENARIOS
    from demo.stage import set_stage
    from localcloud.server import LocalCloud

    with LocalCloud() as local, through_proxy(local.proxy), Receiver() as receiver:
        stage = set_stage(local, receiver.url, GUARDRAILS)
        play(stage, receiver, SCENARIOS[0])  # starts the instances
        host = local.cloud.services["fc"]
        known, heard = len(host.invocations), len(receiver.messages)  # type: ignore[attr-defined]
        local.cloud.keep_calls = True
        play(stage, receiver, SCENARIOS[1])
        invoked = list(host.invocations)[known:]  # type: ignore[attr-defined]
        messages = len(receiver.messages) - heard
        calls = Counter(service for service, _, caller in local.cloud.calls if caller.startswith("rolemend-"))
    spent: dict[str, list[float]] = {}
    for one in invoked:
        spent.setdefault(one.function.name.removeprefix("rolemend-"), []).append(one.ended - one.started)
    quiet = median(spent.pop("watch"))
    return Unit(dict(calls), {name: sum(times) for name, times in spent.items()}, quiet, messages)


@dataclass(frozen=True)
class Load:
    accounts: int
    lines_a_day: float

    @property
    def lines(self) -> float:
        """A second, in the busiest hour: three times the mean."""
        return self.lines_a_day / 86_400 * 3


@dataclass(frozen=True)
class Use:
    """How much of each limit is taken on the mean; 1.0 is all of it. The robot is shared by all accounts, every other
    limit is one account's. `waits` is how long the last incident of a burst waits for its first call,
    `seconds_to_repair` how long until it is mended; `digested` is the share of messages that the robot cannot tell."""

    shares: dict[str, float]
    shards: int
    waits: float
    seconds_to_repair: float
    digested: float

    @property
    def first(self) -> str:
        return max(self.shares, key=lambda name: self.shares[name])


def simulate(load: Load, unit: Unit, seed: int = 1) -> Use:
    """Ten minutes of the busiest account, which has the same share of the lines as every other one."""
    lines = load.lines / load.accounts
    shards = max(1, -(-int(lines * LINE_BYTES) // int(SHARD_WRITE)))
    looks = min(shards / TRIGGER_SECONDS, lines)
    quiet = unit.quiet_seconds + 2 * CALL_SECONDS  # one pull and, once a minute, one checkpoint
    arrivals = _arrivals(random.Random(seed))
    repair = sum(unit.seconds.values()) + CALL_SECONDS * unit.repair_calls
    ram, instances = unit.calls.get("ram", 0), REGION_INSTANCES - looks * quiet
    waits = _waits(arrivals, min(RAM_RATE / max(ram, 1), instances / repair))
    rate = sum(arrivals) / SIMULATED
    told = load.accounts * INCIDENTS_A_DAY * unit.messages / 86_400
    shares = {
        "FC instances": (looks * quiet + rate * repair) / REGION_INSTANCES,
        "SLS shard reads": lines * LINE_BYTES / shards / SHARD_READ,
        "RAM calls": rate * ram / RAM_RATE,
        "OSS requests (ledger)": rate * unit.calls.get("oss", 0) / OSS_RATE,
        "one robot": told / ROBOT_RATE,
    }
    return Use(shares, shards, waits, waits + repair, max(0.0, 1 - ROBOT_RATE / told))


def _waits(arrivals: list[int], pace: float) -> float:
    """Seconds that the last one of the longest queue waits, if `pace` incidents a second may begin."""
    waiting: deque[int] = deque()
    longest = begun = 0.0
    for second, arrived in enumerate(arrivals):
        waiting.extend([second] * arrived)
        # What an idle second leaves unused is lost, as limits are kept by the second.
        begun = min(begun, 1.0) + pace
        while waiting and begun >= 1:
            begun -= 1
            longest = max(longest, float(second - waiting.popleft()))
    return longest


def _arrivals(chance: random.Random) -> list[int]:
    """Incidents that begin in each second: single ones over the day's mean, and one burst."""
    arrivals = [int(chance.random() < INCIDENTS_A_DAY * 10 / 86_400) for _ in range(SIMULATED)]
    arrivals[chance.randrange(SIMULATED // 2)] += BURST
    return arrivals


LOADS = (Load(1, 1e6), Load(1, 1e8), Load(1, 1e10), Load(100, 1e9), Load(10_000, 1e11))


def figures() -> Iterable[Figure]:
    """The benchmark: the share of its first limit that an account takes at the largest load."""
    use = simulate(LOADS[-1], measure())
    yield Figure(
        "10,000 accounts, 1e11 lines a day: share of the first limit", use.shares[use.first], "of it", bar=1.0
    )


def page(unit: Unit) -> str:
    """The tables of docs/scale.md between its marks: what was measured, and what the simulation makes of it."""
    rows = ["| one repair takes | |", "| --- | --- |"]
    rows += [f"| calls to `{service}` | {count} |" for service, count in sorted(unit.calls.items())]
    rows += [f"| seconds of `{name}` | {spent:.2f} |" for name, spent in sorted(unit.seconds.items())]
    rows += [f"| messages | {unit.messages} |"]
    rows += [f"| seconds of a look of `watch` without a denial | {unit.quiet_seconds:.3f} |", ""]
    names = tuple(simulate(LOADS[0], unit).shares)
    heads = ("accounts", "lines a day, together", "shards in each", *names, "first limit", "last of a burst")
    rows += [f"| {' | '.join(heads)} |", f"|{' --- |' * len(heads)}"]
    for load in LOADS:
        use = simulate(load, unit)
        shares = [f"{use.shares[name]:.1%}" for name in names]
        repaired = f"begins after {use.waits:.0f} s, mended after {use.seconds_to_repair:.0f} s"
        cells = [f"{load.accounts:,}", f"{load.lines_a_day:,.0f}", str(use.shards), *shares]
        rows.append(f"| {' | '.join([*cells, use.first, repaired])} |")
    return "\n".join(rows)


def main() -> None:
    unit = measure()
    if "--page" in sys.argv:
        sys.stdout.write(page(unit) + "\n")
        return
    console = Console()
    console.print("calls of one repair:", unit.calls)
    console.print("messages of one repair:", unit.messages)
    console.print("seconds of one repair:", {name: round(value, 3) for name, value in unit.seconds.items()})
    console.print("seconds of one look without a denial:", round(unit.quiet_seconds, 3))
    table = Table(
        "accounts", "lines a day", "shards each", "first limit", "share", "last of a burst", "in digests"
    )
    for load in LOADS:
        use = simulate(load, unit)
        first = use.first
        table.add_row(
            f"{load.accounts:,}",
            f"{load.lines_a_day:.0e}",
            str(use.shards),
            first,
            f"{use.shares[first]:.1%}",
            f"{use.seconds_to_repair:.1f} s",
            f"{use.digested:.0%}",
        )
    console.print(table)


if __name__ == "__main__":
    main()
