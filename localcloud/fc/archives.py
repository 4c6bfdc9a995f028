"""Built archives in the place of folders: the functions' code, their layer, and the interpreter these were made for."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from localcloud.fc.interpreters import find_interpreter, variable_of
from localcloud.fc.manifest import RUNTIMES
from localcloud.fc.settings import HostSettings

INDEX = "archives.json"


class ArchivesUnusable(Exception):
    """There are no archives in a folder, or none that an interpreter of this machine can run."""


def use_archives(settings: HostSettings, folder: Path) -> None:
    """From the next deployment on, run code and layer of a folder with `archives.json`, as `make package` makes it.

    The archives may be unpacked there, each into a folder of its name. Raises ArchivesUnusable.
    """
    index = _read(folder)
    interpreter = _interpreter(str(index["python"]))
    settings.interpreters.update(dict.fromkeys(RUNTIMES, interpreter))
    settings.code = folder
    layer = folder / "layer"
    place = layer if layer.is_dir() else folder / "layer.zip"
    settings.layers.update(dict.fromkeys(("rolemend", "rolemend-fc2"), (place,)))


def use_code(settings: HostSettings, folder: Path) -> None:
    """Archives where the folder holds some, else folders of code, which run with the packages of this machine."""
    if (folder / INDEX).exists():
        use_archives(settings, folder)
    else:
        settings.code = folder


def _read(folder: Path) -> dict[str, Any]:
    try:
        index: dict[str, Any] = json.loads((folder / INDEX).read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ArchivesUnusable(f"{folder}: no archives: {error}") from error
    return index


def _interpreter(version: str) -> str:
    """This process's own where it is of that version: the archives' packages are compiled for one."""
    if version == f"{sys.version_info.major}.{sys.version_info.minor}":
        return sys.executable
    runtime = f"python{version}"
    found = find_interpreter(runtime)
    if found is None:
        raise ArchivesUnusable(f"no {runtime} starts here; {variable_of(runtime)} can name one")
    return found
