"""Who may call: signatures, permissions, and the events of management calls."""

from __future__ import annotations

import time
from typing import Any

import pytest
from aliyun.log import LogClient

from localcloud.accounts import open_account
from localcloud.server import LocalCloud
from localcloud.sts.service import open_session
from tests.clients import Keys, log, ram
from tests.localcloud.identities import allow, make_role, make_user, trusts
from tests.localcloud.sls_store import LOGSTORE, PROJECT, code, make_index, make_store, pull, put, refused

STORE_ARN = f"acs:log:cn-hangzhou:1000000000000001:project/{PROJECT}/logstore/{LOGSTORE}"
PROJECT_ARN = f"acs:log:cn-hangzhou:1000000000000001:project/{PROJECT}"


def v4(keys: Keys, region: str = "cn-hangzhou") -> Any:
    return LogClient(
        f"http://{region}.log.aliyuncs.com",
        keys.id,
        keys.secret,
        keys.token or None,
        source="10.0.0.9",
        auth_version="v4",
        region=region,
    )


@pytest.fixture
def events(local: LocalCloud, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The events that are published from now on."""
    seen: list[dict[str, Any]] = []
    monkeypatch.setattr(local.cloud, "publish", lambda event, account: seen.append(event))
    return seen


def test_both_signature_versions_are_accepted(root: Keys) -> None:
    for client, project in ((log(root), "signed-v1"), (v4(root), "signed-v4")):
        client.create_project(project, "Größe & more")
        client.create_logstore(project, LOGSTORE, shard_count=1)
        begin = client.get_begin_cursor(project, LOGSTORE, 0).get_cursor()
        client.pull_logs(project, LOGSTORE, 0, begin, query="* | where a = 'b c+d/%~é'")
        assert client.get_project(project).get_description() == "Größe & more"


@pytest.mark.parametrize("make", [log, v4])
def test_a_wrong_secret_is_refused(root: Keys, make: Any) -> None:
    error = refused(make(Keys(root.id, "wrong")).get_project, PROJECT)
    assert code(error) == ("SignatureNotMatch", 401)
    assert error.get_error_message().startswith("Signature ")


@pytest.mark.parametrize("make", [log, v4])
def test_an_unknown_key_is_refused(root: Keys, make: Any) -> None:
    error = refused(make(Keys("LTAI5tNobody", "x")).get_project, PROJECT)
    assert (code(error), error.get_error_message()) == (
        ("Unauthorized", 401),
        "AccessKeyId not found: LTAI5tNobody",
    )


def test_a_disabled_key_is_refused(root: Keys, local: LocalCloud, account: str) -> None:
    local.cloud.state.accounts[account].ram.access_keys[root.id].status = "Inactive"
    error = refused(log(root).get_project, PROJECT)
    assert (code(error), error.get_error_message()) == (
        ("Unauthorized", 401),
        f"AccessKeyId is disabled: {root.id}",
    )


@pytest.mark.parametrize("make", [log, v4])
def test_a_late_request_is_refused(
    root: Keys, local: LocalCloud, make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = time.time() + 16 * 60
    monkeypatch.setattr(local.cloud, "clock", lambda: late)
    error = refused(make(root).get_project, PROJECT)
    assert code(error) == ("RequestTimeExpired", 400)
    assert "has been expired while server time is" in error.get_error_message()


@pytest.mark.parametrize("make", [log, v4])
def test_a_changed_body_or_address_is_refused(root: Keys, make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    client = make(root)
    make_store(client)
    sent = client._getHttpResponse
    changes: list[Any] = [
        lambda m, url, params, body, headers: sent(m, url, params, body + b" ", headers),
        lambda m, url, params, body, headers: sent(m, url + "x", params, body, headers),
        lambda m, url, params, body, headers: sent(m, url, {"a": "b"}, body, headers),
        lambda m, url, params, body, headers: sent(m, url, params, body, headers | {"x-log-new": "1"}),
    ]
    for change in changes:
        monkeypatch.setattr(client, "_getHttpResponse", change)
        assert code(refused(client.update_project, PROJECT, "new")) == ("SignatureNotMatch", 401)


def test_a_body_whose_md5_was_not_signed_is_refused(root: Keys, monkeypatch: pytest.MonkeyPatch) -> None:
    client = log(root)
    make_store(client)
    sent = client._getHttpResponse
    monkeypatch.setattr(
        client, "_getHttpResponse", lambda m, url, p, _, headers: sent(m, url, p, b"{}", headers)
    )
    assert code(refused(client.get_project, PROJECT)) == ("MissingParameter", 400)


@pytest.mark.parametrize(
    ("headers", "wanted"),
    [
        ({"Authorization": ""}, "MissingParameter"),
        ({"Authorization": "Basic abc"}, "ParameterInvalid"),
        ({"Authorization": "SLS4-HMAC-SHA256 nonsense"}, "ParameterInvalid"),
        ({"x-log-signaturemethod": "hmac-md5"}, "ParameterInvalid"),
        ({"x-log-date": "yesterday"}, "InvalidRequestTime"),
    ],
)
def test_a_malformed_header_is_refused(
    root: Keys, monkeypatch: pytest.MonkeyPatch, headers: dict[str, str], wanted: str
) -> None:
    client = log(root)
    sent = client._getHttpResponse
    monkeypatch.setattr(client, "_getHttpResponse", lambda *a: sent(*a[:4], a[4] | headers))
    assert code(refused(client.get_project, PROJECT)) == (wanted, 400)


def test_a_role_session_needs_its_token_and_ends(root: Keys, local: LocalCloud, account: str) -> None:
    make_store(log(root))
    make_role(ram(root), "reader", trusts("fc.aliyuncs.com"), allow("log:Get*", "*"))

    def session(cloud: Any) -> Keys:
        role = cloud.state.accounts[account].ram.roles["reader"]
        opened = open_session(cloud, account, role, "test", account, 900)
        return Keys(opened.access_key_id, opened.secret, opened.token)

    keys = local.call(session)
    assert log(keys).get_project(PROJECT).get_status() == "Normal"
    assert v4(keys).get_project(PROJECT).get_status() == "Normal"
    forged = refused(log(Keys(keys.id, keys.secret, "forged")).get_project, PROJECT)
    assert code(forged) == ("Unauthorized", 401)
    assert forged.get_error_message() == "The security token you provided is invalid."
    local.cloud.state.sessions[keys.id].expires = time.time() - 1
    ended = refused(log(keys).get_project, PROJECT)
    assert ended.get_error_message() == "The security token you provided has expired."


def test_a_user_without_policy_is_denied_in_the_services_own_words(root: Keys) -> None:
    make_store(log(root))
    user = log(make_user(ram(root), "eve"))
    error = refused(user.get_project, PROJECT)
    assert code(error) == ("Unauthorized", 401)
    assert (
        error.get_error_message() == f"denied by sts or ram, action: log:GetProject, resource: {PROJECT_ARN}"
    )


CALLS = [
    ("log:GetProject", PROJECT_ARN, lambda c: c.get_project(PROJECT)),
    ("log:UpdateProject", PROJECT_ARN, lambda c: c.update_project(PROJECT, "")),
    ("log:ListProject", "acs:log:cn-hangzhou:1000000000000001:project/*", lambda c: c.list_project()),
    ("log:CreateProject", PROJECT_ARN + "-2", lambda c: c.create_project(PROJECT + "-2", "")),
    ("log:ListLogStores", PROJECT_ARN + "/logstore/*", lambda c: c.list_logstore(PROJECT)),
    ("log:CreateLogStore", PROJECT_ARN + "/logstore/*", lambda c: c.create_logstore(PROJECT, "new")),
    ("log:GetLogStore", STORE_ARN, lambda c: c.get_logstore(PROJECT, LOGSTORE)),
    ("log:DeleteLogStore", STORE_ARN, lambda c: c.delete_logstore(PROJECT, LOGSTORE)),
    ("log:ListShards", STORE_ARN, lambda c: c.list_shards(PROJECT, LOGSTORE)),
    ("log:GetIndex", STORE_ARN, lambda c: c.get_index_config(PROJECT, LOGSTORE)),
    ("log:PostLogStoreLogs", STORE_ARN, lambda c: put(c, {"n": "1"})),
    ("log:GetCursorOrData", STORE_ARN, pull),
    ("log:GetLogStoreLogs", STORE_ARN, lambda c: c.get_log(PROJECT, LOGSTORE, 1, 2)),
    (
        "log:CreateConsumerGroup",
        STORE_ARN + "/consumergroup/*",
        lambda c: c.create_consumer_group(PROJECT, LOGSTORE, "new", 30),
    ),
    (
        "log:ListConsumerGroup",
        STORE_ARN + "/consumergroup/*",
        lambda c: c.list_consumer_group(PROJECT, LOGSTORE),
    ),
    (
        "log:ConsumerGroupHeartBeat",
        STORE_ARN + "/consumergroup/g1",
        lambda c: c.heart_beat(PROJECT, LOGSTORE, "g1", "me"),
    ),
    (
        "log:ConsumerGroupUpdateCheckPoint",
        STORE_ARN + "/consumergroup/g1",
        lambda c: c.update_check_point(PROJECT, LOGSTORE, "g1", 0, "MTIz"),
    ),
    (
        "log:GetConsumerGroupCheckPoint",
        STORE_ARN + "/consumergroup/g1",
        lambda c: c.get_check_point(PROJECT, LOGSTORE, "g1"),
    ),
]


@pytest.mark.parametrize(("action", "resource", "call"), CALLS, ids=[each[0] for each in CALLS])
def test_each_call_needs_exactly_its_own_action_and_resource(
    root: Keys, action: str, resource: str, call: Any
) -> None:
    owner = log(root)
    make_store(owner)
    make_index(owner)
    owner.create_consumer_group(PROJECT, LOGSTORE, "g1", 30)
    client = ram(root)
    call(log(make_user(client, "able", allow(action, resource))))
    without = [each for each in (name for name, _, _ in CALLS) if each != action]
    error = refused(call, log(make_user(client, "unable", allow(without, "*"))))
    assert code(error) == ("Unauthorized", 401)
    assert error.get_error_message() == f"denied by sts or ram, action: {action}, resource: {resource}"


def test_the_project_of_another_account_is_out_of_reach(root: Keys, local: LocalCloud) -> None:
    make_store(log(root))
    key = local.call(lambda cloud: open_account(cloud.state, "1000000000000002"))
    stranger = log(Keys(key.id, key.secret))
    error = refused(pull, stranger)
    assert (code(error), error.get_error_message()) == (
        ("Unauthorized", 401),
        "The project does not belong to you.",
    )
    assert stranger.list_project().get_total() == 0


def test_nobody_writes_to_the_logstore_of_a_service(root: Keys, local: LocalCloud) -> None:
    client = log(root)
    make_store(client)
    service: Any = local.cloud.services["sls"]
    local.call(lambda _: service.create_logstore(PROJECT, LOGSTORE, owner_service="actiontrail"))
    assert code(refused(put, client, {"n": "forged"})) == ("Unauthorized", 401)
    assert pull(client).get_log_count() == 0


def test_management_calls_are_events_and_data_calls_are_not(root: Keys, events: list[dict[str, Any]]) -> None:
    client = log(root)
    make_store(client)
    put(client, {"n": "1"})
    pull(client)
    client.list_shards(PROJECT, LOGSTORE)
    assert [(each["eventName"], each["eventRW"]) for each in events] == [
        ("CreateProject", "Write"),
        ("CreateLogStore", "Write"),
        ("ListShards", "Read"),
    ]
    made = events[1]
    assert (made["serviceName"], made["acsRegion"], made["apiVersion"]) == (
        "Sls",
        "cn-hangzhou",
        "2020-12-30",
    )
    assert made["requestParameters"]["project"] == PROJECT
    assert made["requestParameters"]["logstoreName"] == LOGSTORE
    assert len(made["requestId"]) == 24
    assert "errorCode" not in made


def test_a_denied_management_call_is_an_event_with_its_error(
    root: Keys, events: list[dict[str, Any]]
) -> None:
    make_store(log(root))
    user = log(make_user(ram(root), "eve"))
    events.clear()
    refused(user.delete_project, PROJECT)
    refused(pull, user)
    (event,) = events
    assert (event["eventName"], event["errorCode"]) == ("DeleteProject", "Unauthorized")
    assert event["userIdentity"]["userName"] == "eve"
    assert event["errorMessage"].startswith("denied by sts or ram, action: log:DeleteProject")


def test_every_answer_has_a_request_id(root: Keys) -> None:
    error = refused(log(root).get_project, PROJECT)
    assert len(error.get_request_id()) == 24
