"""For a denial: the nearest statements and the one thing each lacks."""

from __future__ import annotations

from typing import Any

import pytest

from rolemend.policy import NearMiss, Principal, Request, Source, decide, explain, parse_policy

OWNER = "1746495857600000"
USER = Principal("ram_user", OWNER, uid="7", name="alice")


def misses(
    action: str,
    tail: str,
    statement: dict[str, Any],
    kind: str = "identity",
    conditions: dict[str, tuple[str, ...]] | None = None,
    unknown: frozenset[str] = frozenset(),
) -> tuple[NearMiss, ...]:
    request = Request(action, f"acs:oss:*:{OWNER}:{tail}", USER, conditions or {}, unknown)
    document = {"Version": "1", "Statement": [{"Effect": "Allow", **statement}]}
    sources = [Source(kind, parse_policy(document, kind), "jobs")]
    return explain(request, sources, decide(request, sources))


def entries(*names: str) -> list[str]:
    return [f"acs:oss:*:*:{name}" for name in names]


@pytest.mark.parametrize(
    ("action", "tail", "statement", "code", "said"),
    [
        (
            "oss:PutObject",
            "b/x",
            {"Action": "oss:GetObject", "Resource": "*"},
            "action",
            "oss:PutObject is not in its Action",
        ),
        ("oss:GetObject", "b/x", {"NotAction": "oss:Get*", "Resource": "*"}, "action_excepted", "NotAction"),
        (
            "oss:GetObject",
            "b/x",
            {"Action": "oss:*", "Resource": entries("c", "c/*")},
            "resource_bucket",
            "bucket b is not in its Resource",
        ),
        (
            "oss:GetObject",
            "b/x",
            {"Action": "oss:*", "Resource": entries("b")},
            "object_form",
            "Add acs:oss:*:*:b/*.",
        ),
        (
            "oss:ListObjects",
            "b",
            {"Action": "oss:*", "Resource": entries("b/*")},
            "bucket_form",
            "Add acs:oss:*:*:b.",
        ),
        (
            "oss:GetObject",
            "b/x",
            {"Action": "oss:*", "Resource": entries("b/in/*")},
            "resource_path",
            "other paths of bucket b",
        ),
        (
            "oss:GetObject",
            "b/Data/x",
            {"Action": "oss:*", "Resource": entries("b/data/*")},
            "resource_case",
            "upper and lower case",
        ),
        (
            "oss:GetObject",
            "b/x",
            {"Action": "oss:*", "Resource": ["acs:oss:*:42:b/*"]},
            "resource_account",
            f"account {OWNER}",
        ),
        (
            "oss:GetObject",
            "b/x",
            {"Action": "oss:*", "Resource": ["acs:oss:oss-cn-hangzhou:*:b/*"]},
            "resource_region",
            "another region",
        ),
        (
            "oss:GetObject",
            "a-b/x",
            {"Action": "oss:*", "Resource": entries("a\u2011b/*")},
            "resource_look_alike",
            "U+2011 NON-BREAKING HYPHEN",
        ),
        (
            "oss:GetObject",
            "a\u2013b/x",
            {"Action": "oss:*", "Resource": entries("a-b/*")},
            "resource_look_alike",
            "U+2013 EN DASH",
        ),
        (
            "oss:GetObject",
            "b/x",
            {"Action": "oss:Get\u041ebject", "Resource": "*"},
            "action_look_alike",
            "CYRILLIC CAPITAL LETTER O",
        ),
        (
            "oss:ListObjects",
            "b",
            {"Action": "oss:ListObjectsV2", "Resource": "*"},
            "action_checked_as",
            "never checked",
        ),
    ],
)
def test_nearest_statement_lacks_one_thing(
    action: str, tail: str, statement: dict[str, Any], code: str, said: str
) -> None:
    (miss,) = misses(action, tail, statement)
    assert miss.code == code
    assert (miss.policy, miss.statement) == ("jobs", 0)
    assert said in miss.text.render()
    assert "{" not in miss.text.render()


def test_condition_is_named_with_what_the_request_has() -> None:
    statement = {
        "Action": "oss:*",
        "Resource": "*",
        "Condition": {"StringEquals": {"acs:SourceVpc": "vpc-a"}},
    }
    (absent,) = misses("oss:GetObject", "b/x", statement)
    (other,) = misses("oss:GetObject", "b/x", statement, conditions={"acs:SourceVpc": ("vpc-b",)})
    (unknown,) = misses("oss:GetObject", "b/x", statement, unknown=frozenset(["acs:SourceVpc"]))
    assert [absent.code, other.code, unknown.code] == ["condition_absent", "condition", "condition_unknown"]
    assert "the request has vpc-b" in other.text.render()


def test_principal_of_a_bucket_policy_is_named() -> None:
    statement = {"Action": "oss:*", "Resource": f"acs:oss:*:{OWNER}:b/*", "Principal": ["8"]}
    (miss,) = misses("oss:GetObject", "b/x", statement, "bucket")
    assert miss.code == "principal"
    assert "alice" in miss.text.render()


def test_statement_that_lacks_two_things_is_not_near() -> None:
    assert misses("oss:GetObject", "b/x", {"Action": "oss:PutObject", "Resource": entries("c")}) == ()


def test_statements_of_other_services_are_not_near() -> None:
    assert misses("oss:GetObject", "b/x", {"Action": "ecs:*", "Resource": "*"}) == ()


def test_only_the_step_that_denied_is_explained() -> None:
    request = Request(
        "oss:GetObject", f"acs:oss:*:{OWNER}:b/x", Principal("assumed_role", OWNER, role="r", session="s")
    )
    narrow = {
        "Version": "1",
        "Statement": [{"Effect": "Allow", "Action": "oss:GetObject", "Resource": entries("c/*")}],
    }
    sources = [Source("session", parse_policy(narrow)), Source("identity", parse_policy(narrow))]
    (miss,) = explain(request, sources, decide(request, sources))
    assert (miss.kind, miss.policy) == ("session", 0)


def test_hostile_names_are_filled_in_and_never_read_as_a_template() -> None:
    (miss,) = misses("oss:GetObject", "b/{policy}{0}", {"Action": "oss:*", "Resource": entries("c")})
    assert (
        "b/{policy}{0}"
        in misses("oss:GetObject", "b/{policy}{0}", {"Action": "oss:*", "Resource": entries("b/x")})[
            0
        ].text.render()
    )
    assert miss.code == "resource_bucket"
