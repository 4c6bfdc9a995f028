"""A bare uvicorn application that reads each request and answers 200: what any server in Python costs here."""

from __future__ import annotations

import socket
import sys

import uvicorn
from starlette.types import Receive, Scope, Send

BODY = b"x" * 300


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    while (await receive()).get("more_body"):
        pass
    headers = [(b"content-length", str(len(BODY)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": BODY})


def main() -> None:
    """Serve on a free port, which is told in the local cloud's own way."""
    listening = socket.create_server(("127.0.0.1", 0))
    sys.stdout.write(f"export http_proxy=http://127.0.0.1:{listening.getsockname()[1]}\n# ready\n")
    sys.stdout.flush()
    config = uvicorn.Config(
        application, http="httptools", ws="none", lifespan="off", log_config=None, access_log=False
    )
    uvicorn.Server(config).run(sockets=[listening])


if __name__ == "__main__":
    main()
