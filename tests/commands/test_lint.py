"""`rolemend lint`: mistakes of a document, one a line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.commands.shell import Done, rolemend, told_in_one_line

GOOD = {"Effect": "Allow", "Action": "oss:GetObject", "Resource": "acs:oss:*:*:b/*"}
NEVER_CHECKED = "oss:HeadObject is a name that is never checked; the call is checked as oss:GetObject."


def lint(*statements: dict[str, Any], options: tuple[str, ...] = ()) -> Done:
    document = json.dumps({"Version": "1", "Statement": list(statements)}).encode()
    return rolemend("lint", "-", *options, given=document)


def test_good_policy_is_passed_in_silence() -> None:
    assert lint(GOOD) == (0, "", "")


def test_mistakes_are_told_with_their_place() -> None:
    done = lint({**GOOD, "Action": "oss:HeadObject"}, GOOD, GOOD)
    assert done.code == 1
    assert [line.partition(": ")[2].rpartition(" ") for line in done.lines] == [
        ("Statement[0].Action: " + NEVER_CHECKED, " ", "[never_checked]"),
        ("Statement[2]: The same as statement 1.", " ", "[duplicate]"),
    ]


def test_mistakes_are_told_to_programs_and_in_chinese() -> None:
    done = lint(GOOD, GOOD, options=("--format", "json", "--lang", "zh"))
    assert json.loads(done.out) == {
        "mistakes": [
            {"path": "Statement[1]", "code": "duplicate", "message": "与语句 0 相同。", "refused": False}
        ]
    }


def test_unknown_operator_is_told_with_its_path_and_the_right_name() -> None:
    done = lint({**GOOD, "Condition": {"IpAddres": {"acs:SourceIp": "10.0.0.1"}}})
    assert done.code == 1
    assert "Statement[0].Condition.IpAddres: unknown operator, did you mean IpAddress?" in done.out


def test_kind_is_asked_for() -> None:
    statement = {**GOOD, "Principal": ["acs:ram::1:role/r"]}
    assert "[ram_arn]" in lint(statement, options=("--kind", "bucket")).out
    assert "[refused]" in lint(statement).out


@pytest.mark.parametrize("name", ["", "none", "a\x1bb"])
def test_file_that_cannot_be_read_is_told_in_one_line(tmp_path: Path, name: str) -> None:
    done = rolemend("lint", tmp_path / name)
    assert (done.code, done.out) == (2, "")
    assert told_in_one_line(done)
    assert "\x1b" not in done.err
