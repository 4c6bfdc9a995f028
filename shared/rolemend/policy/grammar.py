"""What is wrong with a document, and where: the slow way behind `parse_policy`.

Grammar: https://www.alibabacloud.com/help/document_detail/93739.html ; bucket policies:
https://www.alibabacloud.com/help/en/oss/user-guide/oss-bucket-policy/ .
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from rolemend.policy.document import RESOURCE_BASED, PolicyError
from rolemend.policy.operators import NEGATED, OPERATORS, QUANTIFIERS, value_error

_TOP = ("Version", "Statement")
_COMMON = ("Effect", "Action", "NotAction", "Resource", "NotResource", "Condition")
_PRINCIPALS = ("Principal", "NotPrincipal")
_TRUSTED = ("RAM", "Service", "Federated")


def find_mistake(document: str | bytes | dict[str, Any], kind: str) -> PolicyError:
    """The first mistake in `document`, in reading order."""
    loaded = document if isinstance(document, dict) else _load(document)
    if isinstance(loaded, PolicyError):
        return loaded
    for mistake in _document(loaded, kind):
        return mistake
    return PolicyError("", "is not a policy document that can be read")


def _load(text: str | bytes) -> Any:
    import json

    try:
        loaded = json.loads(text)
    except (ValueError, RecursionError) as error:
        return PolicyError("", f"is not valid JSON: {error}", "JSON as in RFC 7159")
    if not isinstance(loaded, dict):
        return PolicyError("", f"is {_type_name(loaded)}", "an object with Version and Statement")
    return loaded


def _document(document: dict[str, Any], kind: str) -> Iterator[PolicyError]:
    yield from _unknown_names(document, _TOP, "")
    if "Version" not in document:
        yield PolicyError("Version", "is missing", '"1"')
    elif document["Version"] != "1":
        yield PolicyError("Version", f"is {_shown(document['Version'])}", '"1"')
    if "Statement" not in document:
        yield PolicyError("Statement", "is missing", "a list of statements")
        return
    statements = document["Statement"]
    if isinstance(statements, dict):
        statements = [statements]
    if not isinstance(statements, list):
        yield PolicyError("Statement", f"is {_type_name(statements)}", "a list of statements")
        return
    for number, statement in enumerate(statements):
        path = f"Statement[{number}]"
        if isinstance(statement, dict):
            yield from _statement(statement, kind, path)
        else:
            yield PolicyError(path, f"is {_type_name(statement)}", "an object")


def _statement(statement: dict[str, Any], kind: str, path: str) -> Iterator[PolicyError]:
    names = _COMMON + _PRINCIPALS if kind in RESOURCE_BASED else _COMMON
    for name in _PRINCIPALS:
        if name in statement and kind not in RESOURCE_BASED:
            message = "belongs only in a trust policy or a bucket policy"
            yield PolicyError(f"{path}.{name}", message, "no such element")
    yield from _unknown_names(statement, names, path + ".")
    yield from _effect(statement, path)
    yield from _either(statement, "Action", path)
    if kind != "trust" or "Resource" in statement or "NotResource" in statement:
        yield from _either(statement, "Resource", path)
    for name in ("Action", "NotAction"):
        for place, action in _each_string(statement.get(name, []), f"{path}.{name}"):
            if ":" not in action and action != "*":
                yield PolicyError(place, f"{_shown(action)} names no service", '"<service>:<action>" or "*"')
    if kind in RESOURCE_BASED:
        yield from _principal(statement, kind, path)
    if "Condition" in statement:
        yield from _condition(statement["Condition"], path + ".Condition")


def _effect(statement: dict[str, Any], path: str) -> Iterator[PolicyError]:
    expected = '"Allow" or "Deny"'
    if "Effect" not in statement:
        yield PolicyError(path + ".Effect", "is missing", expected)
    elif statement["Effect"] not in ("Allow", "Deny"):
        yield PolicyError(path + ".Effect", f"is {_shown(statement['Effect'])}", expected)


def _either(statement: dict[str, Any], name: str, path: str) -> Iterator[PolicyError]:
    """Exactly one of an element and its Not-form, and that one a string or a list of strings."""
    given = [each for each in (name, "Not" + name) if each in statement]
    if len(given) == 2:
        yield PolicyError(f"{path}.{given[1]}", f"stands beside {name}", f"either {name} or {given[1]}")
    if not given:
        yield PolicyError(f"{path}.{name}", "is missing", "a string or a list of strings")
    for each in given:
        yield from _strings(statement[each], f"{path}.{each}")


def _strings(value: Any, path: str, empty: bool = False) -> Iterator[PolicyError]:
    """Complaints about what should be a string or a list of strings, `empty` ones allowed or not."""
    expected = "a string or a list of strings"
    if isinstance(value, str):
        if not value and not empty:
            yield PolicyError(path, "is empty", expected)
    elif not isinstance(value, list):
        yield PolicyError(path, f"is {_type_name(value)}", expected)
    elif not value:
        yield PolicyError(path, "is an empty list", expected)
    else:
        for number, each in enumerate(value):
            if not isinstance(each, str):
                yield PolicyError(f"{path}[{number}]", f"is {_type_name(each)}", "a string")
            elif not each and not empty:
                yield PolicyError(f"{path}[{number}]", "is empty", "a string")


def _each_string(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, list):
        for number, each in enumerate(value):
            if isinstance(each, str):
                yield f"{path}[{number}]", each


def _principal(statement: dict[str, Any], kind: str, path: str) -> Iterator[PolicyError]:
    given = [name for name in _PRINCIPALS if name in statement]
    if len(given) == 2:
        yield PolicyError(path + ".NotPrincipal", "stands beside Principal", "either of them")
    if not given:
        expected = "a list of ids" if kind == "bucket" else "an object with RAM, Service or Federated"
        yield PolicyError(path + ".Principal", "is missing", expected)
    for name in given:
        value, place = statement[name], f"{path}.{name}"
        if kind == "trust":
            yield from _trusted(value, place)
        elif isinstance(value, dict):
            message = "is an object, the form of a trust policy"
            yield PolicyError(place, message, 'a list of ids, "*" or "arn:sts::..." names')
        elif value != []:
            yield from _strings(value, place)


def _trusted(value: Any, path: str) -> Iterator[PolicyError]:
    if not isinstance(value, dict) or not value:
        yield PolicyError(path, f"is {_type_name(value)}", "an object with RAM, Service or Federated")
        return
    seen = set()
    for name, names in value.items():
        known = next((each for each in _TRUSTED if each.lower() == str(name).lower()), None)
        if known is None:
            yield _unknown(f"{path}.{name}", "type of principal", str(name), _TRUSTED)
        elif known in seen:
            yield PolicyError(f"{path}.{name}", f"repeats {known}", "one list for each type")
        else:
            seen.add(known)
            yield from _strings(names, f"{path}.{name}")


def _condition(value: Any, path: str) -> Iterator[PolicyError]:
    if not isinstance(value, dict):
        yield PolicyError(path, f"is {_type_name(value)}", "an object of operators")
        return
    for name, keys in value.items():
        place = f"{path}.{name}"
        operator = _operator(str(name), place)
        if isinstance(operator, PolicyError):
            yield operator
        elif not isinstance(keys, dict):
            yield PolicyError(place, f"is {_type_name(keys)}", "an object of condition keys")
        else:
            yield from _keys(keys, operator, place)


def _operator(name: str, path: str) -> str | PolicyError:
    quantifier, colon, operator = name.rpartition(":")
    # CreatePolicy refuses both with these words.
    if operator.endswith("IfExists") or operator == "Null":
        return PolicyError(path, f"The condition operator {name} is not supported", "a documented operator")
    if colon and quantifier not in QUANTIFIERS:
        return _unknown(path, "set operator", quantifier, QUANTIFIERS)
    if operator not in OPERATORS:
        return _unknown(path, "operator", operator, OPERATORS)
    return NEGATED.get(operator, operator)


def _keys(keys: dict[str, Any], operator: str, path: str) -> Iterator[PolicyError]:
    for key, values in keys.items():
        place = f"{path}.{key}"
        if not key:
            yield PolicyError(path, "has an empty condition key", "a key such as acs:SourceIp")
        yield from _strings(values, place, empty=True)
        for where, value in _each_string(values, place):
            expected = value_error(operator, value)
            if expected is not None:
                yield PolicyError(where, f"is {_shown(value)}", expected)


def _unknown_names(given: dict[str, Any], known: tuple[str, ...], prefix: str) -> Iterator[PolicyError]:
    for name in given:
        if name not in known and not (prefix and name in _PRINCIPALS):
            yield _unknown(f"{prefix}{name}", "element", str(name), known)


def _unknown(path: str, what: str, name: str, known: Iterable[str]) -> PolicyError:
    nearest = nearest_name(name, known)
    message = f"unknown {what}"
    if nearest is not None:
        return PolicyError(path, f"{message}, did you mean {nearest}?", nearest)
    return PolicyError(path, message, ", ".join(sorted(known)))


def repeated_names(text: str | bytes) -> list[str]:
    """Names that stand twice in one object of a JSON text; which of the two counts is not documented."""
    import json

    found: list[str] = []

    def check(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        names = [name for name, _ in pairs]
        found.extend(name for name in dict.fromkeys(names) if names.count(name) > 1)
        return dict(pairs)

    json.loads(text, object_pairs_hook=check)
    return found


def nearest_name(name: str, known: Iterable[str]) -> str | None:
    """The one of `known` that `name` looks like a misspelling of, or None."""
    import difflib

    by_lower = {each.lower(): each for each in sorted(known)}
    if name.lower() in by_lower:
        return by_lower[name.lower()]
    matches = difflib.get_close_matches(name[:64].lower(), by_lower, n=1, cutoff=0.75)
    return by_lower[matches[0]] if matches else None


def _type_name(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "a string", bool: "a boolean", type(None): "null"}
    return names.get(type(value), "a number")


def _shown(value: Any) -> str:
    """`value` as JSON, cut where it is long."""
    import json

    if not isinstance(value, (str, int, float, bool, type(None))):
        return _type_name(value)
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else text[:77] + "..."
