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
Hits = int | list[Entry]  # the rank that decides without any check, or what has to be checked, in order


class PolicyIndex:
    """The look-up of one policy."""

    def __init__(self, statements: Sequence[Statement]) -> None:
        self.statements = statements
        self._actions: ActionIndex | None = None
        self._tests: dict[int, KeysTest | None] = {}
        self.by_action: dict[str, ResourceIndex] = {}
        self._by_numbers: dict[tuple[int, ...], ResourceIndex] = {}

    def numbers(self, action: str) -> tuple[int, ...]:
        """The statements whose Action or NotAction covers `action`, in order."""
        if self._actions is None:
            self._actions = ActionIndex(self.statements)
        return self._actions.find(action.lower())

    def find(self, action: str, resource: str, keys: Keys) -> int:
        """See Policy.find."""
        node = self.by_action.get(action)
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
        if any(self.statements[number].negated_resources for number in numbers):
            raise UnsureError
        node = self._by_numbers.get(numbers)
        if node is None:
            node = ResourceIndex([(n, self.statements[n], self._when(n)) for n in numbers])
            if len(self._by_numbers) < _REMEMBERED:
                self._by_numbers[numbers] = node
        if len(self.by_action) < _REMEMBERED:
            self.by_action[action] = node
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
        self.general: list[tuple[Entry, Matcher]] = []
        always: list[Entry] = []
        for rank, statement, when in self.statements:
            for pattern in dict.fromkeys(statement.resources):
                if pattern == "*":
                    always.append((rank, when, None, None, None, True))
                else:
                    self._add(canonical_arn(pattern), rank, when)
        self.always: Hits = _shortened(always) if always else NONE
        for tails in self.tails.values():
            tails.close()

    def find(self, resource: str, keys: Keys) -> int:
        """See Policy.find. One long function, since a call of another would cost as much as a look-up."""
        parts = resource.split(":", 4)
        if len(parts) < 5 or ":" in parts[4] or not parts[2]:
            return self._scan(resource, keys)
        always = self.always
        best = always if isinstance(always, int) else _best(always, NONE, parts, "", keys)
        tails = self.tails.get(parts[1])
        if tails is not None:
            tail = parts[4]
            hits = tails.exact.get(tail)
            if hits is not None:
                if not isinstance(hits, int):
                    best = _best(hits, best, parts, "", keys)
                elif hits < best:
                    best = hits
            lengths = tails.heads.get(tail.partition("/")[0], tails.lengths) if tails.heads else tails.lengths
            for length in lengths:
                hits = tails.prefixes.get(tail[:length])
                if hits is not None:
                    if not isinstance(hits, int):
                        best = _best(hits, best, parts, tail[length:], keys)
                    elif hits < best:
                        best = hits
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
        if len(parts) < 5 or not _is_plain(parts):
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
        self.exact: dict[str, Hits] = {}
        self.prefixes: dict[str, Hits] = {}
        self.heads: dict[str, list[int]] = {}  # first path segment -> lengths of the prefixes to try with it
        self.lengths: list[int] = []  # lengths of the prefixes that end within the first segment

    def add(self, tail: str, entry: Entry) -> None:
        """Entries come in the order of their ranks and stay in it under each key."""
        at = min((at for at in (tail.find("*"), tail.find("?")) if at >= 0), default=-1)
        if at < 0:
            self._append(self.exact, tail, entry)
            return
        if tail[at:] != "*":
            entry = (*entry[:4], compile_glob(tail[at:]), False)
        self._append(self.prefixes, tail[:at], entry)
        head, slash, _ = tail[:at].partition("/")
        lengths = self.heads.setdefault(head, []) if slash else self.lengths
        if at not in lengths:
            lengths.append(at)

    @staticmethod
    def _append(under: dict[str, Hits], key: str, entry: Entry) -> None:
        hits = under.setdefault(key, [])
        assert isinstance(hits, list)
        hits.append(entry)

    def close(self) -> None:
        """To be called when all entries are in."""
        for under in (self.exact, self.prefixes):
            for key, hits in under.items():
                under[key] = _shortened(hits)
        for lengths in self.heads.values():
            lengths.extend(self.lengths)


def _shortened(hits: Hits) -> Hits:
    """The rank alone where nothing is left to check of the first entry: no later one can come before it."""
    if isinstance(hits, int):
        return hits
    rank, when, *_, unchecked = hits[0]
    return rank if when is None and unchecked else hits


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
