"""HTTP triggers of the built-in runtimes: a request becomes an event, the handler's result an answer.

Sources: https://www.alibabacloud.com/help/en/functioncompute/fc/http-trigger-invoking-function and
https://help.aliyun.com/en/functioncompute/web-functions (headers and sizes).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import time
from typing import Any

from localcloud.call import Call, Reply
from localcloud.errors import CloudError
from localcloud.fc.outcome import Outcome
from localcloud.fc.spec import FunctionKey, HttpTrigger

_RESERVED = {"connection", "content-length", "date", "keep-alive", "server", "content-disposition"}
"""Headers of an answer that a function cannot set."""
_HEADER_LIMIT = 8 * 1024
_PATH_LIMIT = 4 * 1024


def domain_prefix(key: FunctionKey) -> str:
    """The first label of the built-in domain: the function's name and ten letters, always the same ones for
    it.
    """
    digest = hashlib.sha256(key.arn.encode()).digest()
    letters = "".join(chr(ord("a") + byte % 26) for byte in digest[:10])
    return f"{key.name.lower().replace('_', '-')}-{letters}"


def domain(key: FunctionKey) -> str:
    return f"{domain_prefix(key)}.{key.region}.fcapp.run"


def check_request(call: Call, trigger: HttpTrigger) -> None:
    """Refuse what the trigger or the documented limits do not let through."""
    if call.method not in trigger.methods:
        raise CloudError(
            "MethodNotAllowed", f"the method {call.method} is not allowed by trigger {trigger.name}", 405
        )
    if trigger.intranet_only and "x-localcloud-vpc" not in call.headers:
        raise CloudError(
            "AccessDenied", f"access from the internet is disabled for trigger {trigger.name}", 403
        )
    size = sum(len(name) + len(value) for name, value in call.headers.items())
    if size > _HEADER_LIMIT:
        raise CloudError(
            "InvalidArgument", f"headers size exceeds maximum allowed size ({_HEADER_LIMIT} bytes)", 400
        )
    if len(call.raw_path) + len(call.raw_query) > _PATH_LIMIT:
        raise CloudError(
            "InvalidArgument", f"path size exceeds maximum allowed size ({_PATH_LIMIT} bytes)", 400
        )


def request_event(call: Call, key: FunctionKey, request_id: str) -> bytes:
    """The event; a body that is no text is Base64."""
    body, encoded = _text_of(call.body)
    event = {
        "version": "v1",
        "rawPath": call.raw_path,
        "headers": {name.title(): value for name, value in call.headers.items()},
        "queryParameters": _joined(call.query),
        "body": body,
        "isBase64Encoded": encoded,
        "requestContext": {
            "accountId": key.account,
            "domainName": call.host,
            "domainPrefix": call.label,
            "requestId": request_id,
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(call.received)),
            "timeEpoch": str(int(call.received * 1000)),
            "http": {
                "method": call.method,
                "path": call.path,
                "protocol": "HTTP/1.1",
                "sourceIp": call.source_ip,
                "userAgent": call.headers.get("user-agent", ""),
            },
        },
    }
    return json.dumps(event, ensure_ascii=False).encode("utf-8", "surrogateescape")


def _text_of(body: bytes) -> tuple[str, bool]:
    try:
        return body.decode("utf-8"), False
    except UnicodeDecodeError:
        return base64.b64encode(body).decode(), True


def _joined(query: list[tuple[str, str]]) -> dict[str, str]:
    """Values of one name, with commas between them."""
    joined: dict[str, str] = {}
    for name, value in query:
        joined[name] = f"{joined[name]},{value}" if name in joined else value
    return joined


def reply_of(outcome: Outcome) -> Reply:
    """The answer for a result: a `statusCode` object is followed, anything else is the body of a 200.

    A result that cannot be followed is 502 BadResponse. The built-in domain makes every answer a download.
    """
    reply = _followed(outcome.body)
    reply.headers["content-disposition"] = "attachment"
    return reply


def _followed(body: bytes) -> Reply:
    value = _json_or_none(body)
    if not isinstance(value, dict) or "statusCode" not in value:
        kind = "text/plain; charset=utf-8" if value is None else "application/json"
        return Reply(200, {"content-type": kind}, body)
    status, headers, content = value["statusCode"], value.get("headers") or {}, value.get("body", "")
    text_status = status.isdecimal() if isinstance(status, str) else isinstance(status, int)
    if not text_status or not 100 <= int(status) <= 599 or not isinstance(headers, dict):
        raise CloudError("BadResponse", "the function's response is not of the documented structure", 502)
    kept = {str(name).lower(): str(item) for name, item in headers.items() if _may_set(str(name))}
    kept.setdefault("content-type", "application/json")
    return Reply(int(status), kept, _content(content, bool(value.get("isBase64Encoded"))))


def _content(content: Any, encoded: bool) -> bytes:
    text = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
    if not encoded:
        return text.encode()
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise CloudError("BadResponse", "the function's response body is not Base64", 502) from error


def _json_or_none(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None


def _may_set(name: str) -> bool:
    lower = name.lower()
    return lower not in _RESERVED and not lower.startswith("x-fc-") and "\n" not in name and "\r" not in name
