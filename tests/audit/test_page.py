"""The HTML report in a browser: complete without JavaScript, filtered and sorted with it, accessible, and offline."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import msgspec
import pytest
from axe_playwright_python.sync_playwright import Axe
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import Browser, Dialog, Page, sync_playwright

from rolemend.audit.render import render
from tests.audit.reports import ACCOUNT, HOSTILE, every, finding, many, report
from tests.audit.test_formats import compared
from tests.console.chromium import chromium_path

SERIOUS = {"serious", "critical"}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = chromium_path()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "report.html"
    found = every()
    path.write_bytes(render(found, "html", "en", compared(found)))
    return path


class Opened:
    """The report in a browser, with what it asked for and complained about."""

    def __init__(self, browser: Browser, file: Path, **options: Any) -> None:
        self._context = browser.new_context(**options)
        self.page: Page = self._context.new_page()
        self.asked: list[str] = []
        self.told: list[str] = []
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("console", lambda message: self.told.append(message.text))
        self.page.on("pageerror", lambda error: self.told.append(str(error)))
        self.page.on("dialog", self._dismiss)
        self.page.goto(file.as_uri())

    def _dismiss(self, dialog: Dialog) -> None:
        self.told.append(dialog.message)
        dialog.dismiss()

    def __enter__(self) -> Opened:
        return self

    def __exit__(self, *details: object) -> None:
        self._context.close()

    def rows(self) -> int:
        return self.page.locator("#findings tbody tr:visible").count()


def test_it_is_complete_without_javascript(browser: Browser, file: Path) -> None:
    with Opened(browser, file, java_script_enabled=False) as opened:
        assert opened.page.locator("#findings tbody tr").count() == len(every().findings)
        assert opened.rows() == len(every().findings)
        assert "the read was refused: <b>" in opened.page.locator("#incomplete").inner_text()
        assert not opened.page.locator("#filter").is_visible()
        assert "名称" in opened.page.locator("#findings").inner_text()
        before = opened.page.locator("h1").inner_text()
        opened.page.locator("#language-zh").check()
        assert opened.page.locator("h1").inner_text() != before


def test_what_is_incomplete_stands_before_all_findings(browser: Browser, file: Path) -> None:
    with Opened(browser, file) as opened:
        banner = opened.page.locator("#incomplete").bounding_box()
        findings = opened.page.locator("#findings").bounding_box()
        assert banner is not None
        assert findings is not None
        assert banner["y"] < findings["y"]


def test_nothing_leaves_and_nothing_hostile_runs(browser: Browser, file: Path) -> None:
    with Opened(browser, file) as opened:
        opened.page.wait_for_load_state("networkidle")
        for summary in opened.page.locator("summary").all()[:20]:
            summary.click()
        assert opened.asked == [file.as_uri()]
        assert opened.told == []
        shown = opened.page.locator("#findings").text_content() or ""
        for name in HOSTILE:
            if name.isprintable() and name.strip() == name:
                assert name in shown
        assert "\u202e" not in shown
        assert opened.page.locator("#findings img, #findings script, [onmouseover]").count() == 0


def test_findings_are_filtered(browser: Browser, file: Path) -> None:
    found = every()
    with Opened(browser, file) as opened:
        page = opened.page
        page.get_by_label("Answer").select_option("failed")
        assert opened.rows() == len(found.failed())
        page.get_by_label("Severity").select_option("critical")
        assert opened.rows() == sum(each.severity == "critical" for each in found.failed())
        assert page.locator("#shown").inner_text() == str(opened.rows())
        page.get_by_role("button", name="Show all").click()
        page.wait_for_function("!document.querySelector('#findings tr[hidden]')")
        page.get_by_label("State").select_option("new")
        assert opened.rows() == 1
        page.get_by_role("button", name="Show all").click()
        page.get_by_label("Search").fill("rm-kms-UNKNOWN")
        assert opened.rows() == 1
        page.get_by_label("Search").fill("no such thing")
        assert opened.rows() == 0


def test_findings_of_one_account_are_picked_out_of_many(browser: Browser, tmp_path: Path) -> None:
    other = "2000000000000002"
    found = report(finding(), finding(account=other), finding(account=other, name="Spark"))
    path = tmp_path / "accounts.html"
    path.write_bytes(render(msgspec.structs.replace(found, accounts=(ACCOUNT, other)), "html"))
    with Opened(browser, path) as opened:
        opened.page.get_by_label("Account").select_option(other)
        assert opened.rows() == 2


def test_findings_are_sorted_by_each_column(browser: Browser, file: Path) -> None:
    with Opened(browser, file) as opened:
        page = opened.page
        head = page.locator("th[data-sort=severity]")
        head.get_by_role("button").click()
        order = page.eval_on_selector_all("#findings tbody tr", "rows => rows.map(r => r.dataset.severity)")
        ranks = ["critical", "high", "medium", "low", "info"]
        assert order == sorted(order, key=ranks.index)
        assert head.get_attribute("aria-sort") == "ascending"
        head.get_by_role("button").press("Enter")
        order = page.eval_on_selector_all("#findings tbody tr", "rows => rows.map(r => r.dataset.severity)")
        assert order == sorted(order, key=ranks.index, reverse=True)
        page.locator("th[data-sort=check]").get_by_role("button").click()
        names = page.locator("#findings tbody tr td:nth-child(4)").all_inner_texts()
        assert names == sorted(names)
        assert len(names) == len(every().findings)


def test_both_languages_are_in_the_file(browser: Browser, file: Path) -> None:
    with Opened(browser, file) as opened:
        page = opened.page
        page.get_by_label("中文").check()
        assert page.locator("html").get_attribute("lang") == "zh-CN"
        assert page.locator("option").nth(1).inner_text() != "failed"
        assert page.locator(".en:visible").count() == 0
        assert re.search("[一-鿿]", page.locator("h1").inner_text())
        page.get_by_label("English").check()
        assert page.locator(".zh:visible").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("width", [1280, 400])
def test_it_is_accessible(browser: Browser, file: Path, scheme: str, language: str, width: int) -> None:
    with Opened(browser, file, color_scheme=scheme, viewport={"width": width, "height": 800}) as opened:
        opened.page.locator(f"#language-{language}").check()
        for details in opened.page.locator("#findings details").all()[:6]:
            details.locator("summary").click()
        violations = Axe().run(opened.page).response["violations"]
        assert [
            (each["id"], each["nodes"][0]["html"]) for each in violations if each["impact"] in SERIOUS
        ] == []


def test_it_can_be_worked_by_keyboard_and_shows_where_one_is(browser: Browser, file: Path) -> None:
    with Opened(browser, file) as opened:
        opened.page.get_by_label("Search").focus()
        opened.page.keyboard.type("rm-kms")
        opened.page.keyboard.press("Tab")
        assert opened.page.evaluate("document.activeElement.dataset.filter") == "answer"
        assert opened.rows() < len(every().findings)


def test_ten_thousand_findings_are_filtered_in_a_moment(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "many.html"
    path.write_bytes(render(many(10_000), "html"))
    with Opened(browser, path) as opened:
        opened.page.get_by_label("Answer").select_option("unknown")
        assert opened.page.locator("#shown").inner_text() == "1000"


class _Tags(HTMLParser):
    """The tags and attributes of a page, and its text."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, tuple[str, ...]]] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, tuple(name for name, _ in attrs)))

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def parsed(page: bytes) -> _Tags:
    found = _Tags()
    found.feed(page.decode())
    return found


@given(st.one_of(st.sampled_from(HOSTILE), st.text("<>&\"'{}%#=/ \u202e\x00\nabc", min_size=1, max_size=40)))
def test_no_name_becomes_markup(name: str) -> None:
    def page(value: str) -> bytes:
        each = finding(
            name=value, subject=value, statement=value, evidence=(value,), kind=value, account=value
        )
        return render(report(each, incomplete=(value,), run=value, regions=(value,)), "html")

    plain, hostile = parsed(page("name")), parsed(page(name))
    assert hostile.tags == plain.tags
    if name.isprintable() and name.strip() == name and "  " not in name:
        assert name[:300] in "".join(hostile.text)
