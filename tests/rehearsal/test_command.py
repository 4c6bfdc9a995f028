"""The commands as a person types them, up to their exit codes."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest

from demo.stage import HOME
from localcloud.faults import Fault
from localcloud.server import LocalCloud
from localcloud.state import State
from localcloud.statefile import load_state, save_state
from rehearsal.cli import INCOMPLETE, add_command
from rolemend.errors import UnreadableInput
from tests.rehearsal import scene


def run(*arguments: str) -> int:
    parser = argparse.ArgumentParser()
    add_command(parser.add_subparsers(dest="command", required=True))
    options = parser.parse_args(arguments)
    return int(options.run(options))


@pytest.fixture
def environment(local: LocalCloud, monkeypatch: pytest.MonkeyPatch) -> LocalCloud:
    """This machine has the credentials of the account's root user."""
    stage = scene.quiet(local)
    scene.prepare(stage, "role-name")
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", stage.root.id)
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", stage.root.secret)
    monkeypatch.setenv("ROLEMEND_SCHEME", "http")
    monkeypatch.setenv("ROLEMEND_RAM_RATE", "10000")
    return local


def test_a_snapshot_is_a_state_file_that_only_its_owner_reads(
    environment: LocalCloud, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "account.json"
    assert run("snapshot", str(file), "--regions", HOME) == 0
    assert "roles" in capsys.readouterr().out
    assert file.stat().st_mode & 0o777 == 0o600
    state = load_state(file)
    assert state.snapshot is not None
    assert state.snapshot.regions == [HOME]
    assert "emr-demo-application" in state.accounts[state.snapshot.account].ram.roles

    faults = [Fault("ram", "ListGroups", status=403, code="NoPermission", times=None)]
    environment.call(lambda cloud: cloud.faults.extend(faults))
    assert run("snapshot", str(file), "--regions", HOME, "--mask") == INCOMPLETE
    assert "not read: listed group" in capsys.readouterr().err
    assert "emr-demo" not in file.read_text("utf-8")
    with pytest.raises(UnreadableInput, match="masked"):
        run("rehearse", "--snapshot", str(file), "--events", str(tmp_path))


def test_what_cannot_be_used_is_named_before_anything_is_played(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    save_state(State(), state)
    with pytest.raises(UnreadableInput, match="--events"):
        run("rehearse", "--snapshot", str(state))
    with pytest.raises(UnreadableInput, match="not a file of `rolemend snapshot`"):
        run("rehearse", "--snapshot", str(state), "--events", "x")
    with pytest.raises(UnreadableInput, match="gone"):
        run("rehearse", "--snapshot", str(tmp_path / "gone"), "--events", "x")


def test_bad_guardrails_are_refused_and_bad_files_make_a_rehearsal_incomplete(
    environment: LocalCloud, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, bad, rules = tmp_path / "account.json", tmp_path / "bad.gz", tmp_path / "rules.toml"
    assert run("snapshot", str(file), "--regions", HOME) == 0
    bad.write_bytes(b"\x1f\x8b\x08")
    rules.write_text('default = "everything"')
    wanted = ("rehearse", "--snapshot", str(file), "--events", str(bad), "--format", "json")
    with pytest.raises(UnreadableInput, match=r"rules\.toml"):
        run(*wanted, "--guardrails", str(rules))
    capsys.readouterr()
    assert run(*wanted) == INCOMPLETE
    found = json.loads(capsys.readouterr().out)
    assert found["troubles"][0]["file"] == str(bad)
    assert found["raised"] == []
    assert run(*wanted[:-2], "--lang", "zh") == INCOMPLETE
    shown = capsys.readouterr().out
    assert "快照时间" in shown
    assert "不完整" in shown
