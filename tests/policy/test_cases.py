"""Documented policies with requests and outcomes, through the same door as the command `simulate`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rolemend.policy.simulate import simulate_entry

CASES = [
    case
    for file in sorted(Path(__file__).parent.joinpath("cases").glob("*.json"))
    for case in json.loads(file.read_text(encoding="utf-8"))
]


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_case_is_decided_as_documented(case: dict[str, Any]) -> None:
    answer = simulate_entry(case, 1)
    assert answer.get("decision") == case["expected"], (case["note"], answer)
    if "decided_by" in case:
        assert answer["decided_by"] == case["decided_by"]


def test_corpus_names_a_source_for_every_case_and_covers_each_area() -> None:
    kinds = [{policy["kind"] for policy in case["policies"]} for case in CASES]
    conditional = [case for case in CASES if '"Condition": {"' in json.dumps(case["policies"])]
    assert all(case["source"] and case["note"] for case in CASES)
    assert len({case["id"] for case in CASES}) == len(CASES) >= 300
    assert len(conditional) >= 25
    assert sum(case["request"]["action"] == "sts:AssumeRole" for case in CASES) >= 25
    assert sum("control" in each for each in kinds) >= 25
