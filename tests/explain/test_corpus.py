"""The corpus: each text gets the cause that it supports by itself, once, with the names that stand in it."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from rolemend.explain.answer import CAUSES, KINDS
from rolemend.explain.explain import explain_bytes
from tests.explain.cases import CORPUS, NAMES

IDS = [case["id"] for case in CORPUS]


@pytest.mark.parametrize("case", CORPUS, ids=IDS)
def test_a_text_gives_one_answer_with_the_cause_it_supports(case: dict[str, Any]) -> None:
    answers = explain_bytes(case["text"].encode())
    assert [answer.cause for answer in answers] == [case["cause"]]
    assert {name: getattr(answers[0], name) for name in case.get("want", {})} == case.get("want", {})


@pytest.mark.parametrize("case", CORPUS, ids=IDS)
def test_every_name_stands_in_the_text(case: dict[str, Any]) -> None:
    for answer in explain_bytes(case["text"].encode()):
        for name in NAMES:
            assert (getattr(answer, name) or "") in case["text"]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("case", CORPUS[::8], ids=IDS[::8])
def test_the_answer_is_the_same_in_every_encoding(case: dict[str, Any], encoding: str) -> None:
    assert explain_bytes(case["text"].encode(encoding)) == explain_bytes(case["text"].encode())


def test_the_corpus_is_large_and_names_its_sources() -> None:
    assert len(CORPUS) >= 120
    assert len(set(IDS)) == len(IDS)
    assert all(case["source"] for case in CORPUS)


def test_every_cause_and_every_kind_is_reached() -> None:
    assert {case["cause"] for case in CORPUS} == set(CAUSES)
    assert {explain_bytes(case["text"].encode())[0].kind for case in CORPUS} == set(KINDS)


def test_a_cause_that_is_surely_known_has_a_page_or_a_code() -> None:
    answers = [explain_bytes(case["text"].encode())[0] for case in CORPUS]
    assert not [answer for answer in answers if answer.confidence == "certain" and not answer.because]
    assert Counter(answer.confidence for answer in answers)["certain"] >= 40
