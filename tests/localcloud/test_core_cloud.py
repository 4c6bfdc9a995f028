"""What all services share: reset, the clock, malformed parameters, and decisions that hang on something unknown."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from alibabacloud_actiontrail20200706 import models as trail_models
from alibabacloud_emr20210320 import models as emr_models
from alibabacloud_emr_serverless_spark20230808 import models as spark_models
from alibabacloud_ram20150501 import models as ram_models
from alibabacloud_sts20150401 import models as sts_models
from aliyunsdkcore.client import AcsClient  # type: ignore[import-untyped]
from aliyunsdkcore.request import CommonRequest  # type: ignore[import-untyped]

from localcloud.accounts import DEMO_ACCOUNT, open_account
from localcloud.faults import Fault
from localcloud.server import LocalCloud
from localcloud.state import State
from tests import clients
from tests.clients import Keys
from tests.localcloud.fc_functions.deployment import function, open_host
from tests.localcloud.identities import make_role, make_user
from tests.localcloud.refusals import code_of


def test_reset_forgets_everything_but_the_address(local: LocalCloud, root: Keys) -> None:
    def disturb(cloud: Any) -> None:
        cloud.clock = lambda: 1_000_000_000.0
        cloud.latency, cloud.keep_calls, cloud.own_faults = 0.5, True, 3
        cloud.faults.append(Fault())
        cloud.after_call.append(lambda *_: None)
        cloud.count_unsupported("ram", "X")

    local.call(disturb)
    local.reset()
    cloud = local.cloud
    assert abs(cloud.clock() - time.time()) < 5
    assert (cloud.latency, cloud.keep_calls, cloud.own_faults) == (0.0, False, 0)
    left = [cloud.faults, cloud.after_call, cloud.unsupported, cloud.calls, cloud.state.accounts]
    assert not any(left)
    assert cloud.proxy == local.proxy


def test_opening_an_account_again_keeps_it(state: State) -> None:
    first = open_account(state)
    assert open_account(state) is first
    first.status = "Inactive"
    second = open_account(state)
    assert second.id != first.id
    assert set(state.accounts[DEMO_ACCOUNT].ram.access_keys) == {first.id, second.id}
    assert open_account(state, "2000000000000002").account == "2000000000000002"


@pytest.fixture
def raw(local: LocalCloud) -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.proxies = {"http": local.proxy}
        yield session


@pytest.mark.parametrize(
    "body",
    [b"{", b"[]", b"\xff", b"[" * 100_000, b'{"a":' * 5_000 + b"1" + b"}" * 5_000],
    ids=["half", "list", "bytes", "deep list", "deep object"],
)
@pytest.mark.parametrize("host", ["ram", "emr.cn-hangzhou", "emr-serverless-spark.cn-hangzhou"])
def test_a_body_that_is_no_json_is_no_fault_of_the_cloud(
    local: LocalCloud, raw: requests.Session, host: str, body: bytes
) -> None:
    headers = {"content-type": "application/json"}
    for path in ("/", "/api/v1/workspaces"):
        answer = raw.post(f"http://{host}.aliyuncs.com{path}", data=body, headers=headers)
        assert answer.status_code == 400
    assert local.cloud.own_faults == 0


def test_parameters_of_any_shape_are_answered(local: LocalCloud, root: Keys) -> None:
    client = AcsClient(root.id, root.secret, "cn-hangzhou", auto_retry=False)
    shapes = {
        "A" + ".B" * 3000: "1",
        "A.B": "{" * 2000,
        "Tag": '{"a":' * 900 + "1" + "}" * 900,
        "MaxItems.1": "x",
        ".": "",
        "UserName": '["\\ud800"]',
        "Comments": '{"a": "\\ud800"}',
    }
    for name, value in shapes.items():
        for action in ("ListUsers", "CreateUser"):
            request = CommonRequest("ram.aliyuncs.com", "2015-05-01", action)
            request.set_protocol_type("http")
            request.set_method("POST")
            request.add_body_params(name, value)
            status, *_ = client.get_response(request)
            assert status in (200, 400)
    assert local.cloud.own_faults == 0


UNSURE = {
    "Version": "1",
    "Statement": [{"Effect": "Allow", "Action": "*", "NotResource": "acs:oss:*:*:other"}],
}
"""Whether RAM knows NotResource is not documented, so the engine answers `unknown` to everything."""

Refused = Callable[[Keys], tuple[Any, ...]]


def oss_code(keys: Keys) -> tuple[Any, ...]:
    import oss2

    with pytest.raises(oss2.exceptions.ServerError) as caught:
        clients.bucket(keys, "box").list_objects()
    return caught.value.code, caught.value.status


def sls_code(keys: Keys) -> tuple[Any, ...]:
    from aliyun.log import LogException

    with pytest.raises(LogException) as caught:
        clients.log(keys).list_logstore("logs")
    return caught.value.get_error_code(), caught.value.resp_status


def assume(keys: Keys) -> tuple[Any, ...]:
    request = sts_models.AssumeRoleRequest(role_arn=f"acs:ram::{DEMO_ACCOUNT}:role/r", role_session_name="me")
    return code_of(clients.sts(keys).assume_role, request)


def invoke(keys: Keys) -> tuple[Any, ...]:
    from alibabacloud_fc20230330 import models
    from alibabacloud_fc20230330.client import Client

    client = Client(clients.config(keys, f"{DEMO_ACCOUNT}.cn-hangzhou.fc.aliyuncs.com"))
    return code_of(client.get_function, "echo", models.GetFunctionRequest())


REFUSALS: list[tuple[str, Refused, tuple[Any, ...]]] = [
    (
        "ram",
        lambda k: code_of(clients.ram(k).list_users, ram_models.ListUsersRequest()),
        ("NoPermission", 403),
    ),
    ("sts", assume, ("NoPermission", 403)),
    (
        "actiontrail",
        lambda k: code_of(clients.actiontrail(k).describe_trails, trail_models.DescribeTrailsRequest()),
        ("NoPermission", 403),
    ),
    (
        "emr",
        lambda k: code_of(
            clients.emr(k).list_clusters, emr_models.ListClustersRequest(region_id="cn-hangzhou")
        ),
        ("NoPermission", 403),
    ),
    (
        "spark",
        lambda k: code_of(clients.spark(k).list_workspaces, spark_models.ListWorkspacesRequest()),
        ("Forbidden.RAM", 403),
    ),
    ("oss", oss_code, ("AccessDenied", 403)),
    ("sls", sls_code, ("Unauthorized", 401)),
    ("fc", invoke, ("AccessDenied", 403)),
]


@pytest.mark.parametrize(("service", "refused", "expected"), REFUSALS, ids=[name for name, *_ in REFUSALS])
def test_a_decision_that_hangs_on_something_unknown_is_a_refusal(
    local: LocalCloud,
    root: Keys,
    account: str,
    tmp_path: Path,
    service: str,
    refused: Refused,
    expected: tuple[Any, ...],
) -> None:
    ram = clients.ram(root)
    trust = {
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": {"RAM": [f"acs:ram::{account}:root"]},
    }
    make_role(ram, "r", json.dumps({"Version": "1", "Statement": [trust]}))
    clients.bucket(root, "box").create_bucket()
    clients.log(root).create_project("logs", "")
    open_host(local, root, account, tmp_path).deploy(function("echo"))
    assert refused(make_user(ram, "unsure", UNSURE)) == expected
