"""How long functions take from the start of their process to the first answer, and how fast `watch` reads logs.

The functions run from their archives, built for the interpreter at hand, on the local cloud. Beside them stands a bare
handler, which imports aliyun.log as it is published, reads its checkpoint and pulls the same range.
"""

from __future__ import annotations

import json
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench.figure import Figure
from demo import clients
from demo.__main__ import through_proxy
from demo.stage import HOME, LEDGER, Stage, set_stage
from localcloud.fc.host import FunctionHost
from localcloud.fc.settings import HostSettings
from localcloud.server import LocalCloud
from packing.build import ROOT, build
from packing.target import target_at_hand

STARTS = 5
READS = 3
BATCH = 100
RECORDS = 20_000
_NO_INCIDENT = b'{"incident": "inc-000000000000000000000000"}'
_NO_RUN = b'{"run": "20260131T180000Z", "account": "1000000000000001", "region": "cn-hangzhou", "step": 0}'
_PAGE = json.dumps({
    "version": "v1", "rawPath": "/", "headers": {"Host": "console"}, "queryParameters": {}, "body": "",
    "isBase64Encoded": False,
    "requestContext": {"http": {"method": "GET", "path": "/", "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1"}},
}).encode()  # fmt: skip
_ANSWERS = (b'"UnknownIncident"', b'"NotThere"', b'"SettingsError"')
_EVENTS = {"rolemend-audit": _NO_RUN, "rolemend-console": _PAGE}
COLD_BAR = 1.25
READ_BAR = 1.15
_BARE = """
import json, os

def handler(event, context):
    from aliyun.log import LogClient

    source = json.loads(event)["source"]
    client = LogClient("http://" + source["endpoint"].split("://")[-1], os.environ["ALIBABA_CLOUD_ACCESS_KEY_ID"],
                       os.environ["ALIBABA_CLOUD_ACCESS_KEY_SECRET"],
                       securityToken=os.environ["ALIBABA_CLOUD_SECURITY_TOKEN"])
    shard = (source["projectName"], source["logstoreName"], source["shardId"])
    try:
        client.get_check_point(source["projectName"], source["logstoreName"], "rolemend-watch", source["shardId"])
    except Exception:
        pass  # nobody made the group yet
    cursor, end = source["beginCursor"], source["endCursor"]
    read = 0
    while cursor != end:
        page = client.pull_logs(*shard, cursor, count=1000, end_cursor=end)
        read += len(page.get_flatten_logs_json())
        cursor = page.get_next_cursor()
    return json.dumps({"read": read})
"""


def starts() -> Iterator[Figure]:
    """The first answer of each function's first instance, and of the bare handler's."""
    with _stage() as stage:
        event = _batch(stage, BATCH)
        bare = _bare(stage)
        plain = statistics.median(_first_answer(stage, bare, event) for _ in range(STARTS))
        yield Figure("bare handler with aliyun.log, first answer", plain * 1000, "ms")
        for function in sorted(key.name for key in _host(stage).pools if key.name.startswith("rolemend-")):
            watched = function == "rolemend-watch"
            sent = event if watched else _EVENTS.get(function, _NO_INCIDENT)
            figure = statistics.median(_first_answer(stage, function, sent) for _ in range(STARTS))
            bar = {"bar": COLD_BAR, "relative": True} if watched else {}
            yield Figure(f"{function}, first answer", figure * 1000, "ms", figure / plain, **bar)  # type: ignore[arg-type]


def reading() -> Iterator[Figure]:
    """`watch` on a long range of access logs without a denial, beside the SDK's own decoding of it."""
    with _stage() as stage:
        plain = _warm(stage, _bare(stage))
        yield Figure("aliyun.log pulls and decodes access logs", plain / RECORDS * 1e6, "us a line")
        unfiltered = _warm(stage, "rolemend-watch", "unfiltered")
        yield Figure(
            "watch reads access logs, without the filter",
            unfiltered / RECORDS * 1e6,
            "us a line",
            unfiltered / plain,
            READ_BAR,
            relative=True,
        )
        filtered = _warm(stage, "rolemend-watch")
        yield Figure(
            "watch reads access logs, filtered in SLS",
            filtered / RECORDS * 1e6,
            "us a line",
            filtered / plain,
        )


@contextmanager
def _stage() -> Iterator[Stage]:
    """A stage with the archives, on which nothing fires by itself."""
    target = target_at_hand()
    folder = ROOT / "build" / "archives" / target.name
    build(target, folder)
    with tempfile.TemporaryDirectory() as place, LocalCloud() as local, through_proxy(local.proxy):
        (Path(place) / "fc3").symlink_to(folder, target_is_directory=True)
        os.environ["ROLEMEND_ARCHIVES"] = place
        try:
            stage = set_stage(local, "http://127.0.0.1:9/", "")
            _settings(stage).pause_triggers = True
            yield stage
        finally:
            del os.environ["ROLEMEND_ARCHIVES"]


def _host(stage: Stage) -> FunctionHost:
    found = stage.local.cloud.services["fc"]._host  # type: ignore[attr-defined]
    assert isinstance(found, FunctionHost)
    return found


def _settings(stage: Stage) -> HostSettings:
    return _host(stage).settings


def _bare(stage: Stage) -> str:
    """Deploy the bare handler with the packages of this machine, as `watch` is deployed; its name."""
    place = Path(tempfile.mkdtemp(prefix="bench-"))
    (place / "handler.py").write_text(_BARE, "utf-8")
    own = HostSettings()
    _settings(stage).layers["plain"] = own.layers["rolemend"]
    (spec,) = [pool.spec for key, pool in _host(stage).pools.items() if key.name == "rolemend-watch"]
    plain = replace(
        spec, key=spec.key._replace(name="bare"), code=place, layers=("plain",), triggers=(), environment={}
    )
    stage.local.call(lambda cloud: _host(stage).put(plain))
    return "bare"


def _first_answer(stage: Stage, function: str, event: bytes) -> float:
    """Seconds from the start of a process to its first answer."""
    (spec,) = [pool.spec for key, pool in _host(stage).pools.items() if key.name == function]
    stage.local.call(lambda cloud: _host(stage).put(spec))  # retires whatever instance there was
    began = time.perf_counter()
    _invoke(stage, function, event)
    return time.perf_counter() - began


def _warm(stage: Stage, function: str, source: str = "oss_access_log") -> float:
    """Median seconds of an answer of an instance that has loaded everything, each time for lines that are new to it."""
    times = []
    for _ in range(READS + 1):
        event = _batch(stage, RECORDS, source)
        began = time.perf_counter()
        told = _invoke(stage, function, event)
        times.append(time.perf_counter() - began)
        if source != "oss_access_log" and told["read"] != RECORDS:
            raise RuntimeError(f"{function} read {told['read']} lines of {RECORDS}")
    return statistics.median(times[1:])


def _invoke(stage: Stage, function: str, event: bytes) -> dict[str, Any]:
    (key,) = [key for key in _host(stage).pools if key.name == function]
    outcome = stage.local.do(_host(stage).invoke(key, event, "sync", "bench"))
    # An incident or a run that is not there, and a console that has no settings, end an invocation with an error: an
    # answer all the same.
    if outcome.failed and not any(each in outcome.body for each in _ANSWERS):
        raise RuntimeError(f"{function}: {outcome.body[:500]!r}")
    told: dict[str, Any] = json.loads(outcome.body)
    return told


def _batch(stage: Stage, count: int, kind: str = "oss_access_log") -> bytes:
    """Put access-log lines of answered calls into a logstore; the trigger's event for them."""
    from aliyun.log import LogItem, PutLogsRequest

    log, project, store = clients.log(stage.root), f"oss-log-{stage.account}-{HOME}", "oss-log-store"
    begin = log.get_cursor(project, store, 0, "end").get_cursor()
    for first in range(0, count, 1000):
        items = [LogItem(contents=_line(n)) for n in range(first, min(first + 1000, count))]
        log.put_logs(PutLogsRequest(project, store, "oss_access_log", "", items))
    source = {
        "endpoint": f"http://{HOME}.log.aliyuncs.com",
        "projectName": project,
        "logstoreName": store,
        "shardId": 0,
        "beginCursor": begin,
        "endCursor": log.get_cursor(project, store, 0, "end").get_cursor(),
    }
    return json.dumps(
        {"parameter": {"source": kind}, "source": source, "jobName": "bench", "taskId": "1"}
    ).encode()


def _line(number: int) -> list[tuple[str, str]]:
    return [
        ("time", "22/Nov/2026:03:21:08"),
        ("operation", "GetObject"),
        ("bucket", LEDGER),
        ("object", f"data%2Fpart-{number}.parquet"),
        ("http_status", "200"),
        ("http_method", "GET"),
        ("error_code", "-"),
        ("client_ip", "192.0.2.1"),
        ("request_id", f"65{number:022d}"),
        ("requester_id", "1000000000000001"),
        ("user_agent", "aliyun-sdk-java/3.17.4(Linux/5.10.134/x86_64;11.0.21)"),
        ("response_time", "12"),
        ("bucket_location", "oss-cn-hangzhou-a"),
        ("sync_request", "-"),
        ("content_length_out", "1048576"),
        ("owner_id", "1000000000000001"),
        ("host", f"{LEDGER}.oss-cn-hangzhou-internal.aliyuncs.com"),
    ]
