"""The command line: `rolemend explain`."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
TEXT = "com.aliyun.oss.OSSException: Access denied by VPC endpoint policy.\n"


def rolemend(*arguments: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    environment = os.environ | {"PYTHONPATH": f"{PROJECT / 'shared'}:{PROJECT}", "PYTHONIOENCODING": "ascii"}
    command = [sys.executable, "-m", "rolemend.cli", "explain", *arguments]
    return subprocess.run(command, input=given, capture_output=True, env=environment)


@pytest.mark.parametrize("arguments", [(), ("-",)])
def test_standard_input_is_explained(arguments: tuple[str, ...]) -> None:
    done = rolemend("--format", "json", *arguments, given=TEXT.encode())
    assert done.returncode == 0
    assert done.stderr == b""
    assert json.loads(done.stdout)["answers"][0]["cause"] == "vpc_endpoint_policy_deny"


@pytest.mark.parametrize("content", [b"", b"hello", os.urandom(3_000), "完全正常".encode("gbk")])
def test_whatever_was_read_ends_with_0(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "log").write_bytes(content)
    done = rolemend(str(tmp_path / "log"), "--format", "json")
    assert done.returncode == 0
    assert json.loads(done.stdout)["answers"]


def test_a_file_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    done = rolemend(str(tmp_path / "missing"))
    assert done.returncode == 1
    assert done.stdout == b""
    assert b"cannot read" in done.stderr


@pytest.mark.parametrize(("language", "words"), [("en", "With the aliyun CLI"), ("zh", "使用 aliyun CLI")])
@pytest.mark.parametrize("form", ["text", "markdown"])
def test_it_speaks_both_languages_in_utf_8(form: str, language: str, words: str) -> None:
    done = rolemend("--format", form, "--lang", language, given=TEXT.encode())
    assert words in done.stdout.decode("utf-8")


def test_it_answers_quickly_and_imports_no_sdk() -> None:
    heavy = ("oss2", "aliyun", "Tea", "requests", "rich")
    code = (
        "import sys, rolemend.explain.explain, rolemend.commands.explain;"
        f"print([name for name in sys.modules if name.split('.')[0] in {heavy}])"
    )
    environment = os.environ | {"PYTHONPATH": str(PROJECT / "shared")}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, env=environment)
    assert done.stdout.strip() == b"[]"


def on_a_terminal(path: Path) -> bytes:
    """What the command writes to standard error when that is a terminal."""
    main, other = pty.openpty()
    environment = os.environ | {"PYTHONPATH": str(PROJECT / "shared"), "TERM": "xterm", "COLUMNS": "100"}
    command = [sys.executable, "-m", "rolemend.cli", "explain", str(path), "--format", "json"]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=other, env=environment)
    os.close(other)
    output, _ = running.communicate()
    assert json.loads(output)["answers"]
    written = b""
    try:
        while block := os.read(main, 65_536):
            written += block
    except OSError:  # Linux tells the end of a terminal like this
        pass
    os.close(main)
    return written


def test_a_long_file_shows_its_progress_on_a_terminal_only(tmp_path: Path) -> None:
    path = tmp_path / "long.log"
    path.write_bytes(b"INFO nothing happened here\n" * 700_000)
    assert b"%" in on_a_terminal(path) or b"MB" in on_a_terminal(path)
    assert rolemend(str(path)).stderr == b""


def test_a_short_file_shows_none(tmp_path: Path) -> None:
    path = tmp_path / "short.log"
    path.write_bytes(TEXT.encode())
    assert on_a_terminal(path) == b""
