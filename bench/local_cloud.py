"""How fast the local cloud starts and answers, against a bare uvicorn application with the same protocol class.

Requests are recorded from the real SDKs and sent again byte for byte, so that no client's time is in the figures; the
servers are processes of their own.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from bench.figure import Figure
from bench.wire import Line, Recorder
from demo import clients
from demo.clients import Keys

STARTS = 5
CALLS = 300
WARM_UP = 30
START_BAR = 2.0
"""Seconds from the start of the process to the first answered call."""
CALL_BAR = 5.0
"""Milliseconds of a call."""

REGION = "cn-hangzhou"
_ROLEMEND = [str(Path(sys.executable).with_name("rolemend"))]
_COMMAND = _ROLEMEND if Path(_ROLEMEND[0]).exists() else [sys.executable, "-m", "rolemend.cli"]
_BARE = [sys.executable, "-m", "bench.bare"]
_FIRST_CALL = b"GET /?Action=GetCallerIdentity&Version=2015-04-01 HTTP/1.1\r\nHost: sts.aliyuncs.com\r\n\r\n"


def start() -> Iterator[Figure]:
    """The time of `rolemend local up` until it answers, and that of a bare application."""
    own = statistics.median(_start_time([*_COMMAND, "local", "up"]) for _ in range(STARTS))
    bare = statistics.median(_start_time(_BARE) for _ in range(STARTS))
    yield Figure("rolemend local up, to the first answer", own, "s", own / bare, START_BAR)


def _start_time(command: list[str]) -> float:
    began = time.perf_counter()
    with _served(command) as told, Line(told["http_proxy"]) as line:
        line.ask(_FIRST_CALL)
        return time.perf_counter() - began


def calls() -> Iterator[Figure]:
    """The median time of each call on a connection that is kept open."""
    with _served([*_COMMAND, "local", "up"]) as own, _served(_BARE) as bare:
        keys = Keys(own["ALIBABA_CLOUD_ACCESS_KEY_ID"], own["ALIBABA_CLOUD_ACCESS_KEY_SECRET"])
        prepared = _prepare(keys, own)
        with Line(own["http_proxy"]) as line, Line(bare["http_proxy"]) as plain, Recorder() as recorder:
            for name, send in prepared.items():
                with through(recorder.address):
                    requests = recorder.record(send, WARM_UP + CALLS)
                figure, other = _median(line, requests, check=True), _median(plain, requests)
                yield Figure(name, figure * 1000, "ms", figure / other, CALL_BAR)


def _median(line: Line, requests: list[bytes], *, check: bool = False) -> float:
    """Seconds of one call, after a few that do not count; with `check` each has to succeed."""
    times = []
    for request in requests:
        began = time.perf_counter()
        status, body = line.ask(request)
        times.append(time.perf_counter() - began)
        if check and status != 200:
            raise RuntimeError(f"answered {status}: {body[:500]!r}")
    return statistics.median(times[WARM_UP:])


Send = Callable[[int], Any]
"""Makes the n-th call."""


def _prepare(keys: Keys, told: dict[str, str]) -> dict[str, Send]:
    """Make what the calls need, and tell how each is made."""
    account = told["ALIBABA_CLOUD_ACCOUNT_ID"]
    with through(told["http_proxy"]):
        ram, sts, emr, log = clients.ram(keys), clients.sts(keys), clients.emr(keys), clients.log(keys)
        bucket = clients.bucket(keys, "bench")
        bucket.create_bucket()
        _make_role(ram, account)
        _make_cluster(emr)
        log.create_project("bench", "")
        log.create_logstore("bench", "store", shard_count=1)
        put = _log_request(10)
        log.put_logs(put)
        cursor = log.get_cursor("bench", "store", 0, "begin").get_cursor()
    from alibabacloud_emr20210320.models import ListClustersRequest
    from alibabacloud_ram20150501.models import GetRoleRequest

    return {
        "GetCallerIdentity": lambda n: sts.get_caller_identity(),
        "GetRole": lambda n: ram.get_role(GetRoleRequest(role_name="BenchRole")),
        "PutObject, 1 KB": lambda n: bucket.put_object(f"put-{n}", b"x" * 1024),
        "AppendObject, 200 B": lambda n: bucket.append_object("journal", 200 * n, b"x" * 200),
        "PullLogs, 10 logs": lambda n: log.pull_logs("bench", "store", 0, cursor, count=1),
        "PutLogs, 10 logs": lambda n: log.put_logs(put),
        "ListClusters": lambda n: emr.list_clusters(ListClustersRequest(region_id=REGION)),
    }


def _make_role(ram: Any, account: str) -> None:
    from alibabacloud_ram20150501.models import CreateRoleRequest

    services = {"Service": ["ecs.aliyuncs.com", "emr.aliyuncs.com"]}
    trust = {
        "Version": "1",
        "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": services}],
    }
    ram.create_role(CreateRoleRequest(role_name="BenchRole", assume_role_policy_document=json.dumps(trust)))


def _make_cluster(emr: Any) -> None:
    from alibabacloud_emr20210320.models import NodeAttributes, RunClusterRequest

    attributes = NodeAttributes(ram_role="BenchRole", zone_id=f"{REGION}-h")
    emr.run_cluster(
        RunClusterRequest(
            region_id=REGION, cluster_name="bench", release_version="EMR-5.16.0", node_attributes=attributes
        )
    )


def _log_request(count: int) -> Any:
    from aliyun.log import LogItem, PutLogsRequest

    items = [LogItem(contents=[("number", str(n)), ("text", "x" * 100)]) for n in range(count)]
    return PutLogsRequest("bench", "store", "topic", "source", items)


@contextmanager
def _served(command: list[str]) -> Iterator[dict[str, str]]:
    """A server in a process of its own; the variables that it prints."""
    inherited = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    process = subprocess.Popen(
        command, env=inherited, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    told = {}
    try:
        for line in process.stdout:
            if line.startswith("#"):
                break
            name, _, value = line.removeprefix("export ").strip().partition("=")
            told[name] = value
        else:
            raise RuntimeError(f"{command[0]} did not start: {process.communicate()[1]}")
        yield told
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=10)
        process.kill()


@contextmanager
def through(proxy: str) -> Iterator[None]:
    """Let the SDKs of this process send to `proxy`."""
    names = ("http_proxy", "HTTP_PROXY")
    before = {name: os.environ.get(name) for name in names}
    os.environ.update(dict.fromkeys(names, proxy))
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None) if value is None else os.environ.__setitem__(name, value)
