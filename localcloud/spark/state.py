"""What Serverless Spark keeps, over all accounts and regions. Times are epoch seconds, 0 for "not yet"."""

from __future__ import annotations

from typing import Any, Literal

import msgspec


class Workspace(msgspec.Struct, kw_only=True):
    """A workspace. `role` is its execution role, which nothing changes afterwards; `storage` is `oss://bucket/…`."""

    id: str
    account: str
    region: str
    name: str
    storage: str
    role: str
    owner: str
    created: float
    wanted: dict[str, Any] = {}
    """The other members of the request, by their names in the API."""


class JobRun(msgspec.Struct, kw_only=True):
    """One run of a Spark job. `creator` is the submitter's UID, `request` what was sent.

    `gateway` is the Livy gateway that it came through and `acting` the UID of its token's creator, "" for other runs.
    """

    id: str
    workspace: str
    account: str
    region: str
    name: str
    creator: str
    submitted: float
    state: str = "Submitted"
    reason: dict[str, str] = {}
    ended: float = 0.0
    request: dict[str, Any] = {}
    gateway: str = ""
    acting: str = ""


class LivyCompute(msgspec.Struct, kw_only=True):
    """A Livy gateway."""

    id: str
    workspace: str
    name: str
    created_by: str
    creator_uid: str
    created: float
    request: dict[str, Any] = {}


class LivyToken(msgspec.Struct, kw_only=True):
    """A token of a Livy gateway; jobs that come with it act for its creator."""

    id: str
    compute: str
    name: str
    token: str
    created_by: str
    created: float
    creator_uid: str = ""


class Grant(msgspec.Struct, kw_only=True, frozen=True):
    """A data permission: `uid` is the account's, the user's or the role's; `on` the table (`sales.orders`) or `*`."""

    uid: str
    privilege: str
    on: str = "*"


class Catalog(msgspec.Struct, kw_only=True):
    """A DLF catalog. The new generation always asks for data permissions, the legacy one with `access_control`."""

    account: str
    name: str
    generation: Literal["legacy", "next"] = "legacy"
    access_control: bool = True
    grants: list[Grant] = []


class Project(msgspec.Struct, kw_only=True):
    """A MaxCompute project: the UIDs of its members, and what each may do. The owner's account may do everything."""

    account: str
    name: str
    members: list[str] = []
    grants: list[Grant] = []


class SparkState(msgspec.Struct, kw_only=True):
    """`event_targets` are the CloudMonitor rules that route failed job runs: (account, project, logstore);
    `event_functions` those that send them to a function: (account, function, `cloudmonitor` or `cloudevents`).
    Catalogs and projects are found by "account/name".
    """

    workspaces: dict[str, Workspace] = {}
    job_runs: dict[str, JobRun] = {}
    livy_computes: dict[str, LivyCompute] = {}
    livy_tokens: dict[str, LivyToken] = {}
    tokens: dict[str, str] = {}
    """Workspace or job run id by "account/operation/clientToken"."""
    event_targets: list[tuple[str, str, str]] = []
    event_functions: list[tuple[str, str, str]] = []
    catalogs: dict[str, Catalog] = {}
    projects: dict[str, Project] = {}
