"""What a check can answer: its sentences, causes and remedies, read from its code."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from docs.generator.code import (
    FINDINGS,
    Function,
    argument,
    assigned,
    calls_of,
    constant,
    function,
    origin,
    parsed,
    reached,
    returned,
)

ANSWERS = {
    "passed": "passed",
    "failed": "failed",
    "unknown": "unknown",
    "unread": "unknown",
    "not_applicable": "not_applicable",
}
"""The forms of a finding, and the answer that each makes."""
REMEDIES = ("TrustService", "ListBucket", "Advice")


@dataclass(frozen=True)
class Outcome:
    """One way in which a check can end. Sentences are templates of the catalogue."""

    answer: str
    sentences: tuple[str, ...]
    cause: str = ""
    remedies: tuple[str, ...] = ()
    advice: tuple[str, ...] = ()


class Reader:
    """Reads expressions of the functions that a check reaches."""

    def __init__(self, ask: Function) -> None:
        self._reached = reached(ask)

    def outcomes(self) -> list[Outcome]:
        """Every outcome, in the order of the code, each once."""
        found = dict.fromkeys(one for where in self._reached for one in self._of(where))
        return sorted(found, key=lambda one: list(dict.fromkeys(ANSWERS.values())).index(one.answer))

    def _of(self, where: Function) -> Iterator[Outcome]:
        for name, call in calls_of(where):
            if origin(where.module, name) == (FINDINGS, name) and name in ANSWERS:
                yield self._outcome(where, name, call)

    def _outcome(self, where: Function, name: str, call: ast.Call) -> Outcome:
        statement = argument(call, 2 if name == "unread" else 1, "statement")
        sentences = self._texts(where, statement)
        if name != "failed":
            return Outcome(ANSWERS[name], sentences)
        cause, remedy = argument(call, 3, "cause"), argument(call, 4, "remedy")
        made = list(self._constructed(where, remedy, set()))
        advice = [
            sentence
            for home, each in made
            if isinstance(each.func, ast.Name) and each.func.id == "Advice"
            for sentence in self._texts(home, argument(each, 0, "statement"))
        ]
        return Outcome(
            "failed",
            sentences,
            cause=", ".join(self._strings(where, cause)),
            remedies=tuple(
                dict.fromkeys(each.func.id for _, each in made if isinstance(each.func, ast.Name))
            ),
            advice=tuple(dict.fromkeys(advice)),
        )

    def _texts(self, where: Function, node: ast.expr | None) -> tuple[str, ...]:
        return tuple(dict.fromkeys(self._templates(where, node, set())))

    def _templates(self, where: Function, node: ast.AST | None, seen: set[object]) -> Iterator[str]:
        """The templates of every `text(…)` that an expression may be."""
        if node is None or (where.node.name, id(node)) in seen:
            return
        seen.add((where.node.name, id(node)))
        if isinstance(node, ast.Call):
            yield from self._called(where, node, seen)
        elif isinstance(node, ast.Name):
            for home, value in self._values(where, node):
                yield from self._templates(home, value, seen)
        elif isinstance(node, ast.Attribute | ast.Subscript):
            yield from self._templates(where, node.value, seen)
        else:
            for child in ast.iter_child_nodes(node):
                if not isinstance(child, ast.Compare):
                    yield from self._templates(where, child, seen)

    def _called(self, where: Function, node: ast.Call, seen: set[object]) -> Iterator[str]:
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name == "text":
            first = node.args[0]
            if isinstance(first, ast.Constant):
                yield str(first.value)
            else:
                yield from self._templates(where, first, seen)
        elif (called := function(where.module, name)) is not None:
            for value in returned(called):
                yield from self._templates(called, value, seen)
        elif isinstance(node.func, ast.Attribute):
            yield from self._templates(where, node.func.value, seen)

    def _values(self, where: Function, use: ast.Name) -> Iterator[tuple[Function, ast.expr]]:
        """What a name can be: what it was given here, what callers hand over, or a constant."""
        name = use.id
        for value in assigned(where, use):
            yield where, value
        parameters = where.parameters()
        if name in parameters:
            place = parameters.index(name)
            for caller in self._reached:
                for called, call in calls_of(caller):
                    given = argument(call, place, name) if function(caller.module, called) == where else None
                    if given is not None:
                        yield caller, given
        elif (known := constant(where.module, name)) is not None:
            home, value = known
            yield Function(home, _as_function(value)), value

    def _strings(self, where: Function, node: ast.expr | None) -> list[str]:
        """The strings that an expression may be."""
        if isinstance(node, ast.Constant):
            return [str(node.value)]
        if isinstance(node, ast.IfExp):
            return [*self._strings(where, node.body), *self._strings(where, node.orelse)]
        if isinstance(node, ast.Name):
            found = [each for home, value in self._values(where, node) for each in self._strings(home, value)]
            return list(dict.fromkeys(found))
        return []

    def _constructed(
        self, where: Function, node: ast.AST | None, seen: set[object]
    ) -> Iterator[tuple[Function, ast.Call]]:
        """Every remedy that an expression may make, with the function that makes it."""
        if node is None or id(node) in seen:
            return
        seen.add(id(node))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if node.func.id in REMEDIES:
                yield where, node
            elif (called := function(where.module, node.func.id)) is not None:
                for value in returned(called):
                    yield from self._constructed(called, value, seen)
        elif isinstance(node, ast.Name):
            for home, value in self._values(where, node):
                yield from self._constructed(home, value, seen)
        else:
            for child in ast.iter_child_nodes(node):
                yield from self._constructed(where, child, seen)


def _as_function(value: ast.expr) -> ast.FunctionDef:
    """A constant seen as a function that answers it, so that both are read alike."""
    made = ast.parse("def constant(): return 0").body[0]
    assert isinstance(made, ast.FunctionDef)
    made.body = [ast.copy_location(ast.Return(value), value)]
    return made


def facts_of(ask: Function) -> list[str]:
    """The fields of its facts that a check asks, in the order in which they are declared."""
    for_class = next((each for each in _annotations(ask) if each.endswith("Facts")), "")
    module, name = origin(ask.module, for_class)
    try:
        declared = parsed(module).classes[name]
    except KeyError:
        return []
    fields = [
        each.target.id
        for each in declared.body
        if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name)
    ]
    methods = {each.name: each for each in declared.body if isinstance(each, ast.FunctionDef)}
    asked: set[str] = set()
    for where in reached(ask):
        holders = {
            each.arg
            for each in where.node.args.args
            if isinstance(each.annotation, ast.Name) and each.annotation.id == for_class
        }
        asked |= {each.attr for each in ast.walk(where.node) if _is_of(each, holders)}  # type: ignore[attr-defined]
    for name in [each for each in asked if each in methods]:
        asked |= {each.attr for each in ast.walk(methods[name]) if _is_of(each, {"self"})}  # type: ignore[attr-defined]
    return [field for field in fields if field in asked]


def _is_of(node: ast.AST, holders: set[str]) -> bool:
    return isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in holders


def _annotations(where: Function) -> list[str]:
    return [each.annotation.id for each in where.node.args.args if isinstance(each.annotation, ast.Name)]


@cache
def reads_of(facts_module: str, field: str, reads: frozenset[str]) -> list[str]:
    """The reads of the account that a fact comes from: calls of these names in what the field is made of."""
    found: list[str] = []
    for where in parsed(facts_module).functions.values():
        for node in ast.walk(where.node):
            if isinstance(node, ast.Call):
                for keyword in node.keywords:
                    if keyword.arg == field:
                        found += _reads(where, keyword.value, reads, set())
    return list(dict.fromkeys(found))


def _reads(where: Function, node: ast.AST, reads: frozenset[str], seen: set[object]) -> Iterator[str]:
    if (where.node.name, id(node)) in seen:
        return
    seen.add((where.node.name, id(node)))
    for each in ast.walk(node):
        if isinstance(each, ast.Call) and isinstance(each.func, ast.Attribute) and each.func.attr in reads:
            yield each.func.attr
        if not isinstance(each, ast.Name):
            continue
        for value in assigned(where, each):
            yield from _reads(where, value, reads, seen)
        called = function(where.module, each.id)
        if called is not None:
            yield from _reads(called, called.node, reads, seen)
