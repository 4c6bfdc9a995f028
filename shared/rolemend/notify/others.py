"""Every channel that the library apprise knows: Slack, Teams, mail and the rest.

The library is imported when such a channel is first used: it takes as long as all of `notify` otherwise.
"""

from __future__ import annotations

import logging
import re
from typing import Any

from rolemend.errors import AccountError, Throttled, Unreachable
from rolemend.notify.channel import CRITICAL, INFO, WARNING
from rolemend.notify.render import HTML, PLAIN, Sheet, fitted, render

_MAIL = re.compile(r"mailtos?://", re.IGNORECASE)
_KINDS = {CRITICAL: "failure", WARNING: "warning", INFO: "success"}
_STATUS = re.compile(r"error=([0-9]{3})")
MOST_BYTES = {False: 8_000, True: 1_000_000}
"""Of a chat, as Simple Log Service gives it for Slack, and of a mail."""


def is_mail(url: str) -> bool:
    return bool(_MAIL.match(url))


def body_of(url: str, sheet: Sheet) -> tuple[str, str]:
    """What a channel with this address is sent, and its format in apprise's words."""
    target = HTML if is_mail(url) else PLAIN
    without = sheet if target is HTML else _without_title(sheet)
    shown = fitted(without, MOST_BYTES[is_mail(url)], lambda each: len(render(target, each).encode()))
    return render(target, shown).lstrip("\n"), "html" if target is HTML else "text"


def _without_title(sheet: Sheet) -> Sheet:
    """The library shows the title itself."""
    import msgspec

    return msgspec.structs.replace(sheet, title="")


def send(url: str, secret: str, message_id: str, sheet: Sheet, now: float) -> None:
    """Send a sheet. Raises AccountError for an address that names no channel or was refused, Unreachable otherwise.

    The library tells whether a message was taken, and only in its log why not.
    """
    import apprise

    # Its log holds addresses; it is read here and goes nowhere else.
    logging.getLogger("apprise").propagate = False
    asset = apprise.AppriseAsset(app_id="Rolemend", app_desc="Rolemend", app_url="", async_mode=False)
    sender = apprise.Apprise(asset=asset)
    if not sender.add(url):
        raise AccountError("apprise", "NoChannel", "the address names no channel that apprise knows")
    body, body_format = body_of(url, sheet)
    title = sheet.title[:200]
    result: Any = sender.notify(
        body=body, title=title, body_format=body_format, notify_type=_KINDS[sheet.severity]
    )
    if not result:
        _judge(result)


def _judge(result: Any) -> None:
    status = _status(result)
    if status == 429:
        raise Throttled("apprise", "429", "the receiver could not take the message", 60.0)
    if 400 <= status < 500:
        raise AccountError("apprise", str(status), "the receiver refused the message")
    raise Unreachable("apprise", str(status or "Failed"), "the receiver could not take the message")


def _status(result: Any) -> int:
    """The HTTP status that the library's log tells, 0 if it tells none."""
    found = _STATUS.search(" ".join(str(entry.message) for entry in result.logs()))
    return int(found[1]) if found else 0
