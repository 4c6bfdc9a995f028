"""`rolemend simulate` without its input and output."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rolemend.policy.simulate import simulate_text

POLICY = {
    "kind": "identity",
    "document": {"Version": "1", "Statement": [{"Effect": "Allow", "Action": "oss:*", "Resource": "*"}]},
}
REQUEST = {"action": "oss:GetObject", "resource": "acs:oss:*:1:b/x"}
GOOD = {"id": "a", "policies": [POLICY], "request": REQUEST}


def answers(*entries: Any) -> list[dict[str, Any]]:
    return list(simulate_text("\n".join(json.dumps(entry) for entry in entries).encode()))


def test_each_line_is_answered_in_order() -> None:
    first, second = answers(GOOD, {**GOOD, "id": 7, "policies": []})
    assert first == {
        "id": "a",
        "decision": "allow",
        "decided_by": {"kind": "identity", "policy": 0, "statement": 0},
        "reasons": ["Statement 0 of policy #0 (identity) allows it."],
    }
    assert (second["id"], second["decision"], second["decided_by"]) == (7, "implicit_deny", None)


def test_array_is_read_like_lines() -> None:
    text = json.dumps([GOOD, 3, {**GOOD, "id": None}], indent=1).encode()
    found = list(simulate_text(text))
    assert [each.get("decision") for each in found] == ["allow", None, "allow"]
    assert found[1]["line"] == 2


def test_unknown_keys_are_ignored_and_values_may_be_single_or_lists() -> None:
    policy = {**POLICY, "x": 1, "name": "mine"}
    request = {**REQUEST, "conditions": {"a": "x", "b": ["x", "y"]}, "note": []}
    (found,) = answers({**GOOD, "policies": [policy], "request": request, "expected": "allow"})
    assert found["decided_by"]["policy"] == "mine"


PUBLIC = {
    "kind": "bucket",
    "document": {
        "Version": "1",
        "Statement": [
            {"Effect": "Allow", "Action": "oss:Get*", "Principal": "*", "Resource": "acs:oss:*:*:b/*"}
        ],
    },
}
ANONYMOUS = {**REQUEST, "principal": {"type": "anonymous"}}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"policies": [PUBLIC]}, "Statement 0 of policy #0 (bucket) would allow it, but it is public"),
        ({"policies": [], "bucket_acl": "public-read"}, "The ACL would let everybody do it"),
    ],
)
def test_what_block_public_access_voids_is_told(change: dict[str, Any], told: str) -> None:
    entry = {**GOOD, "request": ANONYMOUS, **change}
    blocked, open_ = answers({**entry, "block_public_access": True}, entry)
    assert blocked["decision"] == "implicit_deny"
    assert blocked["reasons"][0] == "No statement allows it."
    assert [reason for reason in blocked["reasons"] if reason.startswith(told)]
    assert open_["decision"] == "allow"


def test_an_unknown_says_each_thing_once_and_not_that_nothing_allows_it() -> None:
    statement = {
        "Effect": "Allow",
        "Action": "oss:*",
        "Resource": "*",
        "Condition": {"StringEquals": {"acs:SourceVpc": "v"}},
    }
    policy = {"kind": "identity", "document": {"Version": "1", "Statement": [statement]}}
    request = {**REQUEST, "unknown_conditions": ["acs:SourceVpc"]}
    (found,) = answers({**GOOD, "policies": [policy], "request": request})
    assert found["decision"] == "unknown"
    assert len(set(found["reasons"])) == len(found["reasons"])
    assert "The answer depends on acs:SourceVpc." in found["reasons"]
    assert "No statement allows it." not in found["reasons"]


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"policies": None}, "policies"),
        ({"policies": [{"kind": "x", "document": {}}]}, "policies[0].kind"),
        ({"policies": [{"kind": "identity"}]}, "policies[0].document"),
        (
            {"policies": [{"kind": "identity", "document": {"Version": "1"}}]},
            "policies[0].document.Statement",
        ),
        ({"policies": [{**POLICY, "level": -1}]}, "policies[0].level"),
        ({"policies": [{**POLICY, "name": 3}]}, "policies[0].name"),
        ({"request": 3}, "request"),
        ({"request": {"resource": "*"}}, "request.action"),
        ({"request": {**REQUEST, "resource": 1}}, "request.resource"),
        ({"request": {**REQUEST, "principal": {"type": "aws"}}}, "request.principal.type"),
        (
            {"request": {**REQUEST, "principal": {"type": "ram_user", "account": "1"}}},
            "request.principal.uid",
        ),
        ({"request": {**REQUEST, "conditions": {"k": 1}}}, "request.conditions.k"),
        ({"request": {**REQUEST, "unknown_conditions": "k"}}, "request.unknown_conditions"),
        ({"bucket_acl": "open"}, "bucket_acl"),
        ({"object_acl": 3}, "object_acl"),
        ({"block_public_access": "yes"}, "block_public_access"),
    ],
)
def test_bad_line_is_told_with_its_place_and_the_rest_goes_on(change: dict[str, Any], path: str) -> None:
    bad, good = answers({**GOOD, **change}, GOOD)
    assert bad.keys() == {"id", "line", "error", "path", "expected"}
    assert (bad["id"], bad["line"], bad["path"]) == ("a", 1, path)
    assert bad["error"]
    assert bad["expected"]
    assert good["decision"] == "allow"


@pytest.mark.parametrize("line", [b"{", b"\xff", b'"x"', b"nul", b"[" * 100_000])
def test_line_that_is_no_json_is_told(line: bytes) -> None:
    found = list(simulate_text(json.dumps(GOOD).encode() + b"\n" + line))
    assert [each.get("decision") for each in found] == ["allow", None]
    assert found[1]["line"] == 2


def test_unknown_keys_that_would_decide_are_named() -> None:
    document = {
        "Version": "1",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": "oss:*",
                "Resource": "*",
                "Condition": {"StringEquals": {"acs:SourceVpc": "vpc-a"}},
            }
        ],
    }
    request = {**REQUEST, "unknown_conditions": ["acs:SourceVpc"]}
    (found,) = answers({"policies": [{"kind": "identity", "document": document}], "request": request})
    assert found["decision"] == "unknown"
    assert found["id"] is None
    assert any("acs:SourceVpc" in reason for reason in found["reasons"])
