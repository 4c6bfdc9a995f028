"""Resolves the `${…}` of an `s.yaml`.

Variables: https://github.com/Serverless-Devs/Serverless-Devs/blob/d781476e/docs/zh/yaml.md
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml


class Unresolved(Exception):
    """A `${…}` that has no value; the text says which and why."""


@dataclass(slots=True)
class Scope:
    """Where values come from: the document, the environment, the account, the folder of the file."""

    document: Mapping[str, Any]
    environment: Mapping[str, str]
    account: str
    folder: Path
    resource: str = ""
    """The resource that `${this.…}` means."""
    _open: list[str] = field(default_factory=list)
    """Expressions under way, to find those that need themselves."""

    def resolve(self, value: Any, place: str, errors: list[str]) -> Any:
        """The value with every expression in it replaced; what has none adds `place: reason` to `errors`."""
        if isinstance(value, dict):
            return {key: self.resolve(item, f"{place}.{key}", errors) for key, item in value.items()}
        if isinstance(value, list):
            return [self.resolve(item, f"{place}[{i}]", errors) for i, item in enumerate(value)]
        if not isinstance(value, str) or "${" not in value:
            return value
        try:
            return self.text(value)
        except Unresolved as error:
            errors.append(f"{place}: {error}")
            return None

    def text(self, text: str) -> Any:
        """One text: the value itself if the text is one expression, else the text with the values put in."""
        pieces: list[Any] = []
        at = 0
        while (begin := text.find("${", at)) >= 0:
            end = _closing(text, begin + 2)
            pieces += [text[at:begin]] if begin > at else []
            pieces.append(self.expression(text[begin + 2 : end].strip()))
            at = end + 1
        pieces += [text[at:]] if at < len(text) else []
        return pieces[0] if len(pieces) == 1 else "".join(str(piece) for piece in pieces)

    def expression(self, source: str) -> Any:
        """`env('X','default')`, `config('AccountID')`, `file(…)`, `json(…)`, `yaml(…)`, `path(…)`, or a
        dotted name.
        """
        if source in self._open:
            raise Unresolved(f"${{{source}}} needs itself")
        self._open.append(source)
        try:
            name, bracket, rest = source.partition("(")
            if not bracket:
                return self._named(source)
            if not rest.endswith(")") or name.strip() not in _FUNCTIONS:
                raise Unresolved(f"${{{source}}}: no such function")
            arguments = [self._argument(part) for part in _split(rest[:-1])]
            return _FUNCTIONS[name.strip()](self, source, arguments)
        finally:
            self._open.pop()

    def _argument(self, source: str) -> Any:
        if len(source) >= 2 and source[0] in "'\"" and source[-1] == source[0]:
            return self.text(source[1:-1])
        if source.startswith("${"):
            return self.text(source)
        # Edition 1.0.0 writes the names of variables without quotes.
        return source if source.isidentifier() else self.expression(source)

    def _named(self, source: str) -> Any:
        root, _, rest = source.partition(".")
        if root == "vars":
            return self._walk(self.document.get("vars") or {}, rest, source, self.resource)
        if root == "env" and rest:
            return _environment(self, source, [rest])
        if root == "this":
            return self._of_resource(self.resource, rest, source)
        if root == "resources":
            name, _, member = rest.partition(".")
            return self._of_resource(name, member, source)
        raise Unresolved(f"${{{source}}}: unknown kind of variable")

    def _of_resource(self, name: str, member: str, source: str) -> Any:
        resource = (self.document.get("resources") or {}).get(name)
        if not isinstance(resource, dict):
            raise Unresolved(f"${{{source}}}: no resource {name!r}")
        tree = resource if member.partition(".")[0] in resource else resource.get("props") or {}
        return self._walk(tree, member, source, name)

    def _walk(self, tree: Any, path: str, source: str, resource: str) -> Any:
        """Follow a dotted path; the value found may itself hold expressions, read in its own resource."""
        for part in path.split("."):
            if isinstance(tree, str) and "${" in tree:
                tree = self.text(tree)
            if not isinstance(tree, dict) or part not in tree:
                raise Unresolved(f"${{{source}}}: no {part!r}")
            tree = tree[part]
        before, self.resource = self.resource, resource
        try:
            errors: list[str] = []
            value = self.resolve(tree, f"${{{source}}}", errors)
        finally:
            self.resource = before
        if errors:
            raise Unresolved(errors[0])
        return value


def _closing(text: str, at: int) -> int:
    """The index of the brace that closes the expression which begins at `at`."""
    depth = 1
    while at < len(text):
        if text.startswith("${", at):
            depth += 1
        elif text[at] == "}":
            depth -= 1
            if depth == 0:
                return at
        at += 1
    raise Unresolved(f"{text!r} opens ${{ and does not close it")


def _split(source: str) -> list[str]:
    """Arguments between commas that are not inside quotes, brackets or braces."""
    parts, depth, quote, begin = [], 0, "", 0
    for i, letter in enumerate(source):
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "'\"":
            quote = letter
        elif letter in "({":
            depth += 1
        elif letter in ")}":
            depth -= 1
        elif letter == "," and depth == 0:
            parts.append(source[begin:i].strip())
            begin = i + 1
    parts.append(source[begin:].strip())
    return [part for part in parts if part]


def _environment(scope: Scope, source: str, arguments: list[Any]) -> Any:
    name = str(arguments[0]) if arguments else ""
    if name in scope.environment:
        return scope.environment[name]
    if len(arguments) > 1:
        return arguments[1]
    raise Unresolved(f"${{{source}}}: the environment variable {name!r} is not set and no default is given")


def _config(scope: Scope, source: str, arguments: list[Any]) -> Any:
    if arguments == ["AccountID"]:
        return scope.account
    raise Unresolved(f"${{{source}}}: the local cloud knows only config('AccountID')")


def _path(scope: Scope, source: str, arguments: list[Any]) -> str:
    if not arguments:
        raise Unresolved(f"${{{source}}}: no path given")
    return str((scope.folder / str(arguments[0])).resolve())


def _file(scope: Scope, source: str, arguments: list[Any]) -> str:
    path = Path(_path(scope, source, arguments))
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Unresolved(f"${{{source}}}: {error}") from error


def _json(scope: Scope, source: str, arguments: list[Any]) -> Any:
    try:
        return json.loads(str(arguments[0]))
    except (ValueError, IndexError) as error:
        raise Unresolved(f"${{{source}}}: not JSON: {error}") from error


def _yaml(scope: Scope, source: str, arguments: list[Any]) -> Any:
    try:
        return yaml.safe_load(str(arguments[0]))
    except (yaml.YAMLError, IndexError) as error:
        raise Unresolved(f"${{{source}}}: not YAML: {error}") from error


_FUNCTIONS: dict[str, Callable[[Scope, str, list[Any]], Any]] = {
    "env": _environment,
    "config": _config,
    "path": _path,
    "file": _file,
    "json": _json,
    "yaml": _yaml,
}
