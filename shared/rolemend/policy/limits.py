"""Limits of policy documents: https://www.alibabacloud.com/help/en/ram/product-overview/limits .

Bucket policies: https://www.alibabacloud.com/help/en/oss/user-guide/oss-bucket-policy/ . No page states the
length of a trust policy or of a control policy.
"""

from __future__ import annotations

from typing import Any

import msgspec

from rolemend.policy.document import PolicyError

CUSTOM_POLICY = 6144  # characters
SESSION_POLICY = 2048  # characters
BUCKET_POLICY = 16 * 1024  # bytes
BUCKET_POLICY_FIELD = 4095  # bytes
_CHARACTERS = {"identity": CUSTOM_POLICY, "resource_group": CUSTOM_POLICY, "session": SESSION_POLICY}


class TooLongError(PolicyError):
    """A document of `size` characters or bytes (`unit`), where `limit` are accepted."""

    def __init__(self, path: str, size: int, limit: int, unit: str) -> None:
        super().__init__(path, f"has {size} {unit}", f"at most {limit}")
        self.size, self.limit, self.unit = size, limit, unit


def dump(document: dict[str, Any]) -> str:
    """A document as the text that is written: compact, elements in the user's order."""
    return msgspec.json.encode(document).decode()


class _Elements(msgspec.Struct):
    Statement: list[dict[str, Any]] | dict[str, Any]


def check_size(document: str | bytes | dict[str, Any], kind: str = "identity") -> None:
    """Raise TooLongError if a document of `kind` is longer than RAM or OSS accepts.

    An element of a statement of a bucket policy is measured as it would stand in a compact document: no page
    says whether OSS counts blanks.
    """
    if isinstance(document, dict):
        text = dump(document)
    else:
        text = document if isinstance(document, str) else document.decode(errors="replace")
    limit = _CHARACTERS.get(kind)
    if limit is not None and len(text) > limit:
        raise TooLongError("", len(text), limit, "characters")
    if kind == "bucket":
        size = len(text.encode())
        if size > BUCKET_POLICY:
            raise TooLongError("", size, BUCKET_POLICY, "bytes")
        _check_elements(text)


def _check_elements(text: str) -> None:
    """EC 0030-00000003: https://help.aliyun.com/en/oss/user-guide/0030-00000003"""
    try:
        given = msgspec.json.decode(text, type=_Elements).Statement
    except (msgspec.MsgspecError, RecursionError):
        return  # no policy: what is wrong with it is told by `parse_policy`
    for number, statement in enumerate(given if isinstance(given, list) else [given]):
        for name, value in statement.items():
            size = len(msgspec.json.encode(value))
            if size > BUCKET_POLICY_FIELD:
                raise TooLongError(f"Statement[{number}].{name}", size, BUCKET_POLICY_FIELD, "bytes")


def check_name(name: str, what: str) -> None:
    """Raise PolicyError unless `name` can name a `policy` or a `role`.

    Policy: 1-128 letters, digits, hyphens. Role: 1-64 letters, digits, dots, hyphens
    (https://www.alibabacloud.com/help/en/ram/developer-reference/api-ram-2015-05-01-createrole).
    """
    longest, marks = (128, "-") if what == "policy" else (64, ".-")
    plain = name
    for mark in marks:
        plain = plain.replace(mark, "")
    if not 1 <= len(name) <= longest or not (plain.isascii() and (plain.isalnum() or not plain)):
        expected = f"1-{longest} letters, digits or {' '.join(marks)}"
        raise PolicyError("", f"{name[:140]!r} cannot name a {what}", expected)
