"""A second evaluator, written straight from the rules, slow and plain; it shares no code with the engine.

Rules: https://www.alibabacloud.com/help/en/ram/policy-elements , .../conditional-operator ,
.../policy-evaluation-process and https://www.alibabacloud.com/help/en/oss/user-guide/authentication .
It knows only what is documented, one value for each key, and unknown keys by trying values.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from itertools import product
from typing import Any

Keys = Mapping[str, str]


def like(pattern: str, text: str) -> bool:
    """`*` any characters, `?` exactly one; by the definition."""
    if not pattern:
        return not text
    if pattern[0] == "*":
        return any(like(pattern[1:], text[cut:]) for cut in range(len(text) + 1))
    return bool(text) and pattern[0] in ("?", text[0]) and like(pattern[1:], text[1:])


def listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def one_value(operator: str, wanted: str, given: str) -> bool:
    if operator == "StringEquals":
        return wanted == given
    if operator == "StringEqualsIgnoreCase":
        return wanted.lower() == given.lower()
    if operator == "StringLike":
        return like(wanted, given)
    if operator == "Bool":
        return wanted == given
    if operator == "IpAddress":
        return ipaddress.ip_address(given) in ipaddress.ip_network(wanted)
    if operator.startswith("Numeric"):
        return in_order(operator[7:], Decimal(given), Decimal(wanted))
    return in_order(operator[4:], when(given), when(wanted))


def in_order(order: str, left: Any, right: Any) -> bool:
    answers: dict[str, bool] = {
        "Equals": left == right,
        "LessThan": left < right,
        "LessThanEquals": left <= right,
        "GreaterThan": left > right,
        "GreaterThanEquals": left >= right,
    }
    return answers[order]


def when(text: str) -> datetime:
    zone = text.replace("Z", "+00:00")  # Python 3.10 reads no Z
    return datetime.fromisoformat(zone)


def met(conditions: Mapping[str, Mapping[str, Any]], keys: Keys) -> bool:
    """Values are alternatives; keys and operators must all hold; a negated operator: none of the values."""
    for operator, block in conditions.items():
        negated = "Not" in operator
        positive = operator.replace("NotIp", "Ip").replace("StringNot", "String")
        positive = positive.replace("NumericNot", "Numeric").replace("DateNot", "Date")
        for key, values in block.items():
            found = key in keys and any(one_value(positive, value, keys[key]) for value in listed(values))
            if found is negated:
                return False
    return True


def covers(statement: Mapping[str, Any], action: str, resource: str, keys: Keys) -> bool:
    if "Action" in statement:
        acts = any(like(name.lower(), action.lower()) for name in listed(statement["Action"]))
    else:
        acts = not any(like(name.lower(), action.lower()) for name in listed(statement["NotAction"]))
    on = any(like(name, resource) for name in listed(statement.get("Resource", "*")))
    return acts and on and met(statement.get("Condition", {}), keys)


def unit(statements: Iterable[Mapping[str, Any]], action: str, resource: str, keys: Keys) -> str:
    effects = {each["Effect"] for each in statements if covers(each, action, resource, keys)}
    if "Deny" in effects:
        return "explicit_deny"
    return "allow" if "Allow" in effects else "implicit_deny"


def of_kind(case: Mapping[str, Any], kind: str, level: int | None = None) -> list[Mapping[str, Any]]:
    return [
        statement
        for policy in case["policies"]
        if policy["kind"] == kind and (level is None or policy.get("level", 0) == level)
        for statement in policy["document"]["Statement"]
    ]


def decide_known(case: Mapping[str, Any], keys: Keys) -> str:
    """The order of evaluation for a RAM user or role of the account that owns the resource."""
    action, resource = case["request"]["action"], case["request"]["resource"]

    def judge(statements: list[Mapping[str, Any]]) -> str:
        return unit(statements, action, resource, keys)

    levels = sorted({policy.get("level", 0) for policy in case["policies"] if policy["kind"] == "control"})
    for level in levels:
        if (answer := judge(of_kind(case, "control", level))) != "allow":
            return answer
    has_session = any(policy["kind"] == "session" for policy in case["policies"])
    if has_session and (answer := judge(of_kind(case, "session"))) != "allow":
        return answer
    identity = judge(of_kind(case, "identity"))
    if identity == "implicit_deny":
        identity = judge(of_kind(case, "resource_group"))
    uid = case["request"]["principal"]["uid"]
    bucket = judge([each for each in of_kind(case, "bucket") if uid in each["Principal"]])
    if "explicit_deny" in (identity, bucket):
        return "explicit_deny"
    return "allow" if "allow" in (identity, bucket) else "implicit_deny"


def decide(case: Mapping[str, Any], tries: Mapping[str, list[str | None]]) -> str:
    """`tries` holds, for each unknown key, values that tell all its conditions apart; None is absent."""
    answers = set()
    for values in product(*tries.values()):
        chosen = {key: value for key, value in zip(tries, values, strict=True) if value is not None}
        answers.add(decide_known(case, {**case["request"]["conditions"], **chosen}))
    return answers.pop() if len(answers) == 1 else "unknown"
