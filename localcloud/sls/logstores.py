"""Logstores, their indexes and shards.

API: https://help.aliyun.com/zh/sls/developer-reference/api-createlogstore and its neighbours.
"""

from __future__ import annotations

import re
from typing import Any

from localcloud.call import Reply
from localcloud.errors import CloudError, Unsupported
from localcloud.sls.request import SlsRequest, done, json_reply
from localcloud.sls.state import FOREVER, Logstore, Project
from localcloud.sls.storage import make_shards

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,61}[a-z0-9]")
_MAX_SHARDS = 10
_SETTINGS: dict[str, Any] = {
    "enable_tracking": False, "autoSplit": False, "maxSplitShard": 0, "telemetryType": "", "mode": "standard",
    "hot_ttl": None, "infrequentAccessTTL": None, "encrypt_conf": None, "enableModify": None, "productType":
    None,
}  # fmt: skip
"""Members of a logstore that change nothing here, with their defaults; None is left out of answers."""


def add_logstore(
    project: Project, name: str, now: float, *, ttl: int = 30, shards: int = 2, owner_service: str = ""
) -> Logstore:
    """A new logstore with its shards; `ttl` in days."""
    if not _NAME.fullmatch(name):
        raise _invalid(f"store name {name} is invalid" if name else "logstore name  is invalid")
    if name in project.logstores:
        raise CloudError("LogStoreAlreadyExist", f"logstore {name} already exists", 400)
    if not 1 <= shards <= _MAX_SHARDS:
        raise _invalid(f"shardCount must be within range [1, {_MAX_SHARDS}]")
    logstore = project.logstores[name] = Logstore(
        name=name,
        created=int(now),
        modified=int(now),
        ttl=_checked_ttl(ttl),
        owner_service=owner_service,
        shards=make_shards(shards, now),
    )
    return logstore


def _invalid(text: str) -> CloudError:
    return CloudError("LogStoreInfoInvalid", text, 400)


def _checked_ttl(ttl: int) -> int:
    if not 1 <= ttl <= FOREVER:
        raise _invalid(f"ttl must be within range [1, {FOREVER}]")
    return ttl


def _number(body: dict[str, Any], name: str) -> int:
    value = body.get(name)
    if not isinstance(value, int) or isinstance(value, bool):
        raise _invalid(f"{name} is missing or not a number")
    return value


def _apply_settings(logstore: Logstore, body: dict[str, Any]) -> None:
    if body.get("autoSplit") and not 1 <= _number(body, "maxSplitShard") <= 256:
        raise _invalid("maxSplitShard must be within range [1, 256]")
    logstore.settings |= {key: body[key] for key in _SETTINGS if key in body}
    logstore.append_meta = bool(body.get("appendMeta", logstore.append_meta))


def create_logstore(request: SlsRequest) -> Reply:
    body = request.json_object()
    project, name = request.project, str(body.get("logstoreName", ""))
    ttl, shards = _number(body, "ttl"), _number(body, "shardCount")
    logstore = add_logstore(project, name, request.now, ttl=ttl, shards=shards)
    try:
        _apply_settings(logstore, body)
    except CloudError:
        del project.logstores[name]
        raise
    return done()


def get_logstore(request: SlsRequest) -> Reply:
    logstore = request.logstore
    settings = {**_SETTINGS, **logstore.settings}
    answer = {
        "logstoreName": logstore.name,
        "ttl": logstore.ttl,
        "shardCount": len(logstore.shards),
        "appendMeta": logstore.append_meta,
        "createTime": logstore.created,
        "lastModifyTime": logstore.modified,
        **{key: value for key, value in settings.items() if value is not None},
    }
    return json_reply(answer)


def list_logstores(request: SlsRequest) -> Reply:
    offset, size = request.number("offset", 0, 1 << 31), request.number("size", 500, 500)
    part = request.call.argument("logstoreName")
    names = sorted(name for name in request.project.logstores if part in name)
    page = names[offset : offset + size]
    return json_reply({"count": len(page), "total": len(names), "logstores": page})


def update_logstore(request: SlsRequest) -> Reply:
    """Everything but the name and the number of shards can change."""
    logstore, body = request.logstore, request.json_object()
    ttl = _checked_ttl(_number(body, "ttl")) if "ttl" in body else logstore.ttl
    _apply_settings(logstore, body)
    logstore.ttl = ttl
    logstore.modified = int(request.now)
    return done()


def delete_logstore(request: SlsRequest) -> Reply:
    del request.project.logstores[request.logstore.name]
    return done()


def create_index(request: SlsRequest) -> Reply:
    logstore = request.logstore
    if logstore.index is not None:
        raise CloudError("IndexAlreadyExist", "log store index is already created", 400)
    _store_index(request, logstore)
    return done()


def update_index(request: SlsRequest) -> Reply:
    _store_index(request, _indexed(request))
    return done()


def get_index(request: SlsRequest) -> Reply:
    logstore = _indexed(request)
    meta = {
        "index_mode": "v2",
        "ttl": logstore.ttl,
        "storage": "pg",
        "lastModifyTime": logstore.index_modified,
    }
    return json_reply({**(logstore.index or {}), **meta})


def delete_index(request: SlsRequest) -> Reply:
    _indexed(request).index = None
    return done()


def _indexed(request: SlsRequest) -> Logstore:
    logstore = request.logstore
    if logstore.index is None:
        raise CloudError("IndexConfigNotExist", "index config doesn't exist", 404)
    return logstore


def _store_index(request: SlsRequest, logstore: Logstore) -> None:
    index = request.json_object()
    line, keys = index.get("line"), index.get("keys")
    if line is None and keys is None:
        raise CloudError("IndexInfoInvalid", "line and keys are both lacking: one of them is required", 400)
    if line is not None and not (isinstance(line, dict) and isinstance(line.get("token"), list)):
        raise CloudError("IndexInfoInvalid", "required field token is lacking or of error format", 400)
    if keys is not None and not (
        isinstance(keys, dict) and all(isinstance(key, dict) for key in keys.values())
    ):
        raise CloudError("IndexInfoInvalid", "keys is of error format", 400)
    logstore.index, logstore.index_modified = index, int(request.now)


def list_shards(request: SlsRequest) -> Reply:
    shards = [
        {
            "shardID": shard.id,
            "status": "readwrite",
            "inclusiveBeginKey": shard.begin_key,
            "exclusiveEndKey": shard.end_key,
            "createTime": shard.created,
        }
        for shard in request.logstore.shards
    ]
    return json_reply(shards)


def change_shards(request: SlsRequest) -> Reply:
    """SplitShard and MergeShards: a logstore keeps the shards it was created with."""
    kind = {"split": "SplitShard", "merge": "MergeShards"}.get(
        request.call.argument("action"), "this change of a shard"
    )
    raise Unsupported("sls", f"{kind}: create the logstore with the shards it needs")
