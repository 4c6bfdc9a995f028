"""Rolemend's own roles: no fix is printed that gives them, or takes from them, anything.

Whoever may create a cluster or a workspace may name any role in it: what is granted to one of Rolemend's would be a
node's or a job's then.
"""

from __future__ import annotations

from rolemend.fix.model import (
    ROLE,
    AttachSystemPolicy,
    CreateRole,
    DetachPolicy,
    Fix,
    GrantPolicy,
    ReplaceTrust,
    UseRole,
)

OWN_ROLES = "rolemend-"
"""How their names begin, in lower case."""


def is_own_role(name: str) -> bool:
    return name.lower().startswith(OWN_ROLES)


def changes_own_role(fix: Fix | None) -> bool:
    """Whether a fix changes one of them, or puts it to use."""
    if isinstance(fix, GrantPolicy | AttachSystemPolicy | DetachPolicy):
        return fix.holder.kind == ROLE and is_own_role(fix.holder.name)
    return isinstance(fix, ReplaceTrust | CreateRole | UseRole) and is_own_role(fix.role)
