"""The engine decides random small policies as the naive evaluator does."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from rolemend.policy import Principal, Request, Source, decide, parse_policy
from tests.policy import naive
from tests.policy.documents import TRIES, policies

USER = {"type": "ram_user", "account": "1", "uid": "7"}
KINDS = ["identity", "identity", "identity", "resource_group", "session", "control", "bucket"]


@st.composite
def cases(draw: st.DrawFn) -> dict[str, Any]:
    kinds = draw(st.lists(st.sampled_from(KINDS), min_size=1, max_size=4))
    keys = {
        key: draw(st.sampled_from(tries))
        for key, tries in {**TRIES, "k:other": TRIES["k:text"]}.items()
        if draw(st.booleans())
    }
    request = {
        "principal": USER,
        "action": draw(st.sampled_from(["oss:GetObject", "oss:PutObject", "oss:getobjectacl"])),
        "resource": "acs:oss:*:1:" + draw(st.sampled_from(["b", "b/a", "b/a/b", "c/x", "b/a:b", "b/x:c9/x"])),
        "conditions": {key: value for key, value in keys.items() if value is not None},
    }
    return {"policies": [draw(policies(kind)) for kind in kinds], "request": request}


def decided(case: dict[str, Any], unknown: frozenset[str] = frozenset(), times: int = 1) -> str:
    request = case["request"]
    sources = [
        Source(policy["kind"], parse_policy(policy["document"], policy["kind"]), None, policy.get("level"))
        for policy in case["policies"]
    ]
    known = {key: (value,) for key, value in request["conditions"].items() if key not in unknown}
    asked = Request(request["action"], request["resource"], Principal(**request["principal"]), known, unknown)
    return [decide(asked, sources).outcome for _ in range(times)][-1]


@settings(max_examples=400, deadline=None)
@given(cases())
def test_engine_decides_as_the_naive_evaluator(case: dict[str, Any]) -> None:
    assert decided(case) == naive.decide(case, {})


@settings(max_examples=200, deadline=None)
@given(cases())
def test_index_built_after_the_first_decision_changes_no_answer(case: dict[str, Any]) -> None:
    assert decided(case, times=3) == decided(case)


@settings(max_examples=250, deadline=None)
@given(cases(), st.sampled_from(sorted(TRIES)))
def test_unknown_key_is_decided_only_if_every_value_gives_the_same(case: dict[str, Any], key: str) -> None:
    case["request"]["conditions"].pop(key, None)
    assert decided(case, frozenset([key])) == naive.decide(case, {key: TRIES[key]})
