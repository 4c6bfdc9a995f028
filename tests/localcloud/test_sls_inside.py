"""What other services of the local cloud use in-process."""

from __future__ import annotations

from typing import Any

import pytest

from localcloud.errors import CloudError
from localcloud.server import LocalCloud
from localcloud.sls.service import SlsService
from tests.clients import Keys, log
from tests.localcloud.sls_store import LOGSTORE, PROJECT, make_store, pull, put


@pytest.fixture
def client(root: Keys) -> Any:
    client = log(root)
    make_store(client, shards=2)
    return client


@pytest.fixture
def service(client: Any, local: LocalCloud) -> SlsService:
    found = local.cloud.services["sls"]
    assert isinstance(found, SlsService)
    return found


def test_a_service_appends_logs_that_a_client_pulls(
    client: Any, local: LocalCloud, service: SlsService
) -> None:
    fields = [("event", '{"a": "ü"}'), ("n", "1")]
    local.call(
        lambda _: service.append(
            project=PROJECT,
            logstore=LOGSTORE,
            logs=[fields, [("n", "2")]],
            topic="t",
            source="s",
            time=1_800_000_000,
        )
    )
    first, second = pull(client).get_flatten_logs_json()
    assert first == {
        "__time__": 1_800_000_000, "__topic__": "t", "__source__": "s", "event": '{"a": "ü"}', "n": "1",
    }  # fmt: skip
    assert second["n"] == "2"


def test_logs_for_a_logstore_that_is_gone_are_counted_as_dropped(
    local: LocalCloud, service: SlsService
) -> None:
    local.call(lambda _: service.append(project=PROJECT, logstore="gone", logs=[[("a", "b")], [("a", "c")]]))
    assert service.dropped == {(PROJECT, "gone"): 2}
    assert not service.has_logstore(PROJECT, "gone")
    assert service.has_logstore(PROJECT, LOGSTORE)
    assert service.shards(PROJECT, "gone") == []


def test_listeners_hear_of_every_write(client: Any, local: LocalCloud, service: SlsService) -> None:
    heard: list[tuple[str, str]] = []
    service.on_append.append(lambda project, logstore: heard.append((project, logstore)))
    put(client, {"n": "1"})
    local.call(lambda _: service.append(project=PROJECT, logstore=LOGSTORE, logs=[[("n", "2")]]))
    local.call(lambda _: service.append(project=PROJECT, logstore="gone", logs=[[("n", "3")]]))
    assert heard == [(PROJECT, LOGSTORE)] * 2


def test_cursors_tell_a_trigger_whether_there_is_data(
    client: Any, local: LocalCloud, service: SlsService
) -> None:
    assert service.shards(PROJECT, LOGSTORE) == [0, 1]
    begin = service.end_cursor(PROJECT, LOGSTORE, 0)
    assert begin == service.begin_cursor(PROJECT, LOGSTORE, 0)
    assert not service.has_data(PROJECT, LOGSTORE, 0, begin)
    put(client, {"n": "1"})
    assert service.has_data(PROJECT, LOGSTORE, 0, begin)
    assert not service.has_data(PROJECT, LOGSTORE, 1, service.begin_cursor(PROJECT, LOGSTORE, 1))
    end = service.end_cursor(PROJECT, LOGSTORE, 0)
    answer = client.pull_logs(PROJECT, LOGSTORE, 0, begin, end_cursor=end)
    assert (answer.get_log_count(), answer.get_next_cursor()) == (1, end)


def test_a_service_makes_its_logstore_or_takes_over_one(service: SlsService, local: LocalCloud) -> None:
    local.call(lambda _: service.create_logstore(PROJECT, "trail", owner_service="actiontrail"))
    local.call(lambda _: service.create_logstore(PROJECT, LOGSTORE, owner_service="oss"))
    logstores = local.cloud.state.sls.projects[PROJECT].logstores
    assert [logstores[name].owner_service for name in ("trail", LOGSTORE)] == ["actiontrail", "oss"]
    with pytest.raises(CloudError, match="ProjectNotExist"):
        service.create_logstore("nowhere", "trail")


def test_a_service_makes_a_project_once(service: SlsService, local: LocalCloud, account: str) -> None:
    for _ in range(2):
        local.call(lambda _: service.create_project("oss-log-1", account=account, region="cn-shanghai"))
    made = local.cloud.state.sls.projects["oss-log-1"]
    assert (made.owner, made.region) == (account, "cn-shanghai")
