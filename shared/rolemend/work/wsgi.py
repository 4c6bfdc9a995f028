"""A handler of HTTP events as the WSGI application that FC 2.0 calls.

HTTP events of FC 3.0: https://www.alibabacloud.com/help/en/functioncompute/fc/http-trigger-invoking-function
HTTP handlers of FC 2.0: https://www.alibabacloud.com/help/en/functioncompute/fc-2-0/user-guide/http-handlers
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

Start = Callable[[str, list[tuple[str, str]]], Any]
Application = Callable[[Mapping[str, Any], Start], Iterable[bytes]]


def application(handler: Callable[[bytes, Any], Any]) -> Application:
    """`handler(event, context)` answers `{"statusCode", "headers", "body", "isBase64Encoded"}`, as JSON or as it is."""

    def serve(environ: Mapping[str, Any], start_response: Start) -> Iterable[bytes]:
        answer = handler(_event(environ), environ.get("fc.context"))
        told = json.loads(answer) if isinstance(answer, str | bytes) else answer
        status = HTTPStatus(int(told["statusCode"]))
        body = str(told.get("body") or "")
        content = base64.b64decode(body) if told.get("isBase64Encoded") else body.encode()
        headers = [(str(name), str(value)) for name, value in (told.get("headers") or {}).items()]
        start_response(f"{status.value} {status.phrase}", headers)
        return [content]

    return serve


def _event(environ: Mapping[str, Any]) -> bytes:
    """The event of FC 3.0 for the same request; a body that is no text is Base64."""
    length = environ.get("CONTENT_LENGTH") or 0
    content: bytes = environ["wsgi.input"].read(int(length)) if int(length) else b""
    try:
        body, encoded = content.decode(), False
    except UnicodeDecodeError:
        body, encoded = base64.b64encode(content).decode(), True
    queries: dict[str, str] = {}
    for name, value in parse_qsl(str(environ.get("QUERY_STRING", "")), keep_blank_values=True):
        queries[name] = f"{queries[name]},{value}" if name in queries else value
    path = str(environ.get("PATH_INFO") or "/").encode("latin-1", "replace").decode("utf-8", "replace")
    headers = _headers(environ)
    http = {
        "method": environ["REQUEST_METHOD"],
        "path": path,
        "protocol": environ.get("SERVER_PROTOCOL", "HTTP/1.1"),
        "sourceIp": environ.get("REMOTE_ADDR", ""),
        "userAgent": headers.get("User-Agent", ""),
    }
    context = getattr(environ.get("fc.context"), "request_id", "")
    return json.dumps(
        {
            "version": "v1",
            "rawPath": str(environ.get("fc.request_uri") or path).partition("?")[0],
            "headers": headers,
            "queryParameters": queries,
            "body": body,
            "isBase64Encoded": encoded,
            "requestContext": {"requestId": context, "domainName": headers.get("Host", ""), "http": http},
        }
    ).encode()


def _headers(environ: Mapping[str, Any]) -> dict[str, str]:
    named = {name.removeprefix("HTTP_"): value for name, value in environ.items() if name.startswith("HTTP_")}
    named |= {name: environ[name] for name in ("CONTENT_TYPE", "CONTENT_LENGTH") if environ.get(name)}
    return {name.replace("_", "-").title(): str(value) for name, value in named.items()}
