"""One-time links of alerts: one decision on one plan, by the form alone, and nothing for any other link."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass

import msgspec
import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette

from rolemend.console.access.link_pages import LinkPages
from rolemend.console.access.links import LINK_SECONDS, Link, Links, link_for
from rolemend.console.access.settings import Secret
from rolemend.console.access.signing import Signed
from rolemend.errors import LinkRefused, Refused, Unreachable
from rolemend.incident.approvals import Approvals, Approve
from rolemend.incident.life import Incident
from tests.console.access.serving import LINK_KEY, free_port, served
from tests.work.scene import Scene, edit, reading, rule

CHANNEL = "DingTalk on-call"


@dataclass
class Linked:
    """A plan that waits for approval, the console that takes links, and what `remediate` was started for."""

    scene: Scene
    address: str
    started: list[str]
    failing: list[Exception]

    def link(self, key: Secret = LINK_KEY) -> str:
        return link_for(
            self.scene.incident, channel=CHANNEL, address=self.address, key=key, now=lambda: self.scene.now
        )

    @property
    def objects(self) -> dict[str, bytes]:
        return dict(self.scene.store.objects)

    @property
    def decisions(self) -> list[tuple[str, str]]:
        """Each decision with who made it."""
        lines = Approvals(self.scene.store, "", lambda: self.scene.now).decisions(self.scene.id)
        return [(type(line.fact).__name__, line.by) for line in lines]


def links_of(scene: Scene, started: list[str], failing: list[Exception]) -> Links:
    def start(incident: str) -> None:
        if failing:
            raise failing.pop()
        started.append(incident)

    def approvals(by: str) -> Approvals:
        return Approvals(scene.store, by, lambda: scene.now)

    return Links(LINK_KEY, scene.ledger, approvals, start, now=lambda: scene.now)


@pytest.fixture
def linked() -> Iterator[Linked]:
    scene = Scene(guardrails=rule("approve"))
    scene.mended()
    scene.notify()
    started: list[str] = []
    failing: list[Exception] = []
    links = LinkPages(links_of(scene, started, failing), "en")
    with served(free_port(), Starlette(routes=links.routes())) as address:
        yield Linked(scene, address, started, failing)


def look(address: str, **headers: str) -> requests.Response:
    return requests.get(address, headers=headers, timeout=20)


def press(address: str, decision: str = "approve", **headers: str) -> requests.Response:
    return requests.post(address, data={"decision": decision}, headers=headers, timeout=20)


def test_looking_shows_the_plan_and_changes_nothing_however_often(linked: Linked) -> None:
    before, link = linked.objects, linked.link()
    for page in (look(link), look(link), requests.head(link, timeout=20)):
        assert page.status_code == 200
    page = look(link)
    assert linked.scene.incident.plan is not None
    assert linked.scene.incident.plan.hash in page.text
    assert CHANNEL in page.text
    assert '<form method="post">' in page.text
    assert (linked.objects, linked.started) == (before, [])


def test_the_form_approves_and_the_journal_says_by_which_link(linked: Linked) -> None:
    page = press(linked.link())
    assert (page.status_code, "Approved" in page.text) == (200, True)
    assert linked.decisions == [("Approve", f"through a link sent to {CHANNEL}, from 127.0.0.1")]
    assert linked.started == [linked.scene.id]
    assert linked.scene.remediate().state == "verified"
    (change,) = linked.scene.incident.changes
    assert change.approved_by == f"through a link sent to {CHANNEL}, from 127.0.0.1"


def test_the_form_rejects(linked: Linked) -> None:
    assert press(linked.link(), "reject").status_code == 200
    linked.scene.remediate()
    assert linked.scene.incident.state == "closed"
    assert CHANNEL in linked.scene.incident.closed


def test_a_decision_stands_where_remediate_cannot_be_started(linked: Linked) -> None:
    linked.failing.append(Unreachable("InvokeFunction", "Timeout", "no answer"))
    assert press(linked.link()).status_code == 200
    assert list(linked.scene.ledger.open_ids()) == [linked.scene.id]


def refused(page: requests.Response, status: int, words: str) -> bool:
    return (page.status_code, words in page.text, "<form" in page.text) == (status, True, False)


def test_a_used_link_permits_nothing_more(linked: Linked) -> None:
    link = linked.link()
    press(link)
    before = linked.objects
    for page in (look(link), press(link), press(link, "reject")):
        assert refused(page, 410, "used already")
        assert "The plan was approved, and that decision stands." in page.text
    assert linked.objects == before


def test_a_second_link_to_the_same_plan_says_that_it_is_decided(linked: Linked) -> None:
    first, second = linked.link(), linked.link()
    assert press(first, "reject").status_code == 200
    before = linked.objects
    for page in (look(second), press(second)):
        assert refused(page, 409, "Somebody else decided")
        assert "The plan was rejected, and that decision stands." in page.text
    assert linked.objects == before


def test_two_who_press_at_once_make_one_decision(linked: Linked) -> None:
    """The other decision comes between the last look and the append: the append proves which was first."""
    scene, store = linked.scene, linked.scene.store
    plan = scene.incident.plan
    assert plan is not None
    other = Approvals(store, "ben", lambda: scene.now)
    journal = f"approvals/{scene.id}.jsonl"
    other.decide(scene.incident, Approve(plan=plan.hash, round=scene.incident.round))
    store.rivals.append(store.objects.pop(journal))
    assert refused(press(linked.link(), "reject"), 409, "Somebody else decided")
    assert linked.decisions == [("Approve", "ben")]


def test_a_lost_answer_of_the_ledger_is_one_decision(linked: Linked) -> None:
    linked.scene.store.lost = 1
    assert press(linked.link()).status_code == 200
    assert len(linked.decisions) == 1


def test_an_expired_link_permits_nothing(linked: Linked) -> None:
    link = linked.link()
    linked.scene.now += LINK_SECONDS
    assert look(link).status_code == 200
    linked.scene.now += 1
    before = linked.objects
    for page in (look(link), press(link)):
        assert refused(page, 410, "more than a day old")
    assert linked.objects == before


def test_a_link_from_the_future_permits_nothing(linked: Linked) -> None:
    link = linked.link()
    linked.scene.now -= 60
    assert press(link).status_code in (404, 410)
    assert linked.decisions == []


def test_a_link_to_a_plan_that_is_another_by_now_permits_nothing(linked: Linked) -> None:
    link = linked.link()
    edit(linked.scene, reading("third"))
    press(linked.link())
    linked.scene.remediate()
    before = linked.objects
    assert press(link).status_code == 409
    assert linked.objects == before


def test_a_link_of_an_earlier_round_permits_nothing(linked: Linked) -> None:
    """The same incident and the same plan, opened again later."""
    old = Link(id="a" * 24, incident=linked.scene.id, round=0, plan=plan_of(linked.scene), channel=CHANNEL)
    page = press(f"{linked.address}/link/{Signed(LINK_KEY, 'link', lambda: linked.scene.now).write(old)}")
    assert refused(page, 409, "has changed")


def plan_of(scene: Scene) -> str:
    assert scene.incident.plan is not None
    return scene.incident.plan.hash


@pytest.mark.parametrize("incident", ["inc-" + "0" * 24, "inc-1", "../config/guardrails.toml", ""])
def test_a_link_to_an_unknown_incident_permits_nothing(linked: Linked, incident: str) -> None:
    link = Link(id="a", incident=incident, round=1, plan=plan_of(linked.scene), channel=CHANNEL)
    before = linked.objects
    token = Signed(LINK_KEY, "link", lambda: linked.scene.now).write(link)
    assert refused(press(f"{linked.address}/link/{token}"), 409, "has changed")
    assert linked.objects == before


def test_a_forged_link_permits_nothing(linked: Linked) -> None:
    before = linked.objects
    for page in (look(linked.link(Secret("x" * 64))), press(linked.link(Secret("x" * 64)))):
        assert refused(page, 404, "not made here")
    assert linked.objects == before


def test_what_was_signed_for_another_use_is_no_link(linked: Linked) -> None:
    link = Link(id="a", incident=linked.scene.id, round=1, plan=plan_of(linked.scene), channel=CHANNEL)
    for salt in ("session", "csrf", "sign-in"):
        token = Signed(LINK_KEY, salt, lambda: linked.scene.now).write(link)
        assert press(f"{linked.address}/link/{token}").status_code == 404


@pytest.mark.parametrize("token", ["x", "a.b.c", "%00", "%2e%2e", "é", "A" * 5000, "." * 50])
def test_an_unknown_link_is_a_page_that_says_so(linked: Linked, token: str) -> None:
    for page in (look(f"{linked.address}/link/{token}"), press(f"{linked.address}/link/{token}")):
        assert refused(page, 404, "not made here")


def test_a_form_of_another_site_is_none_of_ours(linked: Linked) -> None:
    link = linked.link()
    assert press(link, **{"Sec-Fetch-Site": "cross-site"}).status_code == 400
    assert press(link, "destroy").status_code == 400
    assert requests.post(link, timeout=20).status_code == 400
    assert linked.decisions == []
    assert press(link, **{"Sec-Fetch-Site": "same-origin"}).status_code == 200


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_no_other_method_acts(linked: Linked, method: str) -> None:
    before = linked.objects
    assert requests.request(method, linked.link(), timeout=20).status_code == 405
    assert linked.objects == before


def test_a_ledger_that_cannot_be_read_is_told_and_leaves_the_link_good(
    linked: Linked, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(key: str) -> bytes:
        raise Refused("GetObject", "AccessDenied", key)

    link = linked.link()
    with monkeypatch.context() as broken:
        broken.setattr(linked.scene.store, "read", fail)
        assert refused(press(link), 503, "does not answer")
    assert press(link).status_code == 200


def test_no_link_is_made_where_nothing_waits_or_without_a_key(linked: Linked) -> None:
    assert linked.link(Secret("")) == ""
    press(linked.link())
    linked.scene.remediate()
    assert linked.link() == ""


def test_hostile_names_stay_text_on_the_page(linked: Linked) -> None:
    scene = linked.scene
    hostile = '<script>alert(1)</script>"><b>'
    link = link_for(
        scene.incident, channel=hostile, address=linked.address, key=LINK_KEY, now=lambda: scene.now
    )
    page = look(link)
    assert "<script>" not in page.text
    assert "&lt;script&gt;" in page.text
    press(link)
    assert "\n" not in linked.decisions[0][1]


def test_the_page_speaks_chinese_and_has_the_strict_headers(linked: Linked) -> None:
    page = look(linked.link(), **{"Accept-Language": "zh-CN,zh;q=0.9,en;q=0.8"})
    assert '<html lang="zh-CN">' in page.text
    assert re.search("[\u4e00-\u9fff]{4}", page.text)
    assert "script-src 'self'" in page.headers["content-security-policy"]
    assert page.headers["cache-control"] == "no-store"
    assert "<script" not in page.text
    assert "style=" not in page.text


INCIDENT = Incident(id="inc-" + "1" * 24)


@given(
    position=st.integers(min_value=0, max_value=10_000),
    character=st.sampled_from("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.=~"),
)
def test_a_link_with_one_character_altered_is_none(position: int, character: str) -> None:
    link = Link(id="a", incident=INCIDENT.id, round=1, plan="p" * 64, channel=CHANNEL)
    token = Signed(LINK_KEY, "link", lambda: 1_000_000.0).write(link)
    place = position % len(token)
    altered = token[:place] + character + token[place + 1 :]
    links = links_of(Scene(now=1_000_000.0), [], [])
    with pytest.raises(LinkRefused) as caught:
        links.look(altered)
    assert caught.value.reason == ("changed" if same_bytes(altered, token) else "unknown")


def same_bytes(altered: str, token: str) -> bool:
    """The last character of Base64 has bits that mean nothing, so several spellings are one signature."""
    return altered[:-1] == token[:-1] and decoded(altered) == decoded(token)


def decoded(token: str) -> bytes:
    signature = token.rpartition(".")[2]
    try:
        return base64.urlsafe_b64decode(signature + "=" * (-len(signature) % 4))
    except ValueError:
        return b""


@given(st.text(max_size=200))
def test_no_text_is_a_link(text: str) -> None:
    with pytest.raises(LinkRefused, match="link refused"):
        links_of(Scene(now=1_000_000.0), [], []).look(text)


@given(st.dictionaries(st.text(max_size=8), st.text(max_size=8) | st.integers(), max_size=6))
def test_what_is_signed_and_no_link_is_none(value: dict[str, object]) -> None:
    token = Signed(LINK_KEY, "link", lambda: 1_000_000.0).write(value)
    with pytest.raises(LinkRefused) as caught:
        links_of(Scene(now=1_000_000.0), [], []).look(token)
    assert caught.value.reason == "unknown"


def test_an_id_that_is_used_counts_for_its_own_plan_only(linked: Linked) -> None:
    """A link says nothing of what its decision is on: the decision itself holds plan, round and journal."""
    press(linked.link())
    fact = Approvals(linked.scene.store, "", lambda: 0.0).decisions(linked.scene.id)[0].fact
    assert msgspec.to_builtins(fact).keys() == {"type", "plan", "round", "link", "journal"}
