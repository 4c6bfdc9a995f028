"""Asynchronous invocations: answered at once, retried, aged out, and handed to destinations."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from localcloud.server import LocalCloud
from tests import clients
from tests.clients import Keys
from tests.localcloud.fc_functions.deployment import Deployment, function, open_host
from tests.localcloud.identities import allow, make_role, trusts


@pytest.fixture
def fc(local: LocalCloud, root: Keys, account: str, tmp_path: Path) -> Deployment:
    return open_host(local, root, account, tmp_path)


def recorder(place: Path, config: dict[str, Any] | None = None, **variables: str) -> dict[str, Any]:
    environment = {"RECORD": str(place), **variables}
    return function("record", environmentVariables=environment, asyncInvokeConfig=config or {})


def lines(place: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in place.read_text().splitlines()]


def test_an_asynchronous_call_is_taken_at_once_and_run_later(fc: Deployment, tmp_path: Path) -> None:
    fc.deploy(recorder(tmp_path / "record"))
    answer = fc.invoke("record", b"event", x_fc_invocation_type="Async", x_fc_async_task_id="task-1")
    assert (answer.status, answer.body) == (202, b"")
    assert answer.headers["x-fc-async-task-id"] == "task-1"
    fc.drain()
    assert lines(tmp_path / "record") == [{"event": "event", "request_id": answer.headers["x-fc-request-id"]}]


def test_a_2_0_call_can_be_asynchronous_too(fc: Deployment, tmp_path: Path) -> None:
    fc.deploy(recorder(tmp_path / "record"), service_name="samples")
    headers = {"x-fc-invocation-type": "Async", "x-fc-stateful-async-invocation-id": "task-2"}
    answer = fc.old_client().invoke_function("samples", "record", b"event", headers=headers)
    assert answer.headers["x-fc-stateful-async-invocation-id"] == "task-2"
    fc.drain()
    assert lines(tmp_path / "record")[0]["event"] == "event"


@pytest.mark.parametrize("trouble", ["FAILURES", "CRASHES"])
def test_errors_and_crashes_are_retried_with_the_same_request_id(
    fc: Deployment, tmp_path: Path, trouble: str
) -> None:
    fc.deploy(recorder(tmp_path / "record", None, **{trouble: "3"}))
    fc.invoke("record", b"event", x_fc_invocation_type="Async")
    fc.drain()
    assert [one.status for one in fc.invocations] == ["failed"] * 3 + ["succeeded"]
    assert [one.attempt for one in fc.invocations] == [1, 2, 3, 4]
    assert len({line["request_id"] for line in lines(tmp_path / "record")}) == 1
    assert not fc.service.undelivered


def test_after_the_last_retry_the_message_is_given_up_and_counted(fc: Deployment, tmp_path: Path) -> None:
    fc.deploy(recorder(tmp_path / "record", {"maxAsyncRetryAttempts": 1}, FAILURES="9"))
    fc.invoke("record", b"event", x_fc_invocation_type="Async")
    fc.drain()
    assert len(fc.invocations) == 2
    (lost,) = fc.service.undelivered
    assert (lost.kind, lost.target, lost.payload) == ("message", "record", b"event")


def test_a_synchronous_call_is_not_retried(fc: Deployment, tmp_path: Path) -> None:
    fc.deploy(recorder(tmp_path / "record", FAILURES="1"))
    assert fc.invoke("record").headers["x-fc-error-type"] == "UnhandledInvocationError"
    fc.drain()
    assert len(fc.invocations) == 1


def test_a_message_that_is_too_old_is_not_tried_again(fc: Deployment, tmp_path: Path) -> None:
    fc.set(retry_scale=0.6)
    config = {"maxAsyncRetryAttempts": 8, "maxAsyncEventAgeInSeconds": 1}
    fc.deploy(recorder(tmp_path / "record", config, FAILURES="9"))
    fc.invoke("record", b"event", x_fc_invocation_type="Async")
    fc.drain()
    assert len(fc.invocations) == 2
    assert "AsyncEventAgeExceeded" in fc.service.undelivered[0].reason


def test_more_messages_than_instances_are_all_run(fc: Deployment, tmp_path: Path) -> None:
    fc.set(max_instances=1)
    fc.deploy(recorder(tmp_path / "record"))
    sent = {fc.invoke("record", x_fc_invocation_type="Async").headers["x-fc-request-id"] for _ in range(20)}
    fc.drain()
    assert {line["request_id"] for line in lines(tmp_path / "record")} == sent
    assert fc.service.instance_count("record") == 1


def test_a_payload_over_128_kb_is_refused(fc: Deployment) -> None:
    fc.deploy(function("echo"))
    fc.invoke("echo", b"x" * 131_072, x_fc_invocation_type="Async")
    with pytest.raises(Exception, match="EntityTooLarge") as refused:
        fc.invoke("echo", b"x" * 131_073, x_fc_invocation_type="Async")
    assert "payload size exceeds maximum allowed size (131072 bytes)" in str(refused.value)
    fc.drain()


def test_results_go_to_the_destinations(fc: Deployment, root: Keys, tmp_path: Path) -> None:
    make_role(clients.ram(root), "sender", trusts("fc.aliyuncs.com"), allow("fc:InvokeFunction"))
    place = f"acs:fc:cn-hangzhou:{fc.account}:functions"
    config = {
        "maxAsyncRetryAttempts": 2,
        "destinationConfig": {
            "onSuccess": {"destination": f"{place}/record"},
            "onFailure": {"destination": f"{place}/record/LATEST"},
        },
    }
    fc.deploy(
        recorder(tmp_path / "record"),
        function("kind", role="sender", asyncInvokeConfig=config),
        function("fail", role="sender", asyncInvokeConfig=config),
    )
    good = fc.invoke("kind", b"hello", x_fc_invocation_type="Async").headers["x-fc-request-id"]
    bad = fc.invoke("fail", b"hello", x_fc_invocation_type="Async").headers["x-fc-request-id"]
    fc.drain()
    events = {
        event["requestContext"]["requestId"]: event
        for line in lines(tmp_path / "record")
        for event in [json.loads(line["event"])]
    }
    assert set(events) == {good, bad}
    assert events[good]["requestContext"]["functionArn"] == f"{place}/kind"
    assert events[good]["requestContext"]["approximateInvokeCount"] == 1
    assert events[good]["responseContext"] == {"statusCode": 200, "functionError": ""}
    assert json.loads(events[good]["responsePayload"])["text"] == events[good]["requestPayload"] == "hello"
    assert events[bad]["requestContext"]["approximateInvokeCount"] == 3
    assert events[bad]["responseContext"] == {"statusCode": 200, "functionError": "UnhandledInvocationError"}
    assert json.loads(events[bad]["responsePayload"])["errorMessage"] == "something is wrong"
    assert abs(events[bad]["timestamp"] / 1000 - fc.invocations[-1].started) < 10


def test_a_destination_needs_the_right_of_the_function_s_own_role(
    fc: Deployment, root: Keys, tmp_path: Path
) -> None:
    make_role(clients.ram(root), "sender", trusts("fc.aliyuncs.com"))
    target = f"acs:fc:cn-hangzhou:{fc.account}:functions/record"
    config = {"destinationConfig": {"onSuccess": {"destination": target}}}
    fc.deploy(recorder(tmp_path / "record"), function("kind", role="sender", asyncInvokeConfig=config))
    fc.invoke("kind", x_fc_invocation_type="Async")
    fc.drain()
    assert not (tmp_path / "record").exists()
    (lost,) = fc.service.undelivered
    assert (lost.kind, lost.target) == ("destination", target)
    assert "not authorized" in lost.reason


def test_a_destination_other_than_a_function_is_counted_as_unsupported(fc: Deployment) -> None:
    config = {"destinationConfig": {"onSuccess": {"destination": "acs:mns:cn-hangzhou:1:/queues/q/messages"}}}
    fc.deploy(function("echo", asyncInvokeConfig=config))
    fc.invoke("echo", x_fc_invocation_type="Async")
    fc.drain()
    assert fc.local.cloud.unsupported["fc", "destination mns"] == 1
    assert len(fc.service.undelivered) == 1


def test_messages_can_be_held_and_delivered_newest_first(fc: Deployment, tmp_path: Path) -> None:
    fc.set(reverse_deliveries=True)
    fc.deploy(recorder(tmp_path / "record"))
    for text in (b"1", b"2", b"3"):
        fc.invoke("record", text, x_fc_invocation_type="Async")
    assert not fc.invocations
    fc.drain()
    assert [line["event"] for line in lines(tmp_path / "record")] == ["3", "2", "1"]


def test_waiting_too_short_names_what_still_runs(fc: Deployment) -> None:
    fc.deploy(function("nap"))
    fc.invoke("nap", b"0.5", x_fc_invocation_type="Async")
    with pytest.raises(TimeoutError, match="asynchronous nap"):
        fc.drain(0.1)
    fc.drain()
