"""The proof that is asked for before a change is taken back.

Who may write into the ledger could make up a change whose document before it grants anything. So a rollback must be
shown to take away the plan's own grant and nothing else, whatever the ledger says.
"""

from __future__ import annotations

import msgspec

from rolemend.checklist.model import ListBucket
from rolemend.policy import PolicyError
from rolemend.policy.actions import bucket_entries
from rolemend.policy.edit import EditError
from rolemend.policy.proof import proves_addition
from rolemend.remedy.model import Plan, is_sealed
from rolemend.remedy.untouchable import is_default_role, is_service_linked

EMR, ECS = "emr.aliyuncs.com", "ecs.aliyuncs.com"
COUNTERPARTS = {EMR: ECS, ECS: EMR}
"""The two services of which a release needs the one or the other to be trusted. No other takes the place of one."""


def takes_back_its_own_grant(plan: Plan, *, regain: bool = False) -> bool:
    """Whether the plan's document before it is the one after it, less exactly what the plan's remedy grants.

    With `regain`, the counterpart of the service that the plan trusted may be trusted in its place again.
    """
    try:
        return is_sealed(plan) and _is_proved(plan, regain)
    except (PolicyError, EditError, msgspec.MsgspecError, RecursionError):
        return False


def _is_proved(plan: Plan, regain: bool) -> bool:
    remedy, write = plan.remedy, plan.write
    if is_default_role(remedy.role) or is_service_linked(remedy.role):
        return False
    if isinstance(remedy, ListBucket):
        entries = bucket_entries(remedy.bucket)
        proof = proves_addition(write.before, write.after, actions=plan.actions, resources=entries)
        return write.kind == "policy" and bool(proof)
    if write.kind != "trust_policy" or write.name.lower() != remedy.role.lower():
        return False
    replaced = COUNTERPARTS.get(remedy.service) if regain and plan.breaks else None
    return bool(proves_addition(write.before, write.after, service=remedy.service, replaced=replaced))
