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


def dump(document: dict[str, Any]) -> str:
    """A document as the text that is written: compact, elements in the user's order."""
    return msgspec.json.encode(document).decode()


def check_size(document: str | bytes | dict[str, Any], kind: str = "identity") -> None:
    """Raise PolicyError if a document of `kind` is longer than RAM or OSS accepts."""
    text = dump(document) if isinstance(document, dict) else document
    text = text.decode() if isinstance(text, bytes) else text
    limit = _CHARACTERS.get(kind)
    if limit is not None and len(text) > limit:
        raise PolicyError("", f"has {len(text)} characters", f"at most {limit}")
    if kind == "bucket":
        size = len(text.encode())
        if size > BUCKET_POLICY:
            raise PolicyError("", f"has {size} bytes", f"at most {BUCKET_POLICY}")


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
