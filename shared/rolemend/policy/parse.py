"""From a document's text to a `Policy`.

The usual document is read by msgspec's typed decoder in one go; only when something is wrong with it
does `grammar` walk through it to say where and what.
"""

from __future__ import annotations

from typing import Any

import msgspec

from rolemend.policy.condition import Condition
from rolemend.policy.document import KINDS, RESOURCE_BASED, Policy, PolicyError, Principals, Statement
from rolemend.policy.operators import NEGATED, OPERATORS, QUANTIFIERS, value_error

Strings = str | tuple[str, ...]


class _RawStatement(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    Effect: str
    Action: Strings = ()
    NotAction: Strings = ()
    Resource: Strings = ()
    NotResource: Strings = ()
    Condition: dict[str, dict[str, Strings]] | msgspec.UnsetType = msgspec.UNSET
    Principal: Any = msgspec.UNSET
    NotPrincipal: Any = msgspec.UNSET


class _RawPolicy(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    Version: str
    Statement: list[_RawStatement] | _RawStatement


_decode = msgspec.json.Decoder(_RawPolicy).decode


class _Wrong(Exception):
    """The quick way met something that `grammar` has to describe."""


def parse_policy(document: str | bytes | dict[str, Any], kind: str = "identity") -> Policy:
    """Parse and validate `document` as a policy of `kind` (one of `KINDS`).

    Raises PolicyError naming the path inside the document. Sizes are not checked here: system
    policies exceed the limit of custom ones; see `limits.check_size`.
    """
    if kind not in KINDS:
        raise PolicyError("", f"unknown kind of policy: {kind}", ", ".join(KINDS))
    try:
        if isinstance(document, dict):
            raw, plain = msgspec.convert(document, _RawPolicy), False
        else:
            raw = _decode(document)
            text = document if isinstance(document, bytes) else document.encode()
            plain = b"$" not in text and b"\\" not in text
        return _policy(raw, kind, plain)
    except (_Wrong, msgspec.MsgspecError, UnicodeError, RecursionError):
        from rolemend.policy.grammar import find_mistake

        raise find_mistake(document, kind) from None


def _policy(raw: _RawPolicy, kind: str, plain: bool) -> Policy:
    if raw.Version != "1":
        raise _Wrong
    statements = raw.Statement if isinstance(raw.Statement, list) else [raw.Statement]
    parsed = []
    for statement in statements:
        parsed.append(_statement(statement, kind))
        if statement.NotResource:
            plain = False
    return Policy(kind, tuple(parsed), plain and kind not in RESOURCE_BASED)


def _statement(raw: _RawStatement, kind: str) -> Statement:
    effect = raw.Effect
    if effect != "Allow" and effect != "Deny":
        raise _Wrong
    actions = raw.Action or raw.NotAction
    resources = raw.Resource or raw.NotResource
    # A single value and a list of one mean the same.
    if isinstance(actions, str):
        actions = (actions,)
    if isinstance(resources, str):
        resources = (resources,)
    if not actions or (raw.Action and raw.NotAction) or (raw.Resource and raw.NotResource):
        raise _Wrong
    for action in actions:
        if ":" not in action and action != "*":
            raise _Wrong
    if "" in resources or (not resources and kind != "trust"):
        raise _Wrong
    conditions = _conditions(raw.Condition) if raw.Condition else ()
    principals = None
    if kind in RESOURCE_BASED:
        principals = _principals(raw, kind)
    elif raw.Principal is not msgspec.UNSET or raw.NotPrincipal is not msgspec.UNSET:
        raise _Wrong
    negated = not raw.Action, bool(raw.NotResource)
    return Statement(effect, actions, resources, conditions, principals, *negated)


def _strings(value: Strings) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else value


def _conditions(blocks: dict[str, dict[str, Strings]]) -> tuple[Condition, ...]:
    found = []
    for name, keys in blocks.items():
        quantifier, colon, operator = name.rpartition(":")
        if operator not in OPERATORS or (colon and quantifier not in QUANTIFIERS):
            raise _Wrong
        positive = NEGATED.get(operator, operator)
        for key, given in keys.items():
            values = _strings(given)
            if not values or not key or any(value_error(positive, value) for value in values):
                raise _Wrong
            found.append(Condition(operator, key, values, quantifier))
    return tuple(found)


def _principals(raw: _RawStatement, kind: str) -> Principals:
    negated = raw.Principal is msgspec.UNSET
    value = raw.NotPrincipal if negated else raw.Principal
    if value is msgspec.UNSET or not (negated or raw.NotPrincipal is msgspec.UNSET):
        raise _Wrong
    if kind == "bucket":
        # An empty list means everybody: https://www.alibabacloud.com/help/en/oss/user-guide/oss-bucket-policy/
        return Principals(listed=_names(value) or ("*",), negated=negated)
    if not isinstance(value, dict) or not value:
        raise _Wrong
    by_type = {str(name).lower(): _names(names) for name, names in value.items()}
    if len(by_type) != len(value) or not by_type.keys() <= {"ram", "service", "federated"}:
        raise _Wrong
    if not all(by_type.values()):
        raise _Wrong
    return Principals(**by_type, negated=negated)


def _names(value: Any) -> tuple[str, ...]:
    if isinstance(value, str) and value:
        return (value,)
    if isinstance(value, (list, tuple)) and all(isinstance(name, str) and name for name in value):
        return tuple(value)
    raise _Wrong
