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
    glob_matches,
    has_variable,
    has_wildcard,
    variable_as_wildcard,
)

if TYPE_CHECKING:
    from rolemend.policy.condition import Keys, KeysTest
    from rolemend.policy.document import Statement

DENY = -(1 << 30)  # added to a statement's number in a rank: any Deny sorts before any Allow
NONE = 1 << 30  # the rank of no statement at all
ASSUME_ROLE = ("sts:assumerole", "sts:assumerolewithsaml", "sts:assumerolewithoidc")
_REMEMBERED = 512  # action names whose look-up is kept: a bound for hostile input, no memory of decisions

# rank, conditions, literal region, literal account, pattern for what follows the prefix, nothing to check
Entry = tuple[int, "KeysTest | None", "str | None", "str | None", "Matcher | None", bool]


class UnsureError(Exception):
    """The quick look-up met something three-valued; the full evaluation has to answer."""


class PolicyIndex:
    """The look-up of one policy.

    The first decision reads the statements one by one; only from the second on is an index worth its making.
    """

    def __init__(self, statements: Sequence[Statement]) -> None:
        self.statements = statements
        self._actions: ActionIndex | None = None
        self._tests: dict[int, KeysTest | None] = {}
        self._by_action: dict[str, ResourceIndex] = {}
        self._by_numbers: dict[tuple[int, ...], ResourceIndex] = {}
        self._fresh = True

    def numbers(self, action: str) -> tuple[int, ...]:
        """The statements whose Action or NotAction covers `action`, in order."""
        if self._actions is None:
            self._actions = ActionIndex(self.statements)
        return self._actions.find(action.lower())

    def find(self, action: str, resource: str, keys: Keys) -> int:
        """The rank of the deciding statement: below 0 a Deny (number + DENY), `NONE` if none matches.

        Raises UnsureError where a condition answers neither yes nor no, and for assuming a role, which
        no identity policy decides alone.
        """
        node = self._by_action.get(action)
        if node is None:
            if action[:4].lower() == "sts:" and action.lower() in ASSUME_ROLE:
                raise UnsureError
            if self._fresh:
                self._fresh = False
                return self._scan(action.lower(), canonical_arn(resource), keys)
            node = self._node(action)
        return node.find(resource, keys)

    def _scan(self, action: str, resource: str, keys: Keys) -> int:
        best = NONE
        for number, statement in enumerate(self.statements):
            if _lists(statement, action):
                rank = number + DENY if statement.effect == "Deny" else number
                if rank < best and _reaches(statement, resource):
                    when = self._when(number)
                    if when is None or _met(when, keys):
                        best = rank
        return best

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


def _lists(statement: Statement, action: str) -> bool:
    """Whether Action or NotAction covers the lower-case `action`."""
    names = "\n".join(statement.actions).lower()
    if "*" in names or "?" in names:
        first = action[:1] + "*?"
        for name in names.split("\n"):
            if name[0] in first and covers(name, action):
                return not statement.negated_actions
    elif action in names and action in names.split("\n"):
        return not statement.negated_actions
    return statement.negated_actions


def _reaches(statement: Statement, resource: str) -> bool:
    """Whether Resource covers the canonical `resource`."""
    resources = statement.resources
    if len(resources) > 4:
        found = _stands_in(resources, resource)
        if found is not None:
            return found
    for pattern in resources:  # noqa: SIM110 - a generator would double the time
        if covers(pattern, resource):
            return True
    return False


def _stands_in(resources: tuple[str, ...], resource: str) -> bool | None:
    """`_reaches` for the usual long list, `acs:<service>:*:*:` with names and `.../*`; None for any other.

    Such a list is searched as one text, since each way to match `resource` is one of a few lines in it.
    """
    parts = resource.split(":", 4)
    if len(parts) < 5 or ":" in parts[4]:
        return None
    start, tail = f"\n{parts[0]}:{parts[1]}:*:*:", parts[4]
    lines, count = "\n" + "\n".join(resources) + "\n", len(resources)
    stars = 2 * count + lines.count("/*\n")
    if (
        lines.count(start) != count
        or lines.count("*") != stars
        or "?" in lines
        or lines.count("\n") > count + 1
    ):
        return None
    if f"{start}{tail}\n" in lines:
        return True
    at = tail.find("/")
    if at < 0 or f"{start}{tail[:at]}/" not in lines:
        return False
    while at >= 0:
        if f"{start}{tail[:at]}/*\n" in lines:
            return True
        at = tail.find("/", at + 1)
    return False


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
            if _reaches(statement, resource) and (when is None or _met(when, keys)):
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


def covers(pattern: str, text: str) -> bool:
    """Whether a pattern covers a text (of ARNs, one that has been made canonical), without preparation."""
    if pattern[:9] == "acs:ram::":
        pattern = canonical_arn(pattern)
    at = pattern.find("*")
    if "?" in pattern:
        return glob_matches(pattern, text)
    if at < 0:
        return pattern == text
    if pattern[:at] != text[:at]:
        return False
    pieces = pattern[at + 1 :].split("*")
    last = pieces.pop()
    end = len(text) - len(last)
    if end < at or text[end:] != last:
        return False
    for piece in pieces:
        at = text.find(piece, at, end)
        if at < 0:
            return False
        at += len(piece)
    return True


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
