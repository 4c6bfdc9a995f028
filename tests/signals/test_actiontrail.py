"""ActionTrail events become denials of cluster creation, are passed over, or are rejected with the reason."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolemend.errors import RecordRejected
from rolemend.signals.actiontrail import DEFAULT_ROLE, DEFAULT_ROLE_2016, StartedCreation, read_event
from rolemend.signals.denial import ClusterTarget, Denial, PassedOver, incident_id
from tests.samples import ACCOUNT, denied_creation, sample


def read_denial(**changes: object) -> Denial:
    outcome = read_event(json.dumps(denied_creation(**changes)))
    assert isinstance(outcome, Denial)
    return outcome


def test_a_denied_creation_names_who_what_and_where() -> None:
    denial = read_denial()
    assert (denial.principal.type, denial.principal.name, denial.principal.account) == (
        "ram_user",
        "emr-dev",
        ACCOUNT,
    )
    assert (denial.action, denial.code, denial.region) == ("emr:RunCluster", "NoPermission", "cn-hangzhou")
    assert denial.target == ClusterTarget(release="EMR-3.30.0", role="emr-role")
    assert denial.signal_id == "11111111-2222-5333-9444-555555555555"
    assert denial.time == 1_767_225_600


def read_started(**changes: object) -> StartedCreation:
    outcome = read_event(json.dumps(denied_creation(**{"errorCode": None, **changes})))
    assert isinstance(outcome, StartedCreation)
    return outcome


@pytest.mark.parametrize("no_error", [None, "", "null", "success"])
def test_every_spelling_of_no_error_is_a_creation_that_may_fail_yet(no_error: str | None) -> None:
    assert read_started(errorCode=no_error).denial.code == ""


def test_json_null_counts_as_no_error() -> None:
    event = json.dumps(denied_creation()).replace('"errorCode": "NoPermission"', '"errorCode": null')
    assert isinstance(read_event(event), StartedCreation)


def test_a_started_creation_names_its_cluster_its_creator_and_its_role() -> None:
    started = read_started(
        responseElements={"ClusterId": "c-1a2b"},
        requestParameters={"ClusterName": "etl", "NodeAttributes.RamRole": "my-role"},
    )
    assert (started.cluster, started.name) == ("c-1a2b", "etl")
    assert started.denial.principal.name == "emr-dev"
    assert started.denial.target == ClusterTarget(role="my-role")


@pytest.mark.parametrize("answer", [None, {}, {"ClusterId": 5}, {"ClusterId": "../config"}, "c-1", ["c-1"]])
def test_an_answer_that_names_no_cluster_leaves_it_to_region_and_time(answer: object) -> None:
    assert read_started(responseElements=answer).cluster == ""


@pytest.mark.parametrize("region", ["", "Nowhere", "evil.com/", "a" * 100])
def test_a_started_creation_in_a_region_that_is_none_is_rejected(region: str) -> None:
    with pytest.raises(RecordRejected):
        read_event(json.dumps(denied_creation(errorCode=None, acsRegion=region, requestParameters={})))


@pytest.mark.parametrize(
    "code",
    [
        "NoPermission", "NoPermission.RAM", "Forbidden", "Forbbiden", "Forbidden.RAM", "NotAuthorized",
        "RAM.Permission.NotAllow", "InvalidUser.PassRoleForbidden", "InvalidRamRole.NotFound",
        "InvalidRamRole.NotEcsRole", "Cluster.Role.NotConfirm", "EntityNotExist.Role",
    ],
)  # fmt: skip
def test_the_documented_permission_codes_are_denials(code: str) -> None:
    assert read_denial(errorCode=code).code == code


@pytest.mark.parametrize(
    "code", ["QuotaExceeded", "InvalidParameter", "SignatureDoesNotMatch", "Throttling.User"]
)
def test_other_errors_are_passed_over_by_their_code(code: str) -> None:
    assert read_event(json.dumps(denied_creation(errorCode=code))) == PassedOver(code)


@pytest.mark.parametrize(
    "name",
    [
        "actiontrail-ecs-RunInstances-ConsoleOperation-ram-user.json",
        "actiontrail-assumed-role-LookupEvents.json",
        "actiontrail-ecs-CreateNetworkInterface-assumed-service-role.json",
        "actiontrail-ecs-DeleteDisk-system.json",
        "actiontrail-oss-PutBucket-root-account.json",
    ],
)
def test_events_of_other_services_are_passed_over(name: str) -> None:
    assert read_event(sample(name)) == PassedOver("other event")


def test_create_of_another_service_is_no_cluster_creation() -> None:
    assert read_event(json.dumps(denied_creation(eventName="Create", serviceName="Rds"))) == PassedOver(
        "other event"
    )


@pytest.mark.parametrize(
    "parameters",
    [
        {"NodeAttributes": '{"RamRole": "my-role", "VpcId": "vpc-1"}'},
        {"NodeAttributes": {"RamRole": "my-role"}},
        {"NodeAttributes.RamRole": "my-role"},
        {"UserDefinedEmrEcsRole": "my-role"},
    ],
)
def test_the_role_is_found_in_every_form_that_clients_send(parameters: dict[str, object]) -> None:
    assert read_denial(requestParameters=parameters).target == ClusterTarget(role="my-role")


@pytest.mark.parametrize("parameters", [{}, {"NodeAttributes": "{broken"}, {"NodeAttributes": 5}])
def test_a_creation_without_a_role_means_the_default_role(parameters: dict[str, object]) -> None:
    assert read_denial(requestParameters=parameters).target == ClusterTarget(role=DEFAULT_ROLE)


def test_the_older_api_generation_names_its_release_emrver() -> None:
    denial = read_denial(eventName="CreateClusterV2", requestParameters={"EmrVer": "EMR-3.16.0"})
    assert denial.target == ClusterTarget(release="EMR-3.16.0", role=DEFAULT_ROLE_2016)


def test_a_cluster_from_a_template_names_no_role() -> None:
    denial = read_denial(eventName="CreateClusterWithTemplate", requestParameters={"TemplateBizId": "CT-1"})
    assert denial.target == ClusterTarget()


def test_a_role_session_is_split_into_role_and_session() -> None:
    identity = {
        "type": "assumed-role",
        "principalId": "34:u1",
        "accountId": ACCOUNT,
        "userName": "Builder:u1",
    }
    principal = read_denial(userIdentity=identity).principal
    assert (principal.type, principal.id, principal.name, principal.session) == (
        "assumed_role",
        "34",
        "Builder",
        "u1",
    )


def test_account_ids_may_come_as_numbers() -> None:
    identity = {"type": "ram-user", "principalId": 2, "accountId": int(ACCOUNT), "userName": "dev"}
    denial = read_denial(userIdentity=identity, recipientAccountId=int(ACCOUNT), eventVersion=1)
    assert (denial.principal.account, denial.principal.id) == (ACCOUNT, "2")


@pytest.mark.parametrize("address", ["Internal", "ecs.aliyuncs.com", "", "1.2.3", "999.1.1.1"])
def test_a_source_that_is_no_address_leaves_the_condition_unknown(address: str) -> None:
    denial = read_denial(sourceIpAddress=address)
    assert "acs:SourceIp" in denial.unknown_conditions
    assert "acs:SourceIp" not in denial.conditions


@pytest.mark.parametrize(
    "event",
    [
        "", "{", "[]", "null", "5", '"text"', '{"eventName": 5}', '{"eventName": "RunCluster", "errorCode": {}}',
        '{"eventId": "no name"}', "[" * 100_000, b"\xff\xfe", '{"eventName": "Run\\ud800"}',
    ],
)  # fmt: skip
def test_what_is_no_event_is_rejected_with_a_reason(event: str | bytes) -> None:
    with pytest.raises(RecordRejected):
        read_event(event)


@pytest.mark.parametrize("member", ["userIdentity", "acsRegion", "eventTime"])
def test_a_denied_creation_without_what_names_it_is_rejected(member: str) -> None:
    with pytest.raises(RecordRejected):
        read_event(json.dumps(denied_creation(**{member: None})))


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda x: st.lists(x) | st.dictionaries(st.text(), x),
    )
)
def test_whatever_json_arrives_is_read_or_rejected(value: object) -> None:
    event = denied_creation(requestParameters=value if isinstance(value, dict) else {"NodeAttributes": value})
    assert isinstance(read_event(json.dumps(event)), Denial)


def test_the_same_denial_by_another_session_or_at_another_time_is_the_same_incident() -> None:
    one, two = read_denial(), read_denial(eventId="other", eventTime="2026-02-01T00:00:00Z")
    assert incident_id(one) == incident_id(two)
    assert incident_id(one) != incident_id(read_denial(errorCode="Forbidden.RAM"))
