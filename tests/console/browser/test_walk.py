"""Somebody gets an alert on the phone and goes the whole way in the deployed console, with keys alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from demo import clients
from demo.receiver import Receiver
from demo.stage import LEDGER, Stage
from tests.console.browser.domain import Domain
from tests.console.browser.reading import PHONE, press, readable
from tests.console.browser.stages import denied
from tests.console.browser.test_pages import ERROR
from tests.e2e.signing_in import open_console, own_address
from tests.e2e.watching import invocations


@pytest.fixture(scope="module")
def console(stage: Stage) -> Iterator[str]:
    """The deployed console at a domain of its own, with links in alerts."""
    domain = Domain(stage.local.proxy)
    with domain.served():
        open_console(stage, domain.address, ROLEMEND_LINK_KEY="l" * 64)
        domain.function = own_address(stage)
        yield domain.address


@pytest.fixture
def phone(chromium: Browser, stage: Stage) -> Iterator[BrowserContext]:
    """A phone that has been nowhere yet; its way to everything but the domain is the local cloud."""
    yield from visited(chromium, stage, "en-GB")


@pytest.fixture
def chinese_phone(chromium: Browser, stage: Stage) -> Iterator[BrowserContext]:
    yield from visited(chromium, stage, "zh-CN")


def visited(chromium: Browser, stage: Stage, locale: str) -> Iterator[BrowserContext]:
    context = chromium.new_context(
        viewport=PHONE,  # type: ignore[arg-type]
        locale=locale,
        proxy={"server": stage.local.proxy, "bypass": "127.0.0.1"},
    )
    context.set_default_timeout(60_000)
    complaints: list[str] = []
    context.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    yield context
    context.close()
    assert not [one for one in complaints if "status of 4" not in one]


def alert_link(receiver: Receiver, incident: str) -> str:
    """The link that the newest message on an incident brought to the team's chat."""
    told = [one for one in receiver.messages if one.get("message", {}).get("incident") == incident]
    (link,) = [link["url"] for link in told[-1]["message"]["links"] if "/link/" in link["url"]]
    return str(link)


def decided(stage: Stage) -> int:
    return len(clients.bucket(stage.root, LEDGER).list_objects_v2("approvals/").object_list)


def in_force(stage: Stage) -> str:
    policy = stage.local.cloud.state.accounts[stage.account].ram.policies["emr-demo-reader"]
    return policy.default_version


def sign_in(page: Page) -> None:
    """As `ana`, who may approve, on Alibaba Cloud's own page."""
    page.wait_for_url(re.compile("signin.aliyun.com"))
    press(page, "ana@")


def test_from_the_alert_s_link_to_the_roll_back(
    stage: Stage, console: str, receiver: Receiver, phone: BrowserContext
) -> None:
    incident = denied(stage)
    link = alert_link(receiver, incident)
    assert link.startswith(console)
    page = phone.new_page()
    for _ in range(2):
        page.goto(link)
        expect(page.get_by_role("heading", level=1)).to_contain_text(incident)
    expect(page.locator("pre")).to_contain_text("demo-data-clicks")
    readable(page)
    stage.settle()
    assert (decided(stage), in_force(stage)) == (0, "v1")

    press(page, "Approve and apply this plan")
    expect(page.get_by_role("heading", level=1)).to_have_text("Approved")
    readable(page)
    press(page, "The incident in the console")
    sign_in(page)
    page.wait_for_url(f"{console}/incidents/{incident}?watch=1")
    expect(page.locator("h1 + p .state")).to_have_text("verified", timeout=60_000)
    assert in_force(stage) == "v2"
    region = page.get_by_role("region", name="The change and its verification")
    expect(region).to_contain_text("through a link sent to webhook, from ")
    readable(page)

    change = region.get_by_role("link").get_attribute("href")
    assert change is not None
    page.goto(console + change)
    readable(page)
    press(page, "Roll this change back")
    expect(page.locator("h1 + p .state")).to_have_text("taken back", timeout=60_000)
    readable(page)
    stage.settle()
    assert in_force(stage) == "v1"
    assert stage.incidents()[incident].hands_off.startswith("user 200000000000000002 of account")

    answer = page.goto(link)
    assert answer is not None
    assert answer.status == 410
    expect(page.get_by_text("This link was used already")).to_be_visible()
    readable(page)

    press(page, "To the console")
    page.wait_for_url(f"{console}/incidents")
    press(page, "What if")
    page.wait_for_url(f"{console}/what-if")
    page.get_by_label("The error").fill(ERROR)
    press(page, "Explain")
    expect(page.locator("article")).to_contain_text("data-x")
    readable(page)
    press(page, "中文")
    page.wait_for_url(f"{console}/what-if?lang=zh")
    expect(page.get_by_role("button", name="解释")).to_be_visible()
    readable(page)
    press(page, "退出")
    page.wait_for_url(f"{console}/sign-out")
    readable(page)
    page.goto(f"{console}/incidents/{incident}")
    page.wait_for_url(re.compile("signin.aliyun.com"))
    assert not [one for one in invocations(stage, "console") if one.error]


def test_a_plan_is_rejected_through_its_link_in_chinese(
    stage: Stage, console: str, receiver: Receiver, chinese_phone: BrowserContext
) -> None:
    incident = denied(stage, "trust-policy")
    page = chinese_phone.new_page()
    page.goto(alert_link(receiver, incident))
    assert page.locator("html").get_attribute("lang") == "zh-CN"
    readable(page)
    press(page, "拒绝此计划")
    expect(page.get_by_role("heading", level=1)).to_have_text("已拒绝")
    readable(page)
    press(page, "在控制台")
    sign_in(page)
    page.wait_for_url(re.compile(incident))
    expect(page.locator("h1 + p .state")).to_have_text("已关闭", timeout=60_000)
    readable(page)
    stage.settle()
    assert "through a link sent to webhook" in stage.incidents()[incident].closed


def altered(link: str) -> str:
    """Another signature."""
    return link[:-6] + ("AAAAAA" if link[-6:] != "AAAAAA" else "BBBBBB")


def test_what_permits_nothing_says_so_and_changes_nothing(
    stage: Stage, console: str, receiver: Receiver, phone: BrowserContext
) -> None:
    incident = denied(stage, "spark-oss")
    link, before = alert_link(receiver, incident), decided(stage)
    page, late = phone.new_page(), phone.new_page()
    for address, words in ((altered(link), "not made here"), (f"{console}/link/x", "not made here")):
        answer: Any = page.goto(address)
        assert answer.status == 404
        expect(page.get_by_text(words)).to_be_visible()
        expect(page.get_by_role("button")).to_have_count(0)
        readable(page)
    late.goto(link)
    page.goto(link)
    press(page, "Reject this plan")
    expect(page.get_by_role("heading", level=1)).to_have_text("Rejected")
    press(late, "Approve and apply this plan")  # the same link, opened before it was used
    expect(late.get_by_role("heading", level=1)).to_have_text("Nothing was changed")
    expect(late.get_by_text("This link was used already")).to_be_visible()
    late.go_back()  # no browser keeps the form
    expect(late.get_by_text("This link was used already")).to_be_visible()
    expect(late.get_by_role("button")).to_have_count(0)
    stage.settle()
    assert decided(stage) == before + 1
    assert stage.incidents()[incident].state == "closed"
