"""Which service the ECS application role must trust, by EMR release. The rule is data: `releases.json`."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import msgspec

_VERSION = re.compile(
    r"\s*(?:EMR)?[\s\-_]*V?(\d{1,3})\.(\d{1,3})(?:\.(\d{1,3}))?\s*", re.IGNORECASE | re.ASCII
)


class ReleaseRule(msgspec.Struct, frozen=True):
    """`service` must be trusted; `contested` releases are told differently by different pages."""

    service: str
    contested: bool


class _Row(msgspec.Struct, frozen=True, rename={"start": "from"}):
    start: str
    below: str
    service: str
    contested: bool


class _Table(msgspec.Struct, frozen=True):
    rows: tuple[_Row, ...]


def parse_release(text: str) -> tuple[int, int, int] | None:
    """`EMR-3.30.0`, `EMR V3.32`, `3.32.0` as numbers; None for anything else."""
    match = _VERSION.fullmatch(text)
    if match is None:
        return None
    major, minor, patch = match.groups()
    return int(major), int(minor), int(patch or 0)


def trust_rule(release: str) -> ReleaseRule | None:
    """The rule for a release, None if the text names none."""
    version = parse_release(release)
    if version is None:
        return None
    return next(
        (ReleaseRule(row.service, row.contested) for low, high, row in _rows() if low <= version < high), None
    )


@cache
def _rows() -> tuple[tuple[tuple[int, ...], tuple[int, ...], _Row], ...]:
    content = Path(__file__).with_name("releases.json").read_bytes()
    table = msgspec.json.decode(content, type=_Table)
    return tuple((_numbers(row.start), _numbers(row.below), row) for row in table.rows)


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split("."))
