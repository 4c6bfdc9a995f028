"""docs/audits.md names every check as it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from rolemend.audit.guides import GUIDES

PAGE = (Path(__file__).parents[2] / "docs" / "audits.md").read_text("utf-8")


@pytest.mark.parametrize("check", GUIDES)
def test_each_check_is_documented_with_its_severity_remedy_and_page(check: str) -> None:
    guide = GUIDES[check]
    (line,) = [line for line in PAGE.splitlines() if line.startswith(f"| `{check}` |")]
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    assert cells == [
        f"`{check}`",
        guide.severity,
        guide.title.render(),
        guide.remedy.render(),
        f"[documentation]({guide.doc})",
    ]
    part = PAGE.split("## The checks of Rolemend itself")[1 if guide.doctor else 0]
    assert line in part
