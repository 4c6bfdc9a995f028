"""Where Chromium lies on this machine."""

from __future__ import annotations

import shutil

import pytest

MISSING = (
    "These tests need the browser Chromium, and this machine has neither `chromium` nor `chromium-browser`: "
    "`make test` installs it through apt where it may, or install it by hand (Debian: apt-get install chromium)."
)


def chromium_path() -> str:
    """The browser's program. A machine without one fails the test with how to get it."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.fail(MISSING, pytrace=False)
    return path
