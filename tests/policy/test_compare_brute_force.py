"""`compare` says exactly what trying every request says."""

from __future__ import annotations

import random
from typing import Any

import pytest

from rolemend.policy import compare, parse_policy
from tests.policy import brute_force

LETTERS = ["a", "b", "*", "?"]
TERMS: list[dict[str, dict[str, list[str]]]] = [
    {},
    {},
    {"StringEquals": {"k": ["x"]}},
    {"StringEquals": {"k": ["x", "y"]}},
    {"StringNotEquals": {"k": ["x"]}},
    {"StringLike": {"k": ["x*"]}},
    {"StringLike": {"k": ["*y"]}},
    {"StringNotLike": {"k": ["*x", "y"]}},
    {"StringLike": {"k": ["x*"]}, "StringNotEquals": {"k": ["xy"]}},
]


def pattern(dice: random.Random, longest: int, marks: str) -> str:
    return "".join(dice.choice(marks) for _ in range(dice.randint(1, longest)))


def document(dice: random.Random, marks: str, conditional: bool) -> dict[str, Any]:
    statements = []
    for _ in range(dice.randint(1, 3)):
        name = "NotAction" if dice.random() < 0.15 else "Action"
        statement: dict[str, Any] = {
            "Effect": "Deny" if dice.random() < 0.3 else "Allow",
            name: ["s:" + pattern(dice, 2, marks) for _ in range(dice.randint(1, 2))],
            "Resource": [pattern(dice, 3, marks) for _ in range(dice.randint(1, 3))],
        }
        if conditional and (term := dice.choice(TERMS)):
            statement["Condition"] = term
        statements.append(statement)
    return {"Version": "1", "Statement": statements}


def changed(dice: random.Random, before: dict[str, Any], marks: str, conditional: bool) -> dict[str, Any]:
    """A document that has much in common with another, as an edited one has."""
    fresh = document(dice, marks, conditional)["Statement"]
    kept = [each for each in before["Statement"] if dice.random() < 0.7]
    statements = [*kept, *fresh[: dice.randint(0 if kept else 1, 2)]] or fresh[:1]
    dice.shuffle(statements)
    return {"Version": "1", "Statement": statements}


@pytest.mark.parametrize(
    ("marks", "conditional", "seed"),
    [("ab*", False, 1), ("ab*?", False, 2), ("ab*", True, 3), ("ab*?", True, 4)],
    ids=["stars", "question marks", "conditions", "both"],
)
def test_both_directions_agree_with_brute_force(marks: str, conditional: bool, seed: int) -> None:
    dice = random.Random(seed)
    unknown = 0
    pairs = 2_500
    for _ in range(pairs):
        before = document(dice, marks, conditional)
        after = (
            changed(dice, before, marks, conditional)
            if dice.random() < 0.6
            else document(dice, marks, conditional)
        )
        found = compare(parse_policy(before), parse_policy(after))
        old, new = brute_force.allowed(before), brute_force.allowed(after)
        for side, wanted in (
            (found.gained, brute_force.less(new, old)),
            (found.lost, brute_force.less(old, new)),
        ):
            if side.unknown:
                unknown += 1
                continue
            told = brute_force.of_regions([region.to_dict() for region in side.regions])
            assert told == wanted, (before, after, [region.to_dict() for region in side.regions])
            assert bool(side.regions) == bool(wanted), (before, after)
    assert unknown <= pairs // 50
