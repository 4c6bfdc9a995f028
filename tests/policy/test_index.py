"""One compiled policy asked many times answers as the naive evaluator does, whatever was asked before."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from rolemend.policy import Request, Source, decide, parse_policy
from tests.policy import naive
from tests.policy.documents import policies

TAILS = ["b", "b/a", "b/a/b", "b/x", "c/x", "cc/x", "b/a:b", "x/a", "b:x/a"]
REQUESTS = st.tuples(
    st.sampled_from(["oss:GetObject", "oss:PutObject", "OSS:GETOBJECT", "ecs:Getobject", "oss:GetObjectAcl"]),
    st.sampled_from(["1", "2"]),
    st.sampled_from(TAILS),
)


@settings(max_examples=250, deadline=None)
@given(policies("identity", keys=()), st.lists(REQUESTS, min_size=3, max_size=8))
def test_every_decision_of_one_policy_is_right(
    policy: dict[str, Any], asked: list[tuple[str, str, str]]
) -> None:
    sources = [Source("identity", parse_policy(policy["document"]))]
    for action, account, tail in asked:
        resource = f"acs:oss:*:{account}:{tail}"
        wanted = naive.unit(policy["document"]["Statement"], action, resource, {})
        assert decide(Request(action, resource), sources).outcome == wanted, resource


def test_deciding_statement_is_the_first_deny_else_the_first_allow() -> None:
    deny = {"Effect": "Deny", "Action": "oss:Delete*", "Resource": "*"}
    allow = {"Effect": "Allow", "Action": "oss:*", "Resource": "acs:oss:*:*:b/*"}
    policy = parse_policy({"Version": "1", "Statement": [allow, allow, deny, deny]})
    for _ in range(3):
        for action, number in (("oss:GetObject", 0), ("oss:DeleteObject", 2)):
            decision = decide(Request(action, "acs:oss:*:1:b/x"), [Source("identity", policy)])
            assert decision.decided_by is not None
            assert decision.decided_by.statement == number


def test_many_different_actions_do_not_grow_the_index_without_bound() -> None:
    policy = parse_policy(
        {"Version": "1", "Statement": [{"Effect": "Allow", "Action": "oss:*", "Resource": "*"}]}
    )
    for number in range(2_000):
        assert decide(Request(f"oss:A{number}", "*"), [Source("identity", policy)]).outcome == "allow"
    assert len(policy.index.by_action) < 1_000
