"""Which operation a method, a path and a `type` mean.

RAM actions: https://help.aliyun.com/zh/sls/developer-reference/api-sls-2020-12-30-ram
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

from localcloud.call import Call
from localcloud.sls import collection, consumers, data, logstores, projects, reading
from localcloud.sls.request import Run, Scope, SlsOperation

_PATH = re.compile(
    r"/?|/collectionpolicy(?:/(?P<policy>[^/]+))?/?|/logstores/?"
    r"|/logstores/(?P<logstore>[^/]+)(?:/(?P<room>index|shards|logs|consumergroups)(?:/(?P<part>[^/]+))?)?/?"
)


def _manage(name: str, run: Run, scope: Scope) -> SlsOperation:
    """A management call: its RAM action has its name, and it is written as an event."""
    rw: Literal["Read", "Write"] = "Read" if name.startswith(("Get", "List")) else "Write"
    return SlsOperation(name, run, f"log:{name}", scope, rw)


def _data(name: str, run: Run, action: str, scope: Scope = "logstore") -> SlsOperation:
    """A call that moves data; RAM often has another name for it."""
    return SlsOperation(name, run, f"log:{action}", scope, recorded=False)


_CREATE_PROJECT = _manage("CreateProject", projects.create_project, "projects")
_CHANGE_SHARDS = _manage("UpdateShards", logstores.change_shards, "logstore")

_OPERATIONS: dict[tuple[str, str, str], SlsOperation] = {
    ("GET", "endpoint", ""): _manage("ListProject", projects.list_projects, "projects"),
    ("POST", "endpoint", ""): _CREATE_PROJECT,
    ("POST", "project", ""): _CREATE_PROJECT,
    ("GET", "project", ""): _manage("GetProject", projects.get_project, "project"),
    ("PUT", "project", ""): _manage("UpdateProject", projects.update_project, "project"),
    ("DELETE", "project", ""): _manage("DeleteProject", projects.delete_project, "project"),
    ("GET", "logstores", ""): _manage("ListLogStores", logstores.list_logstores, "logstores"),
    ("POST", "logstores", ""): _manage("CreateLogStore", logstores.create_logstore, "logstores"),
    ("GET", "logstore", ""): _manage("GetLogStore", logstores.get_logstore, "logstore"),
    ("PUT", "logstore", ""): _manage("UpdateLogStore", logstores.update_logstore, "logstore"),
    ("DELETE", "logstore", ""): _manage("DeleteLogStore", logstores.delete_logstore, "logstore"),
    ("GET", "index", ""): _manage("GetIndex", logstores.get_index, "logstore"),
    ("POST", "index", ""): _manage("CreateIndex", logstores.create_index, "logstore"),
    ("PUT", "index", ""): _manage("UpdateIndex", logstores.update_index, "logstore"),
    ("DELETE", "index", ""): _manage("DeleteIndex", logstores.delete_index, "logstore"),
    ("GET", "shards", ""): _manage("ListShards", logstores.list_shards, "logstore"),
    ("POST", "shard", ""): _CHANGE_SHARDS,
    ("DELETE", "shard", ""): _CHANGE_SHARDS,
    ("POST", "logstore", ""): _data("PutLogs", data.put_logs, "PostLogStoreLogs"),
    ("POST", "write", ""): _data("PutLogs", data.put_logs, "PostLogStoreLogs"),
    ("GET", "shard", "cursor"): _data("GetCursor", data.get_cursor, "GetCursorOrData"),
    ("GET", "shard", "cursor_time"): _data("GetCursorTime", data.get_cursor_time, "GetCursorOrData"),
    ("GET", "shard", "log"): _data("PullLogs", data.pull_logs, "GetCursorOrData"),
    ("POST", "logs", ""): _data("GetLogs", reading.get_logs_v2, "GetLogStoreLogs"),
    ("GET", "logstore", "log"): _data("GetLogs", reading.get_logs, "GetLogStoreLogs"),
    ("GET", "logstore", "histogram"): _data("GetHistograms", reading.get_histograms, "GetLogStoreHistogram"),
    ("GET", "policies", ""): _manage(
        "ListCollectionPolicies", collection.list_collection_policies, "policies"
    ),
    ("POST", "policies", ""): _manage(
        "UpsertCollectionPolicy", collection.upsert_collection_policy, "policies"
    ),
    ("GET", "policy", ""): _manage("GetCollectionPolicy", collection.get_collection_policy, "policies"),
    ("DELETE", "policy", ""): _manage(
        "DeleteCollectionPolicy", collection.delete_collection_policy, "policies"
    ),
    ("GET", "groups", ""): _manage("ListConsumerGroup", consumers.list_consumer_groups, "groups"),
    ("POST", "groups", ""): _manage("CreateConsumerGroup", consumers.create_consumer_group, "groups"),
    ("PUT", "group", ""): _manage("UpdateConsumerGroup", consumers.update_consumer_group, "group"),
    ("DELETE", "group", ""): _manage("DeleteConsumerGroup", consumers.delete_consumer_group, "group"),
    ("POST", "group", "heartbeat"): _data(
        "HeartBeat", consumers.heart_beat, "ConsumerGroupHeartBeat", "group"
    ),
    ("POST", "group", "checkpoint"): _data(
        "UpdateCheckPoint", consumers.update_checkpoint, "ConsumerGroupUpdateCheckPoint", "group"
    ),
    ("GET", "group", ""): _data(
        "GetCheckPoint", consumers.get_checkpoints, "GetConsumerGroupCheckPoint", "group"
    ),
}
"""By method, kind of path, and the query parameter `type` ("" where it has none)."""


class Route(NamedTuple):
    """An operation with the logstore and the shard or consumer group that the path names ("" if none)."""

    operation: SlsOperation
    logstore: str = ""
    part: str = ""


def find_route(call: Call) -> Route | None:
    """The operation of a call; None if the local cloud has no such API."""
    match = _PATH.fullmatch(call.path)
    if match is None:
        return None
    logstore, room, part = (match.group(name) or "" for name in ("logstore", "room", "part"))
    if call.path.startswith("/collectionpolicy"):
        policy = match.group("policy") or ""
        found = _OPERATIONS.get((call.method, "policy" if policy else "policies", ""))
        return Route(found, "", policy) if found else None
    type_ = call.argument("type")
    # The Go SDK asks for `logs` where the others ask for `log`.
    operation = _OPERATIONS.get(
        (call.method, _kind(call, logstore, room, part), "log" if type_ == "logs" else type_)
    )
    return Route(operation, logstore, part) if operation else None


def _kind(call: Call, logstore: str, room: str, part: str) -> str:
    if not logstore:
        return "logstores" if call.path.startswith("/logstores") else "project" if call.label else "endpoint"
    if room == "shards" and part:
        return "write" if part in ("lb", "route") else "shard"
    if room == "consumergroups":
        return "group" if part else "groups"
    return "" if part else room or "logstore"
