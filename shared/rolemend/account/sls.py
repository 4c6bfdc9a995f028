"""Simple Log Service, with the SDK `aliyun-log-python-sdk`: the records of a trigger's range."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from rolemend.account.access import Access, region_name
from rolemend.account.calls import ask, classify
from rolemend.account.interface import Checkpoint, LogPage, LogRange
from rolemend.errors import AccountError, NotThere, Unreachable

GROUPS_A_PULL = 1000
"""The largest number of log groups that one pull answers."""

MOST_FOUND = 100
"""The largest number of records that one query answers."""

CONSUMER_GROUP = "rolemend-watch"
"""Whose checkpoints say how far each shard was read."""

_HOLD_SECONDS = 60
"""A consumer group wants to know when a silent consumer is dropped; this one has none."""


class Sls:
    """`Logs` on the live account."""

    def __init__(self, access: Access) -> None:
        self._access = access

    def pages(self, log_range: LogRange, query: str) -> Iterator[LogPage]:
        """Pull `[begin, end)` of the shard page by page; the filter runs in SLS."""
        client = open_log_client(self._access, log_range.endpoint)
        cursor = log_range.begin
        while cursor != log_range.end:
            page = self._pull(client, log_range, cursor, query)
            following = page.get_next_cursor()
            yield LogPage(cursor, following, _records(page))
            if following == cursor:
                return
            cursor = following

    def checkpoint(self, log_range: LogRange) -> Checkpoint:
        """From the consumer group of Rolemend's own; nobody made it before the first checkpoint."""
        place = (log_range.project, log_range.logstore, CONSUMER_GROUP, log_range.shard)
        try:
            answer = self._ask(log_range.endpoint, "GetCheckPoint", "get_check_point", *place)
        except NotThere:
            return Checkpoint()
        for point in answer.get_consumer_group_check_points():
            if point.get("shard") == log_range.shard:
                return Checkpoint(point.get("checkpoint") or "", (point.get("updateTime") or 0) / 1e6)
        return Checkpoint()

    def set_checkpoint(self, log_range: LogRange, cursor: str) -> None:
        """No consumer holds the shard: the triggers say who reads what, so the checkpoint is set by force."""
        place = (log_range.project, log_range.logstore, CONSUMER_GROUP)
        point = (*place, log_range.shard, cursor)
        self._ask(log_range.endpoint, "UpdateCheckPoint", "update_check_point", *point)

    def shards(self, project: str, logstore: str, since: int) -> dict[int, LogRange]:
        """The checkpoints of all shards in one call, "" where there is none, and the ends:
        https://www.alibabacloud.com/help/en/sls/developer-reference/api-sls-2020-12-30-getcheckpoint .

        Where no shard has a checkpoint yet, no trigger has told anything, and nothing is read of a history.
        """
        endpoint = f"{self._access.region}.log.aliyuncs.com"
        place = (project, logstore, CONSUMER_GROUP)
        try:
            answer = self._ask(endpoint, "GetCheckPoint", "get_check_point", *place)
        except NotThere:
            self._make_group(endpoint, *place)
            return {}
        points = {
            int(point["shard"]): str(point.get("checkpoint") or "")
            for point in answer.get_consumer_group_check_points()
        }
        if not any(points.values()):
            return {}
        found = {}
        for shard, begin in points.items():
            begin = begin or self._cursor_at(since, endpoint, project, logstore, shard)
            empty = LogRange(
                endpoint=endpoint, project=project, logstore=logstore, shard=shard, begin=begin, end=begin
            )
            found[shard] = msgspec.structs.replace(empty, end=self.end(empty))
        return found

    def _cursor_at(self, since: int, endpoint: str, *place: str | int) -> str:
        return str(self._ask(endpoint, "GetCursor", "get_cursor", *place, since).get_cursor())

    def _make_group(self, endpoint: str, *place: str) -> None:
        try:
            self._ask(endpoint, "CreateConsumerGroup", "create_consumer_group", *place, _HOLD_SECONDS)
        except NotThere:  # the logstore itself is not there
            return
        except AccountError as error:  # another instance was faster
            if "AlreadyExist" not in error.code:
                raise

    def received(self, log_range: LogRange) -> tuple[float, float]:
        """The time of the first unread group, and of the one before the end."""
        place = (log_range.project, log_range.logstore, log_range.shard)
        first = self._ask(log_range.endpoint, "GetCursorTime", "get_cursor_time", *place, log_range.begin)
        last = self._ask(
            log_range.endpoint, "GetCursorTime", "get_previous_cursor_time", *place, log_range.end
        )
        return float(first.get_cursor_time()), float(last.get_cursor_time())

    def search(
        self, region: str, project: str, logstore: str, query: str, since: int, until: int
    ) -> list[dict[str, Any]]:
        """One GetLogs. A region that is no name is asked nothing: AccountError."""
        from aliyun.log import GetLogsRequest

        request = GetLogsRequest(project, logstore, since, until, "", query, MOST_FOUND, 0, True)
        answer = self._ask(f"{region_name(region)}.log.aliyuncs.com", "GetLogs", "get_logs", request)
        return [{**log.get_contents(), "__time__": str(log.get_time())} for log in answer.get_logs()]

    def begin(self, log_range: LogRange) -> str:
        place = (log_range.project, log_range.logstore, log_range.shard)
        return str(self._ask(log_range.endpoint, "GetCursor", "get_begin_cursor", *place).get_cursor())

    def end(self, log_range: LogRange) -> str:
        place = (log_range.project, log_range.logstore, log_range.shard)
        return str(self._ask(log_range.endpoint, "GetCursor", "get_end_cursor", *place).get_cursor())

    def _ask(self, endpoint: str, operation: str, method: str, *values: Any) -> Any:
        client = open_log_client(self._access, endpoint)
        return ask(self._access, operation, translate_sls, getattr(client, method), *values)

    def _pull(self, client: Any, log_range: LogRange, cursor: str, query: str) -> Any:
        shard = (log_range.project, log_range.logstore, log_range.shard)
        return ask(
            self._access,
            "PullLogs",
            translate_sls,
            client.pull_logs,
            *shard,
            cursor,
            count=GROUPS_A_PULL,
            end_cursor=log_range.end,
            query=query or None,
        )


def open_log_client(access: Access, endpoint: str) -> Any:
    """The SDK's client for one endpoint; it tries nothing again by itself."""
    from aliyun.log import LogClient

    keys = access.credentials
    host = endpoint.split("://", 1)[-1]
    client = LogClient(
        f"{access.scheme}://{host}",
        keys.key_id,
        keys.secret,
        securityToken=keys.token or None,
        source="rolemend",
    )
    client.timeout = 15
    client._sendRequest = _once(client._sendRequest)
    return client


def _records(page: Any) -> Iterator[dict[str, Any]]:
    """The records of a pull as the SDK's `get_flatten_logs_json` has them, one at a time: a page of a storm, made into
    dictionaries at once, takes ten times its size."""
    groups = page.loggroup_list.LogGroups
    if page._is_bytes_type:  # text that is no UTF-8: the SDK knows what to make of it
        yield from page.get_flatten_logs_json()
        return
    for group in groups:
        shared: dict[str, Any] = {"__topic__": group.Topic, "__source__": group.Source}
        shared |= {f"__tag__:{tag.Key}": tag.Value for tag in group.LogTags}
        for log in group.Logs:
            record = {content.Key: content.Value for content in log.Contents}
            yield {**shared, "__time__": log.Time, **record}


class _Tried(Exception):
    """A LogException on its way past LogClient, which would make the call ten times, a second apart."""

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error))
        self.error = error


def _once(send: Callable[..., Any]) -> Callable[..., Any]:
    """LogClient's own request, so that a failed one comes back at once and is tried as every other call is."""

    def request(*values: Any, **named: Any) -> Any:
        from aliyun.log import LogException

        try:
            return send(*values, **named)
        except LogException as error:
            raise _Tried(error) from error

    return request


def translate_sls(operation: str, error: Exception) -> AccountError:
    """LogException has accessors; a status it lacks is the network's."""
    error = error.error if isinstance(error, _Tried) else error
    read = getattr(error, "get_error_code", None)
    if read is None:
        return Unreachable(operation, type(error).__name__, str(error)[:300])
    status = int(getattr(error, "resp_status", 0) or 0)
    code, message = str(read()), str(error.get_error_message())[:300]  # type: ignore[attr-defined]
    if code in ("LogRequestError", "RequestError") or status <= 0:
        return Unreachable(operation, code, message)
    return classify(operation, status, code, message, str(error.get_request_id()))  # type: ignore[attr-defined]
