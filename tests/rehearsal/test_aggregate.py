"""`--aggregate`: the statements themselves, run by the local SLS over logs that denied calls left there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from demo.scenarios import GUARDRAILS
from demo.stage import HOME, TRAIL_PROJECT, Stage
from localcloud.faults import Fault
from localcloud.fc.process import Preloaded
from localcloud.server import LocalCloud
from localcloud.statefile import load_state, save_state
from rehearsal.cli import rehearse
from rehearsal.history import ACCESS_LOG, TRAIL, History, read_files
from rehearsal.live import aggregate
from rehearsal.report import Rehearsed
from rolemend.account.access import Access, Credentials
from rolemend.naming import TRAIL_LOGSTORE
from tests.rehearsal import scene
from tests.rehearsal.test_command import run

DAY = 86_400
TIMES = 3


@pytest.fixture
def stage(local: LocalCloud) -> Stage:
    return scene.quiet(local)


def places(stage: Stage) -> tuple[str, str]:
    return f"{TRAIL_PROJECT}/{TRAIL_LOGSTORE}", f"{HOME}:oss-log-{stage.account}-{HOME}/oss-log-store"


def asked(stage: Stage, *wanted: str) -> History:
    credentials = Credentials(stage.root.id, stage.root.secret)
    access = Access(account=stage.account, region=HOME, credentials=credentials, scheme="http", pause=0.01)
    history, now = History(), int(stage.local.cloud.clock())
    for place in wanted:
        aggregate(access, place, now - DAY, now + 60, history)
    return history


def essence(found: Rehearsed) -> set[tuple[str, ...]]:
    return {(*each.fingerprint, each.cause, each.outcome, str(each.denials)) for each in found.raised}


def test_what_is_aggregated_raises_and_counts_what_the_whole_history_does(
    stage: Stage, tmp_path: Path, preloaded: Preloaded | None
) -> None:
    calls = scene.prepare(stage, "trust-policy", "resource-list", "role-name", "bucket-policy")
    state = scene.snapshot(stage)
    for _ in range(TIMES):
        scene.deny(calls)
    files = [
        scene.trail_file(stage, tmp_path / "trail.json.gz"),
        scene.access_log_file(stage, tmp_path / "access.jsonl"),
    ]
    path = tmp_path / "state.json"
    save_state(state, path)
    history = asked(stage, *places(stage))
    assert history.troubles == []
    lines = [each for each in history.records if each.log == ACCESS_LOG]
    assert sum(each.log == TRAIL for each in history.records) >= 2 * TIMES
    assert len(lines) == 2
    assert set(history.counted.values()) == {TIMES}

    whole = rehearse(load_state(path), GUARDRAILS, read_files(files), preloaded)
    found = rehearse(load_state(path), GUARDRAILS, history, preloaded)
    assert essence(found) == essence(whole)
    assert {each.denials for each in found.raised} == {TIMES}


def test_a_line_stands_for_its_kind_with_what_the_newest_of_them_holds(stage: Stage) -> None:
    [call] = scene.prepare(stage, "resource-list")
    scene.deny([call] * TIMES)
    history = asked(stage, places(stage)[1])
    [record] = history.records
    assert history.lines == TIMES
    assert record.contents["http_status"] == "403"
    [(newest, count)] = history.counted.items()
    assert (record.contents["request_id"], count) == (newest, TIMES)


def test_where_nothing_was_refused_there_are_no_rows(stage: Stage) -> None:
    history = asked(stage, places(stage)[1])
    assert (history.records, history.troubles, history.lines) == ([], [], 0)


@pytest.mark.parametrize(
    "fault",
    [
        Fault("sls", "GetLogs", status=403, code="Unauthorized", times=None),
        Fault("sls", "GetLogs", status=500, times=None),
    ],
)
def test_a_query_that_is_refused_is_a_trouble_and_no_empty_history(stage: Stage, fault: Fault) -> None:
    scene.deny(scene.prepare(stage, "resource-list"))
    stage.local.call(lambda cloud: cloud.faults.append(fault))
    history = asked(stage, places(stage)[1])
    assert (len(history.troubles), history.records) == (1, [])


def test_a_logstore_without_the_columns_is_a_trouble(stage: Stage) -> None:
    scene.deny(scene.prepare(stage, "resource-list"))
    project, logstore = f"oss-log-{stage.account}-{HOME}", "oss-log-store"

    def narrow(cloud: object) -> None:
        index = stage.local.cloud.state.sls.projects[project].logstores[logstore].index
        assert index is not None
        index["keys"].pop("ec")

    stage.local.call(narrow)
    history = asked(stage, places(stage)[1])
    [trouble] = history.troubles
    assert "Column 'ec' cannot be resolved" in trouble.why
    assert history.records == []


def test_the_command_aggregates_and_rehearses(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    calls = scene.prepare(stage, "resource-list", "role-name")
    scene.deny(calls * TIMES)
    for name, value in (
        ("ALIBABA_CLOUD_ACCESS_KEY_ID", stage.root.id),
        ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", stage.root.secret),
        ("ROLEMEND_SCHEME", "http"),
        ("ROLEMEND_RAM_RATE", "10000"),
    ):
        monkeypatch.setenv(name, value)
    file = tmp_path / "account.json"
    assert run("snapshot", str(file), "--regions", HOME) == 0
    capsys.readouterr()
    wanted = [argument for place in places(stage) for argument in ("--aggregate", place)]
    assert run("rehearse", "--snapshot", str(file), *wanted, "--format", "json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["troubles"] == []
    assert {each["denials"] for each in found["raised"]} == {TIMES}
    assert {each["cause"] for each in found["raised"]} == {"permission_missing", "role_not_found"}
