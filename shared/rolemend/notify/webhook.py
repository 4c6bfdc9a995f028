"""Delivery to a webhook: one POST of JSON, with the message's id, so that a receiver can tell a repetition."""

from __future__ import annotations

from typing import Any

import msgspec

from rolemend.catalogue import translations
from rolemend.notify.message import Message
from rolemend.notify.sections import answers_of


def content_of(message: Message, language: str = "en") -> dict[str, Any]:
    """`{"id","incident","kind","title","text","message":{…}}`; `text` is the whole message as plain text, in
    `message` causes and answers are the codes that programs read."""
    return {
        "id": message.id,
        "incident": message.incident,
        "kind": message.kind,
        "title": message.title,
        "text": as_text(message, language),
        "message": message,
    }


def body_of(message: Message) -> bytes:
    return msgspec.json.encode(content_of(message))


def as_text(message: Message, language: str = "en") -> str:
    """The message as lines of plain text; `language` is that of the message."""
    catalogue = translations(language)
    lines = [message.title, *message.lines, ""]
    if message.happened:
        happened = f"{message.faq} {message.happened}".strip()
        lines += [happened, *(f"- {line}" for line in message.evidence), ""]
    lines += answers_of(message, lambda name: name.render(catalogue))
    lines += ["", *message.advice]
    lines += [part for part in (message.document, message.difference) if part]
    lines += _fix(message) if message.fix else []
    lines += ["", *message.commands, *(f"{link.label}: {link.url}" for link in message.links)]
    lines += ["", message.verify] if message.verify else []
    return "\n".join(lines)


def _fix(message: Message) -> list[str]:
    """The long forms: each under its own heading, the risk before them."""
    fix = message.fix
    assert fix is not None
    lines = ["", fix.risk, "", *(f"{number}. {step}" for number, step in enumerate(fix.console, 1))]
    for heading, form in (("aliyun CLI", fix.cli), ("Terraform", fix.terraform), ("API", fix.api)):
        lines += ["", f"{heading}:", form]
    return lines


def deliver(url: str, message: Message) -> None:
    """Send a message. Raises as `rolemend.notify.post.post`."""
    send_content(url, message.id, body_of(message))


def send_content(url: str, message_id: str, content: bytes) -> None:
    """Send JSON under a message's id. Raises as `rolemend.notify.post.post`."""
    from rolemend.notify.post import post

    post("webhook", url, content, {"X-Rolemend-Message-Id": message_id})
