"""Sets of requests as regions: what some patterns cover, less what is cut out."""

from __future__ import annotations

from typing import Any

import msgspec

from rolemend.policy.condition import Condition
from rolemend.policy.document import Principals, Statement


class Region(msgspec.Struct, frozen=True):
    """All requests that actions, resources and conditions cover, less those that one of `excepts` covers.

    `principals` is None where the policy is an identity-based one.
    """

    actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditions: tuple[Condition, ...] = ()
    excepts: tuple[Region, ...] = ()
    principals: Principals | None = None

    def to_dict(self) -> dict[str, Any]:
        """`{"actions": [], "resources": [], "conditions": {}, "except": [...]}`."""
        found = self._block()
        found["except"] = [region._block() for region in self.excepts]
        return found

    def _block(self) -> dict[str, Any]:
        block: dict[str, Any] = {
            "actions": list(self.actions),
            "resources": list(self.resources),
            "conditions": conditions_block(self.conditions),
        }
        if self.principals is not None:
            block["principals"] = principals_block(self.principals)
        return block


def conditions_block(conditions: tuple[Condition, ...]) -> dict[str, dict[str, list[str]]]:
    """Conditions as the Condition element of a statement."""
    block: dict[str, dict[str, list[str]]] = {}
    for condition in conditions:
        name = f"{condition.quantifier}:{condition.operator}" if condition.quantifier else condition.operator
        block.setdefault(name, {})[condition.key] = list(condition.values)
    return block


def principals_block(principals: Principals) -> dict[str, list[str]] | list[str]:
    """Principals as the Principal element of a trust or bucket policy."""
    if principals.listed:
        return list(principals.listed)
    by_type = {"RAM": principals.ram, "Service": principals.service, "Federated": principals.federated}
    return {name: list(names) for name, names in by_type.items() if names}


def region_of(statement: Statement) -> Region:
    """What a statement without NotAction covers; a trust policy's own role is written `*`."""
    return Region(
        statement.actions,
        statement.resources or ("*",),
        statement.conditions,
        principals=statement.principals,
    )
