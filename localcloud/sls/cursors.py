"""Cursors: positions in a shard, in base64. The next group's cursor is the number one higher.

The SDK's `get_previous_cursor_time` and the ranges of log triggers rely on that.
"""

from __future__ import annotations

import base64
import binascii
from bisect import bisect_left

from localcloud.errors import CloudError
from localcloud.sls.state import Group, Shard


def encode_cursor(position: int) -> str:
    return base64.b64encode(str(position).encode()).decode()


def decode_cursor(text: str) -> int:
    """The position of a cursor; `InvalidCursor` if it was never given out by anyone."""
    try:
        digits = base64.b64decode(text.strip(), validate=True).decode("ascii")
    except (binascii.Error, ValueError) as error:
        raise invalid_cursor(text) from error
    if not digits.isdigit() or len(digits) > 19:
        raise invalid_cursor(text)
    return int(digits)


def invalid_cursor(text: str) -> CloudError:
    return CloudError("InvalidCursor", f"Invalid cursor {text.strip()}.", 400)


def end_position(shard: Shard) -> int:
    """Where the next group will be."""
    return shard.first + len(shard.groups)


def locate_cursor(shard: Shard, since: str) -> int:
    """The position for GetCursor's `from`: `begin`, `end`, or the first group received at or after a time.

    Source: https://help.aliyun.com/zh/sls/developer-reference/api-getcursor
    """
    if since == "begin":
        return shard.first
    if since == "end":
        return end_position(shard)
    if not (since.isascii() and since.isdigit()):
        raise CloudError("ParameterInvalid", "Parameter From is not valid.", 400)
    return shard.first + bisect_left(shard.groups, int(since), key=_received)


def _received(group: Group) -> int:
    return group.received


def cursor_time(shard: Shard, text: str, now: float) -> int:
    """When the group at a cursor was received; now for the end, where nothing is yet."""
    position = decode_cursor(text)
    if not shard.first <= position <= end_position(shard):
        raise invalid_cursor(text)
    index = position - shard.first
    return shard.groups[index].received if index < len(shard.groups) else int(now)


def read_range(shard: Shard, begin: str, end: str) -> tuple[int, int]:
    """Indexes into `shard.groups` for a pull from `begin` up to but without `end` ("" for all there is).

    A cursor whose logs have outlived their `ttl` reads on from the oldest that are left.
    """
    start = decode_cursor(begin)
    if start > end_position(shard):
        raise invalid_cursor(begin)
    stop = min(decode_cursor(end), end_position(shard)) if end else end_position(shard)
    first = max(start - shard.first, 0)
    return first, max(stop - shard.first, first)
