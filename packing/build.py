"""Builds all archives for a target into one folder, with `archives.json` that says what they are."""

from __future__ import annotations

import fcntl
import hashlib
import json
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from packing import bytecode, wheels
from packing.archive import Entries, write_archive
from packing.contents import tree_entries, wheel_entries
from packing.plan import closure, read_plan, requirements_for
from packing.target import Target
from packing.wheels import Wheel

ROOT = Path(__file__).parent.parent
LAYER = "layer.zip"
INDEX = "archives.json"
_COMMAND_LINE = (
    "python/rolemend/account/setup_",
    "python/rolemend/cli.py",
    "python/rolemend/commands/",
    "python/rolemend/installer.py",
    "python/rolemend/probe/",
    "python/rolemend/setup/",
)
"""The top floors, which no function can know, and what only they use."""


def build(target: Target, folder: Path, cache: Path = ROOT / "build") -> dict[str, Any]:
    """Make `layer.zip`, `<function>.zip` and `archives.json` in `folder`, unless they are there for the same inputs.

    Wheels are kept in `cache`. Raises WheelsFailed and Unplanned. The answer is what archives.json holds.
    """
    folder.mkdir(parents=True, exist_ok=True)
    cache.mkdir(parents=True, exist_ok=True)
    with _alone(cache / f"{target.name}.lock"):
        digest = _digest(target)
        before = read_index(folder)
        if before.get("inputs") == digest:
            return before
        index = _build(target, folder, _wheels(target, cache))
        index["inputs"] = digest
        (folder / INDEX).write_text(json.dumps(index, indent=2) + "\n", "utf-8")
        return index


def read_index(folder: Path) -> dict[str, Any]:
    """What archives.json of a folder says; nothing if there is none."""
    try:
        index: dict[str, Any] = json.loads((folder / INDEX).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return index


def _build(target: Target, folder: Path, found: Mapping[str, Wheel]) -> dict[str, Any]:
    plan = read_plan(ROOT / "pyproject.toml")
    needs = {name: list(wheel.needs) for name, wheel in found.items()}
    shared = closure(plan.layer, needs, target, plan.left_out)
    layer = {f"python/{name}": content for name, content in _installed(shared, found).items()}
    layer |= {
        name: content
        for name, content in tree_entries(ROOT / "shared", "python/").items()
        if not name.startswith(_COMMAND_LINE)
    }
    files = {LAYER: _write(folder / LAYER, layer, target, "/opt")}
    for function in functions():
        own = closure(plan.functions.get(function, ()), needs, target, frozenset()) - shared
        code = tree_entries(ROOT / "functions" / function)
        code.pop("policy.json", None)  # the rights of the function's role, which the function does not read
        code |= _installed(own, found)
        files[f"{function}.zip"] = _write(folder / f"{function}.zip", code, target, "/code") | {
            "packages": sorted(own)
        }
    return {
        "target": target.name,
        "runtime": target.runtime,
        "python": target.python,
        "foreign": target.foreign,
        "bytecode": target.interpreter is not None,
        "files": files,
        "packages": {
            name: {
                "version": wheel.version,
                "wheel": wheel.path.name,
                "built": wheel.built,
                "without_c": wheel.without_c,
            }
            for name, wheel in sorted(found.items())
        },
        "layer": sorted(shared),
    }


def functions() -> list[str]:
    """The functions' names: each folder with a handler is one."""
    return sorted(path.parent.name for path in (ROOT / "functions").glob("*/handler.py"))


def _installed(names: set[str], found: Mapping[str, Wheel]) -> Entries:
    entries: Entries = {}
    for name in sorted(names):
        entries |= wheel_entries(found[name])
    return entries


def _write(path: Path, entries: Entries, target: Target, place: str) -> dict[str, Any]:
    if target.interpreter is not None:
        entries = bytecode.compiled(entries, target.interpreter, place)
    write_archive(path, entries)
    content = path.read_bytes()
    return {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def _wheels(target: Target, cache: Path) -> dict[str, Wheel]:
    """The wheels of the whole lock, fetched once for the same lock and interpreter."""
    requirements = requirements_for(ROOT / "requirements-layer.lock", target)
    key = hashlib.sha256("\n".join([*requirements, target.interpreter or "", sys.version]).encode())
    folder = cache / "wheels" / f"{target.name}-{key.hexdigest()[:12]}"
    if not folder.exists():
        for old in folder.parent.glob(f"{target.name}-*"):
            shutil.rmtree(old)
        part = folder.with_name(f".{folder.name}")
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        wheels.fetch(requirements, target, part)
        wheels.install_tools(ROOT / "requirements-build.lock", part)
        wheels.build_sources(part, target)
        part.replace(folder)
    return wheels.read_wheels(folder, target)


def _digest(target: Target) -> str:
    """Over everything that the archives are made of."""
    digest = hashlib.sha256(repr((target, sys.version)).encode())
    inputs = [
        ROOT / name for name in ("pyproject.toml", "requirements-layer.lock", "requirements-build.lock")
    ]
    for folder in ("shared", "functions", "packing"):
        inputs += [path for path in (ROOT / folder).rglob("*") if path.is_file() and path.suffix != ".pyc"]
    for path in sorted(inputs):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(ROOT)} {len(content)}\n".encode() + content)
    return digest.hexdigest()


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """Two processes that build the same archives must not do so at once."""
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
