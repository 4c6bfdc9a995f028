"""All the local cloud holds, in one value that is saved to and loaded from one JSON file.

Each service defines its own part beside its code; regions and accounts are keys inside the parts.
"""

from __future__ import annotations

import msgspec

from localcloud.actiontrail.state import TrailState
from localcloud.cms.state import CmsState
from localcloud.emr.state import EmrState
from localcloud.kms.state import KmsState
from localcloud.oauth.state import OAuthState
from localcloud.oss.state import OssState
from localcloud.ram.state import ManagedPolicy, RamAccount
from localcloud.sls.state import SlsState
from localcloud.spark.state import SparkState
from localcloud.sts.state import Session

SCHEMA_VERSION = 1


class Account(msgspec.Struct, kw_only=True):
    """One Alibaba Cloud account; `id` is its 16-digit id."""

    id: str
    alias: str = ""
    ram: RamAccount = msgspec.field(default_factory=RamAccount)


class Unread(msgspec.Struct, frozen=True):
    """What a snapshot could not read: a question (`["document", "Custom", "etl"]`) and why it was not answered."""

    question: tuple[str, ...]
    reason: str


class Snapshot(msgspec.Struct, kw_only=True):
    """That the state was read from a live account, at `taken` (epoch seconds).

    Clusters and workspaces were read in `regions`. What is `unread` is refused when somebody asks for it, never taken
    for missing. `system_policies` are those in use, by lower-case name, as the account had them. `masked` names are
    replaced; `kept` counts the names that had to stay, as a pattern in a policy names a part of them.
    """

    account: str
    taken: float
    regions: list[str] = []
    unread: list[Unread] = []
    system_policies: dict[str, ManagedPolicy] = {}
    masked: bool = False
    kept: int = 0


class State(msgspec.Struct, kw_only=True):
    schema: int = SCHEMA_VERSION
    accounts: dict[str, Account] = {}
    sessions: dict[str, Session] = {}
    oss: OssState = msgspec.field(default_factory=OssState)
    sls: SlsState = msgspec.field(default_factory=SlsState)
    actiontrail: TrailState = msgspec.field(default_factory=TrailState)
    emr: EmrState = msgspec.field(default_factory=EmrState)
    spark: SparkState = msgspec.field(default_factory=SparkState)
    oauth: OAuthState = msgspec.field(default_factory=OAuthState)
    cms: CmsState = msgspec.field(default_factory=CmsState)
    kms: KmsState = msgspec.field(default_factory=KmsState)
    snapshot: Snapshot | None = None
