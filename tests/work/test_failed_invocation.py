"""What failed on every try is told to people; nothing that a payload says is trusted."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rolemend.errors import BadEvent, Unreachable
from rolemend.notify.message import Message
from rolemend.work.failed_invocation import FailedInvocation, read_notify_event, tell

INCIDENT = f"inc-{'a' * 24}"


def event(**changes: Any) -> bytes:
    """A failure as Function Compute sends it."""
    context = {
        "requestId": "1-abc",
        "functionArn": "acs:fc:cn-hangzhou:1000000000000001:functions/rolemend-diagnose",
        "condition": "UnhandledInvocationError",
        "approximateInvokeCount": 4,
    }
    whole = {
        "timestamp": 1,
        "requestContext": context | changes.pop("context", {}),
        "requestPayload": json.dumps({"incident": INCIDENT}),
        "responseContext": {"statusCode": 200, "functionError": "UnhandledInvocationError"},
        "responsePayload": json.dumps({"errorMessage": "GetRole: Throttling", "errorType": "Unreachable"}),
    }
    return json.dumps(whole | changes).encode()


def failed(**changes: Any) -> FailedInvocation:
    found = read_notify_event(event(**changes))
    assert isinstance(found, FailedInvocation)
    return found


def test_a_failure_names_function_incident_and_last_error() -> None:
    sent: list[Message] = []
    outcome = tell(failed(), sent.append, "en")
    (message,) = sent
    assert message.title == "The function rolemend-diagnose failed for good"
    assert message.lines[0] == "It was tried 4 times; the last error: GetRole: Throttling"
    assert (message.incident, outcome.incident, outcome.state) == (INCIDENT, INCIDENT, "told")
    assert message.id == f"failed-rolemend-diagnose-{INCIDENT}"


def test_it_is_told_in_chinese_too() -> None:
    sent: list[Message] = []
    tell(failed(), sent.append, "zh")
    assert sent[0].title == "函数 rolemend-diagnose 在所有重试后仍然失败"


@pytest.mark.parametrize("payload", ["no JSON", "[]", '{"incident": 7}', '{"incident": "../../x"}', None])
def test_a_payload_that_names_no_incident_is_told_without_one(payload: Any) -> None:
    assert failed(requestPayload=payload).incident == ""


def test_what_the_error_says_is_shown_as_text() -> None:
    sent: list[Message] = []
    hostile = json.dumps({"errorMessage": "[click](https://evil.example) \x1b[31m" + "x" * 5000})
    tell(failed(responsePayload=hostile), sent.append, "en")
    text = " ".join(sent[0].lines)
    assert "[click](" not in text
    assert "\x1b" not in text
    assert len(text) < 1000


@pytest.mark.parametrize(
    "arn", ["", "acs:fc:x:1:functions/", "acs:fc:cn-hangzhou:1:functions/a b", "functions/x", 7]
)
def test_a_result_that_names_no_function_is_refused(arn: Any) -> None:
    with pytest.raises(BadEvent, match="names no function"):
        read_notify_event(event(context={"functionArn": arn}))


@pytest.mark.parametrize(
    "given", [b"", b"[" * 100_000, b"{}", b'{"requestContext": []}', b'{"incident": "x"}']
)
def test_anything_else_is_refused(given: bytes) -> None:
    with pytest.raises(BadEvent):
        read_notify_event(given)


def test_an_incident_is_still_an_incident() -> None:
    assert read_notify_event(json.dumps({"incident": INCIDENT}).encode()) == INCIDENT


def test_functions_of_a_2_0_service_are_named_too() -> None:
    arn = "acs:fc:cn-hangzhou:1:services/rolemend.LATEST/functions/rolemend-watch"
    assert failed(context={"functionArn": arn}).function == "rolemend-watch"


def test_a_receiver_that_is_down_makes_function_compute_try_again() -> None:
    def down(message: Message) -> None:
        raise Unreachable("webhook", "503", "the receiver could not take the message")

    with pytest.raises(Unreachable):
        tell(failed(), down, "en")
