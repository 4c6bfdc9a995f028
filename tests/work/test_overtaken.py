"""A trust policy that a person wrote in the moment of our own write is found in ActionTrail, and people get both."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from rolemend.errors import Unreachable
from rolemend.incident.journal import Overtaken
from rolemend.notify.channel import matter_of
from rolemend.notify.links import Links
from rolemend.notify.message import OVERWRITTEN, compose
from rolemend.work import watch
from rolemend.work.events import TrailEvents
from rolemend.work.remediate import LEASE_SECONDS
from rolemend.work.telling import tell as telling
from tests.remedy.test_plan import trusting
from tests.samples import ACCOUNT
from tests.work.scene import Scene
from tests.work.test_remediate import untrusted
from tests.work.test_resume import stopped_after_the_write, stopped_before_the_write

THEIRS = trusting("ecs.aliyuncs.com", "oss.aliyuncs.com")


def event(scene: Scene, document: str = THEIRS, **changes: Any) -> dict[str, Any]:
    """What ActionTrail tells of a person who wrote the role's trust policy now."""
    from time import gmtime, strftime

    told: dict[str, Any] = {
        "eventName": "UpdateRole",
        "serviceName": "Ram",
        "eventId": "edit-1",
        "eventTime": strftime("%Y-%m-%dT%H:%M:%SZ", gmtime(scene.now)),
        "acsRegion": "cn-hangzhou",
        "recipientAccountId": ACCOUNT,
        "userIdentity": {"type": "ram-user", "accountId": ACCOUNT, "principalId": "2001", "userName": "ana"},
        "requestParameters": {"RoleName": "emr-role", "NewAssumeRolePolicyDocument": document},
    }
    return told | changes


def tell(scene: Scene, *events: dict[str, Any]) -> None:
    parts = msgspec.structs.replace(scene.watch_parts(), account=ACCOUNT)
    watch.watch(TrailEvents(events=tuple(events)), parts)


def mended() -> Scene:
    scene = untrusted()
    assert scene.mended().state == "verified"
    scene.functions.started.clear()
    return scene


def test_both_documents_are_told_once_and_the_repair_as_well() -> None:
    scene = mended()
    for _ in range(2):
        tell(scene, event(scene))
        scene.diagnose()
        scene.notify()
    (fact,) = (entry.fact for entry in scene.entries if isinstance(entry.fact, Overtaken))
    assert (fact.by, json.loads(fact.document)) == ("ana", json.loads(THEIRS))
    assert [message.kind for message in scene.sent] == ["alert", "remediated"]
    raised = scene.sent[0]
    assert json.loads(raised.document) == json.loads(THEIRS)
    assert "oss.aliyuncs.com" in raised.difference
    assert raised.difference.count("sts:AssumeRole") == 1  # the lines that both have are shown too
    assert (scene.incident.state, scene.incident.raised) == ("verified", False)
    assert scene.started == ["diagnose", "notify", "notify"]
    assert list(scene.ledger.open_ids()) == []


@pytest.mark.parametrize("stop", [stopped_before_the_write, stopped_after_the_write])
def test_it_is_told_also_where_the_change_is_finished_by_another_instance(
    stop: Callable[[Scene], Scene],
) -> None:
    """Who finishes a change announces it anew, under another id."""
    scene = stop(untrusted())
    tell(scene, event(scene))
    scene.now += LEASE_SECONDS
    scene.remediate()
    scene.notify()
    assert [message.kind for message in scene.sent] == ["alert", "remediated"]
    assert scene.incident.changes[-1].id in " ".join(scene.sent[0].lines)


def test_it_is_told_after_the_repair_was_told_too() -> None:
    scene = mended()
    scene.notify()
    tell(scene, event(scene))
    assert list(scene.ledger.open_ids()) == [scene.id]
    scene.notify()
    assert [message.kind for message in scene.sent] == ["remediated", "alert"]


def test_what_waits_for_a_channel_is_told_with_the_document_that_it_was_about() -> None:
    scene = mended()
    scene.failing["test"] = Unreachable("webhook", "503", "the receiver could not take the message")
    tell(scene, event(scene))
    scene.notify()
    assert (scene.incident.raised, scene.sent) == (False, [])
    other = trusting("ecs.aliyuncs.com", "fc.aliyuncs.com")
    tell(scene, event(scene, other, eventId="edit-2"))
    parts = scene.notify_parts()
    links = Links(console="https://console.example.com")
    for number, document in enumerate((THEIRS, other), 1):
        name = f"{scene.id}-1-overwritten-{number}"
        message = compose(scene.incident, "en", OVERWRITTEN, links, name)
        assert (message.id, message.kind, message.severity) == (name, "alert", "critical")
        assert json.loads(message.document) == json.loads(document)
        assert message.links[0].url == f"https://console.example.com/incidents/{scene.id}"
    assert matter_of(scene.incident, OVERWRITTEN).severity == "critical"
    scene.failing.clear()
    scene.now += 60
    assert [drained.told for drained in telling(parts).channels] == [2]
    assert [sent.kind for sent in scene.outbox] == ["digest"]


@pytest.mark.parametrize(
    "changes",
    [
        {"errorCode": "NoPermission"},
        {"serviceName": "Other"},
        {"recipientAccountId": "1999999999999999"},
        {"userIdentity": {"type": "assumed-role", "accountId": ACCOUNT, "userName": "rolemend-remediate:s"}},
        {"requestParameters": {"RoleName": "emr-role", "NewDescription": "new"}},
        {"requestParameters": {"RoleName": "other", "NewAssumeRolePolicyDocument": THEIRS}},
        {"requestParameters": {"RoleName": "../emr-role", "NewAssumeRolePolicyDocument": THEIRS}},
        {"requestParameters": {"RoleName": "emr-role", "NewAssumeRolePolicyDocument": "x" * 9_000}},
        {"requestParameters": {"RoleName": ["emr-role"], "NewAssumeRolePolicyDocument": {"a": 1}}},
        {"eventTime": "2026-01-01T00:00:00Z"},
        {"userIdentity": None},
    ],
)
def test_other_events_are_nobodys_loss(changes: dict[str, Any]) -> None:
    scene = mended()
    before = dict(scene.store.objects)
    tell(scene, event(scene, **changes))
    assert scene.store.objects == before
    assert scene.started == []


def test_what_a_change_began_from_or_wrote_itself_is_not_lost() -> None:
    scene = mended()
    change = scene.incident.change
    assert change is not None
    write = change.plan.write
    before = dict(scene.store.objects)
    tell(scene, event(scene, write.before), event(scene, write.after, eventId="edit-2"))
    assert scene.store.objects == before


def test_an_edit_without_a_role_that_was_ever_leased_costs_one_read_and_nothing_else() -> None:
    scene = Scene()
    tell(scene, event(scene))
    assert scene.store.objects == {}


def test_who_forges_many_such_edits_raises_a_few() -> None:
    scene = mended()
    documents = [trusting("ecs.aliyuncs.com", f"s{number}.aliyuncs.com") for number in range(9)]
    tell(scene, *(event(scene, one, eventId=f"edit-{n}") for n, one in enumerate(documents)))
    assert len(scene.incident.overtaken) == 5


def test_names_and_documents_of_a_log_are_shown_as_text() -> None:
    scene = mended()
    who = {"type": "ram-user", "accountId": ACCOUNT, "principalId": "1", "userName": "a\u001b[31m\n<b>"}
    tell(scene, event(scene, userIdentity=who))
    scene.notify()
    shown = " ".join((*scene.sent[0].lines, *scene.sent[0].advice, scene.sent[0].difference))
    assert "\u001b" not in shown
    assert "<b>" not in " ".join(scene.sent[0].lines)
