"""What was read, as the checks ask for it: who uses which role, and each policy parsed once."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

import msgspec

from rolemend.account.interface import (
    Absent,
    AttachedPolicy,
    Bucket,
    Cluster,
    Known,
    Reading,
    Role,
    Unread,
    Workspace,
)
from rolemend.account.surveyed import BucketSettings, PolicyText
from rolemend.audit.model import Place
from rolemend.audit.reads import Reads
from rolemend.audit.scope import EMR_POLICIES, Scope
from rolemend.audit.sweep import bucket_entry, clusters_of, directory_bucket, workspaces_of
from rolemend.checklist.spark_facts import DEFAULT_ROLE
from rolemend.policy import Policy, PolicyError, Source, parse_policy

Policies = Reading[tuple[AttachedPolicy, ...]]


class Users(msgspec.Struct):
    """Who uses a role: clusters and workspaces. `name` is as they spell it."""

    name: str
    clusters: list[Cluster] = []
    workspaces: list[Workspace] = []

    def regions(self) -> tuple[str, ...]:
        of_clusters = [each.region for each in self.clusters]
        return tuple(dict.fromkeys([*of_clusters, *(each.region for each in self.workspaces)]))


class Holder(msgspec.Struct, frozen=True):
    """A role, user or group with what is attached to it."""

    kind: str
    name: str
    policies: Policies


class Facts:
    """A view on the answers of one sweep; nothing is read here."""

    def __init__(self, reads: Reads, scope: Scope, now: float = 0.0) -> None:
        self.reads, self.scope, self.now = reads, scope, now
        self.used_buckets: dict[str, frozenset[tuple[str, str]]] = {}
        self.account = scope.account
        self._parsed: dict[tuple[str, str], Policy | PolicyError] = {}
        self._policies: dict[tuple[str, str], Policies] = {}
        self._bucket_policies: dict[str, Policy | PolicyError | None] = {}

    def place(self, kind: str, name: str, region: str = "") -> Place:
        return Place(kind=kind, name=name, region=region, account=self.account)

    @cached_property
    def clusters(self) -> tuple[tuple[str, str, Reading[Cluster]], ...]:
        return tuple(clusters_of(self.reads, self.scope))

    @cached_property
    def workspaces(self) -> tuple[tuple[str, str, Reading[Workspace]], ...]:
        return tuple(workspaces_of(self.reads, self.scope))

    @cached_property
    def users(self) -> dict[str, Users]:
        """Who uses each role, by its name in lower case."""
        found: dict[str, Users] = {}
        for _, _, cluster in self.clusters:
            if isinstance(cluster, Known) and cluster.value.role:
                name = cluster.value.role
                found.setdefault(name.lower(), Users(name)).clusters.append(cluster.value)
        for _, _, workspace in self.workspaces:
            if isinstance(workspace, Known):
                name = workspace.value.role or DEFAULT_ROLE
                found.setdefault(name.lower(), Users(name)).workspaces.append(workspace.value)
        return found

    def role(self, name: str) -> Reading[Role]:
        return self.reads.get("role", name)

    def role_name(self, name: str) -> str:
        """As RAM spells it, where the role is there."""
        role = self.role(name)
        return role.value.name if isinstance(role, Known) else name

    def policies(self, kind: str, name: str) -> Policies:
        """What is attached with its documents; unread as soon as one of them is."""
        key = (kind, name.lower())
        if key not in self._policies:
            self._policies[key] = self._attached(kind, name)
        return self._policies[key]

    def _attached(self, kind: str, name: str) -> Policies:
        listed = self.reads.get("attached", kind, name)
        if not isinstance(listed, Known):
            return listed
        found: list[AttachedPolicy] = []
        for each in listed.value:
            text: Reading[PolicyText] = self.reads.get("document", each.type, each.name)
            if isinstance(text, Unread):
                return text
            if isinstance(text, Absent):
                return Unread(
                    "GetPolicy", f"policy {each.name} was deleted while it was read", transient=True
                )
            found.append(
                AttachedPolicy(
                    name=each.name,
                    type=each.type,
                    version=text.value.version,
                    document=text.value.document,
                    updated=max(text.value.updated, each.attached),
                )
            )
        return Known(tuple(found))

    def parsed(self, policy: AttachedPolicy) -> Policy | PolicyError:
        """An attached policy's document; the error where it does not parse."""
        key = (policy.type, policy.name.lower())
        found = self._parsed.get(key)
        if found is None:
            found = self._parsed[key] = _parse(policy.document, "identity")
        return found

    def sources(self, policies: tuple[AttachedPolicy, ...]) -> list[Source]:
        """The policies as the engine takes them. Raises PolicyError, led by the policy's name."""
        sources = []
        for each in policies:
            parsed = self.parsed(each)
            if isinstance(parsed, PolicyError):
                raise PolicyError(f"{each.name}: {parsed.path}", parsed.message)
            sources.append(Source(kind="identity", policy=parsed, name=each.name))
        return sources

    def broken(self, policies: tuple[AttachedPolicy, ...]) -> tuple[AttachedPolicy, PolicyError] | None:
        """The first policy that does not parse, with the error: what it names and grants is not known."""
        parsed = ((each, self.parsed(each)) for each in policies)
        return next(((each, error) for each, error in parsed if isinstance(error, PolicyError)), None)

    @cached_property
    def holders(self) -> tuple[Holder, ...]:
        """Roles in use, then users and groups with EMR's policies."""
        roles = [
            Holder("role", self.role_name(users.name), self.policies("role", users.name))
            for users in self.users.values()
            if isinstance(self.role(users.name), Known)
        ]
        return (*roles, *self._people())

    def _people(self) -> Iterator[Holder]:
        seen: set[tuple[str, str]] = set()
        for policy in EMR_POLICIES:
            held = self.reads.get("holders", "System", policy)
            if not isinstance(held, Known):
                continue
            for kind, names in (("user", held.value.users), ("group", held.value.groups)):
                for name in names:
                    if (kind, name) not in seen:
                        seen.add((kind, name))
                        yield Holder(kind, name, self.policies(kind, name))

    @cached_property
    def custom_policies(self) -> tuple[AttachedPolicy, ...]:
        """Every custom policy that somebody holds, once."""
        found: dict[str, AttachedPolicy] = {}
        for holder in self.holders:
            for each in holder.policies.value if isinstance(holder.policies, Known) else ():
                if each.type == "Custom":
                    found.setdefault(each.name.lower(), each)
        return tuple(found.values())

    @cached_property
    def regions_of_buckets(self) -> Reading[dict[str, str]]:
        return self.reads.get("bucket_regions")

    def settings(self, bucket: str, asked_in: str = "") -> Reading[BucketSettings]:
        """A bucket's settings, read in its own region or in the one where it was looked for."""
        known = self.regions_of_buckets
        region = known.value.get(bucket, "") if isinstance(known, Known) else ""
        return self.reads.get("bucket_settings", bucket, region or asked_in or self.scope.home)

    def bucket_policy(self, settings: BucketSettings) -> Reading[str]:
        bucket = settings.bucket
        found = self.reads.get("bucket_policy", bucket.name, bucket.region)
        if isinstance(found, Unread):
            return self.reads.get("bucket_policy", bucket.name, self.scope.home)
        return found

    def parsed_bucket_policy(self, bucket: Bucket, document: str) -> Policy | PolicyError:
        found = self._bucket_policies.get(bucket.name)
        if found is None:
            found = self._bucket_policies[bucket.name] = _parse(document, "bucket")
        return found

    @cached_property
    def directories(self) -> dict[str, list[Workspace]]:
        """The workspaces by the bucket of their directory."""
        found: dict[str, list[Workspace]] = {}
        for _, _, workspace in self.workspaces:
            if isinstance(workspace, Known) and (bucket := directory_bucket(workspace.value)):
                found.setdefault(bucket, []).append(workspace.value)
        return found

    @cached_property
    def buckets_of_role(self) -> dict[str, tuple[str, ...]]:
        """The buckets that each role in use names in an Allow, and those of its workspaces' directories."""
        found: dict[str, dict[str, None]] = {}
        for key, users in self.users.items():
            named = found.setdefault(key, {})
            held = self.policies("role", users.name)
            for policy in held.value if isinstance(held, Known) else ():
                named.update(dict.fromkeys(self._allowed_buckets(policy)))
            buckets = (directory_bucket(each) for each in users.workspaces)
            named.update(dict.fromkeys(bucket for bucket in buckets if bucket))
        return {key: tuple(named) for key, named in found.items()}

    def _allowed_buckets(self, policy: AttachedPolicy) -> Iterator[str]:
        parsed = self.parsed(policy)
        if policy.type != "Custom" or isinstance(parsed, PolicyError):
            return
        for statement in parsed.statements:
            if not statement.denies and not statement.negated_resources:
                yield from (entry[0] for name in statement.resources if (entry := bucket_entry(name)))

    @cached_property
    def buckets_in_use(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(each for named in self.buckets_of_role.values() for each in named))


def _parse(document: str, kind: str) -> Policy | PolicyError:
    try:
        return parse_policy(document, kind)
    except PolicyError as error:
        return error
    except RecursionError:
        return PolicyError("", "is nested too deeply", "a policy document")
