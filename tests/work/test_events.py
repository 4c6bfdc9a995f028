"""Events are read from bytes that nobody vouches for; what they name decides where credentials are sent."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolemend.account.interface import LogRange
from rolemend.errors import BadEvent
from rolemend.work.events import (
    LogTrigger,
    Timer,
    TrailEvents,
    incident_event,
    read_incident_id,
    read_incident_or_timer,
    read_watch_event,
)
from tests.samples import EVENTS, sample

ID = "inc-" + "0a" * 12


def trigger(**changes: Any) -> bytes:
    """A log trigger's event, with some members of its source changed (None takes one away)."""
    event = json.loads((EVENTS / "fc3-sls.json").read_text("utf-8"))
    event["source"] = {key: value for key, value in (event["source"] | changes).items() if value is not None}
    return json.dumps(event).encode()


def test_a_log_trigger_s_event_names_the_range_to_be_read() -> None:
    event = json.loads(trigger())
    event["parameter"] = {"source": "actiontrail"}
    assert read_watch_event(json.dumps(event).encode()) == LogTrigger(
        LogRange(
            endpoint="http://cn-shanghai-intranet.log.aliyuncs.com",
            project="log-com",
            logstore="log-en",
            shard=0,
            begin="MTUyOTQ4MDIwOTY1NTk3ODQ2Mw==",
            end="MTUyOTQ4MDIwOTY1NTk3ODQ2NA==",
        ),
        "actiontrail",
    )


def test_a_trigger_without_parameters_has_no_source() -> None:
    parameters: list[Any] = [{}, None, [], "x"]
    for parameter in parameters:
        event = json.loads(trigger()) | {"parameter": parameter}
        assert read_watch_event(json.dumps(event).encode()) == read_watch_event(trigger())


def test_a_timer_s_event_has_its_payload() -> None:
    assert read_watch_event(json.dumps(sample("fc-timer-event.json")).encode()) == Timer("sweep")
    assert read_watch_event(b'{"triggerName": "sweep", "payload": null}') == Timer("sweep")
    assert read_watch_event(b'{"triggerName": "x", "payload": "{\\"job\\":\\"pending\\"}"}') == Timer(
        "pending"
    )


def test_eventbridge_sends_one_event_or_a_list() -> None:
    envelope = sample("eventbridge-actiontrail-envelope.ASSEMBLED.json")
    for payload in (envelope, [envelope, envelope], []):
        events = read_watch_event(json.dumps(payload).encode())
        assert isinstance(events, TrailEvents)
        assert list(events.events) == [envelope["data"]] * (len(payload) if isinstance(payload, list) else 1)


@pytest.mark.parametrize(
    "endpoint",
    [
        "cn-hangzhou.log.aliyuncs.com",
        "cn-hangzhou-intranet.log.aliyuncs.com",
        "https://ap-southeast-1.log.aliyuncs.com",
        "http://cn-hangzhou-share.log.aliyuncs.com/",
    ],
)
def test_every_form_of_the_log_service_s_endpoint_is_taken(endpoint: str) -> None:
    event = read_watch_event(trigger(endpoint=endpoint))
    assert isinstance(event, LogTrigger)
    assert event.log_range.endpoint == endpoint


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://evil.example.com",
        "evil.example.com/.log.aliyuncs.com",
        "cn-hangzhou.log.aliyuncs.com.evil.com",
        "cn-hangzhou.log.aliyuncs.com@evil.com",
        "evil.com?cn-hangzhou.log.aliyuncs.com",
        "evil.com#.log.aliyuncs.com",
        "evil.com\\.log.aliyuncs.com",
        "user:pw@cn-hangzhou.log.aliyuncs.com",
        "cn-hangzhou.log.aliyuncs.com:8080",
        "cn-hangzhou.log.aliyuncs.com/path",
        "cn-hangzhou.log.aliyuncs.com\n",
        "cn-hangzhou.log.aliyuncs.com\r\nHost: evil.com",
        "evil.com/cn-hangzhou.log.aliyuncs.com",
        "a.b.log.aliyuncs.com",
        "cn-hangzhou.log-aliyuncs.com",
        "cn-hangzhouXlogXaliyuncsXcom",
        "ftp://cn-hangzhou.log.aliyuncs.com",
        "//cn-hangzhou.log.aliyuncs.com",
        "http://127.0.0.1:8080",
        "cn-hangzhоu.log.aliyuncs.com",  # noqa: RUF001 - a Cyrillic letter
        "",
        None,
        7,
        ["cn-hangzhou.log.aliyuncs.com"],
    ],
)
def test_an_endpoint_that_is_not_the_log_service_s_is_refused(endpoint: Any) -> None:
    with pytest.raises(BadEvent):
        read_watch_event(trigger(endpoint=endpoint))


@pytest.mark.parametrize("name", ["projectName", "logstoreName"])
@pytest.mark.parametrize(
    "value", ["a/b", "evil.com/", "a@b", "a:b", "a b", "a?b", "a#b", "a\n", "", "x" * 129, None, 1]
)
def test_a_project_or_logstore_that_is_no_name_is_refused(name: str, value: Any) -> None:
    with pytest.raises(BadEvent):
        read_watch_event(trigger(**{name: value}))


@pytest.mark.parametrize("shard", ["x", None, [], {}, "1e3", "9" * 5_000])
def test_a_shard_that_is_no_number_is_refused(shard: Any) -> None:
    with pytest.raises(BadEvent):
        read_watch_event(trigger(shardId=shard))


@pytest.mark.parametrize(
    "event",
    [
        b"",
        b"{half",
        b"null",
        b"7",
        b'"text"',
        b"{}",
        b"\xff\xfe",
        b'{"source": "text"}',
        b'{"source": {}}',
        b"[1]",
        b'[{"specversion": "1.0"}]',
        b'{"specversion": "1.0", "data": "text"}',
        b"[" * 100_000,
        b'{"source": {"shardId": 1e999}}',
    ],
)
def test_what_is_no_event_of_its_triggers_is_refused(event: bytes) -> None:
    with pytest.raises(BadEvent):
        read_watch_event(event)


NAMES = st.sampled_from(["source", "data", "specversion", "triggerName", "endpoint", "shardId", "incident"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5),
    lambda part: st.lists(part) | st.dictionaries(NAMES, part),
)


@given(st.binary(max_size=200) | VALUES.map(lambda value: json.dumps(value).encode()))
def test_whatever_comes_is_read_or_refused(event: bytes) -> None:
    for read in (read_watch_event, read_incident_id):
        try:
            read(event)
        except BadEvent:
            continue


def test_an_incident_s_id_is_all_that_functions_hand_on() -> None:
    assert msgspec.json.decode(incident_event(ID)) == {"incident": ID}
    assert read_incident_id(incident_event(ID)) == ID
    assert read_incident_id(json.dumps({"incident": ID, "plan": {"mode": "auto"}}).encode()) == ID


@pytest.mark.parametrize(
    "incident",
    [
        "",
        "inc-1",
        ID + "0",
        ID + "\n",
        ID.upper(),
        "../" + ID,
        ID + "/../x",
        "inc-" + "g" * 24,
        None,
        1,
        [ID],
        {"$": ID},
    ],
)
def test_an_id_that_is_none_is_refused(incident: Any) -> None:
    with pytest.raises(BadEvent):
        read_incident_id(json.dumps({"incident": incident}).encode())


SYSTEM = {"product": "EMRSpark", "name": "EMRSpark:JobRun:FAILED", "content": {"jobRunId": "jr-123456"}}


@pytest.mark.parametrize("carried", [SYSTEM, {"jobRunId": "jr-123456"}, "text", None])
def test_a_system_event_of_cloudmonitor_keeps_its_envelope(carried: Any) -> None:
    envelope = {"specversion": "1.0", "type": "EMRSpark:JobRun:FAILED", "data": carried}
    assert read_watch_event(json.dumps(SYSTEM).encode()) == TrailEvents((SYSTEM,))
    assert read_watch_event(json.dumps(envelope).encode()) == TrailEvents((envelope,))


def test_events_of_both_kinds_come_in_one_list() -> None:
    envelopes = [{"specversion": "1.0", "data": {"eventName": "RunCluster"}}, {"data": SYSTEM}]
    assert read_watch_event(json.dumps(envelopes).encode()) == TrailEvents(
        ({"eventName": "RunCluster"}, {"data": SYSTEM})
    )


def test_remediate_is_called_with_an_incident_or_by_its_timer() -> None:
    timer = {"triggerTime": "2026-01-01T00:00:00Z", "triggerName": "expire", "payload": '{"job":"expire"}'}
    assert read_incident_or_timer(json.dumps(timer).encode()) == Timer("expire")
    assert read_incident_or_timer(incident_event(ID)) == ID
    assert read_incident_or_timer(json.dumps({**timer, "incident": ID}).encode()) == ID
    others: tuple[Any, ...] = ({}, [], {"incident": "inc-1"}, {"trigger": 1})
    for other in others:
        with pytest.raises(BadEvent):
            read_incident_or_timer(json.dumps(other).encode())
