"""Finds grants that hold under a condition only: a grant without it beside them would drop the condition."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from rolemend.account.interface import AttachedPolicy
from rolemend.policy import Policy, PolicyError, Principal, Statement, parse_policy
from rolemend.policy.inclusion import Budget, BudgetError, intersect
from rolemend.policy.normal import normal_region, normal_statement
from rolemend.policy.pattern import variable_as_wildcard
from rolemend.policy.principal import trusts
from rolemend.policy.region import Region
from rolemend.policy.scan import covers

STEPS = 100_000
"""For all conditional statements together; about a tenth of a second. What takes more counts as a condition."""


def under_conditions(action: str, attached: Iterable[AttachedPolicy]) -> str:
    """Where the action is granted under a condition, as `policy Statement[0]`; "" if some statement grants it without
    one, or none does."""
    conditional: list[str] = []
    for place, statement in _allowing(attached):
        if not _grants(statement, action):
            continue
        if not statement.conditions:
            return ""
        conditional.append(place)
    return ", ".join(conditional)


def conditions_on(actions: Sequence[str], bucket: str, attached: Iterable[AttachedPolicy]) -> str:
    """Where one of the actions is granted on the bucket under a condition, as `policy Statement[0]`; "" if none is.

    Whoever wrote such a condition meant it for this bucket, whatever is granted without one on others.
    """
    budget = Budget(STEPS)
    return ", ".join(
        place
        for place, statement in _allowing(attached)
        if statement.conditions and speaks_of(statement, actions, bucket, budget)
    )


def trusted_under_conditions(role: str, document: str, service: str) -> str:
    """Where a trust policy lets the service in under a condition, as `role Statement[0]`; "" if it does not.

    Raises PolicyError.
    """
    statements = parse_policy(document, "trust").statements
    return ", ".join(
        f"{role} Statement[{number}]"
        for number, statement in enumerate(statements)
        if statement.conditions and _grants(statement, "sts:AssumeRole") and _names(statement, service)
    )


def _allowing(attached: Iterable[AttachedPolicy]) -> Iterator[tuple[str, Statement]]:
    """Each Allow statement with its place. None for a document that does not parse: that is found out and told where
    it is to be changed."""
    for policy in attached:
        try:
            parsed: Policy = parse_policy(policy.document, "identity")
        except PolicyError:
            continue
        for number, statement in enumerate(parsed.statements):
            if not statement.denies:
                yield f"{policy.name} Statement[{number}]", statement


def _grants(statement: Statement, action: str) -> bool:
    if statement.denies:
        return False
    listed = any(covers(pattern.lower(), action.lower()) for pattern in statement.actions)
    return listed is not statement.negated_actions


def _names(statement: Statement, service: str) -> bool:
    """Whether it may name the service; what no page tells counts as yes."""
    principals = statement.principals
    return (
        principals is not None and trusts(principals, Principal(type="service", service=service)) is not False
    )


def speaks_of(statement: Statement, actions: Sequence[str], bucket: str, budget: Budget) -> bool:
    """Whether a statement has something in common with these actions on the bucket and what is in it.

    Its conditions do not matter. What cannot be told counts as yes.
    """
    wanted = normal_region(Region(tuple(actions), (bucket, f"{bucket}/*")))
    statement = normal_statement(statement)
    named = ["*"] if statement.negated_resources else map(_named, statement.resources)
    try:
        if not _meet(named, wanted.resources, budget):
            return False
        if statement.negated_actions:
            return not all(_covered(action, statement.actions) for action in wanted.actions)
        return _meet(statement.actions, wanted.actions, budget)
    except BudgetError:
        return True


def _named(resource: str) -> str:
    """The bucket and object of an ARN of OSS, as a pattern; `*` for what is no such ARN, but may match one.

    A wildcard may cross the colons, and then an object of another bucket could end like a listed bucket: that is
    nobody's meaning.
    """
    parts = variable_as_wildcard(resource).split(":", 4)
    return parts[4] if len(parts) == 5 else "*"


def _meet(patterns: Iterable[str], wanted: Sequence[str], budget: Budget) -> bool:
    given = [variable_as_wildcard(pattern) for pattern in patterns]
    return any(intersect(pattern, each, budget) for pattern in given for each in wanted)


def _covered(action: str, spared: Iterable[str]) -> bool:
    """Whether NotAction surely spares an action, or all that a pattern of actions stands for."""
    return any(covers(pattern, action) for pattern in spared if "?" not in pattern and "${" not in pattern)
