"""The command `rolemend simulate` without its input and output: a line in, an answer out.

A line is `{"id"?, "policies": [{"kind", "document", "name"?, "level"?}], "request": {"principal"?, "action",
"resource", "conditions"?, "unknown_conditions"?}, "bucket_acl"?, "object_acl"?, "block_public_access"?}`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from rolemend.policy.acl import BUCKET_ACLS, OBJECT_ACLS
from rolemend.policy.document import KINDS, PolicyError
from rolemend.policy.evaluate import decide
from rolemend.policy.nearest import explain
from rolemend.policy.parse import parse_policy
from rolemend.policy.request import Decision, Principal, Request, Source
from rolemend.policy.wording import word_reasons

_PRINCIPALS = {
    "ram_user": ("account", "uid"),
    "assumed_role": ("account", "role", "session"),
    "service": ("service",),
    "federated": ("account", "provider"),
    "root": ("account",),
    "anonymous": (),
}
_OPTIONAL = ("name",)
_EXPECTED = {
    "policies": "a list of policies",
    "kind": ", ".join(KINDS),
    "document": "a policy document",
    "request": "an object with action and resource",
    "type": ", ".join(_PRINCIPALS),
}

Words = Mapping[str, str] | None


class BadLineError(ValueError):
    """A line that is no simulation: `path` names the place, `expected` what should stand there."""

    def __init__(self, path: str, error: str, expected: str) -> None:
        super().__init__(f"{path}: {error}")
        self.path, self.error, self.expected = path, error, expected


def simulate_text(given: bytes, words: Words = None) -> Iterator[dict[str, Any]]:
    """The answers to JSON lines, or to a JSON array of the same, in order.

    `words` is a catalogue of translations for the reasons.
    """
    if given.lstrip()[:1] == b"[":
        try:
            entries = msgspec.json.decode(given)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            pass  # not one array: line by line it is, and each line says what is wrong with it
        else:
            yield from (simulate_entry(entry, number, words) for number, entry in enumerate(entries, 1))
            return
    for number, line in enumerate(given.removesuffix(b"\n").split(b"\n") if given else (), 1):
        yield simulate_line(line, number, words)


def simulate_line(line: bytes | None, number: int, words: Words = None) -> dict[str, Any]:
    """The answer to one line; None stands for a line that is too long to be read."""
    if line is None:
        return _bad(None, number, BadLineError("", "is too long to be read", "a shorter line"))
    try:
        entry = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        return _bad(None, number, BadLineError("", f"is not valid JSON: {error}", "a JSON object"))
    return simulate_entry(entry, number, words)


def simulate_entry(entry: Any, number: int, words: Words = None) -> dict[str, Any]:
    """The answer to one parsed line: a decision, or `{"id", "line", "error", "path", "expected"}`."""
    name = entry.get("id") if isinstance(entry, dict) else None
    try:
        return {"id": name, **_answer(_object(entry, ""), words)}
    except BadLineError as error:
        return _bad(name, number, error)


def _bad(name: Any, number: int, error: BadLineError) -> dict[str, Any]:
    return {"id": name, "line": number, "error": error.error, "path": error.path, "expected": error.expected}


def _answer(entry: dict[str, Any], words: Words) -> dict[str, Any]:
    sources = _sources(entry)
    request = _request(_object(_required(entry, "request", ""), "request"))
    decision = decide(
        request,
        sources,
        bucket_acl=_choice(entry, "bucket_acl", BUCKET_ACLS),
        object_acl=_choice(entry, "object_acl", OBJECT_ACLS),
        block_public_access=_flag(entry, "block_public_access"),
    )
    by = decision.decided_by
    return {
        "decision": decision.outcome,
        "decided_by": None if by is None else msgspec.structs.asdict(by),
        "reasons": _reasons(request, sources, decision, words),
    }


def _reasons(request: Request, sources: Sequence[Source], decision: Decision, words: Words) -> list[str]:
    misses = (miss.text for miss in explain(request, sources, decision))
    return [text.render(words) for text in (*word_reasons(decision), *misses)]


def _sources(entry: dict[str, Any]) -> list[Source]:
    policies = _required(entry, "policies", "")
    if not isinstance(policies, list):
        raise BadLineError("policies", f"is {_type_name(policies)}", "a list of policies")
    return [_source(policy, f"policies[{number}]") for number, policy in enumerate(policies)]


def _source(policy: Any, path: str) -> Source:
    fields = _object(policy, path)
    kind = _required(fields, "kind", path)
    if kind not in KINDS:
        raise BadLineError(f"{path}.kind", f"is {_shown(kind)}", ", ".join(KINDS))
    document = _object(_required(fields, "document", path), f"{path}.document")
    name, level = fields.get("name"), fields.get("level")
    if name is not None and not isinstance(name, str):
        raise BadLineError(f"{path}.name", f"is {_type_name(name)}", "a string")
    if level is not None and (not isinstance(level, int) or isinstance(level, bool) or level < 0):
        raise BadLineError(f"{path}.level", f"is {_shown(level)}", "a whole number from 0")
    try:
        return Source(kind, parse_policy(document, kind), name, level)
    except PolicyError as error:
        inner = f"{path}.document.{error.path}".rstrip(".")
        raise BadLineError(inner, error.message, error.expected) from None


def _request(fields: dict[str, Any]) -> Request:
    unknown = fields.get("unknown_conditions") or []
    if not isinstance(unknown, list) or not all(isinstance(key, str) for key in unknown):
        raise BadLineError("request.unknown_conditions", "is no list of keys", "a list of condition keys")
    return Request(
        _string(fields, "action", "request"),
        _string(fields, "resource", "request"),
        _principal(fields.get("principal")),
        _conditions(fields.get("conditions")),
        frozenset(unknown),
    )


def _principal(value: Any) -> Principal | None:
    if value is None:
        return None
    fields = _object(value, "request.principal")
    kind = _required(fields, "type", "request.principal")
    if not isinstance(kind, str) or kind not in _PRINCIPALS:
        raise BadLineError("request.principal.type", f"is {_shown(kind)}", ", ".join(_PRINCIPALS))
    told = {name: _string(fields, name, "request.principal") for name in _PRINCIPALS[kind]}
    for name in _OPTIONAL:
        if fields.get(name) is not None:
            told[name] = _string(fields, name, "request.principal")
    return Principal(kind, **told)


def _conditions(value: Any) -> dict[str, tuple[str, ...]]:
    if value is None:
        return {}
    found = {}
    for key, given in _object(value, "request.conditions").items():
        values = given if isinstance(given, list) else [given]
        if not all(isinstance(each, str) for each in values):
            raise BadLineError(f"request.conditions.{key}", "is no string", "a string or a list of strings")
        found[key] = tuple(values)
    return found


def _required(fields: dict[str, Any], name: str, path: str) -> Any:
    if fields.get(name) is None:
        raise BadLineError(f"{path}.{name}".lstrip("."), "is missing", _EXPECTED.get(name, "a string"))
    return fields[name]


def _string(fields: dict[str, Any], name: str, path: str) -> str:
    value = _required(fields, name, path)
    if not isinstance(value, str):
        raise BadLineError(f"{path}.{name}", f"is {_type_name(value)}", "a string")
    return value


def _object(value: Any, path: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise BadLineError(path, f"is {_type_name(value)}", "an object")
    return value


def _choice(entry: dict[str, Any], name: str, choices: tuple[str, ...]) -> str | None:
    value = entry.get(name)
    if value is not None and value not in choices:
        raise BadLineError(name, f"is {_shown(value)}", ", ".join(choices))
    return value if isinstance(value, str) else None


def _flag(entry: dict[str, Any], name: str) -> bool:
    value = entry.get(name)
    if value is not None and not isinstance(value, bool):
        raise BadLineError(name, f"is {_type_name(value)}", "true or false")
    return bool(value)


def _type_name(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "a string", bool: "a boolean", type(None): "null"}
    return names.get(type(value), "a number")


def _shown(value: Any) -> str:
    text = msgspec.json.encode(value).decode()
    return text if len(text) <= 80 else text[:77] + "..."
