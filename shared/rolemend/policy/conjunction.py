"""Two sets of conditions that must both hold, as one set that a Condition element can hold."""

from __future__ import annotations

from collections.abc import Sequence

from rolemend.policy.condition import Condition
from rolemend.policy.inclusion import Budget, intersect
from rolemend.policy.operators import parse_date, parse_network, parse_number


class InexpressibleError(Exception):
    """The conjunction has no form that a Condition element can hold."""


def conjunction(
    one: Sequence[Condition], other: Sequence[Condition], budget: Budget
) -> tuple[Condition, ...] | None:
    """The conditions of both, or None where they contradict each other.

    Raises InexpressibleError for set operators and undocumented ones on the same key.
    """
    merged = {(condition.quantifier, condition.operator, condition.key): condition for condition in one}
    for condition in other:
        place = (condition.quantifier, condition.operator, condition.key)
        known = merged.get(place)
        if known is None or known.values == condition.values:
            merged[place] = condition
            continue
        if condition.quantifier or not condition.documented:
            raise InexpressibleError
        values = _both(condition, known.values, condition.values, budget)
        if not values:
            return None
        merged[place] = Condition(condition.operator, condition.key, values)
    return tuple(merged.values())


def _both(
    condition: Condition, one: tuple[str, ...], other: tuple[str, ...], budget: Budget
) -> tuple[str, ...]:
    operator = condition.positive
    if condition.negated:
        return tuple(dict.fromkeys((*one, *other)))
    if operator == "StringLike":
        cuts = {cut for a in one for b in other for cut in intersect(a, b, budget)}
        return tuple(sorted(cuts))
    if operator == "IpAddress":
        return tuple(dict.fromkeys(cut for a in one for b in other if (cut := _narrower(a, b))))
    if operator in ("StringEquals", "StringEqualsIgnoreCase", "Bool"):
        fold = str if operator == "StringEquals" else str.lower
        wanted = {fold(value) for value in other}
        return tuple(value for value in one if fold(value) in wanted)
    return _limits(operator, one, other)


def _narrower(one: str, other: str) -> str | None:
    """The smaller of two address blocks that contain each other, else None."""
    first, second = parse_network(one), parse_network(other)
    if first is None or second is None or first[0] != second[0]:
        return None
    if first[1] > second[1]:
        one, first, second = other, second, first
    return one if first[2] >> (second[1] - first[1]) == second[2] else None


def _limits(operator: str, one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    """Numbers and dates: of several limits the loosest counts, of two conditions the stricter."""
    parse = parse_number if operator.startswith("Numeric") else parse_date
    if operator.endswith(("NumericEquals", "DateEquals")):
        wanted = {parse(value) for value in other}
        return tuple(value for value in one if parse(value) in wanted)
    try:
        if "LessThan" in operator:
            return (min(max(one, key=parse), max(other, key=parse), key=parse),)
        return (max(min(one, key=parse), min(other, key=parse), key=parse),)
    except TypeError as error:  # one date names no zone
        raise InexpressibleError from error
