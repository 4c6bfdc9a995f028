"""Records what SDKs send, and sends bytes over a connection that is kept open."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

_REFUSAL = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
_LENGTH = re.compile(rb"(?i)\r\ncontent-length:\s*(\d+)")


class Line:
    """One kept-open connection."""

    def __init__(self, address: str) -> None:
        to = urlsplit(address)
        self._socket = socket.create_connection((to.hostname or "", to.port or 80), timeout=30)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, request: bytes) -> tuple[int, bytes]:
        """Status and body of the answer, which has to have a content-length."""
        self._socket.sendall(request)
        head, body = read_message(self._socket)
        return int(head.split(b" ", 2)[1]), body

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()


class Recorder:
    """A proxy that keeps what it is sent and refuses it with 400, which no SDK tries again."""

    def __init__(self) -> None:
        self._server = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._server.getsockname()[1]}"
        self._kept: list[bytes] = []
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def record(self, send: Callable[[int], Any], count: int) -> list[bytes]:
        """The bytes of `count` calls; that each is refused is no failure."""
        self._kept.clear()
        for n in range(count):
            with suppress(Exception):
                send(n)
        if len(self._kept) != count:
            raise RuntimeError(f"{count} calls sent {len(self._kept)} requests")
        return list(self._kept)

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            with connection:
                head, body = read_message(connection)
                self._kept.append(head + body)
                connection.sendall(_REFUSAL)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()


def read_message(connection: socket.socket) -> tuple[bytes, bytes]:
    """Head (with the empty line) and body of one HTTP message that tells its length."""
    data = b""
    while (end := data.find(b"\r\n\r\n")) < 0:
        data += _more(connection)
    end += 4
    match = _LENGTH.search(data, 0, end)
    whole = end + (int(match.group(1)) if match else 0)
    while len(data) < whole:
        data += _more(connection)
    return data[:end], data[end:]


def _more(connection: socket.socket) -> bytes:
    piece = connection.recv(262_144)
    if not piece:
        raise ConnectionError("the connection ended before the message was complete")
    return piece
