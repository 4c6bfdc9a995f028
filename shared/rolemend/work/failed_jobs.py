"""Failed jobs of Serverless Spark: found by what an event tells, read, and turned into denials.

What cannot be read now is kept under `pending/jobs/` and read again by the timer, so that one job that cannot be read
holds up no other.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import TYPE_CHECKING

import msgspec

from rolemend.account.interface import FailedJobs, JobRun, Logs
from rolemend.errors import AccountError, LedgerDamaged, NotThere, Unreachable
from rolemend.incident.journal import StoppedJob
from rolemend.incident.pending_jobs import PendingJob, PendingJobs
from rolemend.signals.denial import Denial, PassedOver
from rolemend.signals.spark_job import FailedJob
from rolemend.work.access_line import Awaited, Refusal, line_of
from rolemend.work.job_denial import People, denial_of, is_complete, most_telling

if TYPE_CHECKING:
    from rolemend.explain.answer import Answer

GIVE_UP_SECONDS = 7_200
"""For so long after it failed, a job that cannot be read is tried again, and once at least."""

LISTED_SECONDS = 900
"""How far back failed runs are listed; the timer that does it comes every five minutes."""

MOST_JOBS = 40
"""How many jobs one invocation reads; each may take a handful of calls. The others wait for the timer."""

MOST_LISTED = 500
"""How many failed runs are listed at once."""

_MOST_WORKSPACES = 100
_MOST_AROUND = 10
_ENDED = frozenset({"Success", "Failed", "Cancelled"})


class Reader(msgspec.Struct, frozen=True, kw_only=True):
    """What failed jobs are read with. `home` is the region where events name none."""

    spark: FailedJobs
    logs: Logs
    account: str
    home: str


Outcome = Denial | Refusal | PassedOver


class Lost(msgspec.Struct, frozen=True, kw_only=True):
    """A pending job that is given up: what is known of it, and why; `error` if the service was the reason."""

    pending: PendingJob
    reason: str
    job: FailedJob | None = None
    error: AccountError | None = None


class Settled(msgspec.Struct, frozen=True, kw_only=True):
    """What became of jobs: `over` are pending ones that are done with, `lost` those given up.

    `later` jobs are still to be read; `error` is the first that stood in the way.
    """

    outcomes: tuple[Outcome, ...] = ()
    over: tuple[PendingJob, ...] = ()
    lost: tuple[Lost, ...] = ()
    later: int = 0
    error: AccountError | None = None


def settle(jobs: Sequence[FailedJob], reader: Reader, store: PendingJobs, now: float) -> Settled:
    """Read jobs as their events come in; one that cannot be read is recorded, so none is lost.

    Once the service does not answer it is asked no more, so that the time left suffices to record the others.
    """
    outcomes: list[Outcome] = []
    later, answers = 0, True
    for number, job in enumerate(jobs):
        if answers and number < MOST_JOBS:
            try:
                found = read_job(job, reader, now)
                outcomes += [one for one in found if not isinstance(one, FailedJob)]
                later += len(_awaited(found, store, now))
                continue
            except AccountError as error:  # the timer reports it if it stays
                answers = not isinstance(error, Unreachable)
        store.record(job, now)
        later += 1
    return Settled(outcomes=tuple(outcomes), later=later)


def _awaited(found: Sequence[Outcome | FailedJob], store: PendingJobs, now: float) -> list[str]:
    """Keep the runs whose line in the access log is still to come; the keys of what was kept."""
    return [store.record(one, now) for one in found if isinstance(one, FailedJob)]


def follow(reader: Reader, store: PendingJobs, now: float) -> Settled:
    """Read again what could not be read. A refusal of one job leaves the others their answer."""
    outcomes: list[Outcome] = []
    over: list[PendingJob] = []
    lost: list[Lost] = []
    error: AccountError | None = None
    waiting = list(store.all())
    for pending in _turn(waiting, now):
        if isinstance(error, Unreachable):
            break
        found = _follow_one(pending, reader, store, now)
        if isinstance(found, Lost):
            lost.append(found)
            error = error or found.error
        elif isinstance(found, AccountError):
            error = error or found
        else:
            outcomes += [one for one in found if not isinstance(one, FailedJob)]
            if pending.key not in _awaited(found, store, now):
                over.append(pending)
    later = len(waiting) - len(over) - len(lost)
    return Settled(outcomes=tuple(outcomes), over=tuple(over), lost=tuple(lost), later=later, error=error)


def _turn(waiting: Sequence[PendingJob], now: float) -> Sequence[PendingJob]:
    """Those whose turn it is. Where there are too many, each timer begins at others: none keeps out the rest."""
    start = int(now) // 60 * MOST_JOBS % len(waiting) if len(waiting) > MOST_JOBS else 0
    return [*waiting[start:], *waiting[:start]][:MOST_JOBS]


def _follow_one(
    pending: PendingJob, reader: Reader, store: PendingJobs, now: float
) -> list[Outcome | FailedJob] | Lost | AccountError:
    job = None
    try:
        job = store.read(pending)
        return read_job(job, reader, now)
    except NotThere as error:
        return [PassedOver("settled by another instance")] if job is None else error
    except LedgerDamaged as damage:
        return Lost(pending=pending, reason=str(damage))
    except AccountError as error:
        if now <= pending.time + GIVE_UP_SECONDS:
            return error
        return Lost(pending=pending, reason=str(error), job=job, error=error)


def listed(reader: Reader, now: float) -> list[FailedJob]:
    """The runs of the home region that have failed lately, MOST_LISTED at most. Raises AccountError."""
    runs = (
        run
        for workspace in reader.spark.workspaces(reader.home)
        for run in reader.spark.failed_runs(reader.home, workspace, now - LISTED_SECONDS)
    )
    return [
        FailedJob(workspaces=(run.workspace,), runs=(run.id,), region=reader.home, time=int(run.ended))
        for run in islice(runs, MOST_LISTED)
    ]


def read_job(job: FailedJob, reader: Reader, now: float) -> list[Outcome | FailedJob]:
    """What the service says of a failed job; a run whose line in the access log is still to come stays a FailedJob.
    Raises AccountError if the service cannot be asked now."""
    region = job.region or reader.home
    runs = _named(job, reader.spark, region) or _around(job, reader.spark, region, now)
    if not runs:
        return [PassedOver("job run not found")]
    ended = [run for run in runs if run.state in _ENDED]
    if not ended:
        raise AccountError("GetJobRun", "NotEnded", f"{runs[0].id} is still {runs[0].state[:40]}")
    return [_outcome(run, job, reader, region, now) for run in ended]


def _named(job: FailedJob, spark: FailedJobs, region: str) -> list[JobRun]:
    """The runs that the event names. What an event names need not exist or be ours: a refusal counts only if nothing is
    found."""
    if not job.runs:
        return []
    asked = [
        _asked(spark, region, workspace, run)
        for workspace in job.workspaces or spark.workspaces(region)[:_MOST_WORKSPACES]
        for run in job.runs
    ]
    found = [one for one in asked if isinstance(one, JobRun)]
    errors = [one for one in asked if isinstance(one, AccountError) and not isinstance(one, NotThere)]
    passing = [error for error in errors if isinstance(error, Unreachable)]
    if passing or (errors and not found):
        raise (passing or errors)[0]
    return found


def _asked(spark: FailedJobs, region: str, workspace: str, run: str) -> JobRun | AccountError:
    try:
        return spark.job_run(region, workspace, run)
    except AccountError as error:
        return error


def _around(job: FailedJob, spark: FailedJobs, region: str, now: float) -> list[JobRun]:
    """The failed runs that ended nearest to the event; the timer finds the others."""
    time = job.time or now
    found: list[JobRun] = []
    for workspace in job.workspaces or spark.workspaces(region)[:_MOST_WORKSPACES]:
        found += _failed(spark, region, workspace, time - LISTED_SECONDS)
    return sorted(found, key=lambda run: abs(run.ended - time))[:_MOST_AROUND]


def _failed(spark: FailedJobs, region: str, workspace: str, since: float) -> list[JobRun]:
    """Those of one workspace; none if there is no such workspace."""
    try:
        return list(islice(spark.failed_runs(region, workspace, since), MOST_LISTED))
    except NotThere:
        return []


def _outcome(run: JobRun, job: FailedJob, reader: Reader, region: str, now: float) -> Outcome | FailedJob:
    if run.state != "Failed":
        return PassedOver(f"job run {run.state}")
    answers = _answers(run, reader.spark, region)
    answer = most_telling(answers)
    if answer is None:
        known = next((one.cause for one in answers if one.cause != "unknown"), "")
        return PassedOver(f"job failed: {known or 'no permission problem'}")
    denial = denial_of(run, answer, _people(run, job, reader, region), region)
    if isinstance(denial, PassedOver):
        return denial
    line = line_of(denial, reader.logs, now)
    if isinstance(line, Awaited):
        return msgspec.structs.replace(
            job, workspaces=(run.workspace,), runs=(run.id,), region=region, time=int(run.ended)
        )
    if line is None:
        return denial
    return Refusal(denial=line, job=StoppedJob(workspace=run.workspace, run=run.id, region=region))


def _answers(run: JobRun, spark: FailedJobs, region: str) -> list[Answer]:
    """What stands in the run's reason, and in its logs unless the reason tells all. The reason's answers come first."""
    from rolemend.explain.explain import explain_bytes

    said = run.message if run.reason in run.message else f"{run.reason}: {run.message}"
    found = explain_bytes(said.encode("utf-8", "replace"))
    for path in run.logs:
        if is_complete(most_telling(found)):
            break
        try:
            text = spark.log_end(region, run.workspace, path)
        except NotThere:  # a job that fails at its start may have written none
            continue
        in_log = explain_bytes(text.encode("utf-8", "replace"))
        found = [*in_log, *found] if most_telling(in_log) is not None else [*found, *in_log]
    return found


def _people(run: JobRun, job: FailedJob, reader: Reader, region: str) -> People:
    """Whom the job could act as, asked of the service."""
    gateway = job.gateways[0] if len(job.gateways) == 1 else ""
    try:
        role = reader.spark.execution_role(region, run.workspace)
    except NotThere:  # the workspace was deleted since
        role = ""
    try:
        creators = reader.spark.token_creators(region, run.workspace, gateway) if gateway else ()
    except NotThere:
        creators = ()
    return People(
        account=reader.account, role=role, submitter=run.submitter, gateway=gateway, creators=creators
    )
