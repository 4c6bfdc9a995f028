"""EventBridge event patterns: which events an EventBridge trigger is given.

Source: https://www.alibabacloud.com/help/en/eventbridge/user-guide/event-patterns
"""

from __future__ import annotations

import ipaddress
import operator
from typing import Any

_COMPARISONS = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "=": operator.eq}
_ABSENT = object()
_OPERATORS = ("prefix", "suffix", "contains", "anything-but", "numeric", "cidr", "exists")


def check_pattern(pattern: Any, place: str = "") -> str:
    """Why a value is no event pattern, "" if it is one."""
    if not isinstance(pattern, dict):
        return f"{place or 'the pattern'} is not an object"
    for key, wanted in pattern.items():
        here = f"{place}.{key}" if place else key
        if isinstance(wanted, dict):
            reason = check_pattern(wanted, here)
        elif not isinstance(wanted, list):
            reason = f"{here} is neither a list nor an object"
        else:
            reason = next((text for item in wanted if (text := _check_item(item, here))), "")
        if reason:
            return reason
    return ""


def _check_item(item: Any, place: str) -> str:
    if not isinstance(item, dict):
        return f"{place} holds a list in a list" if isinstance(item, list) else ""
    if len(item) != 1 or next(iter(item)) not in _OPERATORS:
        return f"{place} uses {', '.join(map(repr, item))}; known are {', '.join(_OPERATORS)}"
    name, value = next(iter(item.items()))
    if name == "numeric":
        pairs = (
            isinstance(value, list)
            and len(value) in (2, 4)
            and all(sign in _COMPARISONS for sign in value[::2])
        )
        return "" if pairs else f"{place} has a malformed numeric range: {value!r}"
    if name == "cidr":
        try:
            ipaddress.ip_network(str(value), strict=False)
        except ValueError as error:
            return f"{place}: {error}"
    if name in ("prefix", "suffix", "contains") and not isinstance(value, str):
        return f"{place}: {name} needs a text: {value!r}"
    if name == "anything-but":
        return next(
            (
                text
                for one in (value if isinstance(value, list) else [value])
                if (text := _check_item(one, place))
            ),
            "",
        )
    return ""


def matches(pattern: dict[str, Any], event: Any) -> bool:
    """Keys are joined with AND, the values of a list with OR; the event has the pattern's nesting."""
    return all(
        _field(wanted, event.get(key, _ABSENT) if isinstance(event, dict) else _ABSENT)
        for key, wanted in pattern.items()
    )


def _field(wanted: Any, value: Any) -> bool:
    if isinstance(wanted, dict):
        return matches(wanted, value)
    values = value if isinstance(value, list) else [value]
    return any(_item(item, one) for item in wanted for one in values)


def _item(item: Any, value: Any) -> bool:
    if not isinstance(item, dict):
        return value is not _ABSENT and type(value) is type(item) and bool(value == item)
    name, argument = next(iter(item.items()))
    if name == "exists":
        return (value is not _ABSENT) == bool(argument)
    return value is not _ABSENT and _test(name, argument, value)


def _test(name: str, argument: Any, value: Any) -> bool:
    if name == "anything-but":
        unwanted = argument if isinstance(argument, list) else [argument]
        return not any(_item(one, value) for one in unwanted)
    if name == "numeric":
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return False
        return all(
            _COMPARISONS[sign](value, bound)
            for sign, bound in zip(argument[::2], argument[1::2], strict=True)
        )
    if not isinstance(value, str):
        return False
    if name == "cidr":
        try:
            return ipaddress.ip_address(value) in ipaddress.ip_network(argument, strict=False)
        except ValueError:
            return False
    tests = {"prefix": value.startswith, "suffix": value.endswith, "contains": value.__contains__}
    return bool(tests[name](argument))
