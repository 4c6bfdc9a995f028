"""What a real SDK client sees when the local cloud refuses a call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from Tea.exceptions import TeaException


class Refusal(NamedTuple):
    """Error code, HTTP status, message and the AccessDeniedDetail of an answer."""

    code: str
    status: int
    message: str
    detail: dict[str, Any]


def refusal(call: Callable[..., Any], *arguments: Any) -> Refusal:
    """Make a call that has to fail, and tell how it did."""
    with pytest.raises(TeaException) as caught:
        call(*arguments)
    error: Any = caught.value
    return Refusal(
        error.code, error.statusCode, error.message, getattr(error, "accessDeniedDetail", None) or {}
    )


def code_of(call: Callable[..., Any], *arguments: Any) -> tuple[str, int]:
    """Only code and HTTP status of a call that has to fail."""
    return refusal(call, *arguments)[:2]
