"""Mistakes that a policy's author wants to know."""

from __future__ import annotations

from typing import Any

import pytest

from rolemend.policy.actions import READ, WRITE
from rolemend.policy.lint import lint


def codes(*statements: dict[str, Any], kind: str = "identity") -> list[tuple[str, str]]:
    return [(found.path, found.code) for found in lint({"Version": "1", "Statement": list(statements)}, kind)]


def allow(**changes: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": "oss:GetObject", "Resource": "acs:oss:*:*:b/*", **changes}


BUCKET = {"Principal": ["7"], "Resource": "acs:oss:*:1:b/*"}


@pytest.mark.parametrize(
    ("statement", "path", "code"),
    [
        (
            allow(Condition={"StringEquals": {"oss:Prefix": "a/*"}}),
            "Statement[0].Condition.StringEquals.oss:Prefix",
            "equals_wildcard",
        ),
        (allow(Action="oss:ListObjectsV2"), "Statement[0].Action", "never_checked"),
        (allow(Resource="acs:oss:*:*:b"), "Statement[0].Resource", "never_matches"),
        (allow(Action=["oss:GetObject", "oss:ListObjects"]), "Statement[0].Resource", "idle_action"),
        (
            allow(Condition={"StringEquals": {"k": "a"}, "StringLike": {"k": "b*"}}),
            "Statement[0].Condition",
            "never_matches",
        ),
        (
            allow(Condition={"NumericLessThan": {"k": "1"}, "NumericGreaterThan": {"k": "2"}}),
            "Statement[0].Condition",
            "never_matches",
        ),
        (allow(Resource="acs:oss:*:*:a\u2010b/*"), "Statement[0].Resource", "look_alike"),
        (allow(Resource="acs:oss:oss-cn-hangzhou:*:b/*"), "Statement[0].Resource", "oss_region"),
        (
            allow(Condition={"ForAnyValue:StringEquals": {"k": "a"}}),
            "Statement[0].Condition.ForAnyValue:StringEquals.k",
            "undocumented",
        ),
        (allow(Action="oss:GetObjekt"), "Statement[0].Action", "unknown_action"),
        (allow(Action="oss:Gte*"), "Statement[0].Action", "unknown_action"),
        (
            {"Effect": "Deny", "NotAction": "oss:PutBucketPolic", "Resource": "*"},
            "Statement[0].NotAction",
            "unknown_action",
        ),
        (allow(Resource="oss:*:*:b/*"), "Statement[0].Resource", "never_matches"),
        (allow(Resource="acs:os:*:*:b/*"), "Statement[0].Resource", "never_matches"),
    ],
)
def test_mistake_in_one_statement(statement: dict[str, Any], path: str, code: str) -> None:
    assert (path, code) in codes(statement)


def test_good_policy_has_no_mistake() -> None:
    both = allow(Action=["oss:GetObject", "oss:ListObjects"], Resource=["acs:oss:*:*:b", "acs:oss:*:*:b/*"])
    assert (
        codes(both, {"Effect": "Deny", "Action": "oss:GetObject", "Resource": "acs:oss:*:*:b/secret/*"}) == []
    )


def test_duplicate_covered_and_dead_statements() -> None:
    dead = {"Effect": "Deny", "Action": "ecs:*", "Resource": "*"}
    narrower = allow(Resource="acs:oss:*:*:b/x/*")
    found = codes(allow(), allow(), narrower, dead)
    assert ("Statement[1]", "duplicate") in found
    assert ("Statement[2]", "covered") in found
    assert ("Statement[3]", "dead_deny") in found


def test_allow_that_is_denied_anyway_is_not_called_covered() -> None:
    deny = {"Effect": "Deny", "Action": "oss:*", "Resource": "acs:oss:*:*:b/*"}
    assert codes(deny, allow(), {"Effect": "Allow", "Action": "ecs:*", "Resource": "*"}) == [
        ("Statement[1]", "denied")
    ]


def test_of_two_statements_that_say_the_same_the_later_one_is_told() -> None:
    wide, narrow = allow(Action="oss:Get*"), allow(Resource=["acs:oss:*:*:b/*", "acs:oss:*:*:b/x/*"])
    assert codes(allow(), narrow) == [("Statement[1]", "covered")]
    assert codes(narrow, wide) == [("Statement[0]", "covered")]


def test_misspelt_action_is_told_with_the_right_one() -> None:
    (found,) = lint({"Version": "1", "Statement": [allow(Action="oss:GetObjct")]})
    assert "Is oss:GetObject meant?" in found.text.render()


def test_every_action_of_the_groups_is_known() -> None:
    for action in (*READ, *WRITE):
        assert codes(allow(Action=action, Resource="*")) == []


def test_documents_of_hundreds_of_statements_are_read_without_comparing_all() -> None:
    found = lint(
        {"Version": "1", "Statement": [allow(Resource=f"acs:oss:*:*:b{n}/*") for n in range(900)]}, "control"
    )
    assert [each.code for each in found] == ["not_compared"]


def test_policy_of_denials_alone_is_not_called_dead() -> None:
    assert codes({"Effect": "Deny", "Action": "ecs:*", "Resource": "*"}) == []


def test_bucket_policy_forms() -> None:
    ram = allow(**{**BUCKET, "Principal": ["acs:ram::1:role/r"]})
    stars = allow(**{**BUCKET, "Resource": "acs:oss:*:1:b/**"})
    alone = allow(**BUCKET, Condition={"IpAddress": {"acs:SourceIp": "192.0.2.1"}})
    assert ("Statement[0].Principal", "ram_arn") in codes(ram, kind="bucket")
    assert ("Statement[0].Resource", "two_stars") in codes(stars, kind="bucket")
    assert ("Statement[0].Condition", "source_ip_alone") in codes(alone, kind="bucket")
    twice = allow(**BUCKET, Condition={"StringLike": {"oss:Prefix": "a**"}})
    assert ("Statement[0].Condition.StringLike.oss:Prefix", "two_stars") in codes(twice, kind="bucket")


def test_element_of_a_bucket_policy_that_is_too_long() -> None:
    names = [f"acs:oss:*:1:b/{'x' * 80}{number}" for number in range(45)]
    (found,) = lint({"Version": "1", "Statement": [allow(**{**BUCKET, "Resource": names})]}, "bucket")
    assert (found.path, found.code, found.refused) == ("Statement[0].Resource", "too_long", True)


def test_name_that_stands_twice_in_an_object() -> None:
    text = '{"Version": "1", "Statement": [{"Effect": "Deny", "Effect": "Allow", "Action": "a:b", "Resource": "*"}]}'
    assert [(found.path, found.code) for found in lint(text)] == [("Effect", "repeated")]


def test_document_that_cannot_be_read_or_is_too_long() -> None:
    (found,) = lint("{")
    assert found.refused
    long = lint(
        {"Version": "1", "Statement": [allow(Resource=[f"acs:oss:*:*:{'b' * 40}{n}/*" for n in range(120)])]}
    )
    assert [each.code for each in long] == ["too_long"]
