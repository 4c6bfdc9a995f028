"""A storm: a million denials of one cause, told by a log trigger, through the real log SDK into `watch`.

The records come from a server of its own, which answers each pull with a page it has encoded before. What is measured
is the processor's time of the process that reads: once reading and decoding alone, once the whole of `watch`.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.figure import Figure

DENIALS, PAGES, RANGES = 1_000_000, 200, 40
ROOT = Path(__file__).parent.parent
_SAMPLE = ROOT / "tests" / "events" / "oss-access-log-record-AccessDenied.CONSTRUCTED.json"


def storm() -> list[Figure]:
    """Each of the two ways in a process of its own, so that each shows its own memory."""
    with _served() as address:
        plain, whole = _run("plain", address), _run("watch", address)
    if whole["denials"] != DENIALS or whole["counted"] != DENIALS:
        raise RuntimeError(f"the storm was not counted: {whole}")
    if (whole["started"], whole["plans"], whole["alerts"]) != (1, 1, 1):
        raise RuntimeError(f"the storm is not one diagnosis, one plan and one alert: {whole}")
    name = f"storm of {DENIALS:,} denials"
    return [
        Figure(
            name, whole["seconds"], "s", ratio=whole["seconds"] / plain["seconds"], bar=1.3, relative=True
        ),
        Figure("memory", whole["megabytes"], "MB", bar=256),
        Figure("ledger writes", whole["writes"], "writes", bar=20),
        Figure("diagnoses started", whole["started"], "calls", bar=1),
        Figure("plans", whole["plans"], "plans", bar=1),
        Figure("alerts", whole["alerts"], "messages", bar=1),
    ]


def _run(way: str, address: str) -> dict[str, Any]:
    environment = {**os.environ, "http_proxy": address, "HTTP_PROXY": address, "no_proxy": ""}
    environment["PYTHONPATH"] = os.pathsep.join([str(ROOT), str(ROOT / "shared")])
    command = [sys.executable, "-m", "bench.storm", way]
    done = subprocess.run(command, env=environment, cwd=ROOT, check=True, capture_output=True, text=True)
    return dict(json.loads(done.stdout))


@contextmanager
def _served() -> Iterator[str]:
    command = [sys.executable, "-m", "bench.storm_server", str(_SAMPLE), str(DENIALS // PAGES)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield server.stdout.readline().strip()
        finally:
            server.terminate()


def main(way: str) -> None:
    """Read the storm in the ranges that the triggers of ten minutes name; print what it took as JSON."""
    read = _plain if way == "plain" else _watch
    found = read()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(found | {"megabytes": peak}))


def _ranges() -> Iterator[Any]:
    from rolemend.account.interface import LogRange
    from tests.fakes import cursor

    step = PAGES // RANGES
    for begin in range(0, PAGES, step):
        yield LogRange(
            endpoint="http://cn-hangzhou.log.aliyuncs.com",
            project="oss-log-1000000000000001-cn-hangzhou",
            logstore="oss-log-store",
            shard=0,
            begin=cursor(begin),
            end=cursor(begin + step),
        )


def _logs() -> Any:
    from rolemend.account.access import Access, Credentials
    from rolemend.account.sls import Sls

    return Sls(Access(account="1", region="cn-hangzhou", credentials=Credentials("k", "s"), scheme="http"))


def _plain() -> dict[str, Any]:
    logs, count, began = _logs(), 0, time.process_time()
    for log_range in _ranges():
        for page in logs.pages(log_range, ""):
            for _ in page.records:
                count += 1
    return {"seconds": time.process_time() - began, "denials": count}


def _watch() -> dict[str, Any]:
    """Fifteen seconds lie between two ranges; the ledger's bucket and the account are in memory.

    What `watch` starts is done before the next range, and is neither in its time nor in its writes.
    """
    import msgspec

    from rolemend.work.events import LogTrigger
    from rolemend.work.watch import watch
    from tests.work.scene import Scene

    scene, logs = Scene(account=_account(), guardrails=_propose()), _logs()
    parts = msgspec.structs.replace(scene.watch_parts(logs=logs), now=lambda: scene.now)
    denials, seconds, writes = 0, 0.0, 0
    for log_range in _ranges():
        asked, before, began = len(scene.functions.started), scene.store.every_write, time.process_time()
        denials += watch(LogTrigger(log_range, "oss_access_log"), parts).denials
        seconds += time.process_time() - began
        writes += scene.store.every_write - before
        for _ in scene.functions.started[asked:]:
            _go_on(scene)
        scene.now += 15
    counted = scene.incident.count
    counted += sum(tally.count for one in scene.memory.shards.values() for tally in one.carried.values())
    return {
        "seconds": seconds,
        "denials": denials,
        "counted": counted,
        "writes": writes,
        "started": scene.started.count("diagnose"),
        "plans": sum(getattr(entry.fact, "plan", None) is not None for entry in scene.entries),
        "alerts": len(scene.sent),
    }


def _account() -> Any:
    """A role that may read another bucket than the one of the storm."""
    import msgspec

    from rolemend.account.interface import Known, PolicyUsers
    from tests.work.scene import open_account

    account = open_account()
    role, bucket = account.the_role, account.the_bucket
    assert isinstance(role, Known)
    assert isinstance(bucket, Known)
    account.policy_users = Known(PolicyUsers(roles=("emr-ecs-role",)))
    account.the_role = Known(msgspec.structs.replace(role.value, name="emr-ecs-role"))
    account.the_bucket = Known(msgspec.structs.replace(bucket.value, name="demo-bucket"))
    return account


def _propose() -> Any:
    from rolemend.remedy.guardrails import Guardrails, Rule

    return Guardrails(rule=(Rule(name="storm", mode="propose", roles=("emr-*",), buckets=("demo-*",)),))


def _go_on(scene: Any) -> None:
    """What the other functions do with the one incident."""
    (key,) = (key for key in scene.store.objects if key.startswith("incidents/"))
    scene.denial = scene.ledger.load(key.removeprefix("incidents/").removesuffix(".jsonl")).denial
    scene.diagnose()
    scene.remediate()
    scene.notify()


if __name__ == "__main__":
    main(sys.argv[1])
