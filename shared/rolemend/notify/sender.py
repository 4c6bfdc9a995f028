"""One interface to all channels: a sheet goes out under a message's id."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Protocol

import msgspec

from rolemend.notify.channel import Channel
from rolemend.notify.message import Message
from rolemend.notify.render import Sheet
from rolemend.notify.sections import LONG, SHORT, sections_of


class Sender(Protocol):
    """Raises Unreachable if the message did not arrive (Throttled: and when it may again), AnswerLost if it may have,
    AccountError if it was refused."""

    def send(self, message_id: str, sheet: Sheet, content: dict[str, Any]) -> None:
        """`content` is what a machine reads, where the channel leads to one."""
        ...


class ChatSender(msgspec.Struct, frozen=True, kw_only=True):
    """Sends sheets to people; `deliver` is the `send` of a module of this room."""

    channel: Channel
    deliver: Callable[[str, str, str, Sheet, float], None]
    now: Callable[[], float] = time.time

    def send(self, message_id: str, sheet: Sheet, content: dict[str, Any]) -> None:
        self.deliver(self.channel.url, self.channel.secret, message_id, sheet, self.now())


class WebhookSender(msgspec.Struct, frozen=True, kw_only=True):
    """Sends JSON to a program."""

    channel: Channel

    def send(self, message_id: str, sheet: Sheet, content: dict[str, Any]) -> None:
        from rolemend.notify.webhook import send_content

        send_content(self.channel.url, message_id, msgspec.json.encode(content))


def open_sender(channel: Channel) -> Sender:
    """The sender of a channel; what it needs is imported here, and nothing for channels that nobody set up."""
    if channel.type == "webhook":
        return WebhookSender(channel=channel)
    if channel.type == "dingtalk":
        from rolemend.notify.dingtalk import send
    elif channel.type == "wecom":
        from rolemend.notify.wecom import send
    elif channel.type == "apprise":
        from rolemend.notify.others import send
    else:
        from rolemend.notify.feishu import send
    return ChatSender(channel=channel, deliver=send)


def sheet_of(message: Message, channel: Channel, language: str) -> Sheet:
    """The message in the channel's form: long for mail, short for a chat, unless the channel asks for another."""
    from rolemend.notify.others import is_mail

    form = channel.form or (LONG if channel.type == "apprise" and is_mail(channel.url) else SHORT)
    return Sheet(
        title=message.title,
        severity=message.severity,
        sections=sections_of(message, form, language),
        links=message.links,
    )


def send_message(sender: Sender, channel: Channel, message: Message, language: str) -> None:
    """Send one message. Raises as `Sender.send`."""
    from rolemend.notify.webhook import content_of

    sender.send(message.id, sheet_of(message, channel, language), content_of(message, language))
