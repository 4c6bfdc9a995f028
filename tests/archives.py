"""The archives that tests run: built once for the interpreter of a runtime, or for the one at hand, and unpacked."""

from __future__ import annotations

import os
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packing.build import ROOT, build
from packing.target import RUNTIMES, Target, runtime_target, target_at_hand

CACHE = Path(os.environ.get("ROLEMEND_TEST_ARCHIVES") or ROOT / "build")
"""Where wheels and archives are kept from run to run."""


@dataclass(frozen=True)
class Built:
    """`folder` holds the archives and archives.json, `index` what that says."""

    target: Target
    folder: Path
    index: dict[str, Any]


def built_for(name: str) -> Built:
    """The archives of `fc3` or `fc2`, whether an interpreter of their version starts here or not."""
    return _built(runtime_target(name))


def runnable(name: str) -> Built:
    """Those of `fc3` or `fc2` where an interpreter of their version starts, else those for the interpreter at hand."""
    target = runtime_target(name)
    return _built(target if target.interpreter else target_at_hand())


def _built(target: Target) -> Built:
    folder = CACHE / "archives" / target.name
    return Built(target, folder, build(target, folder, CACHE))


def unpacked(built: Built, folder: Path) -> Path:
    """The folder, with each archive in a folder of its own, as the cloud lays them out."""
    for name in built.index["files"]:
        with zipfile.ZipFile(built.folder / name) as archive:
            archive.extractall(folder / name.removesuffix(".zip"))
    (folder / "archives.json").write_bytes((built.folder / "archives.json").read_bytes())
    return folder


def summary() -> list[str]:
    """For each runtime, what its functions ran under; said at the end of a run."""
    lines = []
    for name, runtime in RUNTIMES.items():
        found = runtime_target(name).interpreter
        under = found or f"Python {target_at_hand().python}, as no {runtime} starts here"
        lines.append(f"archives of {name} ran under {under}")
    return lines
