"""The FAQ's checklist for a bucket that HDFS cannot reach: every check, in order, on every kind of answer."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rolemend.account.interface import Absent, AttachedPolicy, Bucket, Cluster, Known, Unread
from rolemend.checklist.diagnose import diagnose
from rolemend.checklist.endpoints import read_host
from rolemend.checklist.facts import Account
from rolemend.checklist.model import Advice, Diagnosis, ListBucket
from rolemend.signals.denial import BucketTarget, Denial, DeniedPrincipal
from tests.fakes import FakeAccount
from tests.samples import ACCOUNT, LISTING, altered


def reading(*buckets: str, actions: tuple[str, ...] = ("oss:GetObject", "oss:ListObjects")) -> AttachedPolicy:
    resources = [f"acs:oss:*:*:{name}{end}" for name in buckets for end in ("", "/*")]
    document = {
        "Version": "1",
        "Statement": [{"Effect": "Allow", "Action": list(actions), "Resource": resources}],
    }
    return AttachedPolicy(name="emr-reader", type="Custom", version="v1", document=json.dumps(document))


def bucket_policy(effect: str, *principals: str) -> Known[str]:
    statement = {
        "Effect": effect,
        "Action": ["oss:ListObjects"],
        "Principal": list(principals),
        "Resource": [f"acs:oss:*:{ACCOUNT}:data"],
    }
    return Known(json.dumps({"Version": "1", "Statement": [statement]}))


def healthy(**changes: Any) -> FakeAccount:
    bucket = Bucket(name="data", region="cn-hangzhou", acl="private", owner=ACCOUNT)
    cluster = Cluster(
        id="c-1", name="etl", region="cn-hangzhou", release="EMR-5.16.0", role="emr-role", state="RUNNING"
    )
    parts: dict[str, Any] = {
        "role_policies": Known((reading("data"),)),
        "the_bucket": Known(bucket),
        "the_cluster": Known(cluster),
    }
    return FakeAccount(**(parts | changes))


def diagnosed(fake: FakeAccount, denial: Denial = LISTING) -> Diagnosis:
    return diagnose(Account(identities=fake, buckets=fake, clusters=fake, workspaces=fake), denial)


def answers(diagnosis: Diagnosis) -> list[tuple[str, str, str]]:
    return [(finding.faq, finding.check, finding.answer) for finding in diagnosis.findings]


def answer(diagnosis: Diagnosis, check: str) -> str:
    return next(finding.answer for finding in diagnosis.findings if finding.check == check)


def sent_to(host: str, ec: str = "0003-00000001") -> Denial:
    return altered(
        LISTING,
        detail_code=ec,
        target=BucketTarget(bucket="data", region="cn-hangzhou", host=host, owner=ACCOUNT),
    )


def test_every_check_is_asked_in_the_order_of_the_faq() -> None:
    assert answers(diagnosed(healthy())) == [
        ("2.1", "region", "passed"),
        ("2.2", "resource-list", "passed"),
        ("2.2a", "other-layers", "passed"),
        ("2.3", "bucket-level", "passed"),
        ("2.3a", "cross-account", "not_applicable"),
        ("2.3b", "public-access", "not_applicable"),
        ("2.3c", "kms-key", "not_applicable"),
        ("2.3d", "bucket-settings", "passed"),
    ]


def test_a_bucket_that_no_policy_lists_calls_for_listing_it() -> None:
    diagnosis = diagnosed(healthy(role_policies=Known((reading("other"),))))
    assert diagnosis.cause == "permission_missing"
    assert diagnosis.remedy == ListBucket(role="emr-role", bucket="data", action="oss:ListObjects")


def test_the_nearest_statements_are_evidence_two_at_most() -> None:
    policies = tuple(reading(bucket) for bucket in ("other", "elsewhere", "data-2"))
    finding = diagnosed(healthy(role_policies=Known(policies))).findings[1]
    said = [evidence.statement.render() for evidence in finding.evidence]
    assert [line.startswith("Statement") for line in said] == [False, True, True, False]
    assert "lists oss:ListObjects, but bucket data is not in its Resource" in said[1]


def test_what_is_wrong_with_the_one_entry_is_evidence() -> None:
    document = {
        "Version": "1",
        "Statement": [{"Effect": "Allow", "Action": "oss:ListObjects", "Resource": "acs:oss:*:*:data/*"}],
    }
    objects = AttachedPolicy(name="p", type="Custom", version="v1", document=json.dumps(document))
    finding = diagnosed(healthy(role_policies=Known((objects,)))).findings[1]
    assert "Statement 0 of policy p lists the objects" in finding.evidence[1].statement.render()


def test_no_policy_at_all_is_the_same_cause() -> None:
    assert diagnosed(healthy(role_policies=Known(()))).cause == "permission_missing"


def test_only_the_object_form_does_not_allow_listing() -> None:
    document = {
        "Version": "1",
        "Statement": [{"Effect": "Allow", "Action": "oss:*", "Resource": "acs:oss:*:*:data/*"}],
    }
    objects = AttachedPolicy(name="p", type="Custom", version="v1", document=json.dumps(document))
    assert diagnosed(healthy(role_policies=Known((objects,)))).cause == "permission_missing"


def test_a_ram_user_is_advised_and_never_mended() -> None:
    user = altered(LISTING, principal=DeniedPrincipal(type="ram_user", account=ACCOUNT, id="29"))
    diagnosis = diagnosed(healthy(user=Known("ana"), user_policies=Known(())), user)
    assert diagnosis.cause == "permission_missing"
    assert isinstance(diagnosis.remedy, Advice)


def test_a_user_whose_name_cannot_be_read_is_unknown() -> None:
    user = altered(LISTING, principal=DeniedPrincipal(type="ram_user", account=ACCOUNT, id="29"))
    assert answer(diagnosed(healthy(user=Unread("ListUsers", "refused")), user), "resource-list") == "unknown"


def test_a_principal_of_another_account_cannot_be_judged_here() -> None:
    stranger = altered(
        LISTING, principal=DeniedPrincipal(type="assumed_role", account="2000000000000002", name="emr-role")
    )
    assert answer(diagnosed(healthy(), stranger), "resource-list") == "unknown"


@pytest.mark.parametrize(
    ("host", "ec"),
    [
        ("data.oss-cn-shanghai.aliyuncs.com", "0003-00001403"),
        ("data.oss-cn-shanghai-internal.aliyuncs.com", "0003-00001403"),
        ("data.oss-cn-shanghai.aliyuncs.com", ""),
        ("data.cn-shanghai.oss.aliyuncs.com", "0003-00001403"),
        ("data.example.com", "0003-00001403"),
    ],
)
def test_a_request_to_another_region_is_answered_with_the_bucket_s_endpoint(host: str, ec: str) -> None:
    diagnosis = diagnosed(healthy(the_cluster=Absent()), sent_to(host, ec))
    assert diagnosis.cause == "wrong_endpoint"
    assert isinstance(diagnosis.remedy, Advice)
    said = diagnosis.remedy.statement.render()
    assert "oss://data.oss-cn-hangzhou.aliyuncs.com/" in said
    assert "oss-cn-hangzhou-internal.aliyuncs.com works without one" in said


def test_an_endpoint_that_names_no_region_leaves_the_question_open() -> None:
    assert answer(diagnosed(healthy(), sent_to("files.example.com")), "region") == "unknown"


def test_the_region_read_live_outranks_the_log() -> None:
    moved = Bucket(name="data", region="cn-beijing", acl="private")
    assert diagnosed(healthy(the_bucket=Known(moved))).cause == "wrong_endpoint"


def test_the_log_tells_the_region_where_the_bucket_cannot_be_read() -> None:
    diagnosis = diagnosed(healthy(the_bucket=Unread("GetBucketInfo", "refused")))
    assert answer(diagnosis, "region") == "passed"
    assert {evidence.certainty for evidence in diagnosis.findings[0].evidence} >= {"reported_by_service"}


def test_a_deny_in_the_bucket_policy_is_quoted() -> None:
    session = f"arn:sts::{ACCOUNT}:assumed-role/emr-role/*"
    diagnosis = diagnosed(healthy(the_bucket_policy=bucket_policy("Deny", session)))
    assert diagnosis.cause == "bucket_policy_deny"
    assert isinstance(diagnosis.remedy, Advice)
    assert json.loads(diagnosis.remedy.document)["Effect"] == "Deny"


def test_a_bucket_policy_that_speaks_of_others_is_no_conflict() -> None:
    session = f"arn:sts::{ACCOUNT}:assumed-role/another/*"
    for policy in (bucket_policy("Deny", session), bucket_policy("Allow", session)):
        assert answer(diagnosed(healthy(the_bucket_policy=policy)), "bucket-level") == "passed"


def test_a_reported_denial_that_is_not_to_be_seen_any_more_is_an_open_question() -> None:
    diagnosis = diagnosed(healthy(), altered(LISTING, detail_code="0003-00000101"))
    assert answer(diagnosis, "bucket-level") == "unknown"


def test_both_failures_are_found_and_the_first_is_the_cause() -> None:
    session = f"arn:sts::{ACCOUNT}:assumed-role/emr-role/*"
    fake = healthy(role_policies=Known((reading("other"),)), the_bucket_policy=bucket_policy("Deny", session))
    diagnosis = diagnosed(fake)
    assert [answer(diagnosis, check) for check in ("resource-list", "bucket-level")] == ["failed", "failed"]
    assert diagnosis.cause == "permission_missing"


@pytest.mark.parametrize("part", ["role_policies", "the_bucket_policy"])
def test_what_could_not_be_read_is_unknown_and_never_passed(part: str) -> None:
    diagnosis = diagnosed(healthy(**{part: Unread("GetBucketPolicy", "refused")}))
    assert not diagnosis.is_complete()
    assert diagnosis.cause is None


def test_no_bucket_policy_is_told_apart_from_one_that_cannot_be_read() -> None:
    assert answer(diagnosed(healthy(the_bucket_policy=Absent())), "bucket-level") == "passed"


def test_an_explicit_deny_in_the_role_s_policy_is_a_cause_of_its_own() -> None:
    document = {"Version": "1", "Statement": [{"Effect": "Deny", "Action": "oss:*", "Resource": "*"}]}
    denies = AttachedPolicy(name="no-oss", type="Custom", version="v1", document=json.dumps(document))
    diagnosis = diagnosed(healthy(role_policies=Known((reading("data"), denies))))
    assert diagnosis.cause == "identity_policy_deny"
    assert "no-oss" in diagnosis.findings[1].statement.render()


def test_the_cluster_is_looked_for_only_for_requests_of_a_node() -> None:
    fake = healthy()
    diagnosed(
        fake,
        altered(
            LISTING,
            principal=DeniedPrincipal(type="assumed_role", account=ACCOUNT, name="emr-role", session="mine"),
        ),
    )
    assert fake.asked_regions == []
    diagnosed(fake)
    assert fake.asked_regions == ["cn-hangzhou"]


@pytest.mark.parametrize(
    ("host", "region"),
    [
        ("b.oss-cn-hangzhou.aliyuncs.com", "cn-hangzhou"),
        ("b.oss-cn-hangzhou-internal.aliyuncs.com", "cn-hangzhou"),
        ("b.cn-hangzhou.oss.aliyuncs.com", "cn-hangzhou"),
        ("oss-us-west-1.aliyuncs.com", "us-west-1"),
        ("b.oss-accelerate.aliyuncs.com", ""),
        ("b.oss-accelerate-overseas.aliyuncs.com", ""),
        ("files.example.com", ""),
        ("", ""),
    ],
)
def test_the_region_is_read_from_every_form_of_endpoint(host: str, region: str) -> None:
    assert read_host(host).region == region
