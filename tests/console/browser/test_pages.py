"""Every page can be read: in both languages, in light and dark, on a phone, and by who does not see it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from demo.stage import Stage
from rolemend.console.access.pages import LANGUAGE_COOKIE
from tests.console.browser.reading import violations
from tests.console.browser.stages import RUN, denied, keep_reports

PAGES = (
    "/incidents",
    "waiting",
    "mended",
    "change",
    "/changes",
    "/figures",
    "/reports",
    "report",
    "/what-if",
    "/health",
)
POLICY = '{"Version":"1","Statement":[{"Effect":"Allow","Action":"oss:Get*","Resource":"acs:oss:*:*:a/*"}]}'
ERROR = """<?xml version="1.0"?><Error><Code>AccessDenied</Code><Message>You have no right to access this object.\
</Message><RequestId>5F1A2B3C4D5E6F7A8B9C0D1E</RequestId><HostId>data-x.oss-cn-hangzhou.aliyuncs.com</HostId>\
<EC>0003-00000001</EC></Error>"""


@pytest.fixture(scope="module")
def addresses(stage: Stage) -> dict[str, str]:
    """A ledger with a mended incident, one that waits, and a report; the address of each page."""
    mended = denied(stage, "resource-list", "auto")
    waiting = denied(stage, "trust-policy")
    keep_reports(stage)
    (change,) = stage.incidents()[mended].changes
    named = {
        "waiting": f"/incidents/{waiting}",
        "mended": f"/incidents/{mended}",
        "change": f"/changes/{change.id}",
        "report": f"/reports/{RUN}",
    }
    return {name: named.get(name, name) for name in PAGES}


@pytest.fixture
def english(session: BrowserContext) -> Iterator[None]:
    """Whatever language a test chose is forgotten."""
    yield
    session.clear_cookies(name=LANGUAGE_COOKIE)


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_in_light_and_no_low_contrast_in_dark(
    name: str, addresses: dict[str, str], page: Page
) -> None:
    page.emulate_media(color_scheme="light")
    page.goto(addresses[name])
    page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")
    assert not violations(page)
    page.emulate_media(color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(18, 23, 29)"
    assert not violations(page, {"runOnly": ["color-contrast"]})


@pytest.mark.parametrize("name", PAGES)
def test_a_phone_shows_every_page_without_scrolling_sideways(
    name: str, addresses: dict[str, str], page: Page
) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(addresses[name])
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_the_language_is_chosen_once_and_kept(addresses: dict[str, str], page: Page, english: None) -> None:
    page.goto(addresses["waiting"])
    expect(page.get_by_role("button", name="Approve this plan")).to_be_visible()
    page.get_by_role("link", name="中文").click()
    expect(page.get_by_role("button", name="批准此计划")).to_be_visible()
    assert page.locator("html").get_attribute("lang") == "zh-CN"
    page.goto("/incidents")
    expect(page.get_by_role("heading", level=1)).to_have_text("事件")
    assert not re.search("[A-Z][a-z]+ [a-z]+ [a-z]+", page.inner_text("main"))


def test_the_list_is_narrowed_to_what_is_looked_for(addresses: dict[str, str], page: Page) -> None:
    page.goto("/incidents")
    page.get_by_label("State").select_option("awaiting approval")
    page.get_by_role("button", name="Show").click()
    expect(page.locator(".cards > li")).to_have_count(1)
    expect(page.locator(".cards > li")).to_contain_text("emr-demo-trust")
    page.get_by_label("State").select_option("")
    page.get_by_label("Search").fill("DEMO-DATA-CLICKS")
    page.keyboard.press("Enter")
    expect(page.locator(".cards > li")).to_contain_text("verified")
    page.get_by_label("Search").fill("nobody-of-this-name")
    page.keyboard.press("Enter")
    expect(page.get_by_text("No incident fits")).to_be_visible()


def test_an_error_is_explained_and_a_request_decided(page: Page) -> None:
    page.goto("/what-if")
    page.get_by_label("The error").fill(ERROR)
    page.get_by_role("button", name="Explain").click()
    expect(page.locator("article")).to_contain_text("data-x")
    expect(page.locator("article")).to_contain_text("0003-00000001")
    page.get_by_role("textbox", name="Policies").fill(POLICY)
    for resource, decision in (("acs:oss:*:1:a/x", "allow"), ("acs:oss:*:1:b/x", "implicit_deny")):
        page.get_by_role("textbox", name="Action", exact=True).fill("oss:GetObject")
        page.get_by_role("textbox", name="On what").fill(resource)
        page.get_by_role("button", name="Decide").click()
        expect(page.get_by_role("status").locator("h3 code")).to_have_text(decision)
    page.get_by_role("textbox", name="Policies").fill('{"half')
    page.get_by_role("button", name="Decide").click()
    expect(page.get_by_role("alert")).to_contain_text("could not be read")


def test_figures_and_health_show_what_the_ledger_holds(addresses: dict[str, str], page: Page) -> None:
    page.goto("/figures")
    expect(page.get_by_role("img", name="Denials by cause").locator("rect").first).to_be_visible()
    expect(page.get_by_role("img", name="Time to repair").locator("rect").first).to_be_visible()
    page.goto("/health")
    expect(page.get_by_role("row", name=re.compile("ActionTrail"))).to_contain_text("UTC")


def test_a_report_shows_what_changed_is_narrowed_and_given_out(addresses: dict[str, str], page: Page) -> None:
    page.goto("/reports")
    page.get_by_role("link", name=RUN).click()
    expect(page.get_by_role("region", name="Summary")).to_contain_text("1 new, 1 fixed, 1 accepted")
    rows = page.locator(".findings tbody tr")
    expect(rows).to_have_count(3)
    expect(rows.first).to_contain_text("emr-<b>etl</b>")
    rows.first.get_by_text("Exact fix").click()
    expect(rows.first).to_contain_text("aliyun CLI")
    page.get_by_label("State").select_option("accepted")
    page.get_by_role("button", name="Show").click()
    expect(rows).to_have_count(1)
    expect(rows.first).to_contain_text("it goes soon")
    page.get_by_label("State").select_option("")
    page.get_by_label("Search").fill("ETL")
    page.keyboard.press("Enter")
    expect(rows).to_have_count(1)
    for form in ("JSON", "HTML", "CSV", "SARIF", "OCSF"):
        with page.expect_download() as caught:
            page.get_by_role("link", name=form, exact=True).click()
        assert caught.value.suggested_filename.startswith(f"rolemend-audit-{RUN}.")
        assert caught.value.failure() is None
    page.get_by_role("link", name="中文").click()
    expect(page.get_by_role("heading", name="审计结果")).to_be_visible()
