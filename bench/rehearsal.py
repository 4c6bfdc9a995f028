"""Ninety days of events in which nothing was denied: read for a rehearsal, beside unpacking and parsing alone."""

from __future__ import annotations

import gzip
import json
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from bench.figure import Figure

EVENTS, FILES = 1_000_000, 200
RATIO_BAR = 1.5
_ROUNDS = 2
_NAMES = ("DescribeInstances", "ListObjects", "GetRole", "DescribeDisks", "AssumeRole", "StartInstance")


def reading() -> Iterable[Figure]:
    """The best of a few rounds of each, one after the other, so that both meet the same machine."""
    import orjson

    from rehearsal.history import read_files

    with tempfile.TemporaryDirectory() as folder:
        paths = _write(Path(folder))

        def plain() -> int:
            return sum(len(orjson.loads(gzip.decompress(path.read_bytes()))) for path in paths)

        def ours() -> int:
            found = read_files(paths)
            assert not found.records
            assert not found.troubles
            return found.held_back

        parsed, read = float("inf"), float("inf")
        for _ in range(_ROUNDS):
            parsed, read = min(parsed, _seconds(plain)), min(read, _seconds(ours))
    name = f"rehearsal: reading {EVENTS:,} events of which none was denied"
    yield Figure(
        f"{name}, {EVENTS / read:,.0f} events a second", read, "s", read / parsed, RATIO_BAR, relative=True
    )
    yield Figure(f"unpacking and parsing them alone (orjson), {EVENTS / parsed:,.0f} a second", parsed, "s")


def _seconds(work: Callable[[], int]) -> float:
    """Of CPU: neither waits for anything, and other programs' work does not count."""
    started = time.process_time()
    assert work() == EVENTS
    return time.process_time() - started


def _write(folder: Path) -> list[Path]:
    """Files as ActionTrail delivers them: one JSON array each, about 1.2 KB an event."""
    paths = []
    each = EVENTS // FILES
    for number in range(FILES):
        events = [_event(number * each + place) for place in range(each)]
        path = folder / f"actiontrail_{number:05}.gz"
        path.write_bytes(gzip.compress(json.dumps(events).encode(), 6))
        paths.append(path)
    return paths


def _event(number: int) -> dict[str, object]:
    name = _NAMES[number % len(_NAMES)]
    return {
        "eventId": f"{number:08x}-5f1c-4d5e-8c30-{number * 7919 % (1 << 48):012x}",
        "eventVersion": "1",
        "eventSource": "ecs.aliyuncs.com",
        "sourceIpAddress": f"10.{number % 251}.{number % 241}.9",
        "userAgent": "AlibabaCloud (Linux; amd64) Java/1.8.0_152-b187 Core/4.5.17 HTTPClient/ApacheHttpClient",
        "eventType": "ApiCall",
        "userIdentity": {
            "accountId": "1000000000000001",
            "principalId": f"3{number % 977:017d}:session-{number % 1013}",
            "type": "assumed-role",
            "userName": f"service-{number % 97}:session-{number % 1013}",
            "sessionContext": {
                "attributes": {"creationDate": "2026-01-01T00:00:00Z", "mfaAuthenticated": "false"}
            },
        },
        "serviceName": "Ecs",
        "additionalEventData": {"Scheme": "https", "isMFAChecked": "false", "CallbackUri": ""},
        "requestId": f"{number * 104729 % (1 << 32):08X}-AAAA-5BBB-8CCC-{number:012X}",
        "requestParameters": {
            "RegionId": "cn-hangzhou",
            "PageNumber": number % 10,
            "PageSize": 100,
            "InstanceIds": [f"i-{number * 31 % (1 << 40):010x}", f"i-{number * 37 % (1 << 40):010x}"],
            "AcsProduct": "Ecs",
            "stsTokenPlayerUid": f"2{number % 977:017d}",
        },
        "responseElements": {"RequestId": f"{number:032x}", "TotalCount": number % 500},
        "referencedResources": {"ACS::ECS::Instance": [f"i-{number * 31 % (1 << 40):010x}"]},
        "eventRW": "Read",
        "isGlobal": False,
        "acsRegion": "cn-hangzhou",
        "apiVersion": "2014-05-26",
        "eventTime": "2026-01-01T00:00:00Z",
        "recipientAccountId": "1000000000000001",
        "eventName": name,
        "errorCode": "",
        "errorMessage": "",
    }
