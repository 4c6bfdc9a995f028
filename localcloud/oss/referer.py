"""Hotlink protection: which Referer headers may reach a bucket.

Source: https://www.alibabacloud.com/help/en/oss/user-guide/hotlink-protection . It only looks at
anonymous requests and presigned URLs.
"""

from __future__ import annotations

from localcloud.oss.errors import OssError
from localcloud.oss.exchange import Exchange
from rolemend.policy.pattern import glob_matches

_CHECKED = ("NotSign", "UriSign", "URI_SIGN4")


def check_referer(x: Exchange) -> None:
    """Raise AccessDenied for a Referer that the bucket does not take."""
    rules = x.bucket.referer
    if rules is None or x.sign_type not in _CHECKED or not (rules.allowed or rules.refused):
        return
    given = x.header("referer")
    if not given:
        if not rules.allow_empty:
            raise _refused("0003-00000501")
        return
    if rules.truncate_query:
        given = given.partition("?")[0]
    if any(_names(pattern, given) for pattern in rules.refused):
        raise _refused("0003-00000502")
    if rules.allowed and not any(_names(pattern, given) for pattern in rules.allowed):
        raise _refused("0003-00000503")


def _names(pattern: str, given: str) -> bool:
    """A pattern without a path covers every path below it."""
    return glob_matches(pattern, given) or glob_matches(pattern.rstrip("/") + "/*", given)


def _refused(ec: str) -> OssError:
    return OssError("AccessDenied", "You are denied by bucket referer policy.", 403, ec=ec)
