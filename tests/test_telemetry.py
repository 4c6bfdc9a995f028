"""The line that each invocation writes to its log, and the trace that its payloads carry."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolemend.errors import BadEvent
from rolemend.telemetry import begin_trace, observed, traceparent
from rolemend.work.events import incident_event, read_incident_id

CONTEXT = SimpleNamespace(request_id="request-1", account_id="1000000000000001")
INCIDENT = "inc-" + "0a" * 12
PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def line_of(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    (line,) = capsys.readouterr().out.splitlines()
    said: dict[str, Any] = json.loads(line)
    return said


def test_an_invocation_tells_who_did_what_for_how_long(capsys: pytest.CaptureFixture[str]) -> None:
    @observed("watch")
    def handler(event: bytes, context: Any) -> str:
        return json.dumps({"denials": 3, "incidents": ["inc-1", "inc-2"]})

    assert json.loads(handler(b"{}", CONTEXT))["denials"] == 3
    line = line_of(capsys)
    assert line["rolemend"] == "watch"
    assert (line["request_id"], line["account"]) == ("request-1", "1000000000000001")
    assert line["outcome"] == {"denials": 3, "incidents": 2}
    assert line["duration_ms"] >= 0
    assert (line["level"], line["cold_start"], line["parent_span_id"]) == ("INFO", True, "")
    handler(b"{}", CONTEXT)
    assert line_of(capsys)["cold_start"] is False


def test_what_an_invocation_hands_on_goes_on_with_its_trace(capsys: pytest.CaptureFixture[str]) -> None:
    handed: list[bytes] = []

    @observed("diagnose")
    def diagnose(event: bytes, context: Any) -> str:
        handed.append(incident_event(read_incident_id(event)))
        return "{}"

    diagnose(json.dumps({"incident": INCIDENT, "traceparent": PARENT}).encode(), CONTEXT)
    line = line_of(capsys)
    assert (line["trace_id"], line["parent_span_id"]) == tuple(PARENT.split("-")[1:3])
    assert line["incident"] == INCIDENT
    following = begin_trace(handed[0])
    assert (following.trace, following.parent) == (line["trace_id"], line["span_id"])
    assert following.span != line["span_id"]
    assert traceparent() == ""
    assert json.loads(incident_event(INCIDENT)) == {"incident": INCIDENT}


@pytest.mark.parametrize(
    "parent",
    [
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
        "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "x\u001b[31m",
        "",
    ],
)
def test_a_trace_that_is_not_valid_is_not_gone_on_with(parent: str) -> None:
    trace = begin_trace(json.dumps({"incident": INCIDENT, "traceparent": parent}).encode())
    assert trace.parent == ""
    assert trace.trace not in parent


@given(st.binary(max_size=5000))
def test_any_event_has_a_place_in_a_trace(event: bytes) -> None:
    trace = begin_trace(event)
    assert (len(trace.trace), len(trace.span)) == (32, 16)


def test_an_error_is_told_and_raised(capsys: pytest.CaptureFixture[str]) -> None:
    @observed("notify")
    def handler(event: bytes, context: Any) -> str:
        raise BadEvent("the event is no JSON")

    with pytest.raises(BadEvent):
        handler(b"?", CONTEXT)
    line = line_of(capsys)
    assert (line["level"], line["error"], line["message"]) == ("ERROR", "BadEvent", "the event is no JSON")


def test_what_another_library_writes_into_its_errors_is_not_repeated(
    capsys: pytest.CaptureFixture[str],
) -> None:
    @observed("notify")
    def handler(event: bytes, context: Any) -> str:
        raise ConnectionError("https://chat.example.com/robot/send?access_token=secret")

    with pytest.raises(ConnectionError):
        handler(b"{}", CONTEXT)
    line = line_of(capsys)
    assert (line["error"], line["message"]) == ("ConnectionError", "")


def test_hostile_text_stays_inside_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    @observed("notify")
    def handler(event: bytes, context: Any) -> str:
        raise BadEvent('x\n{"rolemend": "forged"}\x1b[2J\u202e')

    with pytest.raises(BadEvent):
        handler(b"{}", CONTEXT)
    said = capsys.readouterr().out
    assert said.isascii()
    assert len(said.splitlines()) == 1
