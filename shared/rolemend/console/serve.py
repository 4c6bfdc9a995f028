"""The console on this machine: a small server on loopback, for one person at a time."""

from __future__ import annotations

import logging
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from urllib.parse import unquote, urlsplit

from rolemend.console.access.identity import App
from rolemend.console.exchange import LONGEST_BODY, Answered, Asked, exchange

_log = logging.getLogger(__name__)

_PATIENCE = 30
"""Seconds that a browser may take to send a request."""


class Loopback:
    """Listens on 127.0.0.1 as soon as it is made, at `port`, a free one for 0; answers once it has its application.

    Raises OSError if the port cannot be had.
    """

    def __init__(self, port: int = 0) -> None:
        self.app: App | None = None
        loopback = self

        class Handler(_Handler):
            def application(self) -> App | None:
                return loopback.app

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(target=self._server.serve_forever, name="console", daemon=True)

    def __enter__(self) -> Loopback:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    timeout = _PATIENCE
    server_version, sys_version = "rolemend", ""

    def application(self) -> App | None:
        raise NotImplementedError

    def do_GET(self) -> None:
        self._answer(b"")

    def do_HEAD(self) -> None:
        self._answer(b"")

    def do_POST(self) -> None:
        length = self.headers.get("content-length", "")
        if not length.isdecimal() or len(length) > 9:
            self._send(Answered(status=411, headers=(), body=b""))
        elif int(length) > LONGEST_BODY:
            self._send(Answered(status=413, headers=(), body=b""))
        else:
            self._answer(self.rfile.read(int(length)))

    def _answer(self, body: bytes) -> None:
        app = self.application()
        if app is None:
            self._send(Answered(status=503, headers=(), body=b""))
            return
        place = urlsplit(self.path)
        asked = Asked(
            method=self.command,
            path=unquote(place.path) or "/",
            query=place.query,
            headers=tuple(self.headers.items()),
            body=body,
            address=str(self.client_address[0]),
        )
        try:
            answered = exchange(app, asked)
        except Exception:  # noqa: BLE001 - the entry point, which reports it
            _log.exception("a page could not be made")
            answered = Answered(
                status=500, headers=(("content-type", "text/plain"),), body=b"a fault; see the log\n"
            )
        self._send(answered)

    def _send(self, answered: Answered) -> None:
        self.send_response(answered.status)
        for name, value in answered.headers:
            if name != "content-length":
                self.send_header(name, value)
        self.send_header("content-length", str(len(answered.body)))
        self.send_header("connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answered.body)

    def log_message(self, format: str, *values: object) -> None:
        """Says nothing: the addresses hold names, and the start address a token."""
