"""Zip files that are the same bytes for the same contents: sorted, without times, with one mode."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path

Entries = dict[str, bytes]
"""Contents by path inside an archive."""

_TIME = (1980, 1, 1, 0, 0, 0)
_UNIX = 3
_MODE = 0o100644 << 16
_LEVEL = 6
"""The highest level, 9, takes three times as long for one part in a hundred."""


def write_archive(path: Path, entries: Mapping[str, bytes]) -> None:
    """Write beside the path first, so that whoever reads it never sees a half of it."""
    part = path.with_name(f".{path.name}.part")
    with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as archive:
        for name in sorted(entries):
            info = zipfile.ZipInfo(name, _TIME)
            info.create_system, info.external_attr = _UNIX, _MODE
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, entries[name], compresslevel=_LEVEL)
    part.replace(path)


def packed_size(path: Path, prefixes: tuple[str, ...]) -> int:
    """Bytes in an archive of all entries that begin with one of the prefixes."""
    with zipfile.ZipFile(path) as archive:
        return sum(info.compress_size for info in archive.infolist() if info.filename.startswith(prefixes))
