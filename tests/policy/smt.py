"""Policies as formulas for the solver z3, written straight from the rules; nothing here is shared with the engine.

A request is an action, a resource, and for each condition key whether it is there and what its value is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import z3

from tests.policy.naive import listed

STEPS = 500_000  # of the solver, for one question
ANY = z3.AllChar(z3.ReSort(z3.StringSort()))
ACTION, RESOURCE = z3.Strings("action resource")
WELL_FORMED = z3.InRe(ACTION, z3.Concat(z3.Star(ANY), z3.Re(":"), z3.Star(ANY)))


def pattern(text: str) -> z3.ReRef:
    """The regular language of a wildcard pattern."""
    marks = {"*": z3.Star(ANY), "?": ANY}
    return z3.Concat(z3.Re(""), z3.Re(""), *(marks.get(mark, z3.Re(mark)) for mark in text))


def matches(value: z3.SeqRef, patterns: Iterable[str]) -> z3.BoolRef:
    return z3.Or(*(z3.BoolVal(True) if each == "*" else z3.InRe(value, pattern(each)) for each in patterns))


def one_condition(operator: str, key: str, values: list[str]) -> z3.BoolRef:
    """A positive operator wants the key to be there and to meet a value, a negated one is met otherwise."""
    there = z3.Bool(f"has {key}")
    negated = "Not" in operator
    operator = operator.replace("Not", "")
    if operator.startswith("String"):
        text = z3.String(key)
        met = (
            matches(text, values) if operator == "StringLike" else z3.Or(*(text == value for value in values))
        )
    elif operator == "Bool":
        met = z3.Or(*(z3.Bool(key) == z3.BoolVal(value == "true") for value in values))
    else:
        met = z3.Or(*(in_order(operator.removeprefix("Numeric"), z3.Real(key), value) for value in values))
    return z3.Not(z3.And(there, met)) if negated else z3.And(there, met)


def in_order(order: str, number: z3.ArithRef, limit: str) -> z3.BoolRef:
    wanted = z3.RealVal(limit)
    orders = {
        "Equals": number == wanted,
        "LessThan": number < wanted,
        "LessThanEquals": number <= wanted,
        "GreaterThan": number > wanted,
        "GreaterThanEquals": number >= wanted,
    }
    return orders[order]


def conditions(given: Mapping[str, Mapping[str, Any]]) -> z3.BoolRef:
    each = [(operator, key, values) for operator, keys in given.items() for key, values in keys.items()]
    return z3.And(*(one_condition(operator, key, listed(values)) for operator, key, values in each))


def statement(given: Mapping[str, Any]) -> z3.BoolRef:
    if "Action" in given:
        acts = matches(ACTION, listed(given["Action"]))
    else:
        acts = z3.Not(matches(ACTION, listed(given["NotAction"])))
    return z3.And(acts, matches(RESOURCE, listed(given["Resource"])), conditions(given.get("Condition", {})))


def allows(document: Mapping[str, Any]) -> z3.BoolRef:
    by_effect: dict[str, list[z3.BoolRef]] = {"Allow": [], "Deny": []}
    for each in document["Statement"]:
        by_effect[each["Effect"]].append(statement(each))
    return z3.And(z3.Or(*by_effect["Allow"]), z3.Not(z3.Or(*by_effect["Deny"])))


def block(region: Mapping[str, Any]) -> z3.BoolRef:
    """A region of `rolemend diff` without what is cut out of it; its `*` means any action."""
    return z3.And(
        matches(ACTION, region["actions"]),
        matches(RESOURCE, region["resources"]),
        conditions(region["conditions"]),
    )


def regions(told: Iterable[Mapping[str, Any]]) -> z3.BoolRef:
    return z3.Or(*(z3.And(block(each), z3.Not(z3.Or(*map(block, each["except"])))) for each in told))


def differ(one: z3.BoolRef, other: z3.BoolRef) -> bool | None:
    """Whether some request tells the two apart; None if the solver does not find out in a fixed number of steps."""
    answers = {_possible(one, z3.Not(other)), _possible(other, z3.Not(one))}
    return True if True in answers else None if None in answers else False


def _possible(*formulas: z3.BoolRef) -> bool | None:
    solver = z3.SimpleSolver()
    solver.set("rlimit", STEPS)
    solver.add(WELL_FORMED, *formulas)
    answer = solver.check()
    return None if answer == z3.unknown else bool(answer == z3.sat)
