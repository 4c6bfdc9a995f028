"""`rolemend simulate`: an answer for each line, whatever the line is."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from rolemend.commands import simulate
from tests.commands.shell import command, environment, rolemend, told_in_one_line

POLICY = {
    "kind": "identity",
    "name": "jobs",
    "document": {
        "Version": "1",
        "Statement": [{"Effect": "Allow", "Action": "oss:GetObject", "Resource": "acs:oss:*:*:b/*"}],
    },
}


def line(tail: str = "b/x", **changes: Any) -> dict[str, Any]:
    request = {"action": "oss:GetObject", "resource": f"acs:oss:*:1:{tail}"}
    return {"policies": [POLICY], "request": request, **changes}


def joined(*entries: Any, end: bytes = b"\n") -> bytes:
    return b"".join(json.dumps(entry).encode() + end for entry in entries)


def outcomes(text: str) -> list[str]:
    return [json.loads(each).get("decision", "error") for each in text.splitlines()]


def test_each_line_of_a_file_is_answered_in_order_and_a_denial_is_no_failure(tmp_path: Path) -> None:
    file = tmp_path / "requests"
    file.write_bytes(joined(line(id="a"), line("c/x", id="b"), line(id="c")))
    done = rolemend("simulate", file)
    assert (done.code, done.err) == (0, "")
    assert [json.loads(each)["id"] for each in done.lines] == ["a", "b", "c"]
    assert outcomes(done.out) == ["allow", "implicit_deny", "allow"]


def test_standard_input_is_read_by_default_and_by_name() -> None:
    assert outcomes(rolemend("simulate", given=joined(line())).out) == ["allow"]
    assert outcomes(rolemend("simulate", "-", given=joined(line())).out) == ["allow"]


def test_bad_lines_are_answered_in_their_place_and_make_the_exit_code_2() -> None:
    given = joined(line()) + b"\n" + b"{\n" + b"\xff\xfe{}\n" + b"3\n" + joined(line())
    done = rolemend("simulate", given=given)
    assert done.code == 2
    assert outcomes(done.out) == ["allow", "error", "error", "error", "error", "allow"]
    assert [json.loads(each).get("line") for each in done.lines] == [None, 2, 3, 4, 5, None]


@pytest.mark.parametrize("given", [b"", b"[]", b"\xef\xbb\xbf"], ids=["empty", "empty array", "only a mark"])
def test_nothing_is_answered_with_nothing(given: bytes) -> None:
    assert rolemend("simulate", given=given)[:2] == (0, "")


def test_array_byte_order_mark_carriage_returns_and_a_missing_last_newline_change_nothing() -> None:
    entries = [line(id=1), line("c", id=2)]
    wanted = rolemend("simulate", given=joined(*entries)).out
    assert rolemend("simulate", given=b" \n" + json.dumps(entries, indent=1).encode()).out == wanted
    assert rolemend("simulate", given=b"\xef\xbb\xbf" + joined(*entries, end=b"\r\n")).out == wanted
    assert rolemend("simulate", given=joined(*entries)[:-1]).out == wanted


def test_array_that_is_broken_is_answered_line_by_line() -> None:
    done = rolemend("simulate", given=b"[\n" + joined(line()) + b",]\n")
    assert (done.code, outcomes(done.out)) == (2, ["error", "allow", "error"])


def test_text_is_one_line_each_in_the_language_asked_for() -> None:
    given = joined(line(id="a"), line("c/x\n\x1b[2J"), 3)
    done = rolemend("simulate", "--format", "text", given=given)
    assert done.lines[0] == "a: allow: Statement 0 of policy jobs (identity) allows it."
    assert done.lines[1].startswith(
        "2: implicit_deny: No statement allows it. Statement 0 of policy jobs lists"
    )
    assert done.lines[2] == "3: error: is a number (expected: an object)"
    assert "\x1b" not in done.out
    chinese = rolemend("simulate", "--format", "text", "--lang", "zh", given=given, PYTHONIOENCODING="utf-8")
    assert "没有语句允许该请求" in chinese.lines[1]
    ascii_only = rolemend(
        "simulate", "--format", "text", "--lang", "zh", given=given, PYTHONIOENCODING="ascii"
    )
    assert ascii_only.code == 2


def test_long_line_is_answered_and_one_beyond_every_bound_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    long = line("b/" + "x" * 3_000_000, id="long")
    assert outcomes(rolemend("simulate", given=joined(long)).out) == ["allow"]
    monkeypatch.setattr(simulate, "LONGEST_LINE", 4_096)
    (tmp_path / "requests").write_bytes(joined(line(), long, line()))
    with (tmp_path / "requests").open("rb") as file:
        found = list(simulate.answers(file, "-", {}))
    assert [each.get("decision", each.get("error")) for each in found] == [
        "allow",
        "is too long to be read",
        "allow",
    ]


def test_answer_comes_before_the_next_line_is_there() -> None:
    with subprocess.Popen(
        command("simulate"), stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment()
    ) as running:
        assert running.stdin is not None
        assert running.stdout is not None
        for number in range(3):
            running.stdin.write(joined(line(id=number)))
            running.stdin.flush()
            assert json.loads(running.stdout.readline())["id"] == number
        running.stdin.close()
        assert running.wait(30) == 0


def test_reader_that_goes_away_ends_it_quietly(tmp_path: Path) -> None:
    file = tmp_path / "requests"
    file.write_bytes(joined(*[line()] * 2_000))
    with subprocess.Popen(
        command("simulate", file), stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment()
    ) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.readline()
        running.stdout.close()
        assert running.stderr.read() == b""
        assert running.wait(30) in (0, 2)


def test_what_cannot_be_read_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "wide").write_bytes("{}".encode("utf-16"))
    for name, part in (
        (tmp_path, "Is a directory"),
        (tmp_path / "none", "No such file"),
        (tmp_path / "wide", "UTF-16"),
    ):
        done = rolemend("simulate", name)
        assert (done.code, done.out) == (2, "")
        assert told_in_one_line(done, str(name), part)


@pytest.mark.parametrize("arguments", [["simulate", "--format", "yaml"], ["simulate", "a", "b"], ["nothing"]])
def test_wrong_arguments_are_told_with_the_usage(arguments: list[str]) -> None:
    done = rolemend(*arguments)
    assert (done.code, done.out) == (2, "")
    assert "usage: rolemend" in done.err
    assert "Traceback" not in done.err
