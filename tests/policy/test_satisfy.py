"""Whether a request can meet some conditions and not others, against trying values."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rolemend.policy.condition import Condition
from rolemend.policy.inclusion import Budget, BudgetError
from rolemend.policy.satisfy import escape_exists
from tests.policy import naive
from tests.policy.documents import FAMILIES, TRIES

Block = dict[str, dict[str, list[str]]]


@st.composite
def blocks(draw: st.DrawFn, key: str) -> Block:
    operator = draw(st.sampled_from(sorted(FAMILIES[key])))
    values = draw(st.lists(st.sampled_from(FAMILIES[key][operator]), min_size=1, max_size=2, unique=True))
    return {operator: {key: values}}


def parsed(blocks: list[Block]) -> list[Condition]:
    return [
        Condition(operator, key, tuple(values))
        for block in blocks
        for operator, keys in block.items()
        for key, values in keys.items()
    ]


@st.composite
def questions(draw: st.DrawFn) -> tuple[list[Block], list[list[Block]]]:
    keys = draw(st.lists(st.sampled_from(sorted(TRIES)), min_size=1, max_size=2, unique=True))
    some: Any = st.lists(st.sampled_from(keys).flatmap(blocks), max_size=2)
    return draw(some), draw(st.lists(some, max_size=3))


def possible(met: list[Block], unmet: list[list[Block]]) -> bool:
    used = {
        key
        for block in [*met, *(each for group in unmet for each in group)]
        for op in block.values()
        for key in op
    }
    for values in product(*(TRIES[key] for key in sorted(used))):
        keys = {key: value for key, value in zip(sorted(used), values, strict=True) if value is not None}
        wanted = all(naive.met(block, keys) for block in met)
        if wanted and not any(all(naive.met(block, keys) for block in group) for group in unmet):
            return True
    return False


@settings(max_examples=600, deadline=None)
@given(questions())
def test_answer_agrees_with_trying_every_value(question: tuple[list[Block], list[list[Block]]]) -> None:
    met, unmet = question
    answer = escape_exists(parsed(met), [parsed(group) for group in unmet], Budget(100_000))
    letters_of_either_case = "IgnoreCase" in str(question)
    if answer is None:
        assert letters_of_either_case
    else:
        assert answer == possible(met, unmet)


LARGE = "1" + "0" * 35
"""More digits than the usual arithmetic of decimals keeps."""

EDGES: list[tuple[list[Block], bool]] = [
    ([{"NumericGreaterThanEquals": {"n": ["10"]}}, {"NumericNotEquals": {"n": ["10"]}}], True),
    ([{"NumericLessThanEquals": {"n": ["10"]}}, {"NumericNotEquals": {"n": ["10"]}}], True),
    ([{"NumericGreaterThan": {"n": ["1"]}}, {"NumericLessThan": {"n": ["2"]}}], True),
    ([{"NumericGreaterThan": {"n": ["2"]}}, {"NumericLessThanEquals": {"n": ["2"]}}], False),
    (
        [
            {"DateGreaterThan": {"d": ["2026-01-01T00:00:00Z"]}},
            {"DateNotEquals": {"d": ["2026-01-01T00:00:01Z"]}},
        ],
        True,
    ),
    ([{"DateLessThan": {"d": ["2026-01-01T00:00:00Z"]}}], True),
    (
        [
            {"DateLessThan": {"d": ["2026-01-01T00:00:00Z"]}},
            {"DateGreaterThan": {"d": ["2026-01-01T00:00:00Z"]}},
        ],
        False,
    ),
    ([{"IpAddress": {"i": ["10.0.0.0/8"]}}, {"NotIpAddress": {"i": ["10.0.0.0/9", "10.128.0.0/10"]}}], True),
    ([{"IpAddress": {"i": ["10.0.0.0/8"]}}, {"NotIpAddress": {"i": ["10.0.0.0/9", "10.128.0.0/9"]}}], False),
    ([{"NotIpAddress": {"i": ["0.0.0.0/0"]}}, {"IpAddress": {"i": ["2001:db8::/32"]}}], True),
    ([{"Bool": {"b": ["true"]}}, {"Bool": {"c": ["false"]}}], True),
    ([{"StringLike": {"s": ["?*"]}}, {"StringNotLike": {"s": ["??*"]}}], True),
    ([{"StringLike": {"s": ["??*"]}}, {"StringNotLike": {"s": ["?*"]}}], False),
    ([{"StringNotLike": {"s": ["*"]}}], True),  # the key is absent
    ([{"NumericGreaterThan": {"n": [LARGE]}}, {"NumericLessThan": {"n": [f"{LARGE[:-1]}1"]}}], True),
    ([{"NumericLessThan": {"n": [LARGE]}}], True),
    ([{"NumericGreaterThan": {"n": [LARGE]}}], True),
    ([{"DateLessThan": {"d": ["0001-01-01T00:00:00+23:59"]}}], False),
    ([{"DateGreaterThan": {"d": ["9999-12-31T23:59:59Z"]}}], False),
    ([{"DateLessThan": {"d": ["9999-12-31T23:59:59Z"]}}], True),
]


@pytest.mark.parametrize(("met", "answer"), EDGES)
def test_edges_between_values(met: list[Block], answer: bool) -> None:
    assert escape_exists(parsed(met), [], Budget(10_000)) is answer


def test_dates_that_no_calendar_has_anything_between_end_the_question() -> None:
    ends = ["9999-12-31T23:59:58+14:00", "9999-12-31T23:59:59-12:00"]
    met = parsed([{"DateGreaterThan": {"d": ends[:1]}}, {"DateLessThan": {"d": ends[1:]}}])
    with pytest.raises(BudgetError):
        escape_exists(met, [], Budget(10_000))
