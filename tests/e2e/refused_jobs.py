"""Denials of Serverless Spark jobs, put into the ledger as `watch` writes them; the workspaces and roles are real."""

from __future__ import annotations

import time
from typing import Any

from demo import clients
from demo.scenarios import trust
from demo.stage import HOME, Stage, make_role
from rolemend.incident.journal import Counted, Opened
from rolemend.incident.life import Incident
from rolemend.signals.denial import BucketTarget, Denial, DeniedPrincipal, JobTarget, fingerprint, incident_id
from rolemend.work.events import incident_event
from tests.e2e.failures import allowing
from tests.e2e.watching import invoke

SPARK = "spark.emr-serverless.aliyuncs.com"
ROLE, LAB, DATA = "emr-demo-spark", "demo-data-lab", "demo-data-in"
NOT_TOLD = ("acs:SecureTransport", "acs:SourceIp", "acs:SourceVpc", "acs:UserAgent")


def workspace(stage: Stage, *services: str, role: str = ROLE, more: tuple[str, ...] = ()) -> str:
    """A workspace whose role trusts these services and works in the bucket of its directory; the workspace's id."""
    from alibabacloud_emr_serverless_spark20230808 import models

    bucket = clients.bucket(stage.root, LAB)
    bucket.create_bucket("private")
    bucket.put_object("jobs/etl.py", b"print('hello')")
    working = (
        "oss:GetObject", "oss:PutObject", "oss:ListObjects", "oss:DeleteObject", "oss:GetBucketInfo",
    )  # fmt: skip
    policies: dict[str, Any] = {
        f"{role}-lab": allowing(*working, resources=(f"acs:oss:*:*:{LAB}", f"acs:oss:*:*:{LAB}/*"))
    }
    if more:
        policies[f"{role}-more"] = allowing(*more)
    make_role(stage, role, trust(*services), policies)
    request = models.CreateWorkspaceRequest(
        region_id=HOME, workspace_name="lab", oss_bucket=f"oss://{LAB}/jobs", ram_role_name=role
    )
    return str(clients.spark(stage.root).create_workspace(request).body.workspace_id)


def data_bucket(stage: Stage) -> None:
    bucket = clients.bucket(stage.root, DATA)
    bucket.create_bucket("private")
    bucket.put_object("in/a.csv", b"1")


def denied_job(stage: Stage, place: str, service: str, action: str, **changes: Any) -> Denial:
    """The denial of a job; `principal`, `code` and members of the target may be changed."""
    principal = changes.pop(
        "principal", DeniedPrincipal(type="assumed_role", account=stage.account, name=ROLE)
    )
    code, detail = changes.pop("code", "NoPermission"), changes.pop("detail_code", "")
    target = JobTarget(
        **({"workspace": place, "job_run": "jr-1", "service": service, "role": ROLE} | changes)
    )
    return Denial(
        signal_id="jr-1",
        source="spark_job",
        account=stage.account,
        region=HOME,
        principal=principal,
        action=action,
        target=target,
        code=code,
        detail_code=detail,
        time=int(time.time()),
        unknown_conditions=NOT_TOLD,
    )


def on_bucket(stage: Stage, place: str, action: str = "oss:ListObjects") -> Denial:
    """The denial of a job that OSS refused on the bucket of the data."""
    bucket = BucketTarget(bucket=DATA, host=f"{DATA}.oss-{HOME}-internal.aliyuncs.com")
    return denied_job(
        stage, place, "oss", action, bucket=bucket, code="AccessDenied", detail_code="0003-00000001"
    )


def by_submitter(stage: Stage, place: str, service: str, action: str, user: str, **changes: Any) -> Denial:
    """The denial of a job for what its submitter, a RAM user told by id, lacks."""
    users = stage.local.cloud.state.accounts[stage.account].ram.users
    who = DeniedPrincipal(type="ram_user", account=stage.account, id=users[user].id)
    return denied_job(stage, place, service, action, principal=who, submitter=who, **changes)


def refuse(stage: Stage, denial: Denial) -> Incident:
    """Write the denial into the ledger, start `diagnose`, and wait for what comes of it."""
    ledger, key = stage.ledger(), incident_id(denial)
    opened = Opened(fingerprint=fingerprint(denial), denial=denial)
    counted = Counted(signals=(denial.signal_id,), count=1, first=denial.time, last=denial.time)
    ledger.extend(key, lambda known: [] if known.fingerprint else [opened, counted])
    ledger.mark_open(key)
    invoke(stage, "diagnose", incident_event(key))
    stage.settle()
    return ledger.load(key)


def run_job(stage: Stage, place: str, *arguments: str) -> str:
    """Run a job with the real SDK; the state it ends in."""
    from alibabacloud_emr_serverless_spark20230808 import models

    driver = {"entryPoint": f"oss://{LAB}/jobs/etl.py", "entryPointArguments": list(arguments)}
    body = {"regionId": HOME, "codeType": "PYTHON", "name": "etl", "jobDriver": {"sparkSubmit": driver}}
    spark = clients.spark(stage.root)
    started = spark.start_job_run(place, models.StartJobRunRequest().from_map(body)).body.job_run_id
    for _ in range(200):
        run = spark.get_job_run(place, started, models.GetJobRunRequest(region_id=HOME)).body.job_run
        if run.state in ("Success", "Failed"):
            return str(run.state)
        time.sleep(0.02)
    raise AssertionError("the job did not end")
