"""What the tests of the OSS checklist share: a healthy account, and denials made from one sample."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from rolemend.account.interface import AttachedPolicy, Bucket, Cluster, Known
from rolemend.checklist.diagnose import diagnose
from rolemend.checklist.facts import Account
from rolemend.checklist.model import Advice, Diagnosis, Finding
from rolemend.signals.denial import BucketTarget, Denial, DeniedPrincipal
from tests.fakes import FakeAccount
from tests.samples import ACCOUNT, LISTING, altered

OTHER = "2000000000000002"
CLUSTER = Cluster(
    id="c-1", name="etl", region="cn-hangzhou", release="EMR-5.16.0", role="emr-role", state="RUNNING"
)
BUCKET = Bucket(name="data", region="cn-hangzhou", acl="private", owner=ACCOUNT)
ANONYMOUS = DeniedPrincipal(type="anonymous")
STRANGER = DeniedPrincipal(type="assumed_role", account=OTHER, name="ETL-Role", session="vm-ram-i-9")
USER = DeniedPrincipal(type="ram_user", account=ACCOUNT, id="290000000000000001")


def policy(*actions: str, on: tuple[str, ...] = ("*",), effect: str = "Allow", **rest: Any) -> AttachedPolicy:
    statement = {"Effect": effect, "Action": list(actions), "Resource": list(on), **rest}
    document = json.dumps({"Version": "1", "Statement": [statement]})
    return AttachedPolicy(name="p", type="Custom", version="v1", document=document)


def bucket_policy(**statement: Any) -> Known[str]:
    whole = {
        "Effect": "Deny",
        "Action": ["oss:*"],
        "Principal": ["*"],
        "Resource": [f"acs:oss:*:{ACCOUNT}:data", f"acs:oss:*:{ACCOUNT}:data/*"],
    }
    return Known(json.dumps({"Version": "1", "Statement": [whole | statement]}))


def healthy(**changes: Any) -> FakeAccount:
    parts: dict[str, Any] = {
        "role_policies": Known((policy("oss:*"),)),
        "the_bucket": Known(BUCKET),
        "the_cluster": Known(CLUSTER),
    }
    return FakeAccount(**(parts | changes))


def denial(action: str = "oss:ListObjects", ec: str = "0003-00000001", **changes: Any) -> Denial:
    """A denial on `data`; `told` are condition keys that the log tells."""
    told = changes.pop("told", {})
    key = "a" if action in ("oss:GetObject", "oss:PutObject") else ""
    target = BucketTarget(
        bucket="data",
        key=key,
        region="cn-hangzhou",
        host=changes.pop("host", "data.oss-cn-hangzhou-internal.aliyuncs.com"),
        owner=changes.pop("owner", ACCOUNT),
    )
    return altered(
        LISTING,
        action=action,
        detail_code=ec,
        target=target,
        conditions={**LISTING.conditions, **told},
        **changes,
    )


def diagnosed(fake: FakeAccount, denied: Denial) -> Diagnosis:
    return diagnose(Account(identities=fake, buckets=fake, clusters=fake, workspaces=fake), denied)


def finding(diagnosis: Diagnosis, check: str) -> Finding:
    return next(each for each in diagnosis.findings if each.check == check)


def advice(diagnosis: Diagnosis) -> Advice:
    assert isinstance(diagnosis.remedy, Advice)
    return diagnosis.remedy


def replaced(bucket: Bucket = BUCKET, **changes: Any) -> Known[Bucket]:
    return Known(msgspec.structs.replace(bucket, **changes))
