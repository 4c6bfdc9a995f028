"""Which service a request reaches: by the real endpoint names, and by its content at the local cloud's own address."""

from __future__ import annotations

from typing import Any

import fc2
import oss2
import pytest
import requests
from alibabacloud_actiontrail20200706 import models as trail_models
from alibabacloud_actiontrail20200706.client import Client as Trail
from alibabacloud_emr20210320 import models as emr_models
from alibabacloud_emr20210320.client import Client as Emr
from alibabacloud_emr_serverless_spark20230808 import models as spark_models
from alibabacloud_emr_serverless_spark20230808.client import Client as Spark
from alibabacloud_fc20230330 import models as fc_models
from alibabacloud_fc20230330.client import Client as Fc
from alibabacloud_ram20150501 import models as ram_models
from alibabacloud_ram20150501.client import Client as Ram
from alibabacloud_sts20150401.client import Client as Sts
from aliyun.log import LogClient, LogItem, PutLogsRequest
from aliyunsdkcore.acs_exception.exceptions import ServerException  # type: ignore[import-untyped]
from aliyunsdkcore.client import AcsClient  # type: ignore[import-untyped]
from aliyunsdkcore.request import CommonRequest  # type: ignore[import-untyped]

from localcloud.call import Call
from localcloud.endpoints import access_key_id_of
from localcloud.faults import Fault
from localcloud.hosts import Address, host_of, locate, own_label
from localcloud.server import LocalCloud
from tests import clients
from tests.clients import Keys
from tests.localcloud.fc_functions.deployment import function, open_host
from tests.localcloud.identities import allow, make_user

REAL = [
    ("ram", Address("ram", "cn-hangzhou")),
    ("sts.cn-shanghai", Address("sts", "cn-shanghai")),
    ("sts-vpc.cn-shanghai", Address("sts", "cn-shanghai")),
    ("actiontrail.eu-central-1", Address("actiontrail", "eu-central-1")),
    ("emr", Address("emr", "cn-hangzhou")),
    ("emr-vpc.cn-beijing", Address("emr", "cn-beijing")),
    ("kms.cn-beijing", Address("kms", "cn-beijing")),
    ("kms-vpc.cn-beijing", Address("kms", "cn-beijing")),
    ("emr-serverless-spark.cn-hangzhou-vpc", Address("spark", "cn-hangzhou")),
    ("oss", Address("oss", "cn-hangzhou")),
    ("oss-internal", Address("oss", "cn-hangzhou")),
    ("oss-cn-shanghai", Address("oss", "cn-shanghai")),
    ("oss-cn-shanghai-internal", Address("oss", "cn-shanghai")),
    ("box.oss", Address("oss", "cn-hangzhou", "box")),
    ("box.oss-internal", Address("oss", "cn-hangzhou", "box")),
    ("box.oss-us-west-1", Address("oss", "us-west-1", "box")),
    ("box.oss-cn-shanghai-internal", Address("oss", "cn-shanghai", "box")),
    ("cn-shanghai.oss", Address("oss", "cn-shanghai")),
    ("box.cn-shanghai.oss", Address("oss", "cn-shanghai", "box")),
    ("cn-hangzhou.log", Address("sls", "cn-hangzhou")),
    ("p.cn-hangzhou-intranet.log", Address("sls", "cn-hangzhou", "p")),
    ("p.cn-hangzhou-share.log", Address("sls", "cn-hangzhou", "p")),
    ("12.cn-hangzhou-internal.fc", Address("fc", "cn-hangzhou", "12")),
    ("fcv3.cn-hangzhou", Address("fc", "cn-hangzhou")),
    ("box.oss-accelerate", None),
    ("ecs.cn-hangzhou", None),
    ("a.b.oss-cn-hangzhou", None),
]


@pytest.mark.parametrize(("name", "address"), REAL, ids=[name for name, _ in REAL])
def test_real_endpoint_names(name: str, address: Address | None) -> None:
    assert locate(f"{name}.aliyuncs.com") == address


def test_hosts_as_they_are_written() -> None:
    assert [host_of(text) for text in ("RAM.aliyuncs.com:80", "ram.aliyuncs.com.", "[::1]:8080", "")] == [
        "ram.aliyuncs.com",
        "ram.aliyuncs.com",
        "::1",
        "",
    ]
    own = (
        "127.0.0.1",
        "localhost",
        "::1",
        "",
        "p.127.0.0.1",
        "b.localhost",
        "ram.aliyuncs.com",
        "x127.0.0.1",
    )
    assert [own_label(host) for host in own] == ["", "", "", "", "p", "b", None, None]


def at_address(keys: Keys, local: LocalCloud) -> Any:
    return clients.config(keys, f"127.0.0.1:{local.port}")


def test_openapi_clients_find_their_service_at_the_local_address(local: LocalCloud, root: Keys) -> None:
    config = at_address(root, local)
    assert Sts(config).get_caller_identity().body.identity_type == "Account"
    assert Ram(config).list_users(ram_models.ListUsersRequest()).body.users.user == []
    assert (
        Emr(config).list_clusters(emr_models.ListClustersRequest(region_id="cn-shanghai")).body.clusters == []
    )
    assert Spark(config).list_workspaces(spark_models.ListWorkspacesRequest()).body.workspaces == []
    assert Trail(config).describe_trails(trail_models.DescribeTrailsRequest()).body.trail_list == []


def ask_rpc(keys: Keys, host: str, version: str, action: str, method: str = "POST") -> None:
    """A call of the older SDK, which puts everything in the query (GET) or in a form."""
    request = CommonRequest(host, version, action)
    request.set_protocol_type("http")
    request.set_method(method)
    AcsClient(keys.id, keys.secret, "cn-hangzhou", auto_retry=False).do_action_with_exception(request)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_rpc_clients_find_both_versions_of_emr(local: LocalCloud, root: Keys, method: str) -> None:
    host = f"127.0.0.1:{local.port}"
    with pytest.raises(ServerException, match="does not support Invent of emr"):
        ask_rpc(root, host, "2021-03-20", "Invent", method)
    with pytest.raises(
        ServerException, match="does not support ListClusters of API version 2016-04-08 of emr"
    ):
        ask_rpc(root, host, "2016-04-08", "ListClusters", method)
    with pytest.raises(ServerException, match=r"LocalCloud\.UnknownService"):
        ask_rpc(root, host, "2014-05-26", "DescribeInstances", method)


def test_a_version_that_a_service_does_not_have_is_refused(root: Keys) -> None:
    with pytest.raises(ServerException, match="does not support ListUsers of API version 2019-08-15 of ram"):
        ask_rpc(root, "ram.aliyuncs.com", "2019-08-15", "ListUsers")


def test_events_of_calls_at_the_local_address_name_the_real_endpoint(
    local: LocalCloud, root: Keys, account: str
) -> None:
    Ram(at_address(root, local)).list_users(ram_models.ListUsersRequest())
    history = local.cloud.state.actiontrail.accounts[account]
    assert '"eventSource":"ram.aliyuncs.com"' in str(history)


@pytest.mark.parametrize("version", ["v1", "v2", "v4"])
@pytest.mark.parametrize("region", ["cn-hangzhou", "cn-shanghai"])
def test_oss_at_the_local_address(local: LocalCloud, root: Keys, version: str, region: str) -> None:
    clients.bucket(root, "box", region).create_bucket()
    bucket = oss2.Bucket(oss2.make_auth(root.id, root.secret, version), local.proxy, "box", region=region)
    bucket.put_object("dir/ä b+", b"hello")
    assert bucket.get_object("dir/ä b+").read() == b"hello"
    assert [found.key for found in oss2.ObjectIteratorV2(bucket)] == ["dir/ä b+"]
    assert bucket.get_bucket_info().location == f"oss-{region}"
    with requests.Session() as session:
        session.trust_env = False
        assert session.get(bucket.sign_url("GET", "dir/ä b+", 60, slash_safe=True)).content == b"hello"


def test_a_bucket_made_at_the_local_address_is_where_it_was_signed_for(local: LocalCloud, root: Keys) -> None:
    auth = oss2.make_auth(root.id, root.secret, "v4")
    oss2.Bucket(auth, local.proxy, "far", region="cn-shanghai").create_bucket()
    oss2.Bucket(oss2.make_auth(root.id, root.secret, "v1"), local.proxy, "near").create_bucket()
    buckets = local.cloud.state.oss.buckets
    assert (buckets["far"].region, buckets["near"].region) == ("cn-shanghai", "cn-hangzhou")


def test_anybody_reads_a_public_bucket_at_the_local_address(local: LocalCloud, root: Keys) -> None:
    bucket = clients.bucket(root, "open")
    bucket.create_bucket(oss2.BUCKET_ACL_PUBLIC_READ)
    bucket.put_object("page", b"hello")
    assert requests.get(f"{local.proxy}/open/page", timeout=5).content == b"hello"
    named = requests.get(f"{local.proxy}/page", headers={"host": f"open.localhost:{local.port}"}, timeout=5)
    assert named.content == b"hello"


@pytest.fixture
def resolving(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let requests to `project.127.0.0.1`, which no name service knows, go through the proxy too."""
    monkeypatch.setenv("no_proxy", "")
    monkeypatch.setenv("NO_PROXY", "")


@pytest.mark.parametrize("version", ["v1", "v4"])
def test_sls_at_the_local_address(local: LocalCloud, root: Keys, resolving: None, version: str) -> None:
    client = LogClient(local.proxy, root.id, root.secret, auth_version=version, region="cn-shanghai")
    client.create_project("logs", "")
    client.create_logstore("logs", "store")
    client.put_logs(PutLogsRequest("logs", "store", "", "", [LogItem(contents=[("k", "v")])]))
    region = local.cloud.state.sls.projects["logs"].region
    assert region == ("cn-shanghai" if version == "v4" else "cn-hangzhou")


def test_sls_finds_a_project_of_another_region(local: LocalCloud, root: Keys, resolving: None) -> None:
    clients.log(root, "cn-shanghai").create_project("far", "")
    found = LogClient(local.proxy, root.id, root.secret).list_logstore("far")
    assert found.get_logstores() == []


def test_fc_of_both_generations_at_the_local_address(
    local: LocalCloud, root: Keys, account: str, tmp_path: Any
) -> None:
    host = open_host(local, root, account, tmp_path)
    host.deploy(function("echo"))
    host.deploy(function("echo"), service_name="samples")
    client = fc2.Client(endpoint=local.proxy, accessKeyID=root.id, accessKeySecret=root.secret)
    assert client.invoke_function("samples", "echo", b"hello").data == b"hello"
    found = Fc(at_address(root, local)).get_function("echo", fc_models.GetFunctionRequest())
    assert found.body.function_name == "echo"


def test_a_node_asks_for_metadata_at_the_local_address(local: LocalCloud) -> None:
    assert requests.get(f"{local.proxy}/latest/meta-data/instance-id", timeout=5).status_code == 404


def call(body: bytes = b"", query: str = "", **headers: str) -> Call:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Call("POST", "ram.aliyuncs.com", "/", "/", query, named, body, "127.0.0.1", 0.0)


def test_the_key_is_found_wherever_a_client_puts_it() -> None:
    form, json = "application/x-www-form-urlencoded; charset=utf-8", "application/json"
    assert access_key_id_of(call(authorization="OSS LTAI1:sig")) == "LTAI1"
    assert access_key_id_of(call(authorization="OSS2 AccessKeyId:LTAI1,Signature:sig")) == "LTAI1"
    assert (
        access_key_id_of(call(authorization="OSS4-HMAC-SHA256 Credential=LTAI1/20260101/r/oss/x,S=1"))
        == "LTAI1"
    )
    assert (
        access_key_id_of(call(authorization="ACS3-HMAC-SHA256 Credential=LTAI1,SignedHeaders=host"))
        == "LTAI1"
    )
    assert access_key_id_of(call(query="OSSAccessKeyId=LTAI1&Signature=s")) == "LTAI1"
    assert access_key_id_of(call(query="x-oss-credential=LTAI1%2F20260101%2Fr")) == "LTAI1"
    assert access_key_id_of(call(b"Action=X&AccessKeyId=LTAI1", content_type=form)) == "LTAI1"
    assert access_key_id_of(call(b'{"AccessKeyId": "LTAI1"}', content_type=json)) == "LTAI1"
    for body in (b"", b"[1]", b"{", b'{"AccessKeyId": 1}', b"\xff"):
        assert access_key_id_of(call(body, content_type=json)) == ""
    assert access_key_id_of(call(b"AccessKeyId=LTAI1", content_type="application/octet-stream")) == ""


def test_a_fault_for_one_caller_hits_forms_too(local: LocalCloud, root: Keys) -> None:
    ann = make_user(clients.ram(root), "ann", allow("ram:ListUsers"))
    local.call(
        lambda cloud: cloud.faults.append(Fault(service="ram", caller="ann", kind="throttle", times=None))
    )
    ask_rpc(root, "ram.aliyuncs.com", "2015-05-01", "ListUsers")
    with pytest.raises(ServerException, match=r"Throttling\.User"):
        ask_rpc(ann, "ram.aliyuncs.com", "2015-05-01", "ListUsers")
