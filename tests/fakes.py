"""Small stand-ins for the account, of a dozen lines each. What talks to a cloud is tested against the local cloud."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import msgspec
from sortedcontainers import SortedDict

from rolemend.account.interface import (
    Absent,
    AttachedPolicy,
    Bucket,
    Checkpoint,
    Cluster,
    ClusterState,
    Encryption,
    JobRun,
    Known,
    LogPage,
    LogRange,
    PolicyUsers,
    PolicyVersions,
    Reading,
    Role,
    Workspace,
)
from rolemend.errors import AccountError, Conflict, NotThere, Unreachable

Found = TypeVar("Found")
NO_POLICIES = Known[tuple[AttachedPolicy, ...]](())
NO_NAMES = Known[tuple[str, ...]](())
NO_TAGS = Known[Mapping[str, str]]({})
SERVICE_ROLE = Known(
    Role(
        name="AliyunEMRDefaultRole",
        arn="acs:ram::1000000000000001:role/aliyunemrdefaultrole",
        trust_policy='{"Version": "1", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",'
        ' "Principal": {"Service": "emr.aliyuncs.com"}}]}',
    )
)


@dataclass
class MemoryStore:
    """An object store in memory with the append rule of OSS.

    `lost` answers are still to come: the append takes effect and the caller hears nothing of it. `rivals` are entries
    that somebody else appends right before the next append, `before_append` is what somebody else does right
    before one to an incident.
    """

    objects: SortedDict = field(default_factory=SortedDict)
    lost: int = 0
    rivals: list[bytes] = field(default_factory=list)
    before_append: list[Callable[[], object]] = field(default_factory=list)
    writes: int = 0
    every_write: int = 0
    """Those of all kinds; `writes` are appends at a place."""

    def read(self, key: str) -> bytes:
        if key not in self.objects:
            raise NotThere("GetObject", "NoSuchKey", key)
        return bytes(self.objects[key])

    def read_end(self, key: str, length: int) -> bytes:
        return self.read(key)[-length:]

    def append(self, key: str, position: int, data: bytes) -> None:
        if self.before_append and key.startswith("incidents/"):
            self.before_append.pop(0)()
        if self.rivals:
            self._extend(key, self.rivals.pop(0))
        if position != len(self.objects.get(key, b"")):
            raise Conflict("AppendObject", "PositionNotEqualToLength", key)
        self._extend(key, data)
        self.writes += 1
        self.every_write += 1
        if self.lost:
            self.lost -= 1
            raise Unreachable("AppendObject", "Timeout", "no answer")

    def add(self, key: str, data: bytes) -> None:
        self.every_write += 1
        self._extend(key, data)

    def put(self, key: str, data: bytes) -> None:
        self.every_write += 1
        self.objects[key] = data

    def _extend(self, key: str, data: bytes) -> None:
        """In place: an index of ten thousand lines would be copied as often."""
        known = self.objects.get(key, b"")
        if not isinstance(known, bytearray):
            known = self.objects[key] = bytearray(known)
        known += data

    def delete(self, key: str) -> None:
        self.objects.pop(key, None)

    def keys(self, prefix: str) -> Iterator[str]:
        return iter(list(self.objects.irange(prefix, prefix + chr(0x10FFFF))))


@dataclass
class FakeFunctions:
    """Remembers what was started, unless `failing` is raised."""

    started: list[tuple[str, bytes]] = field(default_factory=list)
    failing: Exception | None = None

    def start(self, function: str, payload: bytes) -> None:
        if self.failing is not None:
            raise self.failing
        self.started.append((function, payload))


@dataclass
class FakeLogs:
    """Answers fixed records, whatever the range."""

    lines: list[Mapping[str, Any]]
    queries: list[str] = field(default_factory=list)

    def pages(self, log_range: LogRange, query: str) -> Iterator[LogPage]:
        self.queries.append(query)
        yield LogPage(log_range.begin, log_range.end, iter(self.lines))

    def checkpoint(self, log_range: LogRange) -> Checkpoint:
        return Checkpoint()

    def set_checkpoint(self, log_range: LogRange, cursor: str) -> None:
        """Nobody asks for it."""

    def begin(self, log_range: LogRange) -> str:
        return log_range.begin

    def end(self, log_range: LogRange) -> str:
        return log_range.end

    found: list[Mapping[str, Any]] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)

    def search(
        self, region: str, project: str, logstore: str, query: str, since: int, until: int
    ) -> Sequence[Mapping[str, Any]]:
        self.asked.append((project, query))
        return self.found

    def shards(self, project: str, logstore: str, since: int) -> Mapping[int, LogRange]:
        return {}

    def received(self, log_range: LogRange) -> tuple[float, float]:
        return 0.0, 0.0


def cursor(number: int) -> str:
    """As SLS writes the number of a place."""
    return base64.b64encode(str(number).encode()).decode()


@dataclass
class FakeShard:
    """A shard whose places are numbers: the records at each, and its checkpoint. `page` places are read at once.

    `pulled` are the ranges read, `writes` the checkpoints written; `failing` are errors by the name of the method;
    `beside` is where the shard is read from if it has no checkpoint and others have one, "" if they have none either.
    """

    places: dict[int, list[Mapping[str, Any]]]
    clock: Callable[[], float]
    point: Checkpoint = field(default_factory=Checkpoint)
    page: int = 4
    pulled: list[tuple[int, int]] = field(default_factory=list)
    writes: list[int] = field(default_factory=list)
    failing: dict[str, Exception] = field(default_factory=dict)
    reading: Callable[[], object] = lambda: None
    times: tuple[float, float] = (0.0, 0.0)
    beside: str = ""

    def _ask(self, method: str) -> None:
        if method in self.failing:
            raise self.failing[method]

    def pages(self, log_range: LogRange, query: str) -> Iterator[LogPage]:
        self._ask("pages")
        begin, end = place_of(log_range.begin), place_of(log_range.end)
        if begin > max(self.places, default=0) + 1:
            raise AccountError("PullLogs", "InvalidCursor", "no such place")
        self.pulled.append((begin, end))
        for at in range(begin, end, self.page):
            until = min(at + self.page, end)
            records = [record for place in range(at, until) for record in self.places.get(place, [])]
            yield LogPage(cursor(at), cursor(until), iter(records))
            self.reading()

    def checkpoint(self, log_range: LogRange) -> Checkpoint:
        self._ask("checkpoint")
        return self.point

    def set_checkpoint(self, log_range: LogRange, cursor: str) -> None:
        self._ask("set_checkpoint")
        self.writes.append(place_of(cursor))
        self.point = Checkpoint(cursor, self.clock())

    found: list[Mapping[str, Any]] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)

    def search(
        self, region: str, project: str, logstore: str, query: str, since: int, until: int
    ) -> Sequence[Mapping[str, Any]]:
        self.asked.append((project, query))
        return self.found

    def shards(self, project: str, logstore: str, since: int) -> Mapping[int, LogRange]:
        self._ask("shards")
        begin = self.point.cursor or self.beside
        if not begin:
            return {}
        empty = LogRange(endpoint="e", project=project, logstore=logstore, shard=0, begin=begin, end=begin)
        return {0: msgspec.structs.replace(empty, end=self.end(empty))}

    def received(self, log_range: LogRange) -> tuple[float, float]:
        self._ask("received")
        return self.times

    def begin(self, log_range: LogRange) -> str:
        self._ask("begin")
        return cursor(min(self.places, default=0))

    def end(self, log_range: LogRange) -> str:
        return cursor(max(self.places, default=-1) + 1)


def place_of(text: str) -> int:
    return int(base64.b64decode(text))


@dataclass
class FakeTrail:
    history: list[dict[str, Any]] = field(default_factory=list)
    failing: Exception | None = None

    asked: list[tuple[str, int, str]] = field(default_factory=list)
    """Event name, beginning and region."""

    def events(
        self, service: str, name: str, start: int, end: int, region: str = ""
    ) -> Iterator[dict[str, Any]]:
        self.asked.append((name, start, region))
        if self.failing is not None:
            raise self.failing
        return iter([event for event in self.history if event.get("eventName") == name])


@dataclass
class FakeClusterStates:
    """Clusters by region, and what was asked for; `failing` is raised for its regions."""

    clusters: dict[str, list[ClusterState]] = field(default_factory=dict)
    asked: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    failing: dict[str, Exception] = field(default_factory=dict)

    def states(self, region: str, ids: Sequence[str]) -> tuple[ClusterState, ...]:
        self.asked.append((region, tuple(ids)))
        if region in self.failing:
            raise self.failing[region]
        return tuple(one for one in self.clusters.get(region, []) if not ids or one.id in ids)


@dataclass
class FakeJobs:
    """Serverless Spark in one region: workspaces with the role of each, their runs, logs and Livy tokens.

    `failing` is raised by the calls of its names; `asked` are the calls made.
    """

    roles: dict[str, str] = field(default_factory=dict)
    runs: list[JobRun] = field(default_factory=list)
    logs: dict[str, str] = field(default_factory=dict)
    creators: dict[str, tuple[str, ...]] = field(default_factory=dict)
    failing: dict[str, Exception] = field(default_factory=dict)
    asked: list[tuple[str, ...]] = field(default_factory=list)

    def _ask(self, *call: str) -> None:
        self.asked.append(call)
        if call[0] in self.failing:
            raise self.failing[call[0]]

    def workspaces(self, region: str) -> tuple[str, ...]:
        self._ask("workspaces", region)
        return tuple(self.roles)

    def execution_role(self, region: str, workspace: str) -> str:
        self._ask("execution_role", region, workspace)
        return self._found(self.roles, workspace)

    def job_run(self, region: str, workspace: str, run: str) -> JobRun:
        self._ask("job_run", region, workspace, run)
        return self._found({one.id: one for one in self.runs if one.workspace == workspace}, run)

    def failed_runs(self, region: str, workspace: str, since: float) -> Iterator[JobRun]:
        self._ask("failed_runs", region, workspace)
        here = [one for one in self.runs if (one.workspace, one.state) == (workspace, "Failed")]
        return iter([one for one in here if one.ended >= since])

    def log_end(self, region: str, workspace: str, path: str) -> str:
        self._ask("log_end", region, workspace, path)
        return self._found(self.logs, path)

    def token_creators(self, region: str, workspace: str, gateway: str) -> tuple[str, ...]:
        self._ask("token_creators", region, workspace, gateway)
        return self._found(self.creators, gateway)

    def _found(self, there: Mapping[str, Found], name: str) -> Found:
        if name not in there:
            raise NotThere("Get", "ResourceNotFound", name)
        return there[name]


@dataclass
class FakeAccount:
    """One account with a role, its policies, a bucket and a cluster; every answer can be set."""

    role_policies: Reading[tuple[AttachedPolicy, ...]] = NO_POLICIES
    user_policies: Reading[tuple[AttachedPolicy, ...]] = NO_POLICIES
    the_role: Reading[Role] = field(default_factory=Absent)
    service_role: Reading[Role] = SERVICE_ROLE
    names: Reading[tuple[str, ...]] = NO_NAMES
    user: Reading[str] = field(default_factory=Absent)
    policy_users: Reading[PolicyUsers] = field(
        default_factory=lambda: Known(PolicyUsers(roles=("emr-role",)))
    )
    versions: dict[str, PolicyVersions] = field(default_factory=dict)
    the_bucket: Reading[Bucket] = field(default_factory=Absent)
    the_bucket_policy: Reading[str] = field(default_factory=Absent)
    the_encryption: Reading[Encryption] = field(default_factory=Absent)
    blocked: Reading[bool] = field(default_factory=lambda: Known(False))
    the_cluster: Reading[Cluster] = field(default_factory=Absent)
    node_cluster: Reading[Cluster] = field(default_factory=Absent)
    the_workspace: Reading[Workspace] = field(default_factory=Absent)
    asked_regions: list[str] = field(default_factory=list)
    tags_of_role: Reading[Mapping[str, str]] = field(default_factory=lambda: NO_TAGS)
    tags_of_bucket: Reading[Mapping[str, str]] = field(default_factory=lambda: NO_TAGS)

    def policies_of_user(self, name: str) -> Reading[tuple[AttachedPolicy, ...]]:
        return self.user_policies

    def policies_of_role(self, name: str) -> Reading[tuple[AttachedPolicy, ...]]:
        return self.role_policies

    def user_name(self, user_id: str) -> Reading[str]:
        return self.user

    def role(self, name: str) -> Reading[Role]:
        return self.service_role if name == "AliyunEMRDefaultRole" else self.the_role

    def role_names(self) -> Reading[tuple[str, ...]]:
        return self.names

    def role_tags(self, name: str) -> Reading[Mapping[str, str]]:
        return self.tags_of_role

    def bucket_tags(self, name: str, region: str) -> Reading[Mapping[str, str]]:
        return self.tags_of_bucket

    def users_of_policy(self, name: str) -> Reading[PolicyUsers]:
        return self.policy_users

    def policy_versions(self, name: str) -> Reading[PolicyVersions]:
        found = self.versions.get(name)
        return Known(found) if found else Absent(name)

    def bucket(self, name: str, region: str) -> Reading[Bucket]:
        return self.the_bucket

    def bucket_policy(self, name: str, region: str) -> Reading[str]:
        return self.the_bucket_policy

    def bucket_encryption(self, name: str, region: str) -> Reading[Encryption]:
        return self.the_encryption

    def public_access_blocked(self, name: str, region: str) -> Reading[bool]:
        return self.blocked

    def workspace(self, workspace_id: str, region: str) -> Reading[Workspace]:
        return self.the_workspace

    def cluster_of_node(self, address: str, vpc: str, region: str) -> Reading[Cluster]:
        return self.node_cluster

    def cluster_with_role(self, role: str, region: str) -> Reading[Cluster]:
        self.asked_regions.append(region)
        return self.the_cluster


@dataclass
class WritableAccount(FakeAccount):
    """One role with custom policies and a trust policy that can be written; at most five versions as in RAM.

    `policies` maps names to documents by version id, `defaults` names to the version in force. The next write raises
    `failing` and has no effect, or loses one of the `lost` answers after its effect. `before_write` is what somebody
    else does right before the next write, `after_write` right after it.
    """

    policies: dict[str, dict[str, str]] = field(default_factory=dict)
    defaults: dict[str, str] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)
    failing: Exception | None = None
    lost: int = 0
    before_write: list[Callable[[], object]] = field(default_factory=list)
    after_write: list[Callable[[], object]] = field(default_factory=list)
    writes: list[str] = field(default_factory=list)

    def attach(self, name: str, document: str, policy_type: str = "Custom") -> None:
        self.policies[name], self.defaults[name], self.types[name] = {"v1": document}, "v1", policy_type

    def in_force(self, name: str) -> str:
        return self.policies[name][self.defaults[name]]

    def policies_of_role(self, name: str) -> Reading[tuple[AttachedPolicy, ...]]:
        if not isinstance(self.role_policies, Known):
            return self.role_policies
        own = [
            AttachedPolicy(
                name=key, type=self.types[key], version=self.defaults[key], document=self.in_force(key)
            )
            for key in self.policies
        ]
        return Known((*self.role_policies.value, *own))

    def policy_versions(self, name: str) -> Reading[PolicyVersions]:
        if name not in self.policies:
            return super().policy_versions(name)
        held = self.policies[name]
        return Known(PolicyVersions(self.defaults[name], self.in_force(name), tuple(held), dict(held)))

    def add_policy_version(self, name: str, document: str) -> str:
        self._begin(f"add {name}")
        versions = self.policies[name]
        if len(versions) == 5:
            del versions[next(version for version in versions if version != self.defaults[name])]
        version = f"v{max(int(known[1:]) for known in versions) + 1}"
        versions[version], self.defaults[name] = document, version
        self._end("CreatePolicyVersion")
        return version

    def set_default_version(self, name: str, version: str) -> None:
        self._begin(f"default {name} {version}")
        if version not in self.policies[name]:
            raise NotThere("SetDefaultPolicyVersion", "EntityNotExist.Policy.Version", version)
        self.defaults[name] = version
        self._end("SetDefaultPolicyVersion")

    def set_trust_policy(self, role: str, document: str) -> None:
        self._begin(f"trust {role}")
        assert isinstance(self.the_role, Known)
        self.the_role = Known(msgspec.structs.replace(self.the_role.value, trust_policy=document))
        self._end("UpdateRole")

    def _begin(self, write: str) -> None:
        if self.before_write:
            self.before_write.pop(0)()
        if self.failing is not None:
            raise self.failing
        self.writes.append(write)

    def _end(self, operation: str) -> None:
        if self.after_write:
            self.after_write.pop(0)()
        if self.lost:
            self.lost -= 1
            raise Unreachable(operation, "Timeout", "no answer")
