"""Compiled modules for an archive, which Function Compute would make anew at each cold start."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from packing.archive import Entries

_PROGRAM = Path(__file__).with_name("compiling.py")
_BARE = ("python/rolemend/",)
"""Whose docstrings and signatures' types are left away: this project's own, as nothing reads them in a function."""


def compiled(entries: Mapping[str, bytes], interpreter: str, place: str) -> Entries:
    """The `.pyc` files of all modules among the entries; `place` is where the archive is unpacked in the cloud."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for name, content in entries.items():
            if name.endswith(".py"):
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                (root / name).write_bytes(content)
        environment = {"PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1", "LC_ALL": "C.UTF-8"}
        # Columns for tracebacks would take a third of the files; the lines stay.
        command = [interpreter, "-S", "-s", "-X", "no_debug_ranges", str(_PROGRAM)]
        subprocess.run(
            [*command, str(root), place, *_BARE], env=environment, check=True, stdout=subprocess.DEVNULL
        )
        return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*.pyc")}
