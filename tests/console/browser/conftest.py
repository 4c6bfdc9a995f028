"""One Chromium for all browser tests, and a console on a stage of its own for each module.

Not for the whole session: while Playwright runs, no other test in the process could start an event loop.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from demo.keep import console
from demo.receiver import Receiver
from demo.scenarios import GUARDRAILS
from demo.stage import Stage, set_stage
from localcloud.fc.process import Preloaded
from localcloud.server import LocalCloud
from tests.console.chromium import chromium_path


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    path = chromium_path()
    expect.set_options(timeout=30_000)  # a machine that does much besides is slow, and nothing is wrong
    with sync_playwright() as playwright:
        # Pages come from loopback: no proxy, whatever the other tests have set.
        arguments = ["--no-sandbox", "--no-proxy-server", "--disable-features=HttpsUpgrades"]
        browser = playwright.chromium.launch(executable_path=path, args=arguments)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    """The team's chat, which takes the messages of a module's stage."""
    with Receiver() as receiver:
        yield receiver


@pytest.fixture(scope="module")
def stage(running: LocalCloud, preloaded: Preloaded | None, receiver: Receiver) -> Iterator[Stage]:
    """A fresh account with everything deployed, for one module: its tests follow each other in it."""
    running.cloud.preloaded = preloaded
    running.reset()
    yield set_stage(running, receiver.url, GUARDRAILS)
    running.cloud.preloaded = None


@pytest.fixture(scope="module")
def session(chromium: Browser, stage: Stage) -> Iterator[BrowserContext]:
    """A browser's session that has opened the start address."""
    with console(stage) as start:
        origin = start.split("/start/", maxsplit=1)[0]
        context = chromium.new_context(base_url=origin, locale="en-GB")
        context.set_default_timeout(30_000)
        page = context.new_page()
        page.goto(start)
        page.close()
        yield context
        context.close()


@pytest.fixture
def page(session: BrowserContext) -> Iterator[Page]:
    """A page that must not meet a fault of the browser's: a script, a style or a file that the policy refuses."""
    page = session.new_page()
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    page.close()
    assert not [one for one in complaints if "status of 4" not in one]
