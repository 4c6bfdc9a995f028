"""What failed on every try is told to people; nothing that a payload says is trusted."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rolemend.errors import BadEvent, Refused, Throttled, Unreachable
from rolemend.incident.failures import MOST, Failure, Failures
from rolemend.incident.waiting import read_digest
from rolemend.work.events import Timer
from rolemend.work.failed_invocation import FailedInvocation, message_of, read_notify_event, report_failure
from tests.fakes import MemoryStore
from tests.work.scene import Scene
from tests.work.test_channels import DATA, OPS, channel, line, waiting

INCIDENT = f"inc-{'a' * 24}"


def event(**changes: Any) -> bytes:
    """A failure as Function Compute sends it."""
    context = {
        "requestId": "1-abc",
        "functionArn": "acs:fc:cn-hangzhou:1000000000000001:functions/rolemend-diagnose",
        "condition": "UnhandledInvocationError",
        "approximateInvokeCount": 4,
    }
    whole = {
        "timestamp": 1,
        "requestContext": context | changes.pop("context", {}),
        "requestPayload": json.dumps({"incident": INCIDENT}),
        "responseContext": {"statusCode": 200, "functionError": "UnhandledInvocationError"},
        "responsePayload": json.dumps({"errorMessage": "GetRole: Throttling", "errorType": "Unreachable"}),
    }
    return json.dumps(whole | changes).encode()


def failed(**changes: Any) -> FailedInvocation:
    found = read_notify_event(event(**changes))
    assert isinstance(found, FailedInvocation)
    return found


def report(scene: Scene, **changes: Any) -> str:
    return report_failure(failed(**changes), scene.notify_parts().delivery, scene.store).state


def test_a_failure_names_function_incident_and_last_error() -> None:
    scene = Scene()
    outcome = report_failure(failed(), scene.notify_parts().delivery, scene.store)
    (message,) = scene.sent
    assert message.title == "The function rolemend-diagnose failed for good"
    assert message.lines[0] == "It was tried 4 times; the last error: GetRole: Throttling"
    assert (message.incident, outcome.incident, outcome.state) == (INCIDENT, INCIDENT, "told")
    assert message.id == f"failed-rolemend-diagnose-{INCIDENT}"
    assert message.severity == "critical"
    assert message.commands == (f"rolemend incidents show {INCIDENT}",)


def test_it_is_told_in_chinese_too() -> None:
    scene = Scene(channels=(channel("ops", language="zh"),))
    report(scene)
    assert scene.sent[0].title == "函数 rolemend-diagnose 在所有重试后仍然失败"


@pytest.mark.parametrize("payload", ["no JSON", "[]", '{"incident": 7}', '{"incident": "../../x"}', None])
def test_a_payload_that_names_no_incident_is_told_without_one(payload: Any) -> None:
    assert failed(requestPayload=payload).incident == ""


def test_what_the_error_says_is_shown_as_text() -> None:
    hostile = json.dumps({"errorMessage": "[click](https://evil.example) \x1b[31m" + "x" * 5000})
    text = " ".join(message_of(failed(responsePayload=hostile), "en").lines)
    assert "[click](" not in text
    assert "\x1b" not in text
    assert len(text) < 1000


@pytest.mark.parametrize(
    "arn", ["", "acs:fc:x:1:functions/", "acs:fc:cn-hangzhou:1:functions/a b", "functions/x", 7]
)
def test_a_result_that_names_no_function_is_refused(arn: Any) -> None:
    with pytest.raises(BadEvent, match="names no function"):
        read_notify_event(event(context={"functionArn": arn}))


@pytest.mark.parametrize(
    "given", [b"", b"[" * 100_000, b"{}", b'{"requestContext": []}', b'{"incident": "x"}']
)
def test_anything_else_is_refused(given: bytes) -> None:
    with pytest.raises(BadEvent):
        read_notify_event(given)


def test_an_incident_is_still_an_incident() -> None:
    assert read_notify_event(json.dumps({"incident": INCIDENT}).encode()) == INCIDENT


def test_a_timer_is_no_failure() -> None:
    timer = {"triggerTime": "2026-01-01T00:00:00Z", "triggerName": "deliver", "payload": '{"job":"deliver"}'}
    assert read_notify_event(json.dumps(timer).encode()) == Timer("deliver")


def test_functions_of_a_2_0_service_are_named_too() -> None:
    arn = "acs:fc:cn-hangzhou:1:services/rolemend.LATEST/functions/rolemend-watch"
    assert failed(context={"functionArn": arn}).function == "rolemend-watch"


BUSY = Unreachable("webhook", "503", "the receiver could not take the message")


def test_every_channel_for_what_is_critical_is_told_in_the_channel_s_own_way() -> None:
    narrow = channel("team", roles=["emr-*"])
    quiet = channel("info", severities=["info"])
    scene = Scene(channels=(OPS, DATA, narrow, quiet))
    assert report(scene) == "told"
    assert sorted(sent.channel for sent in scene.outbox) == ["data", "ops"]


def nothing_waits(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """The ledger takes nothing that is to wait."""

    def down(key: str, data: bytes) -> None:
        raise Unreachable("AppendObject", "ServiceUnavailable", "try again")

    monkeypatch.setattr(scene.store, "add", down)


def test_what_a_channel_did_not_take_waits_for_it_and_is_sent_under_its_id_once() -> None:
    scene = Scene(channels=(channel("ops", language="zh"), DATA))
    scene.failing["ops"] = BUSY
    told = report_failure(failed(), scene.notify_parts().delivery, scene.store)
    assert (told.state, told.channels) == ("told", {"ops": str(BUSY), "data": "delivered"})
    scene.failing.clear()
    scene.now += 60
    for _ in range(2):
        scene.tell()
    assert [(sent.channel, sent.id) for sent in scene.outbox] == [
        ("data", f"failed-rolemend-diagnose-{INCIDENT}"),
        ("ops", f"failed-rolemend-diagnose-{INCIDENT}"),
    ]
    first, second = scene.sent
    assert (second.title, second.severity) == ("函数 rolemend-diagnose 在所有重试后仍然失败", "critical")
    assert (second.commands, len(second.lines)) == (first.commands, len(first.lines))
    (kept,) = read_digest(scene.store, "ops-1")
    assert (kept.message, kept.kind, kept.incident) == (second.id, "notice", INCIDENT)


def test_where_no_channel_takes_it_it_waits_for_all() -> None:
    scene = Scene(channels=(OPS, DATA))
    scene.failing |= {"ops": BUSY, "data": BUSY}
    assert report(scene) == "waiting"
    scene.failing.clear()
    scene.now += 60
    scene.tell()
    assert sorted(sent.channel for sent in scene.outbox) == ["data", "ops"]


def test_where_no_channel_takes_it_and_it_cannot_wait_function_compute_tries_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scene = Scene(channels=(OPS, DATA))
    nothing_waits(scene, monkeypatch)
    scene.failing |= {"ops": BUSY, "data": BUSY}
    with pytest.raises(Unreachable, match="503"):
        report(scene)
    with pytest.raises(Throttled, match="left alone"):
        report(scene)
    scene.failing.clear()
    scene.now += 60
    report(scene)
    assert {sent.id for sent in scene.outbox} == {f"failed-rolemend-diagnose-{INCIDENT}"}


def test_a_channel_that_is_down_keeps_it_from_no_other() -> None:
    scene = Scene(channels=(OPS, DATA))
    scene.failing["ops"] = BUSY
    assert report(scene) == "told"
    assert [sent.channel for sent in scene.outbox] == ["data"]


def test_failures_over_a_channel_s_limit_are_told_together_with_incidents() -> None:
    scene = Scene(channels=(channel("ops", per_minute=5),))
    states = [
        report(
            scene,
            requestPayload="{}",
            context={"requestId": f"1-{number}", "functionArn": f"acs:fc:x:1:functions/f-{number}"},
        )
        for number in range(10)
    ]
    assert (states, len(scene.outbox)) == (["told"] * 3 + ["waiting"] * 7, 3)
    scene.tell()
    digest = scene.outbox[-1]
    assert (digest.id, digest.sheet.title) == ("ops-1", "7 messages that waited")
    shown = "\n".join(row for section in digest.sheet.sections for row in section.lines)
    assert all(f"The function f-{number} failed for good (critical)" in shown for number in range(3, 10))
    assert "rolemend incidents digest ops-1" in shown
    assert [one.message for one in digest.content["messages"]] == [
        f"failed-f-{number}-1-{number}" for number in range(3, 10)
    ]

    waiting(scene, "ops", line(1), line(2))
    report(scene)
    scene.now += 61
    scene.tell()
    digest = scene.outbox[-1]
    assert digest.sheet.title == "2 incidents with 3 denials; 1 other messages"
    assert digest.sheet.severity == "critical"
    shown = "\n".join(row for section in digest.sheet.sections for row in section.lines)
    assert "The function rolemend-diagnose failed for good (critical)" in shown
    assert f"{line(2).incident}: 2 times" in shown


def test_notices_are_told_together_in_chinese_too() -> None:
    scene = Scene(channels=(channel("ops", language="zh"),))
    for number in (1, 2):
        title = "函数 x 在所有重试后仍然失败"
        waiting(scene, "ops", line(number, kind="notice", severity="critical", whole={"title": title}))
    scene.tell()
    (sent,) = scene.outbox
    assert sent.sheet.title == "2 条等待发送的消息"
    assert (sent.sheet.sections[0].heading, len(sent.sheet.sections[0].lines)) == ("其他消息", 2)


def test_a_notice_of_another_version_is_told_by_its_title() -> None:
    scene = Scene(channels=(channel("mail", type="apprise", url="mailtos://a:b@example.com"),))
    whole = {"title": "The function x failed for good", "lines": ["It was tried 4 times"]}
    waiting(scene, "mail", line(1, kind="notice", severity="critical", whole=whole))
    scene.tell()
    (sent,) = scene.outbox
    assert sent.sheet.sections[0].lines == (
        "The function x failed for good (critical)",
        "It was tried 4 times",
    )


def test_many_failures_in_a_minute_stay_under_the_channel_s_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene(channels=(channel("ops", per_minute=5),))
    nothing_waits(scene, monkeypatch)
    told = 0
    for number in range(10):
        try:
            report(scene, requestPayload=json.dumps({"incident": f"inc-{number:024x}"}))
            told += 1
        except Throttled as error:
            assert error.seconds == 60  # noqa: PT017
    assert told == len(scene.outbox) == 3


def test_a_failure_of_the_ledger_itself_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene(channels=(OPS,))

    def down(key: str) -> bytes:
        raise Unreachable("GetObject", "ServiceUnavailable", "try again")

    monkeypatch.setattr(scene.store, "read", down)
    assert report(scene) == "told"
    assert len(scene.outbox) == 1


def kept(scene: Scene) -> list[str]:
    return [key for key in scene.store.objects if key.startswith("failures/")]


def test_it_is_kept_once_however_often_it_is_told_and_before_any_channel_takes_it() -> None:
    scene = Scene(channels=(OPS,))
    at = int(scene.now) - 5
    scene.failing["ops"] = BUSY
    for _ in range(2):
        assert report(scene, timestamp=at * 1000) == "waiting"
    assert kept(scene) == ["failures/2026-01-01/000135-rolemend-diagnose-1-abc.json"]
    (one,) = Failures(scene.store, lambda: scene.now).newest()
    assert one == Failure(
        function="rolemend-diagnose",
        request="1-abc",
        at=at,
        tries=4,
        error="GetRole: Throttling",
        kind="Unreachable",
        incident=INCIDENT,
    )


@pytest.mark.parametrize("timestamp", [1, -1, 10**30, "x", None, 4_000_000_000_000])
def test_a_time_that_cannot_be_is_replaced_by_now(timestamp: Any) -> None:
    scene = Scene()
    report(scene, timestamp=timestamp, context={"requestId": "../../config/\x00x"})
    assert kept(scene) == ["failures/2026-01-01/000140-rolemend-diagnose-configx.json"]


def test_a_ledger_that_keeps_nothing_hinders_no_message(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene(channels=(OPS,))

    def refuse(key: str, data: bytes) -> None:
        raise Refused("PutObject", "AccessDenied", key)

    monkeypatch.setattr(scene.store, "put", refuse)
    assert report(scene) == "told"
    assert len(scene.outbox) == 1


def test_a_busy_role_is_kept_nowhere() -> None:
    scene = Scene()
    report(scene, responsePayload=json.dumps({"errorMessage": "", "errorType": "RoleBusy"}))
    assert kept(scene) == []


def test_the_newest_of_a_week_are_read_and_no_more() -> None:
    store = MemoryStore()
    now = 1_767_225_600.0 + 10 * 86_400
    failures = [
        Failure(function=f"f{number}", request="r", at=now - number * 7 * 86_400 / 30) for number in range(40)
    ]
    for one in failures:
        Failures(store, lambda at=one.at: at).keep(one)  # type: ignore[misc]
    assert Failures(store, lambda: now).newest() == tuple(failures[:MOST])
    assert Failures(store, lambda: now + 20 * 86_400).newest() == ()


def test_a_record_that_cannot_be_read_is_told_beside_the_others() -> None:
    store = MemoryStore()
    failures = Failures(store, lambda: 1_767_225_600.0)
    failures.keep(Failure(function="a", request="r", at=1_767_225_600.0))
    store.put("failures/2026-01-01/000001-b-r.json", b"{half")
    damaged, whole = failures.newest()
    assert whole.function == "a"
    assert damaged.error.startswith("failures/2026-01-01/000001-b-r.json: ")


def test_without_a_channel_for_it_nothing_is_tried_again() -> None:
    assert report(Scene(channels=(channel("info", severities=["info"]),))) == "told"


def test_a_role_that_was_busy_is_left_to_the_sweep() -> None:
    """Another instance is at work on it, or was stopped and leaves its lease to end."""
    scene = Scene()
    busy = json.dumps({"errorMessage": "the role etl is being changed", "errorType": "RoleBusy"})
    assert report(scene, responsePayload=busy) == "left to the sweep"
    assert scene.sent == []
    assert report(scene, responsePayload=busy, requestPayload="{}") == "told"
