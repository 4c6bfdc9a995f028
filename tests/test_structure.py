"""Rules of the house that neither ruff nor mypy nor import-linter knows."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]
SETTINGS = tomllib.loads((PROJECT / "pyproject.toml").read_text())
ROOMS = ("functions", "shared", "localcloud", "demo", "rehearsal", "packing", "tests", "bench")
LOCKS = ("requirements.lock", "requirements-layer.lock", "requirements-bench.lock", "requirements-build.lock")

# What functions/ may import at all, and what importing a module of shared/ may import: start-up time.
LIGHT = sys.stdlib_module_names | {"rolemend", "msgspec", "tomli"}


def sources(*rooms: str, name: str = "*.py") -> list[Path]:
    return sorted(path for room in rooms for path in (PROJECT / room).rglob(name))


def line_count(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def imported_at_once(node: ast.AST) -> Iterator[str]:
    """Packages that importing this module imports, so neither inside functions nor for types only."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            continue
        yield from named_in(child)
        yield from imported_at_once(child)


def imported(path: Path) -> set[str]:
    """Packages that a module may ever import."""
    return {name for node in ast.walk(parse(path)) for name in named_in(node)}


def named_in(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name.partition(".")[0] for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return [(node.module or "").partition(".")[0]]
    return []


def parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


PIN = re.compile(
    r"(?P<name>[a-z0-9-]+)==(?P<version>[\w.]+)"
    r"(?: ; (?P<marker>[^@:/]+?))?"
    r"(?: +--hash=sha256:[0-9a-f]{64})+"
)


def pins(lock: str) -> list[re.Match[str]]:
    """The pins of a lock; no line of it may be anything but a package, its version, marker and hashes."""
    lines = (PROJECT / lock).read_text().replace("\\\n", " ").splitlines()
    found = [PIN.fullmatch(line) for line in lines]
    assert not [line for line, pin in zip(lines, found, strict=True) if pin is None]
    return [pin for pin in found if pin is not None]


def test_a_handler_only_hands_over() -> None:
    handlers = sources("functions", name="handler.py")
    assert handlers
    assert not {path: count for path in handlers if (count := line_count(path)) >= 40}


def test_no_module_outgrows_a_reader() -> None:
    assert not {path: count for path in sources(*ROOMS) if (count := line_count(path)) > 500}


def test_functions_know_rolemend_only() -> None:
    known = LIGHT | {"handler"}  # one of FC 2.0 hands over to that of 3.0 beside it
    assert not {path: strange for path in sources("functions") if (strange := imported(path) - known)}


def test_nothing_heavy_is_imported_at_a_cold_start() -> None:
    found = {path: set(imported_at_once(parse(path))) - LIGHT for path in sources("shared")}
    assert not {path: heavy for path, heavy in found.items() if heavy}


def test_the_contract_on_sdks_names_every_sdk_in_use() -> None:
    contracts = {contract["id"]: contract for contract in SETTINGS["tool"]["importlinter"]["contracts"]}
    in_use = {name for path in sources("shared/rolemend/account") for name in imported(path)}
    assert in_use - LIGHT <= set(contracts["sdks"]["forbidden_modules"])


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_pins_by_hash_and_names_no_address(lock: str) -> None:
    assert pins(lock)


def test_the_locks_cover_what_the_project_declares() -> None:
    project, groups = SETTINGS["project"], SETTINGS["dependency-groups"]
    declared = {
        "requirements-layer.lock": project["dependencies"],
        "requirements.lock": project["optional-dependencies"]["local"] + groups["dev"],
        "requirements-bench.lock": groups["bench"],
        "requirements-build.lock": groups["build"],
    }
    for lock, requirements in declared.items():
        wanted = {re.split(r"[^\w.-]", requirement)[0].lower() for requirement in requirements}
        assert wanted <= {pin["name"] for pin in pins(lock)}, f"{lock}: run make lock"


def test_functions_are_tested_with_the_versions_that_are_deployed() -> None:
    deployed = {(pin["name"], pin["version"]) for pin in pins("requirements-layer.lock")}
    names = {name for name, _ in deployed}
    tested = {(pin["name"], pin["version"]) for pin in pins("requirements.lock") if pin["name"] in names}
    assert tested <= deployed


def test_the_benchmarks_change_no_version_that_the_rest_uses() -> None:
    used = {pin["name"]: pin["version"] for pin in pins("requirements.lock")}
    added = {pin["name"]: pin["version"] for pin in pins("requirements-bench.lock")}
    assert not {name for name in used.keys() & added.keys() if used[name] != added[name]}


def test_the_readme_names_the_two_commands() -> None:
    readme = (PROJECT / "README.md").read_text(encoding="utf-8")
    assert "make demo" in readme
    assert "make test" in readme
