"""Out of an edited policy only what one change granted is taken, or nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rolemend.remedy.model import Plan
from rolemend.remedy.withdraw import is_gone, without_grant
from tests.remedy.test_plan import TRUST_EMR, account, planned, policy, reading
from tests.samples import ACCOUNT

LOGS: dict[str, Any] = {"Effect": "Allow", "Action": ["log:Get*"], "Resource": ["*"]}


def extended() -> Plan:
    return planned(account(reader=policy(reading("other"))))


def appended() -> Plan:
    return planned(account(logs=policy(LOGS)))


def statements(document: str | None) -> Any:
    return None if document is None else json.loads(document)["Statement"]


@pytest.mark.parametrize(
    ("live", "left"),
    [
        ([reading("other", "data")], [reading("other")]),
        ([reading("other", "data", "third")], [reading("other", "third")]),
        ([LOGS, reading("third", "data", "other")], [LOGS, reading("third", "other")]),
        ([reading("data"), LOGS], [LOGS]),
        ([reading("data")], None),
        ([reading("other")], None),
        ([{**reading("other", "data"), "Effect": "Deny"}], None),
        ([{**reading("other", "data"), "Action": ["oss:*"]}], None),
        ([{**reading("other"), "Resource": ["*"]}], None),
    ],
)
def test_the_entries_of_an_extended_statement_are_taken_out_wherever_it_stands(live: Any, left: Any) -> None:
    assert statements(without_grant(policy(*live), extended())) == left


def test_a_statement_that_was_added_goes_as_a_whole() -> None:
    plan = appended()
    assert statements(without_grant(plan.write.after, plan)) == [LOGS]
    assert statements(without_grant(policy(LOGS), plan)) is None


@pytest.mark.parametrize("live", ["{half", "[]", "{}", '{"Version":"1","Statement":[1]}'])
def test_what_is_no_policy_is_left(live: str) -> None:
    assert without_grant(live, extended()) is None


def test_a_trust_policy_that_was_edited_is_left() -> None:
    plan = planned(account(), TRUST_EMR)
    assert without_grant(plan.write.after, plan) is None


@pytest.mark.parametrize(
    ("live", "gone"),
    [
        ([reading("other")], True),
        ([reading("third")], True),
        ([reading("other"), {**reading("data"), "Effect": "Deny"}], False),
        (
            [reading("other"), {**reading("data"), "Action": "oss:PutObject", "Resource": "acs:oss:*:*:d*"}],
            True,
        ),
        ([reading("other", "data")], False),
        ([{**reading("other"), "Resource": ["acs:oss:*:*:d*"]}], False),
        ([reading("other"), {**reading("data"), "Resource": f"acs:oss:*:{ACCOUNT}:data/in/*"}], False),
        ([reading("other"), {"Effect": "Allow", "NotAction": "ram:*", "Resource": "*"}], False),
    ],
)
def test_a_grant_is_gone_only_if_nothing_newer_may_allow_what_it_granted(live: Any, gone: bool) -> None:
    """A person may have written it in another way, and then it stands."""
    assert is_gone(policy(*live), extended()) is gone
