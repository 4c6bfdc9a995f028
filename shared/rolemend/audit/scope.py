"""What an audit looks at: which account and regions, and where Rolemend itself is deployed."""

from __future__ import annotations

import msgspec

from rolemend.naming import EVENT_LOGSTORE

EMR_POLICIES = ("AliyunEMRFullAccess", "AliyunEMRDevelopAccess", "AliyunEMRFlowAdmin")
"""EMR's system policies for people:
https://www.alibabacloud.com/help/en/emr/emr-on-ecs/user-guide/grant-permissions-to-ram-users"""

TRIGGERS: dict[str, tuple[str, ...]] = {
    "watch": ("actiontrail", "oss-access-log", "spark-jobs", "sweep", "close", "pending", "jobs"),
    "diagnose": (),
    "remediate": ("expire",),
    "notify": ("deliver",),
    "audit": ("nightly",),
    "console": ("http",),
}
"""The triggers that s.yaml gives each function."""


def deployed_names(service: str = "") -> dict[str, str]:
    """What s.yaml calls each function; with any `service` of FC 2.0, as service/function, as deploy/fc2/s.yaml does."""
    return {name: f"rolemend-{name}/rolemend-{name}" if service else f"rolemend-{name}" for name in TRIGGERS}


class Installation(msgspec.Struct, frozen=True, kw_only=True):
    """Where Rolemend is deployed. `functions` are the names of its functions by what they do."""

    region: str
    ledger_bucket: str
    ledger_region: str
    trail_project: str
    event_logstore: str = EVENT_LOGSTORE
    functions: dict[str, str] = msgspec.field(default_factory=lambda: deployed_names())


class Scope(msgspec.Struct, frozen=True, kw_only=True):
    """`whole` says that this part of an audit answers for what no region has: RAM's people and Rolemend itself.

    `installation` is None for an account in which Rolemend is not deployed; of its sources, each part answers for those
    of its own regions. `days` of use are looked at.
    `every` asks for all that a snapshot holds: users, groups, roles, custom policies and buckets; `tags` for tags too.
    """

    account: str
    regions: tuple[str, ...]
    home: str = "cn-hangzhou"
    whole: bool = True
    installation: Installation | None = None
    days: int = 90
    every: bool = False
    tags: bool = False

    def trail_regions(self) -> tuple[str, ...]:
        """The regions whose trail is looked at."""
        home = (self.installation.region,) if self.installation and self.whole else ()
        return tuple(dict.fromkeys((*home, *self.regions))) if self.installation else ()
