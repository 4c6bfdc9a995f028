"""The reading calls of EMR, the life of a cluster, and what other accounts and regions see."""

from __future__ import annotations

import itertools
from typing import Any

import msgspec
import pytest
from alibabacloud_emr20210320 import models
from darabonba.exceptions import DaraException

from localcloud.accounts import open_account
from localcloud.emr.service import EmrService
from localcloud.faults import Fault
from localcloud.server import LocalCloud
from localcloud.state import State
from tests import clients
from tests.clients import Keys
from tests.localcloud.identities import allow, make_role, make_user, trusts

REGION = "cn-hangzhou"


@pytest.fixture
def emr(root: Keys) -> Any:
    """A client of an account that has the role `etl-role`."""
    make_role(clients.ram(root), "etl-role", trusts("ecs.aliyuncs.com"))
    return clients.emr(root)


@pytest.fixture
def service(local: LocalCloud) -> EmrService:
    found = local.cloud.services["emr"]
    assert isinstance(found, EmrService)
    return found


def run(emr: Any, name: str = "etl", region: str = REGION, **more: Any) -> Any:
    request = models.RunClusterRequest(
        region_id=region,
        cluster_name=name,
        release_version="EMR-5.16.0",
        node_attributes=models.NodeAttributes(ram_role="etl-role", zone_id=f"{region}-h"),
        **more,
    )
    return emr.run_cluster(request).body


def listed(emr: Any, region: str = REGION, **filters: Any) -> list[str]:
    request = models.ListClustersRequest(region_id=region, **filters)
    return [cluster.cluster_name for cluster in emr.list_clusters(request).body.clusters]


def state_of(emr: Any, cluster_id: str) -> str:
    request = models.GetClusterRequest(region_id=REGION, cluster_id=cluster_id)
    return str(emr.get_cluster(request).body.cluster.cluster_state)


def nodes_of(emr: Any, cluster_id: str, **filters: Any) -> list[Any]:
    request = models.ListNodesRequest(region_id=REGION, cluster_id=cluster_id, **filters)
    return list(emr.list_nodes(request).body.nodes)


def later(local: LocalCloud, seconds: float) -> None:
    """Move the cloud's clock."""
    clock = local.cloud.clock
    local.cloud.clock = lambda: clock() + seconds


@pytest.fixture
def clock(local: LocalCloud) -> Any:
    """Gives the cloud's clock back after a test that moves it."""
    before = local.cloud.clock
    yield before
    local.cloud.clock = before


@pytest.mark.usefixtures("clock")
def test_a_cluster_goes_through_its_states_by_the_clouds_clock(
    local: LocalCloud, emr: Any, service: EmrService
) -> None:
    service.starting_seconds, service.bootstrapping_seconds, service.terminating_seconds = 60, 120, 30
    answer = run(emr)
    operation = models.GetOperationRequest(
        region_id=REGION, cluster_id=answer.cluster_id, operation_id=answer.operation_id
    )
    seen = []
    for _ in range(3):
        state = emr.get_operation(operation).body.operation.operation_state
        seen.append((state_of(emr, answer.cluster_id), state))
        later(local, 90)
    emr.delete_cluster(models.DeleteClusterRequest(region_id=REGION, cluster_id=answer.cluster_id))
    seen.append((state_of(emr, answer.cluster_id), "COMPLETED"))
    later(local, 31)
    seen.append((state_of(emr, answer.cluster_id), "COMPLETED"))
    assert seen == [
        ("STARTING", "IN_PROGRESS"),
        ("BOOTSTRAPPING", "IN_PROGRESS"),
        ("RUNNING", "COMPLETED"),
        ("TERMINATING", "COMPLETED"),
        ("TERMINATED", "COMPLETED"),
    ]


def test_a_list_is_filtered_and_shows_no_node_attributes(emr: Any, service: EmrService) -> None:
    first = run(emr, "first")
    run(emr, "second", tags=[models.Tag(key="team", value="etl")])
    service.failure_mode = "later"
    request = models.RunClusterRequest(
        region_id=REGION, cluster_name="third", release_version="EMR-5.16.0", cluster_type="OLAP",
        node_attributes=models.NodeAttributes(ram_role="misspelt"),
    )  # fmt: skip
    emr.run_cluster(request)
    assert listed(emr) == ["third", "second", "first"]
    assert listed(emr, cluster_ids=[first.cluster_id]) == ["first"]
    assert listed(emr, cluster_name="second") == ["second"]
    assert listed(emr, cluster_states=["START_FAILED", "TERMINATED_WITH_ERRORS"]) == ["third"]
    assert listed(emr, cluster_types=["OLAP"]) == ["third"]
    assert listed(emr, tags=[models.Tag(key="team", value="etl")]) == ["second"]
    assert listed(emr, payment_types=["Subscription"]) == []
    request = models.ListClustersRequest(region_id=REGION, cluster_name="third")
    summary = emr.list_clusters(request).body.clusters[0].to_map()
    assert not {"NodeAttributes", "RegionId", "DeployMode"} & summary.keys()
    assert summary["StateChangeReason"]["Code"] == "NotAuthorized"


def test_all_pages_together_are_the_whole_list(emr: Any) -> None:
    for number in range(5):
        run(emr, f"c{number}")
    seen: list[str] = []
    token = None
    for _ in itertools.count():
        request = models.ListClustersRequest(region_id=REGION, max_results=2, next_token=token)
        body = emr.list_clusters(request).body
        seen += [cluster.cluster_name for cluster in body.clusters]
        token = body.next_token
        if not token:
            break
    assert seen == ["c4", "c3", "c2", "c1", "c0"]
    assert body.total_count == 5


@pytest.mark.parametrize(
    ("paging", "code"),
    [({"max_results": 101}, "InvalidParameterValue"), ({"next_token": "%%"}, "InvalidParameter")],
)
def test_wrong_paging_is_refused(emr: Any, paging: dict[str, Any], code: str) -> None:
    with pytest.raises(DaraException) as error:
        listed(emr, **paging)
    assert error.value.code == code


def test_nodes_and_groups_are_those_that_were_asked_for(emr: Any) -> None:
    groups = [
        models.NodeGroupConfig(node_group_type="MASTER", node_group_name="m", node_count=1),
        models.NodeGroupConfig(
            node_group_type="CORE", node_group_name="c", node_count=2, instance_types=["ecs.g7.xlarge"]
        ),
    ]
    cluster_id = run(emr, node_groups=groups).cluster_id
    nodes = nodes_of(emr, cluster_id)
    assert [node.node_group_type for node in nodes] == ["MASTER", "CORE", "CORE"]
    assert all(node.node_id.startswith("i-") and node.node_state == "Running" for node in nodes)
    assert len({node.private_ip for node in nodes}) == 3
    found = nodes_of(emr, cluster_id, node_ids=[nodes[1].node_id])
    assert [node.node_id for node in found] == [nodes[1].node_id]
    request = models.ListNodeGroupsRequest(region_id=REGION, cluster_id=cluster_id, node_group_types=["CORE"])
    (group,) = emr.list_node_groups(request).body.node_groups
    assert (group.node_group_name, group.running_node_count) == ("c", 2)
    assert group.instance_types == ["ecs.g7.xlarge"]


def test_an_instance_leads_to_its_role_until_the_cluster_ends(
    emr: Any, service: EmrService, account: str
) -> None:
    cluster_id = run(emr).cluster_id
    node_id = nodes_of(emr, cluster_id)[0].node_id
    instance = service.instance(node_id)
    assert instance is not None
    assert (instance.account, instance.region) == (account, REGION)
    assert (instance.role, instance.cluster_id) == ("etl-role", cluster_id)
    emr.delete_cluster(models.DeleteClusterRequest(region_id=REGION, cluster_id=cluster_id))
    assert service.instance(node_id) is None
    assert service.instance("i-unknown") is None


def test_a_protected_or_ended_cluster_cannot_be_deleted(emr: Any) -> None:
    cluster_id = run(emr, deletion_protection=True).cluster_id
    request = models.DeleteClusterRequest(region_id=REGION, cluster_id=cluster_id)
    with pytest.raises(DaraException) as error:
        emr.delete_cluster(request)
    assert error.value.code == "OperationDenied.DeletionProtection"
    emr.update_cluster_attribute(
        models.UpdateClusterAttributeRequest(
            region_id=REGION, cluster_id=cluster_id, deletion_protection=False
        )
    )
    assert emr.delete_cluster(request).body.operation_id.startswith("op-")
    with pytest.raises(DaraException) as error:
        emr.delete_cluster(request)
    assert error.value.code == "OperationDenied.ClusterStatus"


def test_other_regions_and_other_accounts_do_not_see_a_cluster(
    local: LocalCloud, emr: Any, root: Keys
) -> None:
    cluster_id = run(emr).cluster_id
    key = local.call(lambda cloud: open_account(cloud.state, "1000000000000002"))
    other = clients.emr(Keys(key.id, key.secret))
    assert listed(other) == []
    assert listed(clients.emr(root, "cn-shanghai"), "cn-shanghai") == []
    for client, region in ((other, REGION), (emr, "cn-shanghai")):
        with pytest.raises(DaraException) as error:
            client.get_cluster(models.GetClusterRequest(region_id=region, cluster_id=cluster_id))
        assert error.value.code == "InvalidParameter"


def test_a_reader_may_list_and_get_but_not_delete(emr: Any, root: Keys) -> None:
    cluster_id = run(emr).cluster_id
    reader = clients.emr(make_user(clients.ram(root), "reader", allow(["emr:Get*", "emr:List*"])))
    assert listed(reader) == ["etl"]
    assert state_of(reader, cluster_id) == "RUNNING"
    with pytest.raises(DaraException) as error:
        reader.delete_cluster(models.DeleteClusterRequest(region_id=REGION, cluster_id=cluster_id))
    assert (error.value.code, error.value.status_code) == ("NoPermission", 403)


def test_release_versions_are_full_names_newest_first(emr: Any) -> None:
    request = models.ListReleaseVersionsRequest(region_id=REGION, cluster_type="DATALAKE", iaas_type="ECS")
    names = [release.release_version for release in emr.list_release_versions(request).body.release_versions]
    assert names[0] == "EMR-5.21.0"
    assert {"EMR-3.32.0", "EMR-4.5.0", "EMR-4.5.1"} <= set(names)


def test_a_throttled_call_is_answered_as_throttled(local: LocalCloud, emr: Any) -> None:
    local.call(lambda cloud: cloud.faults.append(Fault("emr", "ListClusters", "throttle")))
    with pytest.raises(DaraException) as error:
        listed(emr)
    assert error.value.status_code == 429
    assert listed(emr) == []


def test_clusters_survive_in_a_state_file(local: LocalCloud, emr: Any) -> None:
    cluster_id = run(emr).cluster_id
    kept = local.call(lambda cloud: msgspec.json.encode(cloud.state))
    local.reset(msgspec.json.decode(kept, type=State))
    assert state_of(emr, cluster_id) == "RUNNING"
    assert len(nodes_of(emr, cluster_id)) == 3
