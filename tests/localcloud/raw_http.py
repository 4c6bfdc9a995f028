"""HTTP as it goes over the wire, for what no client library lets a test say."""

from __future__ import annotations

import socket
from dataclasses import dataclass

from localcloud.server import LocalCloud


@dataclass(frozen=True)
class Answer:
    """Header names are lower case."""

    status: int
    reason: str
    headers: dict[str, str]
    body: bytes


def connect(local: LocalCloud, timeout: float = 10.0) -> socket.socket:
    return socket.create_connection(("127.0.0.1", local.port), timeout)


def send(local: LocalCloud, *pieces: bytes) -> Answer:
    """Send pieces over a connection of their own and read one answer."""
    with connect(local) as connection:
        for piece in pieces:
            connection.sendall(piece)
        return read(connection)


def read(connection: socket.socket, *, head_only: bool = False) -> Answer:
    """One answer, its body by its content-length; `head_only` for answers to HEAD."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += _more(connection)
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    length = 0 if head_only else int(headers.get("content-length", "0"))
    while len(body) < length:
        body += _more(connection)
    _, status, *reason = first.split(" ", 2)
    return Answer(int(status), "".join(reason), headers, body)


def is_closed(connection: socket.socket) -> bool:
    """Whether the other side ends the connection within the socket's timeout."""
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:
        return True


def _more(connection: socket.socket) -> bytes:
    piece = connection.recv(65536)
    assert piece, "the connection ended before the answer was complete"
    return piece
