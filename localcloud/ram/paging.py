"""RAM's lists come in pages: `MaxItems` and `Marker` in, `IsTruncated` and the next `Marker` out."""

from __future__ import annotations

import base64
import binascii
from bisect import bisect_right
from collections.abc import Callable, Iterable
from typing import TypeVar

from localcloud.openapi import Answer, Invocation
from localcloud.ram.refusals import invalid

T = TypeVar("T")

DEFAULT_ITEMS = 100


def page(
    invocation: Invocation, items: Iterable[T], key: Callable[[T], str], most: int = 1000
) -> tuple[list[T], Answer]:
    """The items of the page that is asked for, in the order of `key`, and the members that tell of more.

    A marker holds the last key that was given out, so items that come or go between two calls shift nothing.
    Sizes: doc strings of ListUsersRequest, ListGroupsRequest and their like. The code for a size or a marker
    that is not accepted is not published.
    """
    size = invocation.number("MaxItems", DEFAULT_ITEMS)
    if not 1 <= size <= most:
        raise invalid("MaxItems", f"MUST be in the range of 1 and {most}.")
    ordered = sorted(items, key=key)
    start = bisect_right(ordered, _read(invocation.text("Marker")), key=key)
    taken = ordered[start : start + size]
    if start + size >= len(ordered):
        return taken, {"IsTruncated": False}
    return taken, {"IsTruncated": True, "Marker": _write(key(taken[-1]))}


def _write(key: str) -> str:
    return base64.urlsafe_b64encode(key.encode()).decode()


def _read(marker: str) -> str:
    try:
        return base64.b64decode(marker.encode(), b"-_", validate=True).decode()
    except (binascii.Error, UnicodeError) as error:
        raise invalid("Marker") from error
