"""Collects from the live account what the checks of one denial need, each thing read once."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from rolemend.account.interface import (
    Absent,
    AttachedPolicy,
    Bucket,
    Buckets,
    Cluster,
    Clusters,
    Identities,
    Known,
    Reading,
    Role,
    Unread,
)
from rolemend.signals.denial import BucketTarget, ClusterTarget, Denial, DeniedPrincipal

EMR_SERVICE_ROLE = "AliyunEMRDefaultRole"
"""https://www.alibabacloud.com/help/en/emr/emr-on-ecs/user-guide/emr-service-role-19"""

Policies = Known[tuple[AttachedPolicy, ...]] | Absent | Unread


class CreationFacts(msgspec.Struct, frozen=True, kw_only=True):
    """For a denied cluster creation. `role_names` is read only if the role does not exist.

    `service_role` is the role that EMR itself acts with.
    """

    denial: Denial
    target: ClusterTarget
    creator_policies: Policies
    role: Known[Role] | Absent | Unread
    role_names: Known[tuple[str, ...]] | Absent | Unread
    service_role: Known[Role] | Absent | Unread


class BucketFacts(msgspec.Struct, frozen=True, kw_only=True):
    """For a denied request to OSS."""

    denial: Denial
    target: BucketTarget
    policies: Policies
    bucket: Known[Bucket] | Absent | Unread
    bucket_policy: Known[str] | Absent | Unread
    cluster: Known[Cluster] | Absent | Unread


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """The parts of the account that a diagnosis reads."""

    identities: Identities
    buckets: Buckets
    clusters: Clusters


def collect_creation_facts(account: Account, denial: Denial, target: ClusterTarget) -> CreationFacts:
    role = _read_role(account.identities, target.role)
    names: Reading[tuple[str, ...]] = Absent()
    if isinstance(role, Absent):
        names = account.identities.role_names()
    return CreationFacts(
        denial=denial,
        target=target,
        creator_policies=read_policies(account.identities, denial.principal, denial.account),
        role=role,
        role_names=names,
        service_role=account.identities.role(EMR_SERVICE_ROLE),
    )


def _read_role(identities: Identities, name: str) -> Reading[Role]:
    return identities.role(name) if name else Unread("the event", "it does not name the role")


def collect_bucket_facts(account: Account, denial: Denial, target: BucketTarget) -> BucketFacts:
    return BucketFacts(
        denial=denial,
        target=target,
        policies=read_policies(account.identities, denial.principal, denial.account),
        bucket=account.buckets.bucket(target.bucket, target.region),
        bucket_policy=account.buckets.bucket_policy(target.bucket, target.region),
        cluster=_cluster(account.clusters, denial, target),
    )


def read_policies(identities: Identities, principal: DeniedPrincipal, account: str) -> Policies:
    """The identity policies of a principal of this account; root users and strangers have none to be read."""
    if principal.type == "root":
        return Known(())
    if principal.account != account:
        return Unread(
            "RAM", f"the principal belongs to account {principal.account or 'none'}, not to {account}"
        )
    if principal.type == "assumed_role":
        return identities.policies_of_role(principal.name)
    if principal.type != "ram_user":
        return Unread("RAM", f"a principal of type {principal.type} has no policies in RAM")
    name: Reading[str] = Known(principal.name) if principal.name else identities.user_name(principal.id)
    return identities.policies_of_user(name.value) if isinstance(name, Known) else name


NODE_SESSION = "vm-ram-"
"""A role attached to an ECS instance has the session name `vm-ram-<instance id>`."""


def _cluster(clusters: Clusters, denial: Denial, target: BucketTarget) -> Reading[Cluster]:
    """The cluster whose node made the request, looked for in the region of the endpoint it used, then the bucket's."""
    if denial.principal.type != "assumed_role" or not denial.principal.session.startswith(NODE_SESSION):
        return Absent("the request came from no cluster node")
    found: Reading[Cluster] = Absent()
    for region in dict.fromkeys((endpoint_region(target.host), target.region)):
        if region:
            found = clusters.cluster_with_role(denial.principal.name, region)
            if isinstance(found, Known):
                return found
    return found


def endpoint_region(host: str) -> str:
    """The region of the OSS endpoint in a host name, "" if the name tells none (acceleration, own domain).

    https://help.aliyun.com/zh/oss/user-guide/regions-and-endpoints
    """
    parts = host.lower().removesuffix(".aliyuncs.com").split(".")
    if parts[-1] == "oss" and len(parts) > 1:
        return parts[-2]
    if not parts[-1].startswith("oss-") or parts[-1].startswith("oss-accelerate"):
        return ""
    return parts[-1].removeprefix("oss-").removesuffix("-internal")


def changed_since(time: int, policies: Policies, roles: Sequence[Reading[Role]] = ()) -> bool:
    """Whether a policy, an attachment or a trust policy was changed at or after this time."""
    attached = policies.value if isinstance(policies, Known) else ()
    read = [role.value.updated for role in roles if isinstance(role, Known)]
    return any(moment >= time for moment in [policy.updated for policy in attached] + read)
