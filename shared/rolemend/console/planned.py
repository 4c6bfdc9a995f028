"""A plan as a page shows it: side by side, and in words what it grants and takes away."""

from __future__ import annotations

import msgspec

from rolemend.console.safe import whole
from rolemend.console.sides import Row, side_by_side
from rolemend.console.words import Words
from rolemend.policy.document import PolicyError
from rolemend.remedy.model import Plan
from rolemend.text import Text


class ShownPlan(msgspec.Struct, frozen=True, kw_only=True):
    """`grants` are lines with how deep each stands in."""

    plan: Plan
    rows: tuple[Row, ...]
    grants: tuple[tuple[int, str], ...]


def shown_plan(plan: Plan, words: Words) -> ShownPlan:
    """The words come from comparing the two documents; the plan's own, in English, where that cannot be done."""
    rows = side_by_side(plan.write.before, plan.write.after)
    return ShownPlan(plan=plan, rows=rows, grants=tuple(_grants(plan, words)))


def _grants(plan: Plan, words: Words) -> list[tuple[int, str]]:
    from rolemend.policy.comparison import compare
    from rolemend.policy.parse import parse_policy
    from rolemend.policy.wording import word_comparison

    kind = "trust" if plan.write.kind == "trust_policy" else "identity"
    try:
        before = parse_policy(plan.write.before, kind)
        after = parse_policy(plan.write.after, kind)
    except PolicyError:
        return [(0, whole(gain)) for gain in plan.gains]
    found = compare(before, after)
    return [(depth, words(_plain(line))) for depth, line in word_comparison(found)]


def _plain(line: Text) -> Text:
    return Text(line.template, {name: whole(value) for name, value in line.values.items()})
