"""Writing and pulling: PutLogs, GetCursor, GetCursorTime, PullLogs.

API: https://help.aliyun.com/zh/sls/developer-reference/api-putlogs , .../api-getcursor , .../api-pulllogs .
"""

from __future__ import annotations

from typing import Any

from localcloud.call import Reply
from localcloud.errors import CloudError, Unsupported
from localcloud.sls.compression import packed, read_body
from localcloud.sls.cursors import cursor_time, encode_cursor, locate_cursor, read_range
from localcloud.sls.messages import (
    check_group,
    encode_tags,
    frame_groups,
    group_fields,
    log_fields,
    parse_group,
)
from localcloud.sls.request import SlsRequest, done, json_reply
from localcloud.sls.spl import Filter, compile_script
from localcloud.sls.state import Group, Shard
from localcloud.sls.storage import find_shard, write_group

MAX_COUNT = 1000
"""Log groups in one pull."""
MAX_PULL = 10 * 1024 * 1024
"""Bytes after which a pull ends, uncompressed; the first group always goes."""


def put_logs(request: SlsRequest) -> Reply:
    """Keep the group as it came, in the shard of the hash key (`shards/route`) or the next in turn."""
    logstore = request.logstore
    key = request.required("key") if request.part == "route" else None
    data = read_body(request.call)
    check_group(data)
    if logstore.append_meta:
        data += encode_tags(
            {"__client_ip__": request.call.source_ip, "__receive_time__": str(int(request.now))}
        )
    write_group(logstore, data, request.now, key)
    request.service.appended(request.project_name, request.logstore_name)
    return done()


def get_cursor(request: SlsRequest) -> Reply:
    shard = find_shard(request.logstore, request.part, request.now)
    return json_reply({"cursor": encode_cursor(locate_cursor(shard, request.required("from")))})


def get_cursor_time(request: SlsRequest) -> Reply:
    shard = find_shard(request.logstore, request.part, request.now)
    return json_reply({"cursor_time": cursor_time(shard, request.required("cursor"), request.now)})


def pull_logs(request: SlsRequest) -> Reply:
    """Log groups from a cursor on; with `query` only the logs that pass the filter, grouped as they came."""
    call = request.call
    shard = find_shard(request.logstore, request.part, request.now)
    if call.has_argument("processor"):
        raise Unsupported("sls", "consumption processors (the parameter processor of PullLogs)")
    count = _count(request)
    first, stop = read_range(shard, request.required("cursor"), call.argument("end_cursor"))
    groups = _take(shard, first, min(stop, first + count))
    headers = {"x-log-cursor": encode_cursor(shard.first + first + len(groups))}
    if query := call.argument("query").strip():
        kept, counts = _filtered(groups, compile_script(query))
        headers |= counts
    else:
        kept = [group.data for group in groups]
    body, size_headers = packed(call, frame_groups(kept))
    headers |= {"x-log-count": str(len(kept)), "content-type": "application/x-protobuf", **size_headers}
    return Reply(200, headers, body)


def _count(request: SlsRequest) -> int:
    text = request.call.argument("count", str(MAX_COUNT))
    if not (text.isascii() and text.isdigit()) or int(text) > MAX_COUNT:
        raise CloudError("ParameterInvalid", f"ParameterCount should be in [0-{MAX_COUNT}].", 400)
    return int(text)


def _take(shard: Shard, first: int, stop: int) -> list[Group]:
    taken: list[Group] = []
    size = 0
    for group in shard.groups[first:stop]:
        size += len(group.data)
        if taken and size > MAX_PULL:
            break
        taken.append(group)
    return taken


def _filtered(groups: list[Group], where: Filter) -> tuple[list[bytes], dict[str, str]]:
    """The groups without the logs that do not pass, and the headers that tell what was read for it."""
    kept, lines, passed = [], 0, 0
    for stored in groups:
        group = parse_group(stored.data)
        lines += len(group.Logs)
        good = _passing(group, where)
        passed += len(good)
        if len(good) == len(group.Logs):
            kept.append(stored.data)
        elif good:
            copies = [group.Logs[i] for i in good]
            rest = type(group)(Logs=copies, Topic=group.Topic, Source=group.Source, LogTags=group.LogTags)
            kept.append(rest.SerializeToString())
    raw = sum(len(group.data) for group in groups)
    counts = {
        "rawdatacount": len(groups),
        "rawdatasize": raw,
        "rawdatalines": lines,
        "resultlines": passed,
        "failedlines": 0,
    }
    return kept, {f"x-log-{name}": str(value) for name, value in counts.items()}


def _passing(group: Any, where: Filter) -> list[int]:
    shared = group_fields(group)
    return [i for i, log in enumerate(group.Logs) if where.passes(log_fields(log, shared, where.fields))]
