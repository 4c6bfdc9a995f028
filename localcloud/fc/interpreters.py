"""The interpreter of a runtime on this machine: one that a variable names, or one on the PATH that really starts."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from functools import cache

_PROGRAM = "import sys; print('python%d.%d' % sys.version_info[:2], sys.executable)"
_SECONDS = 20.0


def variable_of(runtime: str) -> str:
    """LOCALCLOUD_PYTHON3_12 names the program for python3.12."""
    return f"LOCALCLOUD_{runtime.upper().replace('.', '_')}"


def find_interpreter(runtime: str, environment: Mapping[str, str] = os.environ) -> str | None:
    """The path of a program that runs as `runtime`, such as python3.12; None if there is none.

    Raises LookupError if the variable names a program that is of another version or does not start.
    """
    named = environment.get(variable_of(runtime), "")
    found = _started(named or runtime, runtime)
    if named and found is None:
        raise LookupError(f"{variable_of(runtime)}: {named} does not start as {runtime}")
    return found


@cache
def _started(program: str, runtime: str) -> str | None:
    """The program's own path. A launcher on the PATH may be there and know no such version."""
    try:
        done = subprocess.run(
            [program, "-S", "-c", _PROGRAM], capture_output=True, text=True, timeout=_SECONDS, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    version, _, path = done.stdout.strip().partition(" ")
    return path if version == runtime and path else None
