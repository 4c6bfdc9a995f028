"""Every channel that the library apprise knows: Slack, Teams, mail and the rest.

The library is imported when such a channel is first used: it takes as long as all of `notify` otherwise.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from typing import Any

from rolemend.errors import AccountError, Throttled, Unreachable
from rolemend.notify.channel import CRITICAL, INFO, WARNING
from rolemend.notify.render import HTML, PLAIN, Sheet, fitted, render

_MAIL = re.compile(r"mailtos?://", re.IGNORECASE)
_KINDS = {CRITICAL: "failure", WARNING: "warning", INFO: "success"}
_STATUS = re.compile(r"error=([0-9]{3})")
MOST_BYTES = {False: 8_000, True: 1_000_000}
"""Of a chat, as Simple Log Service gives it for Slack, and of a mail. Many services take less."""
_TAKES_MORE = re.compile(r"workflows?://", re.IGNORECASE)
"""Teams: 28 KB, of which the library knows 1,000 characters.
https://learn.microsoft.com/en-us/microsoftteams/limits-specifications-teams"""
_TITLE, _TITLE_MARKS = 200, 20
"""Characters of a title, and what the library puts around it where a service knows none."""


def is_mail(url: str) -> bool:
    return bool(_MAIL.match(url))


def body_of(url: str, sheet: Sheet, services: Sequence[Any] = ()) -> tuple[str, str]:
    """What a channel with this address is sent, and its format in apprise's words. `services` are the library's own,
    which say how many characters they take; a message that is longer would be refused, and the channel dead."""
    mail = is_mail(url)
    target = HTML if mail else PLAIN
    without = sheet if mail else _without_title(sheet)
    limited = () if mail or _TAKES_MORE.match(url) else services

    def excess(each: Sheet) -> int:
        shown = render(target, each)
        over = [_excess(service, sheet.title[:_TITLE], shown) for service in limited]
        return max(len(shown.encode()) - MOST_BYTES[mail], *over, -1)

    return render(target, fitted(without, 0, excess)).lstrip("\n"), "html" if mail else "text"


def _excess(service: Any, title: str, shown: str) -> int:
    """Characters over what the service takes, of title and text as the library converts them; one outside of Unicode's
    first plane counts for two, as Telegram and others count."""
    from apprise import NotifyFormat, conversion

    convert: Any = conversion.convert_between
    sent = convert(NotifyFormat.TEXT, service.resolve_format(NotifyFormat.TEXT), f"{title}\n{shown}")
    return len(sent.encode("utf-16-le")) // 2 + _TITLE_MARKS - int(service.body_maxlen)


def _title_of(sheet: Sheet, services: Sequence[Any]) -> str:
    """The title, cut to what each service takes."""
    own = [service.title_maxlen or service.body_maxlen - _TITLE_MARKS for service in services]
    return sheet.title[: min([_TITLE, *own])]


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
    services: tuple[Any, ...] = tuple(sender)
    body, body_format = body_of(url, sheet, services)
    result: Any = sender.notify(
        body=body,
        title=_title_of(sheet, services),
        body_format=body_format,
        notify_type=_KINDS[sheet.severity],
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
