"""The operator's rules: which remedy may be applied to which role and bucket.

Patterns know `*` and `?` only, match the whole name, and compare letter by letter after the names are proved to be
plain: a name with other characters than RAM and OSS allow matches no pattern at all.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from rolemend.checklist.model import ListBucket
from rolemend.errors import GuardrailsError
from rolemend.remedy.model import TypedRemedy, Verdict

OBSERVE, PROPOSE, APPROVE, AUTO = "observe", "propose", "approve", "auto"
MODES = (OBSERVE, PROPOSE, APPROVE, AUTO)
"""From the most restrictive to the least: where several rules match, the first in this order wins."""

_BUCKET_NAME = re.compile(r"[a-z0-9][a-z0-9\-]{1,61}[a-z0-9]", re.ASCII)
_ROLE_NAME = re.compile(r"[A-Za-z0-9.\-]{1,64}", re.ASCII)
_PATTERN = re.compile(r"[A-Za-z0-9.\-*?]{1,64}", re.ASCII)


class Rule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One `[[rule]]`. It matches a remedy if the role matches one of `roles`, and for a bucket grant the bucket one
    of `buckets`. A rule without `buckets` speaks of trust policies only."""

    name: str
    mode: str
    roles: tuple[str, ...]
    buckets: tuple[str, ...] = ()


class Guardrails(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`guardrails.toml`. `trust_policy` is `add` (beside what is trusted) or `replace` (the FAQ's letter)."""

    default: str = PROPOSE
    trust_policy: str = "add"
    rule: tuple[Rule, ...] = ()

    def judge(self, remedy: TypedRemedy) -> Verdict:
        """The most restrictive rule that matches, or the default mode."""
        matching = [rule for rule in self.rule if _matches(rule, remedy)]
        if not matching:
            return Verdict(self.default)
        chosen = min(matching, key=lambda rule: MODES.index(rule.mode))
        return Verdict(chosen.mode, chosen.name)


def _matches(rule: Rule, remedy: TypedRemedy) -> bool:
    if not _ROLE_NAME.fullmatch(remedy.role) or not any(
        _like(p.lower(), remedy.role.lower()) for p in rule.roles
    ):
        return False
    if isinstance(remedy, ListBucket):
        return bool(_BUCKET_NAME.fullmatch(remedy.bucket)) and any(
            _like(p, remedy.bucket) for p in rule.buckets
        )
    return True


def _like(pattern: str, name: str) -> bool:
    """Whole-name match of `*` and `?`, in time linear in both lengths per star."""
    position = at = mark = 0
    star = -1
    while at < len(name):
        if position < len(pattern) and pattern[position] in ("?", name[at]) and pattern[position] != "*":
            position, at = position + 1, at + 1
        elif position < len(pattern) and pattern[position] == "*":
            star, mark, position = position, at, position + 1
        elif star >= 0:
            mark += 1
            position, at = star + 1, mark
        else:
            return False
    return all(char == "*" for char in pattern[position:])


def parse_guardrails(content: bytes) -> Guardrails:
    """Read `guardrails.toml`. Raises GuardrailsError with every mistake and its place."""
    try:
        table = _toml(content.decode("utf-8"))
    except (ValueError, UnicodeDecodeError) as error:
        raise GuardrailsError([f"not TOML: {error}"]) from error
    problems = [*_unknown_members(table), *_rule_problems(table.get("rule", []))]
    if table.get("default", PROPOSE) not in (OBSERVE, PROPOSE):
        problems.append("default: must be observe or propose; whoever is not named is never changed")
    if table.get("trust_policy", "add") not in ("add", "replace"):
        problems.append("trust_policy: must be add or replace")
    if problems:
        raise GuardrailsError(problems)
    return msgspec.convert(table, Guardrails)


def _toml(text: str) -> dict[str, Any]:
    import sys

    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    return tomllib.loads(text)


def _unknown_members(table: dict[str, Any]) -> list[str]:
    return [f"{name}: unknown setting" for name in table if name not in ("default", "trust_policy", "rule")]


def _rule_problems(rules: Any) -> list[str]:
    if not isinstance(rules, list):
        return ["rule: must be a list of tables, [[rule]]"]
    problems: list[str] = []
    seen: set[Any] = set()
    for number, rule in enumerate(rules, 1):
        place = f"rule {number}"
        if not isinstance(rule, dict):
            problems.append(f"{place}: must be a table")
            continue
        problems += [f"{place}.{problem}" for problem in _one_rule(rule)]
        name = rule.get("name")
        if isinstance(name, str) and name in seen:
            problems.append(f"{place}.name: {name!r} is used twice")
        seen.add(name if isinstance(name, str) else number)
    return problems


def _one_rule(rule: dict[str, Any]) -> list[str]:
    problems = [
        f"{name}: unknown setting" for name in rule if name not in ("name", "mode", "roles", "buckets")
    ]
    if not isinstance(rule.get("name"), str) or not rule["name"]:
        problems.append("name: missing")
    if rule.get("mode") not in MODES:
        problems.append(f"mode: must be one of {', '.join(MODES)}")
    problems += _pattern_problems("roles", rule.get("roles"), required=True)
    problems += _pattern_problems("buckets", rule.get("buckets", []), required=False)
    return problems


def _pattern_problems(name: str, patterns: Any | None, *, required: bool) -> list[str]:
    if not isinstance(patterns, list) or (required and not patterns):
        return [f"{name}: must be a list of patterns" + (" with at least one" if required else "")]
    return [
        f"{name}[{index}]: {pattern!r} is no pattern of letters, digits, '-', '.', '*' and '?'"
        for index, pattern in enumerate(patterns)
        if not isinstance(pattern, str) or not _PATTERN.fullmatch(pattern)
    ]
