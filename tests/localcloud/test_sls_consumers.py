"""Consumer groups, through the log SDK and its consumer library."""

from __future__ import annotations

import base64
import time
from typing import Any

import pytest
from aliyun.log.consumer import ConsumerProcessorAdaptor, ConsumerWorker, CursorPosition, LogHubConfig

from localcloud.server import LocalCloud
from tests.clients import Keys, log
from tests.localcloud.sls_store import LOGSTORE, PROJECT, code, make_store, put, refused

GROUP = (PROJECT, LOGSTORE, "readers")
POINT = base64.b64encode(b"123").decode()


@pytest.fixture
def client(root: Keys) -> Any:
    client = log(root)
    make_store(client, shards=4)
    client.create_consumer_group(*GROUP, 30)
    return client


def beat(client: Any, consumer: str, held: list[int]) -> list[int]:
    return sorted(client.heart_beat(*GROUP, consumer, held).get_shards())


def test_a_group_is_created_listed_changed_and_deleted(client: Any) -> None:
    client.create_consumer_group(PROJECT, LOGSTORE, "others", 60, in_order=True)
    client.update_consumer_group(*GROUP, timeout=45)
    groups = client.list_consumer_group(PROJECT, LOGSTORE).get_consumer_groups()
    listed = [(each.get_consumer_group_name(), each.get_timeout(), each.is_in_order()) for each in groups]
    assert listed == [("readers", 45, False), ("others", 60, True)]
    client.delete_consumer_group(*GROUP)
    assert client.list_consumer_group(PROJECT, LOGSTORE).get_count() == 1
    error = refused(client.delete_consumer_group, *GROUP)
    assert (code(error), error.get_error_message()) == (
        ("ConsumerGroupNotExist", 404),
        "consumer group not exist",
    )


def test_a_group_that_exists_or_is_malformed_is_refused(client: Any) -> None:
    assert code(refused(client.create_consumer_group, *GROUP, 30)) == ("ConsumerGroupAlreadyExist", 400)
    assert code(refused(client.create_consumer_group, PROJECT, LOGSTORE, "b!", 30)) == (
        "JsonInfoInvalid",
        400,
    )
    assert code(refused(client.create_consumer_group, PROJECT, LOGSTORE, "bb", 0)) == ("JsonInfoInvalid", 400)
    assert code(refused(client.update_consumer_group, *GROUP, timeout=-1)) == ("JsonInfoInvalid", 400)


def test_a_logstore_has_at_most_thirty_groups(client: Any) -> None:
    for number in range(29):
        client.create_consumer_group(PROJECT, LOGSTORE, f"group-{number}", 30)
    error = refused(client.create_consumer_group, PROJECT, LOGSTORE, "one-more", 30)
    assert code(error) == ("ConsumerGroupQuotaExceed", 400)


def test_a_shard_that_was_given_to_one_consumer_is_not_given_to_another(client: Any) -> None:
    assert beat(client, "a", []) == [0, 1, 2, 3]
    assert beat(client, "b", []) == []


def test_shards_are_shared_evenly_as_consumers_come(client: Any) -> None:
    assert beat(client, "a", []) == [0, 1, 2, 3]
    assert beat(client, "a", [0, 1, 2, 3]) == [0, 1, 2, 3]
    assert beat(client, "b", []) == [], "a still holds them all"
    kept = beat(client, "a", [0, 1, 2, 3])
    assert len(kept) == 2
    beat(client, "a", kept)
    given = beat(client, "b", [])
    assert sorted(kept + given) == [0, 1, 2, 3]
    assert beat(client, "a", kept) == kept, "nothing moves without need"


def test_a_silent_consumer_loses_its_shards(
    client: Any, local: LocalCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    beat(client, "a", [])
    beat(client, "a", [0, 1, 2, 3])
    later = time.time() + 31
    monkeypatch.setattr(local.cloud, "clock", lambda: later)
    assert beat(client, "b", []) == [0, 1, 2, 3]
    error = refused(client.heart_beat, *GROUP, "a", [0, 1, 2, 3])
    assert code(error) == ("NotExistConsumerWithBody", 400)


def test_checkpoints_are_kept_by_shard(client: Any) -> None:
    client.update_check_point(*GROUP, 2, POINT)
    client.update_check_point(*GROUP, 1, POINT, consumer="a")
    points = client.get_check_point(*GROUP).get_consumer_group_check_points()
    assert [(each["shard"], each["checkpoint"], each["consumer"]) for each in points] == [
        (0, "", ""),
        (1, POINT, "a"),
        (2, POINT, ""),
        (3, "", ""),
    ]
    assert abs(points[1]["updateTime"] / 1e6 - time.time()) < 5
    (only,) = client.get_check_point(*GROUP, shard=2).get_consumer_group_check_points()
    assert only["shard"] == 2
    assert client.get_check_point(*GROUP, shard=9).get_count() == 0


def test_a_checkpoint_is_refused_if_it_is_malformed_or_not_the_consumers(client: Any) -> None:
    assert code(refused(client.update_check_point, *GROUP, 0, "no base64!")) == (
        "InvalidShardCheckPoint",
        400,
    )
    assert code(refused(client.update_check_point, *GROUP, 9, POINT)) == ("ShardNotExist", 404)
    unforced = {"consumer": "a", "force_success": False}
    assert code(refused(client.update_check_point, *GROUP, 0, POINT, **unforced)) == ("ConsumerNotExist", 404)
    beat(client, "a", [])
    client.update_check_point(*GROUP, 0, POINT, **unforced)
    beat(client, "b", [])
    stranger = {"consumer": "b", "force_success": False}
    owned = next(shard for shard in range(4) if shard in beat(client, "a", [0, 1, 2, 3]))
    assert code(refused(client.update_check_point, *GROUP, owned, POINT, **stranger)) == (
        "ConsumerNotMatch",
        400,
    )


def test_the_sdks_consumer_library_reads_everything_once(client: Any, root: Keys) -> None:
    for number in range(8):
        put(client, {"n": str(number)})
    read: list[str] = []

    def process(shard: int, groups: Any) -> None:
        read.extend(log.Contents[0].Value for group in groups.LogGroups for log in group.Logs)

    option = LogHubConfig(
        "http://cn-hangzhou.log.aliyuncs.com", root.id, root.secret, PROJECT, LOGSTORE, "library", "one",
        cursor_position=CursorPosition.BEGIN_CURSOR, heartbeat_interval=1, data_fetch_interval=0.1,
    )  # fmt: skip
    worker = ConsumerWorker(ConsumerProcessorAdaptor, option, args=(process,))
    worker.start()
    until = time.monotonic() + 20
    while len(read) < 8 and time.monotonic() < until:
        time.sleep(0.05)
    worker.shutdown()
    worker.join(20)
    assert sorted(read) == [str(number) for number in range(8)]
