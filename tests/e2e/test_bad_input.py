"""What arrives broken is kept aside and counted; what is beside it goes on; nothing is lost or raised twice."""

from __future__ import annotations

import json
from typing import Any

import pytest

from demo import clients
from demo.receiver import Receiver
from demo.scenarios import SCENARIOS
from demo.stage import HOME, LEDGER, TRAIL_PROJECT, Stage
from tests.e2e.watching import attempt, invocations, invoke, results
from tests.samples import denied_creation, denied_line

ACCESS_LOG = f"oss-log-1000000000000001-{HOME}"
LARGEST = 1024 * 1024
"""SLS takes no log above 1 MB."""


def write(stage: Stage, logs: list[list[tuple[str, str]]], *, trail: bool = True) -> None:
    """Records as only the services themselves can write them."""
    project, logstore = (TRAIL_PROJECT, "actiontrail_rolemend") if trail else (ACCESS_LOG, "oss-log-store")
    topic = "actiontrail_audit_event" if trail else "oss_access_log"
    stage.local.call(
        lambda cloud: cloud.services["sls"].append(  # type: ignore[attr-defined]
            project=project, logstore=logstore, logs=logs, topic=topic, time=int(cloud.clock())
        )
    )


def kept_aside(stage: Stage) -> list[dict[str, Any]]:
    bucket = clients.bucket(stage.root, LEDGER)
    keys = [item.key for item in bucket.list_objects_v2("rejected/").object_list]
    return [json.loads(bucket.get_object(key).read()) for key in keys]


BROKEN = {
    "half a JSON": '{"eventName": "RunCluster", "errorCode": "NoPerm',
    "no JSON at all": "Caused by: java.io.IOException",
    "a list": "[1, 2, 3]",
    "wrong types": json.dumps(denied_creation(errorCode={"code": "NoPermission"})),
    "no identity": json.dumps(denied_creation(userIdentity=None)),
    "a time that is none": json.dumps(denied_creation(eventTime="yesterday")),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_record_is_kept_aside_and_its_neighbours_are_handled(
    stage: Stage, receiver: Receiver, name: str
) -> None:
    good = json.dumps(denied_creation(userIdentity=_identity("emr-dev")))
    write(stage, [[("event", BROKEN[name])], [("event", good)]])
    stage.settle()
    assert [record["record"]["event"] for record in kept_aside(stage)] == [BROKEN[name]]
    assert len(stage.incidents()) == 1
    assert len(receiver.messages) == 1
    assert sum(result["rejected"] for result in results(stage, "watch")) == 1


def _identity(name: str) -> dict[str, Any]:
    return {
        "type": "ram-user",
        "principalId": "200000000000000001",
        "accountId": "1000000000000001",
        "userName": name,
    }


def test_the_same_broken_record_delivered_again_is_kept_once(stage: Stage) -> None:
    write(stage, [[("event", BROKEN["half a JSON"])]])
    stage.settle()
    for invocation in invocations(stage, "watch"):
        invoke(stage, "watch", invocation.payload)
    assert len(kept_aside(stage)) == 1


def test_a_record_of_the_largest_size_is_handled(stage: Stage, receiver: Receiver) -> None:
    event = denied_creation(userIdentity=_identity("emr-dev"))
    event["requestParameters"]["Padding"] = "x" * (LARGEST - len(json.dumps(event)) - 200)
    write(stage, [[("event", json.dumps(event))], [("event", "{" + "y" * (LARGEST - 200))]])
    stage.settle()
    assert len(stage.incidents()) == 1
    assert len(kept_aside(stage)) == 1
    assert len(receiver.messages) == 1


def test_a_broken_access_log_line_is_kept_aside(stage: Stage) -> None:
    broken = {
        key: str(value) for key, value in denied_line(http_status=None).items() if not key.startswith("__")
    }
    write(stage, [list(broken.items())], trail=False)
    stage.settle()
    assert len(kept_aside(stage)) == 1
    assert stage.incidents() == {}


def test_unknown_fields_are_ignored(stage: Stage) -> None:
    event = denied_creation(userIdentity=_identity("emr-dev"), brandNew={"deep": [1]}, eventVersion=1)
    write(stage, [[("event", json.dumps(event)), ("another", "field")]])
    stage.settle()
    assert len(stage.incidents()) == 1


def test_events_of_other_services_never_leave_sls(stage: Stage) -> None:
    for _ in range(50):
        clients.ram(stage.root).list_users(_list_users())
    stage.settle()
    assert sum(result["read"] for result in results(stage, "watch")) == 0


def _list_users() -> Any:
    from alibabacloud_ram20150501.models import ListUsersRequest

    return ListUsersRequest()


@pytest.mark.parametrize(
    "payload",
    [
        b"", b"{", b"[]", b'"x"', b'{"incident": 5}', b'{"incident": "inc-000000000000000000000000"}',
        b'{"incident": "../config/guardrails.toml"}', b"\xff\xfe", b"[" * 50_000,
    ],
)  # fmt: skip
@pytest.mark.parametrize("function", ["diagnose", "remediate", "notify"])
def test_a_payload_that_names_no_incident_changes_nothing(
    stage: Stage, receiver: Receiver, function: str, payload: bytes
) -> None:
    attempt(stage, SCENARIOS[2])
    before = stage.incidents()
    answer = invoke(stage, function, payload)
    assert "errorMessage" in answer
    stage.settle()
    assert stage.incidents() == before
    assert len(receiver.messages) == 1


def test_a_trigger_event_that_names_a_foreign_endpoint_is_refused(stage: Stage) -> None:
    """The function's credentials would be sent to whatever host an event names."""
    source = {
        "endpoint": "http://evil.example.com", "projectName": "p", "logstoreName": "l",
        "shardId": 0, "beginCursor": "a", "endCursor": "b",
    }  # fmt: skip
    answer = invoke(stage, "watch", json.dumps({"parameter": {}, "source": source}).encode())
    assert answer["errorType"] == "BadEvent"


def test_missing_settings_are_all_named_in_one_message(stage: Stage) -> None:
    from demo.stage import deploy

    deploy(stage, ROLEMEND_LEDGER_BUCKET="Not A Bucket", ROLEMEND_LANGUAGE="fr", ROLEMEND_WEBHOOK_URL="chat")
    answer = invoke(stage, "notify", b'{"incident": "inc-000000000000000000000000"}')
    assert answer["errorType"] == "SettingsError"
    for name in ("ROLEMEND_LEDGER_BUCKET", "ROLEMEND_LANGUAGE", "ROLEMEND_WEBHOOK_URL"):
        assert name in answer["errorMessage"]
