"""`python -m packing [--target fc3|fc2] [--here] [--out FOLDER]`: build the archives and print their sizes."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from localcloud.fc.interpreters import variable_of
from packing.archive import packed_size
from packing.build import LAYER, ROOT, build
from packing.plan import Unplanned
from packing.target import RUNTIMES, Target, runtime_target, target_at_hand
from packing.wheels import WheelsFailed

LAYER_LIMIT = 30 * 1000 * 1000
OWN_LIMIT = 1000 * 1000
"""Bytes of the layer's archive, and of this project's own part of it."""
OWN = ("python/rolemend/",)


def main() -> int:
    parser = argparse.ArgumentParser(prog="packing", description=__doc__)
    parser.add_argument(
        "--target", choices=sorted(RUNTIMES), default="fc3", help="which generation it is for"
    )
    parser.add_argument(
        "--here", action="store_true", help="for the interpreter at hand, to be tried out here"
    )
    parser.add_argument("--out", type=Path, help="folder for the archives (default: dist/TARGET)")
    options = parser.parse_args()
    try:
        target = target_at_hand() if options.here else runtime_target(options.target)
        folder = options.out or ROOT / "dist" / target.name
        index = build(target, folder)
    except (LookupError, Unplanned, WheelsFailed) as error:
        print(f"make package: {error}", file=sys.stderr)
        return 1
    return report(target, folder, index)


def report(target: Target, folder: Path, index: dict[str, Any]) -> int:
    """Print what was made; 1 if something is larger than promised."""
    own = packed_size(folder / LAYER, OWN)
    print(f"{folder}: {index['runtime']}, packages for Python {index['python']}")
    for name, file in index["files"].items():
        print(f"  {name:16} {file['bytes'] / 1e6:7.2f} MB  {file['sha256'][:16]}")
    print(f"  rolemend in it   {own / 1e6:7.2f} MB")
    for note in notes(target, index):
        print(f"  {note}")
    problems = [
        f"{what} has {size:,} bytes, more than {limit:,}"
        for what, size, limit in (
            ("the layer", index["files"][LAYER]["bytes"], LAYER_LIMIT),
            ("rolemend in it", own, OWN_LIMIT),
        )
        if size > limit
    ]
    for problem in problems:
        print(f"make package: {problem}", file=sys.stderr)
    return 1 if problems else 0


def notes(target: Target, index: dict[str, Any]) -> list[str]:
    """What an interpreter of the target's version would have made better."""
    if target.interpreter is not None:
        return [f"compiled by {target.interpreter}"]
    without = [name for name, package in index["packages"].items() if package["without_c"]]
    told = f"No {target.runtime} starts here ({variable_of(target.runtime)} can name one): modules are not compiled"
    return [told + (f", and these come without their C parts: {', '.join(without)}" if without else "")]


if __name__ == "__main__":
    sys.exit(main())
