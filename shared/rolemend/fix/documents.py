"""Documents to paste, in one spelling that every form can hold.

The spelling is JSON in printable ASCII without a quote ', a template `${` or `%{`, or a line end. So it ends no string
of a shell, opens no template of Terraform and hides nothing; a parser reads the same document from it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

LONGEST = 20_000
"""Characters of a document that is shown; OSS takes the longest, 16 KB."""
PLACEHOLDER = "YOUR_DOCUMENT"


def compact(document: Any) -> str:
    """A JSON value on one line, in the spelling above."""
    written = json.dumps(document, separators=(",", ":"), ensure_ascii=True)
    for char in ("'", "\x7f"):
        written = written.replace(char, f"\\u{ord(char):04x}")
    return written.replace("${", "\\u0024{").replace("%{", "\\u0025{")


def pasted(document: str) -> str:
    """The text of a JSON object in the spelling above; the placeholder for what is none, or is too long."""
    try:
        read = json.loads(document) if len(document) <= LONGEST else None
        written = compact(read) if isinstance(read, dict) else ""
    except (ValueError, RecursionError):
        return PLACEHOLDER
    return written if 0 < len(written) <= LONGEST else PLACEHOLDER


def statement(
    actions: Sequence[str], resources: Sequence[str], effect: str = "Allow", **more: Any
) -> dict[str, Any]:
    return {"Effect": effect, "Action": list(actions), "Resource": list(resources)} | more


def policy(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "1", "Statement": list(statements)}


def trust(*services: str) -> str:
    """A trust policy for cloud services."""
    allowed = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": list(services)}}
    return compact(policy(allowed))


def bucket_resources(bucket: str) -> list[str]:
    """Both forms that a policy needs: the bucket, and what is in it."""
    return [f"acs:oss:*:*:{bucket}", f"acs:oss:*:*:{bucket}/*"]


def without_statement(document: str, number: int) -> str:
    """A policy without one of its statements, "" if none would be left. Raises ValueError if it has no such one."""
    read = json.loads(document)
    statements = read["Statement"] if isinstance(read["Statement"], list) else [read["Statement"]]
    if not 0 <= number < len(statements):
        raise ValueError(f"no statement {number}")
    left = [each for place, each in enumerate(statements) if place != number]
    return json.dumps({**read, "Statement": left}) if left else ""


def with_statement(document: str, added: str) -> str:
    """A policy with one more statement; `document` "" is a policy with none. Raises ValueError for what is no JSON."""
    read = json.loads(document) if document else {"Version": "1", "Statement": []}
    statements = read["Statement"] if isinstance(read["Statement"], list) else [read["Statement"]]
    return json.dumps({**read, "Statement": [*statements, json.loads(added)]})
