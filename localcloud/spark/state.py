"""What Serverless Spark keeps, over all accounts and regions. Times are epoch seconds, 0 for "not yet"."""

from __future__ import annotations

from typing import Any

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
    """One run of a Spark job. `creator` is the submitter's UID, `request` what was sent."""

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


class SparkState(msgspec.Struct, kw_only=True):
    """`event_targets` are the CloudMonitor rules that route failed job runs: (account, project, logstore)."""

    workspaces: dict[str, Workspace] = {}
    job_runs: dict[str, JobRun] = {}
    livy_computes: dict[str, LivyCompute] = {}
    livy_tokens: dict[str, LivyToken] = {}
    tokens: dict[str, str] = {}
    """Workspace or job run id by "account/operation/clientToken"."""
    event_targets: list[tuple[str, str, str]] = []
