"""One client connection of the forward proxy: what a proxy's clients send and a web server's do not.

Request targets: https://www.rfc-editor.org/rfc/rfc9112#section-3.2
"""

from __future__ import annotations

import asyncio
import re
import socket

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

LONGEST_URL = 64 * 1024
"""Bytes of a request line's URL; a policy document of the largest size takes a third of it."""
LONGEST_HEAD = 128 * 1024
"""Bytes of all request headers together."""
LARGEST_BODY = 512 * 1024 * 1024
"""Bytes of a request body, which is held in memory."""
LINGER = 1.0
"""Seconds of silence after which a refused connection is closed; closed at once, a client that still sends would see a
reset in the place of the answer."""

_ABSOLUTE = re.compile(rb"(?i)(https?)://([^/?#]*)(.*)", re.DOTALL)
_NO_TLS = (
    "The local cloud speaks plain HTTP: use scheme http with the real endpoint names, and set http_proxy only "
    "(not https_proxy)."
)


class ProxyConnection(HttpToolsProtocol):
    """Reads the three forms of a request target, and answers at once what the local cloud cannot take.

    It acknowledges promptly: with a proxy urllib3 leaves Nagle's algorithm on, so a client holds a request's
    body back until its head is acknowledged; Linux would take 40 ms over that. The scope has the transport, so
    that a fault can cut the connection, and the authority of an absolute target.
    """

    _refused = False
    _received = 0
    _closing: asyncio.TimerHandle | None = None

    def data_received(self, data: bytes) -> None:
        if self._refused:
            return self._linger()
        super().data_received(data)
        connection = self.transport.get_extra_info("socket")
        if connection is not None and hasattr(socket, "TCP_QUICKACK"):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        return None

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._received = 0
        self.scope["localcloud.transport"] = self.transport  # type: ignore[typeddict-unknown-key]

    def on_url(self, url: bytes) -> None:
        if len(self.url) + len(url) > LONGEST_URL:
            self._refuse(414, "URI Too Long", f"The local cloud takes URLs of up to {LONGEST_URL} bytes.")
        else:
            super().on_url(url)

    def on_headers_complete(self) -> None:
        if self.parser.get_method() == b"CONNECT":
            self._refuse(501, "The local cloud opens no tunnel, use scheme http", _NO_TLS)
        if not self._refused:
            self._check_size()
        if not self._refused and self._read_target():
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._received += len(body)
        if self._received > LARGEST_BODY and not self._refused:
            self._refuse_body()
            self.cycle.disconnected = True  # who waits for the rest of this body waits no longer
            self.cycle.message_event.set()
        if not self._refused:
            super().on_body(body)

    def on_message_complete(self) -> None:
        if not self._refused:
            super().on_message_complete()

    def _unsupported_upgrade_warning(self) -> None:
        """Nothing: clients that offer HTTP/2 are answered in HTTP/1.1."""

    def _check_size(self) -> None:
        size, length = 0, b""
        for name, value in self.headers:
            size += len(name) + len(value) + 4
            if name == b"content-length":
                length = value
        if size > LONGEST_HEAD:
            text = f"The local cloud takes request headers of up to {LONGEST_HEAD} bytes together."
            self._refuse(431, "Request Header Fields Too Large", text)
        elif length.isdigit() and int(length) > LARGEST_BODY:
            self._refuse_body()

    def _read_target(self) -> bool:
        """Leave path and query in `url`; False if the request was refused."""
        if match := _ABSOLUTE.fullmatch(self.url):
            scheme, authority, rest = match.groups()
            if scheme.lower() == b"https":
                self._refuse(501, "Use scheme http", _NO_TLS)
                return False
            self.scope["localcloud.authority"] = authority.rpartition(b"@")[2].decode("latin-1")  # type: ignore[typeddict-unknown-key]
            self.url = rest if rest.startswith(b"/") else b"/" + rest
        elif not self.url.startswith(b"/"):
            self.url = b"/"  # OPTIONS *
        return True

    def _refuse_body(self) -> None:
        text = f"The local cloud takes request bodies of up to {LARGEST_BODY} bytes."
        self._refuse(413, "Content Too Large", text)

    def _refuse(self, status: int, reason: str, text: str) -> None:
        """Answer and close. The reason is all that clients show of the answer to CONNECT."""
        if self._refused:
            return
        self._refused = True
        head = f"HTTP/1.1 {status} {reason}\r\ncontent-type: text/plain\r\nconnection: close\r\n"
        self.transport.write(f"{head}content-length: {len(text)}\r\n\r\n{text}".encode())
        self._linger()

    def _linger(self) -> None:
        if self._closing is not None:
            self._closing.cancel()
        self._closing = self.loop.call_later(LINGER, self.transport.close)
