"""The demo's denied calls, played again from files on a snapshot: the same incidents, as guardrails have them."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from demo.scenarios import GUARDRAILS
from localcloud.fc.process import Preloaded
from localcloud.server import LocalCloud
from localcloud.state import State
from rehearsal.cli import rehearse
from rehearsal.history import read_files
from rehearsal.report import Rehearsed
from rehearsal.show import lines
from rolemend.catalogue import translations
from tests.rehearsal import scene

NAMES = (
    "trust-policy",
    "resource-list",
    "creator-policy",
    "role-name",
    "other-region",
    "bucket-policy",
    "not-ours",
)


class Past:
    """What one account left behind: `text` is its snapshot as JSON, since a rehearsal changes the state it is given."""

    def __init__(self, state: State, files: list[Path]) -> None:
        self.text, self.files = msgspec.json.encode(state), files

    def played(self, guardrails: str, preloaded: Preloaded | None, *, whole: bool = False) -> Rehearsed:
        state = msgspec.json.decode(self.text, type=State)
        return rehearse(state, guardrails, read_files(self.files, whole=whole), preloaded)


@pytest.fixture
def past(local: LocalCloud, tmp_path: Path) -> Past:
    stage = scene.quiet(local)
    calls = scene.prepare(stage, *NAMES)
    state = scene.snapshot(stage)
    scene.deny(calls)
    trail = scene.trail_file(stage, tmp_path / "trail.json.gz")
    return Past(state, [trail, scene.access_log_file(stage, tmp_path / "access.jsonl")])


def outcomes(found: Rehearsed) -> set[tuple[str, str]]:
    return {(each.cause, each.outcome) for each in found.raised}


def is_chinese(line: str) -> bool:
    return not line or re.search(r"[\u4e00-\u9fff]", line) is not None


def test_past_events_raise_exactly_what_the_live_calls_did(past: Past, preloaded: Preloaded | None) -> None:
    found = past.played(GUARDRAILS, preloaded)
    shown = "\n".join(lines(found))
    assert outcomes(found) == {
        ("role_not_trusted", "mended"),
        ("permission_missing", "mended"),
        ("permission_missing", "told"),
        ("role_not_found", "told"),
        ("wrong_endpoint", "told"),
        ("bucket_policy_deny", "told"),
    }
    assert len(found.raised) == 6
    assert found.held_back > 0
    assert {each.name for each in found.grown} == {"emr-demo-trust", "emr-demo-reader"}
    reader = next(each for each in found.grown if each.name == "emr-demo-reader")
    assert "demo-data-clicks" in " ".join(reader.grants)
    assert found.is_complete(), shown
    assert shown.count("MENDED") == 2
    assert "not complete" not in shown.lower()
    chinese = list(lines(found, translations("zh")))
    assert not [line for line in chinese if not is_chinese(line)]

    default = past.played("", preloaded)
    assert {each.cause for each in default.raised} == {each.cause for each in found.raised}
    assert default.grown == ()
    assert "mended" not in {each.outcome for each in default.raised}

    def same(one: Rehearsed) -> list[object]:
        """Without what holding back is about."""
        return [msgspec.structs.replace(one, held_back=0, read=0, passed_over={}), len(one.raised)]

    whole = past.played(GUARDRAILS, preloaded, whole=True)
    assert whole.held_back == 0
    assert whole.read > found.read
    assert same(whole) == same(found)


def test_a_refused_job_is_heard_of_through_the_access_log(
    local: LocalCloud, tmp_path: Path, preloaded: Preloaded | None
) -> None:
    """CloudMonitor's events are not played, so what OSS refused a job of Serverless Spark is known by its line."""
    stage = scene.quiet(local)
    calls = scene.prepare(stage, "spark-oss")
    state = scene.snapshot(stage)
    scene.deny(calls)
    past = Past(state, [scene.access_log_file(stage, tmp_path / "access.jsonl")])
    found = past.played(GUARDRAILS, preloaded)
    assert outcomes(found) == {("permission_missing", "mended")}, list(lines(found))
