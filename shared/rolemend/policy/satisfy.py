"""Whether some request meets some conditions and none of others.

Keys are independent of each other, and a key is absent or has one value. For the conditions on one key
a finite set of values is enough to try: canonical points of strings, the limits of numbers and dates and
what lies between them, the borders of address blocks. Where a condition is undocumented, or letters of
either case mix with exact ones, an answer "no value was found" is no proof, and None is returned.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import pairwise

from rolemend.policy.condition import Condition
from rolemend.policy.inclusion import Budget, BudgetError, canonical_points, fresh_character, intersect
from rolemend.policy.operators import LONGEST_NUMBER, parse_date, parse_network, parse_number
from rolemend.policy.pattern import has_variable

_FAMILIES = ("String", "Numeric", "Date", "Bool", "IpAddress")
Wanted = tuple[Condition, bool]  # a condition and whether it has to be met


def escape_exists(
    met: Sequence[Condition], unmet: Sequence[Sequence[Condition]], budget: Budget
) -> bool | None:
    """Whether a request can meet all of `met` and, of each group in `unmet`, not the whole group."""
    met = list(dict.fromkeys(met))
    groups = []
    for group in dict.fromkeys(tuple(dict.fromkeys(each)) for each in unmet):
        rest = tuple(condition for condition in group if condition not in met)
        if not rest:
            return False
        groups.append(rest)
    return _choose([(condition, True) for condition in met], sorted(groups, key=len), budget)


def _choose(wanted: list[Wanted], groups: Sequence[Sequence[Condition]], budget: Budget) -> bool | None:
    """Try each way of leaving one condition of every group unmet."""
    budget.spend()
    possible = satisfiable(wanted, budget)
    if possible is False or not groups:
        return possible
    answers = set()
    for condition in groups[0]:
        answer = _choose([*wanted, (condition, False)], groups[1:], budget)
        if answer:
            return True
        answers.add(answer)
    return None if None in answers else False


def satisfiable(wanted: Sequence[Wanted], budget: Budget) -> bool | None:
    """Whether some request meets exactly those of `wanted` that are to be met."""
    by_key: dict[str, list[Wanted]] = {}
    for condition, answer in wanted:
        if (condition, not answer) in wanted:
            return False
        by_key.setdefault(condition.key.lower(), []).append((condition, answer))
    answers = [_one_key(group, budget) for group in by_key.values()]
    if False in answers:
        return False
    return None if None in answers else True


def _one_key(wanted: Sequence[Wanted], budget: Budget) -> bool | None:
    """Whether the key can be absent, or have a value, so that every condition is as wanted."""
    if any(not condition.documented or _has_variables(condition) for condition, _ in wanted):
        return None
    if len({condition.key for condition, _ in wanted}) > 1:
        return None  # one key in two cases
    if all(condition.absent is answer for condition, answer in wanted):
        return True
    for value in _values(wanted, budget):
        budget.spend(len(wanted))
        if all(condition.test((value,)) is answer for condition, answer in wanted):
            return True
    if any(condition.quantifier for condition, _ in wanted):
        return None  # a list of values could do what one value cannot
    families = {_family(condition) for condition, _ in wanted}
    return False if len(families) == 1 and "IgnoreCase" not in families else None


def _has_variables(condition: Condition) -> bool:
    return any(has_variable(value) for value in condition.values)


def _family(condition: Condition) -> str:
    operator = condition.positive
    if operator == "StringEqualsIgnoreCase":
        return "IgnoreCase"
    return next(name for name in _FAMILIES if operator.startswith(name))


def _values(wanted: Sequence[Wanted], budget: Budget) -> Iterator[str]:
    """Representatives of all values the conditions tell apart, by family."""
    by_family: dict[str, list[Wanted]] = {}
    for each in wanted:
        by_family.setdefault(_family(each[0]).replace("IgnoreCase", "String"), []).append(each)
    for family, group in by_family.items():
        given = list(dict.fromkeys(value for condition, _ in group for value in condition.values))
        if family == "String":
            yield from _texts(group, given, budget)
        elif family == "Bool":
            yield from ("true", "false")
        elif family == "IpAddress":
            yield from _addresses(given)
        else:
            yield from _numbers(given) if family == "Numeric" else _dates(given)


def _texts(wanted: Sequence[Wanted], given: Sequence[str], budget: Budget) -> Iterator[str]:
    """Canonical points of every way to meet one value of each condition that has to match."""
    for value in given:
        yield from (value, value.lower(), value.upper())
    fresh = fresh_character(given)
    marks = max((value.count("?") for value in given), default=0)
    patterns = {"*"}
    for condition, answer in wanted:
        if condition.negated is answer:
            continue  # it has to match nothing
        exact = condition.positive != "StringLike"
        if exact:
            values = [value for value in condition.values if "*" not in value and "?" not in value]
        else:
            values = list(condition.values)
        patterns = {cut for one in patterns for other in values for cut in intersect(one, other, budget)}
    for pattern in patterns:
        yield from canonical_points(pattern, fresh, marks, budget)


def _numbers(given: Iterable[str]) -> Iterator[str]:
    from decimal import Context, Decimal

    exact = Context(prec=3 * LONGEST_NUMBER)
    limits = sorted({Decimal(parse_number(value)) for value in given})
    points = [exact.divide(exact.add(low, high), Decimal(2)) for low, high in pairwise(limits)]
    if limits:
        points += [exact.subtract(limits[0], Decimal(1)), exact.add(limits[-1], Decimal(1))]
    yield from (format(point, "f") for point in (*limits, *points))


def _dates(given: Iterable[str]) -> Iterator[str]:
    """Raises BudgetError for dates so near to the end of time that none can be told between them."""
    from datetime import timedelta

    limits = sorted({date for value in given if (date := parse_date(value)).tzinfo is not None})
    yield from (limit.isoformat() for limit in limits)
    try:
        between = [low + (high - low) / 2 for low, high in pairwise(limits)]
    except OverflowError as error:
        raise BudgetError from error
    yield from (moment.isoformat() for moment in between)
    for limit, step in ((limits[0], -1), (limits[-1], 1)) if limits else ():
        with suppress(OverflowError):  # before the year 1 and after 9999 there is nothing to tell apart
            yield (limit + timedelta(seconds=step)).isoformat()


def _addresses(given: Iterable[str]) -> Iterator[str]:
    import socket

    yield from ("0.0.0.0", "::")  # noqa: S104 - an address to compare, not to bind
    for value in given:
        network = parse_network(value)
        if network is None:
            continue
        bits, shift, head = network
        family = socket.AF_INET if bits == 32 else socket.AF_INET6
        for number in (head << shift, (head + 1) << shift):
            if number < 1 << bits:
                yield socket.inet_ntop(family, number.to_bytes(bits // 8, "big"))
