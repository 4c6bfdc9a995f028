"""Sub-questions of FAQ 2.3: another account's bucket, public grants, keys."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rolemend.account.interface import Absent, Encryption, Known, Unread
from rolemend.checklist.grants import bucket_policy_statement
from rolemend.signals.denial import DeniedPrincipal
from tests.checklist.oss_cases import (
    ANONYMOUS,
    OTHER,
    STRANGER,
    USER,
    advice,
    bucket_policy,
    denial,
    diagnosed,
    finding,
    healthy,
    policy,
    replaced,
)
from tests.samples import ACCOUNT

KMS = Known(Encryption(algorithm="KMS", key="key-1"))
KEY = f"acs:kms:cn-hangzhou:{ACCOUNT}:key/key-1"


@pytest.mark.parametrize("who", [None, USER], ids=["role", "user"])
def test_what_no_page_says_of_a_principal_is_told_as_what_it_hangs_on(who: DeniedPrincipal | None) -> None:
    """`*` spares the bucket's owner; whether it spares RAM users and roles of the owner too is said nowhere."""
    denied = denial(ec="", principal=who) if who else denial(ec="")
    found = finding(diagnosed(healthy(the_bucket_policy=bucket_policy()), denied), "bucket-level")
    assert found.answer == "unknown"
    said = found.statement.render()
    assert "its statement 0 means, which no page" in said


def test_the_owner_s_side_shows_the_statement_to_add() -> None:
    diagnosis = diagnosed(healthy(), denial(principal=STRANGER))
    assert diagnosis.cause == "permission_missing"
    assert json.loads(advice(diagnosis).document) == {
        "Effect": "Allow",
        "Action": ["oss:GetObject", "oss:ListObjects", "oss:GetBucketInfo"],
        "Principal": [f"arn:sts::{OTHER}:assumed-role/etl-role/*"],
        "Resource": [f"acs:oss:*:{ACCOUNT}:data", f"acs:oss:*:{ACCOUNT}:data/*"],
    }


def test_the_role_s_side_shows_the_same_though_the_owner_s_policy_cannot_be_read() -> None:
    refused = Unread("GetBucketPolicy", "refused")
    fake = healthy(the_bucket=Unread("GetBucketInfo", "refused"), the_bucket_policy=refused)
    diagnosis = diagnosed(fake, denial(owner=OTHER))
    assert finding(diagnosis, "resource-list").answer == "not_applicable"
    statement = json.loads(advice(diagnosis).document)
    assert statement["Principal"] == [f"arn:sts::{ACCOUNT}:assumed-role/emr-role/*"]
    assert statement["Resource"][0] == f"acs:oss:*:{OTHER}:data"


@pytest.mark.parametrize(
    ("changes", "answer"),
    [
        (
            {
                "the_bucket_policy": bucket_policy(
                    Effect="Allow", Principal=[f"arn:sts::{OTHER}:assumed-role/ETL-Role/*"]
                )
            },
            "failed",
        ),
        (
            {
                "the_bucket_policy": bucket_policy(
                    Effect="Allow", Principal=[f"arn:sts::{OTHER}:assumed-role/etl-role/*"]
                )
            },
            "passed",
        ),
        ({"the_bucket_policy": bucket_policy(Effect="Deny")}, "not_applicable"),
        ({"the_bucket_policy": Known("{")}, "unknown"),
        ({"the_bucket_policy": Unread("GetBucketPolicy", "500", transient=True)}, "unknown"),
    ],
)
def test_what_the_bucket_policy_says_of_a_stranger(changes: dict[str, Any], answer: str) -> None:
    assert (
        finding(diagnosed(healthy(**changes), denial(principal=STRANGER)), "cross-account").answer == answer
    )


def test_an_unknown_owner_leaves_the_question_open() -> None:
    fake = healthy(the_bucket=Absent())
    assert finding(diagnosed(fake, denial(owner="")), "cross-account").answer == "unknown"


@pytest.mark.parametrize(
    ("principal", "bucket", "owner"),
    [
        (DeniedPrincipal(type="assumed_role", account=OTHER, name='x","*'), "data", ACCOUNT),
        (DeniedPrincipal(type="assumed_role", account="*", name="role"), "data", ACCOUNT),
        (DeniedPrincipal(type="ram_user", id="*"), "data", ACCOUNT),
        (STRANGER, "data/*", ACCOUNT),
        (STRANGER, "data", "*"),
        (ANONYMOUS, "data", ACCOUNT),
    ],
)
def test_a_name_that_is_none_enters_no_statement(principal: DeniedPrincipal, bucket: str, owner: str) -> None:
    assert bucket_policy_statement(principal, "oss:ListObjects", bucket, owner) == ""


def test_an_unsigned_request_is_said_to_be_one() -> None:
    diagnosis = diagnosed(healthy(), denial("oss:GetObject", principal=ANONYMOUS))
    assert diagnosis.cause == "anonymous_request"
    assert finding(diagnosis, "resource-list").answer == "not_applicable"


@pytest.mark.parametrize(
    ("changes", "cause", "answer"),
    [
        ({"blocked": Known(True)}, "block_public_access", "failed"),
        ({"blocked": Known(False)}, None, "passed"),
        ({"blocked": Unread("GetPublicAccessBlock", "refused")}, None, "unknown"),
        ({"the_bucket": Unread("GetBucketInfo", "refused")}, None, "unknown"),
        ({"blocked": Known(True), "the_bucket": replaced(acl="private")}, "anonymous_request", "failed"),
    ],
)
def test_block_public_access_is_the_cause_only_where_it_cancels_a_grant(
    changes: dict[str, Any], cause: str | None, answer: str
) -> None:
    fake = healthy(**({"the_bucket": replaced(acl="public-read")} | changes))
    diagnosis = diagnosed(fake, denial("oss:GetObject", principal=ANONYMOUS))
    assert (diagnosis.cause, finding(diagnosis, "public-access").answer) == (cause, answer)


def test_an_object_s_own_acl_is_no_matter_of_block_public_access() -> None:
    fake = healthy(the_bucket=replaced(acl="public-read"), blocked=Known(True))
    denied = denial("oss:GetObject", "0003-00000005", principal=ANONYMOUS)
    assert diagnosed(fake, denied).cause == "anonymous_request"


def test_a_bucket_policy_that_cannot_be_read_may_hold_the_cancelled_grant() -> None:
    fake = healthy(the_bucket_policy=Unread("GetBucketPolicy", "refused"), blocked=Known(True))
    denied = denial("oss:GetObject", principal=ANONYMOUS)
    assert finding(diagnosed(fake, denied), "public-access").answer == "unknown"


def test_public_access_is_read_for_nobody_of_the_own_account() -> None:
    fake = healthy(blocked=Unread("GetPublicAccessBlock", "refused"))
    assert finding(diagnosed(fake, denial()), "public-access").answer == "not_applicable"


OSS_ONLY = Known((policy("oss:*"),))


@pytest.mark.parametrize(
    ("action", "ec", "changes", "answer"),
    [
        ("oss:PutObject", "0003-00000001", {"role_policies": OSS_ONLY}, "failed"),
        ("oss:PutObject", "0005-00000001", {"role_policies": OSS_ONLY}, "failed"),
        ("oss:GetObject", "0005-00000001", {"role_policies": OSS_ONLY}, "failed"),
        ("oss:GetObject", "0003-00000001", {"role_policies": OSS_ONLY}, "unknown"),
        ("oss:ListObjects", "0003-00000001", {"role_policies": OSS_ONLY}, "not_applicable"),
        ("oss:PutObject", "0003-00000001", {"role_policies": Known((policy("oss:*", "kms:*"),))}, "passed"),
        ("oss:PutObject", "0005-00000001", {"role_policies": Known((policy("oss:*", "kms:*"),))}, "unknown"),
        ("oss:PutObject", "0003-00000001", {"the_encryption": Absent()}, "passed"),
        ("oss:PutObject", "0005-00000001", {"the_encryption": Absent()}, "failed"),
        (
            "oss:GetObject",
            "0005-00000001",
            {"the_encryption": Absent(), "role_policies": Known((policy("oss:*", "kms:*"),))},
            "unknown",
        ),
        (
            "oss:PutObject",
            "0003-00000001",
            {"the_encryption": Unread("GetBucketEncryption", "no")},
            "unknown",
        ),
        (
            "oss:PutObject",
            "0003-00000001",
            {"the_encryption": Known(Encryption(algorithm="AES256"))},
            "passed",
        ),
        ("oss:PutObject", "0003-00000001", {"role_policies": Unread("ListPolicies", "no")}, "unknown"),
    ],
)
def test_the_key_is_the_cause_only_where_it_surely_refuses(
    action: str, ec: str, changes: dict[str, Any], answer: str
) -> None:
    fake = healthy(**({"the_encryption": KMS} | changes))
    diagnosis = diagnosed(fake, denial(action, ec))
    assert finding(diagnosis, "kms-key").answer == answer
    assert (diagnosis.cause == "kms_permission_missing") == (answer == "failed")


def test_the_grant_on_the_key_names_the_actions_and_the_key() -> None:
    diagnosis = diagnosed(healthy(the_encryption=KMS), denial("oss:PutObject", "0005-00000001"))
    assert json.loads(advice(diagnosis).document)["Statement"] == [
        {"Effect": "Allow", "Action": ["kms:GenerateDataKey", "kms:Decrypt"], "Resource": [KEY]}
    ]
