"""What an audit reads of the account: the protocol, and the values beside those of `interface`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import msgspec

from rolemend.account.interface import Bucket, Cluster, PolicyUsers, Reading, Role, Workspace


class PolicyName(msgspec.Struct, frozen=True):
    """A policy by type ("System" or "Custom") and name, attached at `attached` (epoch seconds)."""

    type: str
    name: str
    attached: float = 0.0


class PolicyText(msgspec.Struct, frozen=True):
    """The version of a policy that is in force. `updated` is in epoch seconds."""

    version: str
    document: str
    updated: float = 0.0


class Listed(msgspec.Struct, frozen=True):
    """A user, group, role or custom policy as a list tells it; policies have no id."""

    name: str
    id: str = ""


class BucketSettings(msgspec.Struct, frozen=True, kw_only=True):
    """All that one GetBucketInfo tells. `algorithm` and `key` are the default encryption's, "" for none."""

    bucket: Bucket
    algorithm: str = ""
    key: str = ""
    versioning: str = ""


class TrailState(msgspec.Struct, frozen=True, kw_only=True):
    """A trail: `events` is Write, Read or All, `project` the SLS project's ARN, `regions` "All" or a list with commas.

    `error` is what went wrong in its last delivery.
    """

    name: str
    region: str
    events: str
    regions: str
    project: str
    is_logging: bool
    error: str = ""


class TriggerState(msgspec.Struct, frozen=True, kw_only=True):
    """A trigger of a function; `project` and `logstore` are what a log trigger reads."""

    name: str
    type: str
    enabled: bool
    project: str = ""
    logstore: str = ""


class FunctionState(msgspec.Struct, frozen=True, kw_only=True):
    """A deployed function with the name of its role. `state` is "" where the service tells none."""

    name: str
    role: str
    state: str = ""


class BucketUse(msgspec.Struct, frozen=True, kw_only=True):
    """That a role made requests on a bucket which succeeded. `role` is in lower case, as the access log has it."""

    bucket: str
    role: str
    count: int


class Survey(Protocol):
    """What an audit reads: each method is one call, or all pages of one list."""

    def role(self, name: str) -> Reading[Role]: ...

    def role_names(self) -> Reading[tuple[str, ...]]: ...

    def listed(self, kind: str) -> Reading[tuple[Listed, ...]]:
        """Every `user`, `group`, `role` or custom `policy` of the account."""
        ...

    def members(self, group: str) -> Reading[tuple[str, ...]]:
        """The names of the users in a group."""
        ...

    def role_tags(self, name: str) -> Reading[Mapping[str, str]]: ...

    def bucket_tags(self, name: str, region: str) -> Reading[Mapping[str, str]]: ...

    def attached(self, kind: str, name: str) -> Reading[tuple[PolicyName, ...]]:
        """The policies of a `role`, `user` or `group` itself."""
        ...

    def document(self, type: str, name: str) -> Reading[PolicyText]: ...

    def holders(self, type: str, name: str) -> Reading[PolicyUsers]:
        """Who a policy is attached to."""
        ...

    def clusters(self, region: str) -> Reading[tuple[str, ...]]:
        """The ids of the clusters that are not gone."""
        ...

    def cluster(self, cluster_id: str, region: str) -> Reading[Cluster]: ...

    def workspaces(self, region: str) -> Reading[tuple[str, ...]]: ...

    def workspace(self, workspace_id: str, region: str) -> Reading[Workspace]: ...

    def bucket_regions(self) -> Reading[Mapping[str, str]]:
        """The account's buckets by name, each with its region."""
        ...

    def bucket_settings(self, name: str, region: str) -> Reading[BucketSettings]: ...

    def bucket_policy(self, name: str, region: str) -> Reading[str]: ...

    def public_access_blocked(self, name: str, region: str) -> Reading[bool]: ...

    def trails(self, region: str) -> Reading[tuple[TrailState, ...]]:
        """All trails that take the region's events."""
        ...

    def logstore_days(self, project: str, logstore: str, region: str) -> Reading[int]:
        """How many days back a logstore can reach by its age and TTL; Absent if there is no such logstore."""
        ...

    def bucket_use(self, region: str, days: int) -> Reading[tuple[BucketUse, ...]]:
        """Which roles used which buckets of a region in the last days, from the access log."""
        ...

    def function(self, name: str) -> Reading[FunctionState]: ...

    def triggers(self, function: str) -> Reading[tuple[TriggerState, ...]]: ...
