"""From a document's text to a `Policy`.

The usual document is read by msgspec's typed decoder in one go; only when something is wrong with it
does `grammar` walk through it to say where and what.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from rolemend.policy.condition import Condition
from rolemend.policy.document import KINDS, RESOURCE_BASED, Policy, PolicyError, Principals, Statement
from rolemend.policy.operators import OPERATORS, PARSERS, QUANTIFIERS

UNSET = msgspec.UNSET
Strings = str | tuple[str, ...]
Given = Strings | msgspec.UnsetType


class _RawStatement(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    Effect: Literal["Allow", "Deny"]
    Action: Given = UNSET
    NotAction: Given = UNSET
    Resource: Given = UNSET
    NotResource: Given = UNSET
    Condition: dict[str, dict[str, Strings]] | msgspec.UnsetType = UNSET
    Principal: Any = UNSET
    NotPrincipal: Any = UNSET


class _RawPolicy(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    Version: Literal["1"]
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
        if isinstance(document, bytes):
            raw = _decode(document)
            plain = 0x24 not in document and 0x5C not in document
        elif isinstance(document, str):
            raw = _decode(document)
            plain = "$" not in document and "\\" not in document
        else:
            raw, plain = msgspec.convert(document, _RawPolicy), False
        based = kind in RESOURCE_BASED
        statements = []
        for each in raw.Statement if isinstance(raw.Statement, list) else (raw.Statement,):
            statements.append(_statement(each, kind, based))  # noqa: PERF401 - quicker for the few that there are
    except (_Wrong, msgspec.MsgspecError, UnicodeError, RecursionError):
        from rolemend.policy.grammar import find_mistake

        raise find_mistake(document, kind) from None
    return Policy(kind, tuple(statements), plain and not based)


def _statement(raw: _RawStatement, kind: str, based: bool) -> Statement:
    """`based`: the policy is a resource-based one."""
    actions, resources = raw.Action, raw.Resource
    no_action = no_resource = False
    if raw.NotAction is not UNSET:
        actions, no_action = _negated(actions, raw.NotAction), True
    if raw.NotResource is not UNSET:
        resources, no_resource = _negated(resources, raw.NotResource), True
    # A single value and a list of one mean the same.
    if isinstance(actions, str):
        actions = (actions,)
    elif not actions:
        raise _Wrong
    if isinstance(resources, str):
        resources = (resources,)
    elif not resources:
        if resources is not UNSET or kind != "trust":
            raise _Wrong
        resources = ()
    for action in actions:
        if ":" not in action and action != "*":
            raise _Wrong
    if "" in resources:
        raise _Wrong
    conditions = _conditions(raw.Condition) if raw.Condition else ()
    principals = None
    if based:
        principals = _principals(raw, kind)
    elif raw.Principal is not raw.NotPrincipal:
        raise _Wrong
    return Statement(raw.Effect, actions, resources, conditions, principals, no_action, no_resource)


def _negated(beside: Given, given: Given) -> Given:
    if beside is not UNSET:
        raise _Wrong
    return given


def _conditions(blocks: dict[str, dict[str, Strings]]) -> tuple[Condition, ...]:
    found = []
    for name, keys in blocks.items():
        quantifier, operator = "", name
        if operator not in OPERATORS:
            quantifier, _, operator = name.partition(":")
            if operator not in OPERATORS or quantifier not in QUANTIFIERS:
                raise _Wrong
        parse = PARSERS.get(operator)
        for key, values in keys.items():
            if isinstance(values, str):
                values = (values,)
            if not values or not key:
                raise _Wrong
            condition = Condition(operator, key, values, quantifier)
            found.append(condition)
            if parse is not None:
                limits = tuple([parse(value) for value in values if "${" not in value])
                if None in limits:
                    raise _Wrong
                condition.__dict__["limits"] = limits  # parsed once
    return tuple(found)


def _principals(raw: _RawStatement, kind: str) -> Principals:
    negated = raw.Principal is UNSET
    value = raw.NotPrincipal if negated else raw.Principal
    if value is UNSET or not (negated or raw.NotPrincipal is UNSET):
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
