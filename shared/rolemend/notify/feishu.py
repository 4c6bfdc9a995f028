"""Feishu's and Lark's custom bot: a card of plain text, signed in the body.

https://open.larkoffice.com/document/ukTMukTMukTM/ucTM5YjL3ETO24yNxkjN.md
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any

import msgspec

from rolemend.notify.channel import CRITICAL, INFO, WARNING
from rolemend.notify.message import plain
from rolemend.notify.render import Sheet, fitted

MOST_BYTES = 20_000
_THROTTLED = {11232: 60.0, 11233: 60.0, 230020: 60.0, 99991400: 60.0}
_BUSY = frozenset({11200, 1000, 5000})
_COLOURS = {CRITICAL: "red", WARNING: "orange", INFO: "green"}


def signature(secret: str, seconds: int) -> str:
    """HMAC-SHA256 with `timestamp\\nsecret` as the key, over nothing."""
    key = f"{seconds}\n{secret}".encode()
    return base64.b64encode(hmac.new(key, b"", hashlib.sha256).digest()).decode()


def body_of(sheet: Sheet, secret: str, now: float) -> bytes:
    """A signed card, cut to what the bot takes. Every text is `plain_text`, in which nothing is markup or a mention."""
    return _encoded(fitted(sheet, MOST_BYTES, lambda shown: len(_encoded(shown, secret, now))), secret, now)


def _encoded(sheet: Sheet, secret: str, now: float) -> bytes:
    signed = {"timestamp": str(int(now)), "sign": signature(secret, int(now))} if secret else {}
    return msgspec.json.encode({**signed, "msg_type": "interactive", "card": _card(sheet)})


def _card(sheet: Sheet) -> dict[str, Any]:
    elements: list[dict[str, Any]] = [
        {"tag": "div", "text": _text("\n".join([*([heading] if heading else []), *lines]))}
        for heading, lines in ((section.heading, section.lines) for section in sheet.sections)
    ]
    if sheet.links:
        buttons = [
            {"tag": "button", "type": "default", "text": _text(link.label), "url": link.url}
            for link in sheet.links
        ]
        elements.append({"tag": "action", "actions": buttons})
    header = {"title": _text(sheet.title), "template": _COLOURS[sheet.severity]}
    return {"config": {"wide_screen_mode": True}, "header": header, "elements": elements}


def _text(content: str) -> dict[str, str]:
    return {"tag": "plain_text", "content": plain(content)}


def send(url: str, secret: str, message_id: str, sheet: Sheet, now: float) -> None:
    """Send a sheet. `code` tells whether it arrived. Raises as `rolemend.notify.post.post_and_read`."""
    from rolemend.notify.dingtalk import judge
    from rolemend.notify.post import post_and_read

    answer = post_and_read("feishu", url, body_of(sheet, secret, now), {"X-Rolemend-Message-Id": message_id})
    judge("feishu", answer.get("code", answer.get("StatusCode")), _THROTTLED, _BUSY)
