"""An account with the demo's scenarios, its snapshot, and the events of the denied calls as files."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from demo import clients
from demo.run import refusal
from demo.scenarios import SCENARIOS
from demo.stage import HOME, Stage, set_stage
from localcloud.server import LocalCloud
from localcloud.state import State
from rehearsal.account import read_account, tag_keys
from rehearsal.state import state_of
from rolemend.account.access import Access, Credentials
from rolemend.account.survey import LiveSurvey

REGIONS = (HOME, "cn-shanghai")


def quiet(local: LocalCloud) -> Stage:
    """A stage whose functions do not run, so that nothing is mended while it is set."""
    local.call(lambda cloud: setattr(cloud.services["fc"].settings, "pause_triggers", True))  # type: ignore[attr-defined]
    return set_stage(local, "http://127.0.0.1:9/", "")


def survey(stage: Stage) -> LiveSurvey:
    credentials = Credentials(stage.root.id, stage.root.secret)
    return LiveSurvey(
        Access(account=stage.account, region=HOME, credentials=credentials, scheme="http", pause=0.01),
        100_000,
    )


def snapshot(stage: Stage, *, keep_tags: tuple[str, ...] = (), taken: float = 1e9) -> State:
    reads = read_account(survey(stage), stage.account, REGIONS, keep_tags)
    return state_of(reads, stage.account, REGIONS, taken, tag_keys(reads) | set(keep_tags))


def prepare(stage: Stage, *names: str) -> list[Callable[[], Any]]:
    return [each.prepare(stage) for each in SCENARIOS if each.name in names]


def deny(calls: list[Callable[[], Any]]) -> None:
    for call in calls:
        assert refusal(call) is not None


def trail_file(stage: Stage, path: Path) -> Path:
    """Everything that ActionTrail has, as it delivers it to OSS."""
    kept = stage.local.call(lambda cloud: list(cloud.state.actiontrail.accounts[stage.account].events))
    path.write_bytes(gzip.compress(json.dumps([json.loads(each.text) for each in kept]).encode()))
    return path


def access_log_file(stage: Stage, path: Path) -> Path:
    """The access log as lines of JSON."""
    log, project = clients.log(stage.root), f"oss-log-{stage.account}-{HOME}"
    lines = []
    for shard in log.list_shards(project, "oss-log-store").shards:
        cursor = log.get_cursor(project, "oss-log-store", shard["shardID"], "begin").get_cursor()
        while True:
            page = log.pull_logs(project, "oss-log-store", shard["shardID"], cursor)
            lines += page.get_flatten_logs_json()
            if page.get_next_cursor() == cursor:
                break
            cursor = page.get_next_cursor()
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    return path
