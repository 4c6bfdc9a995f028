"""docs/audits.md names every check as it is; the files that the pages show can be used."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rolemend.audit.accepted import parse_accepted
from rolemend.audit.accounts import parse_accounts
from rolemend.audit.guides import GUIDES
from rolemend.audit.render import FORMATS

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


DOCS = Path(__file__).parents[2] / "docs"


def block(page: str, begin: str) -> bytes:
    """The TOML of a page that begins with these words."""
    found: list[str] = re.findall(r"```toml\n(.*?)```", (DOCS / page).read_text("utf-8"), re.DOTALL)
    (only,) = [each for each in found if each.startswith(begin)]
    return only.encode()


def test_the_files_that_the_pages_show_can_be_used_as_they_stand() -> None:
    accounts = parse_accounts(block("audits.md", "role = "), "1000000000000001", ("cn-hangzhou",))
    assert [each.id for each in accounts] == ["1000000000000001", "1234567890123456", "6543210987654321"]
    (accepted,) = parse_accepted(block("audit-reports.md", "[[accepted]]"))
    assert accepted.until == "2027-03-31"


def test_each_form_is_documented() -> None:
    page = (DOCS / "audit-reports.md").read_text("utf-8")
    assert {form for form in FORMATS if f"| `{form}`" in page} == set(FORMATS)
