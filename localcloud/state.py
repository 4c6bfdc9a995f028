"""All the local cloud holds, in one value that is saved to and loaded from one JSON file.

Each service defines its own part beside its code; regions and accounts are keys inside the parts.
"""

from __future__ import annotations

import msgspec

from localcloud.actiontrail.state import TrailState
from localcloud.cms.state import CmsState
from localcloud.emr.state import EmrState
from localcloud.oauth.state import OAuthState
from localcloud.oss.state import OssState
from localcloud.ram.state import RamAccount
from localcloud.sls.state import SlsState
from localcloud.spark.state import SparkState
from localcloud.sts.state import Session

SCHEMA_VERSION = 1


class Account(msgspec.Struct, kw_only=True):
    """One Alibaba Cloud account; `id` is its 16-digit id."""

    id: str
    alias: str = ""
    ram: RamAccount = msgspec.field(default_factory=RamAccount)


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
