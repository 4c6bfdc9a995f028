"""Compiled modules for an archive, which Function Compute would make anew at each cold start.

A module is loaded from `x.pyc` where there is no `x.py`: https://docs.python.org/3/reference/import.html#cached-bytecode-invalidation
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from packing.archive import Entries

_PROGRAM = Path(__file__).with_name("compiling.py")
_BARE = ("python/rolemend/",)
"""Packed without its sources, and without docstrings and signatures' types: this project's own, as nothing reads them
in a function, and the sources would take as much room again. Lines of a traceback are those of the sources."""


def compiled(entries: Mapping[str, bytes], interpreter: str, place: str) -> Entries:
    """The entries with a `.pyc` for each module; `place` is where the archive is unpacked in the cloud.

    It stands beside the source of other people's modules, and in the place of this project's own.
    """
    found = dict(entries)
    for name, content in _compile(entries, interpreter, place).items():
        folder, _, file = name.rpartition("/__pycache__/")
        source = f"{folder}/{file.partition('.')[0]}.py"
        if source.startswith(_BARE):
            del found[source]
            found[f"{source}c"] = content
        else:
            found[name] = content
    return found


def _compile(entries: Mapping[str, bytes], interpreter: str, place: str) -> Entries:
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
