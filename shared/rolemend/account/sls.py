"""Simple Log Service, with the SDK `aliyun-log-python-sdk`: the records of a trigger's range."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from rolemend.account.access import Access
from rolemend.account.calls import ask, classify
from rolemend.account.interface import LogRange
from rolemend.errors import AccountError, Unreachable

GROUPS_A_PULL = 1000
"""The largest number of log groups that one pull answers."""


class Sls:
    """`Logs` on the live account."""

    def __init__(self, access: Access) -> None:
        self._access = access

    def records(self, log_range: LogRange, query: str) -> Iterator[dict[str, Any]]:
        """Pull `[begin, end)` of the shard page by page; the filter runs in SLS."""
        client = self._open(log_range.endpoint)
        cursor = log_range.begin
        while cursor != log_range.end:
            page = self._pull(client, log_range, cursor, query)
            yield from page.get_flatten_logs_json()
            following = page.get_next_cursor()
            if following == cursor:
                return
            cursor = following

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

    def _open(self, endpoint: str) -> Any:
        from aliyun.log import LogClient

        keys = self._access.credentials
        host = endpoint.split("://", 1)[-1]
        client = LogClient(
            f"{self._access.scheme}://{host}",
            keys.key_id,
            keys.secret,
            securityToken=keys.token or None,
            source="rolemend",
        )
        client.timeout = 15
        client._sendRequest = _once(client._sendRequest)
        return client


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
