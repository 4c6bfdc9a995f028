"""WeCom's group robot: markdown of at most 4,096 bytes. https://developer.work.weixin.qq.com/document/path/91770"""

from __future__ import annotations

import msgspec

from rolemend.notify.render import WECOM, Sheet, fitted, render

MOST_BYTES = 4_096
"""Of the content, in UTF-8."""
_THROTTLED = {45009: 60.0, 45033: 60.0}
_BUSY = frozenset({-1})


def body_of(sheet: Sheet) -> bytes:
    """A markdown message, cut to what the robot takes."""
    shown = fitted(sheet, MOST_BYTES, lambda shown: len(render(WECOM, shown).encode()))
    return msgspec.json.encode({"msgtype": "markdown", "markdown": {"content": render(WECOM, shown)}})


def send(url: str, secret: str, message_id: str, sheet: Sheet, now: float) -> None:
    """Send a sheet. `errcode` tells whether it arrived. Raises as `rolemend.notify.post.post_and_read`."""
    from rolemend.notify.dingtalk import judge
    from rolemend.notify.post import post_and_read

    answer = post_and_read("wecom", url, body_of(sheet), {"X-Rolemend-Message-Id": message_id})
    judge("wecom", answer.get("errcode"), _THROTTLED, _BUSY)
