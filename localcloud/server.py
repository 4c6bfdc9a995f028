"""Serves a cloud over HTTP on loopback, in a thread of its own, to any client that takes a forward proxy."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import threading
import traceback
from collections.abc import Callable, Coroutine
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import uvicorn
from starlette.types import Message, Receive, Scope, Send

from localcloud.call import Call, Reply, new_request_id
from localcloud.cloud import Cloud
from localcloud.connection import ProxyConnection
from localcloud.faults import ConnectionCut
from localcloud.hosts import host_of, own_label
from localcloud.state import State
from localcloud.statefile import StateFile, StateFileError

T = TypeVar("T")

_UNSENDABLE = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")


class ProxyApp:
    """The ASGI application: every request is one call to the cloud."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        body = await _read_body(receive)
        if body is None:
            return
        call = _read_call(scope, body, self.cloud.clock())
        try:
            reply = await self.cloud.answer(call)
        except ConnectionCut:
            scope["localcloud.transport"].abort()
            await receive()  # the disconnection, without which uvicorn would answer 500
            return
        except Exception:  # noqa: BLE001 - the entry point: a fault of the local cloud's own must be seen as one
            reply = self._own_fault(call)
        await _send(reply, scope["method"], send)

    def _own_fault(self, call: Call) -> Reply:
        """An answer that no client takes for the real cloud's, and the traceback on standard error."""
        traceback.print_exc()
        self.cloud.own_faults += 1
        body = {
            "RequestId": new_request_id(),
            "Code": "LocalCloud.InternalError",
            "Message": f"The local cloud failed at {call.method} {call.host}{call.path}; its standard error says why.",
        }
        return Reply(500, {"content-type": "application/json"}, json.dumps(body).encode())


async def _send(reply: Reply, method: str, send: Send) -> None:
    headers = [
        (name.encode("latin-1"), _UNSENDABLE.sub(b" ", value.encode("utf-8", "surrogateescape")))
        for name, value in reply.headers.items()
    ]
    if "content-length" not in reply.headers:
        headers.append((b"content-length", str(len(reply.body)).encode()))
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if method == "HEAD" else reply.body})


async def _read_body(receive: Receive) -> bytes | None:
    """The whole body; None if the client went away before it was complete, so that no half object is kept."""
    chunks = []
    while True:
        message: Message = await receive()
        if message["type"] == "http.disconnect":
            return None
        chunks.append(message["body"])
        if not message["more_body"]:
            return b"".join(chunks)


def _read_call(scope: Scope, body: bytes, now: float) -> Call:
    headers: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        headers[raw_name.decode("latin-1")] = raw_value.decode("utf-8", "surrogateescape")
    host = _wanted_host(scope.get("localcloud.authority", ""), headers.get("host", ""))
    if host != host_of(headers.get("host", "")):
        headers["host"] = host  # a signature that was made for one service must not pass at another
    return Call(
        method=scope["method"],
        host=host,
        path=scope["path"],
        raw_path=scope["raw_path"].decode("latin-1"),
        raw_query=scope["query_string"].decode("latin-1"),
        headers=headers,
        body=body,
        source_ip=headers.get("x-localcloud-source-ip") or (scope["client"] or ("127.0.0.1",))[0],
        received=now,
    )


def _wanted_host(authority: str, header: str) -> str:
    """The host of an absolute request line; clients that were given this address as endpoint say more in Host.

    Source: https://www.rfc-editor.org/rfc/rfc9112#section-3.2.2
    """
    host = host_of(authority)
    return host if own_label(host) is None else host_of(header)


class LocalCloud:
    """A running local cloud. Use it as a context manager; `proxy` is the address for `http_proxy`.

    `state_file` is loaded if it exists, belongs to this local cloud alone, and is saved when it stops. Raises
    StateFileError if it cannot be used, OSError if the port cannot.
    """

    def __init__(self, port: int = 0, state: State | None = None, state_file: Path | None = None) -> None:
        self._socket = socket.create_server(("127.0.0.1", port))
        self._state_file: StateFile | None = None
        if state_file is not None:
            try:
                self._state_file = StateFile(state_file)
                state = self._state_file.load() if state is None else state
            except StateFileError:
                self._socket.close()
                raise
        # Connections inherit it; asyncio sets it only where a socket's protocol number was given.
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.port: int = self._socket.getsockname()[1]
        self.proxy = f"http://127.0.0.1:{self.port}"
        self.cloud = Cloud(state)
        self.cloud.proxy = self.proxy
        self._server = uvicorn.Server(
            uvicorn.Config(
                ProxyApp(self.cloud),
                http=ProxyConnection,
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                timeout_keep_alive=30,
                timeout_graceful_shutdown=1,
            )
        )
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="localcloud", daemon=True)

    def start(self) -> Self:
        self._thread.start()
        if not self._ready.wait(10):
            raise RuntimeError("the local cloud did not start within 10 seconds")
        return self

    def stop(self) -> None:
        """Stop serving, end the function instances, and save the state file if one was named.

        Raises StateFileError if it could not be written.
        """
        self.do(self._close_services())
        self._server.should_exit = True
        self._thread.join(10)
        if self._state_file is not None:
            self._state_file.close(self.cloud.state)

    def do(self, work: Coroutine[Any, Any, T], timeout: float = 120.0) -> T:
        """Run a coroutine on the cloud's own loop and wait for its result."""
        assert self._loop is not None, "the local cloud is not running"
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout)

    def call(self, work: Callable[[Cloud], T]) -> T:
        """Run a plain function on the cloud's own loop, where nothing else changes the state meanwhile."""

        async def run() -> T:
            return work(self.cloud)

        return self.do(run())

    def reset(self, state: State | None = None) -> None:
        """Start over with an empty (or the given) state: everything in memory is forgotten, the address stays."""
        self.do(self._close_services())
        self.call(lambda cloud: cloud.reset(state))

    async def _close_services(self) -> None:
        for service in self.cloud.services.values():
            close = getattr(service, "close", None)
            if close is not None:
                await close()

    def _serve(self) -> None:
        async def main() -> None:
            self._loop = asyncio.get_running_loop()
            self._loop.call_soon(self._ready.set)
            await self._server.serve(sockets=[self._socket])

        asyncio.run(main())

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
