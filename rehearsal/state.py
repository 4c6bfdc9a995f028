"""What was read of an account as a state of the local cloud. Nothing is made up: what is not known stays empty and is
listed as unread, so that it is refused to whoever asks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from localcloud.emr.state import Cluster, Failure
from localcloud.oss.state import Bucket, Encryption
from localcloud.ram.state import Attachment, Group, ManagedPolicy, PolicyVersion, RamAccount, Role, User
from localcloud.spark.state import Workspace
from localcloud.state import Account, Snapshot, State, Unread
from rolemend.account import interface
from rolemend.account.interface import Known
from rolemend.account.surveyed import BucketSettings, Listed, PolicyName, PolicyText
from rolemend.audit.reads import Reads, failures
from rolemend.checklist.spark_facts import DEFAULT_ROLE

NOTHING_GRANTED = '{"Version": "1", "Statement": []}'
"""In the place of a document that could not be read; GetPolicy of it is refused."""

_FAR = 10 * 365 * 86_400.0
"""Seconds: a cluster that was starting or ending when the snapshot was made stays so."""


def state_of(
    reads: Reads, account: str, regions: tuple[str, ...], taken: float, tags: Iterable[str] = ()
) -> State:
    """The state with its `snapshot` note. `tags` are the keys of the tags that are kept."""
    build = _Build(reads, account, taken, frozenset(tags))
    state = State(
        accounts={account: Account(id=account, ram=build.ram())},
        snapshot=Snapshot(
            account=account,
            taken=taken,
            regions=list(regions),
            unread=[
                Unread(question, f"{a.operation}: {a.reason}") for question, a in failures(reads).items()
            ],
            system_policies={each.name.lower(): each for each in build.policies("System")},
        ),
    )
    state.oss.buckets = {each.name: each for each in build.buckets()}
    for cluster in build.clusters():
        state.emr.clusters[cluster.id] = cluster
    for workspace in build.workspaces():
        state.spark.workspaces[workspace.id] = workspace
    return state


class _Build:
    def __init__(self, reads: Reads, account: str, taken: float, tags: frozenset[str]) -> None:
        self._reads, self._account, self._taken, self._tags = reads, account, taken, tags
        self._users = frozenset(each.name.lower() for each in self._listed("user"))

    def ram(self) -> RamAccount:
        users = {each.name.lower(): self._user(each) for each in self._listed("user")}
        groups = {each.name.lower(): self._group(each) for each in self._listed("group")}
        roles = {each.name.lower(): each for each in self._roles()}
        policies = {each.name.lower(): each for each in self.policies("Custom")}
        return RamAccount(users=users, groups=groups, roles=roles, policies=policies)

    def policies(self, type: str) -> Iterator[ManagedPolicy]:
        names = {each.name for each in self._listed("policy")} if type == "Custom" else set()
        for question, answer in self._reads:
            if question[0] == "attached" and isinstance(answer, Known):
                names.update(each.name for each in answer.value if each.type == type)
        for name in sorted(names):
            answer = self._reads.get("document", type, name)
            text = answer.value if isinstance(answer, Known) else PolicyText("v1", NOTHING_GRANTED)
            if isinstance(answer, Known) or type == "Custom":
                yield _policy(type, name, text)

    def _listed(self, kind: str) -> tuple[Listed, ...]:
        found = self._reads.get("listed", kind)
        return tuple(found.value) if isinstance(found, Known) else ()

    def _attachments(self, kind: str, name: str) -> list[Attachment]:
        found = self._reads.get("attached", kind, name)
        policies: tuple[PolicyName, ...] = found.value if isinstance(found, Known) else ()
        return [Attachment(type=each.type, name=each.name, attached=each.attached) for each in policies]

    def _user(self, listed: Listed) -> User:
        return User(name=listed.name, id=listed.id, attachments=self._attachments("user", listed.name))

    def _group(self, listed: Listed) -> Group:
        members = self._reads.get("members", listed.name)
        known = members.value if isinstance(members, Known) else ()
        return Group(
            name=listed.name,
            id=listed.id,
            members={name.lower(): 0.0 for name in known if name.lower() in self._users},
            attachments=self._attachments("group", listed.name),
        )

    def _roles(self) -> Iterator[Role]:
        """Those that are listed, and those in use that were read though the list was not."""
        ids = {each.name.lower(): each.id for each in self._listed("role")}
        found: dict[str, interface.Role] = {}
        for question, answer in self._reads:
            if question[0] == "role" and isinstance(answer, Known):
                found[answer.value.name.lower()] = answer.value
        for key, role in found.items():
            yield Role(
                name=role.name,
                id=ids.get(key, ""),
                trust_policy=role.trust_policy,
                attachments=self._attachments("role", role.name),
                service_linked=role.service_linked,
                tags=self._kept(self._reads.get("role_tags", role.name)),
                updated=role.updated,
            )

    def _kept(self, found: Any) -> dict[str, str]:
        held = dict(found.value) if isinstance(found, Known) else {}
        return {key: value for key, value in held.items() if key in self._tags}

    def buckets(self) -> Iterator[Bucket]:
        """The account's own, and others' that it may read."""
        regions = self._reads.get("bucket_regions")
        own: dict[str, str] = dict(regions.value) if isinstance(regions, Known) else {}
        read: dict[str, BucketSettings] = {}
        for question, answer in self._reads:
            if question[0] == "bucket_settings" and isinstance(answer, Known):
                read[question[1]] = answer.value
                own.setdefault(question[1], answer.value.bucket.region)
        for name, region in own.items():
            yield self._bucket(name, region, read.get(name))

    def _bucket(self, name: str, region: str, settings: BucketSettings | None) -> Bucket:
        policy = self._reads.get("bucket_policy", name, region)
        blocked = self._reads.get("public_access_blocked", name, region)
        bucket = Bucket(
            name=name,
            owner=self._account,
            region=region,
            created=0.0,
            policy=policy.value if isinstance(policy, Known) else "",
            block_public=isinstance(blocked, Known) and bool(blocked.value),
            tags=self._kept(self._reads.get("bucket_tags", name, region)),
        )
        if settings is not None:
            bucket.owner = settings.bucket.owner or self._account
            bucket.acl, bucket.region = settings.bucket.acl, settings.bucket.region
            bucket.versioning = settings.versioning
            if settings.algorithm and settings.algorithm != "None":
                bucket.encryption = Encryption(algorithm=settings.algorithm, kms_key=settings.key)
        return bucket

    def clusters(self) -> Iterator[Cluster]:
        for question, answer in self._reads:
            if question[0] == "cluster" and isinstance(answer, Known):
                yield _cluster(answer.value, self._account, self._taken)

    def workspaces(self) -> Iterator[Workspace]:
        for question, answer in self._reads:
            if question[0] != "workspace" or not isinstance(answer, Known):
                continue
            found: interface.Workspace = answer.value
            catalog = {"dlfCatalogId": found.catalog, "dlfType": found.catalog_type}
            yield Workspace(
                id=found.id,
                account=self._account,
                region=found.region,
                name=found.name,
                storage=found.directory,
                role=found.role or DEFAULT_ROLE,
                owner=self._account,
                created=0.0,
                wanted={key: value for key, value in catalog.items() if value},
            )


def _policy(type: str, name: str, text: PolicyText) -> ManagedPolicy:
    version = PolicyVersion(id=text.version, document=text.document, created=text.updated)
    number = text.version.removeprefix("v")
    return ManagedPolicy(
        name=name,
        type=type,
        versions=[version],
        default_version=text.version,
        next_version=int(number) + 1 if number.isdecimal() else 2,
        created=text.updated,
        updated=text.updated,
    )


def _cluster(found: interface.Cluster, account: str, taken: float) -> Cluster:
    """With times from which the local cloud works out the very state that was read."""
    cluster = Cluster(
        id=found.id,
        account=account,
        region=found.region,
        name=found.name,
        type="",
        release=found.release,
        role=found.role,
        created=0.0,
        bootstrapping=taken + _FAR if found.state == "STARTING" else 0.0,
        running=taken + _FAR if found.state in ("STARTING", "BOOTSTRAPPING") else 0.0,
        node_attributes={
            key: value for key, value in (("RamRole", found.role), ("VpcId", found.vpc)) if value
        },
    )
    if found.state in ("START_FAILED", "TERMINATED_WITH_ERRORS", "TERMINATE_FAILED"):
        cluster.failure = Failure(code="", message="", state=found.state)
    elif found.state == "TERMINATING":
        cluster.deleted, cluster.ended = taken, taken + _FAR
    return cluster
