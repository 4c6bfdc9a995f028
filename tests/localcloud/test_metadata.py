"""What a node asks of its metadata service: who it is, and the credentials of its role."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from alibabacloud_credentials.client import Client as CredentialsClient
from alibabacloud_credentials.models import Config as CredentialsConfig
from alibabacloud_emr20210320 import models
from alibabacloud_ram20150501 import models as ram_models

from localcloud.server import LocalCloud
from tests import clients
from tests.clients import Keys
from tests.localcloud.identities import allow, make_role, trusts

BASE = "http://100.100.100.200/latest"
CREDENTIALS = f"{BASE}/meta-data/ram/security-credentials/"
META_SERVICE = "http://localhost:10011"


@pytest.fixture
def ram(root: Keys) -> Any:
    return clients.ram(root)


def launch(root: Keys, role: str = "EtlRole", release: str = "EMR-5.16.0") -> str:
    """Create a cluster whose nodes have a role; the instance id of one of them."""
    emr = clients.emr(root)
    made = emr.run_cluster(
        models.RunClusterRequest(
            region_id="cn-hangzhou",
            cluster_name="etl",
            cluster_type="DATALAKE",
            release_version=release,
            node_attributes=models.NodeAttributes(ram_role=role, zone_id="cn-hangzhou-h"),
            node_groups=[models.NodeGroupConfig(node_group_type="MASTER", node_count=1)],
        )
    ).body
    nodes = emr.list_nodes(models.ListNodesRequest(region_id="cn-hangzhou", cluster_id=made.cluster_id)).body
    return str(nodes.nodes[0].node_id)


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        yield session


def on_node(session: requests.Session, local: LocalCloud, instance_id: str) -> requests.Session:
    """A client as a node has it: the proxy's user names the instance."""
    session.proxies = {"http": f"http://{instance_id}:x@127.0.0.1:{local.port}"}
    return session


@pytest.fixture
def node(local: LocalCloud, root: Keys, ram: Any, session: requests.Session) -> requests.Session:
    make_role(ram, "EtlRole", trusts("ecs.aliyuncs.com"), allow("ram:ListRoles"))
    return on_node(session, local, launch(root))


def keys_of(answer: requests.Response) -> Keys:
    given = answer.json()
    return Keys(given["AccessKeyId"], given["AccessKeySecret"], given["SecurityToken"])


def test_a_node_learns_who_and_where_it_is(node: requests.Session, account: str) -> None:
    instance_id = node.proxies["http"].split("//")[1].split(":")[0]
    assert node.get(f"{BASE}/meta-data/instance-id").text == instance_id
    assert node.get(f"{BASE}/meta-data/region-id").text == "cn-hangzhou"
    assert node.get(f"{BASE}/meta-data/owner-account-id").text == account


def test_a_nodes_credentials_are_a_session_of_its_role(node: requests.Session, account: str) -> None:
    assert node.get(CREDENTIALS).text == "EtlRole"
    answer = node.get(CREDENTIALS + "EtlRole")
    assert answer.json()["Code"] == "Success"
    assert answer.json()["Expiration"] > answer.json()["LastUpdated"]
    keys = keys_of(answer)
    identity = clients.sts(keys).get_caller_identity().body
    instance_id = node.get(f"{BASE}/meta-data/instance-id").text
    assert identity.arn == f"acs:ram::{account}:assumed-role/etlrole/vm-ram-{instance_id}"
    assert clients.ram(keys).list_roles(ram_models.ListRolesRequest()).body.roles.role


def test_the_credentials_sdk_finds_the_role_by_itself(
    node: requests.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY"):
        monkeypatch.setenv(name, str(node.proxies["http"]))
    given = CredentialsClient(CredentialsConfig(type="ecs_ram_role")).get_credential()
    keys = Keys(given.access_key_id, given.access_key_secret, given.security_token)
    assert "/vm-ram-i-" in clients.sts(keys).get_caller_identity().body.arn


def test_credentials_are_handed_out_again_until_they_run_out(
    local: LocalCloud, node: requests.Session
) -> None:
    first = node.get(CREDENTIALS + "EtlRole").json()
    assert node.get(CREDENTIALS + "etlrole").json() == first

    def age(cloud: Any) -> None:
        cloud.state.sessions[first["AccessKeyId"]].expires -= 5 * 60 * 60 + 1

    local.call(age)
    assert node.get(CREDENTIALS + "EtlRole").json()["AccessKeyId"] != first["AccessKeyId"]


@pytest.mark.parametrize("path", ["ram/security-credentials/OtherRole", "no-such-thing", ""])
def test_what_is_not_there_is_an_html_page(node: requests.Session, path: str) -> None:
    answer = node.get(f"{BASE}/meta-data/{path}")
    assert answer.status_code == 404
    assert "<title>404 - Not Found</title>" in answer.text
    assert answer.headers["content-type"] == "text/html"


def test_a_role_that_stops_trusting_ecs_gives_no_credentials(ram: Any, node: requests.Session) -> None:
    assert node.get(CREDENTIALS + "EtlRole").status_code == 200
    document = trusts("emr.aliyuncs.com")
    ram.update_role(
        ram_models.UpdateRoleRequest(role_name="EtlRole", new_assume_role_policy_document=document)
    )
    assert node.get(CREDENTIALS + "EtlRole").status_code == 404


@pytest.mark.parametrize("proxy", ["http://127.0.0.1:{}", "http://i-unknown:x@127.0.0.1:{}"])
def test_who_is_no_instance_learns_nothing(local: LocalCloud, node: requests.Session, proxy: str) -> None:
    node.proxies = {"http": proxy.format(local.port)}
    assert node.get(CREDENTIALS).status_code == 404
    assert node.put(f"{BASE}/api/token").status_code == 404


def test_the_hardened_mode_takes_a_token_for_a_time(node: requests.Session) -> None:
    ttl = {"X-aliyun-ecs-metadata-token-ttl-seconds": "60"}
    token = node.put(f"{BASE}/api/token", headers=ttl).text
    with_token = {"X-aliyun-ecs-metadata-token": token}
    assert node.get(f"{BASE}/meta-data/region-id", headers=with_token).text == "cn-hangzhou"
    made_up = {"X-aliyun-ecs-metadata-token": "made up"}
    assert node.get(f"{BASE}/meta-data/region-id", headers=made_up).status_code == 403


@pytest.mark.parametrize("ttl", ["0", "21601", "long", None])
def test_a_token_for_a_time_outside_the_range_is_refused(node: requests.Session, ttl: str | None) -> None:
    headers = {"X-aliyun-ecs-metadata-token-ttl-seconds": ttl} if ttl is not None else {}
    assert node.put(f"{BASE}/api/token", headers=headers).status_code == 400


def test_a_token_runs_out_and_belongs_to_its_node(
    local: LocalCloud, root: Keys, node: requests.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    ttl = {"X-aliyun-ecs-metadata-token-ttl-seconds": "60"}
    with_token = {"X-aliyun-ecs-metadata-token": node.put(f"{BASE}/api/token", headers=ttl).text}
    clock = local.cloud.clock
    with monkeypatch.context() as later:
        later.setattr(local.cloud, "clock", lambda: clock() + 61)
        assert node.get(f"{BASE}/meta-data/region-id", headers=with_token).status_code == 403
    on_node(node, local, launch(root))
    assert node.get(f"{BASE}/meta-data/region-id", headers=with_token).status_code == 403


def test_nodes_of_old_releases_ask_metaservice(
    local: LocalCloud, root: Keys, ram: Any, session: requests.Session
) -> None:
    make_role(ram, "OldRole", trusts("emr.aliyuncs.com"), allow("ram:ListRoles"))
    node = on_node(session, local, launch(root, "OldRole", "EMR-3.30.0"))
    assert node.get(f"{META_SERVICE}/cluster-region").text == "cn-hangzhou"
    assert node.get(f"{META_SERVICE}/cluster-network-type").text == "vpc"
    assert node.get(f"{META_SERVICE}/cluster-role-name").text == "OldRole"
    parts = ("access-key-id", "access-key-secret", "security-token")
    keys = Keys(*(node.get(f"{META_SERVICE}/role-{part}").text for part in parts))
    assert clients.ram(keys).list_roles(ram_models.ListRolesRequest()).body.roles.role
    assert node.get(CREDENTIALS + "OldRole").status_code == 404
    assert node.get(f"{META_SERVICE}/anything-else").status_code == 404


def test_metaservice_gives_nothing_for_a_role_that_trusts_only_ecs(node: requests.Session) -> None:
    assert node.get(f"{META_SERVICE}/role-access-key-id").status_code == 404
    assert node.get(f"{META_SERVICE}/cluster-role-name").text == "EtlRole"
