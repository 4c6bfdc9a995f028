"""Several channels: who gets what, how many a minute, what waits, and what is told when a channel is dead."""

from __future__ import annotations

from collections import Counter

import msgspec
import pytest

from rolemend.account.interface import Known, PolicyUsers
from rolemend.errors import AccountError, AnswerLost, Throttled, Unreachable
from rolemend.incident.channels import MOST_ENTRIES, Channels, Failed, Works
from rolemend.incident.tokens import Tokens
from rolemend.incident.waiting import WaitingMessage, read_digest
from rolemend.notify.channel import Channel, Matter, route
from rolemend.notify.links import Links
from rolemend.work.delivery import deliver
from rolemend.work.digests import LEASE_SECONDS
from rolemend.work.notify import notify
from tests.fakes import MemoryStore
from tests.work.scene import ID, Scene, Stopped, rule


def channel(name: str, **changes: object) -> Channel:
    return msgspec.convert(
        {"name": name, "type": "webhook", "url": f"https://{name}.example.com"} | changes, Channel
    )


OPS, DATA = channel("ops"), channel("data")
BUSY = Unreachable("webhook", "503", "the receiver could not take the message")


def alerting(*channels: Channel) -> Scene:
    """An incident that only a person can mend."""
    scene = Scene(channels=channels or (OPS, DATA))
    scene.account.policy_users = Known(PolicyUsers(roles=("emr-role", "another")))
    scene.mended()
    return scene


def outcomes(scene: Scene) -> list[tuple[str, str]]:
    return [(one.channel, one.outcome) for one in scene.incident.deliveries]


def line(number: int = 1, **changes: object) -> WaitingMessage:
    fields: dict[str, object] = {
        "message": f"m-{number}",
        "incident": f"inc-{number:024x}",
        "kind": "alert",
        "severity": "warning",
    }
    fields |= {
        "count": number,
        "first": 1,
        "last": 2,
        "who": "ana",
        "action": "oss:GetObject",
        "code": "AccessDenied",
    }
    return msgspec.convert(fields | {"target": "oss://data/x"} | changes, WaitingMessage)


def waiting(scene: Scene, name: str, *lines: WaitingMessage) -> None:
    for each in lines:
        scene.notify_parts().delivery.waiting.add(name, each)


def test_every_channel_gets_the_message_under_one_id() -> None:
    scene = alerting()
    scene.notify()
    assert sorted((sent.channel, sent.id) for sent in scene.outbox) == [
        ("data", f"{ID}-1-alert"),
        ("ops", f"{ID}-1-alert"),
    ]
    assert outcomes(scene) == [("ops", "delivered"), ("data", "delivered")]


@pytest.mark.parametrize(
    ("matter", "names"),
    [
        (
            Matter(severity="critical", roles=frozenset({"emr-a"}), buckets=frozenset({"data-x"})),
            {"all", "mine"},
        ),
        (Matter(severity="info", roles=frozenset({"emr-a"}), buckets=frozenset({"data-x"})), {"all", "info"}),
        (Matter(severity="critical", roles=frozenset({"other"}), buckets=frozenset({"data-x"})), {"all"}),
        (Matter(severity="critical", roles=frozenset({"emr-a"})), {"all"}),
        (Matter(severity="critical", roles=frozenset({"emr-a"}), buckets=frozenset({"Data-x"})), {"all"}),
    ],
)
def test_severity_role_and_bucket_lead_to_a_channel(matter: Matter, names: set[str]) -> None:
    channels = (
        channel("all"),
        channel("mine", severities=["critical", "warning"], roles=["EMR-*"], buckets=["data-*"]),
        channel("info", severities=["info"]),
    )
    assert {one.name for one in route(channels, matter)} == names


def test_what_fits_no_channel_s_names_goes_to_all_that_take_its_severity() -> None:
    channels = (channel("a", roles=["x"]), channel("b", buckets=["y"], severities=["info"]))
    found = route(channels, Matter(severity="warning", roles=frozenset({"z"})))
    assert [one.name for one in found] == ["a"]


def test_a_message_that_no_channel_takes_is_settled_and_says_so() -> None:
    scene = alerting(channel("ops", severities=["info"]))
    assert scene.notify().state == "alerted"
    assert (scene.outbox, outcomes(scene)) == ([], [("", "unconfirmed")])


@pytest.mark.parametrize(
    "error",
    [BUSY, Throttled("x", "429", "full", 600), AccountError("x", "404", "gone"), AnswerLost("x", "T", "t")],
)
def test_a_channel_that_takes_nothing_holds_neither_the_others_nor_the_incident_up(
    error: AccountError,
) -> None:
    scene = alerting()
    scene.failing["ops"] = error
    assert scene.notify().state == "alerted"
    assert [sent.channel for sent in scene.outbox] == ["data"]
    assert outcomes(scene) == [("ops", str(error)), ("data", "delivered")]
    assert list(scene.ledger.open_ids()) == []


def test_a_repair_is_approved_and_made_while_every_channel_fails() -> None:
    scene = Scene(channels=(OPS,), guardrails=rule("approve"))
    scene.failing["ops"] = BUSY
    scene.mended()
    scene.notify()
    scene.approve()
    assert scene.remediate().state == "verified"


def test_a_robot_that_is_throttled_is_left_alone_for_as_long_as_it_asks() -> None:
    scene = alerting(OPS)
    scene.failing["ops"] = Throttled("dingtalk", "130101", "full", 600)
    scene.notify()
    scene.failing.clear()
    scene.now += 599
    assert scene.tell().channels[0].told == 0
    scene.now += 2
    assert scene.tell().channels[0].told == 1
    assert [sent.id for sent in scene.outbox] == [f"{ID}-1-alert"]


def test_several_that_wait_go_out_as_one_digest_that_names_and_counts_each() -> None:
    scene = Scene(channels=(OPS,))
    waiting(scene, "ops", *(line(number) for number in range(1, 8)), line(3, message="m-3-again", count=9))
    assert scene.tell().channels[0].told == 8
    (sent,) = scene.outbox
    assert sent.id == "ops-1"
    assert sent.sheet.title == "7 incidents with 34 denials"
    text = "\n".join(row for section in sent.sheet.sections for row in section.lines)
    assert all(f"inc-{number:024x}: {9 if number == 3 else number} times" in text for number in range(1, 8))
    assert "rolemend incidents digest ops-1" in text
    assert len(read_digest(scene.store, "ops-1")) == 8
    assert scene.tell().channels[0].told == 0


def test_a_digest_that_did_not_arrive_is_sent_again_with_the_same_id_and_the_same_messages() -> None:
    scene = Scene(channels=(OPS,))
    waiting(scene, "ops", line(1), line(2))
    scene.failing["ops"] = BUSY
    scene.tell()
    waiting(scene, "ops", line(3))
    scene.failing.clear()
    scene.now += 60
    scene.tell()
    scene.tell()
    assert [(sent.id, [one.message for one in sent.content["messages"]]) for sent in scene.outbox[:1]] == [
        ("ops-1", ["m-1", "m-2"])
    ]
    assert [sent.id for sent in scene.outbox] == ["ops-1", "ops-2"]


def test_a_digest_without_an_answer_is_sent_twice_and_no_more() -> None:
    scene = Scene(channels=(OPS,))
    waiting(scene, "ops", line(1), line(2))
    asked: list[int] = []

    def lose() -> None:
        asked.append(1)
        raise AnswerLost("x", "T", "t")

    scene.delivering += [lose] * 5
    for _ in range(5):
        scene.tell()
        scene.now += 7_200
    assert len(asked) == 2


def test_a_digest_whose_sender_stopped_is_sent_by_another_after_its_lease() -> None:
    scene = Scene(channels=(OPS,))
    waiting(scene, "ops", line(1), line(2))

    def stop() -> None:
        raise Stopped

    scene.delivering.append(stop)
    with pytest.raises(Stopped):
        scene.tell()
    scene.tell()
    assert scene.outbox == []
    scene.now += LEASE_SECONDS
    scene.tell()
    assert [sent.id for sent in scene.outbox] == ["ops-1"]


def test_two_timers_at_once_send_one_digest() -> None:
    scene = Scene(channels=(OPS,))
    waiting(scene, "ops", line(1), line(2))
    scene.delivering.append(scene.tell)
    scene.tell()
    assert [sent.id for sent in scene.outbox] == ["ops-1"]


def test_a_channel_that_refuses_is_reported_through_another_once() -> None:
    scene = alerting()
    scene.failing["ops"] = AccountError("dingtalk", "310000", "the receiver refused the message")
    scene.notify()
    for _ in range(3):
        scene.tell()
    assert [(sent.channel, sent.kind) for sent in scene.outbox] == [("data", "alert"), ("data", "channel")]
    shown = scene.outbox[1].sheet
    assert shown.title == "Rolemend's channel ops is dead"
    assert "1 messages wait for it" in shown.sections[0].lines[1]


def test_a_dead_channel_is_reported_to_those_for_whom_what_is_critical_is_and_else_to_any() -> None:
    info, team = channel("info", severities=["info"]), channel("team", buckets=["logs-*"])
    gone = AccountError("dingtalk", "310000", "the receiver refused the message")
    for others, through in (((info, team, DATA), "data"), ((info, team), "team"), ((info,), "info")):
        scene = alerting(OPS, *others)
        scene.failing["ops"] = gone
        scene.notify()
        scene.tell()
        assert [sent.channel for sent in scene.outbox if sent.kind == "channel"] == [through]
    scene = alerting(OPS, info, team, DATA)
    scene.failing |= {"ops": gone, "data": gone}
    scene.notify()
    scene.tell()
    assert {sent.channel for sent in scene.outbox if sent.kind == "channel"} == {"team"}


def test_a_channel_that_only_fails_is_dead_after_a_quarter_of_an_hour() -> None:
    scene = alerting()
    scene.failing["ops"] = BUSY
    scene.notify()
    kinds = []
    for _ in range(20):
        kinds.append([sent.kind for sent in scene.outbox].count("channel"))
        scene.now += 60
        scene.tell()
    assert kinds[:15] == [0] * 15
    assert kinds[-1] == 1


def test_a_channel_that_works_again_is_reported_again_when_it_dies_again() -> None:
    scene = alerting()
    scene.failing["ops"] = AccountError("x", "404", "gone")
    scene.notify()
    scene.tell()
    scene.failing.clear()
    scene.now += 3_600
    scene.tell()
    waiting(scene, "ops", line(1))
    scene.failing["ops"] = AccountError("x", "404", "gone")
    scene.tell()
    assert [sent.kind for sent in scene.outbox if sent.channel == "data"].count("channel") == 2


def test_no_minute_holds_more_than_the_limit_wherever_it_begins() -> None:
    store, now = MemoryStore(), [1_000_030.0]
    tokens = Tokens(store, lambda: now[0])
    sent = []
    for _ in range(400):
        if tokens.take("ops", "m", 20):
            sent.append(now[0])
        now[0] += 0.7
    assert len(sent) > 60
    assert max(sum(begin <= at < begin + 60 for at in sent) for begin in sent) == 20


def test_messages_that_are_to_be_apart_are_even_if_another_instance_is_always_quicker() -> None:
    store, now, rivals = MemoryStore(), [1_000_030.0], 6

    def sleep(seconds: float) -> None:
        nonlocal rivals
        now[0] += seconds
        if rivals:
            rivals -= 1
            assert tokens.take("ops", "rival", 20, 0.25)

    tokens = Tokens(store, lambda: now[0], sleep)
    assert tokens.take("ops", "ahead", 20, 0.25)
    assert tokens.take("ops", "m", 20, 0.25)
    assert now[0] == 1_000_030 + 7 * 0.25
    now[0] += 9
    assert tokens.take("ops", "m", 20, 0.25)
    assert now[0] == 1_000_039 + 7 * 0.25


def test_a_clock_that_is_ahead_elsewhere_holds_nothing_up() -> None:
    store, slept = MemoryStore(), list[float]()
    assert Tokens(store, lambda: 1_000_059.0).take("ops", "m", 20, 0.25)
    assert Tokens(store, lambda: 1_000_030.0, slept.append).take("ops", "m", 20, 0.25)
    assert slept == []


def test_of_many_instances_at_once_no_more_than_the_limit_send() -> None:
    store = MemoryStore()
    tokens = Tokens(store, lambda: 1_000_000.0)
    got: list[bool] = []

    def rival() -> None:
        if len(got) < 100:
            store_rival()

    append = store.append

    def contended(key: str, position: int, data: bytes) -> None:
        """Another instance always comes first, as long as it may."""
        store.append = append  # type: ignore[method-assign]
        rival()
        store.append = contended  # type: ignore[method-assign]
        append(key, position, data)

    def store_rival() -> None:
        got.append(tokens.take("ops", "rival", 20))

    store.append = contended  # type: ignore[method-assign]
    got += [tokens.take("ops", "mine", 20) for _ in range(50)]
    assert sum(got) == 20


ROBOT = "https://oapi.dingtalk.com/robot/send?access_token=hush&x=1"
ENGLISH = channel("en", type="dingtalk", url=ROBOT, language="en")
CHINESE = channel("zh", type="dingtalk", url=ROBOT.replace("access_token=hush&x=1", "x=1&access_token=hush"))


def told_in_turn(scene: Scene, *names: str) -> list[str]:
    """Of these messages on one incident, the channels that were sent each, side by side."""
    begun = len(scene.outbox)
    for name in names:
        deliver(scene.incident, "alert", name, scene.notify_parts().delivery)
    return [sent.channel for sent in scene.outbox[begun:]]


def test_channels_to_one_robot_share_its_messages_a_minute_and_no_other_s() -> None:
    scene = alerting(ENGLISH, CHINESE, DATA)
    sent = Counter(told_in_turn(scene, *(f"m-{number}" for number in range(15))))
    assert (sent["en"] + sent["zh"], sent["data"]) == (18, 15)
    assert min(sent.values()) > 1
    robots = {key.split("/")[1] for key in scene.store.objects if key.startswith("tokens/")}
    assert robots == {"en", "data"}
    scene.now += 61
    assert sum(drained.told for drained in scene.tell().channels) == 12


def test_a_robot_is_left_alone_by_all_its_channels_for_as_long_as_it_asks_one() -> None:
    scene = alerting(ENGLISH)
    scene.failing["en"] = Throttled("dingtalk", "130101", "full", 600)
    assert told_in_turn(scene, "m-1") == []
    scene.channels = (ENGLISH, CHINESE, DATA)
    scene.now += 599
    assert told_in_turn(scene, "m-2") == ["data"]
    assert [drained.told for drained in scene.tell().channels] == [0, 0, 0]
    scene.failing.clear()
    scene.now += 2
    assert [drained.told for drained in scene.tell().channels] == [2, 1, 0]


def test_a_wrong_secret_of_one_channel_holds_up_no_other_to_its_robot() -> None:
    scene = alerting(ENGLISH, CHINESE)
    scene.failing["en"] = AccountError("dingtalk", "310000", "the receiver refused the message")
    assert told_in_turn(scene, "m-1", "m-2") == ["zh", "zh"]


def test_past_minutes_are_dropped_and_days_that_were_told() -> None:
    scene = Scene(channels=(OPS,))
    waiting(scene, "ops", line(1), line(2))
    scene.tell()
    scene.now += 3 * 86_400
    waiting(scene, "ops", line(3), line(4))
    scene.tell()
    scene.tell()
    kept = [key for key in scene.store.objects if key.startswith(("tokens/", "waiting/"))]
    assert len([key for key in kept if key.startswith("tokens/")]) == 1
    assert {key.split("/")[2] for key in kept if key.startswith("waiting/")} == {"2026-01-04"}
    assert [sent.id for sent in scene.outbox] == ["ops-1", "ops-2"]


def test_a_journal_that_grew_long_is_followed_by_another_that_knows_the_same() -> None:
    states = Channels(MemoryStore(), "test", lambda: 5.0)
    for _ in range(MOST_ENTRIES):
        states.extend("ops", lambda known: [Failed(reason="x", until=9.0)])
    before = states.extend("ops", lambda known: [Failed(reason="y", until=9.0)])
    after = states.extend("ops", lambda known: [Failed(reason="z", until=10.0)])
    assert (before.failures, after.failures) == (MOST_ENTRIES + 1, MOST_ENTRIES + 2)
    assert states.load("ops") == after
    assert states.extend("ops", lambda known: [Works()]).failures == 0


def test_a_link_is_made_for_each_channel_and_a_channel_without_one_gets_the_plain_one() -> None:
    scene = alerting()
    parts = scene.notify_parts()
    links = Links(
        console="https://console.example.com",
        link_for=lambda incident, name: f"https://one.time/{name}" if name == "ops" else "",
    )
    delivery = msgspec.structs.replace(parts.delivery, links=links)
    notify(ID, msgspec.structs.replace(parts, delivery=delivery))
    assert {sent.channel: sent.sheet.links[0].url for sent in scene.outbox} == {
        "ops": "https://one.time/ops",
        "data": f"https://console.example.com/incidents/{ID}",
    }
