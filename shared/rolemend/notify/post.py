"""One POST to a chat or a webhook: what went wrong in the words of the error tree, and no address in any of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from rolemend.errors import AccountError, AnswerLost, Throttled, Unreachable

SECONDS = 10
_MOST_READ = 65_536
_JSON = "application/json; charset=utf-8"
_PAUSE = 60.0
"""Seconds that a receiver is left alone which took too much and did not say for how long."""
_LONGEST_PAUSE = 3_600.0


def post(service: str, url: str, body: bytes, headers: Mapping[str, str]) -> None:
    """Send, and look at nothing but the status. Raises as `post_and_read`."""
    _post(service, url, body, headers, reading=False)


def post_and_read(service: str, url: str, body: bytes, headers: Mapping[str, str]) -> dict[str, Any]:
    """Send, and answer the JSON object that came back.

    Raises Unreachable if it did not arrive (Throttled if the receiver says when it may again), AnswerLost if it may
    have, AccountError if the receiver refused it.
    """
    data = _post(service, url, body, headers, reading=True)
    try:
        answer = msgspec.json.decode(data)
    except (msgspec.DecodeError, RecursionError):
        answer = None
    if not isinstance(answer, dict):
        raise AnswerLost(service, "NoJSON", "the receiver's answer is none of its own")
    return answer


def _post(service: str, url: str, body: bytes, headers: Mapping[str, str], *, reading: bool) -> bytes:
    import requests

    try:
        with requests.post(
            url,
            data=body,
            headers={"Content-Type": _JSON, **headers},
            timeout=SECONDS,
            allow_redirects=False,
            stream=True,
        ) as answer:
            status, pause = answer.status_code, answer.headers.get("Retry-After", "")
            data = _beginning(answer) if reading and status < 300 else b""
    except requests.RequestException as error:
        # `from None`: requests' own error names the address, and the address may carry a token.
        if _was_never_sent(error):
            raise Unreachable(service, type(error).__name__, "the receiver could not be reached") from None
        raise AnswerLost(service, type(error).__name__, "the receiver did not answer") from None
    if status == 429:
        message = "the receiver could not take the message"
        raise Throttled(service, str(status), message, _seconds(pause))
    if status >= 500:
        raise Unreachable(service, str(status), "the receiver could not take the message")
    if status >= 300:
        raise AccountError(service, str(status), "the receiver refused the message")
    return data


def _beginning(answer: Any) -> bytes:
    """A receiver could make its answer endless, so no more of it is read than an honest one needs, nor for longer."""
    import time

    data, until = b"", time.monotonic() + SECONDS
    for piece in answer.iter_content(4_096):
        data += piece
        if len(data) > _MOST_READ or time.monotonic() > until:
            return b""
    return data


def _seconds(retry_after: str) -> float:
    """The seconds of a Retry-After header; a date, or nonsense, counts as a minute."""
    stated = float(retry_after) if retry_after.isascii() and retry_after.isdigit() else _PAUSE
    return min(max(stated, 1.0), _LONGEST_PAUSE)


def _was_never_sent(error: Exception) -> bool:
    """Whether the connection could not even be made, or the address names none."""
    from urllib3.exceptions import ConnectTimeoutError, MaxRetryError, NewConnectionError

    cause = error.args[0] if error.args else None
    reason = cause.reason if isinstance(cause, MaxRetryError) else None
    return isinstance(error, ValueError) or isinstance(reason, (ConnectTimeoutError, NewConnectionError))
