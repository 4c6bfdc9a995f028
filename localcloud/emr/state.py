"""What EMR keeps, over all accounts and regions. Times are epoch seconds, 0 for "not yet"."""

from __future__ import annotations

from typing import Any

import msgspec


class Node(msgspec.Struct, kw_only=True):
    """An ECS instance of a cluster; `id` is the instance id."""

    id: str
    name: str
    group: str
    private_ip: str


class NodeGroup(msgspec.Struct, kw_only=True):
    """`wanted` is the group's configuration as it was asked for, in the API's own member names."""

    id: str
    name: str
    type: str
    wanted: dict[str, Any] = {}


class Failure(msgspec.Struct, kw_only=True):
    """Why a cluster did not start. `state` is where it ends: START_FAILED or TERMINATED_WITH_ERRORS."""

    code: str
    message: str
    state: str


class Operation(msgspec.Struct, kw_only=True):
    """An asynchronous operation; `type` is CREATE_CLUSTER or DELETE_CLUSTER."""

    id: str
    type: str
    created: float


class Cluster(msgspec.Struct, kw_only=True):
    """A cluster. Its phase is worked out from the times (`localcloud.emr.lifecycle`), never stored.

    `running` is when it is (or was) ready, `ended` when it is gone after DeleteCluster. `node_attributes`
    holds the request's members without the password.
    """

    id: str
    account: str
    region: str
    name: str
    type: str
    release: str
    role: str
    created: float
    bootstrapping: float
    running: float
    deleted: float = 0.0
    ended: float = 0.0
    deploy_mode: str = "NORMAL"
    security_mode: str = "NORMAL"
    payment_type: str = "PayAsYouGo"
    description: str = ""
    resource_group: str = ""
    deletion_protection: bool = False
    node_attributes: dict[str, Any] = {}
    tags: list[dict[str, str]] = []
    failure: Failure | None = None
    groups: list[NodeGroup] = []
    nodes: list[Node] = []
    operations: list[Operation] = []


class EmrState(msgspec.Struct, kw_only=True):
    """`tokens` maps "account/region/ClientToken" to the id of the cluster that the token created."""

    clusters: dict[str, Cluster] = {}
    instances: dict[str, str] = {}
    """Cluster id by instance id."""
    tokens: dict[str, str] = {}
