"""Documents that RAM or OSS would refuse are refused with the place of the mistake; all others are read."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rolemend.policy import PolicyError, parse_policy
from rolemend.policy.limits import check_name, check_size

ALLOW = {"Effect": "Allow", "Action": "oss:GetObject", "Resource": "*"}


def with_statement(**changes: Any) -> dict[str, Any]:
    statement = {name: value for name, value in {**ALLOW, **changes}.items() if value is not ...}
    return {"Version": "1", "Statement": [ALLOW, statement]}


def condition(operator: str, key: str, value: Any) -> dict[str, Any]:
    return with_statement(Condition={operator: {key: value}})


MISTAKES = [
    ({"Statement": []}, "Version", "is missing"),
    ({"Version": "2", "Statement": []}, "Version", 'is "2"'),
    ({"Version": 1, "Statement": []}, "Version", "is 1"),
    ({"Version": "1"}, "Statement", "is missing"),
    ({"Version": "1", "Statement": "x"}, "Statement", "is a string"),
    ({"Version": "1", "Statement": [7]}, "Statement[0]", "is a number"),
    ({"Version": "1", "Statement": [], "Id": "x"}, "Id", "unknown element"),
    (with_statement(Effect=...), "Statement[1].Effect", "is missing"),
    (with_statement(Effect="allow"), "Statement[1].Effect", 'is "allow"'),
    (with_statement(Action=...), "Statement[1].Action", "is missing"),
    (with_statement(NotAction="ram:*"), "Statement[1].NotAction", "stands beside Action"),
    (with_statement(Action=[]), "Statement[1].Action", "is an empty list"),
    (with_statement(Action=["oss:GetObject", 3]), "Statement[1].Action[1]", "is a number"),
    (with_statement(Action="GetObject"), "Statement[1].Action", '"GetObject" names no service'),
    (with_statement(Resource=...), "Statement[1].Resource", "is missing"),
    (with_statement(Resource=""), "Statement[1].Resource", "is empty"),
    (with_statement(Resources="*"), "Statement[1].Resources", "unknown element, did you mean Resource?"),
    (with_statement(Principal=["*"]), "Statement[1].Principal", "belongs only in a trust policy"),
    (with_statement(Condition=[]), "Statement[1].Condition", "is a list"),
    (with_statement(Condition=None), "Statement[1].Condition", "is null"),
    (
        condition("IpAddres", "acs:SourceIp", "192.0.2.1"),
        "Statement[1].Condition.IpAddres",
        "unknown operator, did you mean IpAddress?",
    ),
    (
        condition("StringEqualsIfExists", "acs:SourceVpc", "x"),
        "Statement[1].Condition.StringEqualsIfExists",
        "The condition operator StringEqualsIfExists is not supported",
    ),
    (condition("Null", "acs:SourceVpc", "true"), "Statement[1].Condition.Null", "Null is not supported"),
    (
        condition("ForEvery:StringEquals", "k", "x"),
        "Statement[1].Condition.ForEvery:StringEquals",
        "set operator",
    ),
    (
        condition("Bool", "acs:SecureTransport", True),
        "Statement[1].Condition.Bool.acs:SecureTransport",
        "a boolean",
    ),
    (
        condition("Bool", "acs:SecureTransport", "yes"),
        "Statement[1].Condition.Bool.acs:SecureTransport",
        '"yes"',
    ),
    (
        condition("IpAddress", "acs:SourceIp", ["10.0.0.0/8", "10.0.0.0/33"]),
        "Condition.IpAddress.acs:SourceIp[1]",
        "/33",
    ),
    (condition("NumericLessThan", "k", "1_0"), "Statement[1].Condition.NumericLessThan.k", "1_0"),
    (condition("NumericLessThan", "k", "9" * 5_000), "Statement[1].Condition.NumericLessThan.k", "999"),
    (condition("DateLessThan", "acs:CurrentTime", "tomorrow"), "DateLessThan.acs:CurrentTime", "tomorrow"),
    (condition("StringEquals", "k", []), "Statement[1].Condition.StringEquals.k", "is an empty list"),
]


@pytest.mark.parametrize(
    ("document", "path", "message"), MISTAKES, ids=[path + message for _, path, message in MISTAKES]
)
def test_mistake_is_named_with_its_place(document: dict[str, Any], path: str, message: str) -> None:
    for given_as in (document, json.dumps(document), json.dumps(document).encode()):
        with pytest.raises(PolicyError) as caught:
            parse_policy(given_as)
        assert caught.value.path.endswith(path)
        assert message in caught.value.message
        assert caught.value.expected


@pytest.mark.parametrize(
    ("kind", "principal", "path"),
    [
        ("trust", None, "Statement[0].Principal"),
        ("trust", ["ecs.aliyuncs.com"], "Statement[0].Principal"),
        ("trust", {"AWS": "x"}, "Statement[0].Principal.AWS"),
        ("trust", {"Services": "ecs.aliyuncs.com"}, "Statement[0].Principal.Services"),
        ("trust", {"Service": []}, "Statement[0].Principal.Service"),
        ("bucket", {"RAM": "acs:ram::1:root"}, "Statement[0].Principal"),
        ("bucket", [1], "Statement[0].Principal[0]"),
    ],
)
def test_wrong_principal_is_refused(kind: str, principal: Any, path: str) -> None:
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal}
    if kind == "bucket":
        statement["Resource"] = "acs:oss:*:1:b"
    if principal is None:
        del statement["Principal"]
    with pytest.raises(PolicyError) as caught:
        parse_policy({"Version": "1", "Statement": [statement]}, kind)
    assert caught.value.path == path


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", '"x"', '{"Version": "1", "Statement": [', b"\xff\xfe", "[" * 5000]
)
def test_text_that_is_no_document_is_refused(text: str | bytes) -> None:
    with pytest.raises(PolicyError):
        parse_policy(text)


def complaint(document: str | dict[str, Any], kind: str) -> str:
    """What is wrong with a document, empty if nothing is."""
    try:
        parse_policy(document, kind)
    except PolicyError as error:
        return error.message
    return ""


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=8)
    | st.sampled_from(["Allow", "1", "oss:*", "*"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["Version", "Statement", "Effect", "Action", "Resource", "Condition", "Principal", "Bool"]
            )
            | st.text(max_size=5),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=500, deadline=None)
@given(JSON, st.sampled_from(["identity", "trust", "bucket"]))
def test_any_json_is_read_or_refused_with_a_policy_error(document: Any, kind: str) -> None:
    for given_as in (json.dumps(document), document if isinstance(document, dict) else "[]"):
        assert complaint(given_as, kind) != "is not a policy document that can be read"


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=60) | st.text(max_size=60))
def test_any_text_is_read_or_refused_with_a_policy_error(text: str | bytes) -> None:
    with pytest.raises(PolicyError):
        parse_policy(text)


def test_sizes_are_checked_where_a_document_is_to_be_written() -> None:
    long = {"Version": "1", "Statement": [{**ALLOW, "Resource": ["acs:oss:*:*:" + "b" * 60] * 90}]}
    parse_policy(long)
    with pytest.raises(PolicyError, match="characters"):
        check_size(long)
    check_size({"Version": "1", "Statement": [ALLOW]}, "session")
    with pytest.raises(PolicyError, match="bytes"):
        check_size("x" * 17_000, "bucket")
    check_size("x" * 17_000, "trust")  # no page states a limit


@pytest.mark.parametrize(
    ("name", "what"),
    [("a" * 129, "policy"), ("", "policy"), ("a.b", "policy"), ("a" * 65, "role"), ("é", "role")],
)
def test_names_that_ram_refuses(name: str, what: str) -> None:
    with pytest.raises(PolicyError):
        check_name(name, what)
    check_name("a-b", what)
