"""The pages: who sees them, what they decide, and what they make of hostile text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest

from rolemend.errors import AccountError, Refused, Unreachable
from rolemend.incident.approvals import Approve
from rolemend.incident.failures import Failure, Failures
from rolemend.incident.journal import Notified, Overtaken
from rolemend.signals.denial import BucketTarget
from rolemend.work.digests import MOST_RECORDED
from tests.console.browsing import Doorman, Reader, text
from tests.samples import LISTING
from tests.work.scene import ID, Scene, edit, reading, rule
from tests.work.test_channels import OPS, alerting, channel, line
from tests.work.test_channels import waiting as waiting_lines

INCIDENT = f"/incidents/{ID}"
ADDRESSES = ("/incidents", INCIDENT, "/changes", "/figures", "/reports", "/what-if", "/health", "/nothing")


def waiting() -> Scene:
    scene = Scene(guardrails=rule("approve"))
    scene.mended()
    scene.notify()
    return scene


def mended() -> Scene:
    scene = Scene()
    scene.mended()
    scene.notify()
    return scene


def change(scene: Scene) -> str:
    return f"/changes/{scene.incident.changes[0].id}"


@pytest.mark.parametrize("address", ADDRESSES)
def test_nobody_is_led_to_the_sign_in_and_sees_nothing(address: str) -> None:
    answered = Reader(waiting(), Doorman(who=None)).get(address)
    assert (answered.status, answered.body) == (303, b"")
    assert answered.header("location") == f"/sign-in?next={address}"


@pytest.mark.parametrize("address", ADDRESSES)
def test_every_page_forbids_scripts_and_has_none(address: str) -> None:
    answered = Reader(waiting()).get(address)
    assert "default-src 'none'" in answered.header("content-security-policy")
    assert "<script" not in text(answered)
    assert "style=" not in text(answered)


def test_the_sign_in_leads_back_to_what_was_asked_for() -> None:
    nobody = Reader(waiting(), Doorman(who=None))
    for answered, place in (
        (nobody.get(f"{INCIDENT}?watch=1"), f"{INCIDENT}?watch=1"),
        (nobody.post(f"{INCIDENT}/approve"), f"{INCIDENT}/approve"),
    ):
        (wanted,) = parse_qs(urlsplit(answered.header("location")).query)["next"]
        assert wanted == place


@pytest.mark.parametrize("form", [f"{INCIDENT}/approve", "/what-if/explain", "/changes/chg-1/roll-back"])
def test_the_address_of_a_form_leads_to_the_page_it_stands_on(form: str) -> None:
    answered = Reader(waiting()).get(f"{form}?lang=zh")
    assert (answered.status, answered.header("location")) == (303, f"{form.rpartition('/')[0]}?lang=zh")


def test_a_browser_s_own_wish_for_an_icon_begins_no_sign_in() -> None:
    nobody = Reader(waiting(), Doorman(who=None))
    answered = nobody.get("/favicon.ico")
    assert (answered.status, answered.header("location")) == (308, "/static/icon.svg")
    assert nobody.get("/static/icon.svg").header("content-type") == "image/svg+xml"


def test_nobody_decides_anything() -> None:
    scene = waiting()
    form = Reader(scene).form(INCIDENT)
    nobody = Reader(scene, Doorman(who=None))
    assert nobody.post(f"{INCIDENT}/approve", **form).status == 303
    assert scene.approvals.latest(scene.incident) is None


def test_an_approval_is_recorded_with_who_and_from_where_and_carried_out() -> None:
    scene = waiting()
    reader = Reader(scene)
    answered = reader.post(f"{INCIDENT}/approve", **reader.form(INCIDENT))
    assert (answered.status, answered.header("location")) == (303, f"{INCIDENT}?watch=1")
    assert reader.started == [ID]
    assert list(scene.ledger.open_ids()) == [ID]
    watched = reader.get(f"{INCIDENT}?watch=1")
    assert watched.header("refresh") == "2"
    assert "Rolemend is carrying it out" in text(watched)
    scene.remediate()
    (made,) = scene.incident.changes
    assert (made.outcome, made.approved_by) == (
        "verified",
        "user id-of-ana of account 1111111111111111 (ana) in the console, from 198.51.100.7",
    )


@pytest.mark.parametrize("altered", [{"csrf": "x"}, {"csrf": ""}])
def test_a_form_without_its_token_does_nothing(altered: dict[str, str]) -> None:
    scene = waiting()
    reader = Reader(scene)
    answered = reader.post(f"{INCIDENT}/approve", **(reader.form(INCIDENT) | altered))
    assert answered.status == 403
    assert scene.approvals.latest(scene.incident) is None


@pytest.mark.parametrize("altered", [{"plan": "0" * 64}, {"round": "2"}, {"round": "x"}, {"plan": ""}])
def test_another_plan_or_round_than_the_one_that_waits_is_not_approved(altered: dict[str, str]) -> None:
    scene = waiting()
    reader = Reader(scene)
    answered = reader.post(f"{INCIDENT}/approve", **(reader.form(INCIDENT) | altered))
    assert answered.status == 409
    assert "has changed since you opened the page" in text(answered)
    assert (scene.approvals.latest(scene.incident), reader.started) == (None, [])


def test_who_may_only_look_decides_nothing() -> None:
    scene = waiting()
    form = Reader(scene).form(INCIDENT)
    viewer = Reader(scene, Doorman(may_approve=False))
    assert "do not name you as an approver" in text(viewer.get(INCIDENT))
    assert "Approve this plan" not in text(viewer.get(INCIDENT))
    for verb in ("approve", "reject"):
        assert viewer.post(f"{INCIDENT}/{verb}", **form).status == 403
    assert scene.approvals.latest(scene.incident) is None


def test_of_two_who_decide_at_once_one_counts_and_the_other_sees_it() -> None:
    scene = waiting()
    ana, bo = Reader(scene), Reader(scene, Doorman(who="bo"))
    of_ana, of_bo = ana.form(INCIDENT), bo.form(INCIDENT)
    assert ana.post(f"{INCIDENT}/approve", **of_ana).status == 303
    answered = bo.post(f"{INCIDENT}/reject", **of_bo)
    assert answered.status == 409
    assert "This plan was approved before (user id-of-ana" in text(answered)
    assert "(ana) in the console, from 198.51.100.7). That decision stands, and yours was not" in text(
        answered
    )
    decision = scene.approvals.latest(scene.incident)
    assert decision is not None
    assert isinstance(decision.fact, Approve)
    assert ana.post(f"{INCIDENT}/approve", **of_ana).status == 303  # pressed twice
    scene.remediate()
    assert scene.account.writes == ["add reader"]


@pytest.mark.parametrize(
    ("first", "then", "stands"), [("approve", "reject", "approved"), ("reject", "approve", "rejected")]
)
def test_who_decides_otherwise_a_second_time_is_told_what_stands(first: str, then: str, stands: str) -> None:
    """The same person in two tabs, each with the form as it was."""
    scene = waiting()
    reader = Reader(scene)
    form = reader.form(INCIDENT)
    assert reader.post(f"{INCIDENT}/{first}", **form).status == 303
    answered = reader.post(f"{INCIDENT}/{then}", **form)
    assert answered.status == 409
    assert f"This plan was {stands} before" in text(answered)
    assert f"(ana) in the console, from 198.51.100.7 {stands} this plan at" in text(answered)
    assert len(scene.approvals.decisions(ID)) == len(reader.started) == 1
    scene.remediate()
    assert scene.incident.state == ("verified" if first == "approve" else "closed")


def test_a_change_is_rolled_back_by_remediate_in_the_name_of_who_asked() -> None:
    scene = mended()
    reader = Reader(scene)
    answered = reader.post(f"{change(scene)}/roll-back", **reader.form(change(scene)))
    assert answered.status == 303
    assert scene.incident.changes[0].outcome == "verified"  # the console itself writes no policy
    assert reader.started == [ID]
    assert "asked at" in text(reader.get(change(scene)))
    scene.remediate()
    scene.remediate()
    assert scene.incident.changes[0].outcome == "taken back"
    assert scene.incident.hands_off.endswith("(ana) in the console, from 198.51.100.7")
    assert scene.account.defaults["reader"] == "v1"


def test_a_roll_back_over_an_edit_is_refused_once_and_people_are_told() -> None:
    scene = mended()
    reader = Reader(scene)
    reader.post(f"{change(scene)}/roll-back", **reader.form(change(scene)))
    edit(scene, reading("data", "more"))
    scene.remediate()
    scene.remediate()
    assert scene.facts.count("NotTakenBack") == 1
    assert scene.incident.changes[0].outcome == "not taken back"
    scene.notify()
    assert "could not be taken back" in " ".join(scene.sent[-1].lines)


@pytest.mark.parametrize("altered", [{"plan": "0" * 64}, {"outcome": "applied"}])
def test_a_roll_back_of_what_is_another_by_now_asks_for_nothing(altered: dict[str, str]) -> None:
    scene = mended()
    reader = Reader(scene)
    answered = reader.post(f"{change(scene)}/roll-back", **(reader.form(change(scene)) | altered))
    assert (answered.status, reader.started) == (409, [])


def test_a_roll_back_that_is_sent_twice_is_done_once() -> None:
    scene = mended()
    reader, page = Reader(scene), change(scene)
    form = reader.form(page)
    assert reader.post(f"{page}/roll-back", **form).status == 303
    scene.remediate()
    writes, started = list(scene.account.writes), len(reader.started)
    answered = reader.post(f"{page}/roll-back", **form)
    assert answered.status == 409
    scene.remediate()
    assert (scene.account.writes, len(reader.started)) == (writes, started)


def messages(scene: Scene) -> str:
    """The section of an incident's page on its messages, as words."""
    section = text(Reader(scene).get(INCIDENT)).partition('<h2 id="messages">')[2].partition("</section>")[0]
    return " ".join(re.sub("<[^>]*>", " ", section).split())


def story_of(scene: Scene) -> list[str]:
    return re.findall('<span class="what">([^<]*)</span>', text(Reader(scene).get(INCIDENT)))


def test_a_message_that_waits_is_told_as_such_until_its_digest_is_sent() -> None:
    scene = alerting()
    scene.failing["ops"] = Unreachable("webhook", "503", "full")
    scene.notify()
    assert "alert left to a digest of ops: webhook: 503: full" in messages(scene)
    assert "alert through data" in messages(scene)
    assert "rolemend incidents digest" in messages(scene)
    assert story_of(scene)[-2:] == [
        "A message was left to a digest of ops: webhook: 503: full",
        "A message was sent through data.",
    ]
    scene.failing.clear()
    scene.now += 3_600
    scene.tell()
    assert "alert through ops" in messages(scene)
    assert "digest" not in messages(scene)


def test_a_message_of_a_large_digest_is_not_said_to_be_unsent() -> None:
    scene = alerting(OPS)
    scene.failing["ops"] = Unreachable("webhook", "503", "full")
    scene.notify()
    waiting_lines(scene, "ops", *(line(number) for number in range(1, MOST_RECORDED + 1)))
    scene.failing.clear()
    scene.now += 3_600
    assert scene.tell().channels[0].told == MOST_RECORDED + 1
    assert "No message was sent" not in messages(scene)
    assert "is not noted here when it is sent" in messages(scene)


def test_a_message_that_no_channel_takes_is_told_as_such() -> None:
    scene = alerting(channel("ops", severities=["info"]))
    scene.notify()
    assert "alert: no channel took it" in messages(scene)
    assert story_of(scene)[-1] == "No channel took the message, as far as is known."


def test_a_message_without_an_answer_is_told_as_such() -> None:
    scene = mended()
    fact = Notified(message="m", channel="ops", kind="alert", confirmed=False)
    scene.ledger.extend(ID, lambda known: [fact])
    assert "alert through ops (no answer came" in messages(scene)
    assert (
        story_of(scene)[-1] == "A message was sent through ops. No answer came; it may have arrived or not."
    )


def test_a_document_that_may_be_overwritten_is_told_in_the_story() -> None:
    scene = mended()
    change_id = scene.incident.changes[0].id
    fact = Overtaken(change=change_id, signal="e-1", by="<b>\u202ebo", document="{}", at=1_767_225_600)
    scene.ledger.extend(ID, lambda known: [fact])
    assert story_of(scene)[-1] == (
        "&lt;b&gt;\\u202ebo wrote another trust policy at 2026-01-01 00:00:00 UTC. The change may stand in its place."
    )


def health(scene: Scene) -> str:
    return " ".join(re.sub("<[^>]*>", " ", text(Reader(scene).get("/health"))).split())


def test_health_names_dead_channels_with_since_when_and_why_and_what_waits() -> None:
    scene = alerting()
    assert "No channel ever failed" in health(scene)
    scene.failing["ops"] = AccountError("dingtalk", "310000", "the receiver refused the message")
    scene.notify()
    shown = health(scene)
    assert (
        "ops dead since 2026-01-01 00:01:40 UTC: dingtalk: 310000: the receiver refused the message 1"
        in shown
    )
    scene.failing.clear()
    scene.now += 3_600
    scene.tell()
    assert "ops takes messages, as far as is known 0" in health(scene)


def test_health_tells_a_channel_that_fails_from_a_dead_one() -> None:
    scene = alerting()
    scene.failing["ops"] = Unreachable("webhook", "503", "full")
    scene.notify()
    waiting_lines(scene, "ops", line(1))
    assert "ops fails since 2026-01-01 00:01:40 UTC: webhook: 503: full 2" in health(scene)


def test_health_shows_the_functions_that_failed_with_incident_and_error() -> None:
    scene = mended()
    assert "None in the last 7 days." in health(scene)
    failure = Failure(
        function="rolemend-diagnose", request="1-abc", at=scene.now, tries=4, error="<b>\u202e", incident=ID
    )
    Failures(scene.store, lambda: scene.now).keep(failure)
    shown = health(scene)
    assert f"rolemend-diagnose after 4 tries {ID} : &lt;b&gt;\\u202e Request id 1-abc" in shown
    scene.now += 8 * 86_400
    assert "None in the last 7 days." in health(scene)


def test_health_says_what_it_could_not_read_and_shows_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    """As with a role from before these rights."""
    scene = alerting()
    scene.notify()
    listed = scene.store.keys

    def refuse(prefix: str) -> Iterator[str]:
        if prefix.startswith(("channels/", "failures/")):
            raise Refused("ListObjects", "AccessDenied", prefix)
        return listed(prefix)

    monkeypatch.setattr(scene.store, "keys", refuse)
    shown = health(scene)
    assert shown.count("This could not be read: ListObjects: AccessDenied") == 2
    assert "Being worked on" in shown
    assert "None in the last" not in shown


def test_hostile_names_are_shown_as_text_and_whole() -> None:
    key = "<script>alert(1)</script>\u202egpj.exe\x00\x1b[31m" + "😀" * 100 + "مرحبا" + "k" * 50_000
    denial = msgspec.structs.replace(
        LISTING, target=BucketTarget(bucket="data", key=key, region="cn-hangzhou"), message="\r\n" + key
    )
    scene = Scene(denial=denial)
    scene.diagnosed()
    reader = Reader(scene)
    for address in ("/incidents", f"/incidents/{scene.id}", "/incidents?q=%3Cscript%3E&lang=zh", "/health"):
        shown = text(reader.get(address))
        assert "<script" not in shown
        assert not {"\u202e", "\x00", "\x1b", "\r"} & set(shown)
    assert "k" * 50_000 in text(reader.get(f"/incidents/{scene.id}"))
    assert len(reader.get("/incidents").body) < 20_000
    assert "<bdi>oss://data/&lt;script&gt;" in text(reader.get("/incidents"))


def test_a_damaged_journal_is_told_and_decided_on_by_nobody() -> None:
    scene = waiting()
    reader = Reader(scene)
    form = reader.form(INCIDENT)
    key = f"incidents/{ID}.jsonl"
    scene.store.objects[key] = scene.store.objects[key].replace(b'"count":1', b'"count":7')
    for answered in (reader.get(INCIDENT), reader.post(f"{INCIDENT}/approve", **form)):
        assert answered.status == 500
        assert "cannot be believed" in text(answered)
    assert reader.started == []


@pytest.mark.parametrize(
    "address",
    [
        "/incidents/inc-" + "0" * 24,
        "/incidents/..",
        "/changes/chg-1",
        "/reports/../config/guardrails.toml",
        "/x",
    ],
)
def test_what_is_not_there_is_a_page_that_says_so(address: str) -> None:
    answered = Reader(waiting()).get(address)
    assert answered.status == 404
    assert "There is no such page or incident" in text(answered)


def test_the_language_is_the_address_s_then_the_chosen_one_then_the_browser_s() -> None:
    scene = waiting()
    assert '<html lang="zh-CN">' in text(
        Reader(scene, headers=(("accept-language", "fr, zh-CN;q=0.8, en;q=0.5"),)).get("/incidents")
    )
    chosen = Reader(scene, headers=(("cookie", "rolemend-language=zh"),))
    assert '<html lang="zh-CN">' in text(chosen.get("/incidents"))
    answered = chosen.get("/incidents?lang=en")
    assert '<html lang="en">' in text(answered)
    assert answered.header("set-cookie").startswith("rolemend-language=en;")


def test_a_list_that_goes_on_is_paged() -> None:
    scene = Scene(guardrails=rule("approve"))
    for number in range(120):
        denial = msgspec.structs.replace(
            LISTING,
            signal_id=f"s{number}",
            target=BucketTarget(bucket=f"data{number:03}", region="cn-hangzhou"),
        )
        one = Scene(denial=denial, store=scene.store, guardrails=rule("approve"))
        one.mended()
        one.notify()
    reader = Reader(scene)
    pages = [text(reader.get(f"/incidents?page={number}")) for number in (1, 2, 3, 4)]
    assert [page.count('<a href="/incidents/inc-') for page in pages] == [50, 50, 20, 0]
    assert "data119" in pages[0]
    assert [page.count('rel="next"') for page in pages] == [1, 1, 0, 0]
    assert text(reader.get("/incidents?q=data007")).count('<a href="/incidents/inc-') == 1
    assert text(reader.get("/incidents?state=verified")).count('<a href="/incidents/inc-') == 0


def test_more_than_a_form_may_hold_is_refused() -> None:
    reader = Reader(waiting())
    form = reader.form("/what-if")
    assert reader.post("/what-if/explain", csrf=form["csrf"], error="x" * 600_000).status == 413
    assert reader.post("/what-if/simulate", csrf=form["csrf"], policies="[" * 100_000).status == 400
