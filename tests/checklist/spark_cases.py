"""What the tests of the Serverless Spark checklist share: a healthy account, and the denials of one job."""

from __future__ import annotations

import json
from typing import Any

from rolemend.account.interface import Bucket, Known, Role, Workspace
from rolemend.checklist.diagnose import diagnose
from rolemend.checklist.facts import Account
from rolemend.checklist.model import Advice, Diagnosis, Finding
from rolemend.signals.denial import BucketTarget, Denial, DeniedPrincipal, JobTarget
from tests.checklist.oss_cases import policy
from tests.fakes import FakeAccount
from tests.samples import ACCOUNT, LISTING, altered

SPARK = "spark.emr-serverless.aliyuncs.com"
DEFAULT = "AliyunEMRSparkJobRunDefaultRole"
ROLE = DeniedPrincipal(type="assumed_role", account=ACCOUNT, name="spark-job", session="spark-jr-1")
SUBMITTER = DeniedPrincipal(type="ram_user", account=ACCOUNT, id="290000000000000001", name="ada")
CREATOR = DeniedPrincipal(type="ram_user", account=ACCOUNT, id="290000000000000002", name="grace")
ROOT = DeniedPrincipal(type="root", account=ACCOUNT, id=ACCOUNT)
BUCKET = BucketTarget(
    bucket="data",
    key="a",
    region="cn-hangzhou",
    host="data.oss-cn-hangzhou-internal.aliyuncs.com",
    owner=ACCOUNT,
)
WORKSPACE = Workspace(
    id="w-1", name="lab", region="cn-hangzhou", role="spark-job", directory="oss://lab-files/jobs"
)
WRITING = ("oss:ListObjects", "oss:GetObject", "oss:PutObject", "oss:DeleteObject")


def trusting(*services: str, name: str = "spark-job", updated: float = 0.0) -> Known[Role]:
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": list(services)}}
    trust = json.dumps({"Version": "1", "Statement": [statement]})
    arn = f"acs:ram::{ACCOUNT}:role/{name.lower()}"
    return Known(Role(name=name, arn=arn, trust_policy=trust, updated=updated))


def on(*buckets: str) -> tuple[str, ...]:
    return tuple(f"acs:oss:*:*:{name}{end}" for name in buckets for end in ("", "/*"))


def healthy(**changes: Any) -> FakeAccount:
    """An account in which the job may do everything in OSS; whatever else it needs is to be given."""
    parts: dict[str, Any] = {
        "the_workspace": Known(WORKSPACE),
        "the_role": trusting(SPARK),
        "role_policies": Known((policy("oss:*"),)),
        "the_bucket": Known(Bucket(name="data", region="cn-hangzhou", acl="private", owner=ACCOUNT)),
    }
    return FakeAccount(**(parts | changes))


def denial(service: str = "oss", **changes: Any) -> Denial:
    """The denial of one job by one service; members of the target and of the denial may be changed."""
    of_target = {"role", "submitter", "gateway", "token_creator", "resource", "bucket", "workspace", "cause"}
    target: dict[str, Any] = {"role": "spark-job", "submitter": SUBMITTER}
    if service == "oss":
        target["bucket"] = BUCKET
    target |= {key: changes.pop(key) for key in of_target & set(changes)}
    by_service = {
        "oss": {"principal": ROLE, "action": "oss:GetObject", "detail_code": "0003-00000001"},
        "kms": {"principal": ROLE, "action": "kms:Decrypt"},
        "sts": {"principal": ROLE, "action": "sts:AssumeRole"},
        "dlf": {"principal": SUBMITTER, "action": "dlf:GetTable"},
        "maxcompute": {"principal": SUBMITTER, "action": ""},
        "": {"principal": ROLE, "action": ""},
    }
    parts: dict[str, Any] = {"code": "AccessDenied", "detail_code": "", **by_service[service], **changes}
    job = JobTarget(**({"workspace": "w-1", "job_run": "jr-1", "service": service} | target))
    return altered(LISTING, source="spark_job", target=job, conditions={}, unknown_conditions=(), **parts)


def diagnosed(fake: FakeAccount, denied: Denial) -> Diagnosis:
    return diagnose(Account(identities=fake, buckets=fake, clusters=fake, workspaces=fake), denied)


def finding(fake: FakeAccount, denied: Denial, check: str) -> Finding:
    return next(each for each in diagnosed(fake, denied).findings if each.check == check)


def answer(fake: FakeAccount, denied: Denial, check: str) -> tuple[str, str | None]:
    found = finding(fake, denied, check)
    return found.answer, found.cause


def advice(remedy: object) -> Advice:
    assert isinstance(remedy, Advice)
    return remedy
