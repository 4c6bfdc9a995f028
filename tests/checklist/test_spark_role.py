"""The execution role of a workspace: whose it is, that it exists, trusts Spark, and reads and writes the directory."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from rolemend.account.interface import Absent, AttachedPolicy, Bucket, Known, Unread, Workspace
from rolemend.checklist.diagnose import diagnose
from rolemend.checklist.facts import Account
from rolemend.checklist.model import ListBucket, TrustService
from rolemend.checklist.serverless_spark import CHECKS
from tests.checklist.oss_cases import OTHER, bucket_policy, policy
from tests.checklist.spark_cases import (
    CREATOR,
    DEFAULT,
    ROLE,
    ROOT,
    SPARK,
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
    trusting,
)
from tests.samples import ACCOUNT, altered

MISSING = ("failed", "permission_missing")
DENYING = bucket_policy(
    Action=["oss:PutObject"],
    Principal=[f"arn:sts::{ACCOUNT}:assumed-role/spark-job/*"],
    Resource=[f"acs:oss:*:{ACCOUNT}:lab-files/*"],
)
REFUSED = Unread("GetRole", "NoPermission")
LATER = Unread("GetRole", "Throttling", transient=True)


def default_workspace(role: str = DEFAULT) -> Known[Workspace]:
    return Known(msgspec.structs.replace(WORKSPACE, role=role))


def with_default_role(*policies: AttachedPolicy, **changes: Any) -> Any:
    parts = {"the_workspace": default_workspace(), "the_role": trusting(SPARK, name=DEFAULT)}
    return healthy(role_policies=Known(policies), **(parts | changes))


SYSTEM = AttachedPolicy(
    name="AliyunEMRSparkJobRunDefaultRolePolicy",
    type="System",
    version="v15",
    document=policy("oss:*", "dlf-auth:ActOnBehalfOfAnotherUser").document,
)


def test_a_role_that_only_ecs_may_assume_is_to_trust_spark_beside_it() -> None:
    found = diagnosed(healthy(the_role=trusting("ecs.aliyuncs.com")), denial("sts"))
    assert found.checklist == "serverless_spark"
    assert found.cause == "role_not_trusted"
    assert found.remedy == TrustService(role="spark-job", service=SPARK)
    assert found.is_complete()
    assert [each.check for each in found.findings if each.answer == "failed"] == ["execution-trust"]


def test_every_check_has_an_id_and_a_number_of_its_own() -> None:
    assert len({check.id for check in CHECKS}) == len({check.faq for check in CHECKS}) == len(CHECKS)
    for service in ("oss", "sts", "dlf", "maxcompute", "kms", ""):
        findings = diagnosed(healthy(), denial(service)).findings
        known = [(check.id, check.faq) for check in CHECKS]
        told = [(each.check, each.faq) for each in findings]
        assert told == [each for each in known if each in told]
        assert (("resource-list", "2.2") in told) == (service == "oss")


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        (trusting(SPARK), ("passed", None)),
        (trusting(SPARK, "ecs.aliyuncs.com"), ("passed", None)),
        (trusting("emr.aliyuncs.com"), ("failed", "role_not_trusted")),
        (trusting(f"1000000000000009@{SPARK}"), ("failed", "role_not_trusted")),
        (Absent(), ("not_applicable", None)),
        (REFUSED, ("unknown", None)),
        (Known(msgspec.structs.replace(trusting(SPARK).value, trust_policy="{")), ("unknown", None)),
    ],
)
def test_trust_in_spark(role: Any, expected: tuple[str, str | None]) -> None:
    assert answer(healthy(the_role=role), denial("sts"), "execution-trust") == expected


@pytest.mark.parametrize("document", ["{", "[]", '{"Version": "1", "Statement": [{"Effect": "Allow"}]}'])
def test_a_trust_policy_that_does_not_parse_is_unknown(document: str) -> None:
    role = Known(msgspec.structs.replace(trusting(SPARK).value, trust_policy=document))
    assert answer(healthy(the_role=role), denial("sts"), "execution-trust") == ("unknown", None)


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        (trusting(SPARK), ("passed", None)),
        (Absent(), ("failed", "role_not_found")),
        (REFUSED, ("unknown", None)),
        (LATER, ("unknown", None)),
    ],
)
def test_the_role_exists(role: Any, expected: tuple[str, str | None]) -> None:
    assert answer(healthy(the_role=role), denial("sts"), "execution-role") == expected
    assert finding(healthy(the_role=role), denial("sts"), "execution-role").transient == (role is LATER)


def test_a_role_that_is_gone_is_made_again_and_the_workspace_keeps_its_name() -> None:
    fake = healthy(the_role=Absent(), names=Known(("spark-jobs", "other")))
    found = diagnosed(fake, denial("sts"))
    assert found.cause == "role_not_found"
    said = advice(found.remedy).statement.render()
    assert "Create the role spark-job again under exactly this name" in said
    assert "create a new workspace" in said
    assert "cannot be changed" in said
    lost = finding(fake, denial("sts"), "execution-role")
    assert "spark-jobs" in lost.evidence[0].statement.render()


@pytest.mark.parametrize("role", [DEFAULT, DEFAULT.lower(), ""])
def test_a_deleted_default_role_is_restored_by_authorising_it_again(role: str) -> None:
    fake = healthy(the_role=Absent(), the_workspace=default_workspace(role))
    found = diagnosed(fake, denial("sts", role=""))
    assert found.cause == "role_not_found"
    said = advice(found.remedy).statement.render()
    assert f"Authorise {DEFAULT} again" in said
    assert "AliyunRAMFullAccess" in said


@pytest.mark.parametrize(
    ("policies", "expected"),
    [
        (Known((SYSTEM,)), ("passed", None)),
        (Known((SYSTEM, policy("oss:*"))), ("passed", None)),
        (Known(()), ("failed", "permission_missing")),
        (Known((policy("oss:*"),)), ("failed", "permission_missing")),
        (Known((msgspec.structs.replace(SYSTEM, type="Custom"),)), ("failed", "permission_missing")),
        (Unread("ListPoliciesForRole", "NoPermission"), ("unknown", None)),
    ],
)
def test_the_default_role_has_its_own_policy(policies: Any, expected: tuple[str, str | None]) -> None:
    role = trusting(SPARK, name=DEFAULT)
    fake = healthy(the_workspace=default_workspace(), the_role=role, role_policies=policies)
    assert answer(fake, denial("sts"), "default-role") == expected


def test_a_custom_role_is_not_kept_up_to_date_by_anybody_else() -> None:
    found = finding(healthy(), denial("sts"), "default-role")
    assert found.answer == "not_applicable"
    assert "AliyunEMRSparkJobRunDefaultRolePolicy" in found.statement.render()


def test_the_default_role_is_mended_by_people_only() -> None:
    edited = with_default_role(SYSTEM, the_role=trusting("ecs.aliyuncs.com", name=DEFAULT))
    trust = advice(diagnosed(edited, denial("sts")).remedy)
    assert json.loads(trust.document)["Statement"][0]["Principal"] == {"Service": [SPARK]}
    principal = msgspec.structs.replace(ROLE, name=DEFAULT)
    for fake in (with_default_role(), with_default_role(policy("oss:GetObject", on=on("other")))):
        found = diagnosed(fake, denial(principal=principal, role=DEFAULT))
        assert found.cause == "permission_missing"
        for each in found.findings:
            assert not isinstance(each.remedy, (ListBucket, TrustService)), each.check


def test_the_role_is_read_from_the_workspace_and_not_believed_from_the_log() -> None:
    found = finding(healthy(), denial("sts", role="emr-admin"), "workspace-role")
    assert found.answer == "passed"
    assert "spark-job" in found.statement.render()
    assert "emr-admin" in found.evidence[0].statement.render()
    remedy = diagnosed(healthy(the_role=trusting("ecs.aliyuncs.com")), denial("sts", role="emr-admin")).remedy
    assert remedy == TrustService(role="spark-job", service=SPARK)


@pytest.mark.parametrize("reading", [Absent("GetWorkspace"), REFUSED, LATER])
def test_without_the_workspace_nothing_is_certain_enough_to_mend(reading: Any) -> None:
    fake = healthy(the_workspace=reading, the_role=trusting("ecs.aliyuncs.com"))
    found = diagnosed(fake, denial("sts"))
    assert answer(fake, denial("sts"), "workspace-role") == ("unknown", None)
    assert answer(fake, denial("sts"), "workspace-directory") == ("unknown", None)
    assert not found.is_complete()
    assert found.is_waiting() == (reading is LATER)


def test_without_workspace_and_name_nothing_is_said_of_the_role() -> None:
    fake = healthy(the_workspace=REFUSED)
    found = diagnosed(fake, denial("sts", role=""))
    assert {each.answer for each in found.findings} <= {"unknown", "not_applicable", "passed"}
    assert answer(fake, denial("oss", role=""), "acting-identity") == ("unknown", None)
    assert answer(fake, denial("sts", role=""), "execution-role") == ("unknown", None)
    assert answer(fake, denial("sts", role=""), "execution-trust") == ("unknown", None)


@pytest.mark.parametrize(
    ("policies", "expected"),
    [
        ((policy("oss:*"),), ("passed", None)),
        ((policy(*WRITING, on=on("lab-files")),), ("passed", None)),
        ((policy(*WRITING, on=("acs:oss:*:*:lab-files", "acs:oss:*:*:lab-files/jobs/*")),), ("passed", None)),
        (
            (policy(*WRITING, on=("acs:oss:*:*:lab-files", "acs:oss:*:*:lab-files/own/*")),),
            ("failed", "permission_missing"),
        ),
        ((policy("oss:GetObject", "oss:ListObjects", on=on("lab-files")),), ("failed", "permission_missing")),
        ((), ("failed", "permission_missing")),
        ((policy("oss:*"), policy("oss:PutObject", effect="Deny")), ("failed", "identity_policy_deny")),
        ((policy("oss:*", Condition={"IpAddress": {"acs:SourceIp": "10.0.0.0/8"}}),), ("unknown", None)),
        ((msgspec.structs.replace(policy("oss:*"), document="{"),), ("unknown", None)),
    ],
)
def test_the_workspace_directory_is_read_and_written_by_the_role(
    policies: Any, expected: tuple[str, str | None]
) -> None:
    fake = healthy(role_policies=Known(policies))
    assert answer(fake, denial("sts"), "workspace-directory") == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"role_policies": Unread("ListPoliciesForRole", "NoPermission")}, ("unknown", None)),
        ({"the_bucket": Unread("GetBucketInfo", "AccessDenied")}, ("unknown", None)),
        ({"the_bucket": Absent("NoSuchBucket")}, ("unknown", None)),
        ({"the_bucket_policy": Unread("GetBucketPolicy", "AccessDenied")}, ("unknown", None)),
        ({"the_bucket_policy": Known("{")}, ("unknown", None)),
        ({"the_role": Absent()}, ("not_applicable", None)),
        (
            {"the_workspace": Known(msgspec.structs.replace(WORKSPACE, directory="hdfs://x/"))},
            ("unknown", None),
        ),
        ({"the_workspace": Known(msgspec.structs.replace(WORKSPACE, directory=""))}, ("unknown", None)),
        (
            {"the_bucket_policy": DENYING},
            ("failed", "bucket_policy_deny"),
        ),
    ],
)
def test_a_directory_that_cannot_be_judged_is_unknown_and_a_deny_on_it_is_found(
    changes: dict[str, Any], expected: tuple[str, str | None]
) -> None:
    assert answer(healthy(**changes), denial("sts"), "workspace-directory") == expected


def test_a_directory_in_another_account_needs_its_owner_too() -> None:
    foreign = Known(Bucket(name="lab-files", region="cn-hangzhou", acl="private", owner=OTHER))
    found = finding(healthy(the_bucket=foreign), denial("sts"), "workspace-directory")
    assert (found.answer, found.cause) == ("failed", "permission_missing")
    assert "owner must allow it too" in advice(found.remedy).statement.render()


def test_a_role_without_any_policy_is_given_one_for_the_directory() -> None:
    found = finding(healthy(role_policies=Known(())), denial("sts"), "workspace-directory")
    document = json.loads(advice(found.remedy).document)
    assert document["Statement"][0]["Resource"] == ["acs:oss:*:*:lab-files", "acs:oss:*:*:lab-files/*"]


@pytest.mark.parametrize(
    ("service", "changes", "expected", "says"),
    [
        ("oss", {}, "passed", "execution role: spark-job needs the rights"),
        ("oss", {"principal": msgspec.structs.replace(ROLE, name="Spark-Job")}, "passed", "spark-job"),
        ("oss", {"principal": msgspec.structs.replace(ROLE, name="")}, "passed", "spark-job"),
        ("oss", {"principal": SUBMITTER}, "failed", "ada acted at OSS"),
        ("oss", {"principal": msgspec.structs.replace(ROLE, name="emr-node")}, "failed", "emr-node"),
        ("kms", {}, "passed", "rights on the key"),
        ("kms", {"principal": SUBMITTER}, "unknown", "rights on the key"),
        ("sts", {}, "passed", "must exist and trust it"),
        ("dlf", {}, "passed", "who submitted it: ada"),
        ("dlf", {"principal": ROLE}, "passed", "DLF refused the execution role spark-job itself"),
        ("dlf", {"submitter": None}, "unknown", "nothing tells who"),
        ("dlf", {"principal": CREATOR, "gateway": "lc-1", "token_creator": CREATOR}, "passed", "token: grace"),
        ("dlf", {"principal": SUBMITTER, "gateway": "lc-1", "token_creator": CREATOR}, "unknown", "grace"),
        ("dlf", {"gateway": "lc-1"}, "unknown", "nothing tells who"),
        ("maxcompute", {}, "passed", "who submitted it: ada"),
        ("maxcompute", {"principal": ROOT, "submitter": ROOT}, "passed", ACCOUNT),
        ("maxcompute", {"principal": CREATOR}, "unknown", "ada"),
        ("maxcompute", {"gateway": "lc-1", "token_creator": CREATOR}, "passed", "who submitted it: ada"),
        ("", {}, "unknown", "Nothing tells which service"),
        ("ots", {}, "unknown", "Nothing tells which service"),
    ],
)  # fmt: skip
def test_the_table_of_identities(service: str, changes: dict[str, Any], expected: str, says: str) -> None:
    denied = denial(service, **changes) if service != "ots" else denial("", **changes)
    if service == "ots":
        denied = altered(denied, target=msgspec.structs.replace(denied.target, service="ots"))
    found = finding(healthy(), denied, "acting-identity")
    assert found.answer == expected
    assert says in found.statement.render()


def test_another_identity_at_oss_is_a_matter_of_the_jobs_configuration() -> None:
    found = diagnosed(healthy(), denial(principal=SUBMITTER))
    assert found.cause == "client_configuration"
    assert "spark.hadoop.fs.oss.accessKeyId" in advice(found.remedy).statement.render()


def test_no_advice_is_to_give_the_workspace_another_role() -> None:
    accounts = [
        healthy(the_role=Absent()),
        healthy(role_policies=Known(())),
        healthy(the_role=trusting()),
        with_default_role(),
        with_default_role(the_role=Absent()),
        with_default_role(the_role=trusting(name=DEFAULT)),
    ]
    for fake in accounts:
        for service in ("oss", "sts", "dlf", "maxcompute", "kms"):
            for each in diagnosed(fake, denial(service)).findings:
                said = str(getattr(each.remedy, "statement", ""))
                assert "another role" not in said
                assert "custom role" not in said


def test_whatever_a_log_says_no_check_fails_to_answer() -> None:
    hostile = "x\u202e{who}\n'; rm -rf / *"
    for service in ("oss", "dlf", "maxcompute", "kms", "sts", ""):
        denied = denial(service, role=hostile, resource=hostile, workspace=hostile, gateway=hostile)
        denied = altered(denied, code=hostile, message=hostile, action=hostile, region=hostile)
        for fake in (healthy(), healthy(the_workspace=REFUSED, the_role=Absent())):
            found = diagnose(Account(identities=fake, buckets=fake, clusters=fake, workspaces=fake), denied)
            documents = [getattr(each.remedy, "document", "") for each in found.findings]
            assert not [document for document in documents if "rm -rf" in document]
