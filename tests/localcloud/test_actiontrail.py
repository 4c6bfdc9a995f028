"""The event history and the trails, through the ActionTrail SDK."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from alibabacloud_actiontrail20200706 import models
from alibabacloud_ram20150501 import models as ram_models

from localcloud.accounts import open_account
from localcloud.actiontrail import history
from localcloud.server import LocalCloud
from localcloud.state import State
from localcloud.statefile import load_state, save_state
from tests import clients
from tests.clients import Keys
from tests.localcloud.identities import allow, make_role, make_user, trusts
from tests.localcloud.refusals import code_of, refusal

PROJECT = "audit-project"


@pytest.fixture
def ram(root: Keys) -> Any:
    return clients.ram(root)


@pytest.fixture
def trail(root: Keys) -> Any:
    return clients.actiontrail(root)


@pytest.fixture
def project(local: LocalCloud, account: str) -> str:
    """The ARN of a project that is there."""
    sls: Any = local.cloud.services["sls"]
    local.call(lambda _: sls.create_project(PROJECT, account=account, region="cn-hangzhou"))
    return f"acs:log:cn-hangzhou:{account}:project/{PROJECT}"


def create(trail: Any, name: str = "audit-trail", **more: Any) -> Any:
    return trail.create_trail(models.CreateTrailRequest(name=name, **more)).body


def start(trail: Any, name: str = "audit-trail") -> None:
    trail.start_logging(models.StartLoggingRequest(name=name))


def status(trail: Any, name: str = "audit-trail") -> Any:
    return trail.get_trail_status(models.GetTrailStatusRequest(name=name)).body


def lookup(trail: Any, *attributes: tuple[str, str], **more: Any) -> Any:
    given = [models.LookupEventsRequestLookupAttribute(key=key, value=value) for key, value in attributes]
    return trail.lookup_events(models.LookupEventsRequest(lookup_attribute=given or None, **more)).body


def names(answer: Any) -> list[str]:
    return [event["eventName"] for event in answer.events]


def list_users(keys: Keys, times: int = 1) -> None:
    for _ in range(times):
        clients.ram(keys).list_users(ram_models.ListUsersRequest())


def delivered(root: Keys, logstore: str = "actiontrail_audit-trail", project: str = PROJECT) -> list[Any]:
    """The logs of a trail's logstore, pulled as a function would pull them."""
    log = clients.log(root)
    found = []
    for shard in log.list_shards(project, logstore).get_shards_info():
        begin = log.get_cursor(project, logstore, shard["shardID"], "begin").get_cursor()
        end = log.get_cursor(project, logstore, shard["shardID"], "end").get_cursor()
        while begin != end:
            pulled = log.pull_logs(project, logstore, shard["shardID"], begin, 1000, end_cursor=end)
            found += pulled.get_flatten_logs_json()
            begin = pulled.get_next_cursor()
    return found


def events_of(logs: list[Any]) -> list[dict[str, Any]]:
    return [json.loads(log["event"]) for log in logs]


# The history


def test_every_call_is_in_the_history_without_any_trail(
    root: Keys, ram: Any, trail: Any, account: str
) -> None:
    make_role(ram, "etl", trusts("ecs.aliyuncs.com"))
    [event] = lookup(trail, ("EventName", "CreateRole")).events
    assert event["eventVersion"] == 1
    assert (event["serviceName"], event["eventRW"], event["acsRegion"]) == ("Ram", "Write", "cn-hangzhou")
    assert event["userIdentity"]["type"] == "root-account"
    assert event["requestParameters"]["RoleName"] == "etl"
    assert event["recipientAccountId"] == account
    assert "errorCode" not in event


def test_denied_calls_are_in_the_history_with_their_code(ram: Any, trail: Any) -> None:
    keys = make_user(ram, "dev")
    assert code_of(list_users, keys)[0] == "NoPermission"
    [event] = lookup(trail, ("User", "dev")).events
    assert (event["eventName"], event["errorCode"]) == ("ListUsers", "NoPermission")


def test_newest_events_come_first_and_forward_turns_it_round(root: Keys, ram: Any, trail: Any) -> None:
    for name in ("a", "b"):
        ram.create_user(ram_models.CreateUserRequest(user_name=name))
    ram.delete_user(ram_models.DeleteUserRequest(user_name="a"))
    assert names(lookup(trail, ("ServiceName", "Ram"))) == ["DeleteUser", "CreateUser", "CreateUser"]
    forward = lookup(trail, ("ServiceName", "Ram"), direction="FORWARD")
    assert names(forward) == ["CreateUser", "CreateUser", "DeleteUser"]


@pytest.mark.parametrize("direction", ["BACKWARD", "FORWARD"])
def test_pages_hold_still_while_new_events_arrive(root: Keys, trail: Any, direction: str) -> None:
    list_users(root, 7)
    seen: list[str] = []
    token = None
    pages = 0
    while True:
        answer = lookup(
            trail, ("EventName", "ListUsers"), max_results="3", next_token=token, direction=direction
        )
        seen += [event["eventId"] for event in answer.events]
        token = answer.next_token
        pages += 1
        if pages == 1 and direction == "BACKWARD":
            list_users(root, 2)
        if not token:
            break
    assert (len(seen), len(set(seen)), pages) == (7, 7, 3)


def test_a_full_last_page_has_no_token(root: Keys, trail: Any) -> None:
    list_users(root, 4)
    first = lookup(trail, ("EventName", "ListUsers"), max_results="2")
    second = lookup(trail, ("EventName", "ListUsers"), max_results="2", next_token=first.next_token)
    assert (len(second.events), second.next_token) == (2, None)


def test_two_attributes_are_joined(ram: Any, root: Keys, trail: Any) -> None:
    keys = make_user(ram, "dev", allow("ram:List*"))
    list_users(keys)
    list_users(root)
    assert len(lookup(trail, ("EventName", "ListUsers")).events) == 2
    assert len(lookup(trail, ("ServiceName", "Ram"), ("User", "dev")).events) == 1
    assert len(lookup(trail, ("EventRW", "Read"), ("ServiceName", "Ram")).events) == 2
    assert not lookup(trail, ("ServiceName", "ram")).events
    assert len(lookup(trail, ("EventAccessKeyId", keys.id)).events) == 1


def test_the_second_of_a_key_wins_and_a_third_attribute_is_ignored(ram: Any, root: Keys, trail: Any) -> None:
    make_user(ram, "dev")
    assert names(lookup(trail, ("EventName", "No"), ("EventName", "CreateUser"))) == ["CreateUser"]
    three = lookup(trail, ("ServiceName", "Ram"), ("EventName", "CreateUser"), ("User", "nobody"))
    assert names(three) == ["CreateUser"]


def hours_ago(hours: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - hours * 3600))


@pytest.mark.parametrize(
    ("attributes", "more", "code"),
    [
        ([("Colour", "red")], {}, "InvalidQueryParameter"),
        ([("User", "a"), ("EventRW", "Read")], {}, "InvalidQueryParameter"),
        ([], {"max_results": "0"}, "InvalidQueryParameter"),
        ([], {"max_results": "51"}, "InvalidQueryParameter"),
        ([], {"max_results": "many"}, "InvalidQueryParameter"),
        ([], {"direction": "SIDEWAYS"}, "InvalidQueryParameter"),
        ([], {"next_token": "made up"}, "InvalidQueryParameter"),
        ([], {"start_time": "yesterday", "end_time": "now"}, "InvalidParameterStartTime"),
        ([], {"start_time": hours_ago(1)}, "InvalidParameterEndTime"),
        ([], {"end_time": hours_ago(1)}, "InvalidParameterStartTime"),
        ([], {"start_time": hours_ago(1), "end_time": hours_ago(2)}, "InvalidParameterCombination"),
    ],
)
def test_questions_outside_the_rules_are_refused(
    trail: Any, attributes: list[tuple[str, str]], more: dict[str, str], code: str
) -> None:
    assert code_of(lambda: lookup(trail, *attributes, **more)) == (code, 400)


def test_a_token_belongs_to_its_question(root: Keys, trail: Any) -> None:
    list_users(root, 3)
    token = lookup(trail, ("EventName", "ListUsers"), max_results="1").next_token
    other = code_of(lambda: lookup(trail, ("EventName", "ListRoles"), max_results="1", next_token=token))
    assert other == ("InvalidQueryParameter", 400)


def test_only_events_of_the_time_range_are_found(root: Keys, trail: Any) -> None:
    list_users(root)
    past = {"start_time": hours_ago(3), "end_time": hours_ago(2)}
    assert not lookup(trail, **past).events
    around = {"start_time": hours_ago(1), "end_time": hours_ago(-1)}
    assert names(lookup(trail, ("EventName", "ListUsers"), **around)) == ["ListUsers"]


def test_each_region_has_its_own_history_and_global_services_are_in_hangzhou(root: Keys, ram: Any) -> None:
    shanghai = clients.actiontrail(root, "cn-shanghai")
    shanghai.describe_trails(models.DescribeTrailsRequest())
    list_users(root)
    assert names(lookup(shanghai, ("ServiceName", "Actiontrail"))) == ["DescribeTrails"]
    assert not lookup(shanghai, ("ServiceName", "Ram")).events
    hangzhou = clients.actiontrail(root)
    assert names(lookup(hangzhou, ("ServiceName", "Ram"))) == ["ListUsers"]
    assert not lookup(hangzhou, ("EventName", "DescribeTrails")).events


def test_accounts_do_not_see_each_other(local: LocalCloud, root: Keys) -> None:
    list_users(root)
    key = local.call(lambda cloud: open_account(cloud.state, "2000000000000002"))
    other = clients.actiontrail(Keys(key.id, key.secret))
    assert not lookup(other, ("ServiceName", "Ram")).events


def test_the_history_is_bounded_and_forgets_after_ninety_days(
    local: LocalCloud, root: Keys, trail: Any, monkeypatch: pytest.MonkeyPatch, account: str
) -> None:
    monkeypatch.setattr(history, "MOST_EVENTS", 20)
    list_users(root, 40)
    kept = local.call(lambda cloud: len(cloud.state.actiontrail.accounts[account].events))
    assert 20 <= kept <= 21

    def age(cloud: Any) -> None:
        for event in cloud.state.actiontrail.accounts[account].events:
            event.time -= history.KEPT_SECONDS + 1

    local.call(age)
    list_users(root)
    assert local.call(lambda cloud: len(cloud.state.actiontrail.accounts[account].events)) == 1


def test_looking_up_needs_permission(ram: Any) -> None:
    keys = make_user(ram, "dev")
    assert code_of(lookup, clients.actiontrail(keys)) == ("NoPermission", 403)


# Trails


def test_a_trail_is_off_until_it_is_started(root: Keys, trail: Any, project: str, account: str) -> None:
    made = create(trail, sls_project_arn=project)
    assert (made.event_rw, made.trail_region, made.home_region) == ("Write", "All", "cn-hangzhou")
    assert made.sls_write_role_arn == f"acs:ram::{account}:role/aliyunserviceroleforactiontrail"
    [listed] = trail.describe_trails(models.DescribeTrailsRequest()).body.trail_list
    assert (listed.name, listed.status) == ("audit-trail", "Fresh")
    clients.ram(root).create_user(ram_models.CreateUserRequest(user_name="before"))
    assert (status(trail).is_logging, status(trail).sls_log_store_status) == (False, True)
    assert delivered(root) == []
    start(trail)
    clients.ram(root).create_user(ram_models.CreateUserRequest(user_name="after"))
    assert status(trail).is_logging is True
    logs = delivered(root)
    assert [
        e["requestParameters"]["UserName"] for e in events_of(logs) if e["eventName"] == "CreateUser"
    ] == ["after"]
    trail.stop_logging(models.StopLoggingRequest(name="audit-trail"))
    [listed] = trail.describe_trails(
        models.DescribeTrailsRequest(name_list="audit-trail,other")
    ).body.trail_list
    assert listed.status == "Disable"


def test_a_delivered_log_has_the_documented_form(root: Keys, trail: Any, project: str) -> None:
    create(trail, sls_project_arn=project)
    start(trail)
    clients.ram(root).create_user(ram_models.CreateUserRequest(user_name="dev"))
    log = next(log for log in delivered(root) if "CreateUser" in log["event"])
    assert log["__topic__"] == "actiontrail_audit_event"
    assert {key for key in log if not key.startswith("__")} == {"event"}
    assert abs(int(log["__time__"]) - time.time()) < 60
    event = json.loads(log["event"])
    assert (event["eventVersion"], event["eventName"]) == ("1", "CreateUser")


@pytest.mark.parametrize(
    ("event_rw", "expected"),
    [("Write", {"CreateUser"}), ("Read", {"ListUsers"}), ("All", {"CreateUser", "ListUsers"})],
)
def test_a_trail_takes_the_kind_of_events_it_was_made_for(
    root: Keys, trail: Any, project: str, event_rw: str, expected: set[str]
) -> None:
    create(trail, sls_project_arn=project, event_rw=event_rw)
    start(trail)
    clients.ram(root).create_user(ram_models.CreateUserRequest(user_name="dev"))
    list_users(root)
    found = {event["eventName"] for event in events_of(delivered(root))}
    assert found & {"CreateUser", "ListUsers"} == expected


def test_a_trail_of_one_region_takes_only_its_events(root: Keys, trail: Any, project: str) -> None:
    create(trail, sls_project_arn=project, event_rw="All", trail_region="cn-shanghai")
    start(trail)
    list_users(root)
    clients.actiontrail(root, "cn-shanghai").describe_trails(models.DescribeTrailsRequest())
    assert {event["acsRegion"] for event in events_of(delivered(root))} == {"cn-shanghai"}
    shadows = models.DescribeTrailsRequest(include_shadow_trails=True)
    listed = clients.actiontrail(root, "cn-shanghai").describe_trails(shadows).body.trail_list
    assert [found.name for found in listed] == ["audit-trail"]
    own = clients.actiontrail(root, "cn-shanghai").describe_trails(models.DescribeTrailsRequest()).body
    assert own.trail_list == []


def test_nobody_else_writes_to_the_logstore_of_a_trail(root: Keys, trail: Any, project: str) -> None:
    from aliyun.log import LogException, LogItem, PutLogsRequest

    create(trail, sls_project_arn=project)
    item = LogItem(contents=[("event", "made up")])
    request = PutLogsRequest(PROJECT, "actiontrail_audit-trail", "", "", [item])
    with pytest.raises(LogException):
        clients.log(root).put_logs(request)


def test_an_update_keeps_what_it_does_not_name(root: Keys, trail: Any, project: str) -> None:
    create(trail, sls_project_arn=project)
    start(trail)
    changed = trail.update_trail(models.UpdateTrailRequest(name="audit-trail", event_rw="All")).body
    assert (changed.event_rw, changed.sls_project_arn) == ("All", project)
    list_users(root)
    assert "ListUsers" in {event["eventName"] for event in events_of(delivered(root))}


def test_calls_on_a_trail_that_is_not_there_say_so(trail: Any) -> None:
    calls = (
        lambda: start(trail, "no-such-trail"),
        lambda: status(trail, "no-such-trail"),
        lambda: trail.stop_logging(models.StopLoggingRequest(name="no-such-trail")),
        lambda: trail.update_trail(models.UpdateTrailRequest(name="no-such-trail", event_rw="All")),
        lambda: trail.delete_trail(models.DeleteTrailRequest(name="no-such-trail")),
    )
    assert {code_of(call) for call in calls} == {("TrailNotFoundException", 404)}


def test_a_deleted_trail_delivers_no_more_and_leaves_its_logs(root: Keys, trail: Any, project: str) -> None:
    create(trail, sls_project_arn=project)
    start(trail)
    clients.ram(root).create_user(ram_models.CreateUserRequest(user_name="a"))
    trail.delete_trail(models.DeleteTrailRequest(name="audit-trail"))
    clients.ram(root).create_user(ram_models.CreateUserRequest(user_name="b"))
    found = [e["requestParameters"].get("UserName") for e in events_of(delivered(root))]
    assert "a" in found
    assert "b" not in found
    assert code_of(status, trail) == ("TrailNotFoundException", 404)


def test_a_delivery_that_fails_shows_in_the_status(
    local: LocalCloud, root: Keys, trail: Any, project: str
) -> None:
    create(trail, sls_project_arn=project)
    start(trail)
    local.call(lambda cloud: cloud.state.sls.projects.clear())
    clients.ram(root).create_user(ram_models.CreateUserRequest(user_name="a"))
    found = status(trail)
    assert "does not exist" in found.latest_delivery_log_service_error
    assert found.sls_log_store_status is False


@pytest.mark.parametrize("name", ["short", "a" * 37, "1-audit-trail", "Audit-Trail", "audit trail"])
def test_trail_names_outside_the_rules_are_refused(trail: Any, project: str, name: str) -> None:
    found = code_of(lambda: create(trail, name, sls_project_arn=project))
    assert found == ("InvalidTrailNameException", 400)


def test_trails_that_cannot_be_made(trail: Any, project: str, account: str) -> None:
    elsewhere = project.replace("hangzhou", "shanghai")
    foreign = f"acs:ram::{account}:role/nobody"
    refused = {
        "no target": ({}, "InvalidDeliveryConfigurationException"),
        "unknown project": ({"sls_project_arn": project + "-x"}, "SlsProjectDoesNotExistException"),
        "another region": ({"sls_project_arn": elsewhere}, "SlsProjectDoesNotExistException"),
        "not an ARN": ({"sls_project_arn": "audit"}, "SlsProjectDoesNotExistException"),
        "event kind": ({"sls_project_arn": project, "event_rw": "Some"}, "InvalidQueryParameter"),
        "no such role": (
            {"sls_project_arn": project, "sls_write_role_arn": foreign},
            "InsufficientSlsPolicyException",
        ),
        "organization": (
            {"sls_project_arn": project, "is_organization_trail": True},
            "NotAllowCreateOrganizationTrail",
        ),
    }
    for parameters, code in refused.values():
        assert refusal(lambda given=parameters: create(trail, **given)).code == code
    assert trail.describe_trails(models.DescribeTrailsRequest()).body.trail_list == []


def test_delivery_to_a_bucket_is_unsupported_and_says_so(local: LocalCloud, trail: Any) -> None:
    found = refusal(lambda: create(trail, oss_bucket_name="audit-bucket"))
    assert (found.code, found.status) == ("InvalidAction.NotFound", 404)
    assert "OssBucketName" in found.message
    assert local.call(lambda cloud: sum(cloud.unsupported.values())) == 1


def test_the_write_role_must_trust_actiontrail(ram: Any, trail: Any, project: str, account: str) -> None:
    make_role(ram, "Writer", trusts("ecs.aliyuncs.com"))
    arn = f"acs:ram::{account}:role/writer"
    refused = code_of(lambda: create(trail, sls_project_arn=project, sls_write_role_arn=arn))
    assert refused == ("InsufficientSlsPolicyException", 403)
    document = trusts("actiontrail.aliyuncs.com")
    ram.update_role(
        ram_models.UpdateRoleRequest(role_name="writer", new_assume_role_policy_document=document)
    )
    assert create(trail, sls_project_arn=project, sls_write_role_arn=arn).sls_write_role_arn == arn


def test_names_are_unique_and_a_region_has_five_trails(root: Keys, trail: Any, project: str) -> None:
    for number in range(5):
        create(trail, f"trail-{number}", sls_project_arn=project)
    again = code_of(lambda: create(trail, "trail-0", sls_project_arn=project))
    assert again == ("TrailAlreadyExistsException", 400)
    sixth = code_of(lambda: create(trail, "trail-5", sls_project_arn=project))
    assert sixth == ("MaximumNumberOfTrailsExceededException", 403)
    assert (
        create(clients.actiontrail(root, "cn-shanghai"), "trail-5", sls_project_arn=project).name == "trail-5"
    )


def test_trails_and_history_survive_a_saved_state(
    local: LocalCloud, root: Keys, trail: Any, project: str, tmp_path: Any
) -> None:
    create(trail, sls_project_arn=project)
    start(trail)
    list_users(root)
    file = tmp_path / "state.json"
    local.call(lambda cloud: save_state(cloud.state, file))
    loaded: State = load_state(file)
    local.reset(loaded)
    assert status(trail).is_logging is True
    assert names(lookup(trail, ("EventName", "ListUsers"))) == ["ListUsers"]
    clients.ram(root).create_user(ram_models.CreateUserRequest(user_name="later"))
    assert "later" in str(delivered(root))


def test_no_trail_fills_the_logs_of_an_account_that_does_not_let_it(
    local: LocalCloud, ram: Any, project: str, account: str
) -> None:
    key = local.call(lambda cloud: open_account(cloud.state, "2222222222222222"))
    stranger = clients.actiontrail(Keys(key.id, key.secret))
    make_role(ram, "writer", trusts("actiontrail.aliyuncs.com"))
    make_role(ram, "writer-for-2", trusts("2222222222222222@actiontrail.aliyuncs.com"))
    refused = ("InsufficientSlsPolicyException", 403)
    assert code_of(lambda: create(stranger, sls_project_arn=project)) == refused
    role = f"acs:ram::{account}:role/writer"
    assert code_of(lambda: create(stranger, sls_project_arn=project, sls_write_role_arn=role)) == refused
    create(stranger, sls_project_arn=project, sls_write_role_arn=f"{role}-for-2")
