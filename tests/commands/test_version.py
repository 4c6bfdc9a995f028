"""`rolemend version` tells what a report of a fault needs."""

from __future__ import annotations

import json

import pytest

from rolemend import __version__
from rolemend.cli import main
from rolemend.incident.journal import SCHEMA


def test_version_and_schema_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["version"]) == 0
    said = capsys.readouterr().out
    assert f"rolemend {__version__}" in said
    assert f"schema {SCHEMA}" in said
    assert main(["version", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["ledger_schema"] == SCHEMA
