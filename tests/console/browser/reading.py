"""What every page must bear: axe, a phone's width, and being gone through with keys alone."""

from __future__ import annotations

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

PHONE = {"width": 360, "height": 740}
_MOST_KEYS = 80


def violations(page: Page, options: dict[str, Any] | None = None) -> list[Any]:
    """What axe finds wrong, with the first places of each."""
    found = Axe().run(page, options=options or {}).response["violations"]
    return [(one["id"], [node["html"] for node in one["nodes"]][:3]) for one in found]


def readable(page: Page) -> None:
    """Nothing is wrong on the page as it is, and no part of it stands outside of a phone."""
    page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")
    assert not violations(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert page.evaluate("document.scripts.length") == 0


def press(page: Page, words: str) -> None:
    """Go to the link or button that begins with these words by Tab alone, where it can be seen to be, and press it."""
    for _ in range(_MOST_KEYS):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent").strip().startswith(words):
            assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
            page.keyboard.press("Enter")
            return
    raise AssertionError(f"no key leads to {words!r} on {page.url}")
