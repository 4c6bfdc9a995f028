"""Ten thousand different incidents in one minute: a robot gets twenty messages at most, and people lose no fact."""

from __future__ import annotations

import re
import time
from concurrent.futures import ThreadPoolExecutor

import msgspec
import pytest

from localcloud.server import LocalCloud
from rolemend.account.access import Access, Credentials
from rolemend.account.oss import OssStore
from rolemend.checklist.model import Advice, Diagnosis
from rolemend.incident.journal import Counted, Diagnosed, Opened
from rolemend.incident.tokens import Tokens
from rolemend.incident.waiting import WaitingMessages, read_digest
from rolemend.notify.channel import Channel
from rolemend.notify.sender import open_sender
from rolemend.signals.denial import BucketTarget, Denial, fingerprint, incident_id
from rolemend.text import text
from rolemend.work.notify import Parts, notify
from tests.clients import Keys, bucket
from tests.notify.robots import SECRET, dingtalk, feishu
from tests.samples import LISTING
from tests.work.scene import Scene
from tests.work.test_channels import line

INCIDENTS = 10_000
MISSING = Diagnosis(
    checklist="oss-access",
    findings=(),
    cause="permission_missing",
    remedy=Advice(statement=text("Ask the owner of the bucket.")),
)


def denial(number: int) -> Denial:
    target = BucketTarget(bucket=f"data-{number % 700}-{number // 700}", key=f"part-{number}")
    return msgspec.structs.replace(LISTING, signal_id=f"r-{number}", target=target)


def diagnosed(scene: Scene, number: int) -> str:
    """An incident of so many denials that waits for `notify`."""
    one = denial(number)
    key, count = incident_id(one), 1 + number % 7
    opened = Opened(fingerprint=fingerprint(one), denial=one)
    counted = Counted(signals=(one.signal_id,), count=count, first=one.time, last=one.time)
    scene.ledger.extend(key, lambda known: [opened, counted, Diagnosed(diagnosis=MISSING)])
    return key


def parts_to(scene: Scene, channel: Channel) -> Parts:
    parts = scene.notify_parts()
    delivery = msgspec.structs.replace(parts.delivery, channels=(channel,), open_sender=open_sender)
    return msgspec.structs.replace(parts, delivery=delivery)


@pytest.mark.timeout(600)
def test_a_storm_reaches_people_in_twenty_messages_that_lose_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The real `notify` on a ledger in memory, and a robot that verifies and counts as DingTalk does."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    scene = Scene()
    begun = scene.now
    with dingtalk() as robot:
        url = f"{robot.host}/robot/send?access_token=hush"
        parts = parts_to(scene, Channel(name="ops", type="dingtalk", url=url, secret=SECRET))
        counts: dict[str, int] = {}
        for number in range(INCIDENTS):
            scene.now = begun + 59 * number / INCIDENTS
            key = diagnosed(scene, number)
            counts[key] = 1 + number % 7
            assert notify(key, parts).state == "alerted"
        assert robot.asked == 18
        scene.now = begun + 59.9
        (drained,) = _tell(parts)
        assert robot.asked == 19
        assert len(robot.bodies) == robot.asked, "each was taken"

    texts = [content["markdown"]["text"].replace("\\", "") for content in robot.contents]
    singles = {found[0] for shown in texts[:-1] if (found := re.findall(r"inc-[0-9a-f]{24}", shown))}
    told = {each.incident: each.count for each in read_digest(scene.store, "ops-1")}
    assert len(singles) == 18
    assert told == {key: count for key, count in counts.items() if key not in singles}
    assert drained == len(told)
    digest = texts[-1]
    assert f"{len(told)} incidents with {sum(told.values())} denials" in digest
    assert "rolemend incidents digest ops-1" in digest
    for heading in ("By cause", "By role or user", "By target"):
        section = digest.split(f"**{heading}**")[1].split("**")[0]
        pairs = [tuple(map(int, pair)) for pair in re.findall(r"(\d+) incidents, (\d+) denials", section)]
        assert [sum(column) for column in zip(*pairs, strict=True)] == [len(told), sum(told.values())]


def test_a_burst_to_feishu_goes_out_as_fast_as_it_takes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    scene = Scene()
    with feishu() as robot:
        url = f"{robot.host}/open-apis/bot/v2/hook/hush"
        parts = parts_to(scene, Channel(name="ops", type="feishu", url=url, secret=SECRET))
        delivery = msgspec.structs.replace(parts.delivery, tokens=Tokens(scene.store, time.time))
        parts = msgspec.structs.replace(parts, delivery=delivery)
        for number in range(8):
            notify(diagnosed(scene, number), parts)
        assert (robot.asked, len(robot.bodies)) == (8, 8)


def _tell(parts: Parts) -> tuple[int, ...]:
    from rolemend.work.telling import tell

    return tuple(drained.told for drained in tell(parts).channels)


@pytest.fixture
def store(local: LocalCloud, root: Keys, account: str) -> OssStore:
    """The ledger's bucket in the local cloud."""
    bucket(root, "ledger-storm").create_bucket("private")
    access = Access(
        account=account, region="cn-hangzhou", credentials=Credentials(root.id, root.secret), scheme="http"
    )
    return OssStore(access, "ledger-storm", "cn-hangzhou")


def test_instances_that_send_at_once_share_twenty_tokens_in_oss(store: OssStore) -> None:
    tokens = Tokens(store, lambda: 1_000_000.0)
    with ThreadPoolExecutor(8) as pool:
        got = list(pool.map(lambda number: tokens.take("ops", f"m-{number}", 20), range(60)))
    assert sum(got) == 20


def test_messages_that_come_at_once_all_wait_in_oss(store: OssStore) -> None:
    waiting = WaitingMessages(store, lambda: 1_000_000.0)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: waiting.add("ops", line(number)), range(1, 81)))
    batch = waiting.after("ops", {})
    assert {each.message for each in batch.lines} == {f"m-{number}" for number in range(1, 81)}
    assert waiting.after("ops", batch.ends).lines == ()
    waiting.add("ops", line(81))
    assert [each.message for each in waiting.after("ops", batch.ends).lines] == ["m-81"]
    assert {each.message for each in waiting.between({}, batch.ends).lines} == {
        f"m-{number}" for number in range(1, 81)
    }
