"""`rolemend diff`: what a change of a policy grants and takes away, for people and for programs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.commands.shell import Done, rolemend, told_in_one_line

ENTRIES = ["acs:oss:*:*:logs", "acs:oss:*:*:logs/*"]
OLD = {"Effect": "Allow", "Action": ["oss:GetObject", "oss:ListObjects"], "Resource": ENTRIES}
NEW = {**OLD, "Resource": [*ENTRIES, "acs:oss:*:*:data/*"]}


@pytest.fixture
def diff(tmp_path: Path) -> Any:
    def run(old: list[Any], new: list[Any], *options: str) -> Done:
        for name, statements in (("old", old), ("new", new)):
            (tmp_path / name).write_text(json.dumps({"Version": "1", "Statement": statements}))
        return rolemend("diff", tmp_path / "old", tmp_path / "new", *options)

    return run


def test_grant_and_loss_are_told_in_words(diff: Any) -> None:
    done = diff(
        [OLD], [{**NEW, "Action": "oss:GetObject", "Condition": {"Bool": {"acs:SecureTransport": "true"}}}]
    )
    assert done.code == 0
    assert "The change grants:" in done.lines
    assert any(
        "oss:GetObject on acs:oss:*:*:data/*, where Bool acs:SecureTransport true" in each
        for each in done.lines
    )
    assert "  oss:GetObject, oss:ListObjects on acs:oss:*:*:logs, acs:oss:*:*:logs/*" in done.lines
    assert done.lines[-1].startswith("    except oss:GetObject on acs:oss:*:*:logs,")


def test_regions_are_told_to_programs(diff: Any) -> None:
    found = json.loads(diff([OLD], [NEW], "--format", "json").out)
    (region,) = found["gained"]
    assert region["actions"] == ["oss:GetObject", "oss:ListObjects"]
    assert region["resources"] == ["acs:oss:*:*:data/*"]
    assert region["conditions"] == {}
    assert (found["lost"], found["unknown"]) == ([], {})


def test_no_difference_is_told_as_such(diff: Any) -> None:
    assert diff([OLD], [OLD, OLD]).lines == [
        "The change grants nothing new.",
        "The change takes nothing away.",
    ]


def test_what_cannot_be_told_is_no_empty_list(diff: Any) -> None:
    odd = {"Effect": "Allow", "Action": "oss:GetObject", "NotResource": "acs:oss:*:*:b/*"}
    found = json.loads(diff([OLD], [odd], "--format", "json").out)
    assert (found["gained"], found["unknown"]["gained"]) == (None, "undocumented")
    said = diff([OLD], [odd], "--lang", "zh").lines
    assert said[0] == "无法判断此变更会授予哪些权限。"


def test_trust_policies_and_bucket_policies_are_compared_with_their_principals(diff: Any) -> None:
    def trust(*services: str) -> list[Any]:
        return [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": list(services)}}]

    done = diff(trust("ecs.aliyuncs.com"), trust("ecs.aliyuncs.com", "emr.aliyuncs.com"), "--kind", "trust")
    assert any("sts:AssumeRole on *, for emr.aliyuncs.com" in line for line in done.lines)
    bucket = {"Effect": "Allow", "Action": "oss:GetObject", "Resource": "acs:oss:*:1:b/*", "Principal": ["7"]}
    found = json.loads(
        diff([bucket], [{**bucket, "Principal": ["8"]}], "--kind", "bucket", "--format", "json").out
    )
    assert [each["principals"] for each in (*found["gained"], *found["lost"])] == [["8"], ["7"]]


@pytest.mark.parametrize(
    ("content", "part"),
    [
        (b"{", "not valid JSON"),
        (b'{"Version": "1"}', "Statement: is missing"),
        (b'{"Version": "1", "Version": "1", "Statement": []}', "stands twice"),
        (b"\xff\xfe{\x00", "UTF-16"),
        (b'{"Version": "\xe4"}', "not UTF-8 at byte 13"),
        (b" " * (1 << 21), "so it is no policy"),
        (b"[" * 200_000, "not valid JSON"),
    ],
)
def test_what_is_no_policy_is_told_in_one_line(tmp_path: Path, content: bytes, part: str) -> None:
    (tmp_path / "old").write_bytes(content)
    done = rolemend(
        "diff", tmp_path / "old", "-", given=json.dumps({"Version": "1", "Statement": [OLD]}).encode()
    )
    assert (done.code, done.out) == (2, "")
    assert told_in_one_line(done, str(tmp_path / "old"), part)


def test_only_one_of_the_two_can_come_from_standard_input() -> None:
    assert told_in_one_line(rolemend("diff", "-", "-"), "both")


def test_byte_order_mark_is_no_difference(tmp_path: Path) -> None:
    text = json.dumps({"Version": "1", "Statement": [OLD]}, indent=2)
    (tmp_path / "old").write_text(text, encoding="utf-8")
    (tmp_path / "new").write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    assert rolemend("diff", tmp_path / "old", tmp_path / "new").lines[0] == "The change grants nothing new."
