"""Tables that a job reads and writes: `dlf://catalog/database/table` and `odps://project/table`.

By the convention of the local cloud, as no program runs. Nothing is stored: what counts is who may do it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_DLF = re.compile(r"dlf://([A-Za-z0-9_\-]+)/([A-Za-z0-9_]+)/([A-Za-z0-9_]+)/?", re.ASCII)
_ODPS = re.compile(r"odps://([A-Za-z0-9_]+)/([A-Za-z0-9_]+)/?", re.ASCII)


@dataclass(frozen=True, slots=True)
class LakeTable:
    """A table of a DLF catalog."""

    catalog: str
    database: str
    table: str
    write: bool = False

    @property
    def name(self) -> str:
        return f"{self.database}.{self.table}"

    def __str__(self) -> str:
        return f"dlf://{self.catalog}/{self.database}/{self.table}"


@dataclass(frozen=True, slots=True)
class ProjectTable:
    """A table of a MaxCompute project."""

    project: str
    table: str
    write: bool = False

    def __str__(self) -> str:
        return f"odps://{self.project}/{self.table}"


Table = LakeTable | ProjectTable


def parse_table(text: str, *, write: bool) -> Table | None:
    """Read the name of a table; None if it is none."""
    if found := _DLF.fullmatch(text):
        return LakeTable(found[1], found[2], found[3], write)
    if found := _ODPS.fullmatch(text):
        return ProjectTable(found[1], found[2], write)
    return None
