"""`Survey` on the live account: what an audit reads, counted, and at a pace that RAM bears."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from rolemend.account.access import Access
from rolemend.account.access_log import AccessLog
from rolemend.account.actiontrail import Trails
from rolemend.account.deployed import Deployed
from rolemend.account.emr import Emr
from rolemend.account.interface import Cluster, PolicyUsers, Reading, Role, Workspace
from rolemend.account.oss import Oss
from rolemend.account.pace import Count, Spaced
from rolemend.account.ram import Ram
from rolemend.account.spark_workspaces import SparkWorkspaces
from rolemend.account.surveyed import (
    BucketSettings,
    BucketUse,
    FunctionState,
    Listed,
    PolicyName,
    PolicyText,
    TrailState,
    TriggerState,
)

RAM_CALLS_A_SECOND = 50.0
"""RAM publishes no rate; this is what an account was seen to bear. A setting (ROLEMEND_RAM_RATE) changes it."""


class LiveSurvey:
    """Each method is asked from several threads. `count` tells how many calls were made."""

    def __init__(
        self,
        access: Access,
        rate: float = RAM_CALLS_A_SECOND,
        service: str = "",
        count: Count | None = None,
    ) -> None:
        self.count = count or Count()
        counted = msgspec.structs.replace(access, pace=self.count)
        self._ram = Ram(msgspec.structs.replace(access, pace=Spaced(rate, self.count)))
        self._emr, self._spark, self._oss = Emr(counted), SparkWorkspaces(counted), Oss(counted)
        self._trails, self._log = Trails(counted), AccessLog(counted)
        self._deployed = Deployed(counted, service)

    def role(self, name: str) -> Reading[Role]:
        return self._ram.role(name)

    def role_names(self) -> Reading[tuple[str, ...]]:
        return self._ram.role_names()

    def listed(self, kind: str) -> Reading[tuple[Listed, ...]]:
        return self._ram.listed(kind)

    def members(self, group: str) -> Reading[tuple[str, ...]]:
        return self._ram.members(group)

    def role_tags(self, name: str) -> Reading[Mapping[str, str]]:
        return self._ram.role_tags(name)

    def bucket_tags(self, name: str, region: str) -> Reading[Mapping[str, str]]:
        return self._oss.bucket_tags(name, region)

    def attached(self, kind: str, name: str) -> Reading[tuple[PolicyName, ...]]:
        return self._ram.attached(kind, name)

    def document(self, type: str, name: str) -> Reading[PolicyText]:
        return self._ram.document(type, name)

    def holders(self, type: str, name: str) -> Reading[PolicyUsers]:
        return self._ram.holders(type, name)

    def clusters(self, region: str) -> Reading[tuple[str, ...]]:
        return self._emr.clusters(region)

    def cluster(self, cluster_id: str, region: str) -> Reading[Cluster]:
        return self._emr.cluster(cluster_id, region)

    def workspaces(self, region: str) -> Reading[tuple[str, ...]]:
        return self._spark.workspaces(region)

    def workspace(self, workspace_id: str, region: str) -> Reading[Workspace]:
        return self._spark.workspace(workspace_id, region)

    def bucket_regions(self) -> Reading[Mapping[str, str]]:
        return self._oss.bucket_regions()

    def bucket_settings(self, name: str, region: str) -> Reading[BucketSettings]:
        return self._oss.bucket_settings(name, region)

    def bucket_policy(self, name: str, region: str) -> Reading[str]:
        return self._oss.bucket_policy(name, region)

    def public_access_blocked(self, name: str, region: str) -> Reading[bool]:
        return self._oss.public_access_blocked(name, region)

    def trails(self, region: str) -> Reading[tuple[TrailState, ...]]:
        return self._trails.trails(region)

    def logstore_days(self, project: str, logstore: str, region: str) -> Reading[int]:
        return self._log.logstore_days(project, logstore, region)

    def bucket_use(self, region: str, days: int) -> Reading[tuple[BucketUse, ...]]:
        return self._log.bucket_use(region, days)

    def function(self, name: str) -> Reading[FunctionState]:
        return self._deployed.function(name)

    def triggers(self, function: str) -> Reading[tuple[TriggerState, ...]]:
        return self._deployed.triggers(function)
