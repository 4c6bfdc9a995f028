"""Accepted findings: a TOML file with the id, the reason and the last day of each.

[[accepted]]
id = "0123456789abcdef"
reason = "The bucket is made with the next release"
until = 2027-03-31
by = "li.wei"
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import msgspec

from rolemend.errors import SettingsError

ACCEPTED_KEY = "config/accepted.toml"
"""Where an operator keeps the file in the ledger's bucket. No function may write there."""

LONGEST_FILE = 1 << 20  # bytes
_ID = re.compile(r"[0-9a-f]{16}", re.ASCII)
_LONGEST = {"reason": 1_000, "by": 200}


class Acceptance(msgspec.Struct, frozen=True, kw_only=True):
    """A finding that is left as it is for a reason, to the end of the day `until` (ISO, UTC). `by` says who said so."""

    id: str
    reason: str
    until: str
    by: str = ""


def parse_accepted(data: bytes) -> tuple[Acceptance, ...]:
    """The acceptances of a file, in its order. Raises SettingsError naming every mistake with its place."""
    problems: list[str] = []
    listed = _listed(data, problems)
    for number, each in enumerate(listed, 1):
        problems += [f"accepted[{number}]: {problem}" for problem in _problems(each)]
    ids = [each["id"] for each in listed if isinstance(each, dict) and isinstance(each.get("id"), str)]
    repeated = sorted({each for each in ids if ids.count(each) > 1}) if len(set(ids)) < len(ids) else []
    problems += [f"id {each[:40]!r} is listed more than once" for each in repeated]
    if problems:
        raise SettingsError([f"accepted findings: {problem}" for problem in problems])
    return tuple(
        Acceptance(
            id=each["id"],
            reason=each["reason"].strip(),
            until=each["until"].isoformat(),
            by=each.get("by", "").strip(),
        )
        for each in listed
    )


def _listed(data: bytes, problems: list[str]) -> list[Any]:
    """The entries of the file, whatever they are."""
    if len(data) > LONGEST_FILE:
        problems.append(f"the file has more than {LONGEST_FILE} bytes")
        return []
    try:
        given = _toml(data)
    except (ValueError, RecursionError) as error:
        problems.append(f"the file is no TOML: {error}")
        return []
    problems += [f"{name[:40]!r} is not known" for name in given if name != "accepted"]
    listed = given.get("accepted", [])
    if not isinstance(listed, list):
        problems.append("accepted is no list of tables: write [[accepted]] before each")
        return []
    return listed


def _problems(each: Any) -> Iterator[str]:
    """What is wrong with one entry."""
    if not isinstance(each, dict):
        yield "is no table"
        return
    for name in each.keys() - {"id", "reason", "until", "by"}:
        yield f"{name[:40]!r} is not known"
    if not isinstance(name := each.get("id"), str) or not _ID.fullmatch(name):
        yield "id is missing, or is not the 16 hexadecimal digits of a finding"
    if not isinstance(reason := each.get("reason"), str) or not reason.strip():
        yield "reason is missing"
    if not isinstance(until := each.get("until"), date) or isinstance(until, datetime):
        yield "until is missing, or is no date as 2027-03-31 without quotes"
    if not isinstance(each.get("by", ""), str):
        yield "by is no text"
    for name, most in _LONGEST.items():
        if isinstance(value := each.get(name), str) and len(value) > most:
            yield f"{name} has more than {most} characters"


def _toml(data: bytes) -> dict[str, Any]:
    import sys

    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    return tomllib.loads(data.decode())
