"""docs/verify-cloud.md names for each open question and each simplification what asks it, or why nothing does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rolemend.probe.model import read_probes

DOCS = Path(__file__).parents[1] / "docs"
PROBES = read_probes(Path(__file__).with_name("probes"))
ASKED = (DOCS / "verify-cloud.md").read_text("utf-8")


def part(page: str, heading: str) -> str:
    """What stands under a heading, down to the next one of its rank or above."""
    return re.split(r"\n#{1,2} ", page.split(f"\n## {heading}\n", 1)[1], maxsplit=1)[0]


def table(text: str, head: str) -> list[list[str]]:
    """The rows of the table whose heading begins so."""
    (rows,) = (
        found for found in re.findall(r"(?:^\|.*\n?)+", text, re.MULTILINE) if found.startswith(f"| {head} |")
    )
    return [row.strip("|").strip().split(" | ") for row in rows.splitlines()[2:]]


def open_questions() -> list[str]:
    page = (DOCS / "policy-language.md").read_text("utf-8")
    return [
        row[0]
        for row in table(part(page, "What is not documented, and what Rolemend does"), "Not documented")
    ]


def simplifications() -> list[str]:
    """Each sentence of the page's list, and each stand-in."""
    page = (DOCS / "local-cloud.md").read_text("utf-8")
    points = re.findall(r"^- ((?:.+\n?(?:  .+\n?)*))", part(page, "Simplified"), re.MULTILINE)
    sentences = [
        each for point in points for each in re.split(r"(?<=\.) (?=[A-Z`0-9])", " ".join(point.split()))
    ]
    return [*sentences, *(row[0] for row in table(part(page, "Stand-ins"), "policy"))]


@pytest.mark.parametrize(
    ("head", "left_open"),
    [
        ("not documented in the policy language", open_questions()),
        ("simplified in the local cloud", simplifications()),
    ],
    ids=["policy language", "local cloud"],
)
def test_every_open_question_has_a_probe_or_says_why_not(head: str, left_open: list[str]) -> None:
    rows = table(part(ASKED, "Which probe asks what"), head)
    assert len(left_open) > 20
    for each in left_open:
        named = [row for row in rows if each == row[0]] or [row for row in rows if each.startswith(row[0])]
        assert len(named) == 1, f"no row, or more than one, of docs/verify-cloud.md for: {each}"
    for begins, answer in rows:
        assert any(each.startswith(begins) for each in left_open), f"stands on no page any more: {begins}"
        probes = set(re.findall(r"`([a-z0-9\-]+)`", answer)) - {"rolemend"}
        assert probes <= {probe.id for probe in PROBES}, begins
        assert probes or re.match(r"not asked: .{10,}", answer), begins


def test_the_page_tells_each_probes_question_and_what_is_assumed() -> None:
    told = {row[0].strip("`"): row[1] for row in table(part(ASKED, "The probes"), "probe")}
    assert told == {probe.id: f"{probe.question} Assumed: {probe.assumed}." for probe in PROBES}


def test_every_probe_answers_something_that_a_page_leaves_open_or_assumes() -> None:
    for probe in PROBES:
        assert (DOCS.parent / probe.where).is_file(), probe.id
