"""The checklists' code, as far as a page about them needs it: functions, what they mention, and what they call.

Nothing is declared for the page: it is read from the syntax of the checks, so that a new check shows by itself.
"""

from __future__ import annotations

import ast
import importlib
import pkgutil
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType

import rolemend.checklist

PACKAGE = rolemend.checklist.__name__
FINDINGS = f"{PACKAGE}.answers"


@dataclass(frozen=True)
class Function:
    """A function or method of the checklists."""

    module: str
    node: ast.FunctionDef

    def parameters(self) -> list[str]:
        return [each.arg for each in (*self.node.args.args, *self.node.args.kwonlyargs)]


@dataclass(frozen=True)
class Module:
    """A module: its functions and classes by name, its constants, and where its imported names come from."""

    name: str
    functions: dict[str, Function]
    classes: dict[str, ast.ClassDef]
    constants: dict[str, ast.expr]
    imported: dict[str, tuple[str, str]]


@cache
def modules() -> dict[str, ModuleType]:
    """Every module of the checklists, imported."""
    found = pkgutil.iter_modules(rolemend.checklist.__path__, f"{PACKAGE}.")
    return {each.name: importlib.import_module(each.name) for each in found}


@cache
def parsed(name: str) -> Module:
    """A module of the checklists in its syntax."""
    file = modules()[name].__file__
    assert file is not None
    body = ast.parse(Path(file).read_text("utf-8")).body
    constants: dict[str, ast.expr] = {}
    imported: dict[str, tuple[str, str]] = {}
    for node in body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            constants[node.targets[0].id] = node.value
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value:
            constants[node.target.id] = node.value
        elif isinstance(node, ast.ImportFrom) and node.module:
            imported |= {each.asname or each.name: (node.module, each.name) for each in node.names}
    return Module(
        name=name,
        functions={node.name: Function(name, node) for node in body if isinstance(node, ast.FunctionDef)},
        classes={node.name: node for node in body if isinstance(node, ast.ClassDef)},
        constants=constants,
        imported=imported,
    )


def origin(module: str, name: str) -> tuple[str, str]:
    """Where a name of a module was defined."""
    return parsed(module).imported.get(name, (module, name)) if module in modules() else (module, name)


def function(module: str, name: str) -> Function | None:
    """The checklists' function that a name means in a module; None for anything else."""
    home, own = origin(module, name)
    return parsed(home).functions.get(own) if home in modules() else None


@cache
def inner(module: str, line: int) -> Function:
    """The function that is made within another one, by the line it begins on."""
    path = modules()[module].__file__
    assert path is not None
    for node in ast.walk(ast.parse(Path(path).read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef) and node.lineno == line:
            return Function(module, node)
    raise LookupError(f"{module}:{line}")


def constant(module: str, name: str) -> tuple[str, ast.expr] | None:
    """A constant of the checklists, with the module it stands in."""
    home, own = origin(module, name)
    value = parsed(home).constants.get(own) if home in modules() else None
    return (home, value) if value is not None else None


def names_in(node: ast.AST) -> Iterator[str]:
    """Every name that is read in a piece of code."""
    for each in ast.walk(node):
        if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Load):
            yield each.id


@cache
def reached(first: Function) -> list[Function]:
    """A function and all of the checklists' functions that it can come to, but not the forms of a finding."""
    found, waiting = [first], [first]
    while waiting:
        current = waiting.pop()
        for name in names_in(current.node):
            called = function(current.module, name)
            if called is not None and called.module != FINDINGS and called not in found:
                found.append(called)
                waiting.append(called)
    return found


def assigned(where: Function, use: ast.Name) -> list[ast.expr]:
    """What a function may have given a name of its own by the time it is used."""
    values: list[ast.expr] = []
    left = _left_blocks(where.node)
    for node in ast.walk(where.node):
        if isinstance(node, ast.Assign):
            targets: list[ast.expr] = node.targets
        elif isinstance(node, ast.AnnAssign | ast.NamedExpr):
            targets = [node.target]
        else:
            continue
        named = [
            each
            for target in targets
            for each in (target.elts if isinstance(target, ast.Tuple) else [target])
        ]
        if not any(isinstance(target, ast.Name) and target.id == use.id for target in named):
            continue
        gone = any(node.lineno in block and use.lineno not in block for block in left)
        if node.value is not None and node.lineno <= use.lineno and not gone:
            values.append(_own_part(node.value, targets, use.id))
    return values


def _own_part(value: ast.expr, targets: list[ast.expr], name: str) -> ast.expr:
    """The read of a name, where `together` makes those of several names at once; else the value as it is."""
    for target in targets:
        if not isinstance(target, ast.Tuple) or not isinstance(value, ast.Call):
            continue
        if isinstance(value.func, ast.Name) and value.func.id == "together":
            names = [each.id if isinstance(each, ast.Name) else "" for each in target.elts]
            return value.args[names.index(name)]
    return value


@cache
def _left_blocks(node: ast.AST) -> list[range]:
    """The lines of each block that ends by leaving the function: what it assigns counts in it alone."""
    blocks = [getattr(each, part, None) for each in ast.walk(node) for part in ("body", "orelse")]
    return [
        range(block[0].lineno, (block[-1].end_lineno or block[-1].lineno) + 1)
        for block in blocks
        if isinstance(block, list) and block and isinstance(block[-1], ast.Return | ast.Raise)
    ]


def returned(where: Function) -> list[ast.expr]:
    """What a function answers."""
    return [
        node.value for node in ast.walk(where.node) if isinstance(node, ast.Return | ast.Yield) and node.value
    ]


@cache
def calls_of(where: Function) -> list[tuple[str, ast.Call]]:
    """Every call by name in a function."""
    return [
        (node.func.id, node)
        for node in ast.walk(where.node)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    ]


def argument(call: ast.Call, place: int, name: str) -> ast.expr | None:
    """An argument of a call, by place or by name."""
    for keyword in call.keywords:
        if keyword.arg == name:
            return keyword.value
    return call.args[place] if place < len(call.args) else None
