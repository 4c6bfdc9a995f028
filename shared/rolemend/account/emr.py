"""EMR on ECS 2021-03-20, with the SDK `alibabacloud-emr20210320`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rolemend.account.access import Access, region_name
from rolemend.account.calls import ask, openapi_config, reading, translate_openapi
from rolemend.account.interface import Absent, Cluster, Reading
from rolemend.errors import AccountError, NotThere

_LIVING = ["STARTING", "BOOTSTRAPPING", "RUNNING"]
_LOOKED_AT = 50
"""How many clusters of a region are opened at most while looking for a role: ListClusters does not tell roles."""


class NoClusters:
    """`Clusters` for a function that decides nothing by them and so has no right to read them."""

    def cluster_with_role(self, role: str, region: str) -> Reading[Cluster]:
        return Absent("clusters are not looked for here")


class Emr:
    """`Clusters` on the live account."""

    def __init__(self, access: Access) -> None:
        self._access = access

    def cluster_with_role(self, role: str, region: str) -> Reading[Cluster]:
        return reading(lambda: self._find(role, region))

    def _ask(self, operation: str, call: Any, request: Any) -> Any:
        return ask(self._access, operation, translate_openapi, call, request)

    def _find(self, role: str, region: str) -> Cluster:
        for number, cluster_id in enumerate(self._cluster_ids(region_name(region))):
            if number == _LOOKED_AT:
                raise AccountError("ListClusters", "TooMany", f"{region} has more clusters than were opened")
            cluster = self._cluster(cluster_id, region)
            if cluster.role.lower() == role.lower():
                return cluster
        raise NotThere(
            "ListClusters", "EntityNotExist.Cluster", f"no cluster in {region} has the role {role}"
        )

    def _cluster_ids(self, region: str) -> Iterator[str]:
        from alibabacloud_emr20210320.models import ListClustersRequest

        token = None
        while True:
            request = ListClustersRequest(
                region_id=region, cluster_states=_LIVING, max_results=100, next_token=token
            )
            body = self._ask("ListClusters", self._client(region).list_clusters, request).body
            yield from (item.cluster_id for item in body.clusters or [])
            token = body.next_token
            if not token:
                return

    def _cluster(self, cluster_id: str, region: str) -> Cluster:
        from alibabacloud_emr20210320.models import GetClusterRequest

        request = GetClusterRequest(region_id=region, cluster_id=cluster_id)
        found = self._ask("GetCluster", self._client(region).get_cluster, request).body.cluster
        attributes = found.node_attributes
        return Cluster(
            id=found.cluster_id,
            name=found.cluster_name or "",
            region=found.region_id or region,
            release=found.release_version or "",
            role=(attributes.ram_role if attributes else "") or "",
            state=found.cluster_state or "",
        )

    def _client(self, region: str) -> Any:
        from alibabacloud_emr20210320.client import Client

        return Client(openapi_config(self._access, f"emr.{region}.aliyuncs.com", region))
