"""One HTTP request into the pages and its answer out, without a server: for Function Compute, loopback and tests."""

from __future__ import annotations

import asyncio
from collections.abc import MutableMapping
from typing import Any

import msgspec

from rolemend.console.access.identity import App

LONGEST_BODY = 512 * 1024
"""Bytes of a request's body that are taken."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A request. `path` is decoded, names of headers are in small letters, `address` is where it comes from."""

    method: str
    path: str
    query: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    address: str = ""
    scheme: str = "http"


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    """An answer. `headers` may hold a name more than once."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str:
        return next((value for key, value in self.headers if key == name), "")


def exchange(app: App, asked: Asked) -> Answered:
    """Let the application answer one request, in an event loop of its own."""
    if len(asked.body) > LONGEST_BODY:
        return Answered(status=413, headers=(("content-type", "text/plain"),), body=b"too long\n")
    return asyncio.run(_run(app, asked))


async def _run(app: App, asked: Asked) -> Answered:
    started: list[MutableMapping[str, Any]] = []
    chunks: list[bytes] = []
    waiting = [{"type": "http.request", "body": asked.body, "more_body": False}]

    async def receive() -> MutableMapping[str, Any]:
        return waiting.pop() if waiting else {"type": "http.disconnect"}

    async def send(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            started.append(message)
        elif message["type"] == "http.response.body":
            chunks.append(bytes(message.get("body", b"")))

    await app(_scope(asked), receive, send)
    headers = tuple(
        (name.decode("latin-1"), value.decode("latin-1")) for name, value in started[0]["headers"]
    )
    return Answered(status=int(started[0]["status"]), headers=headers, body=b"".join(chunks))


def _scope(asked: Asked) -> MutableMapping[str, Any]:
    headers = [
        (name.lower().encode("latin-1", "replace"), value.encode("latin-1", "replace"))
        for name, value in asked.headers
    ]
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": asked.method,
        "scheme": asked.scheme,
        "path": asked.path,
        "raw_path": asked.path.encode("utf-8", "surrogateescape"),
        "query_string": asked.query.encode("ascii", "replace"),
        "root_path": "",
        "headers": headers,
        "client": (asked.address, 0),
        "server": None,
    }
