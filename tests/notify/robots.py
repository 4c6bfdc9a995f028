"""Receivers on loopback that take and refuse messages as the services do: signature, size, codes, throttling.

DingTalk: https://open.dingtalk.com/document/robots/customize-robot-security-settings
Feishu: https://open.larkoffice.com/document/ukTMukTMukTM/ucTM5YjL3ETO24yNxkjN.md
WeCom: https://developer.work.weixin.qq.com/document/path/91770
Slack: https://api.slack.com/messaging/webhooks
Discord: https://discord.com/developers/docs/resources/webhook#execute-webhook
Telegram: https://core.telegram.org/bots/api#sendmessage
Teams: https://learn.microsoft.com/en-us/microsoftteams/limits-specifications-teams (28 KB)
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, unquote, urlsplit

SECRET = "SECdemo000000"
Answer = tuple[int, dict[str, str], bytes]


def answer(content: object, status: int = 200, **headers: str) -> Answer:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return status, {name.replace("_", "-"): value for name, value in headers.items()}, body


@dataclass
class Robot:
    """One robot: `judge` decides on a request as the service does; what it takes is kept, as bytes and decoded.

    `limit` messages a minute are taken and `a_second` in any second, then `throttled` is the answer; `answers` come
    first, whatever is sent.
    """

    judge: Callable[[str, dict[str, str], bytes], Answer | None]
    taken: Answer
    throttled: Answer
    limit: int = 20
    a_second: int = 20
    answers: list[Answer] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    asked: int = 0

    def __enter__(self) -> Self:
        robot = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status, headers, content = robot.take(self.path, dict(self.headers), body)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *values: object) -> None:
                """Nothing: the test's output stays its own."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def host(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def take(self, path: str, headers: dict[str, str], body: bytes) -> Answer:
        self.asked += 1
        if self.answers:
            return self.answers.pop(0)
        if (refused := self.judge(path, headers, body)) is not None:
            return refused
        now = time.time()
        minute = sum(sent > now - 60 for sent in self.times)
        if minute >= self.limit or sum(sent > now - 1 for sent in self.times) >= self.a_second:
            return self.throttled
        self.times.append(now)
        self.bodies.append(body)
        return self.taken

    @property
    def contents(self) -> list[dict[str, Any]]:
        return [json.loads(body) for body in self.bodies]


def dingtalk() -> Robot:
    def judge(path: str, headers: dict[str, str], body: bytes) -> Answer | None:
        asked = urlsplit(path)
        # A query is decoded once, and a plus sign in it would be a blank: a signature encoded twice does not fit.
        given = dict(parse_qsl(asked.query))
        if asked.path != "/robot/send" or given.get("access_token") != "hush":
            return answer({"errcode": 300005, "errmsg": "token is not exist"})
        stamp = given.get("timestamp", "")
        told = f"{stamp}\n{SECRET}".encode()
        expected = base64.b64encode(hmac.new(SECRET.encode(), told, hashlib.sha256).digest()).decode()
        if given.get("sign") != expected or abs(int(stamp) / 1_000 - time.time()) > 3_600:
            return answer({"errcode": 310000, "errmsg": "sign not match"})
        if not headers["Content-Type"].startswith("application/json") or len(body) > 20_000:
            return answer({"errcode": 460101, "errmsg": "message too long"})
        content = json.loads(body)
        if set(content) != {"msgtype", "markdown", "at"} or set(content["markdown"]) != {"title", "text"}:
            return answer({"errcode": 40035, "errmsg": "missing parameter"})
        return None

    taken = answer({"errcode": 0, "errmsg": "ok"})
    return Robot(
        judge, taken, answer({"errcode": 130101, "errmsg": "send too fast, exceed 20 times per minute"})
    )


def feishu() -> Robot:
    def judge(path: str, headers: dict[str, str], body: bytes) -> Answer | None:
        content = json.loads(body)
        if urlsplit(path).path != "/open-apis/bot/v2/hook/hush":
            return answer({"code": 19001, "msg": "param invalid: incoming webhook access token invalid"})
        stamp = content.get("timestamp", "")
        key = f"{stamp}\n{SECRET}".encode()
        expected = base64.b64encode(hmac.new(key, b"", hashlib.sha256).digest()).decode()
        if content.get("sign") != expected or abs(int(stamp) - time.time()) > 3_600:
            return answer({"code": 19021, "msg": "sign match fail or timestamp is not within one hour"})
        if len(body) > 20_480 or content.get("msg_type") != "interactive" or "card" not in content:
            return answer({"code": 9499, "msg": "Bad Request", "data": {}})
        return None

    taken = answer({"StatusCode": 0, "StatusMessage": "success", "code": 0, "data": {}, "msg": "success"})
    throttled = answer({"code": 11232, "msg": "frequency limited psm[lark.oapi.app_platform]"})
    return Robot(judge, taken, throttled, limit=100, a_second=5)


def wecom() -> Robot:
    def judge(path: str, headers: dict[str, str], body: bytes) -> Answer | None:
        asked = urlsplit(path)
        if asked.path != "/cgi-bin/webhook/send" or dict(parse_qsl(asked.query)) != {"key": "hush"}:
            return answer({"errcode": 93000, "errmsg": "invalid webhook url"})
        content = json.loads(body)
        if content.get("msgtype") != "markdown":
            return answer({"errcode": 40008, "errmsg": "invalid message type"})
        if len(content["markdown"]["content"].encode()) > 4_096:
            return answer({"errcode": 40058, "errmsg": "markdown.content exceed max length 4096"})
        return None

    taken = answer({"errcode": 0, "errmsg": "ok"})
    return Robot(judge, taken, answer({"errcode": 45009, "errmsg": "api freq out of limit"}))


def slack() -> Robot:
    def judge(path: str, headers: dict[str, str], body: bytes) -> Answer | None:
        if unquote(path) != "/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ":
            return answer(b"no_service", 404)
        content = json.loads(body)
        if not (content.get("text") or content.get("attachments") or content.get("blocks")):
            return answer(b"no_text", 400)
        return None

    return Robot(judge, answer(b"ok"), answer(b"rate_limited", 429, Retry_After="30"))


def discord() -> Robot:
    def judge(path: str, headers: dict[str, str], body: bytes) -> Answer | None:
        if len(json.loads(body).get("content", "")) > 2_000:
            return answer({"content": ["Must be 2000 or fewer in length."]}, 400)
        return None

    return Robot(judge, answer(b"", 204), answer({"message": "You are being rate limited."}, 429))


def teams() -> Robot:
    def judge(path: str, headers: dict[str, str], body: bytes) -> Answer | None:
        return answer(b"", 413) if len(body) > 28_000 else None

    return Robot(judge, answer(b"", 202), answer(b"", 429))


def telegram() -> Robot:
    def judge(path: str, headers: dict[str, str], body: bytes) -> Answer | None:
        if len(json.loads(body)["text"].encode("utf-16-le")) > 2 * 4_096:
            return answer({"ok": False, "error_code": 400, "description": "message is too long"}, 400)
        return None

    busy = answer({"ok": False, "error_code": 429, "parameters": {"retry_after": 5}}, 429)
    return Robot(judge, answer({"ok": True, "result": {}}), busy)
