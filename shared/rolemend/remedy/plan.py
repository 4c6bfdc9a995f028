"""Works a remedy out to the exact document to be written, or says why it must be left to a person.

Everything is read live here; nothing of a message or a log enters a document but the role and bucket names that the
remedy carries, and those only after they were proved to be plain names.
"""

from __future__ import annotations

import re

import msgspec

from rolemend.account.interface import (
    Absent,
    Identities,
    Known,
    PolicyUsers,
    PolicyVersions,
    Role,
    Unread,
)
from rolemend.checklist.model import ListBucket, TrustService
from rolemend.policy import PolicyError
from rolemend.policy.edit import EditError, grant_entries, trust_service
from rolemend.policy.limits import dump
from rolemend.policy.proof import proves_addition
from rolemend.remedy.model import NoPlan, Plan, TypedRemedy, Write, plan_hash

DEFAULT_ROLES = frozenset(
    {
        "aliyunecsinstanceforemrrole", "aliyunemrecsdefaultrole", "aliyunemrdefaultrole",
        "aliyunemrsparkjobrundefaultrole", "aliyunecsinstanceforemrstudiorole",
    }
)  # fmt: skip
"""Documented default roles, lower-case: renaming, editing or deleting them breaks creation or jobs.

https://www.alibabacloud.com/help/en/emr/emr-on-ecs/user-guide/emr-service-role-19
"""

EMR, ECS = "emr.aliyuncs.com", "ecs.aliyuncs.com"
_COUNTERPARTS = {EMR: ECS, ECS: EMR}
"""The two services of which a release needs the one or the other to be trusted. No other takes the place of one."""

_UNREADABLE = (EditError, PolicyError, msgspec.DecodeError)
_BUCKET_NAME = re.compile(r"[a-z0-9][a-z0-9\-]{1,61}[a-z0-9]", re.ASCII)

PlanOrNot = Plan | NoPlan


def plan_remedy(remedy: TypedRemedy, identities: Identities, *, trust_mode: str = "add") -> PlanOrNot:
    """A plan whose document is proved to grant exactly what the remedy states; NoPlan otherwise."""
    role = identities.role(remedy.role)
    if not isinstance(role, Known):
        return _not_read("role", remedy.role, role)
    if refusal := _untouchable(role.value):
        return refusal
    if isinstance(remedy, TrustService):
        return _plan_trust(remedy, role.value, trust_mode)
    return _plan_bucket(remedy, identities)


def _untouchable(role: Role) -> NoPlan | None:
    if role.service_linked or role.name.lower().startswith("aliyunservicerolefor"):
        return NoPlan("service_linked_role", role.name)
    if role.name.lower() in DEFAULT_ROLES:
        return NoPlan("default_role", role.name)
    return None


def _plan_trust(remedy: TrustService, role: Role, mode: str) -> PlanOrNot:
    """Trust the service beside those that are trusted or, in the mode `replace`, in the place of its counterpart."""
    replaced = _COUNTERPARTS.get(remedy.service) if mode == "replace" else None
    try:
        if replaced is None:
            edited = trust_service(role.trust_policy, remedy.service)
        else:
            edited = trust_service(role.trust_policy, remedy.service, "replace", replaced=replaced)
        after = dump(edited)
        proof = proves_addition(role.trust_policy, after, service=remedy.service, replaced=replaced)
    except _UNREADABLE as error:
        return NoPlan("not_editable", f"{role.name}: {error}")
    if not proof:
        return NoPlan("not_proved", role.name)
    write = Write(kind="trust_policy", name=role.name, before=role.trust_policy, after=after)
    gain = f"sts:AssumeRole for {remedy.service} on {role.arn}"
    return _plan(remedy, write, (f"{gain}, in the place of {replaced}" if replaced else gain,))


def _plan_bucket(remedy: ListBucket, identities: Identities) -> PlanOrNot:
    """Extend the custom policy of the role that comes nearest to the denied call."""
    if not _BUCKET_NAME.fullmatch(remedy.bucket):
        return NoPlan("bucket_name", remedy.bucket)
    attached = identities.policies_of_role(remedy.role)
    if not isinstance(attached, Known):
        return _not_read("policies of role", remedy.role, attached)
    refusals: list[NoPlan] = []
    plans: list[Plan] = []
    for policy in attached.value:
        if policy.type != "Custom":
            refusals.append(NoPlan("system_policy", policy.name))
            continue
        outcome, extends = _extend(remedy, identities, policy.name)
        if isinstance(outcome, NoPlan):
            if outcome.transient:
                return outcome
            refusals.append(outcome)
        elif extends:
            return outcome
        else:
            plans.append(outcome)
    if plans:
        return plans[0]
    return min(
        refusals,
        key=lambda refusal: _INTEREST.index(refusal.reason),
        default=NoPlan("no_policy", remedy.role),
    )


_INTEREST = ("shared_policy", "not_proved", "not_editable", "refused_read", "system_policy", "no_policy")
"""Which of several reasons a person is told."""


def _extend(remedy: ListBucket, identities: Identities, name: str) -> tuple[PlanOrNot, bool]:
    """The plan for one policy, and whether it extends a statement that grants the action on other buckets already."""
    versions = identities.policy_versions(name)
    users = identities.users_of_policy(name)
    if not isinstance(versions, Known):
        return _not_read("policy", name, versions), False
    if not isinstance(users, Known):
        return _not_read("principals of policy", name, users), False
    return _extended(remedy, name, versions.value, users.value)


def _extended(
    remedy: ListBucket, name: str, versions: PolicyVersions, users: PolicyUsers
) -> tuple[PlanOrNot, bool]:
    before = versions.document
    try:
        edit = grant_entries(before, remedy.action, remedy.bucket)
        proof = proves_addition(before, edit.text, resources=edit.resources, actions=edit.actions)
    except _UNREADABLE as error:
        return NoPlan("not_editable", f"{name}: {error}"), False
    if not proof:
        return NoPlan("not_proved", name), False
    if users.count() != 1 or [role.lower() for role in users.roles] != [remedy.role.lower()]:
        return NoPlan("shared_policy", name), False
    write = Write(kind="policy", name=name, before=before, after=edit.text, version=versions.default)
    return _plan(remedy, write, (f"{', '.join(edit.actions)} on {', '.join(edit.resources)}",)), edit.appended


def _plan(remedy: TypedRemedy, write: Write, gains: tuple[str, ...]) -> Plan:
    return Plan(remedy=remedy, write=write, gains=gains, hash=plan_hash(remedy, write))


def _not_read(what: str, name: str, reading: Absent | Unread) -> NoPlan:
    if isinstance(reading, Absent):
        return NoPlan("refused_read", f"{what} {name}: not there")
    return NoPlan("refused_read", f"{what} {name}: {reading.reason}", transient=reading.transient)
