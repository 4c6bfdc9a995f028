"""What OSS's access log in Simple Log Service tells of use: how long it is kept, and who used which bucket.

SQL behind the search: https://www.alibabacloud.com/help/en/sls/user-guide/query-and-analyze-logs . The log is
aggregated where it lies; a line for each role and bucket comes back.
"""

from __future__ import annotations

import time

from rolemend.account.access import Access, region_name
from rolemend.account.calls import ask, reading
from rolemend.account.interface import Reading
from rolemend.account.sls import open_log_client, translate_sls
from rolemend.account.surveyed import BucketUse
from rolemend.errors import AccountError, Unreachable

LOGSTORE = "oss-log-store"
_DAY = 86_400
_MOST = 100_000
"""Lines that one query answers at most."""
_QUERY = (
    "__topic__: oss_access_log and http_status < 400 | "
    "select bucket, extend_information, count(1) as calls group by bucket, extend_information limit "
)


def project_of(account: str, region: str) -> str:
    """The project that OSS makes when real-time log query is switched on for a first bucket of a region."""
    return f"oss-log-{account}-{region}"


class AccessLog:
    def __init__(self, access: Access) -> None:
        self._access = access

    def logstore_days(self, project: str, logstore: str, region: str) -> Reading[int]:
        return reading(lambda: self._days(project, logstore, region))

    def bucket_use(self, region: str, days: int) -> Reading[tuple[BucketUse, ...]]:
        return reading(lambda: self._use(region, days))

    def _days(self, project: str, logstore: str, region: str) -> int:
        client = open_log_client(self._access, f"{region_name(region)}.log.aliyuncs.com")
        answer = ask(self._access, "GetLogStore", translate_sls, client.get_logstore, project, logstore)
        made = int((answer.get_body() or {}).get("createTime") or 0)
        return min(int(answer.get_ttl()), int(time.time() - made) // _DAY)

    def _use(self, region: str, days: int) -> tuple[BucketUse, ...]:
        client, now = (
            open_log_client(self._access, f"{region_name(region)}.log.aliyuncs.com"),
            int(time.time()),
        )
        where = (project_of(self._access.account, region), LOGSTORE, now - days * _DAY, now)
        query = f"{_QUERY}{_MOST}"
        answer = ask(self._access, "GetLogs", translate_sls, client.get_log, *where, query=query)
        if not answer.is_completed():
            raise Unreachable("GetLogs", "Incomplete", "the query was not finished")
        lines = [each.get_contents() for each in answer.get_logs()]
        if len(lines) >= _MOST:  # what is left out would be taken for grants that nobody used
            raise AccountError("GetLogs", "TooMany", f"the log tells of {_MOST} users of buckets or more")
        used: dict[tuple[str, str], int] = {}
        for line in lines:
            parts = str(line.get("extend_information", "")).split(",")
            role = parts[1].lower() if len(parts) > 1 and parts[1] != "-" else ""
            place = (str(line.get("bucket", "")), role)
            used[place] = used.get(place, 0) + int(line.get("calls", 0))
        return tuple(
            BucketUse(bucket=bucket, role=role, count=count) for (bucket, role), count in used.items()
        )
