"""Whatever stands in a name, a policy, a paste or an account, a page shows it as text, however long it is."""

from __future__ import annotations

import json
from urllib.parse import quote

import msgspec
import pytest
from starlette.applications import Starlette
from starlette.requests import Request

from rolemend.console.access.identity import Visitor
from rolemend.console.access.link_pages import LinkPages
from rolemend.console.access.links import link_for
from rolemend.console.exchange import Asked, exchange
from tests.console.access.serving import LINK_KEY
from tests.console.access.test_links import links_of
from tests.console.browsing import Doorman, Reader, text
from tests.samples import LISTING, altered
from tests.work.scene import ID, Scene, rule

HOSTILE = (
    "<script>alert(1)</script>\u202egpj.exe\x00\x1b[31m\r\n\"'><img src=x onerror=alert(1)>😀مرحبا{{7*7}}"
)
LONG = HOSTILE + "k" * 50_000


def safe(page: str) -> bool:
    """Nothing of it is a tag, turns the direction, or hides; what people can read stays as it is."""
    assert "<script" not in page
    assert "<img" not in page
    assert not {"\u202e", "\x00", "\x1b", "\r"} & set(page)
    return "😀مرحبا{{7*7}}" in page


def asking() -> Scene:
    """A plan that waits, for a denial on an object of this name."""
    target = altered(LISTING.target, key=LONG)  # type: ignore[arg-type]
    denial = altered(LISTING, action="oss:GetObject", target=target, message=LONG)
    scene = Scene(denial=denial, guardrails=rule("approve"))
    scene.mended()
    scene.notify()
    return scene


def test_the_page_of_an_alert_s_link() -> None:
    scene = asking()
    link = link_for(scene.incident, channel="ops", address="", key=LINK_KEY, now=lambda: scene.now)
    assert link
    app = Starlette(routes=LinkPages(links_of(scene, [], []), "en").routes())
    looked = exchange(app, Asked(method="GET", path=link))
    form = (("content-type", "application/x-www-form-urlencoded"),)
    pressed = exchange(app, Asked(method="POST", path=link, headers=form, body=b"decision=approve"))
    assert (looked.status, pressed.status) == (200, 200)
    assert safe(text(looked))
    assert len(looked.body) < 200_000
    safe(text(pressed))


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_page_of_an_incident_and_of_its_change(language: str) -> None:
    scene = asking()
    reader = Reader(scene)
    page = f"/incidents/{scene.id}"
    assert safe(text(reader.get(f"{page}?lang={language}")))
    assert reader.post(f"{page}/approve", **reader.form(page)).status == 303
    scene.remediate()
    (change,) = scene.incident.changes
    for address in (page, f"/changes/{change.id}", "/changes", "/figures", "/health", "/incidents"):
        answered = reader.get(f"{address}?lang={language}")
        assert answered.status == 200
        safe(text(answered))


def test_a_policy_of_people_beside_what_is_granted() -> None:
    """A policy's version may hold any text in a condition's value; side by side it stays text."""
    scene = Scene()
    document = json.loads(scene.account.in_force("reader"))
    condition = {"StringLike": {"acs:UserAgent": [HOSTILE, "k" * 2_000]}}
    document["Statement"].append(
        {"Effect": "Allow", "Action": "oss:GetObject", "Resource": "acs:oss:*:*:x/*", "Condition": condition}
    )
    scene.account.attach("reader", json.dumps(document, ensure_ascii=False))
    scene.mended()
    reader = Reader(scene)
    (change,) = scene.incident.changes
    for address in (f"/changes/{change.id}", f"/incidents/{ID}"):
        answered = reader.get(address)
        assert answered.status == 200
        safe(text(answered))


def test_what_is_pasted_and_what_is_looked_for() -> None:
    reader = Reader(Scene())
    csrf = reader.form("/what-if")["csrf"]
    policy = json.dumps(
        {"Version": "1", "Statement": [{"Effect": "Allow", "Action": HOSTILE, "Resource": "*"}]}
    )
    pages = (
        reader.post("/what-if/explain", csrf=csrf, error=f"AccessDenied oss {LONG}"),
        reader.post("/what-if/simulate", csrf=csrf, policies=policy, action=HOSTILE, resource=HOSTILE),
        reader.post("/what-if/simulate", csrf=csrf, policies=LONG, action="a", resource="b"),
        reader.get(f"/incidents?q={quote(HOSTILE)}&state={quote(HOSTILE)}&since={quote(HOSTILE)}"),
        reader.get(f"/reports/{quote(HOSTILE, safe='')}"),
    )
    for answered in pages:
        assert answered.status < 500
        page = text(answered)
        assert "<script" not in page
        assert "<img" not in page


class Named(Doorman):
    """Whoever is named so by Alibaba Cloud, which gives the id."""

    def visitor(self, request: Request) -> Visitor | None:
        found = super().visitor(request)
        return msgspec.structs.replace(found, user="2", session="s") if found else None


def test_the_name_of_a_visitor() -> None:
    reader = Reader(asking(), Named(who=HOSTILE))
    safe(text(reader.get("/incidents")))
    page = f"/incidents/{reader.scene.id}"
    assert reader.post(f"{page}/approve", **reader.form(page)).status == 303
    safe(text(reader.get(f"{page}?watch=1")))
    reader.scene.remediate()
    assert "\n" not in reader.scene.incident.changes[0].approved_by
    safe(text(reader.get(page)))
