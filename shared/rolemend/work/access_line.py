"""A job that OSS refused leaves traces in two logs: the line of OSS's access log that tells of the same request.

Texts of errors are as a job prints them, and any job can print any text: the line counts only where its bucket and
its role are those of the job. Names become part of a query only if they are names of their kind.
"""

from __future__ import annotations

import re

import msgspec

from rolemend.account.interface import Logs
from rolemend.errors import AccountError, NotThere, RecordRejected
from rolemend.incident.journal import StoppedJob
from rolemend.naming import is_region
from rolemend.signals import oss_access_log
from rolemend.signals.denial import BucketTarget, Denial, JobTarget

HOLD_SECONDS = 300
"""For so long after a job ended its line is waited for: OSS's logs arrive within three minutes."""

_BEFORE_SECONDS = 21_600
"""A job may go on for a while after what it was refused."""

_REQUEST = re.compile(r"[0-9A-Fa-f]{8,64}", re.ASCII)
_BUCKET = re.compile(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]", re.ASCII)


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """A job that failed of a request which OSS's access log tells of: the denial is that of the log."""

    denial: Denial
    job: StoppedJob


class Awaited(msgspec.Struct, frozen=True):
    """The line may still come."""


def line_of(denial: Denial, logs: Logs, now: float) -> Denial | Awaited | None:
    """What the access log says of the request that a job was refused; None if it tells of no such denial."""
    target = denial.target
    bucket = target.bucket if isinstance(target, JobTarget) else None
    if bucket is None or not (_REQUEST.fullmatch(denial.request_id) and _BUCKET.fullmatch(bucket.bucket)):
        return None
    regions = dict.fromkeys(one for one in (bucket.region, denial.region) if is_region(one))
    asked = [_asked(region, bucket.bucket, denial, logs, now) for region in regions]
    lines = [line for one in asked for line in one or ()]
    if lines:
        return next((line for line in lines if _agrees(line, denial, bucket)), None)
    if now < denial.time + HOLD_SECONDS and any(one is not None for one in asked):
        return Awaited()
    return None


def _asked(region: str, bucket: str, denial: Denial, logs: Logs, now: float) -> list[Denial | None] | None:
    """The lines of this request, None for one that is no denial; None if there is no log.

    A log that does not answer is waited for like one that has no such line yet: the job is never held up for longer.
    """
    query = (
        f"__topic__: oss_access_log and bucket: {bucket} and http_status: 403"
        f" | where request_id = '{denial.request_id}'"
    )
    project, since = f"oss-log-{denial.account}-{region}", max(denial.time - _BEFORE_SECONDS, 0)
    try:
        found = logs.search(region, project, "oss-log-store", query, since, int(now) + 1)
    except NotThere:
        return None
    except AccountError:
        return []
    return [_read(record) for record in found if record.get("request_id") == denial.request_id]


def _read(record: object) -> Denial | None:
    try:
        found = oss_access_log.read_record(record)  # type: ignore[arg-type]
    except RecordRejected:
        return None
    return found if isinstance(found, Denial) else None


def _agrees(line: Denial | None, denial: Denial, bucket: BucketTarget) -> bool:
    if line is None or not isinstance(line.target, BucketTarget):
        return False
    who, role = line.principal, denial.principal
    return (
        line.target.bucket == bucket.bucket
        and line.account == denial.account
        and (who.type, who.account) == ("assumed_role", denial.account)
        and bool(role.name)
        and who.name.lower() == role.name.lower()
    )
