"""Answers the calls of the log SDK: pulls with pages of one sample line under ever new request ids, and checkpoints."""

from __future__ import annotations

import base64
import json
import socketserver
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

_GROUPS, _ID = 50, b"0123456789ABCDEF01234567"


def encoded_page(sample: dict[str, str], number: int, records: int) -> bytes:
    """A LogGroupList with that many records; only the request ids differ, so only they are written anew."""
    from aliyun.log.proto import LogGroup, LogGroupList

    group = LogGroup(Topic="oss_access_log", Source="")
    log = group.Logs.add()
    log.Time = 1_767_225_600 + number * 3
    for key, value in sample.items():
        log.Contents.add(Key=key, Value=_ID.decode() if key == "request_id" else value)
    one = log.SerializeToString()
    body = b"\x0a" + _varint(len(one)) + one
    head = LogGroup(Topic="oss_access_log", Source="").SerializeToString()
    each = records // _GROUPS
    groups = []
    for at in range(_GROUPS):
        ids = (f"{number:08X}{at * each + n:016X}".encode() for n in range(each))
        content = b"".join(body.replace(_ID, name) for name in ids) + head
        groups.append(b"\x0a" + _varint(len(content)) + content)
    page = b"".join(groups)
    LogGroupList.FromString(page)
    return page


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes([*out, number])


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    sample: dict[str, str]
    records: int

    def do_GET(self) -> None:
        asked = {key: values[0] for key, values in parse_qs(urlsplit(self.path).query).items()}
        if asked.get("type") != "log":
            self._answer(b"[]", {"content-type": "application/json"})
            return
        at = int(base64.b64decode(asked["cursor"]))
        page = encoded_page(self.sample, at, self.records)
        headers = {
            "x-log-cursor": base64.b64encode(str(at + 1).encode()).decode(),
            "x-log-count": str(_GROUPS),
            "x-log-bodyrawsize": str(len(page)),
            "x-log-compresstype": "lz4",
            "content-type": "application/x-protobuf",
        }
        from lz4.block import compress

        self._answer(compress(page, store_size=False), headers)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("content-length", 0)))
        self._answer(b"{}", {"content-type": "application/json"})

    def _answer(self, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(200)
        for key, value in {**headers, "x-log-requestid": "1", "content-length": str(len(body))}.items():
            self.send_header(key, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *values: object) -> None:
        """A million records need no line each."""


class Server(socketserver.ThreadingMixIn, HTTPServer):
    daemon_threads = True


def main(sample: str, records: str) -> None:
    """Serve on a free port, whose address is printed."""
    Handler.sample = {
        key: str(value)
        for key, value in json.loads(Path(sample).read_text("utf-8"))["log"].items()
        if not key.startswith("__")
    }
    Handler.records = int(records)
    server = Server(("127.0.0.1", 0), Handler)
    sys.stdout.write(f"http://127.0.0.1:{server.server_address[1]}\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
