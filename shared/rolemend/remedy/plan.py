"""Works a remedy out to the exact document to be written, or says why it must be left to a person.

Everything is read live here; nothing of a message or a log enters a document but the role and bucket names that the
remedy carries, and those only after they were proved to be plain names.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from rolemend.account.interface import (
    Absent,
    AttachedPolicy,
    Identities,
    Known,
    PolicyUsers,
    PolicyVersions,
    Reading,
    Role,
    Unread,
)
from rolemend.checklist.decision import decide_identity
from rolemend.checklist.grants import policy_document
from rolemend.checklist.model import ListBucket, TrustService
from rolemend.checklist.trust import trusted_services
from rolemend.policy import PolicyError
from rolemend.policy.actions import bucket_entries, group_of
from rolemend.policy.edit import Edit, EditError, grant_entries, trust_service
from rolemend.policy.limits import dump
from rolemend.policy.proof import proves_addition
from rolemend.remedy.conditions import conditions_on, trusted_under_conditions, under_conditions
from rolemend.remedy.model import NoPlan, Plan, TypedRemedy, Write, sealed, version_number
from rolemend.remedy.narrowing import COUNTERPARTS
from rolemend.remedy.untouchable import is_default_role, is_service_linked
from rolemend.signals.denial import BucketTarget, Denial, JobTarget
from rolemend.together import together

_UNREADABLE = (EditError, PolicyError, msgspec.DecodeError)
_BUCKET_NAME = re.compile(r"[a-z0-9][a-z0-9\-]{1,61}[a-z0-9]", re.ASCII)
_ACTION = re.compile(r"oss:[A-Za-z0-9]{1,64}", re.ASCII)
"""One action: what stands in a log or a text may hold a wildcard, and must never be granted as one."""

PlanOrNot = Plan | NoPlan

MOST_VERSIONS = 5
MOST_ATTACHED = 10
"""Versions of a custom policy, and custom policies of a role, where the account has no other quota.

https://www.alibabacloud.com/help/en/ram/product-overview/limits
"""


def plan_remedy(
    remedy: TypedRemedy,
    identities: Identities,
    *,
    denial: Denial | None = None,
    trust_mode: str = "add",
    extent: str = "group",
) -> PlanOrNot:
    """A plan whose document is proved to grant exactly what the remedy states; NoPlan otherwise.

    With the `denial` that it is to mend, the plan must be shown to allow that request.
    """
    reads: list[Callable[[], Reading[Any]]] = [lambda: identities.role(remedy.role)]
    if isinstance(remedy, ListBucket):
        reads.append(lambda: identities.policies_of_role(remedy.role))
    role, *attached = together(*reads)
    if not isinstance(role, Known):
        return _not_read("role", remedy.role, role)
    if refusal := _untouchable(role.value):
        return refusal
    if isinstance(remedy, TrustService):
        return _plan_trust(remedy, role.value, trust_mode)
    return _plan_bucket(remedy, identities, attached[0], denial, extent)


def _untouchable(role: Role) -> NoPlan | None:
    if role.service_linked or is_service_linked(role.name):
        return NoPlan("service_linked_role", role.name)
    if is_default_role(role.name):
        return NoPlan("default_role", role.name)
    return None


def _plan_trust(remedy: TrustService, role: Role, mode: str) -> PlanOrNot:
    """Trust the service beside those that are trusted or, in the mode `replace`, in the place of its counterpart."""
    replaced = COUNTERPARTS.get(remedy.service) if mode == "replace" else None
    try:
        if conditional := trusted_under_conditions(role.name, role.trust_policy, remedy.service):
            return NoPlan("under_condition", conditional)
        if replaced is None:
            edited = trust_service(role.trust_policy, remedy.service)
        else:
            edited = trust_service(role.trust_policy, remedy.service, "replace", replaced=replaced)
        after = dump(edited)
        proof = proves_addition(role.trust_policy, after, service=remedy.service, replaced=replaced)
        helps = remedy.service in trusted_services(after)
    except _UNREADABLE as error:
        return NoPlan("not_editable", f"{role.name}: {error}")
    if not proof:
        return NoPlan("not_proved", role.name)
    if not helps:
        return NoPlan("would_not_help", role.name)
    write = Write(kind="trust_policy", name=role.name, before=role.trust_policy, after=after)
    gain = f"sts:AssumeRole for {remedy.service} on {role.arn}"
    lost = f"{replaced} may not assume {role.arn} any more" if replaced else ""
    plan = Plan(
        remedy=remedy,
        write=write,
        gains=(f"{gain}, in the place of {replaced}" if replaced else gain,),
        actions=("sts:AssumeRole",),
        breaks=(lost,) if lost else (),
    )
    return sealed(plan)


def _plan_bucket(
    remedy: ListBucket,
    identities: Identities,
    attached: Reading[tuple[AttachedPolicy, ...]],
    denial: Denial | None,
    extent: str,
) -> PlanOrNot:
    """Extend the custom policy of the role that comes nearest to the denied call."""
    if not _BUCKET_NAME.fullmatch(remedy.bucket):
        return NoPlan("bucket_name", remedy.bucket)
    if not _ACTION.fullmatch(remedy.action):
        return NoPlan("action_name", remedy.action)
    if not isinstance(attached, Known):
        return _not_read("policies of role", remedy.role, attached)
    outcome = _nearest(remedy, identities, attached.value, extent)
    actions = outcome.actions if isinstance(outcome, Plan) else _own_actions(remedy, extent)
    conditional = conditions_on(actions, remedy.bucket, attached.value)
    if conditional and not (isinstance(outcome, NoPlan) and outcome.transient):
        return NoPlan("under_condition", conditional)
    if isinstance(outcome, NoPlan):
        return _with_own_policy(outcome, remedy, attached.value, extent)
    return _useless(outcome, _asked(remedy, denial), attached.value) or outcome


def _nearest(
    remedy: ListBucket, identities: Identities, attached: Sequence[AttachedPolicy], extent: str
) -> PlanOrNot:
    """The plan for the policy that grants the action on other buckets already, else for the first that can be changed;
    else the most telling reason why there is none."""
    refusals: list[NoPlan] = []
    plans: list[Plan] = []
    for policy in attached:
        if policy.type != "Custom":
            refusals.append(NoPlan("system_policy", policy.name))
            continue
        outcome, extends = _extend(remedy, identities, policy.name, extent)
        if isinstance(outcome, NoPlan):
            if outcome.transient:
                return outcome
            refusals.append(outcome)
        elif extends:
            return outcome
        else:
            plans.append(outcome)
    conditional = under_conditions(remedy.action, attached)
    if conditional:
        # A statement of its own would grant without the condition under which the action is granted now.
        refusals.append(NoPlan("conditional_statement", conditional))
    elif plans:
        return plans[0]
    return min(
        refusals,
        key=lambda refusal: _INTEREST.index(refusal.reason),
        default=NoPlan("no_policy", remedy.role),
    )


_INTEREST = (
    "conditional_statement", "shared_policy", "not_proved", "not_editable", "refused_read", "system_policy", "no_policy"
)  # fmt: skip
"""Which of several reasons a person is told."""

_OWN_POLICY = ("shared_policy", "system_policy", "no_policy")


def _with_own_policy(
    refusal: NoPlan, remedy: ListBucket, attached: Sequence[AttachedPolicy], extent: str
) -> NoPlan:
    """The reason with the document of a policy of the role's own, where one more can be attached."""
    if refusal.reason not in _OWN_POLICY:
        return refusal
    custom = [policy.name for policy in attached if policy.type == "Custom"]
    if len(custom) >= MOST_ATTACHED:
        return NoPlan(
            "attachment_limit", f"{remedy.role}: {', '.join(custom)}", principals=refusal.principals
        )
    document = policy_document(_own_actions(remedy, extent), bucket_entries(remedy.bucket))
    return msgspec.structs.replace(refusal, document=document)


def _own_actions(remedy: ListBucket, extent: str) -> tuple[str, ...]:
    """What a policy of the role's own would grant."""
    return (remedy.action,) if extent == "exact" else group_of(remedy.action)


def _asked(remedy: ListBucket, denial: Denial | None) -> Denial | None:
    """The denied request on the bucket; None where the remedy is about another action or bucket than the denial's."""
    if denial is None or denial.action != remedy.action:
        return None
    target = denial.target.bucket if isinstance(denial.target, JobTarget) else denial.target
    if not isinstance(target, BucketTarget) or target.bucket != remedy.bucket:
        return None
    return msgspec.structs.replace(denial, target=target)


def _useless(plan: Plan, denial: Denial | None, attached: Sequence[AttachedPolicy]) -> NoPlan | None:
    """Why the denied request would still be denied by the role's own policies, None if it would be allowed."""
    if denial is None:
        return None
    policies = [
        msgspec.structs.replace(policy, document=plan.write.after)
        if policy.name == plan.write.name
        else policy
        for policy in attached
    ]
    try:
        decision = decide_identity(denial, policies)
    except PolicyError as error:
        return NoPlan("not_editable", str(error))
    if decision.outcome == "allow":
        return None
    if decision.outcome == "explicit_deny":
        return NoPlan("explicit_deny", str(decision.decided_by.policy) if decision.decided_by else "")
    return NoPlan("would_not_help", plan.write.name)


def _extend(remedy: ListBucket, identities: Identities, name: str, extent: str) -> tuple[PlanOrNot, bool]:
    """The plan for one policy, and whether it extends a statement that grants the action on other buckets already."""
    versions, users = together(
        lambda: identities.policy_versions(name), lambda: identities.users_of_policy(name)
    )
    if not isinstance(versions, Known):
        return _not_read("policy", name, versions), False
    if not isinstance(users, Known):
        return _not_read("principals of policy", name, users), False
    return _extended(remedy, name, versions.value, users.value, extent)


def _extended(
    remedy: ListBucket, name: str, versions: PolicyVersions, users: PolicyUsers, extent: str
) -> tuple[PlanOrNot, bool]:
    before = versions.document
    try:
        edit = _edit(before, remedy, extent)
        proof = proves_addition(before, edit.text, resources=edit.resources, actions=edit.actions)
    except _UNREADABLE as error:
        return NoPlan("not_editable", f"{name}: {error}"), False
    if not proof:
        return NoPlan("not_proved", name), False
    if users.count() != 1 or [role.lower() for role in users.roles] != [remedy.role.lower()]:
        return NoPlan("shared_policy", name, principals=users.described()), False
    if versions.attachments > users.count():
        # Nothing says that attachments which count for a resource group alone are among the entities that RAM lists.
        # https://www.alibabacloud.com/help/en/resource-management/api-listpolicyattachments
        return NoPlan("shared_policy", name, principals=(*users.described(), "…")), False
    write = Write(
        kind="policy",
        name=name,
        before=before,
        after=edit.text,
        version=versions.default,
        versions=versions.ids,
    )
    rotated = _rotated(versions)
    plan = Plan(
        remedy=remedy,
        write=write,
        gains=(f"{', '.join(edit.actions)} on {', '.join(edit.resources)}",),
        actions=edit.actions,
        extent=extent,
        breaks=(f"version {rotated} of policy {name} is removed to make room",) if rotated else (),
        rotates=rotated,
    )
    return sealed(plan), edit.appended


def _edit(before: str, remedy: ListBucket, extent: str) -> Edit:
    """An extent of `statement` asks for a statement to extend; where there is none, the group is granted."""
    try:
        return grant_entries(before, remedy.action, remedy.bucket, extent=extent)
    except EditError as error:
        if error.code != "no_statement":
            raise
        return grant_entries(before, remedy.action, remedy.bucket)


def _rotated(versions: PolicyVersions) -> str:
    """The version that RAM takes away: the oldest that is not in force, so never the one to roll back to.

    https://www.alibabacloud.com/help/en/ram/developer-reference/api-ram-2015-05-01-createpolicyversion
    """
    if len(versions.ids) < MOST_VERSIONS:
        return ""
    return min((one for one in versions.ids if one != versions.default), key=version_number, default="")


def _not_read(what: str, name: str, reading: Absent | Unread) -> NoPlan:
    if isinstance(reading, Absent):
        return NoPlan("refused_read", f"{what} {name}: not there")
    return NoPlan("refused_read", f"{what} {name}: {reading.reason}", transient=reading.transient)
