"""What the local cloud does not have: every service says so, counts it, and never answers with an empty success."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import fc2
import oss2
import pytest
import requests
from alibabacloud_fc20230330.models import CreateFunctionInput, CreateFunctionRequest
from alibabacloud_tea_openapi.client import Client as OpenApi
from alibabacloud_tea_openapi.models import OpenApiRequest, Params
from alibabacloud_tea_util.models import RuntimeOptions

from localcloud.server import LocalCloud
from tests import clients
from tests.clients import Keys

MESSAGE = "The local cloud does not support "


def openapi(
    host: str, version: str, action: str, path: str = "/", method: str = "POST"
) -> Callable[[Keys], Any]:
    """A call of the generic client: RPC style at "/", else ROA."""

    def ask(keys: Keys) -> Any:
        params = Params(
            action=action,
            version=version,
            protocol="HTTP",
            pathname=path,
            method=method,
            auth_type="AK",
            style="RPC" if path == "/" else "ROA",
            req_body_type="json",
            body_type="json",
        )
        client = OpenApi(clients.config(keys, f"{host}.aliyuncs.com"))
        return client.call_api(params, OpenApiRequest(), RuntimeOptions(autoretry=False))

    return ask


def website(keys: Keys) -> Any:
    return clients.bucket(keys, "box").get_bucket_website()


def processed(keys: Keys) -> Any:
    return clients.bucket(keys, "box").get_object("picture", process="image/resize,w_10")


def service_level(keys: Keys) -> Any:
    return oss2.Service(
        oss2.make_auth(keys.id, keys.secret), "http://oss-cn-hangzhou.aliyuncs.com"
    ).list_user_data_redundancy_transition()


def machine_groups(keys: Keys) -> Any:
    return clients.log(keys).list_machine_group("logs")


def dashboards(keys: Keys) -> Any:
    return clients.log(keys).list_dashboard("logs")


def create_service(keys: Keys) -> Any:
    endpoint = "http://1000000000000001.cn-hangzhou.fc.aliyuncs.com"
    return fc2.Client(endpoint=endpoint, accessKeyID=keys.id, accessKeySecret=keys.secret).create_service("s")


def create_function(keys: Keys) -> Any:
    from alibabacloud_fc20230330.client import Client

    function = CreateFunctionInput(function_name="f", runtime="python3.12", handler="index.handler")
    client = Client(clients.config(keys, "1000000000000001.cn-hangzhou.fc.aliyuncs.com"))
    return client.create_function(CreateFunctionRequest(body=function))


def revoked(keys: Keys) -> Any:
    answer = requests.post("http://oauth.aliyun.com/v1/revoke", data={"token": "t"}, timeout=10)
    raise ValueError(answer.json()["error_description"])


UNKNOWN: list[tuple[str, Callable[[Keys], Any]]] = [
    ("ram", openapi("ram", "2015-05-01", "BindMFADevice")),
    ("sts", openapi("sts", "2015-04-01", "AssumeRoleWithOIDC")),
    ("actiontrail", openapi("actiontrail.cn-hangzhou", "2020-07-06", "CreateDeliveryHistoryJob")),
    ("actiontrail", openapi("actiontrail.cn-hangzhou", "2017-12-04", "LookupEvents")),
    ("emr", openapi("emr.cn-hangzhou", "2021-03-20", "IncreaseNodes")),
    ("emr", openapi("emr.cn-hangzhou", "2016-04-08", "DescribeClusterV2")),
    (
        "spark",
        openapi("emr-serverless-spark.cn-hangzhou", "2023-08-08", "ListSessionClusters", "/api/v1/x", "GET"),
    ),
    (
        "openapiexplorer",
        openapi("openapi-mcp.cn-hangzhou", "2024-11-30", "GetOwnRequestLog", "/getOwnRequestLog", "GET"),
    ),
    ("cms", openapi("metrics.cn-hangzhou", "2019-01-01", "PutResourceMetricRule")),
    ("kms", openapi("kms.cn-hangzhou", "2016-01-20", "CreateKey")),
    ("oss", website),
    ("oss", processed),
    ("oss", service_level),
    ("sls", machine_groups),
    ("sls", dashboards),
    ("fc", create_service),
    ("fc", create_function),
    ("oauth", revoked),
]


@pytest.mark.parametrize(
    ("service", "ask"), UNKNOWN, ids=[f"{service}-{n}" for n, (service, _) in enumerate(UNKNOWN)]
)
def test_an_unknown_api_is_refused_and_counted(
    local: LocalCloud, root: Keys, service: str, ask: Callable[[Keys], Any]
) -> None:
    clients.bucket(root, "box").create_bucket()
    clients.log(root).create_project("logs", "")
    with pytest.raises(Exception, match=MESSAGE) as caught:
        ask(root)
    assert "docs/local-cloud.md" in str(caught.value)
    assert [name for name, _ in local.cloud.unsupported] == [service]
    assert sum(local.cloud.unsupported.values()) == 1
    assert local.cloud.own_faults == 0


def test_every_service_is_in_the_table(local: LocalCloud) -> None:
    """The metadata service answers unknown paths as the real one does: with a page and 404."""
    assert {service for service, _ in UNKNOWN} | {"metadata"} == set(local.cloud.services)


def test_counts_are_forgotten_with_a_reset(local: LocalCloud, root: Keys) -> None:
    with pytest.raises(Exception, match=MESSAGE):
        openapi("ram", "2015-05-01", "BindMFADevice")(root)
    assert json.dumps(sorted(local.cloud.unsupported)) == '[["ram", "BindMFADevice"]]'
    local.reset()
    assert not local.cloud.unsupported
