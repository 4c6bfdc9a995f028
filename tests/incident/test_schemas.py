"""A ledger that an earlier version wrote is read: tests/incident/schemas has a folder for each schema.

The files are what that version wrote, letter by letter; they are never written anew. A new schema adds a folder. Those
of schema 1 are journals of the demo's scenarios, a role's journal, a day of the index, and a journal with every kind of
entry.
"""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import msgspec
import pytest

from rolemend.incident.index import decode_line
from rolemend.incident.journal import SCHEMA, Fact, Line, read_journal, read_lines
from rolemend.incident.leases import RoleFact
from rolemend.incident.life import live

SCHEMAS = Path(__file__).with_name("schemas")
FOLDERS = sorted(SCHEMAS.iterdir(), key=lambda folder: int(folder.name))
JOURNALS = sorted(SCHEMAS.glob("*/incident-*.jsonl"))


def test_each_schema_up_to_the_present_one_has_its_folder() -> None:
    assert [folder.name for folder in FOLDERS] == [str(number) for number in range(1, SCHEMA + 1)]


@pytest.mark.parametrize("path", JOURNALS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_incidents_of_each_schema_are_read(path: Path) -> None:
    journal = read_journal(path.read_bytes())
    incident = live("inc-1", journal.entries)
    assert {entry.schema for entry in journal.entries} == {int(path.parent.name)}
    assert incident.denial is not None
    assert incident.count > 0


def test_a_mended_incident_is_still_mended_and_can_be_taken_back() -> None:
    states = {}
    for path in JOURNALS:
        incident = live("inc-1", read_journal(path.read_bytes()).entries)
        states[incident.state] = incident
    assert states["verified"].change is not None
    assert states["verified"].change.plan.write.before


def test_every_kind_of_entry_of_the_present_schema_is_among_them() -> None:
    entries = [entry for path in JOURNALS for entry in read_journal(path.read_bytes()).entries]
    kinds = {type(entry.fact) for entry in entries if entry.schema == SCHEMA}
    assert kinds == set(get_args(Fact))


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_roles_and_the_index_of_each_schema_are_read(folder: Path) -> None:
    lines = read_lines((folder / "roles.jsonl").read_bytes(), msgspec.json.Decoder(Line[RoleFact]))
    assert len(lines.entries) == 2
    days = (folder / "index.jsonl").read_bytes().splitlines()
    assert days
    assert all(decode_line(line) is not None for line in days)
