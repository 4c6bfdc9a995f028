"""A custom domain in front of a function: what comes to loopback goes on to the function's own address.

That domain makes every answer a download, and a custom one does not:
https://help.aliyun.com/zh/functioncompute/fc/configure-custom-domain-names
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import requests

_OWN = {"connection", "content-disposition", "content-encoding", "content-length", "date", "server"}


class Domain:
    """`function` is the function's own address, `proxy` the way there; `address` is that of the domain."""

    def __init__(self, proxy: str) -> None:
        self.function = ""
        domain = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._pass(b"")

            def do_POST(self) -> None:
                self._pass(self.rfile.read(int(self.headers.get("content-length", "0"))))

            def _pass(self, body: bytes) -> None:
                headers = {name: value for name, value in self.headers.items() if name.lower() != "host"}
                answer = requests.request(
                    self.command,
                    domain.function + self.path,
                    headers=headers | {"accept-encoding": "identity"},
                    data=body,
                    proxies={"http": proxy},
                    allow_redirects=False,
                    timeout=60,
                )
                self.send_response(answer.status_code)
                for name, value in answer.headers.items():
                    if name.lower() not in _OWN:
                        self.send_header(name, value)
                self.send_header("content-length", str(len(answer.content)))
                self.end_headers()
                with suppress(ConnectionError):  # the browser went on to another page
                    self.wfile.write(answer.content)

            def log_message(self, format: str, *values: object) -> None:
                """Says nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self._server.server_address[1]}"

    @contextmanager
    def served(self) -> Iterator[None]:
        threading.Thread(target=self._server.serve_forever, name="domain", daemon=True).start()
        try:
            yield
        finally:
            self._server.shutdown()
            self._server.server_close()
