"""Conditional and partial reads.

Source: https://www.alibabacloud.com/help/en/oss/developer-reference/getobject
"""

from __future__ import annotations

import re
from email.utils import parsedate_to_datetime

from localcloud.oss.errors import OssError, precondition_failed
from localcloud.oss.exchange import Exchange
from localcloud.oss.state import Version

_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


def check_conditions(x: Exchange, version: Version, prefix: str = "") -> bool:
    """False if the answer is 304 Not Modified; PreconditionFailed if a condition does not hold.

    `prefix` is `x-oss-copy-source-` for the source of a copy.
    """
    if not _named(x.header(f"{prefix}if-match"), version):
        raise precondition_failed(f"{prefix}If-Match")
    since = _epoch(x.header(f"{prefix}if-unmodified-since"))
    if since is not None and int(version.modified) > since:
        raise precondition_failed(f"{prefix}If-Unmodified-Since")
    unwanted = x.header(f"{prefix}if-none-match")
    if unwanted and _named(unwanted, version):
        return False
    since = _epoch(x.header(f"{prefix}if-modified-since"))
    return since is None or int(version.modified) > since


def read_range(x: Exchange, size: int) -> tuple[int, int] | None:
    """First and last byte of a `Range`, or None for the whole object.

    A range beyond the object is ignored, unless `x-oss-range-behavior: standard` asks for HTTP's own rules.
    """
    match = _RANGE.fullmatch(x.header("range").strip())
    if match is None or match.group(0) == "bytes=-":
        return None
    standard = x.header("x-oss-range-behavior") == "standard"
    first, last = _bounds(match.group(1), match.group(2), size)
    if first >= size or first > last:
        if standard:
            raise OssError("InvalidRange", "The requested range cannot be satisfied.", 416)
        return None
    if last >= size and not standard:
        return None
    return first, min(last, size - 1)


def _bounds(first: str, last: str, size: int) -> tuple[int, int]:
    if not first:
        return max(0, size - int(last)), size - 1
    return int(first), int(last) if last else size - 1


def _named(condition: str, version: Version) -> bool:
    """Whether one of the ETags of a condition is the version's; an empty condition holds."""
    if not condition:
        return True
    tags = [tag.strip().strip('"').upper() for tag in condition.split(",")]
    return "*" in tags or version.etag.upper() in tags


def _epoch(text: str) -> float | None:
    """An HTTP date; one that is not well formed is ignored, as HTTP has it."""
    try:
        return parsedate_to_datetime(text).timestamp() if text else None
    except ValueError:
        return None
