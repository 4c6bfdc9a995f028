"""`python -m docs.generator.screenshots`: pictures of the console's main pages, made on the demo's account."""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

from playwright.sync_api import Page, ViewportSize, sync_playwright
from rich.console import Console

from demo.__main__ import through_proxy
from demo.keep import console, leave_a_decision
from demo.receiver import Receiver
from demo.run import play
from demo.scenarios import GUARDRAILS, SCENARIOS
from demo.stage import Stage, set_stage
from localcloud.server import LocalCloud

IMAGES = Path(__file__).parents[1] / "images"
SIZE = ViewportSize(width=1100, height=820)


def main() -> int:
    """Exit code 1 where no Chromium is installed."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        sys.stderr.write("screenshots: this needs chromium; install it with the system's package manager\n")
        return 1
    with LocalCloud() as local, through_proxy(local.proxy), Receiver() as receiver:
        stage = set_stage(local, receiver.url, GUARDRAILS)
        for scenario in SCENARIOS:
            play(stage, receiver, scenario)
        leave_a_decision(stage)
        audit(stage)
        with console(stage) as start, sync_playwright() as playwright:
            arguments = ["--no-sandbox", "--no-proxy-server"]
            browser = playwright.chromium.launch(executable_path=chromium, args=arguments)
            origin = start.partition("/start/")[0]
            page = browser.new_context(base_url=origin, viewport=SIZE, locale="en-GB").new_page()
            page.goto(start)
            take(page)
            browser.close()
    return 0


def audit(stage: Stage) -> None:
    """One run of the nightly audit."""
    stage.local.call(lambda cloud: cloud.services["fc"].fire_timer("rolemend-audit", "nightly"))  # type: ignore[attr-defined]
    stage.settle()


def take(page: Page) -> None:
    """Each main page once, the incident that waits in light and in dark, in English and in Chinese."""
    page.goto("/incidents")
    save(page, "console-incidents")
    page.goto("/incidents?state=awaiting+approval")
    page.get_by_role("link", name="demo-data-returns").click()
    address = page.url
    page.evaluate("document.getElementById('plan').scrollIntoView()")
    save(page, "console-incident")
    page.emulate_media(color_scheme="dark")
    page.goto(f"{address}?lang=zh")
    save(page, "console-incident-dark-zh")
    page.emulate_media(color_scheme="light")
    page.goto("/figures?lang=en")
    save(page, "console-figures")
    page.goto("/reports")
    page.locator("main li a").first.click()
    page.evaluate("document.getElementById('findings').scrollIntoView()")
    save(page, "console-report")
    page.goto("/what-if")
    page.get_by_label("The error").fill(re.sub(r"\n +", " ", _ERROR))
    page.get_by_role("button", name="Explain").click()
    page.evaluate("document.querySelector('article').scrollIntoView()")
    save(page, "console-what-if")
    page.goto("/health")
    save(page, "console-health")


_ERROR = """<Error><Code>AccessDenied</Code><Message>You have no right to access this object because of bucket
    acl.</Message>
    <RequestId>5F1A2B3C4D5E6F7A8B9C0D1E</RequestId><HostId>warehouse.oss-cn-hangzhou.aliyuncs.com</HostId>
    <EC>0003-00000001</EC></Error>"""


def save(page: Page, name: str) -> None:
    path = IMAGES / f"{name}.png"
    page.screenshot(path=path)
    Console(stderr=True).print(f"{path.name}: {path.stat().st_size // 1024} kB")


if __name__ == "__main__":
    sys.exit(main())
