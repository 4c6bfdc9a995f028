"""Delivery to a webhook: one POST of JSON, with the message's id, so that a receiver can tell a repetition."""

from __future__ import annotations

from typing import Any

import msgspec

from rolemend.errors import AccountError, AnswerLost, Unreachable
from rolemend.notify.message import Message

SECONDS = 10


def body_of(message: Message) -> bytes:
    """`{"id","incident","kind","title","text","message":{…}}`; `text` is the whole message as plain text."""
    content: dict[str, Any] = {
        "id": message.id,
        "incident": message.incident,
        "kind": message.kind,
        "title": message.title,
        "text": as_text(message),
        "message": message,
    }
    return msgspec.json.encode(content)


def as_text(message: Message) -> str:
    """The message as lines of plain text."""
    lines = [message.title, *message.lines, ""]
    if message.happened:
        happened = f"{message.faq} {message.happened}".strip()
        lines += [happened, *(f"- {line}" for line in message.evidence), ""]
    lines += [
        f"{answer.faq} {answer.check}: {answer.answer}. {answer.statement}" for answer in message.checklist
    ]
    lines += ["", *message.advice]
    lines += [part for part in (message.document, message.difference) if part]
    lines += _fix(message) if message.fix else []
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
    """Send a message.

    Raises Unreachable if it did not arrive, AnswerLost if it may have, AccountError if the receiver refused it.
    """
    import requests

    headers = {"Content-Type": "application/json; charset=utf-8", "X-Rolemend-Message-Id": message.id}
    try:
        # Only the status counts. The body is not read: a receiver could make it endless.
        with requests.post(
            url, data=body_of(message), headers=headers, timeout=SECONDS, allow_redirects=False, stream=True
        ) as answer:
            status = answer.status_code
    except requests.RequestException as error:
        # `from None`: requests' own error names the address, and the address may carry a token.
        if _was_never_sent(error):
            raise Unreachable("webhook", type(error).__name__, "the receiver could not be reached") from None
        raise AnswerLost("webhook", type(error).__name__, "the receiver did not answer") from None
    if status >= 500 or status == 429:
        raise Unreachable("webhook", str(status), "the receiver could not take the message")
    if status >= 300:
        raise AccountError("webhook", str(status), "the receiver refused the message")


def _was_never_sent(error: Exception) -> bool:
    """Whether the connection could not even be made, or the address names none."""
    from urllib3.exceptions import ConnectTimeoutError, MaxRetryError, NewConnectionError

    cause = error.args[0] if error.args else None
    reason = cause.reason if isinstance(cause, MaxRetryError) else None
    return isinstance(error, ValueError) or isinstance(reason, (ConnectTimeoutError, NewConnectionError))
