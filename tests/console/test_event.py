"""An HTTP trigger's event becomes a request, and an answer the handler's result."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from rolemend.console.event import as_result, read_http_event
from rolemend.console.exchange import Answered
from rolemend.errors import BadEvent


def event(**changes: Any) -> bytes:
    """As https://www.alibabacloud.com/help/en/functioncompute/fc/http-trigger-invoking-function describes it."""
    told = {
        "version": "v1",
        "rawPath": "/incidents/a%2Fb",
        "headers": {"Cookie": "a=b", "X-Forwarded-Proto": "https"},
        "queryParameters": {"q": "Ärger & 事件", "lang": "zh"},
        "body": "",
        "isBase64Encoded": False,
        "requestContext": {"http": {"method": "get", "path": "/incidents/a/b", "sourceIp": "198.51.100.7"}},
    }
    return json.dumps(told | changes).encode()


def test_a_request_is_read_from_the_event() -> None:
    asked = read_http_event(event())
    assert (asked.method, asked.path, asked.address) == ("GET", "/incidents/a/b", "198.51.100.7")
    assert asked.query == "q=%C3%84rger+%26+%E4%BA%8B%E4%BB%B6&lang=zh"
    assert ("cookie", "a=b") in asked.headers
    body = base64.b64encode(b"\xff=1").decode()
    assert read_http_event(event(body=body, isBase64Encoded=True)).body == b"\xff=1"


@pytest.mark.parametrize(
    "bad",
    [b"", b"[]", b"{}", b'{"triggerName":"x"}', event(body="%", isBase64Encoded=True), event(headers=[])],
)
def test_any_other_event_is_refused(bad: bytes) -> None:
    with pytest.raises(BadEvent):
        read_http_event(bad)


def test_the_answer_has_each_header_once() -> None:
    answered = Answered(
        status=200, headers=(("set-cookie", "a=b"), ("content-type", "text/html")), body=b"\xe4"
    )
    assert as_result(answered) == {
        "statusCode": 200,
        "headers": {"set-cookie": "a=b", "content-type": "text/html"},
        "isBase64Encoded": True,
        "body": "5A==",
    }
    twice = Answered(status=200, headers=(("set-cookie", "a=b"), ("set-cookie", "c=d")), body=b"")
    with pytest.raises(BadEvent, match="set-cookie"):
        as_result(twice)
