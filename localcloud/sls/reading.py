"""Queries: GetLogs in its two forms and GetHistograms.

API: https://help.aliyun.com/zh/sls/developer-reference/api-getlogs , .../api-getlogsv2 ,
.../api-gethistograms .
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from localcloud.call import Reply
from localcloud.errors import CloudError
from localcloud.sls.compression import packed
from localcloud.sls.index import Index
from localcloud.sls.messages import Row, group_fields, log_fields, parse_group
from localcloud.sls.request import SlsRequest, json_reply
from localcloud.sls.search import Query, compile_query
from localcloud.sls.state import Logstore
from localcloud.sls.storage import expire

MAX_LINES = 100
_BARS = 60
"""Most intervals that GetHistograms divides its time into."""


@dataclass(frozen=True, slots=True)
class _Ask:
    """What a query asks for: times in epoch seconds, `to` excluded."""

    since: int
    to: int
    query: str
    topic: str | None
    line: int
    offset: int
    reverse: bool


def get_logs_v2(request: SlsRequest) -> Reply:
    """POST: a JSON object with `meta` and `data`, lz4-compressed if the caller takes it."""
    ask = _asked(request.json_object())
    found, query, total = _found(request.logstore, ask, request.now)
    meta = {
        "progress": "Complete",
        "count": len(found),
        "processedRows": total,
        "elapsedMillisecond": 0,
        "hasSQL": query.analysis is not None,
        "whereQuery": query.analysis.search if query.analysis else ask.query,
        "aggQuery": query.analysis.text if query.analysis else "",
        "cpuSec": 0,
        "cpuCores": 0,
        "mode": 2 if query.scans else 0,
        "isAccurate": True,
        "keys": list(query.analysis.names) if query.analysis else None,
        "terms": [],
    }
    reply = json_reply(
        {"meta": meta, "data": found}, {"x-log-progress": "Complete", "x-log-count": str(len(found))}
    )
    reply.body, headers = packed(request.call, reply.body)
    reply.headers |= headers
    return reply


def get_logs(request: SlsRequest) -> Reply:
    """GET, the older form: a bare list, its facts in headers."""
    ask = _asked(dict(request.call.query))
    found, query, total = _found(request.logstore, ask, request.now)
    headers = {
        "x-log-progress": "Complete",
        "x-log-count": str(len(found)),
        "x-log-processed-rows": str(total),
    }
    has_sql = "true" if query.analysis is not None else "false"
    return json_reply(found, headers | {"x-log-elapsed-millisecond": "0", "x-log-has-sql": has_sql})


def get_histograms(request: SlsRequest) -> Reply:
    """How many logs match in each of at most 60 equal intervals."""
    ask = _asked(dict(request.call.query))
    query = compile_query(ask.query, Index(request.logstore))
    if query.scans or query.analysis is not None:
        raise CloudError(
            "InvalidQueryString", "query string is invalid: only a search is supported here.", 400
        )
    times = [int(row["__time__"]) for row in _rows(request.logstore, ask, request.now) if query.matches(row)]
    bars = min(_BARS, ask.to - ask.since)
    bounds = [ask.since + (ask.to - ask.since) * i // bars for i in range(bars + 1)]
    counts = [0] * bars
    for time in times:
        counts[bisect_right(bounds, time) - 1] += 1
    answer = [
        {"from": bounds[i], "to": bounds[i + 1], "count": counts[i], "progress": "Complete"}
        for i in range(bars)
    ]
    return json_reply(answer, {"x-log-progress": "Complete", "x-log-count": str(len(times))})


def _asked(given: dict[str, Any]) -> _Ask:
    since, to = _whole(given, "from", "InvalidTimeRange"), _whole(given, "to", "InvalidTimeRange")
    if since >= to:
        raise CloudError("InvalidTimeRange", "request time range is invalid", 400)
    line = _whole(given, "line", "InvalidLine", MAX_LINES)
    offset = _whole(given, "offset", "InvalidOffset", 0)
    if line > MAX_LINES:
        raise CloudError("InvalidLine", "line is invalid", 400)
    reverse = str(given.get("reverse", "false")).lower()
    if reverse not in ("true", "false", ""):
        raise CloudError("InvalidReverse", "reverse value is invalid", 400)
    topic = given.get("topic") or None
    return _Ask(since, to, str(given.get("query") or "*"), topic, line, offset, reverse == "true")


def _whole(given: dict[str, Any], name: str, code: str, default: int | None = None) -> int:
    text = str(given.get(name, ""))
    if text == "" and default is not None:
        return default
    if not (text.isascii() and text.isdigit()):
        raise CloudError(code, f"{name} is invalid: {text}", 400)
    return int(text)


def _found(logstore: Logstore, ask: _Ask, now: float) -> tuple[list[Row], Query, int]:
    """The page of matching logs in the order of their time, the query, and how many logs were looked at."""
    query = compile_query(ask.query, Index(logstore))
    rows = list(_rows(logstore, ask, now))
    found = sorted((row for row in rows if query.matches(row)), key=_time, reverse=ask.reverse)
    if query.analysis is not None:
        return query.analysis.rows(found), query, len(rows)
    return found[ask.offset : ask.offset + ask.line], query, len(rows)


def _time(row: Row) -> int:
    return int(row["__time__"])


def _rows(logstore: Logstore, ask: _Ask, now: float) -> Iterator[Row]:
    """All logs of the time and topic, by shard and arrival."""
    for shard in logstore.shards:
        expire(logstore, shard, now)
        for stored in shard.groups:
            group = parse_group(stored.data)
            shared = group_fields(group)
            if ask.topic is not None and shared["__topic__"] != ask.topic:
                continue
            for log in group.Logs:
                if ask.since <= log.Time < ask.to:
                    yield log_fields(log, shared)
