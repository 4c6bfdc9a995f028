"""Layers that cannot be read from here, and settings that no policy changes: only OSS's own report answers them."""

from __future__ import annotations

import json

import pytest

from rolemend.account.interface import Known, Unread
from rolemend.checklist.reports import reported_causes
from tests.checklist.oss_cases import advice, bucket_policy, denial, diagnosed, finding, healthy, policy


@pytest.mark.parametrize(
    ("ec", "check", "cause"),
    [
        ("0003-00000301", "other-layers", "session_policy_deny"),
        ("0003-00000401", "other-layers", "vpc_endpoint_policy_deny"),
        ("0003-00000501", "bucket-settings", "referer_blocked"),
        ("0003-00000702", "bucket-settings", "requester_pays"),
        ("0003-00000806", "bucket-settings", "account_suspended"),
        ("0003-00000908", "bucket-settings", "account_suspended"),
    ],
)
def test_a_reported_layer_is_the_cause_before_what_else_is_wrong(ec: str, check: str, cause: str) -> None:
    for policies in ((policy("oss:*"),), (policy("oss:GetObject", on=("acs:oss:*:*:other",)),)):
        diagnosis = diagnosed(healthy(role_policies=Known(policies)), denial(ec=ec))
        assert finding(diagnosis, check).cause == cause
        assert diagnosis.cause == cause
        assert advice(diagnosis).statement.render()


def test_a_control_policy_is_named_only_where_the_service_said_so() -> None:
    reported = diagnosed(healthy(), denial(ec="0003-00000201", policy_type="ControlPolicy"))
    assert reported.cause == "control_policy_deny"
    diagnosis = diagnosed(healthy(), denial(ec="0003-00000201"))
    assert diagnosis.cause is None
    assert finding(diagnosis, "other-layers").answer == "unknown"


def test_a_deny_of_ram_that_the_own_policies_explain_is_no_other_layer() -> None:
    denies = policy("oss:*", effect="Deny")
    diagnosis = diagnosed(healthy(role_policies=Known((denies,))), denial(ec="0003-00000201"))
    assert diagnosis.cause == "identity_policy_deny"
    assert finding(diagnosis, "other-layers").answer == "passed"
    unread = healthy(role_policies=Unread("ListPoliciesForRole", "refused"))
    assert finding(diagnosed(unread, denial(ec="0003-00000201")), "other-layers").answer == "unknown"


def test_the_session_policy_to_paste_grants_the_group() -> None:
    document = json.loads(advice(diagnosed(healthy(), denial("oss:PutObject", "0003-00000301"))).document)
    assert "oss:DeleteObjectVersion" in document["Statement"][0]["Action"]


def test_a_denial_without_a_code_leaves_what_only_oss_knows_open() -> None:
    diagnosis = diagnosed(healthy(), denial(ec=""))
    answers = [finding(diagnosis, check).answer for check in ("other-layers", "bucket-settings")]
    assert answers == ["unknown", "unknown"]


def test_where_both_refuse_the_reported_one_is_the_cause() -> None:
    lacking = Known((policy("oss:GetObject", on=("acs:oss:*:*:other",)),))
    fake = healthy(
        role_policies=lacking,
        the_bucket_policy=bucket_policy(
            Principal=["*"], Condition={"Bool": {"acs:SecureTransport": ["true", "false"]}}
        ),
    )
    told = {"acs:SecureTransport": "true"}
    assert diagnosed(fake, denial(ec="0003-00000101", told=told)).cause == "bucket_policy_deny"
    assert diagnosed(fake, denial(ec="0003-00000001", told=told)).cause == "permission_missing"


def test_codes_that_leave_everything_open_report_no_cause() -> None:
    assert reported_causes(denial(ec="0003-00000001")) == ()
    assert reported_causes(denial(ec="")) == ()
    assert reported_causes(denial(code="UserDisable", ec="")) == ("account_suspended",)
