"""A checkpoint whose logs have expired: what is left is read, the loss is told, and the shard goes on. Over HTTP."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import msgspec
import pytest

from localcloud.server import LocalCloud
from localcloud.sls.cursors import encode_cursor
from rolemend.account import sls as account_sls
from rolemend.account.interface import LogRange
from rolemend.account.sls import Sls
from rolemend.errors import RangeUnfinished
from rolemend.signals import oss_access_log
from rolemend.work.events import LogTrigger, Timer
from rolemend.work.shards import SEVERED, number
from rolemend.work.watch import watch
from rolemend.work.watch_parts import Memory, Parts, Watched
from tests import clients
from tests.account.entry import access
from tests.clients import Keys
from tests.localcloud.sls_store import LOGSTORE, PROJECT, make_store, put
from tests.samples import denied_line
from tests.work.scene import Scene

DAY = 86_400
SHARD = f"{PROJECT}/{LOGSTORE}/0"


@dataclass
class Store:
    """A logstore on the local cloud that keeps its logs for a day, and an instance of `watch` beside it."""

    client: Any
    sls: Sls
    local: LocalCloud
    scene: Scene

    def write(self, *names: str) -> None:
        """One group of one denied line for each name."""
        for name in names:
            line = {key: str(value) for key, value in denied_line().items() if not key.startswith("__")}
            put(self.client, line | {"request_id": name}, topic=oss_access_log.TOPIC, time=int(time.time()))

    def expire(self, groups: int) -> None:
        """The oldest groups outlive the logstore's time."""
        shard = self.local.cloud.state.sls.projects[PROJECT].logstores[LOGSTORE].shards[0]
        for group in shard.groups[:groups]:
            group.received -= DAY + 1

    def range(self) -> LogRange:
        """All that the shard holds now."""
        place = (PROJECT, LOGSTORE, 0)
        return LogRange(
            endpoint="cn-hangzhou.log.aliyuncs.com",
            project=PROJECT,
            logstore=LOGSTORE,
            shard=0,
            begin=self.client.get_begin_cursor(*place).get_cursor(),
            end=self.client.get_end_cursor(*place).get_cursor(),
        )

    def parts(self, later: float = 600.0, **changes: Any) -> Parts:
        parts = self.scene.watch_parts(logs=self.sls)
        logstores = (("oss_access_log", PROJECT, LOGSTORE),)
        return msgspec.structs.replace(parts, logstores=logstores, now=lambda: time.time() + later, **changes)

    def sweep(self, **changes: Any) -> Watched:
        return watch(Timer("sweep"), self.parts(**changes))

    def checkpoint(self) -> str:
        return self.sls.checkpoint(self.range()).cursor


@pytest.fixture
def store(root: Keys, local: LocalCloud) -> Store:
    """The checkpoint lies before three groups that no trigger told of."""
    client = clients.log(root)
    make_store(client, ttl=1)
    made = Store(client, Sls(access(root)), local, Scene())
    made.sls.shards(PROJECT, LOGSTORE, 0)
    made.sls.set_checkpoint(made.range(), made.range().begin)
    made.write("a", "b", "c")
    return made


def test_what_is_left_is_read_the_loss_is_told_and_the_checkpoint_moves_on(store: Store) -> None:
    store.expire(2)
    seen = store.sweep()
    assert (seen.denials, seen.passed_over[SEVERED], seen.behind) == (1, 1, (SHARD,))
    assert store.checkpoint() == store.range().end
    store.write("d")
    seen = store.sweep(later=1_200.0)
    assert (seen.denials, SEVERED in seen.passed_over) == (1, False)


@pytest.mark.parametrize("warm", [True, False])
def test_a_shard_of_which_nothing_is_left_goes_on_too(store: Store, warm: bool) -> None:
    store.expire(3)
    seen = store.sweep()
    assert (seen.denials, seen.passed_over, seen.behind) == (0, {SEVERED: 1}, (SHARD,))
    assert store.checkpoint() == store.range().end
    if not warm:
        store.scene.memory = Memory()
    store.write("d")
    assert (store.sweep(later=1_200.0).denials, store.checkpoint()) == (1, store.range().end)


def test_a_trigger_after_the_sweep_counts_nothing_again(store: Store) -> None:
    store.expire(2)
    store.sweep()
    where = store.range()
    store.scene.memory = Memory()
    assert watch(LogTrigger(where, "oss_access_log"), store.parts()).denials == 1
    (key,) = [key for key in store.scene.store.objects if key.startswith("incidents/")]
    assert store.scene.ledger.load(key.removeprefix("incidents/").removesuffix(".jsonl")).count == 1


def test_a_loss_is_told_also_where_the_rest_takes_more_than_one_invocation(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(account_sls, "GROUPS_A_PULL", 1)
    store.write("d", "e")
    store.expire(2)
    with pytest.raises(RangeUnfinished, match=SEVERED):
        store.sweep(seconds=-1)
    with pytest.raises(RangeUnfinished) as again:
        store.sweep(seconds=-1, later=1_200.0)
    assert SEVERED not in str(again.value)
    store.sweep(later=1_800.0)
    assert store.checkpoint() == store.range().end


def test_a_checkpoint_of_a_shard_that_was_made_anew_is_taken_up(store: Store) -> None:
    end = number(store.range().end)
    assert end is not None
    store.sls.set_checkpoint(store.range(), encode_cursor(end + 5_000))
    seen = store.sweep()
    assert (seen.denials, seen.passed_over[SEVERED]) == (3, 1)
    assert store.checkpoint() == store.range().end
