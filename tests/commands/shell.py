"""The command `rolemend` as a shell runs it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

PROJECT = Path(__file__).parents[2]


class Done(NamedTuple):
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "rolemend.cli", *map(str, arguments)]


def environment(**changes: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": f"{PROJECT}:{PROJECT / 'shared'}", **changes}


def rolemend(*arguments: object, given: bytes = b"", **changes: str) -> Done:
    """Run the command with `given` on standard input and `changes` to the environment."""
    done = subprocess.run(
        command(*arguments), input=given, capture_output=True, env=environment(**changes), timeout=60
    )
    return Done(done.returncode, done.stdout.decode(), done.stderr.decode())


def told_in_one_line(done: Done, *parts: str) -> bool:
    """Whether standard error holds one plain line with all `parts`, and no traceback."""
    return len(done.err.splitlines()) == 1 and all(part in done.err for part in ("rolemend: ", *parts))
