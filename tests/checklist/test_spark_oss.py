"""What OSS refused a Serverless Spark job: the whole OSS checklist, with the execution role as principal."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from rolemend.account.interface import Absent, Encryption, Known, Unread
from rolemend.checklist.diagnose import diagnose
from rolemend.checklist.facts import Account
from rolemend.checklist.model import ListBucket
from tests.checklist.oss_cases import OTHER, bucket_policy, policy
from tests.checklist.spark_cases import (
    BUCKET,
    ROLE,
    SUBMITTER,
    WORKSPACE,
    WRITING,
    advice,
    answer,
    denial,
    diagnosed,
    finding,
    healthy,
    on,
)
from tests.fakes import FakeAccount
from tests.samples import ACCOUNT, altered


def reader(*buckets: str, **changes: Any) -> FakeAccount:
    """A role that reads and writes these buckets."""
    return healthy(role_policies=Known((policy(*WRITING, on=on(*buckets)),)), **changes)


def test_a_role_that_lacks_the_bucket_is_given_it() -> None:
    found = diagnosed(reader("lab-files"), denial())
    assert found.cause == "permission_missing"
    assert found.remedy == ListBucket(role="spark-job", bucket="data", action="oss:GetObject")
    assert [each.check for each in found.findings if each.answer == "failed"] == ["resource-list"]
    assert found.is_complete()


def test_the_role_that_is_mended_is_the_workspaces_where_the_log_names_none() -> None:
    nameless = msgspec.structs.replace(ROLE, name="")
    found = diagnosed(reader("lab-files"), denial(principal=nameless, role=""))
    assert found.remedy == ListBucket(role="spark-job", bucket="data", action="oss:GetObject")


@pytest.mark.parametrize("action", ["oss:GetObject", "oss:ListObjects", "oss:PutObject"])
def test_a_bucket_that_holds_the_directory_too_is_given_once_for_reading_and_writing(action: str) -> None:
    workspace = Known(msgspec.structs.replace(WORKSPACE, directory="oss://data/jobs"))
    found = diagnosed(reader("other", the_workspace=workspace), denial(action=action))
    assert [each.check for each in found.findings if each.answer == "failed"] == ["workspace-directory"]
    assert found.cause == "permission_missing"
    assert found.remedy == ListBucket(role="spark-job", bucket="data", action="oss:PutObject")
    assert found.is_complete()


def test_an_action_beyond_reading_and_writing_stays_a_fault_of_its_own() -> None:
    workspace = Known(msgspec.structs.replace(WORKSPACE, directory="oss://data/jobs"))
    found = diagnosed(reader("other", the_workspace=workspace), denial(action="oss:PutObjectAcl"))
    failed = [each.check for each in found.findings if each.answer == "failed"]
    assert failed == ["workspace-directory", "resource-list"]
    assert found.remedy == ListBucket(role="spark-job", bucket="data", action="oss:PutObjectAcl")


def test_the_refused_bucket_comes_before_the_directory() -> None:
    found = diagnosed(reader("other"), denial())
    failed = [each.check for each in found.findings if each.answer == "failed"]
    assert failed == ["workspace-directory", "resource-list"]
    assert found.remedy == ListBucket(role="spark-job", bucket="data", action="oss:GetObject")


@pytest.mark.parametrize(
    ("changes", "ec", "cause"),
    [
        ({"the_bucket_policy": bucket_policy(Principal=[f"arn:sts::{ACCOUNT}:assumed-role/spark-job/*"])},
         "0003-00000101", "bucket_policy_deny"),
        ({"the_encryption": Known(Encryption(algorithm="KMS", key="key-1"))}, "0005-00000001",
         "kms_permission_missing"),
        ({}, "0003-00000301", "session_policy_deny"),
        ({}, "0003-00000801", "account_suspended"),
    ],
)  # fmt: skip
def test_what_oss_reports_is_the_cause(changes: dict[str, Any], ec: str, cause: str) -> None:
    assert diagnosed(healthy(**changes), denial(detail_code=ec)).cause == cause


def test_a_bucket_of_another_account_is_opened_by_its_owner() -> None:
    bucket = healthy().the_bucket
    assert isinstance(bucket, Known)
    foreign = Known(msgspec.structs.replace(bucket.value, owner=OTHER))
    found = diagnosed(
        healthy(the_bucket=foreign), denial(bucket=msgspec.structs.replace(BUCKET, owner=OTHER))
    )
    assert found.cause == "permission_missing"
    assert f"arn:sts::{ACCOUNT}:assumed-role/spark-job/*" in advice(found.remedy).document


def test_settings_are_told_as_spark_properties() -> None:
    far = msgspec.structs.replace(BUCKET, host="data.oss-cn-shanghai.aliyuncs.com")
    wrong = advice(diagnosed(healthy(), denial(detail_code="0003-00001403", bucket=far)).remedy)
    assert wrong.document == "oss://data.oss-cn-hangzhou.aliyuncs.com/"
    assert "spark.hadoop.fs.oss.bucket.data.endpoint" in wrong.statement.render()
    deny = policy("oss:*", effect="Deny", Condition={"Bool": {"acs:SecureTransport": ["false"]}})
    plain = altered(denial(detail_code="0003-00000201"), conditions={"acs:SecureTransport": "false"})
    https = diagnosed(healthy(role_policies=Known((policy("oss:*"), deny))), plain)
    assert https.cause == "https_required"
    assert advice(https.remedy).document == "spark.hadoop.fs.oss.https.enable=true"


def test_a_wrong_endpoint_of_a_bucket_whose_region_nobody_tells_has_no_path_to_paste() -> None:
    unread = healthy(the_bucket=Unread("GetBucketInfo", "AccessDenied"))
    bucket = msgspec.structs.replace(BUCKET, region="")
    found = diagnosed(unread, denial(detail_code="0003-00001403", bucket=bucket))
    assert found.cause == "wrong_endpoint"
    assert advice(found.remedy).document == ""


def test_where_the_bucket_is_looked_for_is_no_word_on_where_it_is() -> None:
    bucket = msgspec.structs.replace(BUCKET, region="")
    denied = denial(bucket=bucket)
    assert answer(healthy(), denied, "region") == ("passed", None)
    assert answer(healthy(the_bucket=Absent()), denied, "region") == ("unknown", None)


def test_without_a_bucket_or_an_action_every_question_on_oss_is_open() -> None:
    for denied in (denial(bucket=None), denial(action=""), denial(action="sts:AssumeRole")):
        found = diagnosed(healthy(), denied)
        of_oss = [each for each in found.findings if each.faq.startswith("2.")]
        assert {each.answer for each in of_oss} == {"unknown"}
        assert found.cause is None


def test_policies_that_cannot_be_read_leave_it_open() -> None:
    unread = Unread("ListPoliciesForRole", "NoPermission")
    found = diagnosed(healthy(role_policies=unread), denial())
    assert found.cause is None
    assert not found.is_complete()


def test_a_role_mended_in_the_meantime_is_allowed_now() -> None:
    newer = msgspec.structs.replace(policy("oss:*"), updated=float(denial().time + 10))
    assert diagnosed(healthy(role_policies=Known((newer,))), denial()).allowed_now
    assert not diagnosed(healthy(), denial()).allowed_now
    assert not diagnosed(healthy(role_policies=Known((newer,))), denial(time=0)).allowed_now


def test_an_access_key_in_the_job_is_the_cause_and_the_user_is_asked_about() -> None:
    fake = healthy(user_policies=Known(()))
    found = diagnosed(fake, denial(principal=SUBMITTER))
    assert found.cause == "client_configuration"
    assert finding(fake, denial(principal=SUBMITTER), "resource-list").cause == "permission_missing"
    assert not [each for each in found.findings if isinstance(each.remedy, ListBucket)]


def test_each_thing_is_read_once() -> None:
    fake, asked = healthy(), []

    class Counting:
        def __getattr__(self, name: str) -> Any:
            def read(*values: Any) -> Any:
                asked.append((name, *values))
                return getattr(fake, name)(*values)

            return read

    account: Any = Counting()
    workspace = Account(identities=account, buckets=account, clusters=account, workspaces=account)
    fake.the_workspace = Known(msgspec.structs.replace(WORKSPACE, directory="oss://data/jobs"))
    assert diagnose(workspace, denial()).is_complete()
    assert len(asked) == len(set(asked))
    assert {name for name, *_ in asked} == {
        "workspace", "role", "policies_of_role", "bucket", "bucket_policy", "bucket_encryption",
    }  # fmt: skip
