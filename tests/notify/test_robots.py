"""Messages to robots that verify as the services do: signature and payload byte for byte, refusals and throttling."""

from __future__ import annotations

import json
import logging
import re
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

from rolemend.errors import AccountError, AnswerLost, Throttled, Unreachable
from rolemend.incident.life import DIAGNOSED, Incident
from rolemend.notify import dingtalk as dingtalk_room
from rolemend.notify import feishu as feishu_room
from rolemend.notify.channel import Channel
from rolemend.notify.links import Link, Links
from rolemend.notify.message import compose
from rolemend.notify.render import Sheet
from rolemend.notify.sections import Section
from rolemend.notify.sender import open_sender, send_message, sheet_of
from tests.notify.robots import (
    SECRET,
    Answer,
    Robot,
    answer,
    dingtalk,
    discord,
    feishu,
    slack,
    teams,
    telegram,
    wecom,
)
from tests.samples import LISTING

SLACK = "https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"
INCIDENT = Incident(id="inc-000000000000000000000001", state=DIAGNOSED, denial=LISTING, count=3)
MESSAGE = compose(INCIDENT, "zh", links=Links(console="https://console.example.com"))
SHEET = Sheet(
    title="Denied: ana",
    severity="warning",
    sections=(
        Section(heading="Cause", lines=("a *b*",)),
        Section(heading="Commands", lines=("rolemend incidents show inc-1",), code=True),
    ),
    links=(Link(label="Console", url="https://console.example.com/incidents/inc-1"),),
)


@pytest.fixture(autouse=True)
def direct(monkeypatch: pytest.MonkeyPatch) -> None:
    """Receivers on this machine are asked without a proxy."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture(params=["dingtalk", "feishu", "lark", "wecom", "slack"])
def robot(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Robot, Channel]]:
    """A robot of each kind, and the channel that leads to it."""
    kinds = {"dingtalk": dingtalk, "feishu": feishu, "lark": feishu, "wecom": wecom, "slack": slack}
    with kinds[request.param]() as robot:
        yield robot, channel_to(request.param, robot, monkeypatch)


def channel_to(kind: str, robot: Robot, monkeypatch: pytest.MonkeyPatch) -> Channel:
    if kind == "slack":
        from apprise.plugins.slack import NotifySlack

        monkeypatch.setattr(NotifySlack, "webhook_url", f"{robot.host}/services")
        return Channel(name="ops", type="apprise", url=SLACK)
    paths = {"dingtalk": "/robot/send?access_token=hush", "wecom": "/cgi-bin/webhook/send?key=hush"}
    path = paths.get(kind, "/open-apis/bot/v2/hook/hush")
    secret = "" if kind == "wecom" else SECRET
    return Channel(name="ops", type=kind, url=robot.host + path, secret=secret)  # type: ignore[arg-type]


def send(channel: Channel) -> None:
    send_message(open_sender(channel), channel, MESSAGE, "zh")


def test_the_signatures_are_those_of_the_documented_formulas() -> None:
    signed = dingtalk_room.signed(
        "https://oapi.dingtalk.com/robot/send?access_token=x", SECRET, 1_700_000_000_000
    )
    assert signed == (
        "https://oapi.dingtalk.com/robot/send?access_token=x&timestamp=1700000000000"
        "&sign=ov8qhT9bsX9RxAklK%2FCp5w3J0FNmRmG5ubDkc8sg%2FZE%3D"
    )
    assert feishu_room.signature("demo", 1_599_360_473) == "l1N0gAcBjdwBvGm1xMjOF0XSyaLRpR7tuO5dHfhAYc8="


def test_a_robot_takes_what_it_is_sent(robot: tuple[Robot, Channel]) -> None:
    receiver, channel = robot
    send(channel)
    shown = receiver.bodies[0].decode()
    assert "rolemend incidents show inc-000000000000000000000001" in shown.replace("\\\\", "")
    assert "影响范围" in json.dumps(receiver.contents[0], ensure_ascii=False)
    assert "https://console.example.com/incidents/inc-000000000000000000000001" in shown


def test_the_payload_to_dingtalk_is_this() -> None:
    assert dingtalk_room.body_of(SHEET) == (
        b'{"msgtype":"markdown","markdown":{"title":"Denied: ana","text":"#### Denied: ana\\n\\n**Cause**\\n\\n'
        b"- a \\\\*b\\\\*\\n\\n**Commands**\\n\\n```\\nrolemend incidents show inc-1\\n```\\n\\n"
        b'[Console](https://console.example.com/incidents/inc-1)\\n\\n"},"at":{"isAtAll":false}}'
    )


def test_the_payload_to_feishu_is_this() -> None:
    assert feishu_room.body_of(SHEET, "demo", 1_599_360_473.9) == (
        b'{"timestamp":"1599360473","sign":"l1N0gAcBjdwBvGm1xMjOF0XSyaLRpR7tuO5dHfhAYc8=",'
        b'"msg_type":"interactive","card":{"config":{"wide_screen_mode":true},'
        b'"header":{"title":{"tag":"plain_text","content":"Denied: ana"},"template":"orange"},"elements":['
        b'{"tag":"div","text":{"tag":"plain_text","content":"Cause\\na *b*"}},'
        b'{"tag":"div","text":{"tag":"plain_text","content":"Commands\\nrolemend incidents show inc-1"}},'
        b'{"tag":"action","actions":[{"tag":"button","type":"default","text":{"tag":"plain_text",'
        b'"content":"Console"},"url":"https://console.example.com/incidents/inc-1"}]}]}}'
    )


def test_the_payload_to_wecom_is_this() -> None:
    from rolemend.notify.wecom import body_of

    assert body_of(SHEET).decode() == (
        '{"msgtype":"markdown","markdown":{"content":"**Denied: ana**\\n**Cause**\\n> a \uff0ab\uff0a\\n**Commands**\\n'
        '> rolemend incidents show inc-1\\n[Console](https://console.example.com/incidents/inc-1)\\n"}}'
    )


def test_the_payload_to_slack_is_this(monkeypatch: pytest.MonkeyPatch) -> None:
    with slack() as robot:
        channel = channel_to("slack", robot, monkeypatch)
        monkeypatch.setattr("apprise.plugins.slack.time", lambda: 1_700_000_000.5)
        open_sender(channel).send("m-1", SHEET, {})
    icon = (
        "https://github.com/caronc/apprise/raw/master/apprise/assets/themes/default/apprise-warning-72x72.png"
    )
    assert robot.bodies == [
        b'{"mrkdwn": false, "attachments": [{"title": "Denied: ana", "text": "Cause:\\na *b*\\n\\nCommands:\\n'
        b'rolemend incidents show inc-1\\n\\nConsole: https://console.example.com/incidents/inc-1", '
        b'"color": "#CACF29", "footer_icon": "%b", "footer": "Rolemend", "ts": 1700000000.5}], "icon_url": "%b"}'
        % (icon.encode(), icon.encode())
    ]


def test_the_payload_to_slack_holds_nothing_that_slack_takes_for_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hostile = Sheet(
        title="T <!here>", severity="critical", sections=(Section(heading="", lines=("<!channel> & <u|v>",)),)
    )
    with slack() as robot:
        channel = channel_to("slack", robot, monkeypatch)
        open_sender(channel).send("m-1", hostile, {})
    (content,) = robot.contents
    (attachment,) = content["attachments"]
    assert content["mrkdwn"] is False
    assert (attachment["title"], attachment["text"]) == (
        "T &lt;!here&gt;",
        "&lt;!channel&gt; &amp; &lt;u|v&gt;",
    )


LIVE = "[x](http://evil.example) @everyone <@1> <@&2> <at>u@example.com</at> `rm` www.evil.example"
HOSTILE = Sheet(
    title="t",
    severity="warning",
    sections=(
        Section(heading="Difference", lines=(f"+{LIVE}",), code=True, rank=3),
        Section(heading="Commands", lines=("rolemend incidents show inc-1",), code=True),
    ),
    links=(Link(label="Console", url="https://console.example.com/incidents/inc-1"),),
)
ACTS = re.compile(r"\]\(|https?://|www\.|@\w|<|`")


def to_discord(robot: Robot, monkeypatch: pytest.MonkeyPatch) -> Channel:
    from apprise.plugins.discord import NotifyDiscord

    monkeypatch.setattr(NotifyDiscord, "notify_url", f"{robot.host}/api/webhooks")
    return Channel(name="ops", type="apprise", url=f"discord://4174216298/{'A' * 64}")


def to_teams(robot: Robot, monkeypatch: pytest.MonkeyPatch) -> Channel:
    """The library knows https alone; the receiver on this machine has no certificate."""
    import requests

    post = requests.post
    monkeypatch.setattr(requests, "post", lambda url, **given: post(f"http{url[5:]}", **given))
    return Channel(name="ops", type="apprise", url=f"workflow{robot.host[4:]}/workflow/signature/")


def test_no_difference_is_live_in_discord(monkeypatch: pytest.MonkeyPatch) -> None:
    with discord() as robot:
        open_sender(to_discord(robot, monkeypatch)).send("m-1", HOSTILE, {})
    (content,) = robot.contents
    shown, address = content["content"].split("Console: ")
    assert not ACTS.search(shown)
    assert "rolemend incidents show inc-1" in shown
    assert address == "https://console.example.com/incidents/inc-1"
    assert not {"allow_mentions", "embeds"} & set(content)


def test_no_difference_is_live_in_teams(monkeypatch: pytest.MonkeyPatch) -> None:
    with teams() as robot:
        open_sender(to_teams(robot, monkeypatch)).send("m-1", HOSTILE, {})
    (content,) = robot.contents
    card = content["attachments"][0]["content"]
    assert card["msteams"] == {"width": "full"}  # no entity: nobody is mentioned
    shown = card["body"][-1]["text"].split("Console:")[0]
    assert not ACTS.search(shown)
    assert "rolemend incidents show" in shown


def to_telegram(robot: Robot, monkeypatch: pytest.MonkeyPatch) -> Channel:
    from apprise.plugins.telegram import NotifyTelegram

    monkeypatch.setattr(NotifyTelegram, "notify_url", f"{robot.host}/bot")
    return Channel(name="ops", type="apprise", url="tgram://123456789:abcdefghijklmnopqrstuvwxyz012345678/42")


FEW_CHARACTERS = {"discord": (discord, to_discord), "telegram": (telegram, to_telegram)}


@pytest.mark.parametrize("kind", FEW_CHARACTERS)
def test_a_service_that_takes_few_characters_is_sent_no_more(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    make, to = FEW_CHARACTERS[kind]
    rows = tuple(Section(heading="", lines=("\U0001f600 <&_*>" * 20,), rank=1 + rank) for rank in range(50))
    long = Sheet(title="标题" * 200, severity="warning", sections=(*HOSTILE.sections, *rows))
    with make() as robot:
        open_sender(to(robot, monkeypatch)).send("m-1", long, {})
    (content,) = robot.contents
    shown = content.get("content") or content["text"]
    assert "rolemend incidents show inc-1".replace(" ", "") in re.sub(r"\s|&nbsp;", "", shown)
    assert "\U0001f600" in shown


def test_teams_takes_more_than_the_library_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = tuple(Section(heading="", lines=("x" * 100,), rank=1 + rank) for rank in range(50))
    with teams() as robot:
        sheet = Sheet(title="t", severity="warning", sections=rows)
        open_sender(to_teams(robot, monkeypatch)).send("m-1", sheet, {})
    assert robot.bodies[0].count(b"x" * 100) == 50


REFUSALS: dict[str, list[tuple[Answer, type[AccountError]]]] = {
    "dingtalk": [
        (answer({"errcode": 310000, "errmsg": "sign not match"}), AccountError),
        (answer({"errcode": 300005, "errmsg": "token is not exist"}), AccountError),
        (answer({"errcode": 130101, "errmsg": "send too fast"}), Throttled),
        (answer({"errcode": 660026, "errmsg": "too many"}), Throttled),
        (answer({"errcode": -1, "errmsg": "system busy"}), Unreachable),
        (answer({"errmsg": "ok"}), Unreachable),
    ],
    "feishu": [
        (answer({"code": 19021, "msg": "sign match fail"}), AccountError),
        (answer({"code": 9499, "msg": "Bad Request"}), AccountError),
        (answer({"code": 11232, "msg": "frequency limited"}), Throttled),
        (answer({"StatusCode": 19024, "StatusMessage": "Key Words Not Found"}), AccountError),
    ],
    "wecom": [
        (answer({"errcode": 93000, "errmsg": "invalid webhook url"}), AccountError),
        (answer({"errcode": 45009, "errmsg": "api freq out of limit"}), Throttled),
        (answer({"errcode": False}), Unreachable),
    ],
    "slack": [
        (answer(b"rate_limited", 429, Retry_After="30"), Throttled),
        (answer(b"no_service", 404), AccountError),
        (answer(b"", 503), Unreachable),
    ],
}
REFUSALS["lark"] = REFUSALS["feishu"]


def test_what_a_robot_refuses_is_no_delivery_whatever_its_status(robot: tuple[Robot, Channel]) -> None:
    receiver, channel = robot
    kind = "slack" if channel.type == "apprise" else channel.type
    for given, expected in REFUSALS[kind]:
        receiver.answers.append(given)
        with pytest.raises(AccountError) as caught:
            send(channel)
        assert type(caught.value) is expected, given
        shown = "".join(traceback.format_exception(caught.value))
        assert "hush" not in shown
        assert "TIiajkdnlazkcOXrIdevi7FQ" not in shown
    assert receiver.bodies == []


def test_a_robot_over_its_limit_says_so_and_the_pause_is_known(robot: tuple[Robot, Channel]) -> None:
    receiver, channel = robot
    receiver.limit = 0
    with pytest.raises(Throttled) as caught:
        send(channel)
    assert caught.value.seconds == {"dingtalk": 600, "apprise": 60}.get(channel.type, 60)


def test_feishu_takes_five_messages_a_second_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    with feishu() as robot:
        channel = channel_to("feishu", robot, monkeypatch)
        for _ in range(5):
            send(channel)
        with pytest.raises(Throttled, match="11232"):
            send(channel)
        time.sleep(1)
        send(channel)


@pytest.mark.parametrize("kind", ["dingtalk", "feishu", "wecom"])
def test_http_429_is_obeyed_for_as_long_as_it_asks(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    kinds: dict[str, Callable[[], Robot]] = {"dingtalk": dingtalk, "feishu": feishu, "wecom": wecom}
    with kinds[kind]() as robot:
        channel = channel_to(kind, robot, monkeypatch)
        for stated, seconds in (("30", 30), ("soon", 60), ("99999999", 3_600), ("0", 1)):
            robot.answers.append(answer(b"", 429, Retry_After=stated))
            with pytest.raises(Throttled) as caught:
                send(channel)
            assert caught.value.seconds == seconds


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"x" * 70_000, b"[" * 60_000])
def test_an_answer_that_is_not_the_robots_own_leaves_open_whether_it_arrived(
    body: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    with dingtalk() as robot:
        robot.answers.append(answer(body))
        with pytest.raises(AnswerLost):
            send(channel_to("dingtalk", robot, monkeypatch))


def test_a_wrong_secret_is_refused_by_the_robot(monkeypatch: pytest.MonkeyPatch) -> None:
    for kind, make in (("dingtalk", dingtalk), ("feishu", feishu)):
        with make() as robot:
            right = channel_to(kind, robot, monkeypatch)
            wrong = Channel(name="ops", type=right.type, url=right.url, secret="SECother")
            with pytest.raises(AccountError, match=r"310000|19021"):
                send(wrong)


def test_no_secret_is_shown_by_a_channel_or_written_to_a_log(
    robot: tuple[Robot, Channel], caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    receiver, channel = robot
    caplog.set_level(logging.INFO)
    receiver.answers.append(answer(b"", 404))
    with suppress(AccountError):
        send(channel)
    send(channel)
    out, err = capfd.readouterr()
    for shown in (repr(channel), str(channel), repr((channel,)), caplog.text, out, err):
        assert not {word for word in ("hush", SECRET, "TIiajkdnlazkcOXrIdevi7FQ") if word in shown}


def test_a_channel_that_is_no_apprise_address_is_refused() -> None:
    with pytest.raises(AccountError, match="no channel"):
        send(Channel(name="ops", type="apprise", url="nonsense://hush"))


@pytest.mark.parametrize("kind", ["dingtalk", "feishu", "wecom", "webhook"])
def test_a_channel_of_ones_own_imports_nothing_of_apprise(kind: str) -> None:
    program = (
        "import sys\n"
        "from rolemend.notify.channel import Channel\n"
        "from rolemend.notify.sender import open_sender, sheet_of\n"
        f"channel = Channel(name='ops', type={kind!r}, url='https://example.com/x')\n"
        "open_sender(channel)\n"
        "assert 'apprise' not in sys.modules and 'jinja2' not in sys.modules and 'requests' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


def test_mail_is_long_and_html_and_a_chat_short_unless_it_is_asked_otherwise() -> None:
    from rolemend.notify.others import body_of

    mail = Channel(name="mail", type="apprise", url="mailtos://user:hush@example.com")
    body, body_format = body_of(mail.url, sheet_of(MESSAGE, mail, "zh"))
    assert (body_format, body.startswith("<!doctype html>")) == ("html", True)
    assert "验证是否已恢复" in body
    chat = Channel(name="chat", type="apprise", url=SLACK)
    assert body_of(chat.url, sheet_of(MESSAGE, chat, "zh"))[1] == "text"
    assert len(sheet_of(MESSAGE, mail, "en").sections) > len(sheet_of(MESSAGE, chat, "en").sections)
