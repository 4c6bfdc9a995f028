"""Conditions of a statement: present, absent and unknown keys.

Values of one key are alternatives, keys and operators must all be met, and a negated operator is met
only if none of its values matches (https://www.alibabacloud.com/help/en/ram/policy-elements). An
absent key does not meet a positive operator and meets a negated one, as in the examples of
https://www.alibabacloud.com/help/en/oss/user-guide/oss-bucket-policy/ .

Every test answers True, False, or None: unknown, since it hangs on an unknown key or on something
no page documents.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from rolemend.policy.lazily import Lazily
from rolemend.policy.operators import (
    NEGATED,
    UNDOCUMENTED,
    ValueTest,
    compile_values,
    parse_values,
)
from rolemend.policy.pattern import has_wildcard

Keys = Mapping[str, tuple[str, ...]]
KeysTest = Callable[[Keys], bool | None]


class Condition(msgspec.Struct, frozen=True, dict=True):
    """One key under one operator: `operator` as written, without its quantifier.

    `quantifier` is empty, `ForAllValues` or `ForAnyValue`.
    """

    operator: str
    key: str
    values: tuple[str, ...]
    quantifier: str = ""

    @property
    def negated(self) -> bool:
        """Whether the operator is met when no value matches."""
        return self.operator in NEGATED

    @property
    def positive(self) -> str:
        """The operator without its negation."""
        return NEGATED.get(self.operator, self.operator)

    @property
    def documented(self) -> bool:
        """Whether a page says what this operator does."""
        return self.positive not in UNDOCUMENTED and self.quantifier != "ForAnyValue"

    @Lazily
    def limits(self) -> tuple[Any, ...]:
        """The values as numbers, dates, truth values or address blocks, None for one that is none.

        One with `${...}` is left out. Texts have no limits.
        """
        return parse_values(self.operator, self.values)

    @Lazily
    def absent(self) -> bool | None:
        """The answer when the request lacks the key; no example tells it for set operators."""
        if self.quantifier or not self.documented:
            return None
        return self.negated

    @Lazily
    def test(self) -> Callable[[tuple[str, ...]], bool | None]:
        """A function from the values that the request gives for the key to the answer."""
        return _compile_test(self)

    @Lazily
    def atoms(self) -> tuple["Atom", ...]:
        """The yes-or-no questions about an unknown key on which this condition hangs."""
        key = self.key.lower()
        if not self.documented:
            return ()
        if self.quantifier:
            return (Atom(f"{self.quantifier}:{self.operator}", key, "\n".join(self.values)),)
        return tuple(Atom(_atom_operator(self.positive, value), key, value) for value in self.values)


class Atom(msgspec.Struct, frozen=True):
    """The question whether the value of `key` (lower case) meets one value under one operator."""

    operator: str
    key: str
    value: str


def _atom_operator(operator: str, value: str) -> str:
    """StringLike without a wildcard asks what StringEquals asks."""
    return "StringEquals" if operator == "StringLike" and not has_wildcard(value) else operator


def _compile_test(condition: Condition) -> Callable[[tuple[str, ...]], bool | None]:
    positive = NEGATED.get(condition.operator)
    negated = positive is not None
    positive = positive or condition.operator
    if positive in UNDOCUMENTED or condition.quantifier == "ForAnyValue":
        return lambda values: None
    matches = compile_values(positive, condition.values, condition.limits)
    if condition.quantifier:
        return lambda values: _for_all(matches, negated, values)

    def test(values: tuple[str, ...]) -> bool | None:
        if len(values) == 1:
            met = matches(values[0])
        else:
            met = _unanimous(matches, values)
        if met is None:
            return None
        return met is not negated

    return test


def _unanimous(matches: ValueTest, values: Sequence[str]) -> bool | None:
    """The answer for several request values without a set operator: only what all of them agree on."""
    answers = {matches(value) for value in values}
    return answers.pop() if len(answers) == 1 else None


def _for_all(matches: ValueTest, negated: bool, values: Sequence[str]) -> bool | None:
    """ForAllValues: every value of the request meets the operator."""
    answers = [matches(value) for value in values]
    if any(answer is not None and answer is negated for answer in answers):
        return False
    return None if None in answers or not answers else True


def values_of(keys: Keys, key: str) -> tuple[tuple[str, ...] | None, bool]:
    """The values given for `key`, None where it is absent, and whether only another case of it is given.

    No page says whether condition keys are case-sensitive.
    """
    values = keys.get(key)
    if values:
        return values, False
    lowered = key.lower()
    for name, other in keys.items():
        if other and name != key and name.lower() == lowered:
            return other, True
    return None, False


def holds(condition: Condition, keys: Keys) -> bool | None:
    """Whether `condition` is met by a request whose keys are all known."""
    values, other_case = values_of(keys, condition.key)
    if values is None:
        return condition.absent
    met = condition.test(values)
    return met if not other_case or met is condition.absent else None


def compile_conditions(conditions: Sequence[Condition]) -> KeysTest | None:
    """All `conditions` as one test of the request's keys, or None where there are none."""
    if not conditions:
        return None
    tests = tuple((condition.key, condition.test, condition) for condition in conditions)
    if len(tests) == 1:
        only, meets, alone = tests[0]

        def single(keys: Keys) -> bool | None:
            values = keys.get(only)
            return meets(values) if values else holds(alone, keys)

        return single

    def when(keys: Keys) -> bool | None:
        result: bool | None = True
        for key, test, condition in tests:
            values = keys.get(key)
            met = test(values) if values else holds(condition, keys)
            if met is False:
                return False
            if met is None:
                result = None
        return result

    return when
