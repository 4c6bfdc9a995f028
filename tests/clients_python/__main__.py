"""Installs Alibaba Cloud's other clients for Python in a virtualenv of their own, and runs them against a local cloud.

`make test-clients`. What is installed stays in build/.
"""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path

from tests.served import run_against_local_cloud

HERE = Path(__file__).parent
ROOM = HERE.parents[1] / "build" / "clients_python"
PYTHON = ROOM / "bin" / "python"


def main() -> int:
    """The exit code of the checks."""
    if not PYTHON.exists():
        venv.create(ROOM, with_pip=True)
    wanted = str(HERE / "requirements.txt")
    pip = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "-qq", "install", "-r", wanted]
    subprocess.run(pip, check=True)
    return run_against_local_cloud([PYTHON, HERE / "check_clients.py"], HERE)


if __name__ == "__main__":
    sys.exit(main())
