"""Edits grant what is stated and nothing else, in the user's order."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from rolemend.policy import (
    EditError,
    PolicyError,
    Request,
    Source,
    decide,
    grant_entries,
    parse_policy,
    proves_addition,
    trust_service,
)
from rolemend.policy.actions import READ, WRITE
from tests.policy.documents import statements

BUCKETS: dict[str, Any] = {
    "Version": "1",
    "Statement": [
        {
            "Action": ["oss:GetObject", "oss:ListObjects"],
            "Resource": ["acs:oss:*:*:logs", "acs:oss:*:*:logs/*"],
            "Effect": "Allow",
        },
        {"Effect": "Allow", "Resource": "*", "Action": "oss:ListBuckets"},
    ],
}
DATA = ["acs:oss:*:*:data", "acs:oss:*:*:data/*"]


def outcome(document: dict[str, Any], action: str, tail: str) -> str:
    source = Source("identity", parse_policy(document))
    return decide(Request(action, f"acs:oss:*:1:{tail}"), [source]).outcome


def test_entries_join_the_statement_that_lists_the_action() -> None:
    edit = grant_entries(BUCKETS, "oss:ListObjects", "data")
    assert edit.appended
    assert edit.document["Statement"][0]["Resource"] == [*BUCKETS["Statement"][0]["Resource"], *DATA]
    assert list(edit.document["Statement"][0]) == ["Action", "Resource", "Effect"]
    assert edit.document["Statement"][1] == BUCKETS["Statement"][1]
    assert edit.actions == READ
    assert BUCKETS["Statement"][0]["Resource"] == ["acs:oss:*:*:logs", "acs:oss:*:*:logs/*"]


def test_statement_that_would_grant_more_is_left_alone() -> None:
    wide = {"Version": "1", "Statement": [{**BUCKETS["Statement"][0], "Action": ["oss:*"]}]}
    edit = grant_entries(wide, "oss:GetObject", "data")
    assert not edit.appended
    assert edit.document["Statement"][0] == wide["Statement"][0]
    assert edit.document["Statement"][1] == {"Action": list(READ), "Resource": DATA, "Effect": "Allow"}


def test_new_statement_carries_only_the_missing_actions_of_the_group() -> None:
    has = {"Effect": "Allow", "Action": ["oss:Get*"], "Resource": DATA, "Condition": {}}
    edit = grant_entries({"Version": "1", "Statement": [has]}, "oss:ListObjects", "data")
    assert edit.document["Statement"][1]["Action"] == ["oss:ListObjects"]


def test_write_grants_what_hive_and_spark_need_and_other_actions_stand_alone() -> None:
    assert grant_entries(BUCKETS, "oss:PutObject", "data").actions == WRITE
    assert grant_entries(BUCKETS, "oss:GetBucketAcl", "data").actions == ("oss:GetBucketAcl",)


def test_exact_grants_one_action_on_one_form() -> None:
    assert grant_entries(BUCKETS, "oss:GetObject", "data", extent="exact").resources == (DATA[1],)
    assert grant_entries(BUCKETS, "oss:ListObjects", "data", extent="exact").resources == (DATA[0],)


def test_statement_gives_the_bucket_what_the_others_have_only_when_asked() -> None:
    wide = {"Version": "1", "Statement": [{**BUCKETS["Statement"][0], "Action": ["oss:*"]}]}
    edit = grant_entries(wide, "oss:GetObject", "data", extent="statement")
    assert edit.document["Statement"][0]["Resource"][2:] == DATA
    assert edit.actions == ("oss:*",)
    with pytest.raises(EditError, match="none to extend"):
        grant_entries(BUCKETS, "oss:PutObject", "data", extent="statement")


def test_single_resource_becomes_a_list_and_single_statement_stays_readable() -> None:
    one = {
        "Version": "1",
        "Statement": {"Effect": "Allow", "Action": "oss:GetObject", "Resource": "acs:oss:*:*:a/*"},
    }
    edited = grant_entries(one, "oss:GetObject", "data").document
    assert edited["Statement"]["Resource"] == ["acs:oss:*:*:a/*", *DATA]
    edited = grant_entries(one, "oss:PutObject", "data").document
    assert [list(each) for each in edited["Statement"]] == [["Effect", "Action", "Resource"]] * 2


def test_document_that_would_be_too_long_is_not_made() -> None:
    long = {
        "Version": "1",
        "Statement": [{**BUCKETS["Statement"][0], "Resource": ["acs:oss:*:*:" + "b" * 50] * 97}],
    }
    with pytest.raises(EditError, match="6144 are allowed") as caught:
        grant_entries(json.dumps(long), "oss:GetObject", "data")
    assert caught.value.code == "too_long"


@pytest.mark.parametrize("bucket", ["", "a*", "a/b", "A", "data prod", "b" * 64, "../x", "*"])
def test_what_is_no_bucket_name_never_enters_a_document(bucket: str) -> None:
    with pytest.raises(EditError):
        grant_entries(BUCKETS, "oss:GetObject", bucket)


@pytest.mark.parametrize("action", ["oss:ListBuckets", "ecs:RunInstances", "*"])
def test_action_that_no_bucket_bounds_is_not_granted_on_one(action: str) -> None:
    with pytest.raises(EditError):
        grant_entries(BUCKETS, action, "data")


ON_DATA = [
    "acs:oss:*:*:data",
    "acs:oss:*:*:data/*",
    "acs:oss:*:*:*",
    "acs:oss:*:*:d*/a",
    "*",
    "acs:oss:*:*:logs/*",
]
OSS = ["oss:GetObject", "oss:PutObject", "oss:Get*", "oss:*", "*", "oss:ListObjects", "ecs:*"]


@settings(max_examples=300, deadline=None)
@given(
    st.lists(statements(actions=OSS, resources=ON_DATA), max_size=3),
    st.sampled_from(["oss:GetObject", "oss:PutObject", "oss:ListObjects", "oss:GetBucketAcl"]),
    st.sampled_from(["group", "exact", "statement"]),
)
def test_edit_is_proven_to_stay_inside_the_stated_set(
    found: list[dict[str, Any]], action: str, extent: str
) -> None:
    before = {"Version": "1", "Statement": found}
    try:
        edit = grant_entries(before, action, "data", extent=extent)
    except EditError as error:
        assume(error.code != "no_statement")
        raise
    proof = proves_addition(before, edit.text, actions=edit.actions, resources=edit.resources)
    assert proof.verdict == "proven", proof
    tail = "data" if edit.resources == (DATA[0],) else "data/x"
    assert outcome(edit.document, action, tail) in ("allow", outcome(before, action, tail))


def test_service_is_trusted_beside_what_is_trusted_already() -> None:
    trust = {
        "Statement": [
            {"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": {"Service": "ecs.aliyuncs.com"}}
        ],
        "Version": "1",
    }
    edited = trust_service(trust, "emr.aliyuncs.com")
    assert edited["Statement"][0]["Principal"] == {"Service": ["ecs.aliyuncs.com", "emr.aliyuncs.com"]}
    assert trust_service(edited, "emr.aliyuncs.com") == edited
    assert proves_addition(trust, edited, service="emr.aliyuncs.com")
    assert not proves_addition(trust, edited, service="oss.aliyuncs.com")


def test_replacing_a_service_is_no_addition() -> None:
    trust = {
        "Version": "1",
        "Statement": [
            {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": ["ecs.aliyuncs.com"]}}
        ],
    }
    edited = trust_service(trust, "emr.aliyuncs.com", "replace")
    assert edited["Statement"][0]["Principal"] == {"Service": ["emr.aliyuncs.com"]}
    assert proves_addition(trust, edited, service="emr.aliyuncs.com").verdict == "refuted"
    assert proves_addition(trust, edited, service="emr.aliyuncs.com", replaced="ecs.aliyuncs.com")
    with pytest.raises(EditError, match="trusts cdn"):
        trust_service(trust, "emr.aliyuncs.com", "replace", replaced="cdn.aliyuncs.com")


def test_service_gets_a_statement_of_its_own_where_trust_hangs_on_a_condition() -> None:
    statement = {
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": {"Service": ["ecs.aliyuncs.com"]},
        "Condition": {"StringEquals": {"acs:SourceVpc": "vpc-a"}},
    }
    trust = {"Version": "1", "Statement": [statement]}
    edited = trust_service(trust, "emr.aliyuncs.com")
    assert edited["Statement"][0] == statement
    assert proves_addition(trust, edited, service="emr.aliyuncs.com")


@pytest.mark.parametrize(
    "spoil",
    [
        lambda d: d["Statement"][0]["Action"].append("oss:DeleteObject"),
        lambda d: d["Statement"][0]["Resource"].append("acs:oss:*:*:other/*"),
        lambda d: d["Statement"][0]["Resource"].pop(0),
        lambda d: d["Statement"].pop(1),
        lambda d: d["Statement"].append({"Effect": "Deny", "Action": "oss:ListBuckets", "Resource": "*"}),
        lambda d: d["Statement"].append({"Effect": "Allow", "NotAction": "ram:*", "Resource": "*"}),
    ],
)
def test_anything_beside_the_stated_extra_refutes_the_proof(spoil: Any) -> None:
    edit = grant_entries(BUCKETS, "oss:GetObject", "data")
    assert proves_addition(BUCKETS, edit.document, actions=edit.actions, resources=edit.resources)
    spoil(edit.document)
    assert (
        proves_addition(BUCKETS, edit.document, actions=edit.actions, resources=edit.resources).verdict
        == "refuted"
    )


def test_undocumented_statement_that_was_touched_is_no_proof() -> None:
    odd = {"Effect": "Allow", "Action": "oss:GetObject", "NotResource": "acs:oss:*:*:secret/*"}
    before = {"Version": "1", "Statement": [odd]}
    after = {"Version": "1", "Statement": [{**odd, "NotResource": "acs:oss:*:*:other/*"}]}
    assert proves_addition(before, after, actions=READ, resources=DATA).verdict == "unknown"
    beside = {"Version": "1", "Statement": [odd, {"Effect": "Allow", "Action": list(READ), "Resource": DATA}]}
    assert proves_addition(before, beside, actions=READ, resources=DATA)


REPEATED = (
    '{"Version": "1", "Statement": [{"Effect": "Deny", "Effect": "Allow", "Action": "a:b", "Resource": "*"}]}'
)


@pytest.mark.parametrize("text", ["{", REPEATED])
def test_document_of_which_the_meaning_is_not_certain_is_neither_edited_nor_proven(text: str) -> None:
    with pytest.raises(PolicyError):
        grant_entries(text, "oss:GetObject", "data")
    with pytest.raises(PolicyError):
        proves_addition(text, text, actions=READ, resources=DATA)
