"""The files of an archive: what a wheel installs, and this project's own, without what no function needs."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

from packing.archive import Entries
from packing.wheels import Wheel

_NEEDLESS = re.compile(
    r"""
    (^|/)(__pycache__|tests?|testing|SelfTest|docs|examples|benchmarks)/   # what only developers run or read
    | \.(pyi|pyx|pxd|pxi|c|cc|cpp|h|hpp|pyc|po|pot|typed)$                 # sources of what is compiled, types
    | (^|/)py\.typed$
    """,
    re.VERBOSE,
)
_OF_METADATA = re.compile(
    r"(METADATA|entry_points\.txt|licenses/.*|(LICEN[CS]E|NOTICE|COPYING|AUTHORS)[^/]*)"
)
"""Kept of a wheel's dist-info: what code asks for at run time, and what a licence demands to be handed on."""


def wheel_entries(wheel: Wheel) -> Entries:
    """What the wheel puts into site-packages."""
    entries: Entries = {}
    with zipfile.ZipFile(wheel.path) as archive:
        for name in archive.namelist():
            place = _place(name)
            if place and _is_needed(place) and not (wheel.without_c and place.endswith(".so")):
                entries[place] = archive.read(name)
    return entries


def _place(name: str) -> str:
    """Where an entry is installed, "" for scripts and headers, which are not."""
    if name.endswith("/"):
        return ""
    data = re.fullmatch(r"[^/]+\.data/(purelib|platlib)/(.+)", name)
    if data:
        return data.group(2)
    return "" if re.match(r"[^/]+\.data/", name) else name


def _is_needed(name: str) -> bool:
    described = re.fullmatch(r"[^/]+\.dist-info/(.+)", name)
    if described:
        return _OF_METADATA.fullmatch(described.group(1)) is not None
    return _NEEDLESS.search(name) is None


def tree_entries(folder: Path, prefix: str = "") -> Entries:
    """The project's own files under a folder, each under `prefix`."""
    return {
        prefix + path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and _is_needed(prefix + path.relative_to(folder).as_posix())
    }
