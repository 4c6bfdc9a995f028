"""Reads `guardrails.toml`. Every mistake is reported at once, with its place in the file."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from rolemend.errors import GuardrailsError
from rolemend.policy.edit import EXTENTS
from rolemend.remedy.guardrails import ACTION_GROUPS, MODES, OBSERVE, PROPOSE, Guardrails, Rule
from rolemend.remedy.hours import read_offset, read_window

_PATTERN = re.compile(r"[A-Za-z0-9.\-*?]{1,64}", re.ASCII)
_BUCKET_PATTERN = re.compile(r"[a-z0-9\-*?]{1,64}", re.ASCII)
"""With another letter it could match no bucket, and a rule that is to restrict would restrict nothing."""
_ACTION = re.compile(r"[A-Za-z]{2,20}:[A-Za-z*?]{1,80}", re.ASCII)
_ACCOUNT = re.compile(r"[0-9]{5,30}", re.ASCII)
_TAG = re.compile(r"[^=\x00-\x1f]{1,128}=[^\x00-\x1f]{0,256}")
_EXPIRES = re.compile(r"[1-9][0-9]{0,3}[mhd]", re.ASCII)

LONGEST = 1 << 20
"""Bytes; a longer file is none."""


def parse_guardrails(content: bytes) -> Guardrails:
    """Read `guardrails.toml`. Raises GuardrailsError with every mistake and its place."""
    try:
        if len(content) > LONGEST:
            raise ValueError(f"more than {LONGEST} bytes")
        table = _toml(content.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise GuardrailsError([f"not TOML: {error}"]) from error
    problems = [*_unknown(table, _SETTINGS), *_rules_problems(table.get("rule", []))]
    problems += [
        problem for name, check in _SETTINGS.items() if name in table for problem in check(name, table[name])
    ]
    if problems:
        raise GuardrailsError(problems)
    return msgspec.convert(table, Guardrails)


def _toml(content: str) -> dict[str, Any]:
    import sys

    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    return tomllib.loads(content)


Problems = Iterator[str]
Check = Callable[[str, Any], Problems]


def _one_of(*allowed: str, more: str = "") -> Check:
    def check(name: str, value: Any) -> Problems:
        if value not in allowed:
            yield f"{name}: must be one of {', '.join(allowed)}{more}"

    return check


def _list_of(pattern: re.Pattern[str], what: str) -> Check:
    def check(name: str, value: Any) -> Problems:
        if not isinstance(value, list) or not value:
            yield f"{name}: must be a list of {what} with at least one; {_EMPTY}"
            return
        for index, one in enumerate(value):
            if not isinstance(one, str) or not pattern.fullmatch(one):
                yield f"{name}[{index}]: {one!r} is none of {what}"

    return check


def _text(pattern: re.Pattern[str], what: str) -> Check:
    def check(name: str, value: Any) -> Problems:
        if not isinstance(value, str) or not pattern.fullmatch(value):
            yield f"{name}: {value!r} is not {what}"

    return check


def _actions(name: str, value: Any) -> Problems:
    if not isinstance(value, list) or not value:
        yield f"{name}: must be a list of actions with at least one; {_EMPTY}"
        return
    for index, one in enumerate(value):
        if not isinstance(one, str) or not (one in ACTION_GROUPS or _ACTION.fullmatch(one)):
            yield f"{name}[{index}]: {one!r} is no action like 'oss:GetObject' and none of {', '.join(ACTION_GROUPS)}"


def _read_by(read: Callable[[str], object], name: str, value: Any) -> Problems:
    try:
        read(value if isinstance(value, str) else repr(value))
    except ValueError as error:
        yield f"{name}: {error}"


def _hours(name: str, value: Any) -> Problems:
    if not isinstance(value, list) or not value:
        yield f"{name}: must be a list of windows with at least one; {_EMPTY}"
        return
    for index, one in enumerate(value):
        yield from _read_by(read_window, f"{name}[{index}]", one)


def _offset(name: str, value: Any) -> Problems:
    yield from _read_by(read_offset, name, value)


def _number(name: str, value: Any) -> Problems:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= 1_000:
        yield f"{name}: must be a whole number from 1 to 1000"


def _name(name: str, value: Any) -> Problems:
    if not isinstance(value, str) or not value.strip() or not value.isprintable() or len(value) > 100:
        yield f"{name}: must be a text of at most 100 characters"


def _anything(name: str, value: Any) -> Problems:
    return iter(())


_EMPTY = "leave it out where it does not matter"
"""An empty list could be meant as all or as none."""
_PATTERNS = "patterns of letters, digits, '-', '.', '*' and '?'"
_SETTINGS: dict[str, Check] = {
    "default": _one_of(OBSERVE, PROPOSE, more="; whoever is not named is never changed"),
    "trust_policy": _one_of("add", "replace"),
    "utc_offset": _offset,
    "rule": _anything,
}
_OF_RULE: dict[str, Check] = {
    "name": _name,
    "mode": _one_of(*MODES),
    "roles": _list_of(_PATTERN, _PATTERNS),
    "buckets": _list_of(_BUCKET_PATTERN, "patterns of small letters, digits, '-', '*' and '?'"),
    "actions": _actions,
    "extent": _one_of(*EXTENTS),
    "role_tag": _text(_TAG, "a tag like 'owner=data-platform'"),
    "bucket_tag": _text(_TAG, "a tag like 'owner=data-platform'"),
    "accounts": _list_of(_ACCOUNT, "account ids"),
    "hours": _hours,
    "changes_per_day": _number,
    "expires": _text(_EXPIRES, "a time like '30m', '12h' or '7d'"),
}
assert set(_OF_RULE) == set(Rule.__struct_fields__)
assert set(_SETTINGS) == set(Guardrails.__struct_fields__)


def _unknown(table: dict[str, Any], known: dict[str, Check]) -> list[str]:
    return [f"{name}: unknown setting" for name in table if name not in known]


def _rules_problems(rules: Any) -> list[str]:
    if not isinstance(rules, list):
        return ["rule: must be a list of tables, [[rule]]"]
    problems: list[str] = []
    seen: set[str] = set()
    for number, rule in enumerate(rules, 1):
        place = f"rule {number}"
        if not isinstance(rule, dict):
            problems.append(f"{place}: must be a table")
            continue
        problems += [f"{place}.{problem}" for problem in _rule_problems(rule)]
        name = rule.get("name")
        if isinstance(name, str) and name in seen:
            problems.append(f"{place}.name: {name!r} is used twice")
        seen.add(str(name))
    return problems


def _rule_problems(rule: dict[str, Any]) -> list[str]:
    missing = [f"{name}: missing" for name in ("name", "mode", "roles") if name not in rule]
    wrong = [p for name, check in _OF_RULE.items() if name in rule for p in check(name, rule[name])]
    return [*_unknown(rule, _OF_RULE), *missing, *wrong]
