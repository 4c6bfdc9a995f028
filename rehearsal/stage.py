"""The local cloud that history is played on: the snapshot, with Rolemend deployed beside what it holds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from demo import clients
from demo.__main__ import through_proxy
from demo.clients import Keys
from demo.receiver import Receiver
from demo.stage import (
    FUNCTIONS,
    HOME,
    LEDGER,
    ROOT,
    TRAIL_PROJECT,
    Stage,
    access_log_index,
    deploy,
    make_function_role,
    make_ledger,
)
from localcloud.accounts import open_account
from localcloud.server import LocalCloud
from rehearsal.history import ACCESS_LOG, TRAIL, Record
from rolemend.errors import UnreadableInput
from rolemend.naming import EVENT_LOGSTORE
from rolemend.signals import actiontrail, oss_access_log

if TYPE_CHECKING:
    from localcloud.fc.process import Preloaded
    from localcloud.state import State

TRAIL_LOGSTORE = "actiontrail_rolemend"
_KEPT_DAYS = 3650
_MOST_BYTES, _MOST_ITEMS = 2 << 20, 2_000
"""Of one PutLogs: https://www.alibabacloud.com/help/en/sls/developer-reference/api-putlogs"""
_WAIT = 3_600.0
"""Seconds that the functions may take for everything."""


@contextmanager
def open_stage(
    state: State, guardrails: str, preloaded: Preloaded | None = None
) -> Iterator[tuple[Stage, Receiver]]:
    """Serve the state in this process with the functions of s.yaml in it; triggers fire on `settle` alone.

    The state is changed by what is played. Raises UnreadableInput if the functions are not here.
    """
    if not (ROOT / "s.yaml").is_file():
        raise UnreadableInput(
            f"{ROOT}: the functions and s.yaml are not here; run this in a checkout of Rolemend"
        )
    account = next(iter(state.accounts))
    _make_room(state, account)
    with LocalCloud(state=state) as local, Receiver() as receiver, through_proxy(local.proxy):
        settings: Any = local.cloud.services["fc"].settings  # type: ignore[attr-defined]
        settings.pause_triggers, settings.preloaded = True, preloaded
        settings.keep_invocations = 1_000_000
        key = local.call(lambda cloud: open_account(cloud.state, account))
        stage = Stage(local, Keys(key.id, key.secret), account, receiver.url)
        _make_logstores(stage)
        make_ledger(stage, guardrails)
        for function in FUNCTIONS:
            make_function_role(stage, function)
        deploy(stage)
        yield stage, receiver


def _make_room(state: State, account: str) -> None:
    """Rolemend's own roles, policies and ledger are made anew, with the rights that it has here."""
    ram = state.accounts[account].ram
    for function in FUNCTIONS:
        ram.roles.pop(f"rolemend-{function}", None)
        ram.policies.pop(f"rolemend-{function}", None)
    state.oss.buckets.pop(LEDGER, None)


def _make_logstores(stage: Stage) -> None:
    """No trail delivers here: only history comes in, and not what the functions do."""
    log, access_log = clients.log(stage.root), f"oss-log-{stage.account}-{HOME}"
    log.create_project(TRAIL_PROJECT, "")
    log.create_project(access_log, "")
    for project, name in (
        (TRAIL_PROJECT, TRAIL_LOGSTORE),
        (TRAIL_PROJECT, EVENT_LOGSTORE),
        (access_log, "oss-log-store"),
    ):
        log.create_logstore(project, name, _KEPT_DAYS, 1)
    log.create_index(access_log, "oss-log-store", access_log_index())


def play(stage: Stage, records: Sequence[Record]) -> None:
    """Put the records where a trail and OSS would have put them, and wait until every function has done its work."""
    from aliyun.log import LogItem, PutLogsRequest

    client = clients.log(stage.root)
    places = {
        TRAIL: (TRAIL_PROJECT, TRAIL_LOGSTORE, actiontrail.TOPIC),
        ACCESS_LOG: (f"oss-log-{stage.account}-{HOME}", "oss-log-store", oss_access_log.TOPIC),
    }
    for log, (project, logstore, topic) in places.items():
        for part in _parts(record for record in records if record.log == log):
            items = [LogItem(timestamp=each.time, contents=list(each.contents.items())) for each in part]
            client.put_logs(PutLogsRequest(project, logstore, topic, "", items, compress=True))
    stage.local.do(stage.local.cloud.services["fc"].drain(_WAIT))  # type: ignore[attr-defined]


def _parts(records: Iterable[Record]) -> Iterator[list[Record]]:
    part: list[Record] = []
    size = 0
    for record in records:
        size += sum(map(len, record.contents.values()))
        part.append(record)
        if size >= _MOST_BYTES or len(part) >= _MOST_ITEMS:
            yield part
            part, size = [], 0
    if part:
        yield part
