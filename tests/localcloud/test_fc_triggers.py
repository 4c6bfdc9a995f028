"""Timer, EventBridge and HTTP triggers."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
import requests
from alibabacloud_ram20150501 import models as ram_models

from localcloud.fc.cron import parse_schedule
from localcloud.fc.pattern import check_pattern, matches
from localcloud.server import LocalCloud
from tests import clients
from tests.clients import Keys
from tests.localcloud.fc_functions.deployment import Deployment, function, open_host
from tests.localcloud.identities import allow, make_user


@pytest.fixture
def fc(local: LocalCloud, root: Keys, account: str, tmp_path: Path) -> Deployment:
    return open_host(local, root, account, tmp_path)


def recorder(place: Path, trigger: dict[str, Any], **variables: str) -> dict[str, Any]:
    return function("record", environmentVariables={"RECORD": str(place), **variables}, triggers=[trigger])


def events(place: Path) -> list[Any]:
    return [json.loads(json.loads(line)["event"]) for line in place.read_text().splitlines()]


def timer(schedule: str, **config: Any) -> dict[str, Any]:
    config = {"cronExpression": schedule, "enable": True, **config}
    return {"triggerName": "clock", "triggerType": "timer", "triggerConfig": config}


def eventbridge(pattern: dict[str, Any], **config: Any) -> dict[str, Any]:
    config = {
        "triggerEnable": True,
        "asyncInvocationType": False,
        "eventRuleFilterPattern": json.dumps(pattern),
        "eventSourceConfig": {"eventSourceType": "Default"},
        **config,
    }
    return {"triggerName": "events", "triggerType": "eventbridge", "triggerConfig": config}


def http(auth: str = "anonymous", *methods: str, **config: Any) -> dict[str, Any]:
    config = {"authType": auth, "methods": list(methods) or ["GET", "POST"], **config}
    return {"triggerName": "web", "triggerType": "http", "triggerConfig": config}


def test_a_timer_fires_at_its_time(fc: Deployment, tmp_path: Path) -> None:
    fc.deploy(recorder(tmp_path / "record", timer("* * * * * *", payload="tick")))
    fc.wait(lambda: (tmp_path / "record").exists() and len(events(tmp_path / "record")) >= 1)
    event = events(tmp_path / "record")[0]
    assert (event["triggerName"], event["payload"]) == ("clock", "tick")
    assert abs(parse_time(event["triggerTime"]) - fc.invocations[0].started) < 1.5
    assert fc.invocations[0].kind == "clock"


def test_a_timer_can_be_fired_by_hand_and_is_retried_like_any_message(fc: Deployment, tmp_path: Path) -> None:
    fc.deploy(recorder(tmp_path / "record", timer("CRON_TZ=Asia/Shanghai 0 30 2 1 1 *"), FAILURES="1"))
    fc.local.call(lambda _: fc.service.fire_timer("record", "clock"))
    fc.drain()
    first, second = events(tmp_path / "record")
    assert first == second
    with pytest.raises(LookupError, match="no timer trigger 'other'"):
        fc.service.fire_timer("record", "other")


def parse_time(text: str) -> float:
    from datetime import datetime

    return datetime.fromisoformat(text).timestamp()


@pytest.mark.parametrize(
    ("schedule", "after", "following"),
    [
        ("0 30 2 * * *", "2026-03-01T02:30:00Z", "2026-03-02T02:30:00Z"),
        ("CRON_TZ=Asia/Shanghai 0 30 2 * * *", "2026-03-01T00:00:00Z", "2026-03-01T18:30:00Z"),
        ("0 0/5 * * * ?", "2026-03-01T02:31:00Z", "2026-03-01T02:35:00Z"),
        ("10,40 * * * * *", "2026-03-01T02:31:10Z", "2026-03-01T02:31:40Z"),
        ("0 0 9 ? * MON-FRI", "2026-03-06T10:00:00Z", "2026-03-09T09:00:00Z"),
        ("0 0 0 29 FEB *", "2026-03-01T00:00:00Z", "2028-02-29T00:00:00Z"),
        ("0 0 0 1 * SUN", "2026-03-02T00:00:00Z", "2026-03-08T00:00:00Z"),
        ("0 0 0 ? * 7", "2026-03-02T00:00:00Z", "2026-03-08T00:00:00Z"),
        ("@every 4m", "2026-03-01T00:00:00Z", "2026-03-01T00:04:00Z"),
        ("@every 1h30m", "2026-03-01T00:00:00Z", "2026-03-01T01:30:00Z"),
    ],
)
def test_a_schedule_names_the_next_time(schedule: str, after: str, following: str) -> None:
    assert parse_schedule(schedule).next(parse_time(after)) == parse_time(following)


@pytest.mark.parametrize(
    "schedule",
    ["", "* * * * *", "60 * * * * *", "* * * * 13 *", "*/0 * * * * *", "5-1 * * * * *", "@every", "@every 0m",
     "CRON_TZ=Mars/Base 0 0 0 * * *", "* * * * * FUN"],
)  # fmt: skip
def test_a_schedule_that_means_nothing_is_refused(schedule: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        parse_schedule(schedule)


def test_a_write_call_reaches_the_function_as_a_cloudevent(
    fc: Deployment, root: Keys, tmp_path: Path
) -> None:
    pattern = {"source": ["acs.ram"], "type": [{"suffix": ":ActionTrail:ApiCall"}]}
    fc.deploy(recorder(tmp_path / "record", eventbridge(pattern)))
    ram = clients.ram(root)
    ram.create_user(ram_models.CreateUserRequest(user_name="alice"))
    ram.list_users(ram_models.ListUsersRequest())
    fc.drain()
    (event,) = events(tmp_path / "record")
    assert (event["source"], event["type"]) == ("acs.ram", "ram:ActionTrail:ApiCall")
    assert (event["specversion"], event["aliyuneventbusname"]) == ("1.0", "default")
    assert (event["aliyunaccountid"], event["aliyunregionid"]) == (fc.account, "cn-hangzhou")
    assert event["subject"].startswith(f"acs.ram:cn-hangzhou:{fc.account}:")
    assert event["data"]["eventName"] == "CreateUser"
    assert event["data"]["eventVersion"] == 1
    assert parse_time(event["time"]) == parse_time(event["data"]["eventTime"])


def test_streaming_mode_hands_over_a_list(fc: Deployment, root: Keys, tmp_path: Path) -> None:
    fc.deploy(recorder(tmp_path / "record", eventbridge({}, runOptions={"mode": "event-streaming"})))
    clients.ram(root).create_user(ram_models.CreateUserRequest(user_name="alice"))
    fc.drain()
    ((event,),) = events(tmp_path / "record")
    assert event["data"]["eventName"] == "CreateUser"


def test_the_pattern_sees_the_data_and_refused_calls_too(fc: Deployment, root: Keys, tmp_path: Path) -> None:
    fc.deploy(
        recorder(tmp_path / "record", eventbridge({"data": {"errorCode": [{"prefix": "EntityAlready"}]}}))
    )
    ram = clients.ram(root)
    ram.create_user(ram_models.CreateUserRequest(user_name="alice"))
    with pytest.raises(Exception, match="EntityAlreadyExists"):
        ram.create_user(ram_models.CreateUserRequest(user_name="alice"))
    fc.drain()
    (event,) = events(tmp_path / "record")
    assert event["data"]["errorCode"].startswith("EntityAlreadyExists")


@pytest.mark.parametrize("asynchronous", [False, True])
def test_events_are_tried_again(fc: Deployment, root: Keys, tmp_path: Path, asynchronous: bool) -> None:
    rule = eventbridge({}, asyncInvocationType=asynchronous)
    fc.deploy(recorder(tmp_path / "record", rule, FAILURES="2"))
    clients.ram(root).create_user(ram_models.CreateUserRequest(user_name="alice"))
    fc.drain()
    first, second, third = events(tmp_path / "record")
    assert first == second == third


def test_events_can_be_doubled_and_paused(fc: Deployment, root: Keys, tmp_path: Path) -> None:
    fc.set(duplicate_deliveries=True, pause_triggers=True)
    fc.deploy(recorder(tmp_path / "record", eventbridge({})))
    clients.ram(root).create_user(ram_models.CreateUserRequest(user_name="alice"))
    assert not fc.invocations
    fc.drain()
    first, second = events(tmp_path / "record")
    assert first == second


EVENT = {
    "source": "acs.ram",
    "n": 5,
    "ip": "10.0.0.7",
    "flag": True,
    "none": None,
    "tags": ["a", "b"],
    "data": {"x": "abc"},
}


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ({}, True),
        ({"source": ["acs.ram", "acs.oss"]}, True),
        ({"source": ["acs.RAM"]}, False),
        ({"source": [{"prefix": "acs."}], "n": [5]}, True),
        ({"n": ["5"]}, False),
        ({"flag": [1]}, False),
        ({"none": [None]}, True),
        ({"absent": [None]}, False),
        ({"tags": ["b"]}, True),
        ({"data": {"x": [{"suffix": "bc"}]}}, True),
        ({"data": {"x": [{"contains": "b"}], "y": ["z"]}}, False),
        ({"source": {"x": ["y"]}}, False),
        ({"source": [{"anything-but": "acs.ram"}]}, False),
        ({"source": [{"anything-but": ["acs.oss", "acs.ecs"]}]}, True),
        ({"source": [{"anything-but": {"prefix": "acs."}}]}, False),
        ({"absent": [{"anything-but": "x"}]}, False),
        ({"n": [{"numeric": [">", 0, "<=", 5]}]}, True),
        ({"n": [{"numeric": ["<", 5]}]}, False),
        ({"source": [{"numeric": ["=", 5]}]}, False),
        ({"ip": [{"cidr": "10.0.0.0/24"}]}, True),
        ({"source": [{"cidr": "10.0.0.0/24"}]}, False),
        ({"absent": [{"exists": False}], "source": [{"exists": True}]}, True),
        ({"source": [{"exists": False}]}, False),
    ],
)
def test_event_patterns(pattern: dict[str, Any], expected: bool) -> None:
    assert check_pattern(pattern) == ""
    assert matches(pattern, EVENT) is expected


@pytest.mark.parametrize(
    "pattern",
    [
        [],
        {"a": "b"},
        {"a": [{"glob": "x"}]},
        {"a": [{"numeric": [1]}]},
        {"a": [{"cidr": "x"}]},
        {"a": [["b"]]},
        {"a": {"b": 1}},
        {"a": [{"prefix": 1}]},
        {"a": [{"anything-but": {"glob": "x"}}]},
    ],
)
def test_a_pattern_that_means_nothing_is_refused(pattern: Any) -> None:
    assert check_pattern(pattern)


def url(fc: Deployment, path: str = "") -> str:
    return fc.service.http_url("web") + path


def test_a_2_0_function_is_called_as_a_wsgi_application(fc: Deployment) -> None:
    fc.deploy(
        function("pages", runtime="python3.10", layers=["rolemend"], triggers=[http()]),
        service_name="samples",
    )
    place = fc.service.http_url("pages")
    answer = requests.post(
        f"{place}a%20b?x=1&y=%C3%A4", data="größe".encode(), headers={"X-Test": "t"}, timeout=10
    )
    assert (answer.status_code, answer.headers["X-Own"]) == (201, "yes")
    event = answer.json()
    assert (event["rawPath"], event["queryParameters"]) == ("/a%20b", {"x": "1", "y": "ä"})
    assert (event["body"], event["isBase64Encoded"]) == ("größe", False)
    assert event["headers"]["X-Test"] == "t"
    assert (event["requestContext"]["http"]["method"], event["requestContext"]["http"]["path"]) == (
        "POST",
        "/a b",
    )
    picture = requests.post(place, data=b"\xff\xfe", timeout=10).json()
    assert (base64.b64decode(picture["body"]), picture["isBase64Encoded"]) == (b"\xff\xfe", True)
    failed = requests.get(f"{place}fail", timeout=10)
    assert (failed.status_code, failed.json()["errorType"]) == (502, "ValueError")


def test_a_request_becomes_an_event_and_the_result_an_answer(fc: Deployment) -> None:
    fc.deploy(function("web", triggers=[http()]))
    answer = requests.post(
        url(fc, "a%20b?x=1&x=2&y="), data="größe".encode(), headers={"X-Test": "t"}, timeout=10
    )
    assert answer.status_code == 201
    assert answer.headers["Content-Disposition"] == "attachment"
    assert answer.headers["X-Own"] == "yes"
    assert "X-Fc-Own" not in answer.headers
    assert answer.headers.get("Server") != "no"
    event = answer.json()
    host = url(fc).removeprefix("http://").rstrip("/")
    assert event["version"] == "v1"
    assert (event["rawPath"], event["queryParameters"]) == ("/a%20b", {"x": "1,2", "y": ""})
    assert (event["body"], event["isBase64Encoded"]) == ("größe", False)
    assert event["headers"]["X-Test"] == "t"
    context = event["requestContext"]
    assert context["accountId"] == fc.account
    assert (context["domainName"], context["domainPrefix"]) == (host, host.partition(".")[0])
    assert context["requestId"] == answer.headers["X-Fc-Request-Id"]
    assert context["http"]["method"] == "POST"
    assert (context["http"]["path"], context["http"]["protocol"]) == ("/a b", "HTTP/1.1")
    assert context["timeEpoch"].isdecimal()
    assert host.endswith(".cn-hangzhou.fcapp.run")


def test_binary_bodies_go_in_base64(fc: Deployment) -> None:
    fc.deploy(function("web", triggers=[http()]))
    event = requests.post(url(fc), data=b"\xff\x00", timeout=10).json()
    assert event["isBase64Encoded"] is True
    assert base64.b64decode(event["body"]) == b"\xff\x00"


@pytest.mark.parametrize(
    ("path", "status", "kind", "body"),
    [
        ("plain", 200, "text/plain; charset=utf-8", "just text"),
        ("object", 200, "application/json", '{"a": 1}'),
        ("wrong", 502, "application/json", "BadResponse"),
        ("fail", 502, "application/json", "no page"),
    ],
)
def test_other_results_are_answered_too(fc: Deployment, path: str, status: int, kind: str, body: str) -> None:
    fc.deploy(function("web", triggers=[http()]))
    answer = requests.get(url(fc, path), timeout=10)
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, kind)
    assert body in answer.text


def test_what_the_trigger_does_not_allow_is_refused(fc: Deployment) -> None:
    fc.deploy(function("web", triggers=[http("anonymous", "GET", disableURLInternet=True)]))
    assert requests.post(url(fc), timeout=10).status_code == 405
    assert requests.get(url(fc), timeout=10).status_code == 403
    inside = {"x-localcloud-vpc": "vpc-1"}
    assert requests.get(url(fc), headers=inside, timeout=10).status_code == 201
    assert requests.get(url(fc), headers=inside | {"x-long": "x" * 9000}, timeout=10).status_code == 400
    assert requests.get(url(fc).replace("web-", "other-"), headers=inside, timeout=10).status_code == 404


def test_a_trigger_with_authentication_takes_signed_requests_only(fc: Deployment, root: Keys) -> None:
    import fc2

    fc.deploy(function("web", triggers=[http("function")]))
    assert requests.get(url(fc), timeout=10).json()["Code"] == "MissingRequiredHeader"
    allowed = make_user(clients.ram(root), "allowed", allow("fc:InvokeFunction"))
    other = make_user(clients.ram(root), "other")

    def signed(keys: Keys) -> int:
        auth = fc2.auth.Auth(keys.id, keys.secret)
        headers = {"date": _http_date(), "content-type": "text/plain"}
        headers["authorization"] = auth.sign_request("GET", "/page", headers, {"a": ["1"]})
        return requests.get(url(fc, "page?a=1"), headers=headers, timeout=10).status_code

    assert signed(allowed) == 201
    assert signed(other) == 403
    assert signed(Keys(allowed.id, "wrong")) == 403


def _http_date() -> str:
    from email.utils import formatdate

    return formatdate(usegmt=True)
