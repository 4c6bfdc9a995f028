"""A job that OSS refused and the line of OSS's access log on the same request are one incident."""

from __future__ import annotations

from typing import Any

import pytest

from rolemend.account.interface import JobRun, LogRange
from rolemend.errors import AccountError, NotThere, Refused, Unreachable
from rolemend.incident.life import Incident
from rolemend.incident.tally import MOST_JOBS
from rolemend.signals.denial import BucketTarget, JobTarget
from rolemend.work.access_line import HOLD_SECONDS
from rolemend.work.events import LogTrigger, Timer, TrailEvents
from rolemend.work.watch import watch
from rolemend.work.watch_parts import Watched
from tests.fakes import FakeLogs, cursor
from tests.samples import ACCOUNT, denied_line
from tests.work.scene import Scene
from tests.work.test_failed_jobs import NOW, RUN, WORKSPACE, event, failed

REQUEST, ROLE, BUCKET = "5C0A1B2C3D4E5F6071829300", "job-role", "orders"
DETAIL = (
    "<AccessDeniedDetail><AuthAction>oss:ListObjects</AuthAction><PolicyType>AccountLevelIdentityBasedPolicy"
    "</PolicyType><NoPermissionType>ImplicitDeny</NoPermissionType></AccessDeniedDetail>"
)


def refused(request: str = REQUEST, bucket: str = BUCKET, run: str = RUN) -> JobRun:
    host = f"{bucket}.oss-cn-hangzhou-internal.aliyuncs.com"
    said = (
        "com.aliyun.oss.OSSException: You have no right to access this object.\n[ErrorCode]: AccessDenied\n"
        f"[RequestId]: {request}\n[HostId]: {host}\n[ResponseError]:\n<Error><Code>AccessDenied</Code><Message>You "
        f"have no right to access this object.</Message><RequestId>{request}</RequestId><HostId>{host}</HostId>"
        f"<EC>0003-00000001</EC>{DETAIL}</Error>"
    )
    return failed(run, said, reason="AccessDenied")


def line(**changes: str) -> dict[str, Any]:
    parts = {
        "__time__": str(NOW - 20),
        "http_status": "403",
        "error_code": "AccessDenied",
        "ec": "0003-00000001",
        "operation": "GetBucket",
        "object": "-",
        "bucket": BUCKET,
        "request_id": REQUEST,
        "extend_information": f"{ACCOUNT},{ROLE},spark-{RUN},{ACCOUNT}",
    }
    return {**denied_line(), **parts, **changes}


class Two:
    """The two logs of one account."""

    def __init__(self, *runs: JobRun) -> None:
        self.scene = Scene(now=NOW + 5.0)
        self.scene.jobs.roles[WORKSPACE] = ROLE
        self.scene.jobs.runs = list(runs or [refused()])
        self.logs = FakeLogs([])

    def job(self, run: str = RUN) -> Watched:
        return watch(TrailEvents((event(run),)), self.scene.watch_parts(logs=self.logs))

    def timer(self) -> Watched:
        return watch(Timer("pending"), self.scene.watch_parts(logs=self.logs))

    def line(self, *lines: dict[str, Any]) -> Watched:
        """The line arrives."""
        self.logs.lines = self.logs.found = list(lines or [line()])
        where = LogRange(
            endpoint="e",
            project="p",
            logstore="l",
            shard=0,
            begin=cursor(1),
            end=cursor(1 + len(lines or "1")),
        )
        return watch(LogTrigger(where, "oss_access_log"), self.scene.watch_parts(logs=self.logs))

    @property
    def incidents(self) -> list[Incident]:
        keys = [key for key in self.scene.store.objects if key.startswith("incidents/")]
        return [self.scene.ledger.load(key.removeprefix("incidents/").removesuffix(".jsonl")) for key in keys]

    @property
    def pending(self) -> int:
        return sum(key.startswith("pending/jobs/") for key in self.scene.store.objects)


def test_the_line_first_then_the_job() -> None:
    two = Two()
    two.line()
    two.job()
    (incident,) = two.incidents
    assert isinstance(incident.denial and incident.denial.target, BucketTarget)
    assert (incident.count, [job.run for job in incident.jobs]) == (1, [RUN])
    assert two.scene.started == ["diagnose"]


def test_the_job_first_then_the_line() -> None:
    two = Two()
    two.logs.found = [line()]
    two.job()
    two.line()
    two.job()
    (incident,) = two.incidents
    assert isinstance(incident.denial and incident.denial.target, BucketTarget)
    assert (incident.count, [job.run for job in incident.jobs]) == (1, [RUN])


def test_a_job_waits_for_its_line_some_minutes_and_is_asked_for_by_the_index() -> None:
    two = Two()
    assert (two.job().pending, two.incidents, two.pending) == (1, [], 1)
    ((project, query),) = two.logs.asked
    assert project == f"oss-log-{ACCOUNT}-cn-hangzhou"
    assert "bucket: orders and http_status: 403" in query
    assert (two.timer().pending, two.incidents, two.pending) == (1, [], 1)
    two.line()
    assert (two.timer().pending, two.pending) == (0, 0)
    (incident,) = two.incidents
    assert (incident.count, [job.run for job in incident.jobs]) == (1, [RUN])


def test_a_line_that_comes_after_these_minutes_joins_the_jobs_own_incident() -> None:
    two = Two()
    two.job()
    two.scene.now = NOW + HOLD_SECONDS
    two.timer()
    (alone,) = two.incidents
    assert isinstance(alone.denial and alone.denial.target, JobTarget)
    assert two.pending == 0
    two.line()
    (incident,) = two.incidents
    assert (incident.id, incident.round) == (alone.id, 1)


def test_without_a_log_nothing_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    two = Two()
    searching(two, monkeypatch, NotThere("GetLogs", "ProjectNotExist", "no"))
    assert (two.job().pending, len(two.incidents)) == (0, 1)


@pytest.mark.parametrize(
    "error", [Unreachable("GetLogs", "x", "y"), Refused("GetLogs", "Unauthorized", "no")]
)
def test_a_log_that_cannot_be_asked_holds_a_job_up_no_longer(
    monkeypatch: pytest.MonkeyPatch, error: AccountError
) -> None:
    two = Two()
    searching(two, monkeypatch, error)
    assert (two.job().pending, two.incidents) == (1, [])
    two.scene.now = NOW + HOLD_SECONDS
    two.timer()
    assert (len(two.incidents), two.pending) == (1, 0)


def searching(two: Two, monkeypatch: pytest.MonkeyPatch, error: AccountError) -> None:
    def search(*_: Any) -> Any:
        raise error

    monkeypatch.setattr(two.logs, "search", search)


@pytest.mark.parametrize(
    "changes",
    [
        {"bucket": "salaries"},
        {"extend_information": f"{ACCOUNT},payroll,someone,{ACCOUNT}"},
        {"extend_information": f"2000000000000002,{ROLE},someone,2000000000000002"},
        {"owner_id": "2000000000000002"},
        {"http_status": "200"},
        {"error_code": "NoSuchKey"},
        {"extend_information": "-", "requester_id": "-"},
    ],
)
def test_a_request_of_somebody_else_that_a_job_quotes_is_not_counted(changes: dict[str, str]) -> None:
    """Any job can print any text, and so the id of a request that is none of its own."""
    two = Two()
    two.logs.found = [line(**changes)]
    two.job()
    (incident,) = two.incidents
    assert isinstance(incident.denial and incident.denial.target, JobTarget)
    assert incident.jobs == ()


@pytest.mark.parametrize(
    "request_id", ["", "x' or '1'='1", "5C0A1B2C3D4E5F6071829300' or 1=1", "*", "A" * 100]
)
def test_what_is_no_request_id_becomes_part_of_no_query(request_id: str) -> None:
    two = Two(refused(request_id))
    two.job()
    assert two.logs.asked == [] or all(f"'{request_id}'" not in query for _, query in two.logs.asked)


@pytest.mark.parametrize("bucket", ["a b", "x*", "b' or bucket: c", "UP"])
def test_what_is_no_bucket_becomes_part_of_no_query(bucket: str) -> None:
    two = Two(refused(bucket=bucket))
    two.job()
    assert all(f"bucket: {bucket} " not in query for _, query in two.logs.asked)


def test_an_incident_names_the_first_jobs_and_writes_no_more_of_the_others() -> None:
    runs = [f"jr-{number:012d}" for number in range(MOST_JOBS + 5)]
    two = Two(*(refused(run=run) for run in runs))
    two.line()
    for run in runs:
        two.job(run)
    (incident,) = two.incidents
    entries = len(two.scene.ledger.entries(incident.id))
    assert [job.run for job in incident.jobs] == runs[:MOST_JOBS]
    for run in runs:
        two.job(run)
    assert len(two.scene.ledger.entries(incident.id)) == entries
