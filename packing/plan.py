"""What belongs into which archive: the table `tool.packing` of pyproject.toml, and the packages that follow from it."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from packing.target import Target


class Unplanned(Exception):
    """The table and the lock do not fit together."""


@dataclass(frozen=True)
class Plan:
    """What the layer begins with, what single functions add, and the names of packages that nobody imports."""

    layer: tuple[Requirement, ...]
    functions: Mapping[str, tuple[Requirement, ...]]
    left_out: frozenset[str]


def read_plan(pyproject: Path) -> Plan:
    table = tomllib.loads(pyproject.read_text("utf-8"))["tool"]["packing"]
    return Plan(
        layer=_requirements(table["layer"]),
        functions={name: _requirements(texts) for name, texts in table.get("functions", {}).items()},
        left_out=frozenset(str(canonicalize_name(name)) for name in table.get("leave-out", ())),
    )


def _requirements(texts: Iterable[str]) -> tuple[Requirement, ...]:
    return tuple(Requirement(text) for text in texts)


def requirements_for(lock: Path, target: Target) -> list[str]:
    """The lines of a lock, with hashes, whose markers hold for the target, without the markers.

    pip judges markers by the interpreter it runs under, so they must not reach it.
    """
    lines = []
    for line in lock.read_text("utf-8").replace("\\\n", " ").splitlines():
        wanted, *hashes = line.split(" --hash=")
        if not wanted.strip():
            continue
        requirement = Requirement(wanted.strip())
        if requirement.marker is None or requirement.marker.evaluate(target.marker_values()):
            pinned = f"{canonicalize_name(requirement.name)}{requirement.specifier}"
            lines.append(" --hash=".join([pinned, *(text.strip() for text in hashes)]))
    return sorted(lines)


def closure(
    roots: Iterable[Requirement],
    needs: Mapping[str, Sequence[Requirement]],
    target: Target,
    left_out: frozenset[str],
) -> set[str]:
    """The packages that `roots` need, themselves too, without those that are left out and what only they need.

    Raises Unplanned for one that is not in the lock.
    """
    values = target.marker_values()
    reached: set[tuple[str, str]] = set()
    waiting = [(root, "") for root in roots]
    while waiting:
        need, asking = waiting.pop()
        name = str(canonicalize_name(need.name))
        if name in left_out or (need.marker and not need.marker.evaluate({**values, "extra": asking})):
            continue
        if name not in needs:
            raise Unplanned(f"{name} is needed and not in the lock: run `make lock`")
        for extra in {"", *need.extras} - {extra for other, extra in reached if other == name}:
            reached.add((name, extra))
            waiting += [(further, extra) for further in needs[name]]
    return {name for name, _ in reached}
