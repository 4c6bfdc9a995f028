"""Projects, logstores, indexes and shards, through the log SDK."""

from __future__ import annotations

from typing import Any

import pytest
from aliyun.log import IndexConfig, IndexKeyConfig

from localcloud.accounts import open_account
from localcloud.server import LocalCloud
from tests.clients import Keys, log
from tests.localcloud.sls_store import LOGSTORE, PROJECT, code, make_index, make_store, refused


@pytest.fixture
def client(root: Keys) -> Any:
    return log(root)


def test_a_project_is_created_read_listed_changed_and_deleted(client: Any, account: str) -> None:
    client.create_project(PROJECT, "first")
    client.update_project(PROJECT, "second")
    project = client.get_project(PROJECT)
    assert (project.projectName, project.description, project.region) == (PROJECT, "second", "cn-hangzhou")
    assert (project.owner, project.status) == (account, "Normal")
    assert [each["projectName"] for each in client.list_project().get_projects()] == [PROJECT]
    assert client.list_project(project_name_pattern="other").get_total() == 0
    client.delete_project(PROJECT)
    assert code(refused(client.get_project, PROJECT)) == ("ProjectNotExist", 404)


def test_a_project_name_is_taken_in_every_account_and_region(
    client: Any, root: Keys, local: LocalCloud
) -> None:
    client.create_project(PROJECT, "")
    other = local.call(lambda cloud: open_account(cloud.state, "1000000000000002"))
    stranger = log(Keys(other.id, other.secret), "cn-shanghai")
    error = refused(stranger.create_project, PROJECT, "")
    assert code(error) == ("ProjectAlreadyExist", 400)
    assert error.get_error_message() == f"Project {PROJECT} already exist"


def test_a_project_is_not_found_through_another_regions_endpoint(client: Any, root: Keys) -> None:
    client.create_project(PROJECT, "")
    error = refused(log(root, "cn-shanghai").get_project, PROJECT)
    assert code(error) == ("ProjectNotExist", 404)
    assert error.get_error_message() == f"The Project does not exist : {PROJECT}"


@pytest.mark.parametrize("name", ["ab", "Audit-Logs", "-audit", "audit_logs", "a" * 64])
def test_a_malformed_project_name_is_refused(client: Any, name: str) -> None:
    body = f'{{"projectName": "{name}", "description": ""}}'.encode()
    send = client._send
    error = refused(send, "POST", PROJECT, body, "/", {}, {"Content-Type": "application/json"})
    assert code(error) == ("ParameterInvalid", 400)


def test_a_logstore_is_created_read_listed_changed_and_deleted(client: Any) -> None:
    make_store(client, shards=3, ttl=7)
    logstore = client.get_logstore(PROJECT, LOGSTORE)
    assert (logstore.ttl, logstore.shard_count, logstore.append_meta) == (7, 3, False)
    assert (logstore.enable_tracking, logstore.mode) == (False, "standard")
    client.update_logstore(PROJECT, LOGSTORE, ttl=90, append_meta=True)
    logstore = client.get_logstore(PROJECT, LOGSTORE)
    assert (logstore.ttl, logstore.append_meta, logstore.shard_count) == (90, True, 3)
    assert client.list_logstore(PROJECT).get_logstores() == [LOGSTORE]
    client.delete_logstore(PROJECT, LOGSTORE)
    error = refused(client.get_logstore, PROJECT, LOGSTORE)
    assert code(error) == ("LogStoreNotExist", 404)
    assert error.get_error_message() == f"logstore {LOGSTORE} does not exist"


def test_a_logstore_that_exists_or_is_malformed_is_refused(client: Any) -> None:
    make_store(client)
    assert code(refused(client.create_logstore, PROJECT, LOGSTORE)) == ("LogStoreAlreadyExist", 400)
    assert code(refused(client.create_logstore, PROJECT, "Upper")) == ("LogStoreInfoInvalid", 400)
    assert code(refused(client.create_logstore, PROJECT, "more", ttl=0)) == ("LogStoreInfoInvalid", 400)
    assert code(refused(client.create_logstore, PROJECT, "more", shard_count=11)) == (
        "LogStoreInfoInvalid",
        400,
    )
    assert client.list_logstore(PROJECT).get_logstores() == [LOGSTORE]


def test_lists_come_in_pages(client: Any) -> None:
    client.create_project(PROJECT, "")
    for number in range(5):
        client.create_logstore(PROJECT, f"store-{number}", shard_count=1)
    page = client.list_logstore(PROJECT, offset=2, size=2)
    assert (page.get_logstores(), page.get_count(), page.get_total()) == (["store-2", "store-3"], 2, 5)


def test_shards_divide_the_key_space_without_gaps(client: Any) -> None:
    make_store(client, shards=3)
    shards = client.list_shards(PROJECT, LOGSTORE).get_shards_info()
    assert [shard["shardID"] for shard in shards] == [0, 1, 2]
    ends = ["0" * 32, *(shard["exclusiveEndKey"] for shard in shards)]
    assert ends[:-1] == [shard["inclusiveBeginKey"] for shard in shards]
    assert ends[-1] == "f" * 32


def test_splitting_and_merging_shards_is_unsupported_and_counted(client: Any, local: LocalCloud) -> None:
    make_store(client)
    error = refused(client.split_shard, PROJECT, LOGSTORE, 0, "8" * 32)
    assert "does not support SplitShard" in error.get_error_message()
    assert "MergeShards" in refused(client.merge_shard, PROJECT, LOGSTORE, 0).get_error_message()
    assert sum(local.cloud.unsupported.values()) == 2


def test_an_index_is_stored_and_given_back(client: Any) -> None:
    make_store(client)
    assert code(refused(client.get_index_config, PROJECT, LOGSTORE)) == ("IndexConfigNotExist", 404)
    make_index(client, status="long")
    assert code(refused(make_index, client)) == ("IndexAlreadyExist", 400)
    keys = client.get_index_config(PROJECT, LOGSTORE).get_index_config().key_config_list
    assert keys["status"].index_type == "long"
    client.update_index(PROJECT, LOGSTORE, IndexConfig(key_config_list={"a": IndexKeyConfig([" "])}))
    assert list(client.get_index_config(PROJECT, LOGSTORE).get_index_config().key_config_list) == ["a"]
    client.delete_index(PROJECT, LOGSTORE)
    assert code(refused(client.delete_index, PROJECT, LOGSTORE)) == ("IndexConfigNotExist", 404)


def test_an_index_without_line_and_keys_is_refused(client: Any) -> None:
    make_store(client)
    assert code(refused(client.create_index, PROJECT, LOGSTORE, IndexConfig())) == ("IndexInfoInvalid", 400)


def test_an_unknown_api_is_unsupported_and_counted(client: Any, local: LocalCloud) -> None:
    make_store(client)
    error = refused(client.list_machine_group, PROJECT)
    assert "The local cloud does not support GET /machinegroups" in error.get_error_message()
    assert error.resp_status < 500, "the SDK would repeat a 5xx answer ten times"
    assert next(iter(local.cloud.unsupported))[0] == "sls"


def test_a_body_that_is_no_json_is_refused(client: Any) -> None:
    client.create_project(PROJECT, "")
    error = refused(client._send, "POST", PROJECT, b'{"logstoreName":', "/logstores", {}, {})
    assert code(error) == ("PostBodyInvalid", 400)
