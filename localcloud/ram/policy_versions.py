"""Versions of a custom policy: five at most, one of them in force.

API: https://www.alibabacloud.com/help/en/ram/developer-reference/api-ram-2015-05-01-createpolicyversion
and its neighbours.
"""

from __future__ import annotations

import re

from localcloud.openapi import Answer, Invocation
from localcloud.ram import resources
from localcloud.ram.documents import take_document
from localcloud.ram.entities import find_custom_policy, find_policy
from localcloud.ram.refusals import invalid, refusal
from localcloud.ram.resources import operation, reading
from localcloud.ram.state import ManagedPolicy, PolicyVersion
from localcloud.ram.wire import iso_time, take_text

MOST_VERSIONS = 5
ROTATE = "DeleteOldestNonDefaultVersionWhenLimitExceeded"


def create_policy_version(invocation: Invocation) -> Answer:
    """A further version; at the limit `RotateStrategy` says whether the oldest spare one makes room."""
    policy = find_custom_policy(invocation)
    document = take_document(invocation, "PolicyDocument", "identity")
    strategy = take_text(invocation, "RotateStrategy") or "None"
    if strategy not in ("None", ROTATE):
        raise invalid("RotateStrategy")
    if len(policy.versions) >= MOST_VERSIONS:
        if strategy == "None":
            raise refusal("LimitExceeded.Policy.Version")
        policy.versions.remove(_oldest_spare(policy))
    version = PolicyVersion(id=f"v{policy.next_version}", document=document, created=invocation.call.received)
    policy.versions.append(version)
    policy.next_version += 1
    if invocation.flag("SetAsDefault"):
        policy.default_version = version.id
    policy.updated = invocation.call.received
    return {"PolicyVersion": described_version(policy, version)}


def _oldest_spare(policy: ManagedPolicy) -> PolicyVersion:
    return next(version for version in policy.versions if version.id != policy.default_version)


def get_policy_version(invocation: Invocation) -> Answer:
    """One version with its document."""
    policy = find_policy(invocation)
    return {"PolicyVersion": described_version(policy, _find_version(invocation, policy))}


def list_policy_versions(invocation: Invocation) -> Answer:
    """All versions, the oldest first."""
    policy = find_policy(invocation)
    return {"PolicyVersions": {"PolicyVersion": [described_version(policy, v) for v in policy.versions]}}


def set_default_policy_version(invocation: Invocation) -> Answer:
    """Another version takes force at once."""
    policy = find_custom_policy(invocation)
    policy.default_version = _find_version(invocation, policy).id
    policy.updated = invocation.call.received
    return {}


def delete_policy_version(invocation: Invocation) -> Answer:
    """The version in force cannot be deleted."""
    policy = find_custom_policy(invocation)
    version = _find_version(invocation, policy)
    if version.id == policy.default_version:
        raise refusal("DeleteConflict.Policy.Version.Default")
    policy.versions.remove(version)
    return {}


def described_version(policy: ManagedPolicy, version: PolicyVersion) -> Answer:
    """A version as every answer shows it."""
    return {
        "VersionId": version.id,
        "IsDefaultVersion": version.id == policy.default_version,
        "PolicyDocument": version.document,
        "CreateDate": iso_time(version.created),
    }


def _find_version(invocation: Invocation, policy: ManagedPolicy) -> PolicyVersion:
    wanted = invocation.require_text("VersionId")
    if not re.fullmatch(r"v[0-9]+", wanted):
        raise refusal("InvalidParameter.VersionId.Format")
    for version in policy.versions:
        if version.id == wanted:
            return version
    raise refusal("EntityNotExist.Policy.Version")


OPERATIONS = (
    operation("CreatePolicyVersion", create_policy_version, resources.custom_policy),
    reading("GetPolicyVersion", get_policy_version, resources.policy),
    reading("ListPolicyVersions", list_policy_versions, resources.policy),
    operation("SetDefaultPolicyVersion", set_default_policy_version, resources.custom_policy),
    operation("DeletePolicyVersion", delete_policy_version, resources.custom_policy),
)
