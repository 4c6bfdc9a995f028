"""A logstore to test with, and the errors of the log SDK as values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from aliyun.log import (
    IndexConfig,
    IndexKeyConfig,
    IndexLineConfig,
    LogException,
    LogItem,
    PutLogsRequest,
)
from aliyun.log.index_config import IndexJsonKeyConfig

PROJECT, LOGSTORE = "audit-logs", "events"


def make_store(client: Any, *, shards: int = 1, ttl: int = 30, **more: Any) -> None:
    """The project and logstore that the tests write to."""
    client.create_project(PROJECT, "for tests")
    client.create_logstore(PROJECT, LOGSTORE, ttl=ttl, shard_count=shards, **more)


def make_index(client: Any, **types: str) -> None:
    """A full-text index and one field index for each name and type given."""
    every = IndexJsonKeyConfig(index_all=True)
    keys = {
        name: IndexKeyConfig([" ", ",", ":", "/"], index_type=kind, json_key_config=every)
        for name, kind in types.items()
    }
    line = IndexLineConfig(token_list=[" ", ",", ":", "/", '"', "{", "}"])
    client.create_index(PROJECT, LOGSTORE, IndexConfig(line_config=line, key_config_list=keys))


def put(client: Any, *logs: dict[str, str], time: int = 1_800_000_000, topic: str = "", **more: Any) -> None:
    """Write one group of logs."""
    items = [LogItem(time, contents=list(log.items())) for log in logs]
    client.put_logs(PutLogsRequest(PROJECT, LOGSTORE, topic, "10.0.0.1", items, **more))


def pull(client: Any, query: str | None = None, shard: int = 0, **more: Any) -> Any:
    """Everything of a shard, from its beginning on."""
    begin = client.get_begin_cursor(PROJECT, LOGSTORE, shard).get_cursor()
    return client.pull_logs(PROJECT, LOGSTORE, shard, begin, query=query, **more)


def found(client: Any, query: str | None, field: str = "n") -> list[str]:
    """The values of one field in the logs that a pull with SPL lets pass."""
    return [log[field] for log in pull(client, query).get_flatten_logs_json()]


def refused(call: Callable[..., Any], *arguments: Any, **named: Any) -> LogException:
    """The error that a call must end with."""
    with pytest.raises(LogException) as caught:
        call(*arguments, **named)
    return caught.value


def code(error: LogException) -> tuple[str, int]:
    return error.get_error_code(), error.resp_status
