"""Delivery to a real receiver on loopback: what it answers decides whether the message is sent again."""

from __future__ import annotations

import json
import socket
import threading
import time
import traceback
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from rolemend.errors import AccountError, AnswerLost, Unreachable
from rolemend.incident.life import DIAGNOSED, Incident
from rolemend.notify import post
from rolemend.notify.message import Message, compose
from rolemend.notify.webhook import as_text, deliver
from tests.samples import LISTING

SECRET = "access_token=hush"
MESSAGE: Message = compose(Incident(id="inc-1", state=DIAGNOSED, denial=LISTING, count=1), "zh")


class Receiver(ThreadingHTTPServer):
    """Answers `status` to every request, 0 for none at all, and keeps what it got."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.status = 200
        self.headers: dict[str, str] = {}
        self.got: list[tuple[str, dict[str, str], bytes]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/robot/send?{SECRET}"


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((self.path, dict(self.headers), body))
        if self.server.status == 0:
            time.sleep(1)
            return
        self.send_response(self.server.status)
        for name, value in self.server.headers.items():
            self.send_header(name, value)
        self.end_headers()

    do_GET = do_POST

    def log_message(self, *values: Any) -> None:
        """Nothing: the test's output stays its own."""


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with Receiver() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_a_message_is_one_post_of_json_with_its_id(receiver: Receiver) -> None:
    deliver(receiver.url, MESSAGE)
    ((path, headers, body),) = receiver.got
    assert path.endswith(SECRET)
    assert headers["X-Rolemend-Message-Id"] == MESSAGE.id == "inc-1-1-alert"
    assert headers["Content-Type"] == "application/json; charset=utf-8"
    content = json.loads(body)
    assert (content["id"], content["kind"], content["text"]) == (MESSAGE.id, "alert", as_text(MESSAGE))


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_every_kind_of_success_is_one(receiver: Receiver, status: int) -> None:
    receiver.status = status
    deliver(receiver.url, MESSAGE)
    assert len(receiver.got) == 1


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_a_receiver_that_is_busy_or_broken_can_be_tried_again(receiver: Receiver, status: int) -> None:
    receiver.status = status
    with pytest.raises(Unreachable, match=str(status)) as caught:
        deliver(receiver.url, MESSAGE)
    assert not isinstance(caught.value, AnswerLost)
    assert len(receiver.got) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_a_receiver_that_refuses_is_no_passing_fault(receiver: Receiver, status: int) -> None:
    receiver.status = status
    with pytest.raises(AccountError, match="refused") as caught:
        deliver(receiver.url, MESSAGE)
    assert not isinstance(caught.value, Unreachable)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirection_is_refused_and_never_followed(receiver: Receiver, status: int) -> None:
    receiver.status, receiver.headers = status, {"Location": "/elsewhere"}
    with pytest.raises(AccountError, match="refused"):
        deliver(receiver.url, MESSAGE)
    assert len(receiver.got) == 1


def test_an_answer_that_never_comes_leaves_open_whether_it_arrived(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(post, "SECONDS", 0.05)
    receiver.status = 0
    with pytest.raises(AnswerLost):
        deliver(receiver.url, MESSAGE)
    assert len(receiver.got) == 1


def test_a_connection_cut_without_an_answer_leaves_it_open_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with socket.create_server(("127.0.0.1", 0)) as server:

        def cut() -> None:
            connection, _ = server.accept()
            connection.recv(65_536)
            connection.close()

        thread = threading.Thread(target=cut)
        thread.start()
        with pytest.raises(AnswerLost):
            deliver(f"http://127.0.0.1:{server.getsockname()[1]}/?{SECRET}", MESSAGE)
        thread.join()


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch) -> str:
    """An address at which nobody listens."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    return f"http://127.0.0.1:{port}/?{SECRET}"


def test_a_receiver_that_is_not_there_got_nothing(nobody: str) -> None:
    with pytest.raises(Unreachable) as caught:
        deliver(nobody, MESSAGE)
    assert not isinstance(caught.value, AnswerLost)


@pytest.mark.parametrize("url", ["ftp://x.example.com/?" + SECRET, "http://", "http://[half/?" + SECRET])
def test_an_address_that_is_none_got_nothing(url: str) -> None:
    with pytest.raises(Unreachable) as caught:
        deliver(url, MESSAGE)
    assert not isinstance(caught.value, AnswerLost)


def test_the_address_and_its_token_appear_in_no_error_and_no_traceback(
    nobody: str, receiver: Receiver
) -> None:
    for url, status in (
        (nobody, 200),
        (receiver.url, 500),
        (receiver.url, 400),
        ("http://[half/?" + SECRET, 200),
    ):
        receiver.status = status
        with pytest.raises(AccountError) as caught:
            deliver(url, MESSAGE)
        assert "hush" not in "".join(traceback.format_exception(caught.value))
        assert "hush" not in str(caught.value)


def test_a_receiver_whose_answer_never_ends_holds_nothing_up() -> None:
    """Only the status counts; the body would go on for ever."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        ended = threading.Event()

        def answer() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65_536)
                connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
                while not ended.is_set():
                    try:
                        connection.sendall(b"1\r\nx\r\n")
                    except OSError:
                        return
                    time.sleep(0.01)

        thread = threading.Thread(target=answer)
        thread.start()
        begun = time.monotonic()
        deliver(f"http://127.0.0.1:{server.getsockname()[1]}/", MESSAGE)
        assert time.monotonic() - begun < 5
        ended.set()
        thread.join()
