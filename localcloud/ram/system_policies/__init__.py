"""The system policies that every account has, each in a file of its own under `documents/`.

A file names its policy, the `source` it was taken from and its `status`: `published` is the document as the
page prints it, `partial` its known part, `stand-in` a document made here from what the page says, where the
JSON was not found. A system policy has one version here, the one it is at on its page.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import Any, Literal

import msgspec

from localcloud.ram.state import ManagedPolicy, PolicyVersion


class PolicyFile(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """One file. `created` and `updated` are `YYYY-MM-DD hh:mm:ss` in UTC, "" where the page gives no date."""

    name: str
    status: Literal["published", "partial", "stand-in"]
    source: str
    document: dict[str, Any]
    note: str = ""
    description: str = ""
    version: str = "v1"
    created: str = ""
    updated: str = ""


@cache
def policy_files() -> tuple[PolicyFile, ...]:
    """All files, in the order of their names; read once."""
    folder = files(__package__) / "documents"
    found = [entry for entry in folder.iterdir() if entry.name.endswith(".json")]
    return tuple(
        msgspec.json.decode(entry.read_bytes(), type=PolicyFile)
        for entry in sorted(found, key=lambda e: e.name)
    )


def load_system_policies() -> dict[str, ManagedPolicy]:
    """By lower-case name."""
    return {file.name.lower(): _policy(file) for file in policy_files()}


def _policy(file: PolicyFile) -> ManagedPolicy:
    updated = _seconds(file.updated)
    text = msgspec.json.encode(file.document).decode()
    return ManagedPolicy(
        name=file.name,
        type="System",
        description=file.description,
        versions=[PolicyVersion(id=file.version, document=text, created=updated)],
        default_version=file.version,
        created=_seconds(file.created),
        updated=updated,
    )


def _seconds(text: str) -> float:
    if not text:
        return 0.0
    return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC).timestamp()
