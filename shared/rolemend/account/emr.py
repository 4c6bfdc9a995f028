"""EMR on ECS 2021-03-20, with the SDK `alibabacloud-emr20210320`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from rolemend.account.access import Access, region_name
from rolemend.account.calls import ask, openapi_config, reading, translate_openapi
from rolemend.account.interface import Absent, Cluster, ClusterState, Reading
from rolemend.errors import AccountError, NotThere

_LIVING = ["STARTING", "BOOTSTRAPPING", "RUNNING"]
_NOT_GONE = [*_LIVING, "START_FAILED", "TERMINATING", "TERMINATED_WITH_ERRORS", "TERMINATE_FAILED"]
_IN_USE = [each for each in _NOT_GONE if each != "TERMINATED_WITH_ERRORS"]
"""Of a cluster that ended with errors nothing runs any more, whatever becomes of its role."""
_PAGE = 100
_LOOKED_AT = 50
"""How many clusters of a region are opened at most while looking for a role: ListClusters does not tell roles."""


class NoClusters:
    """`Clusters` for a function that decides nothing by them and so has no right to read them."""

    def cluster_with_role(self, role: str, region: str) -> Reading[Cluster]:
        return Absent("clusters are not looked for here")

    def cluster_of_node(self, address: str, vpc: str, region: str) -> Reading[Cluster]:
        return Absent("clusters are not looked for here")


class Emr:
    """`Clusters` and `ClusterStates` on the live account."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._clients: dict[str, Any] = {}

    def cluster_with_role(self, role: str, region: str) -> Reading[Cluster]:
        return reading(lambda: self._find(role, region))

    def states(self, region: str, ids: Sequence[str]) -> tuple[ClusterState, ...]:
        """`ClusterStates`: one ListClusters for up to 100 ids."""
        if not ids:
            return tuple(map(_state, self._list(region_name(region), cluster_states=_NOT_GONE)))
        asked = [ids[start : start + _PAGE] for start in range(0, len(ids), _PAGE)]
        return tuple(
            _state(item) for part in asked for item in self._list(region_name(region), cluster_ids=part)
        )

    def cluster_of_node(self, address: str, vpc: str, region: str) -> Reading[Cluster]:
        return reading(lambda: self._find_by_node(address, vpc, region))

    def clusters(self, region: str) -> Reading[tuple[str, ...]]:
        """The ids of all that run or are on their way to it, or out of it."""

        def ids() -> tuple[str, ...]:
            return tuple(item.cluster_id for item in self._list(region_name(region), cluster_states=_IN_USE))

        return reading(ids)

    def cluster(self, cluster_id: str, region: str) -> Reading[Cluster]:
        return reading(lambda: self._cluster(cluster_id, region_name(region)))

    def _ask(self, operation: str, call: Any, request: Any) -> Any:
        return ask(self._access, operation, translate_openapi, call, request)

    def _find(self, role: str, region: str) -> Cluster:
        for cluster in self._opened(region):
            if cluster.role.lower() == role.lower():
                return cluster
        raise NotThere(
            "ListClusters", "EntityNotExist.Cluster", f"no cluster in {region} has the role {role}"
        )

    def _find_by_node(self, address: str, vpc: str, region: str) -> Cluster:
        found = [each for each in self._opened(region) if self._has_node(each.id, address, region)]
        near = [each for each in found if not vpc or each.vpc in ("", vpc)]
        if len(near) > 1:
            raise AccountError(
                "ListNodes", "Ambiguous", f"several clusters in {region} have a node {address}"
            )
        if not near:
            raise NotThere("ListNodes", "EntityNotExist.Node", f"no cluster in {region} has a node {address}")
        return near[0]

    def _has_node(self, cluster_id: str, address: str, region: str) -> bool:
        from alibabacloud_emr20210320.models import ListNodesRequest

        request = ListNodesRequest(region_id=region, cluster_id=cluster_id, private_ips=[address])
        body = self._ask("ListNodes", self._client(region).list_nodes, request).body
        return any(node.private_ip == address for node in body.nodes or [])

    def _opened(self, region: str) -> Iterator[Cluster]:
        """Living clusters with their attributes. Raises AccountError where there are more than are opened."""
        for number, cluster_id in enumerate(self._cluster_ids(region_name(region))):
            if number == _LOOKED_AT:
                raise AccountError("ListClusters", "TooMany", f"{region} has more clusters than were opened")
            yield self._cluster(cluster_id, region)

    def _cluster_ids(self, region: str) -> Iterator[str]:
        return (item.cluster_id for item in self._list(region, cluster_states=_LIVING))

    def _list(self, region: str, **filters: Any) -> Iterator[Any]:
        """Every page of the clusters that a filter lets pass."""
        from alibabacloud_emr20210320.models import ListClustersRequest

        token = None
        while True:
            request = ListClustersRequest(region_id=region, max_results=_PAGE, next_token=token, **filters)
            body = self._ask("ListClusters", self._client(region).list_clusters, request).body
            yield from body.clusters or []
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
            vpc=(attributes.vpc_id if attributes else "") or "",
        )

    def _client(self, region: str) -> Any:
        from alibabacloud_emr20210320.client import Client

        if region not in self._clients:
            config = openapi_config(self._access, f"emr.{region}.aliyuncs.com", region)
            self._clients[region] = Client(config)
        return self._clients[region]


def _state(item: Any) -> ClusterState:
    reason = item.state_change_reason
    return ClusterState(
        id=item.cluster_id or "",
        name=item.cluster_name or "",
        release=item.release_version or "",
        state=item.cluster_state or "",
        created=(item.create_time or 0) / 1000,
        ready=(item.ready_time or 0) / 1000,
        reason=(reason.code if reason else "") or "",
        message=(reason.message if reason else "") or "",
    )
