"""An HTTP trigger's event of Function Compute, and the answer that it takes.

https://www.alibabacloud.com/help/en/functioncompute/fc/http-trigger-invoking-function
"""

from __future__ import annotations

import base64
import binascii
from typing import Any
from urllib.parse import unquote, urlencode

import msgspec

from rolemend.console.access.identity import App
from rolemend.console.exchange import Answered, Asked, exchange
from rolemend.errors import BadEvent


def answer_event(event: bytes, app: App) -> dict[str, Any]:
    """What the handler answers to an HTTP trigger's event. Raises BadEvent for any other."""
    return as_result(exchange(app, read_http_event(event)))


def read_http_event(event: bytes) -> Asked:
    """The request that an event tells. A parameter that was given twice comes with commas between its values.

    The path is the one before its escapes were read, so that nothing is read twice. Raises BadEvent.
    """
    try:
        value = msgspec.json.decode(event, type=_Event)
        body = base64.b64decode(value.body, validate=True) if value.isBase64Encoded else value.body.encode()
    except (msgspec.DecodeError, UnicodeError, binascii.Error) as error:
        raise BadEvent(f"the event is no HTTP trigger's: {error}") from error
    http = value.requestContext.http
    return Asked(
        method=http.method.upper(),
        path=unquote(value.rawPath) or "/",
        query=urlencode(value.queryParameters),
        headers=tuple((name.lower(), text) for name, text in value.headers.items()),
        body=body,
        address=http.sourceIp,
        scheme="https",
    )


def as_result(answered: Answered) -> dict[str, Any]:
    """The handler's result. Each header once: an answer with two cookies would lose one, so it is refused."""
    headers: dict[str, str] = {}
    for name, value in answered.headers:
        if name in headers:
            raise BadEvent(f"the answer has two headers {name}, and Function Compute takes one of each")
        headers[name] = value
    return {
        "statusCode": answered.status,
        "headers": headers,
        "isBase64Encoded": True,
        "body": base64.b64encode(answered.body).decode(),
    }


class _Http(msgspec.Struct, frozen=True):
    method: str
    sourceIp: str = ""


class _Context(msgspec.Struct, frozen=True):
    http: _Http


class _Event(msgspec.Struct, frozen=True):
    rawPath: str
    requestContext: _Context
    headers: dict[str, str] = {}
    queryParameters: dict[str, str] = {}
    body: str = ""
    isBase64Encoded: bool = False
