"""Random small documents for hypothesis."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

ACTIONS = [
    "oss:GetObject",
    "oss:PutObject",
    "OSS:getobject",
    "oss:Get*",
    "oss:*",
    "*",
    "ecs:Get?bject",
    "*:GetObject",
]
RESOURCES = [
    "*",
    "acs:oss:*:*:b",
    "acs:oss:*:*:b/*",
    "acs:oss:*:1:b/a*",
    "acs:oss:*:2:b/*",
    "acs:oss:*:*:b/a/?",
    "acs:oss:*:*:*/a",
    "acs:oss:*:*:c*/x",
    "acs:*:*b*",
    "acs:oss:*:*:b/a/b",
]
VALUES = {
    "StringEquals": ["a", "b", "A", "a*"],
    "StringNotEquals": ["a", "b", "ab"],
    "StringEqualsIgnoreCase": ["a", "B"],
    "StringNotEqualsIgnoreCase": ["A", "b"],
    "StringLike": ["a*", "*b", "*", "?", "a", "a*b"],
    "StringNotLike": ["a*", "*b", "?b"],
}
NUMBERS = {
    f"Numeric{order}": ["1", "2", "10"] for order in ("Equals", "NotEquals", "LessThan", "GreaterThanEquals")
}
DATES = {
    f"Date{order}": ["2026-01-01T00:00:00Z", "2026-01-02T00:00:00+08:00"]
    for order in ("LessThan", "GreaterThan")
}
ADDRESSES = {
    name: ["10.0.0.0/8", "10.1.0.0/16", "10.1.2.3", "192.0.2.0/24"] for name in ("IpAddress", "NotIpAddress")
}
BOOLS = {"Bool": ["true", "false"]}
FAMILIES = {
    "k:text": VALUES,
    "k:other": VALUES,
    "k:number": NUMBERS,
    "acs:CurrentTime": DATES,
    "acs:SourceIp": ADDRESSES,
    "acs:SecureTransport": BOOLS,
}
# Values that tell apart everything the conditions above can ask about a key; None is absent.
TRIES: dict[str, list[str | None]] = {
    "k:text": [
        None,
        "",
        "a",
        "b",
        "A",
        "B",
        "ab",
        "aB",
        "Ab",
        "a*",
        "axb",
        "ax",
        "xb",
        "x",
        "xx",
        "axx",
        "xxb",
        "a*b",
    ],
    "k:number": [None, "0", "1", "1.5", "2", "5", "10", "11"],
    "acs:CurrentTime": [
        None,
        "2025-12-31T23:00:00Z",
        "2026-01-01T00:00:00Z",
        "2026-01-01T01:00:00Z",
        "2026-01-01T16:00:00Z",
        "2026-01-03T00:00:00Z",
    ],
    "acs:SourceIp": [None, "10.0.0.1", "10.1.0.1", "10.1.2.3", "192.0.2.1", "203.0.113.1"],
    "acs:SecureTransport": [None, "true", "false"],
}


@st.composite
def conditions(draw: st.DrawFn, keys: tuple[str, ...] = tuple(FAMILIES)) -> dict[str, dict[str, list[str]]]:
    found: dict[str, dict[str, list[str]]] = {}
    for key in draw(st.lists(st.sampled_from(keys), max_size=2)):
        operator = draw(st.sampled_from(sorted(FAMILIES[key])))
        values = draw(st.lists(st.sampled_from(FAMILIES[key][operator]), min_size=1, max_size=2, unique=True))
        found.setdefault(operator, {})[key] = values
    return found


def some(names: list[str], most: int = 3) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(names), min_size=1, max_size=most, unique=True)


@st.composite
def statements(
    draw: st.DrawFn,
    actions: list[str] = ACTIONS,
    resources: list[str] = RESOURCES,
    keys: tuple[str, ...] = tuple(FAMILIES),
) -> dict[str, Any]:
    statement: dict[str, Any] = {"Effect": draw(st.sampled_from(["Allow", "Allow", "Deny"]))}
    statement[draw(st.sampled_from(["Action", "Action", "Action", "NotAction"]))] = draw(some(actions))
    statement["Resource"] = draw(some(resources))
    condition = draw(conditions(keys)) if keys else {}
    if condition:
        statement["Condition"] = condition
    return statement


@st.composite
def policies(draw: st.DrawFn, /, kind: str, **parts: Any) -> dict[str, Any]:
    found = draw(st.lists(statements(**parts), min_size=1, max_size=3))
    if kind == "bucket":
        for statement in found:
            statement["Principal"] = draw(some(["7", "8"], 2))
    policy: dict[str, Any] = {"kind": kind, "document": {"Version": "1", "Statement": found}}
    if kind == "control" and draw(st.booleans()):
        policy["level"] = draw(st.integers(0, 2))
    return policy
