"""People read an incident in the browser, decide on its plan, watch the repair, and take it back."""

from __future__ import annotations

import re

from playwright.sync_api import BrowserContext, Page, expect

from demo.stage import Stage
from tests.console.browser.stages import denied


def in_force(stage: Stage) -> str:
    policy = stage.local.cloud.state.accounts[stage.account].ram.policies["emr-demo-reader"]
    return policy.default_version


def test_a_plan_is_read_approved_seen_verified_and_rolled_back(
    stage: Stage, page: Page, session: BrowserContext
) -> None:
    incident = denied(stage)
    page.goto("/")
    page.get_by_role("link", name="demo-data-clicks").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Denied: emr-demo-reader")
    checklist = page.get_by_role("region", name="The checklist")
    checklist.get_by_text("Evidence").first.click()
    expect(checklist.locator(".failed").first).to_contain_text("No policy of emr-demo-reader")
    plan = page.get_by_role("region", name="The plan")
    expect(plan).to_contain_text("acs:oss:*:*:demo-data-clicks/*")
    expect(plan.locator("ins").first).to_be_visible()

    other = session.new_page()  # somebody else has the same page open
    other.goto(f"/incidents/{incident}")
    page.get_by_role("button", name="Approve this plan").click()
    page.wait_for_url(re.compile("watch=1"))
    expect(page.locator("h1 + p .state")).to_have_text("verified", timeout=30_000)
    expect(page.get_by_text("it is allowed", exact=False).last).to_be_visible()
    stage.settle()
    assert in_force(stage) == "v2"

    other.get_by_role("button", name="Approve this plan").click()
    expect(other.get_by_role("alert")).to_contain_text("has changed since you opened the page")
    expect(other.locator("h1 + p .state")).to_have_text("verified")
    other.close()
    stage.settle()
    assert in_force(stage) == "v2"

    page.goto(f"/incidents/{incident}")
    region = page.get_by_role("region", name="The change and its verification")
    expect(region).to_contain_text("in the console, from 127.0.0.1")
    region.get_by_role("link").click()
    page.get_by_role("button", name="Roll this change back").click()
    expect(page.locator("h1 + p .state")).to_have_text("taken back")
    assert in_force(stage) == "v1"
    assert stage.incidents()[incident].hands_off.endswith("in the console, from 127.0.0.1")


def test_a_rejected_plan_is_closed_with_its_reason(stage: Stage, page: Page) -> None:
    incident = denied(stage, "trust-policy")
    page.goto(f"/incidents/{incident}")
    page.get_by_label("Reason, which people read later").fill("not <b>this</b> role")
    page.get_by_role("button", name="Reject this plan").click()
    expect(page.locator("h1 + p .state")).to_have_text("closed", timeout=30_000)
    expect(page.get_by_role("region", name="What happened, in order")).to_contain_text(
        "rejected the plan: not <b>this</b> role"
    )
    stage.settle()
    assert stage.incidents()[incident].closed.endswith(": not <b>this</b> role")


def test_with_the_keyboard_alone_a_plan_is_found_and_approved(stage: Stage, page: Page) -> None:
    incident = denied(stage, "spark-oss")
    page.goto("/incidents")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    focus_on(page, f"/incidents/{incident}")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(incident))
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent") == "Approve this plan":
            break
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    page.keyboard.press("Enter")
    expect(page.locator("h1 + p .state")).to_have_text("verified", timeout=30_000)


def focus_on(page: Page, address: str) -> None:
    """Press Tab until a link to this address has the focus."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.getAttribute('href')") == address:
            return
    raise AssertionError(f"no key leads to {address}")
