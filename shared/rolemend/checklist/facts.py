"""Collects from the live account what the checks of one denial need, each thing read once."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address, ip_network

import msgspec

from rolemend.account.interface import (
    Absent,
    AttachedPolicy,
    Bucket,
    Buckets,
    Cluster,
    Clusters,
    Diagnostics,
    Encryption,
    Identities,
    Known,
    Reading,
    Role,
    Unread,
    Workspaces,
)
from rolemend.checklist.endpoints import read_host
from rolemend.signals.denial import BucketTarget, ClusterTarget, Denial, DeniedPrincipal
from rolemend.together import together

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
    """For a denied request to OSS.

    `cluster` is the one whose node made the request. `node_policies` are those of its role, read only where another
    identity than that role signed; `encryption` is read only for the actions that a KMS key can stand in the way of;
    `public_access_blocked` only where a public grant could count: for anonymous callers and other accounts'.
    """

    denial: Denial
    target: BucketTarget
    policies: Policies
    bucket: Known[Bucket] | Absent | Unread
    bucket_policy: Known[str] | Absent | Unread
    cluster: Known[Cluster] | Absent | Unread
    node_policies: Policies = Absent()
    encryption: Known[Encryption] | Absent | Unread = Absent()
    public_access_blocked: Known[bool] | Absent | Unread = Absent()

    @property
    def owner(self) -> str:
        """The account that the bucket belongs to, "" if neither the account nor the log tells."""
        return (self.bucket.value.owner if isinstance(self.bucket, Known) else "") or self.target.owner

    @property
    def region(self) -> str:
        """The bucket's region, as it is read live, else as the log tells it."""
        return self.bucket.value.region if isinstance(self.bucket, Known) else self.target.region

    def is_foreign(self) -> bool:
        """Whether a principal of another account asked for the bucket; False where either account is not known."""
        account = self.denial.principal.account
        return bool(account and self.owner) and account != self.owner


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """The parts of the account that a diagnosis reads. Without `diagnostics` it rests on what the signal tells."""

    identities: Identities
    buckets: Buckets
    clusters: Clusters
    workspaces: Workspaces
    diagnostics: Diagnostics | None = None


def collect_creation_facts(account: Account, denial: Denial, target: ClusterTarget) -> CreationFacts:
    identities = account.identities
    role, service_role, policies = together(
        lambda: _read_role(identities, target.role),
        lambda: identities.role(EMR_SERVICE_ROLE),
        lambda: read_policies(identities, denial.principal, denial.account),
    )
    names: Reading[tuple[str, ...]] = Absent()
    if isinstance(role, Absent):
        names = identities.role_names()
    return CreationFacts(
        denial=denial,
        target=target,
        creator_policies=policies,
        role=role,
        role_names=names,
        service_role=service_role,
    )


def _read_role(identities: Identities, name: str) -> Reading[Role]:
    return identities.role(name) if name else Unread("the event", "it does not name the role")


def collect_bucket_facts(account: Account, denial: Denial, target: BucketTarget) -> BucketFacts:
    buckets = account.buckets
    cluster, policies, bucket, bucket_policy, encryption = together(
        lambda: _cluster(account.clusters, denial, target),
        lambda: read_policies(account.identities, denial.principal, denial.account),
        lambda: buckets.bucket(target.bucket, target.region),
        lambda: buckets.bucket_policy(target.bucket, target.region),
        lambda: _encryption(buckets, denial, target),
    )
    facts = BucketFacts(
        denial=denial,
        target=target,
        policies=policies,
        bucket=bucket,
        bucket_policy=bucket_policy,
        cluster=cluster,
        node_policies=_node_policies(account.identities, denial, cluster),
        encryption=encryption,
    )
    if denial.principal.type != "anonymous" and not facts.is_foreign():
        return facts
    blocked = buckets.public_access_blocked(target.bucket, target.region)
    return msgspec.structs.replace(facts, public_access_blocked=blocked)


KMS_ACTIONS: dict[str, tuple[str, ...]] = {
    "oss:GetObject": ("kms:Decrypt",),
    "oss:PutObject": ("kms:GenerateDataKey", "kms:Decrypt"),
}
"""What an action takes on the KMS key of an encrypted object.

https://www.alibabacloud.com/help/en/oss/user-guide/authorization-syntax-and-elements
"""


def _encryption(buckets: Buckets, denial: Denial, target: BucketTarget) -> Reading[Encryption]:
    if denial.action not in KMS_ACTIONS or denial.principal.type not in ("assumed_role", "ram_user"):
        return Absent("no key stands in the way of this call")
    return buckets.bucket_encryption(target.bucket, target.region)


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
    found: Reading[Cluster] = Absent("the request came from no cluster node")
    for region in dict.fromkeys((read_host(target.host).region, target.region)):
        if region:
            found = _cluster_in(clusters, denial, region)
            if isinstance(found, Known):
                return found
    return found


def _cluster_in(clusters: Clusters, denial: Denial, region: str) -> Reading[Cluster]:
    """By the role of a node's session; by the address a RAM user's request came from, if it is a private one."""
    who = denial.principal
    if who.type == "assumed_role" and who.session.startswith(NODE_SESSION):
        return clusters.cluster_with_role(who.name, region)
    address = denial.conditions.get("acs:SourceIp", "")
    if who.type == "ram_user" and who.account == denial.account and is_private(address):
        return clusters.cluster_of_node(address, denial.conditions.get("acs:SourceVpc", ""), region)
    return Absent("the request came from no cluster node")


_PRIVATE = tuple(map(ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")))


def is_private(address: str) -> bool:
    """Whether an address is one that a VPC gives to its instances."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    return any(parsed in network for network in _PRIVATE)


def _node_policies(identities: Identities, denial: Denial, cluster: Reading[Cluster]) -> Policies:
    if denial.principal.type != "ram_user" or not isinstance(cluster, Known) or not cluster.value.role:
        return Absent("the node's role itself signed, or no node did")
    return identities.policies_of_role(cluster.value.role)


def changed_since(time: int, policies: Policies, roles: Sequence[Reading[Role]] = ()) -> bool:
    """Whether a policy, an attachment or a trust policy was changed at or after this time."""
    attached = policies.value if isinstance(policies, Known) else ()
    read = [role.value.updated for role in roles if isinstance(role, Known)]
    return any(moment >= time for moment in [policy.updated for policy in attached] + read)
