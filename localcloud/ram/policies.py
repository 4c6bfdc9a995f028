"""Policies: the system's, which nobody changes, and the account's own.

API: https://www.alibabacloud.com/help/en/ram/developer-reference/api-ram-2015-05-01-createpolicy
and its neighbours.
"""

from __future__ import annotations

from collections import Counter

from localcloud.errors import CloudError
from localcloud.openapi import Answer, Invocation
from localcloud.ram import resources
from localcloud.ram.documents import take_document
from localcloud.ram.entities import find_custom_policy, find_policy, policy_type, ram_of
from localcloud.ram.paging import page
from localcloud.ram.policy_versions import described_version
from localcloud.ram.refusals import refusal
from localcloud.ram.resources import operation, reading
from localcloud.ram.state import ManagedPolicy, PolicyVersion, RamAccount
from localcloud.ram.tags import matches, tag_list, take_tags
from localcloud.ram.wire import POLICY_NAME, iso_time, take_name, take_text

MOST_POLICIES = 1500


def create_policy(invocation: Invocation) -> Answer:
    """A custom policy, whose first version is the one in force."""
    ram, now = ram_of(invocation), invocation.call.received
    name = take_name(invocation, "PolicyName", POLICY_NAME)
    document = take_document(invocation, "PolicyDocument", "identity")
    policy = ManagedPolicy(
        name=name,
        type="Custom",
        description=take_text(invocation, "Description", 1024),
        versions=[PolicyVersion(id="v1", document=document, created=now)],
        tags=take_tags(invocation),
        created=now,
        updated=now,
    )
    if name.lower() in ram.policies:
        raise refusal("EntityAlreadyExists.Policy")
    if len(ram.policies) >= MOST_POLICIES:
        raise refusal("LimitExceeded.Policy")
    ram.policies[name.lower()] = policy
    return {"Policy": _described(policy)}


def get_policy(invocation: Invocation) -> Answer:
    """A policy with the document in force."""
    policy = find_policy(invocation)
    in_force = next(version for version in policy.versions if version.id == policy.default_version)
    uses = _uses(ram_of(invocation))[policy.type, policy.name.lower()]
    return {
        "Policy": _in_full(policy, uses),
        "DefaultPolicyVersion": described_version(policy, in_force),
    }


def update_policy_description(invocation: Invocation) -> Answer:
    """The one thing of a policy that changes without a new version."""
    policy = find_custom_policy(invocation)
    policy.description = take_text(invocation, "NewDescription", 1024)
    policy.updated = invocation.call.received
    return {"Policy": _described(policy) | {"UpdateDate": iso_time(policy.updated)}}


def delete_policy(invocation: Invocation) -> Answer:
    """Only a policy that nobody has can go; its further versions go with it if `CascadingDelete` says so."""
    policy, ram = find_custom_policy(invocation), ram_of(invocation)
    if _is_attached(policy, ram, "users"):
        raise refusal("DeleteConflict.Policy.User")
    if _is_attached(policy, ram, "groups"):
        raise refusal("DeleteConflict.Policy.Group")
    if _is_attached(policy, ram, "roles"):
        # The code that Terraform's provider waits for here; RAM's table names none for roles.
        text = "The policy CAN NOT been attached to any role while deleting the policy."
        raise CloudError("DeleteConflict.Role.Policy", text, 409)
    if len(policy.versions) > 1 and not invocation.flag("CascadingDelete"):
        raise refusal("DeleteConflict.Policy.Version")
    del ram.policies[policy.name.lower()]
    return {}


def list_policies(invocation: Invocation) -> Answer:
    """Policies of one type, or the account's own before the system's."""
    ram, wanted = ram_of(invocation), take_tags(invocation)
    kinds = (policy_type(invocation),) if take_text(invocation, "PolicyType") else ("Custom", "System")
    candidates = [
        policy
        for kind, policies in (("Custom", ram.policies), ("System", invocation.cloud.system_policies))
        if kind in kinds
        for policy in policies.values()
        if matches(policy.tags, wanted)
    ]
    policies, more = page(invocation, candidates, lambda policy: f"{policy.type}/{policy.name.lower()}")
    uses = _uses(ram)
    listed = [_in_full(p, uses[p.type, p.name.lower()]) | {"Tags": tag_list(p.tags)} for p in policies]
    return {"Policies": {"Policy": listed}} | more


def _is_attached(policy: ManagedPolicy, ram: RamAccount, holders: str) -> bool:
    return any(
        attachment.type == policy.type and attachment.name.lower() == policy.name.lower()
        for holder in getattr(ram, holders).values()
        for attachment in holder.attachments
    )


def _uses(ram: RamAccount) -> Counter[tuple[str, str]]:
    """How often each policy is attached, by type and lower-case name."""
    return Counter(
        (attachment.type, attachment.name.lower())
        for holders in (ram.users, ram.groups, ram.roles)
        for holder in holders.values()
        for attachment in holder.attachments
    )


def _described(policy: ManagedPolicy) -> Answer:
    return {
        "PolicyName": policy.name,
        "PolicyType": policy.type,
        "Description": policy.description,
        "DefaultVersion": policy.default_version,
        "CreateDate": iso_time(policy.created),
    }


def _in_full(policy: ManagedPolicy, uses: int) -> Answer:
    return _described(policy) | {"UpdateDate": iso_time(policy.updated), "AttachmentCount": uses}


OPERATIONS = (
    operation("CreatePolicy", create_policy, resources.custom_policy),
    reading("GetPolicy", get_policy, resources.policy),
    operation("UpdatePolicyDescription", update_policy_description, resources.custom_policy),
    operation("DeletePolicy", delete_policy, resources.custom_policy),
    reading("ListPolicies", list_policies, resources.all_policies),
)
