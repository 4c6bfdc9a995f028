"""FAQ 2.2 and 2.3: each outcome of the policy checks is told apart, and the document to paste is exact."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rolemend.account.interface import Absent, Known, Unread
from rolemend.checklist.model import Advice, ListBucket
from tests.checklist.oss_cases import (
    CLUSTER,
    USER,
    advice,
    bucket_policy,
    denial,
    diagnosed,
    finding,
    healthy,
    policy,
)

HTTP = {"acs:SecureTransport": "false"}
NODE = {"acs:SourceIp": "10.0.0.7"}
BUCKET_FORM, OBJECT_FORM = "acs:oss:*:*:data", "acs:oss:*:*:data/*"


@pytest.mark.parametrize(
    ("listed", "action", "said"),
    [
        (policy("oss:*", on=(OBJECT_FORM,)), "oss:ListObjects", "but not the bucket itself"),
        (policy("oss:*", on=(BUCKET_FORM,)), "oss:GetObject", "but not the objects in it"),
        (policy("oss:GetObject", on=(BUCKET_FORM, OBJECT_FORM)), "oss:PutObject", "oss:DeleteObjectVersion"),
        (policy("oss:*", on=("acs:oss:*:*:d\u0430ta",)), "oss:ListObjects", "only looks right"),
        (policy("oss:*", on=("acs:oss:*:*:other",)), "oss:ListObjects", "No policy of emr-role allows"),
    ],
)
def test_what_the_policy_lacks_is_said_and_the_remedy_asks_for_the_action(
    listed: Any, action: str, said: str
) -> None:
    diagnosis = diagnosed(healthy(role_policies=Known((listed,))), denial(action))
    assert diagnosis.cause == "permission_missing"
    assert said in finding(diagnosis, "resource-list").statement.render()
    assert diagnosis.remedy == ListBucket(role="emr-role", bucket="data", action=action)


def test_a_role_without_a_policy_gets_one_to_create_and_attach() -> None:
    diagnosis = diagnosed(healthy(role_policies=Known(())), denial())
    assert "No policy is attached" in finding(diagnosis, "resource-list").statement.render()
    assert json.loads(advice(diagnosis).document)["Statement"] == [
        {
            "Effect": "Allow",
            "Action": ["oss:GetObject", "oss:ListObjects", "oss:GetBucketInfo"],
            "Resource": [BUCKET_FORM, OBJECT_FORM],
        }
    ]


def test_the_role_and_instance_that_acted_are_evidence() -> None:
    evidence = finding(diagnosed(healthy(), denial()), "resource-list").evidence
    said = [(each.statement.render(), each.certainty) for each in evidence]
    assert ("Role emr-role acted, attached to ECS instance i-1.", "reported_by_service") in said


def test_a_key_used_on_a_node_whose_role_would_do_is_a_matter_of_configuration() -> None:
    fake = healthy(user=Known("kim"), node_cluster=Known(CLUSTER), user_policies=Known(()))
    diagnosis = diagnosed(fake, denial(principal=USER, told=NODE))
    assert diagnosis.cause == "client_configuration"
    assert "emr-role" in advice(diagnosis).statement.render()


@pytest.mark.parametrize(
    "changes",
    [
        {"role_policies": Known(())},
        {"role_policies": Unread("ListPoliciesForRole", "refused")},
        {"role_policies": Absent("EntityNotExist.Role")},
        {"node_cluster": Unread("ListNodes", "refused")},
        {"node_cluster": Absent()},
    ],
)
def test_a_key_is_not_blamed_where_the_role_would_not_do_or_is_not_known(changes: dict[str, Any]) -> None:
    parts = {"user": Known("kim"), "node_cluster": Known(CLUSTER), "user_policies": Known(())} | changes
    diagnosis = diagnosed(healthy(**parts), denial(principal=USER, told=NODE))
    assert diagnosis.cause == "permission_missing"
    assert isinstance(diagnosis.remedy, Advice)


@pytest.mark.parametrize("address", ["203.0.113.9", "127.0.0.1", "nonsense", "100.64.0.9"])
def test_only_a_private_address_can_be_a_node_s(address: str) -> None:
    fake = healthy(user=Known("kim"), node_cluster=Known(CLUSTER), user_policies=Known(()))
    denied = denial(principal=USER, told={"acs:SourceIp": address})
    assert diagnosed(fake, denied).cause == "permission_missing"


def test_https_is_called_for_only_where_the_same_call_over_https_meets_no_deny() -> None:
    plain = {"Bool": {"acs:SecureTransport": ["false"]}}
    by_role = healthy(role_policies=Known((policy("oss:*"), policy("oss:*", effect="Deny", Condition=plain))))
    by_bucket = healthy(the_bucket_policy=bucket_policy(Condition=plain))
    for fake in (by_role, by_bucket):
        assert diagnosed(fake, denial(told=HTTP)).cause == "https_required"
        assert diagnosed(fake, denial(told={"acs:SecureTransport": "true"})).cause is None
    always = healthy(role_policies=Known((policy("oss:*"), policy("oss:*", effect="Deny"))))
    assert diagnosed(always, denial(told=HTTP)).cause == "identity_policy_deny"


def test_a_reported_deny_counts_where_the_bucket_policy_may_not_be_read() -> None:
    refused = healthy(the_bucket_policy=Unread("GetBucketPolicy", "refused"))
    diagnosis = diagnosed(refused, denial(ec="0003-00000101"))
    assert diagnosis.cause == "bucket_policy_deny"
    assert {each.certainty for each in finding(diagnosis, "bucket-level").evidence} >= {"reported_by_service"}
    passing = healthy(the_bucket_policy=Unread("GetBucketPolicy", "500", transient=True))
    assert diagnosed(passing, denial(ec="0003-00000101")).is_waiting()
    assert diagnosed(refused, denial()).cause is None


def test_a_deny_that_hangs_on_the_vpc_is_the_cause_only_if_oss_reported_it() -> None:
    elsewhere = bucket_policy(Condition={"StringNotEquals": {"acs:SourceVpc": ["vpc-1"]}})
    fake = healthy(the_bucket_policy=elsewhere)
    assert diagnosed(fake, denial(ec="0003-00000101")).cause == "bucket_policy_deny"
    assert finding(diagnosed(fake, denial()), "bucket-level").answer == "unknown"
