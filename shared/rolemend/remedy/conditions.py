"""Finds grants of an action that hold under a condition only: a new statement beside them would drop the condition."""

from __future__ import annotations

from collections.abc import Iterable

from rolemend.account.interface import AttachedPolicy
from rolemend.policy import Policy, PolicyError, Statement, parse_policy
from rolemend.policy.scan import covers


def under_conditions(action: str, attached: Iterable[AttachedPolicy]) -> str:
    """Where the action is granted under a condition, as `policy Statement[0]`; "" if some statement grants it without
    one, or none does."""
    conditional: list[str] = []
    for policy in attached:
        for number, statement in enumerate(_statements(policy)):
            if not _grants(statement, action):
                continue
            if not statement.conditions:
                return ""
            conditional.append(f"{policy.name} Statement[{number}]")
    return ", ".join(conditional)


def _statements(policy: AttachedPolicy) -> tuple[Statement, ...]:
    """None for a document that does not parse: that is found out and told where it is to be changed."""
    try:
        parsed: Policy = parse_policy(policy.document, "identity")
    except PolicyError:
        return ()
    return parsed.statements


def _grants(statement: Statement, action: str) -> bool:
    if statement.denies or statement.negated_actions:
        return False
    return any(covers(pattern.lower(), action.lower()) for pattern in statement.actions)
