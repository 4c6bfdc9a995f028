"""What the other rooms know of the account: protocols, and the values they answer.

A read never raises and never answers an empty document in place of a failed read: it is `Known`, `Absent` or
`Unread` with the reason. Writes raise an `AccountError`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Generic, Protocol, TypeVar

import msgspec

from rolemend.signals.denial import DeniedDetail

T = TypeVar("T")


class Known(msgspec.Struct, Generic[T], frozen=True):
    """What was read."""

    value: T


class Absent(msgspec.Struct, frozen=True):
    """The account answered that there is no such thing."""

    what: str = ""


class Unread(msgspec.Struct, frozen=True):
    """The read failed. `transient` reads may succeed later; others were refused or made no sense."""

    operation: str
    reason: str
    transient: bool = False


Reading = Known[T] | Absent | Unread


class AttachedPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """A policy as it binds a principal now. `type` is "System" or "Custom", `via` the group it comes through or "".

    `updated` is when policy or attachment last changed, in epoch seconds.
    """

    name: str
    type: str
    version: str
    document: str
    via: str = ""
    updated: float = 0.0


class Role(msgspec.Struct, frozen=True, kw_only=True):
    """A RAM role with its trust policy as text. `service_linked` roles are their service's own."""

    name: str
    arn: str
    trust_policy: str
    updated: float = 0.0
    service_linked: bool = False


class PolicyUsers(msgspec.Struct, frozen=True):
    """Who a policy is attached to: names of users, groups and roles."""

    users: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()

    def count(self) -> int:
        return len(self.users) + len(self.groups) + len(self.roles)

    def described(self) -> tuple[str, ...]:
        """Each as `role etl`, `user ana`, `group team`."""
        kinds = (("role", self.roles), ("user", self.users), ("group", self.groups))
        return tuple(f"{kind} {name}" for kind, names in kinds for name in names)


class PolicyVersions(msgspec.Struct, frozen=True):
    """The versions of a custom policy: id and document of the default one, all ids, and the documents that are told.

    `attachments` is how often the policy is attached, in whatever scope, as far as RAM counts it.
    """

    default: str
    document: str
    ids: tuple[str, ...]
    documents: Mapping[str, str] = {}
    attachments: int = 0


class Bucket(msgspec.Struct, frozen=True, kw_only=True):
    """A bucket's settings."""

    name: str
    region: str
    acl: str
    owner: str = ""


class Encryption(msgspec.Struct, frozen=True, kw_only=True):
    """A bucket's default encryption: `AES256`, `SM4` or `KMS`; `key` is the chosen KMS key, "" for OSS's own."""

    algorithm: str
    key: str = ""


class Cluster(msgspec.Struct, frozen=True, kw_only=True):
    """An EMR cluster with the ECS application role of its nodes, and their VPC ("" where it is not told)."""

    id: str
    name: str
    region: str
    release: str
    role: str
    state: str
    vpc: str = ""


class ClusterState(msgspec.Struct, frozen=True, kw_only=True):
    """How a cluster fares: `state` as the API names it, `reason` and `message` why it is in it, "" if it tells none.

    `created` and `ready` are in epoch seconds; `ready` is 0 for a cluster that never was.
    """

    id: str
    name: str
    release: str
    state: str
    created: float = 0.0
    ready: float = 0.0
    reason: str = ""
    message: str = ""


class Workspace(msgspec.Struct, frozen=True, kw_only=True):
    """A workspace of EMR Serverless Spark.

    `role` is its execution role, chosen when it was created and fixed since; `directory` the OSS path for its files,
    `oss://bucket/path`; `catalog` its DLF catalog and `catalog_type` the generation of DLF, as the API tells them.
    """

    id: str
    name: str = ""
    region: str = ""
    role: str = ""
    directory: str = ""
    catalog: str = ""
    catalog_type: str = ""


class Diagnostics(Protocol):
    """Who can tell more of a denied call than its error does."""

    def decode(self, encoded: str) -> Reading[DeniedDetail]:
        """Open an EncodedDiagnosticMessage."""

    def request_log(self, request_id: str) -> Reading[DeniedDetail]:
        """The AccessDeniedDetail of one's account's call with this id; Absent if it is not kept, or had none."""


class Identities(Protocol):
    """RAM."""

    def policies_of_user(self, name: str) -> Reading[tuple[AttachedPolicy, ...]]:
        """Attached directly and through groups, each with its document in force."""
        ...

    def policies_of_role(self, name: str) -> Reading[tuple[AttachedPolicy, ...]]: ...

    def user_name(self, user_id: str) -> Reading[str]:
        """The name of the RAM user with this numeric id."""
        ...

    def role(self, name: str) -> Reading[Role]: ...

    def role_names(self) -> Reading[tuple[str, ...]]: ...

    def role_tags(self, name: str) -> Reading[Mapping[str, str]]:
        """Every tag of a role; none is an empty mapping."""
        ...

    def users_of_policy(self, name: str) -> Reading[PolicyUsers]: ...

    def policy_versions(self, name: str) -> Reading[PolicyVersions]: ...


class IdentityWrites(Identities, Protocol):
    """RAM with the few writes that a remedy needs."""

    def add_policy_version(self, name: str, document: str) -> str:
        """Create a version, make it the default, and answer its id."""
        ...

    def set_default_version(self, name: str, version: str) -> None: ...

    def set_trust_policy(self, role: str, document: str) -> None: ...


class Buckets(Protocol):
    """OSS, as far as a diagnosis needs it. `region` is where the bucket is believed to be."""

    def bucket(self, name: str, region: str) -> Reading[Bucket]: ...

    def bucket_policy(self, name: str, region: str) -> Reading[str]:
        """The bucket policy's document; Absent if it has none."""
        ...

    def bucket_encryption(self, name: str, region: str) -> Reading[Encryption]:
        """The default encryption; Absent if none is set."""
        ...

    def public_access_blocked(self, name: str, region: str) -> Reading[bool]:
        """Whether Block Public Access is on, for the bucket or for the account."""
        ...

    def bucket_tags(self, name: str, region: str) -> Reading[Mapping[str, str]]:
        """Every tag of a bucket; none is an empty mapping."""
        ...


class Clusters(Protocol):
    """EMR on ECS."""

    def cluster_with_role(self, role: str, region: str) -> Reading[Cluster]:
        """A living cluster whose nodes have this role; Absent if the region has none."""
        ...

    def cluster_of_node(self, address: str, vpc: str, region: str) -> Reading[Cluster]:
        """The living cluster with a node of this private address, in this VPC if `vpc` is told; Absent if none has it.

        Addresses repeat between VPCs: two clusters with the same one are Unread, as neither is certain.
        """
        ...


class Workspaces(Protocol):
    """EMR Serverless Spark, as far as a diagnosis needs it."""

    def workspace(self, workspace_id: str, region: str) -> Reading[Workspace]:
        """The workspace with this id; Absent if the region has none."""
        ...


class ClusterStates(Protocol):
    """EMR on ECS, as far as it tells how creations go on."""

    def states(self, region: str, ids: Sequence[str]) -> tuple[ClusterState, ...]:
        """The clusters with these ids, or all that are not terminated if none is given. Raises AccountError."""
        ...


class JobRun(msgspec.Struct, frozen=True, kw_only=True):
    """A run of a Serverless Spark job: `state` as the API names it, `reason` and `message` why it is in it.

    `submitter` is the UID of whoever started it, `ended` is in epoch seconds, `logs` are the paths of the driver's
    logs, the one that tells most first.
    """

    id: str
    workspace: str
    state: str
    reason: str = ""
    message: str = ""
    submitter: str = ""
    ended: float = 0.0
    logs: tuple[str, ...] = ()


class FailedJobs(Protocol):
    """Serverless Spark, as far as it tells why jobs failed. All raise AccountError, NotThere for what is not there."""

    def workspaces(self, region: str) -> tuple[str, ...]:
        """The ids of a region's workspaces."""
        ...

    def execution_role(self, region: str, workspace: str) -> str:
        """The name of the role that a workspace's jobs run as."""
        ...

    def job_run(self, region: str, workspace: str, run: str) -> JobRun: ...

    def failed_runs(self, region: str, workspace: str, since: float) -> Iterator[JobRun]:
        """The runs that have failed and ended since then (epoch seconds), newest first."""
        ...

    def log_end(self, region: str, workspace: str, path: str) -> str:
        """The last lines of a log file, as much as the API gives at once."""
        ...

    def token_creators(self, region: str, workspace: str, gateway: str) -> tuple[str, ...]:
        """Who made the tokens of a Livy gateway, each once: names or UIDs, whichever the service tells."""
        ...


class ObjectStore(Protocol):
    """The ledger's bucket. All raise AccountError; `NotThere` for a missing object."""

    def read(self, key: str) -> bytes: ...

    def read_end(self, key: str, length: int) -> bytes:
        """The last `length` bytes, or all if there are no more."""
        ...

    def append(self, key: str, position: int, data: bytes) -> None:
        """Append at exactly this position; Conflict if the object's length is another."""
        ...

    def add(self, key: str, data: bytes) -> None:
        """Append wherever the object ends; after a lost answer the data may stand there twice."""
        ...

    def put(self, key: str, data: bytes) -> None: ...

    def delete(self, key: str) -> None: ...

    def keys(self, prefix: str) -> Iterator[str]: ...


class LogRange(msgspec.Struct, frozen=True, kw_only=True):
    """The range of a shard that a log trigger names: `[begin, end)` in SLS's cursors."""

    endpoint: str
    project: str
    logstore: str
    shard: int
    begin: str
    end: str


class LogPage(msgspec.Struct, frozen=True):
    """A page of a shard, `[begin, end)` in SLS's cursors; `records` can be gone through once."""

    begin: str
    end: str
    records: Iterable[Mapping[str, Any]]


class Checkpoint(msgspec.Struct, frozen=True):
    """How far a shard was read: `cursor` ("" if no checkpoint was ever written), and when that was written, in epoch
    seconds."""

    cursor: str = ""
    written: float = 0.0


class Logs(Protocol):
    """SLS, read by range. Of the ranges handed to all but `pages` only the shard counts. All raise AccountError."""

    def pages(self, log_range: LogRange, query: str) -> Iterator[LogPage]:
        """The pages of a range in order, with each record that the filter `query` lets pass."""
        ...

    def checkpoint(self, log_range: LogRange) -> Checkpoint:
        """How far Rolemend has read the shard."""
        ...

    def set_checkpoint(self, log_range: LogRange, cursor: str) -> None:
        """NotThere if the logstore has no place for checkpoints yet."""
        ...

    def shards(self, project: str, logstore: str, since: int) -> Mapping[int, LogRange]:
        """What is unread of each shard that has a checkpoint, up to its end; of one that has none beside others that
        do, what came since a time (epoch seconds). Makes the place for checkpoints if there is none, which only a
        timer may: a refusal of that call is an event that a trigger tells."""
        ...

    def received(self, log_range: LogRange) -> tuple[float, float]:
        """When the service received the first and the last records of a range that is not empty (epoch seconds)."""
        ...

    def search(
        self, region: str, project: str, logstore: str, query: str, since: int, until: int
    ) -> Sequence[Mapping[str, Any]]:
        """The newest 100 records that a query finds between two times (epoch seconds); every value is text. Raises
        NotThere where there is no such logstore."""
        ...

    def begin(self, log_range: LogRange) -> str:
        """The cursor of the oldest record that the shard still holds."""
        ...

    def end(self, log_range: LogRange) -> str:
        """The cursor behind the last record of the shard."""
        ...


class Trail(Protocol):
    """ActionTrail's history."""

    def events(
        self, service: str, name: str, start: int, end: int, region: str = ""
    ) -> Iterator[dict[str, Any]]:
        """Events of one service and API between two times (epoch seconds), all pages, the newest first; those of one
        region, one's own if none is named. Raises AccountError."""
        ...


class Functions(Protocol):
    """Function Compute."""

    def start(self, function: str, payload: bytes) -> None:
        """Invoke asynchronously; returns once the service has taken it. Raises AccountError."""
        ...
