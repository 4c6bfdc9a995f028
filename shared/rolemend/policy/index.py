"""Statements by action and resource, so that a decision looks up instead of reading the policy through.

Actions: exact names, `prefix*` patterns and general patterns are kept apart, general ones by service.
Resources: `acs:<service>:*:*:<tail>` is found by its tail, exactly or by its first path segment;
anything else is matched pattern by pattern. Actions compare case-insensitively, resources
case-sensitively (https://www.alibabacloud.com/help/en/ram/policy-elements).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from rolemend.policy.condition import compile_conditions
from rolemend.policy.pattern import (
    Matcher,
    canonical_arn,
    compile_glob,
    has_variable,
    has_wildcard,
    variable_as_wildcard,
)
from rolemend.policy.scan import ASSUME_ROLE, DENY, NONE, UnsureError, reaches

if TYPE_CHECKING:
    from rolemend.policy.condition import Keys, KeysTest
    from rolemend.policy.document import Statement

_REMEMBERED = 512  # action names whose look-up is kept: a bound for hostile input, no memory of decisions

# rank, conditions, literal region, literal account, pattern for what follows the prefix, nothing to check
Entry = tuple[int, "KeysTest | None", "str | None", "str | None", "Matcher | None", bool]


class PolicyIndex:
    """The look-up of one policy."""

    def __init__(self, statements: Sequence[Statement]) -> None:
        self.statements = statements
        self._actions: ActionIndex | None = None
        self._tests: dict[int, KeysTest | None] = {}
        self._by_action: dict[str, ResourceIndex] = {}
        self._by_numbers: dict[tuple[int, ...], ResourceIndex] = {}

    def numbers(self, action: str) -> tuple[int, ...]:
        """The statements whose Action or NotAction covers `action`, in order."""
        if self._actions is None:
            self._actions = ActionIndex(self.statements)
        return self._actions.find(action.lower())

    def find(self, action: str, resource: str, keys: Keys) -> int:
        """See Policy.find."""
        node = self._by_action.get(action)
        if node is None:
            if action.lower() in ASSUME_ROLE:
                raise UnsureError
            node = self._node(action)
        return node.find(resource, keys)

    def _when(self, number: int) -> KeysTest | None:
        """The conditions of a statement as one test of the request's keys, None where there are none."""
        conditions = self.statements[number].conditions
        if not conditions:
            return None
        if number not in self._tests:
            self._tests[number] = compile_conditions(conditions)
        return self._tests[number]

    def _node(self, action: str) -> ResourceIndex:
        numbers = self.numbers(action)
        node = self._by_numbers.get(numbers)
        if node is None:
            node = ResourceIndex([(n, self.statements[n], self._when(n)) for n in numbers])
            if len(self._by_numbers) < _REMEMBERED:
                self._by_numbers[numbers] = node
        if len(self._by_action) < _REMEMBERED:
            self._by_action[action] = node
        return node


class ActionIndex:
    """Statement numbers by the actions they list."""

    def __init__(self, statements: Sequence[Statement]) -> None:
        self.exact: dict[str, list[int]] = {}
        self.prefixes: dict[str, list[int]] = {}
        self.globs: dict[str, list[tuple[Matcher, int]]] = {}  # by service, "" where that has a wildcard
        self.always: list[int] = []
        self.negated: list[tuple[tuple[Matcher, ...], int]] = []
        for number, statement in enumerate(statements):
            if statement.negated_actions:
                plain = [action.lower() for action in statement.actions if not has_variable(action)]
                self.negated.append((tuple(compile_glob(action) for action in plain), number))
            else:
                self._add(statement.actions, number)
        self.lengths = sorted({len(prefix) for prefix in self.prefixes})

    def _add(self, actions: tuple[str, ...], number: int) -> None:
        exact = self.exact
        for action in actions:
            name = action.lower()
            if not has_wildcard(name) and "${" not in name:
                known = exact.get(name)
                if known is None:
                    exact[name] = [number]
                else:
                    known.append(number)
            elif name == "*":
                self.always.append(number)
            elif name.find("*") == len(name) - 1 and "?" not in name and "${" not in name:
                self.prefixes.setdefault(name[:-1], []).append(number)
            else:
                self._add_glob(name, number)

    def _add_glob(self, name: str, number: int) -> None:
        name = variable_as_wildcard(name)
        service, colon, _ = name.partition(":")
        key = service if colon and not has_wildcard(service) else ""
        self.globs.setdefault(key, []).append((compile_glob(name), number))

    def find(self, name: str) -> tuple[int, ...]:
        """Sorted numbers of the statements that cover the lower-case action `name`.

        One that covers it only if some `${...}` stands for the right thing is among them.
        """
        found = set(self.always)
        found.update(self.exact.get(name, ()))
        for length in self.lengths:
            found.update(self.prefixes.get(name[:length], ()))
        if self.globs:
            for key in ("", name.partition(":")[0]):
                found.update(number for glob, number in self.globs.get(key, ()) if glob(name))
        for globs, number in self.negated:
            if not any(glob(name) for glob in globs):
                found.add(number)
        return tuple(sorted(found))


class ResourceIndex:
    """The Resource patterns of the statements that cover one action."""

    def __init__(self, statements: Iterable[tuple[int, Statement, KeysTest | None]]) -> None:
        ranked = [(n + DENY if statement.denies else n, statement, when) for n, statement, when in statements]
        self.statements = sorted(ranked, key=lambda each: each[0])
        self.tails: dict[str, Tails] = {}
        self.always: list[Entry] = []
        self.general: list[tuple[Entry, Matcher]] = []
        for rank, statement, when in self.statements:
            for pattern in dict.fromkeys(statement.resources):
                self._add(canonical_arn(pattern), rank, when)

    def find(self, resource: str, keys: Keys) -> int:
        """See PolicyIndex.find."""
        parts = resource.split(":", 4)
        if len(parts) < 5 or ":" in parts[4] or not parts[2]:
            return self._scan(resource, keys)
        best = NONE
        if self.always:
            best = _best(self.always, best, parts, "", keys)
        service = self.tails.get(parts[1])
        if service is not None:
            best = service.find(parts, best, keys)
        for entry, glob in self.general:
            if entry[0] >= best:
                break
            if glob(resource):
                best = _best((entry,), best, parts, "", keys)
        return best

    def _scan(self, resource: str, keys: Keys) -> int:
        """The look-up pattern by pattern, for what is no ARN or has a colon in its last part."""
        resource = canonical_arn(resource)
        for rank, statement, when in self.statements:
            if reaches(statement.resources, resource) and (when is None or _met(when, keys)):
                return rank
        return NONE

    def _add(self, pattern: str, rank: int, when: KeysTest | None) -> None:
        parts = pattern.split(":", 4)
        if pattern == "*":
            self.always.append((rank, when, None, None, None, True))
        elif len(parts) < 5 or not _is_plain(parts):
            self.general.append(((rank, when, None, None, None, True), compile_glob(pattern)))
        else:
            _, service, region, account, tail = parts
            literal = (None if region == "*" else region, None if account == "*" else account)
            entry = (rank, when, *literal, None, literal == (None, None))
            self.tails.setdefault(service, Tails()).add(tail, entry)


def _is_plain(parts: list[str]) -> bool:
    """Whether an ARN's service is literal, and its region and account each literal or `*`."""
    mixed = any(part != "*" and has_wildcard(part) for part in parts[2:4])
    return parts[0] == "acs" and not has_wildcard(parts[1]) and not mixed


def _met(when: KeysTest, keys: Keys) -> bool:
    met = when(keys)
    if met is None:
        raise UnsureError
    return met


class Tails:
    """The patterns `acs:<one service>:<region>:<account>:<tail>`, by tail."""

    __slots__ = ("exact", "heads", "lengths", "prefixes")

    def __init__(self) -> None:
        self.exact: dict[str, list[Entry]] = {}
        self.prefixes: dict[str, list[Entry]] = {}
        self.heads: dict[str, list[int]] = {}  # first path segment -> lengths of the prefixes below it
        self.lengths: list[int] = []  # lengths of the prefixes that end within the first segment

    def add(self, tail: str, entry: Entry) -> None:
        """Entries come in the order of their ranks and stay in it under each key."""
        at = min((at for at in (tail.find("*"), tail.find("?")) if at >= 0), default=-1)
        if at < 0:
            self.exact.setdefault(tail, []).append(entry)
            return
        if tail[at:] != "*":
            entry = (*entry[:4], compile_glob(tail[at:]), False)
        self.prefixes.setdefault(tail[:at], []).append(entry)
        head, slash, _ = tail[:at].partition("/")
        lengths = self.heads.setdefault(head, []) if slash else self.lengths
        if at not in lengths:
            lengths.append(at)

    def find(self, parts: list[str], best: int, keys: Keys) -> int:
        """The best rank, at most `best`, for an ARN split at its first four colons."""
        tail = parts[4]
        hits = self.exact.get(tail)
        if hits is not None:
            best = _best(hits, best, parts, "", keys)
        lengths = self.heads.get(tail.partition("/")[0], ())
        for length in (*lengths, *self.lengths) if self.lengths else lengths:
            hits = self.prefixes.get(tail[:length])
            if hits is not None:
                best = _best(hits, best, parts, tail[length:], keys)
        return best


def _best(hits: Sequence[Entry], best: int, parts: list[str], rest: str, keys: Keys) -> int:
    """The first rank of `hits` below `best` whose checks and conditions hold, else `best`."""
    for rank, when, region, account, glob, unchecked in hits:
        if rank >= best:
            break
        if not unchecked and (
            (region is not None and region != parts[2])
            or (account is not None and account != parts[3])
            or (glob is not None and not glob(rest))
        ):
            continue
        if when is None or _met(when, keys):
            return rank
    return best
