"""Takes out of a policy what one change put in, where the policy was edited since."""

from __future__ import annotations

from typing import Any

import msgspec

from rolemend.checklist.model import ListBucket
from rolemend.policy import PolicyError, parse_policy
from rolemend.policy.inclusion import Budget
from rolemend.policy.limits import dump
from rolemend.policy.proof import proves_addition
from rolemend.remedy.conditions import STEPS, speaks_of
from rolemend.remedy.model import Plan

Statement = dict[str, Any]


def without_grant(live: str, plan: Plan) -> str | None:
    """`live` without the entries that the plan added to it, everything else left as it stands.

    None where they cannot be found as they were written, or where it cannot be proved that nothing but the plan's grant
    is taken away.
    """
    if plan.write.kind != "policy":
        return None
    try:
        parse_policy(live)
        document = msgspec.json.decode(live, type=dict[str, Any])
        added = _added(plan)
        rest = _taken_out(_statements(document), *added) if added is not None else None
        if not rest or added is None:
            return None
        document["Statement"] = rest
        reduced = dump(document)
        proved = proves_addition(reduced, live, actions=plan.actions, resources=added[1])
    except (PolicyError, msgspec.MsgspecError, KeyError, TypeError):
        return None
    return reduced if proved else None


def is_gone(live: str, plan: Plan) -> bool:
    """Whether none of the entries that the plan added stands in any statement of `live`, nor another statement than
    before that may allow something of the grant."""
    if not isinstance(plan.remedy, ListBucket):
        return False
    try:
        added = _added(plan)
        statements, before = parse_policy(live).statements, parse_policy(plan.write.before).statements
    except (PolicyError, msgspec.MsgspecError, KeyError, TypeError):
        return False
    listed = {entry for statement in statements for entry in statement.resources}
    if added is None or not added[1] or listed.intersection(added[1]):
        return False
    budget = Budget(STEPS)
    newer = [one for one in statements if not one.denies and one not in before]
    return not any(speaks_of(one, plan.actions, plan.remedy.bucket, budget) for one in newer)


def _added(plan: Plan) -> tuple[Statement, list[str]] | None:
    """The statement as the plan left it, and the entries of its Resource that it added."""
    before = _statements(msgspec.json.decode(plan.write.before))
    after = _statements(msgspec.json.decode(plan.write.after))
    if len(after) == len(before) + 1:
        return after[-1], _listed(after[-1])
    changed = [(old, new) for old, new in zip(before, after, strict=False) if old != new]
    if len(after) != len(before) or len(changed) != 1:
        return None
    old, new = changed[0]
    return new, [entry for entry in _listed(new) if entry not in _listed(old)]


def _taken_out(statements: list[Statement], written: Statement, entries: list[str]) -> list[Statement] | None:
    """The statements with the entries taken out of the first that holds them and is otherwise as it was written."""
    for number, statement in enumerate(statements):
        if _but_resource(statement) == _but_resource(written) and set(entries) <= set(_listed(statement)):
            kept = [entry for entry in _listed(statement) if entry not in entries]
            mended = [{**statement, "Resource": kept}] if kept else []
            return [*statements[:number], *mended, *statements[number + 1 :]]
    return None


def _but_resource(statement: Statement) -> Statement:
    return {name: value for name, value in statement.items() if name != "Resource"}


def _statements(document: Any) -> list[Statement]:
    given = document["Statement"]
    return list(given) if isinstance(given, list) else [given]


def _listed(statement: Statement) -> list[str]:
    value = statement["Resource"]
    return [value] if isinstance(value, str) else list(value)
