"""People are told of an audit's new findings, through the channels of their severity, and of nothing else."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from rolemend.audit.archive import compare_with_kept, keep
from rolemend.audit.model import Report
from rolemend.errors import AccountError, BadEvent, Unreachable
from rolemend.notify.links import Links
from rolemend.work.audited import KeptReport, report_event, tell_findings
from rolemend.work.failed_invocation import read_notify_event
from tests.audit.reports import finding, report
from tests.work.scene import Scene
from tests.work.test_channels import channel
from tests.work.test_failed_invocation import nothing_waits

CHINESE = "对账号 1000000000000001 的审计发现 1 个新问题。"
LATER = "20260201T180000Z"


KEY = "reports/2026-01-31-20260131T180000Z"
ONE, ANOTHER = "1" * 32, "2" * 32


def kept(scene: Scene, made: Report, asking: str = ONE) -> KeptReport:
    noted, comparison = compare_with_kept(scene.store, made)
    return KeptReport(keep(scene.store, noted, comparison, "en"), asking)


def told(scene: Scene, made: Report) -> str:
    return tell_findings(kept(scene, made), scene.store, scene.notify_parts().delivery).state


def test_new_findings_are_told_once() -> None:
    scene = Scene()
    assert told(scene, report(finding(name="Etl"))) == "told"
    (message,) = scene.sent
    assert message.title == "The audit of account 1000000000000001 found 1 new problems."
    assert "Etl" in message.lines[0]
    assert any("reports/2026-01-31" in line for line in message.lines)
    assert told(scene, report(finding(name="Etl"), run=LATER)) == "nothing new"
    assert told(scene, report(finding(name="Etl"), finding(name="Spark"), run="20260202T180000Z")) == "told"
    assert len(scene.sent) == 2


def test_the_message_leads_to_the_report_in_the_console() -> None:
    scene = Scene()
    delivery = msgspec.structs.replace(
        scene.notify_parts().delivery, links=Links(console="https://console.example.com/")
    )
    tell_findings(kept(scene, report(finding())), scene.store, delivery)
    assert [link.url for link in scene.sent[0].links] == [
        "https://console.example.com/reports/20260131T180000Z"
    ]


def test_an_account_in_order_is_told_to_nobody() -> None:
    scene = Scene()
    assert told(scene, report(finding(answer="passed"))) == "nothing new"
    assert scene.sent == []


def test_each_channel_is_told_in_its_language_and_only_of_its_severities() -> None:
    quiet, chinese = channel("quiet", severities=["info"]), channel("ops", language="zh")
    scene = Scene(channels=(quiet, chinese))
    assert told(scene, report(finding())) == "told"
    (message,) = scene.sent
    assert message.title == CHINESE


def test_hostile_names_stay_text() -> None:
    scene = Scene()
    told(scene, report(finding(name="[click](https://evil.example) <b>\x1b[31m")))
    shown = "".join(scene.sent[0].lines)
    assert "](http" not in shown
    assert "<b>" not in shown
    assert "\x1b" not in shown


def test_the_payload_names_the_report_and_nothing_else_is_believed() -> None:
    event = json.loads(report_event(KEY))
    event["text"] = "pay here"
    assert read_notify_event(json.dumps(event).encode()) == KeptReport(KEY, event["asking"])


@pytest.mark.parametrize("asking", ["", "x" * 32, "1" * 33, 7, None, {}])
def test_an_asking_of_no_form_is_one_of_its_own(asking: Any) -> None:
    event = json.dumps({"audit": KEY, "asking": asking}).encode()
    first, second = read_notify_event(event), read_notify_event(event)
    assert isinstance(first, KeptReport)
    assert isinstance(second, KeptReport)
    assert first.key == KEY
    assert first.asking != second.asking


def test_of_two_askings_at_once_one_tells() -> None:
    """The last two parts of a run may end at one time, and each asks for the message."""
    scene = Scene()
    asked = kept(scene, report(finding()))
    other = msgspec.structs.replace(asked, asking=ANOTHER)
    delivery = scene.notify_parts().delivery
    states = []

    def sender(one: Any) -> Any:
        states.append(tell_findings(other, scene.store, delivery).state)
        return delivery.open_sender(one)

    slow = msgspec.structs.replace(delivery, open_sender=sender)
    assert tell_findings(asked, scene.store, slow).state == "told"
    assert states == ["another tells"]
    assert tell_findings(other, scene.store, delivery).state == "told before"
    assert tell_findings(asked, scene.store, delivery).state == "told before"
    assert len(scene.sent) == 1


def test_what_a_channel_did_not_take_waits_for_it_and_stands_in_the_audit_s_journal() -> None:
    scene = Scene(channels=(channel("ops"), channel("data")))
    scene.failing["ops"] = Unreachable("send", "503", "down")
    asked = kept(scene, report(finding(name="Etl")))
    for expected in ("told", "told before"):
        assert tell_findings(asked, scene.store, scene.notify_parts().delivery).state == expected
    journal = scene.store.read(f"audits/{asked.key[19:]}/told.jsonl").decode()
    assert '"channels":{"ops":"send: 503: down","data":"delivered"}' in journal
    scene.failing.clear()
    scene.now += 60
    for _ in range(2):
        scene.tell()
    assert [sent.channel for sent in scene.outbox] == ["data", "ops"]
    assert scene.sent[0] == scene.sent[1]


def test_an_asking_that_failed_is_tried_again_and_another_takes_over_once_its_claim_is_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scene = Scene(channels=(channel("ops"),))
    nothing_waits(scene, monkeypatch)
    asked = kept(scene, report(finding()))
    other = msgspec.structs.replace(asked, asking=ANOTHER)
    scene.failing["ops"] = Unreachable("send", "503", "down")
    for _ in range(2):
        with pytest.raises(AccountError):
            tell_findings(asked, scene.store, scene.notify_parts().delivery)
    assert tell_findings(other, scene.store, scene.notify_parts().delivery).state == "another tells"
    scene.failing.clear()
    scene.now += 3_600
    assert tell_findings(other, scene.store, scene.notify_parts().delivery).state == "told"
    assert len(scene.sent) == 1


@pytest.mark.parametrize(
    "key", ["", "reports/../config/guardrails.toml", "incidents/inc-1", 7, None, "reports/x"]
)
def test_anything_but_the_key_of_a_report_is_refused(key: Any) -> None:
    with pytest.raises(BadEvent):
        read_notify_event(json.dumps({"audit": key}).encode())


def test_a_report_that_cannot_be_read_is_no_message() -> None:
    scene = Scene()
    delivery = scene.notify_parts().delivery
    with pytest.raises(AccountError):
        tell_findings(KeptReport(KEY, ONE), scene.store, delivery)
    scene.store.put(f"{KEY}.json", b"{}")
    with pytest.raises(BadEvent):
        tell_findings(KeptReport(KEY, ONE), scene.store, delivery)
    assert scene.sent == []


def test_where_no_channel_takes_it_and_it_cannot_wait_function_compute_tries_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scene = Scene(channels=(channel("ops"),))
    nothing_waits(scene, monkeypatch)
    scene.failing["ops"] = Unreachable("send", "503", "down")
    with pytest.raises(AccountError):
        told(scene, report(finding()))
