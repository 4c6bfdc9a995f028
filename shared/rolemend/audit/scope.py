"""What an audit looks at: which account and regions, and where Rolemend itself is deployed."""

from __future__ import annotations

import msgspec

EMR_POLICIES = ("AliyunEMRFullAccess", "AliyunEMRDevelopAccess", "AliyunEMRFlowAdmin")
"""EMR's system policies for people:
https://www.alibabacloud.com/help/en/emr/emr-on-ecs/user-guide/grant-permissions-to-ram-users"""

TRIGGERS: dict[str, tuple[str, ...]] = {
    "watch": ("actiontrail", "oss-access-log", "spark-jobs", "sweep", "close", "pending", "jobs"),
    "diagnose": (),
    "remediate": ("expire",),
    "notify": ("deliver",),
    "audit": ("nightly",),
}
"""The triggers that s.yaml gives each function."""


class Installation(msgspec.Struct, frozen=True, kw_only=True):
    """Where Rolemend is deployed. `functions` are the names of its functions by what they do."""

    region: str
    ledger_bucket: str
    ledger_region: str
    trail_project: str = "rolemend-trail"
    trail_logstore: str = "actiontrail_rolemend"
    event_logstore: str = "cloudmonitor_spark"
    functions: dict[str, str] = msgspec.field(
        default_factory=lambda: {name: f"rolemend-{name}" for name in TRIGGERS}
    )


class Scope(msgspec.Struct, frozen=True, kw_only=True):
    """`whole` says that this part of an audit answers for what no region has: RAM's people and Rolemend itself.

    `installation` is None for an account in which Rolemend is not deployed. `days` of use are looked at.
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
