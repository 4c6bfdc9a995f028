"""EMR over HTTP: the cluster that uses a role, or why none was found."""

from __future__ import annotations

import time
from typing import Any

import pytest
from alibabacloud_emr20210320 import models

from localcloud.server import LocalCloud
from rolemend.account import emr as module
from rolemend.account.emr import Emr
from rolemend.account.interface import Absent, Cluster, Known, Unread
from rolemend.errors import Refused
from tests import clients
from tests.account.entry import PASSING, REGION, access, fault
from tests.clients import Keys
from tests.localcloud.identities import allow, make_role, make_user, trusts


@pytest.fixture
def sdk(root: Keys) -> Any:
    for role in ("etl-role", "other-role"):
        make_role(clients.ram(root), role, trusts("ecs.aliyuncs.com"))
    return clients.emr(root)


@pytest.fixture
def emr(root: Keys, sdk: Any) -> Emr:
    return Emr(access(root))


def run(sdk: Any, role: str = "etl-role", name: str = "etl") -> str:
    request = models.RunClusterRequest(
        region_id=REGION,
        cluster_name=name,
        release_version="EMR-5.16.0",
        node_attributes=models.NodeAttributes(ram_role=role, zone_id=f"{REGION}-h"),
    )
    return str(sdk.run_cluster(request).body.cluster_id)


def test_the_cluster_with_a_role_is_found_among_others(emr: Emr, sdk: Any) -> None:
    run(sdk, "other-role", "other")
    cluster_id = run(sdk)
    run(sdk, "other-role", "third")
    assert emr.cluster_with_role("ETL-Role", REGION) == Known(
        Cluster(
            id=cluster_id, name="etl", region=REGION, release="EMR-5.16.0", role="etl-role", state="RUNNING"
        )
    )


def test_a_cluster_behind_the_first_page_is_found(
    emr: Emr, sdk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster_id = run(sdk)
    for number in range(12):
        run(sdk, "other-role", f"other-{number}")
    full = models.ListClustersRequest.__init__

    def shorter(self: Any, max_results: int | None = None, **rest: Any) -> None:
        full(self, max_results=5, **rest)

    monkeypatch.setattr(models.ListClustersRequest, "__init__", shorter)
    found = emr.cluster_with_role("etl-role", REGION)
    assert isinstance(found, Known)
    assert found.value.id == cluster_id


def address_of(sdk: Any, cluster_id: str) -> str:
    request = models.ListNodesRequest(region_id=REGION, cluster_id=cluster_id)
    return str(sdk.list_nodes(request).body.nodes[0].private_ip)


def test_a_cluster_is_found_by_the_address_of_a_node(emr: Emr, sdk: Any) -> None:
    run(sdk, "other-role", "other")
    cluster_id = run(sdk)
    found = emr.cluster_of_node(address_of(sdk, cluster_id), "", REGION)
    assert isinstance(found, Known)
    assert (found.value.id, found.value.role) == (cluster_id, "etl-role")
    assert isinstance(emr.cluster_of_node("10.250.250.250", "", REGION), Absent)


def test_an_address_that_two_clusters_have_is_certain_for_neither(
    emr: Emr, sdk: Any, local: LocalCloud
) -> None:
    address = address_of(sdk, run(sdk))
    local.call(lambda cloud: _share(cloud, address))
    assert isinstance(emr.cluster_of_node(address, "", REGION), Known)
    run(sdk, "other-role", "other")
    local.call(lambda cloud: _share(cloud, address))
    answer = emr.cluster_of_node(address, "", REGION)
    assert isinstance(answer, Unread)
    assert not answer.transient


def _share(cloud: Any, address: str) -> None:
    """Clusters in different VPCs may have the same addresses."""
    for cluster in cloud.state.emr.clusters.values():
        cluster.nodes[0].private_ip = address


def test_nodes_that_may_not_be_read_are_unread(root: Keys, sdk: Any) -> None:
    run(sdk)
    keys = make_user(clients.ram(root), "ana", allow(["emr:ListClusters", "emr:GetCluster"]))
    assert isinstance(Emr(access(keys)).cluster_of_node("10.0.0.1", "", REGION), Unread)


def test_a_role_that_no_living_cluster_has_is_absent(emr: Emr, sdk: Any) -> None:
    cluster_id = run(sdk)
    assert isinstance(emr.cluster_with_role("third-role", REGION), Absent)
    assert isinstance(emr.cluster_with_role("etl-role", "cn-beijing"), Absent)
    sdk.delete_cluster(models.DeleteClusterRequest(region_id=REGION, cluster_id=cluster_id))
    assert isinstance(emr.cluster_with_role("etl-role", REGION), Absent)


def test_more_clusters_than_are_opened_are_no_absence(
    emr: Emr, sdk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_LOOKED_AT", 3)
    run(sdk)
    for number in range(3):
        run(sdk, "other-role", f"other-{number}")
    answer = emr.cluster_with_role("etl-role", REGION)
    assert isinstance(answer, Unread)
    assert not answer.transient
    monkeypatch.setattr(module, "_LOOKED_AT", 4)
    assert isinstance(emr.cluster_with_role("etl-role", REGION), Known)
    assert isinstance(emr.cluster_with_role("third-role", REGION), Absent)


@pytest.mark.parametrize("region", ["", "com/", "evil.com#", "localhost:80/", "a@evil", "cn_hangzhou"])
def test_a_region_that_is_none_is_no_host_to_send_credentials_to(
    emr: Emr, local: LocalCloud, region: str
) -> None:
    local.call(lambda cloud: setattr(cloud, "keep_calls", True))
    assert isinstance(emr.cluster_with_role("etl-role", region), Unread)
    assert local.cloud.calls == []


@pytest.mark.parametrize("refused", ["ListClusters", "GetCluster"])
def test_a_refused_read_is_unread_and_never_absent(root: Keys, sdk: Any, refused: str) -> None:
    run(sdk)
    granted = {"ListClusters", "GetCluster"} - {refused}
    keys = make_user(clients.ram(root), "ana", allow([f"emr:{name}" for name in granted]))
    answer = Emr(access(keys)).cluster_with_role("etl-role", REGION)
    assert isinstance(answer, Unread)
    assert not answer.transient


@pytest.mark.parametrize("how", PASSING)
@pytest.mark.parametrize("operation", ["ListClusters", "GetCluster"])
def test_a_fault_is_got_over_or_unread_for_now(
    emr: Emr, sdk: Any, local: LocalCloud, operation: str, how: dict[str, Any]
) -> None:
    run(sdk)
    fault(local, "emr", operation, times=2, **how)
    assert isinstance(emr.cluster_with_role("etl-role", REGION), Known)
    fault(local, "emr", operation, times=None, **how)
    answer = emr.cluster_with_role("etl-role", REGION)
    assert isinstance(answer, Unread)
    assert answer.transient


def test_the_states_of_clusters_come_with_the_reason_of_a_failure(
    emr: Emr, sdk: Any, local: LocalCloud
) -> None:
    running = run(sdk)
    local.cloud.services["emr"].failure_mode = "later"  # type: ignore[attr-defined]
    failed = run(sdk, "nobody", "wrong")
    found = {one.id: one for one in emr.states(REGION, [running, failed])}
    assert (found[running].state, found[running].reason) == ("RUNNING", "")
    assert (found[failed].state, found[failed].reason) == ("START_FAILED", "NotAuthorized")
    assert (abs(found[running].ready - time.time()) < 60, found[failed].ready) == (True, 0.0)
    assert (found[failed].name, found[failed].release) == ("wrong", "EMR-5.16.0")
    assert abs(found[failed].created - time.time()) < 60
    assert [one.id for one in emr.states(REGION, [failed])] == [failed]
    assert {one.id for one in emr.states(REGION, ())} == {running, failed}


def test_many_clusters_are_asked_for_in_parts_of_a_hundred(emr: Emr, sdk: Any, local: LocalCloud) -> None:
    cluster_id = run(sdk)
    local.cloud.keep_calls = True
    asked = [f"c-{number:04}" for number in range(249)]
    assert [one.id for one in emr.states(REGION, [*asked, cluster_id])] == [cluster_id]
    assert [name for _, name, _ in local.cloud.calls] == ["ListClusters"] * 3


def test_states_that_are_refused_are_an_error(root: Keys) -> None:
    keys = make_user(clients.ram(root), "ana")
    with pytest.raises(Refused):
        Emr(access(keys)).states(REGION, ["c-1"])
