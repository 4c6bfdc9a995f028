"""Ninety days of a logstore, aggregated where they lie: a row for each kind of record comes back.

SQL behind the search: https://www.alibabacloud.com/help/en/sls/user-guide/query-and-analyze-logs . Aggregates:
https://www.alibabacloud.com/help/en/sls/user-guide/general-aggregate-functions .
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rolemend.account.access import Access, region_name
from rolemend.account.calls import ask
from rolemend.account.sls import open_log_client, translate_sls
from rolemend.errors import Unreachable
from rolemend.signals.actiontrail import CREATION_EVENTS, ROLE_EVENT
from rolemend.signals.oss_access_log import KIND_NAMES

MOST_ROWS = 100_000
"""Rows that one query answers at most; a query that answers so many may have left some out."""

COUNT, FIRST, LAST = "rolemend_count", "rolemend_first", "rolemend_last"
"""Columns beside the record's own: how many records a row stands for, and the times of the first and the last."""

_KEPT = (
    "request_id", "object", "bucket_location", "host", "client_ip", "http_type", "vpc_id", "user_agent",
)  # fmt: skip
"""Members of a line that its kind does not decide: those of the newest line stand for all."""

_NAMES = ", ".join(f"'{name}'" for name in sorted({*CREATION_EVENTS, ROLE_EVENT}))

LINES_QUERY = (
    "__topic__: oss_access_log and http_status: 403 | select "  # noqa: S608 - of constants
    + ", ".join(KIND_NAMES)
    + f", count(1) as {COUNT}, min(__time__) as {FIRST}, max(__time__) as {LAST}, "
    + ", ".join(f'max_by("{name}", __time__) as "{name}"' for name in _KEPT)
    + f" from log group by {', '.join(KIND_NAMES)} limit {MOST_ROWS}"
)
"""Lines of the access log that were refused, one row for all that agree in what decides about them."""

EVENTS_QUERY = (
    f"__topic__: actiontrail_audit_event | select event, 1 as {COUNT}, "  # noqa: S608 - of constants
    f"__time__ as {FIRST}, __time__ as {LAST} from log "
    f"where json_extract_scalar(event, '$.eventName') in ({_NAMES}) limit {MOST_ROWS}"
)
"""Creations of clusters and trust policies that were written. Each is a case of its own, and there are few."""


def aggregated(
    access: Access, region: str, project: str, logstore: str, query: str, start: int, end: int
) -> Iterator[dict[str, Any]]:
    """The rows of a query over `[start, end)`, epoch seconds; every value is text. Raises AccountError."""
    client = open_log_client(access, f"{region_name(region)}.log.aliyuncs.com")
    where = (project, logstore, start, end)
    answer = ask(access, "GetLogs", translate_sls, client.get_log, *where, query=query)
    if not answer.is_completed():
        raise Unreachable("GetLogs", "Incomplete", f"{project}/{logstore}: the query was not finished")
    rows = answer.get_logs()
    if len(rows) >= MOST_ROWS:
        raise Unreachable(
            "GetLogs", "TooMany", f"{project}/{logstore}: more than {MOST_ROWS} kinds of records"
        )
    for row in rows:
        yield row.get_contents()
