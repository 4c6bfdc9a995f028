"""docs/checklists.md is what the checks say, in both languages, and a new check gets on it by itself."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest

import rolemend.checklist
from docs.generator import code
from docs.generator.__main__ import PAGE
from docs.generator.outcomes import ANSWERS
from docs.generator.page import WORDS, checklists, outcomes_of, page, rights_of
from rolemend.account import interface
from rolemend.account.rights import READS, WRITES
from rolemend.checklist.model import Check
from rolemend.explain.answer import CAUSES

CHINESE = re.compile(r"[\u4e00-\u9fff]")
EVERY = [check for listed in checklists() for check in listed.checks]


def protocol_methods() -> dict[str, str]:
    """Every method of the account's interface, with what it answers."""
    found = {}
    for each in vars(interface).values():
        if isinstance(each, type) and Protocol in each.__bases__:
            for name, method in vars(each).items():
                if not name.startswith("_"):
                    found[name] = str(method.__annotations__["return"])
    return found


def test_the_page_is_fresh() -> None:
    assert PAGE.read_text("utf-8") == page(), "run make docs"


def test_every_read_of_the_account_has_its_rights() -> None:
    methods = protocol_methods()
    assert {name for name, answer in methods.items() if answer.startswith("Reading[")} <= set(READS)
    assert set(READS) | set(WRITES) <= set(methods) | {"set_trust_policy"}


def test_every_checklist_is_on_the_page() -> None:
    assert {"cluster-creation", "oss-access"} <= {listed.id for listed in checklists()}


@pytest.mark.parametrize("check", EVERY, ids=lambda check: check.id)
def test_a_check_tells_its_facts_answers_causes_and_remedies(check: Check[Any]) -> None:
    outcomes = outcomes_of(check)
    assert rights_of(check)
    assert {"unknown"} < {outcome.answer for outcome in outcomes}
    assert {outcome.answer for outcome in outcomes} <= set(ANSWERS.values())
    for outcome in outcomes:
        assert outcome.sentences, outcome
        if outcome.answer == "failed":
            assert set(outcome.cause.split(", ")) <= set(CAUSES)
            assert outcome.remedies
            assert outcome.advice or set(outcome.remedies) - {"Advice"}


def test_the_second_half_is_chinese() -> None:
    english, chinese = PAGE.read_text("utf-8").split(f"\n# {WORDS['zh']['title']}\n")
    assert not CHINESE.search(english.split("\n# ", 1)[1])
    sentences = [line for line in chinese.splitlines() if re.match(r"  +- ", line)]
    assert sentences
    assert not [line for line in sentences if not CHINESE.search(line)]


NEW = '''\
"""FAQ: "Why is the moon out of reach?"

https://example.com/moon
"""

from rolemend.checklist.answers import failed, passed, unread
from rolemend.checklist.facts import BucketFacts
from rolemend.checklist.model import Advice, Check
from rolemend.account.interface import Known
from rolemend.text import text

ID = "moon"


def ask_moon(facts: BucketFacts):
    if not isinstance(facts.bucket, Known):
        return unread(("moon", "9.1"), facts.bucket, text("The moon could not be read."))
    if facts.bucket.value.acl == "private":
        said = text("The moon is private.")
        return failed(("moon", "9.1"), said, (), "permission_missing", Advice(statement=text("Ask the moon.")))
    return passed(("moon", "9.1"), text("The moon is open."))


CHECKS = (Check("moon", "9.1", text("Is the moon open?"), ask_moon),)
'''


@pytest.fixture
def more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """One more checklist in the package."""
    (tmp_path / "moon.py").write_text(NEW, encoding="utf-8")
    monkeypatch.setattr(rolemend.checklist, "__path__", [*rolemend.checklist.__path__, str(tmp_path)])
    code.modules.cache_clear()
    yield
    sys.modules.pop("rolemend.checklist.moon", None)
    monkeypatch.undo()
    code.modules.cache_clear()


def test_a_new_check_gets_on_the_page_by_itself(more: None) -> None:
    shown = page()
    for line in (
        'FAQ: "Why is the moon out of reach?" <https://example.com/moon>',
        "### 9.1 moon",
        "- **Rights**: `oss:GetBucketInfo`",
        "  - passed: The moon is open.",
        "  - failed (cause `permission_missing`): The moon is private.",
        "    - Remedy, advice: Ask the moon.",
        "  - unknown: The moon could not be read.",
    ):
        assert line in shown.splitlines()
