"""What MaxCompute and KMS refused a job: who is to be granted what, always by people."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from rolemend.account.interface import Absent, Encryption, Known, Unread
from rolemend.signals.denial import DeniedPrincipal
from tests.checklist.oss_cases import OTHER, policy
from tests.checklist.spark_cases import (
    BUCKET,
    ROLE,
    ROOT,
    SUBMITTER,
    WORKSPACE,
    advice,
    answer,
    denial,
    diagnosed,
    healthy,
)
from tests.fakes import FakeAccount
from tests.samples import ACCOUNT

ON_BEHALF = "odps:ActOnBehalfOfAnotherUser"
USERS = tuple(f"acs:odps:*:*:users/default/{kind}/*" for kind in ("aliyun", "ramuser", "ramrole"))
NOT_A_MEMBER = "ODPS-0420095: Access Denied - You don't exist in project sales."
A_ROLE = DeniedPrincipal(type="assumed_role", account=ACCOUNT, id="390000000000000001", name="analyst")


def acting(*resources: str, **changes: Any) -> FakeAccount:
    """The role may read OSS, and act for others at MaxCompute on some resources."""
    policies = [policy("oss:*"), *([policy(ON_BEHALF, on=resources)] if resources else [])]
    return healthy(**({"role_policies": Known(tuple(policies))} | changes))


def test_the_role_needs_the_right_to_act_for_the_submitter() -> None:
    found = diagnosed(acting(), denial("maxcompute", principal=ROLE, action=ON_BEHALF))
    assert found.cause == "permission_missing"
    told = advice(found.remedy)
    assert "execution role spark-job that allows odps:ActOnBehalfOfAnotherUser" in told.statement.render()
    assert json.loads(told.document)["Statement"][0]["Resource"] == list(USERS)
    mended = policy(ON_BEHALF, on=tuple(json.loads(told.document)["Statement"][0]["Resource"]))
    for submitter in (SUBMITTER, ROOT, A_ROLE):
        fake = healthy(role_policies=Known((mended,)))
        assert answer(fake, denial("maxcompute", submitter=submitter), "maxcompute-delegation")[0] == "passed"


@pytest.mark.parametrize(
    ("submitter", "granted", "expected"),
    [
        (SUBMITTER, USERS[1:2], "passed"),
        (SUBMITTER, (f"acs:odps:*:*:users/default/ramuser/{SUBMITTER.id}",), "passed"),
        (SUBMITTER, ("acs:odps:*:*:users/default/ramuser/ada",), "passed"),
        (SUBMITTER, ("acs:odps:*:*:users/default/ramuser/bob",), "failed"),
        (SUBMITTER, USERS[:1], "failed"),
        (ROOT, USERS[:1], "passed"),
        (A_ROLE, USERS[2:], "passed"),
        (A_ROLE, USERS[:2], "failed"),
        (None, USERS, "unknown"),
        (DeniedPrincipal(type="anonymous"), USERS, "unknown"),
    ],
)
def test_the_right_counts_for_the_kind_of_submitter(
    submitter: DeniedPrincipal | None, granted: tuple[str, ...], expected: str
) -> None:
    denied = denial("maxcompute", submitter=submitter)
    assert answer(acting(*granted), denied, "maxcompute-delegation")[0] == expected


@pytest.mark.parametrize(
    ("who", "statement"),
    [
        (SUBMITTER, f"add user RAM${ACCOUNT}:{SUBMITTER.id};"),
        (ROOT, f"add user ALIYUN${ACCOUNT};"),
        (A_ROLE, f"add user `RAM${ACCOUNT}:role/analyst`;"),
        (msgspec.structs.replace(A_ROLE, name="x`; drop table t; --"), ""),
        (msgspec.structs.replace(SUBMITTER, id=""), ""),
        (msgspec.structs.replace(SUBMITTER, account=OTHER), ""),
    ],
)
def test_a_member_is_missing_in_the_project(who: DeniedPrincipal, statement: str) -> None:
    denied = denial("maxcompute", principal=who, submitter=who, message=NOT_A_MEMBER, resource="sales")
    for fake in (acting(), acting(*USERS)):
        found = diagnosed(fake, denied)
        assert found.cause == "permission_missing"
        assert advice(found.remedy).document == statement
        assert "owner of the MaxCompute project" in advice(found.remedy).statement.render()


def test_a_privilege_that_maxcompute_names_is_the_projects() -> None:
    denied = denial("maxcompute", action="odps:Select")
    for fake in (acting(), acting(*USERS)):
        assert answer(fake, denied, "maxcompute-project") == ("failed", "permission_missing")
    assert "add ada" in advice(diagnosed(acting(), denied).remedy).statement.render()


def test_where_nobody_knows_who_submitted_the_job_no_statement_is_made_up() -> None:
    found = diagnosed(acting(*USERS), denial("maxcompute", submitter=None, code="ODPS-0420095"))
    assert advice(found.remedy).document == ""
    assert "add who submitted the job" in advice(found.remedy).statement.render()


def test_what_the_project_grants_is_inferred_only_where_the_role_may_act() -> None:
    denied = denial("maxcompute")
    assert answer(acting(*USERS), denied, "maxcompute-project") == ("failed", "permission_missing")
    assert answer(acting(), denied, "maxcompute-project") == ("unknown", None)
    newer = msgspec.structs.replace(policy("*"), updated=float(denied.time + 1))
    assert answer(healthy(role_policies=Known((newer,))), denied, "maxcompute-project") == ("unknown", None)
    on_behalf = denial("maxcompute", principal=ROLE, action=ON_BEHALF)
    assert answer(acting(), on_behalf, "maxcompute-project") == ("not_applicable", None)


def test_a_role_whose_policies_cannot_be_read_leaves_both_questions_open() -> None:
    unread = healthy(role_policies=Unread("ListPoliciesForRole", "NoPermission"))
    for service, checks in (("maxcompute", ("delegation", "project")), ("kms", ("",))):
        for check in checks:
            name = f"maxcompute-{check}" if check else "role-on-key"
            assert answer(unread, denial(service), name) == ("unknown", None)


@pytest.mark.parametrize("check", ["maxcompute-delegation", "maxcompute-project", "role-on-key"])
def test_another_service_leaves_them_unasked_and_an_untold_one_open(check: str) -> None:
    assert answer(healthy(), denial("oss"), check) == ("not_applicable", None)
    assert answer(healthy(), denial(""), check) == ("unknown", None)


ARN = f"acs:kms:cn-hangzhou:{ACCOUNT}:key/key-hzz1"


def keyed(*policies: Any, **changes: Any) -> FakeAccount:
    return healthy(role_policies=Known((policy("oss:*"), *policies)), **changes)


@pytest.mark.parametrize(
    ("policies", "resource", "expected"),
    [
        ((), ARN, ("failed", "kms_permission_missing")),
        ((), "key-hzz1", ("failed", "kms_permission_missing")),
        ((), "", ("failed", "kms_permission_missing")),
        ((policy("kms:Decrypt", on=(f"{ARN}2",)),), ARN, ("failed", "kms_permission_missing")),
        ((policy("kms:Decrypt", on=(f"{ARN}2",)),), "", ("unknown", None)),
        ((policy("kms:Decrypt"),), ARN, ("unknown", None)),
        ((policy("kms:*"), policy("kms:Decrypt", effect="Deny")), ARN, ("failed", "identity_policy_deny")),
        ((msgspec.structs.replace(policy("*"), document="{"),), ARN, ("unknown", None)),
    ],
)
def test_the_roles_right_on_the_key(policies: Any, resource: str, expected: tuple[str, str | None]) -> None:
    assert answer(keyed(*policies), denial("kms", resource=resource), "role-on-key") == expected


def test_the_grant_on_a_key_is_the_documents_example_for_this_key() -> None:
    found = diagnosed(keyed(), denial("kms", resource=ARN))
    statement = json.loads(advice(found.remedy).document)["Statement"][0]
    assert statement["Action"] == ["kms:List*", "kms:DescribeKey", "kms:GenerateDataKey", "kms:Decrypt"]
    assert statement["Resource"] == [ARN]
    assert "execution role spark-job" in advice(found.remedy).statement.render()


@pytest.mark.parametrize(
    ("encryption", "key"),
    [
        (Known(Encryption(algorithm="KMS", key="key-hzz1")), f"acs:kms:*:{ACCOUNT}:key/key-hzz1"),
        (Known(Encryption(algorithm="KMS", key=ARN)), ARN),
        (Known(Encryption(algorithm="KMS")), "*"),
        (Absent("NoSuchServerSideEncryptionRule"), "*"),
        (Unread("GetBucketEncryption", "AccessDenied"), "*"),
    ],
)
def test_the_key_may_be_told_by_the_bucket(encryption: Any, key: str) -> None:
    fake = keyed(the_encryption=encryption)
    found = diagnosed(fake, denial("kms", bucket=BUCKET, action="oss:PutObject"))
    assert found.cause == "kms_permission_missing"
    assert json.loads(advice(found.remedy).document)["Statement"][0]["Resource"] == [key]


def test_an_encryption_that_did_not_answer_yet_is_asked_again() -> None:
    late = Unread("GetBucketEncryption", "Timeout", transient=True)
    assert diagnosed(keyed(the_encryption=late), denial("kms", bucket=BUCKET)).is_waiting()


def test_a_default_role_is_given_its_own_policy_and_nothing_else() -> None:
    default = Known(msgspec.structs.replace(WORKSPACE, role="AliyunEMRSparkJobRunDefaultRole"))
    for service in ("kms", "maxcompute"):
        found = diagnosed(healthy(the_workspace=default), denial(service, resource=ARN))
        assert (
            "attach its own policy AliyunEMRSparkJobRunDefaultRolePolicy"
            in advice(found.remedy).statement.render()
        )
