"""A real browser signs in: redirects over two hosts, the cookie, and a policy that nothing on the pages breaks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, sync_playwright

from localcloud.accounts import DEMO_ACCOUNT
from localcloud.server import LocalCloud
from tests.console.chromium import chromium_path

ANA, SAM = (f"{name}@{DEMO_ACCOUNT}.onaliyun.com" for name in ("ana", "sam"))


@pytest.fixture
def page(local: LocalCloud) -> Iterator[Page]:
    """Chromium, whose way to everything but this machine is the local cloud; no page may be upgraded to https."""
    path = chromium_path()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path,
            args=["--no-sandbox", f"--proxy-server={local.proxy}", "--disable-features=HttpsUpgrades"],
        )
        yield browser.new_page()
        browser.close()


def test_a_browser_signs_in_and_keeps_its_session(page: Page, console: str) -> None:
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.goto(console)
    assert page.url.startswith("http://signin.aliyun.com/oauth2/v1/auth?")
    page.get_by_role("link", name=ANA).click()
    page.wait_for_url(f"{console}/")
    assert page.inner_text("body").startswith(ANA)
    page.reload()
    assert page.inner_text("body").startswith(ANA)
    (cookie,) = page.context.cookies(console)
    assert (cookie["httpOnly"], cookie["sameSite"], cookie["secure"]) == (True, "Lax", False)
    assert [text for text in complaints if "Content Security" in text] == []


def test_a_browser_of_a_stranger_reads_why(page: Page, console: str) -> None:
    page.goto(console)
    page.get_by_role("link", name=SAM).click()
    page.get_by_role("heading", name="Not signed in").wait_for()
    assert page.context.cookies(console) == []
    assert page.evaluate("() => document.scripts.length") == 0


def test_a_machine_without_a_browser_is_told_how_to_get_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(pytest.fail.Exception, match="apt-get install chromium"):
        chromium_path()
