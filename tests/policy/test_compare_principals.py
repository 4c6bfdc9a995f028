"""`compare` of trust policies and bucket policies says what trying every caller says."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from typing import Any

import pytest

from rolemend.policy import Difference, Policy, compare, parse_policy
from tests.policy.naive import like, listed, met

OWNER, OTHER = "5", "6"
CONTEXTS: list[dict[str, str]] = [{}, {"k": "x"}, {"k": "y"}, {"k": "xx"}]
TERMS: list[dict[str, dict[str, str]]] = [
    *({}, {}, {"StringEquals": {"k": "x"}}),
    *({"StringNotEquals": {"k": "x"}}, {"StringLike": {"k": "x*"}}),
]
Caller = tuple[str, ...]
Requests = set[tuple[Caller, str, int]]

TRUST_NAMES = [
    *(("RAM", f"acs:ram::{OWNER}:{own}") for own in ("root", "user/a", "role/r")),
    *(
        ("RAM", f"acs:ram:*:{OWNER}:user/a"),
        ("RAM", f"acs:ram::{OTHER}:root"),
        ("RAM", f"acs:ram::{OTHER}:role/r"),
    ),
    *(("Service", "ecs.aliyuncs.com"), ("Service", "emr.aliyuncs.com")),
    ("Federated", f"acs:ram::{OWNER}:saml-provider/p"),
]
TRUST_CALLERS: list[Caller] = [
    *(
        ("RAM", account, kind)
        for account in (OWNER, OTHER, "7")
        for kind in ("user/a", "user/b", "role/r", "role/q")
    ),
    *(("Service", f"{name}.aliyuncs.com") for name in ("ecs", "emr", "cdn")),
    *(("Federated", f"acs:ram::{OWNER}:saml-provider/{name}") for name in "pq"),
]


def trusted(principal: Mapping[str, Any], caller: Caller) -> bool:
    for kind, names in principal.items():
        for name in listed(names):
            plain = name.replace("acs:ram:*:", "acs:ram::")
            if kind != caller[0]:
                continue
            if kind != "RAM" and plain == caller[1]:
                return True
            if kind == "RAM" and plain in (f"acs:ram::{caller[1]}:root", f"acs:ram::{caller[1]}:{caller[2]}"):
                return True
    return False


BUCKET_NAMES = ["*", "11", "12", f"arn:sts::{OTHER}:assumed-role/r/*", f"arn:sts::{OTHER}:assumed-role/r/s"]
BUCKET_CALLERS: list[Caller] = [
    *(("anonymous",), ("root", OWNER), ("root", OTHER), ("root", "11")),
    *(("user", uid) for uid in ("11", "12", "13")),
    *(
        ("role", f"arn:sts::{account}:assumed-role/{name}")
        for account in (OTHER, "7")
        for name in ("r/s", "r/t", "q/s")
    ),
]


def named(principal: list[str], caller: Caller, conditional: bool) -> bool:
    """For callers of which the page tells whether they are meant; the owner's own users are not among them."""
    for name in principal:
        if name == "*" and (conditional or caller != ("root", OWNER)):
            return True
        if caller[0] in ("root", "user") and name == caller[1]:
            return True
        if caller[0] == "role" and like(name, caller[1]):
            return True
    return False


def document(dice: random.Random, kind: str) -> dict[str, Any]:
    statements = []
    for _ in range(dice.randint(1, 3)):
        statement: dict[str, Any] = {"Effect": "Deny" if dice.random() < 0.3 else "Allow"}
        if kind == "trust":
            statement["Action"] = "sts:AssumeRole"
            principal: dict[str, list[str]] = {}
            for place, name in dice.sample(TRUST_NAMES, dice.randint(1, 3)):
                principal.setdefault(place, []).append(name)
            statement["Principal"] = principal
        else:
            statement["Action"] = dice.choice(
                ["oss:GetObject", "oss:Get*", ["oss:GetObject", "oss:PutObject"]]
            )
            statement["Resource"] = dice.choice([f"acs:oss:*:{OWNER}:b/*", f"acs:oss:*:{OWNER}:b/x/*"])
            statement["Principal"] = dice.sample(BUCKET_NAMES, dice.randint(1, 2))
        if term := dice.choice(TERMS):
            statement["Condition"] = term
        statements.append(statement)
    return {"Version": "1", "Statement": statements}


ACTIONS = {"trust": ["sts:AssumeRole"], "bucket": ["oss:GetObject", "oss:GetObjectAcl", "oss:PutObject"]}
PLACES = {"trust": ["*"], "bucket": [f"acs:oss:*:{OWNER}:b/x/y", f"acs:oss:*:{OWNER}:b/z"]}


def requests(kind: str, block: Mapping[str, Any]) -> Requests:
    """All requests that a statement, or a region of a comparison, covers."""
    effective = {key.lower(): value for key, value in block.items()}
    actions = listed(effective.get("action", effective.get("actions")))
    resources = listed(effective.get("resource", effective.get("resources", "*")))
    conditions = effective.get("condition", effective.get("conditions", {}))
    principal: Any = effective.get("principal", effective.get("principals"))
    found: Requests = set()
    for caller in TRUST_CALLERS if kind == "trust" else BUCKET_CALLERS:
        if not (
            trusted(principal, caller) if kind == "trust" else named(principal, caller, bool(conditions))
        ):
            continue
        for action in ACTIONS[kind]:
            for place in PLACES[kind]:
                if any(like(each, action) for each in actions) and any(
                    like(each, place) for each in resources
                ):
                    contexts = (n for n, keys in enumerate(CONTEXTS) if met(conditions, keys))
                    found |= {(caller, f"{action} {place}", context) for context in contexts}
    return found


def allowed(kind: str, given: Mapping[str, Any]) -> Requests:
    by_effect: dict[str, Requests] = {"Allow": set(), "Deny": set()}
    for statement in given["Statement"]:
        by_effect[statement["Effect"]] |= requests(kind, statement)
    return by_effect["Allow"] - by_effect["Deny"]


def told(kind: str, regions: Iterable[Mapping[str, Any]]) -> Requests:
    found: Requests = set()
    for region in regions:
        inside = requests(kind, region)
        for cut in region["except"]:
            inside -= requests(kind, cut)
        found |= inside
    return found


def check(kind: str, side: Difference, wanted: Requests) -> bool:
    """Whether one direction of a comparison was told; if so, it must be right."""
    if not side.unknown:
        assert told(kind, [region.to_dict() for region in side.regions]) == wanted
        assert bool(side.regions) >= bool(wanted)
    return not side.unknown


@pytest.mark.parametrize(("kind", "seed"), [("trust", 1), ("trust", 2), ("bucket", 3), ("bucket", 4)])
def test_both_directions_agree_with_trying_every_caller(kind: str, seed: int) -> None:
    dice = random.Random(seed)
    tested = 0
    pairs = 700
    for _ in range(pairs):
        before, after = document(dice, kind), document(dice, kind)
        if dice.random() < 0.5:
            after["Statement"] = [*before["Statement"][:-1], *after["Statement"][:1]]
        found = compare(_parsed(before, kind), _parsed(after, kind))
        old, new = allowed(kind, before), allowed(kind, after)
        tested += check(kind, found.gained, new - old) + check(kind, found.lost, old - new)
    assert tested > pairs


def _parsed(given: dict[str, Any], kind: str) -> Policy:
    return parse_policy(given, kind)
