"""Collects from the live account what the checks of a refused Serverless Spark job need, each thing read once."""

from __future__ import annotations

import re

import msgspec

from rolemend.account.interface import (
    Absent,
    Bucket,
    Encryption,
    Identities,
    Known,
    Reading,
    Role,
    Unread,
    Workspace,
)
from rolemend.checklist.endpoints import read_host
from rolemend.checklist.facts import Account, BucketFacts, Policies, collect_bucket_facts, read_policies
from rolemend.signals.denial import BucketTarget, Denial, DeniedPrincipal, JobTarget

DEFAULT_ROLE = "AliyunEMRSparkJobRunDefaultRole"
"""The role of a workspace for which no other was chosen, and its policy; both are Alibaba Cloud's to maintain.

https://www.alibabacloud.com/help/en/emr/emr-serverless-spark/user-guide/executive-role
"""
DEFAULT_POLICY = "AliyunEMRSparkJobRunDefaultRolePolicy"

_BY_SUBMITTER = ("dlf", "maxcompute")
_PATH = re.compile(
    r"oss://(?P<bucket>[a-z0-9][a-z0-9\-]{1,61}[a-z0-9])(?:\.[a-z0-9.\-]+)?(?:/(?P<key>[^\x00-\x1f]*))?"
)


class Directory(msgspec.Struct, frozen=True, kw_only=True):
    """A workspace's directory: its bucket, and the path in it ("" or ending with `/`), as they are set in OSS now."""

    bucket: str
    path: str
    live: Reading[Bucket]
    policy: Reading[str]


class JobFacts(msgspec.Struct, frozen=True, kw_only=True):
    """For a job that was refused.

    `role` and `role_policies` are of the execution role that `workspace` has, or that the denial names where the
    workspace could not be read. `user` is whom the rights of DLF and MaxCompute are asked of, with `user_policies`,
    both read for these two only. `data` is for what OSS refused, with the identity that was denied as principal.
    `encryption` is of the bucket in which KMS stood in the way.
    """

    denial: Denial
    target: JobTarget
    workspace: Reading[Workspace]
    role: Reading[Role]
    role_names: Reading[tuple[str, ...]]
    role_policies: Policies
    directory: Directory | None = None
    user: DeniedPrincipal | None = None
    user_policies: Policies = Absent()
    data: BucketFacts | None = None
    encryption: Reading[Encryption] = Absent()

    @property
    def role_name(self) -> str:
        """The execution role's name, "" if nothing tells it."""
        return _role_name(self.workspace, self.target)

    def has_default_role(self) -> bool:
        return self.role_name.lower() == DEFAULT_ROLE.lower()

    @property
    def role_as_principal(self) -> DeniedPrincipal:
        return DeniedPrincipal(type="assumed_role", account=self.denial.account, name=self.role_name)


def collect_job_facts(account: Account, denial: Denial, target: JobTarget) -> JobFacts:
    workspace: Reading[Workspace] = Unread("the text", "it names no workspace")
    if target.workspace:
        workspace = account.workspaces.workspace(target.workspace, denial.region)
    name = _role_name(workspace, target)
    data = _data(account, denial, target, name)
    role, policies = _role(account.identities, name, workspace, data)
    target = _with_names(account.identities, denial, target)
    user = _user(target)
    return JobFacts(
        denial=denial,
        target=target,
        workspace=workspace,
        role=role,
        role_names=account.identities.role_names() if isinstance(role, Absent) else Absent(),
        role_policies=policies,
        directory=_directory(account, workspace, denial.region, data),
        user=user,
        user_policies=_user_policies(account.identities, denial, user, name, policies),
        data=data,
        encryption=_encryption(account, denial, target),
    )


def _role_name(workspace: Reading[Workspace], target: JobTarget) -> str:
    if isinstance(workspace, Known):
        return workspace.value.role or DEFAULT_ROLE
    return target.role


def _role(
    identities: Identities, name: str, workspace: Reading[Workspace], data: BucketFacts | None
) -> tuple[Reading[Role], Policies]:
    """The role and its policies, which the facts of a refused bucket may hold already."""
    if name:
        role = identities.role(name)
        if isinstance(role, Absent):
            return role, Absent("the role does not exist")
        if data is not None and acts_as_role(data.denial.principal, name):
            return role, data.policies
        return role, identities.policies_of_role(name)
    nameless = (
        workspace if isinstance(workspace, Unread) else Unread("the event", "it does not name the role")
    )
    return nameless, nameless


def _user(target: JobTarget) -> DeniedPrincipal | None:
    """Whom DLF and MaxCompute ask for rights: the submitter, at DLF through a Livy Gateway the token's creator."""
    if target.service not in _BY_SUBMITTER:
        return None
    if target.service == "dlf" and target.gateway:
        return target.token_creator
    return target.submitter


def _with_names(identities: Identities, denial: Denial, target: JobTarget) -> JobTarget:
    """The target with the name of the RAM user whose rights count, where the service tells the id only."""
    user = _user(target)
    if user is None or user.type != "ram_user" or user.name or not user.id or user.account != denial.account:
        return target
    name = identities.user_name(user.id)
    if not isinstance(name, Known):
        return target
    named = msgspec.structs.replace(user, name=name.value)
    if user is target.token_creator:
        return msgspec.structs.replace(target, token_creator=named)
    return msgspec.structs.replace(target, submitter=named)


def _user_policies(
    identities: Identities, denial: Denial, user: DeniedPrincipal | None, role: str, of_role: Policies
) -> Policies:
    """Read for DLF only: what a MaxCompute project grants does not stand in RAM."""
    if not isinstance(denial.target, JobTarget) or denial.target.service != "dlf":
        return Absent("no right of the submitter's in RAM counts here")
    if acts_as_role(denial.principal, role):
        return of_role
    if user is None:
        return Unread("the service", "it does not tell whose rights count")
    return read_policies(identities, user, denial.account)


def acts_as_role(principal: DeniedPrincipal, role: str) -> bool:
    """Whether a principal is this role."""
    return principal.type == "assumed_role" and bool(role) and principal.name.lower() == role.lower()


def _data(account: Account, denial: Denial, target: JobTarget, role: str) -> BucketFacts | None:
    """The facts of the OSS checklist for the bucket that OSS refused; a nameless role is the workspace's."""
    if target.service != "oss" or target.bucket is None:
        return None
    asked = target.bucket
    principal = denial.principal
    if principal.type == "assumed_role" and not principal.name:
        principal = DeniedPrincipal(
            type="assumed_role", account=denial.account, name=role, session=principal.session
        )
    region = asked.region or read_host(asked.host).region or denial.region
    looked_for = msgspec.structs.replace(asked, region=region)
    call = msgspec.structs.replace(denial, principal=principal, target=looked_for)
    facts = collect_bucket_facts(account, call, looked_for)
    if isinstance(facts.bucket, Known):
        return facts
    # Where the bucket was looked for is no word on where it is.
    return msgspec.structs.replace(facts, target=asked, denial=msgspec.structs.replace(call, target=asked))


def _directory(
    account: Account, workspace: Reading[Workspace], region: str, data: BucketFacts | None
) -> Directory | None:
    """None where the workspace could not be read or names no OSS path."""
    found = _PATH.fullmatch(workspace.value.directory) if isinstance(workspace, Known) else None
    if found is None:
        return None
    bucket, path = found["bucket"], (found["key"] or "").strip("/")
    if data is not None and data.target.bucket == bucket:
        live, policy = data.bucket, data.bucket_policy
    else:
        live, policy = account.buckets.bucket(bucket, region), account.buckets.bucket_policy(bucket, region)
    return Directory(bucket=bucket, path=f"{path}/" if path else "", live=live, policy=policy)


def _encryption(account: Account, denial: Denial, target: JobTarget) -> Reading[Encryption]:
    if target.service != "kms" or target.bucket is None:
        return Absent("no bucket is named")
    bucket: BucketTarget = target.bucket
    return account.buckets.bucket_encryption(bucket.bucket, bucket.region or denial.region)
