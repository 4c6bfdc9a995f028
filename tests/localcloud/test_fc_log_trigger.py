"""Log triggers: what a function is sent when records arrive in a logstore."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from aliyun.log import LogItem, PutLogsRequest

from localcloud.server import LocalCloud
from tests import clients
from tests.clients import Keys
from tests.localcloud.fc_functions.deployment import Deployment, function, open_host


@pytest.fixture
def fc(local: LocalCloud, root: Keys, account: str, tmp_path: Path) -> Deployment:
    return open_host(local, root, account, tmp_path)


PROJECT, STORE = "trail-project", "actiontrail-main"


@pytest.fixture
def log(root: Keys) -> Any:
    client = clients.log(root)
    client.create_project(PROJECT, "")
    client.create_logstore(PROJECT, STORE, shard_count=1)
    return client


def trigger(account: str, *, project: str = PROJECT, store: str = STORE, **config: Any) -> dict[str, Any]:
    return {
        "triggerName": f"on-{store}",
        "triggerType": "log",
        "invocationRole": f"acs:ram::{account}:role/aliyunlogetlrole",
        "sourceArn": f"acs:log:cn-hangzhou:{account}:project/{project}",
        "triggerConfig": {
            "sourceConfig": {"logstore": store},
            "jobConfig": {"maxRetryTime": 2, "triggerInterval": 60},
            "logConfig": {"project": "", "logstore": ""},
            "functionParameter": {"mode": "test"},
            "enable": True,
            **config,
        },
    }


def recorder(place: Path, *triggers: dict[str, Any], **variables: str) -> dict[str, Any]:
    return function(
        "record", environmentVariables={"RECORD": str(place), **variables}, triggers=list(triggers)
    )


def events(place: Path) -> list[Any]:
    return [json.loads(json.loads(line)["event"]) for line in place.read_text().splitlines()]


def put(log: Any, text: str, store: str = STORE) -> None:
    log.put_logs(PutLogsRequest(PROJECT, store, "topic", "source", [LogItem(contents=[("text", text)])]))


def ends_with(log: Any, place: Path, text: str) -> bool:
    """Whether the range of the latest event holds this text and nothing after it."""
    return pulled(log, events(place)[-1])[-1:] == [text]


def pulled(log: Any, event: dict[str, Any]) -> list[str]:
    """The records of an event's range, read as a function reads them."""
    source = event["source"]
    found, cursor = [], source["beginCursor"]
    while cursor != source["endCursor"]:
        answer = log.pull_logs(
            source["projectName"], source["logstoreName"], source["shardId"], cursor,
            end_cursor=source["endCursor"],
        )  # fmt: skip
        found += [one["text"] for one in answer.get_flatten_logs_json()]
        if answer.get_next_cursor() == cursor:
            break
        cursor = answer.get_next_cursor()
    return found


def test_new_records_invoke_the_function_with_their_range(fc: Deployment, log: Any, tmp_path: Path) -> None:
    place = tmp_path / "record"
    put(log, "before the trigger")
    fc.deploy(recorder(place, trigger(fc.account)))
    put(log, "one")
    put(log, "two")
    fc.drain()
    (event,) = events(place)
    assert pulled(log, event) == ["one", "two"]
    assert set(event) == {"parameter", "source", "jobName", "taskId", "cursorTime"}
    assert event["parameter"] == {"mode": "test"}
    source = event["source"]
    assert source["endpoint"] == "http://cn-hangzhou-intranet.log.aliyuncs.com"
    assert (source["projectName"], source["logstoreName"], source["shardId"]) == (PROJECT, STORE, 0)
    assert len(event["jobName"]) == 40
    assert fc.invocations[0].kind == f"on-{STORE}"


def test_it_fires_by_itself_soon_after_an_append(fc: Deployment, log: Any, tmp_path: Path) -> None:
    place = tmp_path / "record"
    fc.deploy(recorder(place, trigger(fc.account)))
    for text in ("one", "two", "three"):
        put(log, text)
        fc.wait(lambda: place.exists() and events(place))
        fc.wait(partial(ends_with, log, place, text))
    ranges = [(event["source"]["beginCursor"], event["source"]["endCursor"]) for event in events(place)]
    assert [begin for begin, _ in ranges[1:]] == [end for _, end in ranges[:-1]]
    assert len({event["taskId"] for event in events(place)}) == 3


def test_each_shard_has_its_own_invocation(fc: Deployment, log: Any, tmp_path: Path) -> None:
    log.create_logstore(PROJECT, "two-shards", shard_count=2)
    place = tmp_path / "record"
    fc.deploy(recorder(place, trigger(fc.account, store="two-shards")))
    put(log, "one", "two-shards")
    put(log, "two", "two-shards")
    fc.drain()
    found = events(place)
    assert sorted(event["source"]["shardId"] for event in found) == [0, 1]
    assert sorted(text for event in found for text in pulled(log, event)) == ["one", "two"]


def test_a_start_time_reads_what_was_there_before(fc: Deployment, log: Any, tmp_path: Path) -> None:
    put(log, "early")
    place = tmp_path / "record"
    fc.deploy(recorder(place, trigger(fc.account, sourceConfig={"logstore": STORE, "startTime": 1})))
    fc.drain()
    assert pulled(log, events(place)[0]) == ["early"]


def test_a_logstore_may_come_after_its_trigger(fc: Deployment, log: Any, tmp_path: Path) -> None:
    place = tmp_path / "record"
    fc.deploy(recorder(place, trigger(fc.account, store="later")))
    fc.drain()
    log.create_logstore(PROJECT, "later", shard_count=1)
    put(log, "first", "later")
    fc.drain()
    assert pulled(log, events(place)[0]) == ["first"]
    log.delete_logstore(PROJECT, "later")
    fc.drain()


def test_a_failing_range_is_tried_again_as_often_as_configured(
    fc: Deployment, log: Any, tmp_path: Path
) -> None:
    place = tmp_path / "record"
    fc.deploy(recorder(place, trigger(fc.account), FAILURES="2"))
    put(log, "one")
    fc.drain()
    first, second, third = events(place)
    assert first == second == third
    assert not fc.service.undelivered


def test_a_range_whose_tries_all_failed_is_counted_and_not_sent_again(
    fc: Deployment, log: Any, tmp_path: Path
) -> None:
    place = tmp_path / "record"
    fc.deploy(recorder(place, trigger(fc.account), FAILURES="3"))
    put(log, "lost")
    fc.drain()
    put(log, "next")
    fc.drain()
    assert pulled(log, events(place)[-1]) == ["next"]
    (lost,) = fc.service.undelivered
    assert lost.kind == "range"
    assert pulled(log, json.loads(lost.payload)) == ["lost"]


def test_a_failed_range_can_be_sent_again_by_setting(fc: Deployment, log: Any, tmp_path: Path) -> None:
    fc.set(resend_failed_ranges=True)
    place = tmp_path / "record"
    fc.deploy(recorder(place, trigger(fc.account), FAILURES="3"))
    put(log, "late")
    fc.drain()
    assert len(events(place)) == 4
    assert pulled(log, events(place)[-1]) == ["late"]
    assert not fc.service.undelivered


def test_deliveries_can_be_doubled(fc: Deployment, log: Any, tmp_path: Path) -> None:
    fc.set(duplicate_deliveries=True)
    place = tmp_path / "record"
    fc.deploy(recorder(place, trigger(fc.account)))
    put(log, "one")
    fc.drain()
    first, second = events(place)
    assert first == second


def test_deliveries_can_go_to_two_instances_at_once(fc: Deployment, log: Any, tmp_path: Path) -> None:
    fc.set(simultaneous_deliveries=True)
    place = tmp_path / "record"
    fc.deploy(recorder(place, trigger(fc.account)))
    put(log, "one")
    fc.drain()
    first, second = events(place)
    assert first == second
    assert len({one.instance for one in fc.invocations}) == 2


def test_deliveries_can_be_reversed(fc: Deployment, log: Any, tmp_path: Path) -> None:
    fc.set(reverse_deliveries=True)
    place = tmp_path / "record"
    fc.deploy(recorder(place, trigger(fc.account)))
    for text in ("one", "two", "three"):
        put(log, text)
    assert not fc.invocations
    fc.drain()
    assert [pulled(log, event) for event in events(place)] == [["three"], ["two"], ["one"]]


def test_paused_triggers_wait_for_drain(fc: Deployment, log: Any, tmp_path: Path) -> None:
    fc.set(pause_triggers=True, interval_scale=0.0)
    place = tmp_path / "record"
    fc.deploy(recorder(place, trigger(fc.account)))
    put(log, "one")
    fc.invoke("record", b'"in between"')
    assert events(place) == ["in between"]
    fc.drain()
    assert pulled(log, events(place)[-1]) == ["one"]


def test_a_trigger_that_is_switched_off_does_not_fire(fc: Deployment, log: Any, tmp_path: Path) -> None:
    fc.deploy(recorder(tmp_path / "record", trigger(fc.account, enable=False)))
    put(log, "one")
    fc.drain()
    assert not fc.invocations


def test_removed_functions_leave_no_trigger_behind(fc: Deployment, log: Any, tmp_path: Path) -> None:
    fc.deploy(recorder(tmp_path / "record", trigger(fc.account)))
    fc.local.do(fc.service.remove_all())
    put(log, "one")
    fc.drain()
    assert not fc.invocations
