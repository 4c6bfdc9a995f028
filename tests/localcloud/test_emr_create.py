"""RunCluster, CreateCluster and CreateClusterV2: who may create, with which role, on which release."""

from __future__ import annotations

import json
from typing import Any

import pytest
from alibabacloud_emr20210320 import models
from alibabacloud_ram20150501.models import UpdateRoleRequest
from darabonba.exceptions import DaraException

from localcloud.emr.release import ECS_SERVICE, EMR_SERVICE, parse_release, trusted_service
from localcloud.server import LocalCloud
from tests import clients
from tests.clients import Keys
from tests.localcloud.identities import allow, make_role, make_user, trusts

NEUTRAL = "You are not authorized to do this action. You should be authorized by RAM."


@pytest.fixture
def ram(root: Keys) -> Any:
    return clients.ram(root)


@pytest.fixture
def emr(root: Keys) -> Any:
    return clients.emr(root)


@pytest.fixture
def events(local: LocalCloud, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Every ActionTrail event, as it is published."""
    seen: list[dict[str, Any]] = []
    publish = local.cloud.publish

    def keep(event: dict[str, Any], account: str) -> None:
        seen.append(event)
        publish(event, account)

    monkeypatch.setattr(local.cloud, "publish", keep)
    return seen


def run(emr: Any, release: str = "EMR-5.16.0", role: str | None = None, **more: Any) -> Any:
    """RunCluster with what the tests need."""
    attributes = models.NodeAttributes(
        ram_role=role, zone_id="cn-hangzhou-h", master_root_password="Secret-123"
    )
    request = models.RunClusterRequest(
        region_id="cn-hangzhou",
        cluster_name="etl",
        cluster_type="DATALAKE",
        release_version=release,
        node_attributes=attributes,
        **more,
    )
    return emr.run_cluster(request).body


def create(emr: Any, release: str = "EMR-5.16.0", role: str | None = None) -> Any:
    request = models.CreateClusterRequest(
        region_id="cn-hangzhou",
        cluster_name="etl",
        cluster_type="DATALAKE",
        release_version=release,
        node_attributes=models.NodeAttributes(ram_role=role, master_root_password="Secret-123"),
        node_groups=[models.NodeGroupConfig(node_group_type="MASTER", node_count=1)],
    )
    return emr.create_cluster(request).body


def get(emr: Any, cluster_id: str) -> Any:
    request = models.GetClusterRequest(region_id="cn-hangzhou", cluster_id=cluster_id)
    return emr.get_cluster(request).body.cluster


def call_rpc(keys: Keys, action: str, version: str, query: dict[str, str]) -> Any:
    """Any call, by the SDK's generic client."""
    return clients.rpc(keys, "emr.cn-hangzhou.aliyuncs.com", version, action, query, "HTTPS")


def refused(error: pytest.ExceptionInfo[Any]) -> tuple[str, int]:
    return error.value.code, error.value.status_code


@pytest.mark.parametrize("call", [run, create])
def test_a_cluster_is_created_with_the_role_it_was_given(ram: Any, emr: Any, call: Any) -> None:
    make_role(ram, "etl-role", trusts(ECS_SERVICE))
    answer = call(emr, role="etl-role")
    cluster = get(emr, answer.cluster_id)
    assert answer.cluster_id.startswith("c-")
    assert len(answer.cluster_id) == 18
    assert answer.operation_id.startswith("op-")
    assert (cluster.cluster_state, cluster.release_version) == ("RUNNING", "EMR-5.16.0")
    assert cluster.node_attributes.ram_role == "etl-role"
    assert cluster.node_attributes.master_root_password is None


def test_without_a_role_the_default_one_is_taken_and_must_exist(ram: Any, emr: Any) -> None:
    with pytest.raises(DaraException) as error:
        run(emr)
    assert refused(error) == ("NoPermission", 403)
    make_role(ram, "AliyunECSInstanceForEMRRole", trusts(ECS_SERVICE))
    cluster = get(emr, run(emr).cluster_id)
    assert cluster.node_attributes.ram_role == "AliyunECSInstanceForEMRRole"


@pytest.mark.parametrize(
    ("release", "service"),
    [
        ("EMR-3.30.0", EMR_SERVICE),
        ("EMR-3.32.0", EMR_SERVICE),
        ("EMR-3.32.1", ECS_SERVICE),
        ("EMR-3.35.0", ECS_SERVICE),
        ("EMR-4.4.1", EMR_SERVICE),
        ("EMR-4.5.0", EMR_SERVICE),
        ("EMR-4.5.1", ECS_SERVICE),
        ("EMR-4.10.0", ECS_SERVICE),
        ("EMR-5.2.1", ECS_SERVICE),
    ],
)
def test_the_release_decides_which_service_the_role_must_trust(release: str, service: str) -> None:
    parsed = parse_release(release)
    assert parsed is not None
    assert trusted_service(parsed) == service


@pytest.mark.parametrize("call", [run, create])
@pytest.mark.parametrize(
    ("release", "wrong", "right"),
    [("EMR-3.30.0", ECS_SERVICE, EMR_SERVICE), ("EMR-5.16.0", EMR_SERVICE, ECS_SERVICE)],
)
def test_a_role_that_trusts_the_wrong_service_is_refused_until_it_trusts_both(
    ram: Any, emr: Any, call: Any, release: str, wrong: str, right: str
) -> None:
    make_role(ram, "etl-role", trusts(wrong))
    with pytest.raises(DaraException) as error:
        call(emr, release, "etl-role")
    assert refused(error) == ("NoPermission", 403)
    ram.update_role(
        UpdateRoleRequest(role_name="etl-role", new_assume_role_policy_document=trusts(wrong, right))
    )
    assert call(emr, release, "etl-role").cluster_id


def test_a_misspelt_role_and_a_wrong_trust_policy_look_the_same_to_the_caller(ram: Any, emr: Any) -> None:
    make_role(ram, "etl-role", trusts(ECS_SERVICE))
    texts = []
    for role in ("etl-rolle", "etl-role"):
        with pytest.raises(DaraException) as error:
            run(emr, "EMR-3.30.0", role)
        texts.append(error.value.message)
    assert all(NEUTRAL in text for text in texts)


def test_a_creator_needs_the_action_of_the_call_that_is_made(root: Keys, ram: Any) -> None:
    make_role(ram, "etl-role", trusts(ECS_SERVICE))
    emr = clients.emr(make_user(ram, "developer", allow("emr:Run*")))
    assert run(emr, role="etl-role").cluster_id
    with pytest.raises(DaraException) as error:
        create(emr, role="etl-role")
    assert refused(error) == ("NoPermission", 403)
    assert "Action: emr:CreateCluster" in error.value.message


def test_passing_the_role_is_asked_for_when_the_setting_is_on(local: LocalCloud, ram: Any) -> None:
    make_role(ram, "etl-role", trusts(ECS_SERVICE))
    keys = make_user(ram, "developer", allow("emr:*"))
    local.cloud.services["emr"].check_pass_role = True  # type: ignore[attr-defined]
    with pytest.raises(DaraException) as error:
        run(clients.emr(keys), role="etl-role")
    assert refused(error) == ("InvalidUser.PassRoleForbidden", 403)
    keys = make_user(ram, "passer", allow(["emr:*", "ram:PassRole"]))
    assert run(clients.emr(keys), role="etl-role").cluster_id


def test_the_service_role_is_asked_for_when_the_setting_is_on(local: LocalCloud, ram: Any, emr: Any) -> None:
    make_role(ram, "etl-role", trusts(ECS_SERVICE))
    local.cloud.services["emr"].check_service_role = True  # type: ignore[attr-defined]
    with pytest.raises(DaraException) as error:
        run(emr, role="etl-role")
    assert refused(error) == ("Cluster.Role.NotConfirm", 403)
    make_role(ram, "AliyunEMRDefaultRole", trusts(EMR_SERVICE))
    assert run(emr, role="etl-role").cluster_id


@pytest.mark.parametrize("release", ["5.16.0", "EMR-5.16", "EMR-9.1.0", "EMR V5.16.0", "EMR-5.16.0;"])
def test_an_unknown_release_is_an_invalid_parameter(emr: Any, release: str) -> None:
    with pytest.raises(DaraException) as error:
        run(emr, release)
    assert refused(error) == ("InvalidParameter", 400)
    assert "ReleaseVersion" in error.value.message


def test_a_missing_name_and_a_wrong_node_count_are_refused(ram: Any, emr: Any) -> None:
    make_role(ram, "etl-role", trusts(ECS_SERVICE))
    with pytest.raises(DaraException) as error:
        emr.run_cluster(models.RunClusterRequest(region_id="cn-hangzhou", release_version="EMR-5.16.0"))
    assert refused(error) == ("MissingParameter", 400)
    groups = [models.NodeGroupConfig(node_group_type="CORE", node_count=1001)]
    with pytest.raises(DaraException) as error:
        run(emr, role="etl-role", node_groups=groups)
    assert refused(error) == ("InvalidParameterValue", 400)


def test_the_same_client_token_creates_one_cluster(ram: Any, emr: Any) -> None:
    make_role(ram, "etl-role", trusts(ECS_SERVICE))
    answers = {run(emr, role="etl-role", client_token="once").cluster_id for _ in range(2)}
    assert len(answers) == 1
    assert run(emr, role="etl-role", client_token="twice").cluster_id not in answers


@pytest.mark.parametrize("end", ["START_FAILED", "TERMINATED_WITH_ERRORS"])
def test_a_wrong_role_can_fail_later_in_the_cluster_and_its_operation(
    local: LocalCloud, ram: Any, emr: Any, end: str
) -> None:
    make_role(ram, "etl-role", trusts(ECS_SERVICE))
    service: Any = local.cloud.services["emr"]
    service.failure_mode, service.failed_state = "later", end
    answer = run(emr, "EMR-3.30.0", "etl-role")
    cluster = get(emr, answer.cluster_id)
    assert (cluster.cluster_state, cluster.state_change_reason.code) == (end, "NotAuthorized")
    assert cluster.state_change_reason.message == NEUTRAL
    operation = emr.get_operation(
        models.GetOperationRequest(
            region_id="cn-hangzhou", cluster_id=answer.cluster_id, operation_id=answer.operation_id
        )
    ).body.operation
    assert (operation.operation_state, operation.state_change_reason.code) == ("FAILED", "NotAuthorized")


def test_events_carry_the_parameters_as_each_call_sends_them_without_the_password(
    ram: Any, emr: Any, events: list[dict[str, Any]]
) -> None:
    make_role(ram, "etl-role", trusts(ECS_SERVICE))
    run(emr, role="etl-role")
    create(emr, role="etl-role")
    made = {event["eventName"]: event for event in events if event["serviceName"] == "Emr"}
    sent = made["RunCluster"]["requestParameters"]
    assert json.loads(sent["NodeAttributes"]) == {"RamRole": "etl-role", "ZoneId": "cn-hangzhou-h"}
    assert made["CreateCluster"]["requestParameters"]["NodeAttributes.RamRole"] == "etl-role"
    assert "Secret-123" not in json.dumps(events)
    assert {event["apiVersion"] for event in made.values()} == {"2021-03-20"}
    assert made["RunCluster"]["responseElements"]["ClusterId"].startswith("c-")


def test_a_password_in_a_broken_parameter_is_not_recorded_either(
    root: Keys, events: list[dict[str, Any]]
) -> None:
    query = {"RegionId": "cn-hangzhou", "ClusterName": "etl", "ReleaseVersion": "EMR-5.16.0"}
    broken = query | {"NodeAttributes": '{"MasterRootPassword": "Secret-123"'}
    with pytest.raises(DaraException) as error:
        call_rpc(root, "RunCluster", "2021-03-20", broken)
    assert error.value.code == "InvalidParameter"
    assert len(events) == 1
    assert "Secret-123" not in json.dumps(events)


def test_a_refused_creation_is_an_event_with_code_and_message(emr: Any, events: list[dict[str, Any]]) -> None:
    with pytest.raises(DaraException):
        run(emr, role="nobody")
    event = next(event for event in events if event["eventName"] == "RunCluster")
    assert (event["errorCode"], event["errorMessage"]) == ("NoPermission", NEUTRAL)
    assert event["eventRW"] == "Write"


def create_2016(keys: Keys, **parameters: str) -> Any:
    """CreateClusterV2 of the older API."""
    query = {"RegionId": "cn-hangzhou", "Name": "old", **parameters}
    return call_rpc(keys, "CreateClusterV2", "2016-04-08", query)


def test_the_older_api_creates_with_its_own_parameters_and_version(
    root: Keys, ram: Any, emr: Any, events: list[dict[str, Any]]
) -> None:
    make_role(ram, "etl-role", trusts(EMR_SERVICE))
    groups = {"HostGroup.1.HostGroupType": "MASTER", "HostGroup.1.NodeCount": "1"}
    answer = create_2016(root, EmrVer="EMR-3.30.0", UserDefinedEmrEcsRole="etl-role", **groups)
    assert answer["ClusterId"].startswith("C-")
    assert get(emr, answer["ClusterId"]).node_attributes.ram_role == "etl-role"
    event = next(event for event in events if event["eventName"] == "CreateClusterV2")
    assert event["apiVersion"] == "2016-04-08"
    assert event["requestParameters"]["UserDefinedEmrEcsRole"] == "etl-role"


def test_the_older_api_denies_with_its_own_code(root: Keys, ram: Any) -> None:
    keys = make_user(ram, "developer", allow("emr:Run*"))
    with pytest.raises(DaraException) as error:
        create_2016(keys, EmrVer="EMR-3.30.0")
    assert error.value.code == "RAM.Permission.NotAllow"


def test_an_api_of_the_other_version_is_unsupported(local: LocalCloud, root: Keys) -> None:
    with pytest.raises(DaraException) as error:
        call_rpc(root, "ListClusters", "2016-04-08", {"RegionId": "cn-hangzhou"})
    assert error.value.code == "InvalidAction.NotFound"
    assert local.cloud.unsupported["emr", "ListClusters of API version 2016-04-08"] == 1


@pytest.mark.parametrize("setting", ["check_pass_role", "check_service_role"])
def test_what_the_settings_ask_for_fails_later_as_well(local: LocalCloud, ram: Any, setting: str) -> None:
    make_role(ram, "etl-role", trusts(ECS_SERVICE))
    service: Any = local.cloud.services["emr"]
    service.failure_mode = "later"
    setattr(service, setting, True)
    emr = clients.emr(make_user(ram, "developer", allow("emr:*")))
    cluster = get(emr, run(emr, role="etl-role").cluster_id)
    assert (cluster.cluster_state, cluster.state_change_reason.code) == ("START_FAILED", "NotAuthorized")


def test_a_role_may_be_handed_over_only_to_the_service_that_the_policy_names(
    local: LocalCloud, ram: Any
) -> None:
    make_role(ram, "etl-role", trusts(ECS_SERVICE))
    local.cloud.services["emr"].check_pass_role = True  # type: ignore[attr-defined]
    for number, service in enumerate((EMR_SERVICE, ECS_SERVICE)):
        condition = {"StringEquals": {"acs:Service": service}}
        passing = {"Effect": "Allow", "Action": "ram:PassRole", "Resource": "*", "Condition": condition}
        creating = {"Effect": "Allow", "Action": "emr:*", "Resource": "*"}
        document = {"Version": "1", "Statement": [creating, passing]}
        emr = clients.emr(make_user(ram, f"passer-{number}", document))
        if service == ECS_SERVICE:
            assert run(emr, role="etl-role").cluster_id
        else:
            with pytest.raises(DaraException) as error:
                run(emr, role="etl-role")
            assert refused(error) == ("InvalidUser.PassRoleForbidden", 403)
