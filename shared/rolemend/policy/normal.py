"""Documents in the form in which they are compared: what does not matter is made equal."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from rolemend.policy.condition import Condition
from rolemend.policy.document import Statement
from rolemend.policy.pattern import canonical_arn
from rolemend.policy.region import Region

EVERY = "*:*"  # every action: all have the form <service>:<name>


def normal_statement(statement: Statement) -> Statement:
    """The statement with what does not matter made equal: case of actions, order of values, RAM's region."""
    return msgspec.structs.replace(
        statement,
        actions=_normal_actions(statement.actions),
        resources=tuple(dict.fromkeys(canonical_arn(name) for name in statement.resources)),
        conditions=_normal_conditions(statement.conditions),
    )


def _normal_actions(actions: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(EVERY if action == "*" else action.lower() for action in actions))


def normal_region(region: Region) -> Region:
    return msgspec.structs.replace(
        region,
        actions=_normal_actions(region.actions),
        resources=tuple(canonical_arn(name) for name in region.resources),
        conditions=_normal_conditions(region.conditions),
    )


def _normal_conditions(conditions: Iterable[Condition]) -> tuple[Condition, ...]:
    plain = {
        Condition(each.operator, each.key, tuple(sorted(set(each.values))), each.quantifier)
        for each in conditions
    }
    return tuple(sorted(plain, key=lambda each: (each.operator, each.key, each.quantifier, each.values)))


def is_opaque(statement: Statement) -> bool:
    """Whether no page tells what the statement covers."""
    if statement.principals is not None and statement.principals.negated:
        return True
    texts = (*statement.actions, *statement.resources)
    return statement.negated_resources or any("${" in text for text in texts)


def opaque_of(statements: Iterable[Statement]) -> list[Statement]:
    return sorted((each for each in statements if is_opaque(each)), key=repr)
