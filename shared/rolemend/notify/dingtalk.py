"""DingTalk's custom robot: markdown, signed in the address.

https://open.dingtalk.com/document/robots/custom-robot-access and
https://open.dingtalk.com/document/robots/customize-robot-security-settings
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from urllib.parse import quote

import msgspec

from rolemend.errors import AccountError, Throttled, Unreachable
from rolemend.notify.render import DINGTALK, Sheet, fitted, render

MOST_BYTES = 20_000
"""What a robot takes in one message."""
_THROTTLED = {130101: 600.0, 130103: 600.0, 660026: 600.0, 90018: 60.0, 88: 60.0, 410100: 600.0}
"""Codes that mean too many messages, and the seconds of rest: after 20 in a minute a robot is silent for ten."""
_BUSY = frozenset({-1})
"""The system is busy; try again."""


def signed(url: str, secret: str, milliseconds: int) -> str:
    """The address with `timestamp` and `sign`: HMAC-SHA256 with the secret as key over `timestamp\\nsecret`."""
    if not secret:
        return url
    told = f"{milliseconds}\n{secret}".encode()
    sign = base64.b64encode(hmac.new(secret.encode(), told, hashlib.sha256).digest()).decode()
    return f"{url}{'&' if '?' in url else '?'}timestamp={milliseconds}&sign={quote(sign, safe='')}"


def body_of(sheet: Sheet) -> bytes:
    """A markdown message that mentions nobody. It is cut to what the robot takes."""
    return _encoded(fitted(sheet, MOST_BYTES, lambda shown: len(_encoded(shown))))


def _encoded(sheet: Sheet) -> bytes:
    content = {
        "msgtype": "markdown",
        "markdown": {"title": sheet.title, "text": render(DINGTALK, sheet)},
        "at": {"isAtAll": False},
    }
    return msgspec.json.encode(content)


def send(url: str, secret: str, message_id: str, sheet: Sheet, now: float) -> None:
    """Send a sheet. HTTP 200 is no success: `errcode` tells. Raises as `rolemend.notify.post.post_and_read`."""
    from rolemend.notify.post import post_and_read

    address = signed(url, secret, int(now * 1_000))
    answer = post_and_read("dingtalk", address, body_of(sheet), {"X-Rolemend-Message-Id": message_id})
    judge("dingtalk", answer.get("errcode"), _THROTTLED, _BUSY)


def judge(service: str, code: object, throttled: dict[int, float], busy: frozenset[int]) -> None:
    """Raise what a robot's own code means; 0 is success. The receiver's words are not repeated: nobody vouches for
    them."""
    if not isinstance(code, int) or isinstance(code, bool):
        raise Unreachable(service, "NoCode", "the receiver's answer holds no code")
    if code == 0:
        return
    if code in throttled:
        raise Throttled(service, str(code), "the robot takes no more messages for now", throttled[code])
    if code in busy:
        raise Unreachable(service, str(code), "the receiver is busy")
    raise AccountError(service, str(code), "the receiver refused the message")
