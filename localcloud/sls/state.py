"""What the service keeps, over all accounts and regions."""

from __future__ import annotations

from typing import Any

import msgspec

FOREVER = 3650
"""A `ttl` of this many days keeps logs for ever: https://help.aliyun.com/zh/sls/developer-reference/api-createlogstore"""


class Group(msgspec.Struct, array_like=True, gc=False):
    """One log group as it was received: `received` in epoch seconds, `data` an encoded `LogGroup`."""

    received: int
    data: bytes


class Shard(msgspec.Struct, kw_only=True):
    """The groups of one shard in the order of their arrival; `first` is the cursor position of `groups[0]`.

    Keys are 32 hexadecimal digits; the shard takes hashes from `begin_key` up to but without `end_key`.
    """

    id: int
    first: int
    created: int
    begin_key: str
    end_key: str
    groups: list[Group] = []


class Checkpoint(msgspec.Struct, kw_only=True):
    """How far a consumer group has read one shard; `updated` is in epoch microseconds."""

    cursor: str
    updated: int
    consumer: str = ""


class Consumer(msgspec.Struct, kw_only=True):
    """A consumer: its last heartbeat in epoch seconds, and the shards it held then or was given."""

    seen: float
    held: list[int] = []


class ConsumerGroup(msgspec.Struct, kw_only=True):
    """`owners` is who shall read which shard; a consumer silent for `timeout` seconds is dropped."""

    name: str
    timeout: int
    order: bool = False
    consumers: dict[str, Consumer] = {}
    owners: dict[int, str] = {}
    checkpoints: dict[int, Checkpoint] = {}


class Logstore(msgspec.Struct, kw_only=True):
    """`ttl` in days; `settings` are the members of the API's logstore that change nothing here.

    `owner_service` is the cloud service that alone writes to it, such as `actiontrail`; "" for a user's own.
    """

    name: str
    created: int
    modified: int
    ttl: int = 30
    append_meta: bool = False
    owner_service: str = ""
    settings: dict[str, Any] = {}
    index: dict[str, Any] | None = None
    index_modified: int = 0
    shards: list[Shard] = []
    next_shard: int = 0
    groups: dict[str, ConsumerGroup] = {}


class Project(msgspec.Struct, kw_only=True):
    """`owner` is the account id. Times are epoch seconds."""

    name: str
    owner: str
    region: str
    created: int
    modified: int
    description: str = ""
    settings: dict[str, Any] = {}
    logstores: dict[str, Logstore] = {}


class CollectionPolicy(msgspec.Struct, kw_only=True):
    """Which logs of another service are collected; `mode` is `all` or `attributeMode` with `regions`.

    `instances` are kept and answered, and narrow nothing.
    """

    name: str
    product: str
    data: str
    enabled: bool
    mode: str
    regions: list[str] = []
    instances: list[str] = []


class SlsState(msgspec.Struct, kw_only=True):
    """Projects by name: names are unique over all accounts and regions. Collection policies by account and name."""

    projects: dict[str, Project] = {}
    collection: dict[str, dict[str, CollectionPolicy]] = {}
