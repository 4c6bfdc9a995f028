"""A job of Serverless Spark that fails becomes a denial of the right principal, by whatever way its event comes."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from demo import clients
from demo import spark_jobs as jobs
from demo.receiver import Receiver
from demo.scenarios import GUARDRAILS, Call
from demo.stage import HOME, LEDGER, TRAIL_PROJECT, Stage, set_stage
from localcloud.faults import Fault
from localcloud.server import LocalCloud
from rolemend.naming import EVENT_LOGSTORE
from rolemend.signals.denial import Denial, DeniedPrincipal, JobTarget
from rolemend.work.access_line import HOLD_SECONDS
from tests.e2e.plays import still_pending
from tests.e2e.watching import fire, host, invocations, invoke, results

ROLE, USER, CREATOR = "role", "user", "token creator"


@dataclass(frozen=True)
class Failure:
    """`job` fails; its denial is of `who`, by `service`, with `action` and `cause`, and names `resource`, and a bucket
    whose name ends with `bucket`."""

    job: Callable[[Stage, str], Call]
    service: str
    who: str
    cause: str
    action: str = ""
    resource: str = ""
    bucket: str = ""


MISSING = "permission_missing"
FAILURES = {
    "oss": Failure(jobs.oss, "oss", ROLE, MISSING, "oss:ListObjects", bucket="-data"),
    "log": Failure(jobs.log_only, "oss", ROLE, MISSING, "oss:ListObjects", bucket="-data"),
    "kms": Failure(jobs.kms, "kms", ROLE, "kms_permission_missing", bucket="-data"),
    "directory": Failure(jobs.directory_closed, "oss", ROLE, MISSING, "oss:PutObject", bucket="-lab"),
    "dlf-right": Failure(jobs.dlf_identity, "dlf", USER, MISSING, "dlf:GetTable", "database/sales/table/orders"),
    "dlf-data": Failure(jobs.dlf_data, "dlf", USER, "dlf_data_permission_missing", "", "sales.orders"),
    "dlf-role": Failure(jobs.dlf_on_behalf, "dlf", ROLE, MISSING, "dlf-auth:ActOnBehalfOfAnotherUser"),
    "dlf-livy": Failure(jobs.dlf_livy, "dlf", CREATOR, MISSING, "dlf:GetTable", "table/orders"),
    "odps": Failure(jobs.maxcompute, "maxcompute", USER, MISSING, "odps:Select", "/tables/orders"),
    "odps-role": Failure(
        jobs.maxcompute_on_behalf, "maxcompute", ROLE, MISSING, "odps:ActOnBehalfOfAnotherUser", "default/ramuser/"
    ),
    "no-role": Failure(jobs.role_deleted, "sts", ROLE, "role_not_found", "sts:AssumeRole", "role/no-role"),
    "no-trust": Failure(jobs.role_not_trusting, "sts", ROLE, MISSING, "sts:AssumeRole", "role/no-trust"),
}  # fmt: skip


def provoke(stage: Stage, call: Call) -> str:
    """Run a job that fails, and let everything that follows end; the job's id."""
    with pytest.raises(jobs.JobFailed) as error:
        call()
    stage.settle()
    return error.value.run


def denials(stage: Stage) -> list[Denial]:
    """The denials of jobs that opened an incident."""
    return [denial for denial, _ in _pairs(stage)]


def failed_of_it(stage: Stage) -> list[str]:
    """The jobs that incidents of the access log name."""
    return [job.run for incident in stage.incidents().values() for job in incident.jobs]


def without_log(stage: Stage) -> None:
    """OSS writes no access log: what a job's text says is all there is."""

    def take(cloud: Any) -> None:
        projects = cloud.state.sls.projects
        del projects[next(name for name in projects if name.startswith("oss-log-"))]

    stage.local.call(take)


def target(denial: Denial) -> JobTarget:
    assert isinstance(denial.target, JobTarget)
    return denial.target


def errors(stage: Stage) -> list[str]:
    return [one.error for one in invocations(stage, "watch") if one.error]


@pytest.mark.parametrize("name", FAILURES)
def test_a_failed_job_is_a_denial_of_whoever_was_denied(stage: Stage, name: str) -> None:
    failure = FAILURES[name]
    without_log(stage)
    job = provoke(stage, failure.job(stage, name))
    (denial,) = denials(stage)
    told = target(denial)
    users = stage.local.cloud.state.accounts[stage.account].ram.users
    user = DeniedPrincipal(type="ram_user", account=stage.account, id=users[f"{name}-ana"].id)
    creator = DeniedPrincipal(type="ram_user", account=stage.account, name=f"{name}-ana")
    role = DeniedPrincipal(type="assumed_role", account=stage.account, name=name)
    assert denial.principal == {ROLE: role, USER: user, CREATOR: creator}[failure.who]
    assert (denial.signal_id, denial.source, denial.region) == (job, "spark_job", HOME)
    assert (told.service, told.cause, denial.action) == (failure.service, failure.cause, failure.action)
    assert (told.job_run, told.role) == (job, name)
    assert failure.resource in told.resource
    assert (told.bucket.bucket if told.bucket else "") == (failure.bucket and name + failure.bucket)
    if failure.who == CREATOR:
        assert told.gateway.startswith("lc-")
        assert told.token_creator == creator
        assert told.submitter == DeniedPrincipal(type="root", account=stage.account, id=stage.account)
    else:
        assert told.submitter == user
    assert errors(stage) == []
    assert still_pending(stage) == 0


@pytest.mark.parametrize(
    ("job", "service", "cause"),
    [
        (jobs.default_role_deleted, "sts", "role_not_found"),
        (jobs.default_role_edited, "oss", "permission_missing"),
    ],
)
def test_a_default_role_that_was_tampered_with_is_named(
    stage: Stage, job: Callable[[Stage], Call], service: str, cause: str
) -> None:
    without_log(stage)
    provoke(stage, job(stage))
    (denial,) = denials(stage)
    assert denial.principal.name == target(denial).role == jobs.DEFAULT_ROLE
    assert (target(denial).service, target(denial).cause) == (service, cause)


def test_several_failures_in_one_account_are_told_apart(stage: Stage) -> None:
    names = ("oss", "kms", "dlf-right", "odps")
    without_log(stage)
    provoked = {provoke(stage, FAILURES[name].job(stage, name)) for name in names}
    assert {denial.signal_id for denial in denials(stage)} == provoked
    assert sorted(target(denial).service for denial in denials(stage)) == ["dlf", "kms", "maxcompute", "oss"]


def quiet(stage: Stage) -> None:
    """No rule routes the events."""
    stage.local.call(lambda cloud: cloud.state.spark.event_targets.clear())


@pytest.mark.parametrize("form", ["cloudmonitor", "cloudevents"])
def test_an_event_sent_straight_to_the_function_does_the_same(stage: Stage, form: str) -> None:
    quiet(stage)
    rule = (stage.account, "rolemend-watch", form)
    stage.local.call(lambda cloud: cloud.state.spark.event_functions.append(rule))
    job = provoke(stage, jobs.oss(stage))
    assert failed_of_it(stage) == [job]
    assert errors(stage) == []


def test_a_job_whose_event_never_came_is_found_by_the_timer(stage: Stage) -> None:
    quiet(stage)
    job = provoke(stage, jobs.oss(stage))
    assert failed_of_it(stage) == []
    for _ in range(2):
        fire(stage, "jobs")
    (incident,) = stage.incidents().values()
    assert ([one.run for one in incident.jobs], incident.count) == ([job], 1)
    assert errors(stage) == []


def write(stage: Stage, *fields: dict[str, str]) -> None:
    """Records of CloudMonitor in its logstore."""
    stage.local.call(
        lambda cloud: cloud.services["sls"].append(  # type: ignore[attr-defined]
            project=TRAIL_PROJECT,
            logstore=EVENT_LOGSTORE,
            logs=[list(one.items()) for one in fields],
            topic="whatever",
            time=int(cloud.clock()),
        )
    )
    stage.settle()


@pytest.mark.parametrize(
    "content", ["", "a job failed", '{"jobRunId": "jr-', "jr-00000000aaaaaaaa", '["' + "x" * 200_000]
)
def test_an_event_without_the_runs_id_leads_to_the_failed_runs_around_it(stage: Stage, content: str) -> None:
    quiet(stage)
    job = provoke(stage, jobs.oss(stage))
    write(stage, {"name": "EMRSpark:JobRun:FAILED", "regionId": HOME, "content": content})
    assert failed_of_it(stage) == [job]
    assert errors(stage) == []


def test_what_is_no_matter_of_permissions_is_counted_by_its_reason(stage: Stage) -> None:
    made = jobs.lab(stage, "job")
    provoke(stage, made.running(f"oss://{made.bucket}/nothing/"))
    assert stage.incidents() == {}
    write(stage, {"name": "EMRSpark:JobRun:TIMEOUT"}, {"name": "EMRSpark:JobRun:FAILED", "x": "jr-123456789"})
    passed = [result["passed_over"] for result in results(stage, "watch")]
    assert {"job failed: no permission problem": 1} in passed
    assert {"other system event": 1, "job failed: no permission problem": 1} in passed
    assert errors(stage) == []


def test_ids_of_nobodys_jobs_cost_a_question_and_no_more(stage: Stage) -> None:
    hostile = {"name": "EMRSpark:JobRun:FAILED", "regionId": HOME}
    write(
        stage,
        hostile | {"workspaceId": "w-00000000000", "jobRunId": "jr-00000000000"},
        hostile | {"content": json.dumps({"workspaceId": ["w-x" * 9], "jobRunId": ["jr-1"] * 5_000})},
        hostile | {"regionId": "evil.example.com", "jobRunId": "jr-00000000000"},
    )
    assert stage.incidents() == {}
    for _ in range(2):
        fire(stage, "pending")
    assert stage.incidents() == {}


@pytest.mark.parametrize("name", ["oss", "log", "kms", "directory"])
@pytest.mark.parametrize("first", ["job", "line"])
def test_a_job_that_oss_refused_is_one_incident_whichever_log_comes_first(
    stage: Stage, receiver: Receiver, name: str, first: str
) -> None:
    call = FAILURES[name].job(stage, name)
    stage.settle()
    quiet(stage)
    if first == "line":
        job = provoke(stage, call)
        fire(stage, "jobs")
    else:
        stage.local.call(lambda cloud: setattr(host(stage).settings, "pause_triggers", True))
        with pytest.raises(jobs.JobFailed) as error:
            call()
        job = error.value.run
        stage.local.call(lambda cloud: cloud.services["fc"].fire_timer("rolemend-watch", "jobs"))  # type: ignore[attr-defined]
        stage.local.do(host(stage).quiet(30.0))
        assert failed_of_it(stage) == [job]
        stage.local.call(lambda cloud: setattr(host(stage).settings, "pause_triggers", False))
    stage.settle()
    fire(stage, "pending")
    (incident,) = stage.incidents().values()
    assert ([one.run for one in incident.jobs], incident.count, incident.round) == ([job], 1, 1)
    assert len(receiver.messages) == 1
    assert len(incident.changes) <= 1
    assert (still_pending(stage), errors(stage)) == (0, [])


def hold_back_lines(stage: Stage) -> Callable[[], None]:
    """OSS's log is slow: its lines come when what this answers is called."""
    sls: Any = stage.local.cloud.services["sls"]
    append, held = sls.append, []

    def later(**record: Any) -> None:
        if record["project"].startswith("oss-log-"):
            held.append(record)
        else:
            append(**record)

    def release(_: Any) -> None:
        del sls.append
        for record in held:
            append(**record)

    stage.local.call(lambda cloud: setattr(sls, "append", later))
    return lambda: stage.local.call(release)


def test_a_line_that_is_long_in_coming_joins_the_incident_of_its_job(
    stage: Stage, receiver: Receiver
) -> None:
    """The job is held for some minutes, then is an incident of its own; OSS's log tells of it later still."""
    call = jobs.oss(stage, "spark-demo-oss")
    lines = hold_back_lines(stage)
    job = provoke(stage, call)
    assert (stage.incidents(), still_pending(stage)) == ({}, 1)
    fire(stage, "pending")
    assert (stage.incidents(), still_pending(stage)) == ({}, 1)
    for run in stage.local.cloud.state.spark.job_runs.values():
        run.ended -= HOLD_SECONDS
    fire(stage, "pending")
    (incident,) = stage.incidents().values()
    assert incident.denial is not None
    assert incident.denial.signal_id == job
    assert still_pending(stage) == 0
    lines()
    stage.settle()
    (incident,) = stage.incidents().values()
    assert (incident.round, len(incident.changes), len(receiver.messages)) == (1, 1, 1)


def run_all(local: LocalCloud, receiver: Receiver, change: Callable[[Any], None]) -> Any:
    """Three jobs that fail, their events delivered as `change` sets it, and every invocation made once more."""
    local.reset()
    receiver.messages.clear()
    stage = set_stage(local, receiver.url, GUARDRAILS)
    made = jobs.lab(stage, "job", *jobs.ON_BEHALF)
    jobs.catalog(made)
    jobs.project(made)
    local.call(lambda cloud: change(host(stage).settings))
    for table in (made.lake_table, made.project_table, made.lake_table):
        provoke(stage, made.running("--input", table))
    local.call(lambda cloud: setattr(host(stage).settings, "pause_triggers", False))
    stage.settle()
    for one in [one for one in invocations(stage, "watch") if one.payload]:
        invoke(stage, "watch", one.payload)
    fire(stage, "jobs")
    assert errors(stage) == []
    return sorted((target(denial).service, incident.count) for denial, incident in _pairs(stage))


def _pairs(stage: Stage) -> list[tuple[Denial, Any]]:
    found = [(incident.denial, incident) for incident in stage.incidents().values()]
    return [
        (denial, incident) for denial, incident in found if denial and isinstance(denial.target, JobTarget)
    ]


def plain(settings: Any) -> None:
    settings.pause_triggers = True


def twice(settings: Any) -> None:
    settings.pause_triggers = settings.duplicate_deliveries = True


def twice_and_reversed(settings: Any) -> None:
    twice(settings)
    settings.reverse_deliveries = True


@pytest.mark.parametrize("change", [plain, twice, twice_and_reversed])
def test_the_way_of_delivery_does_not_change_what_is_counted(
    local: LocalCloud, receiver: Receiver, change: Callable[[Any], None]
) -> None:
    assert run_all(local, receiver, change) == [("dlf", 2), ("maxcompute", 1)]


@pytest.mark.parametrize(
    ("service", "operation", "kind"),
    [
        ("spark", "GetJobRun", "error"),
        ("spark", "GetWorkspace", "throttle"),
        ("spark", "ListLogContents", "reset"),
        ("oss", "AppendObject", "error"),
        ("oss", "PutObject", "error"),
        ("fc", "InvokeFunction", "error"),
    ],
)
def test_a_fault_on_the_way_delays_a_failed_job_and_neither_loses_nor_doubles_it(
    stage: Stage, service: str, operation: str, kind: str
) -> None:
    host(stage).settings.retry_scale = 0.001
    fault = Fault(service=service, operation=operation, kind=kind, caller="rolemend-watch", times=None)  # type: ignore[arg-type]
    stage.local.call(lambda cloud: cloud.faults.append(fault))
    job = provoke(stage, jobs.log_only(stage))
    stage.local.call(lambda cloud: cloud.faults.clear())
    for timer in ("pending", "jobs"):
        fire(stage, timer)
    (incident,) = stage.incidents().values()
    assert ([one.run for one in incident.jobs], incident.count) == ([job], 1)
    assert still_pending(stage) == 0


def test_a_job_that_cannot_be_read_for_two_hours_is_kept_aside(stage: Stage) -> None:
    host(stage).settings.retry_scale = 0.001
    fault = Fault("spark", "GetJobRun", "error", caller="rolemend-watch", times=None)
    stage.local.call(lambda cloud: cloud.faults.append(fault))
    provoke(stage, jobs.oss(stage))
    assert still_pending(stage) == 1
    bucket = clients.bucket(stage.root, LEDGER)
    (kept,) = bucket.list_objects_v2("pending/").object_list
    old = kept.key.replace("/" + kept.key.rpartition("/")[2].partition("-")[0], "/1000")
    bucket.put_object(old, bucket.get_object(kept.key).read())
    bucket.delete_object(kept.key)
    fire(stage, "pending")
    assert still_pending(stage) == 0
    (aside,) = bucket.list_objects_v2("rejected/").object_list
    assert "a failed job was read no further" in bucket.get_object(aside.key).read().decode()
