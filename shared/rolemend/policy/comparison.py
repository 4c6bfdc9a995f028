"""What a change of a policy grants and what it takes away, exactly.

A policy allows what some Allow statement covers and no Deny statement does. What `after` allows and
`before` did not is therefore, for each Allow statement of `after`, what it covers less what the old Allow
and the new Deny statements cover; and what it shares with an old Deny statement, less the new ones.
An empty list of regions is a proof; `unknown` is none. See `inclusion` for the wildcard patterns and
`satisfy` for the conditions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from rolemend.policy.callers import UnreadableError, callers, includes, single_names
from rolemend.policy.conjunction import InexpressibleError, conjunction
from rolemend.policy.document import Policy, Principals, Statement
from rolemend.policy.inclusion import Budget, BudgetError, canonical_points, fresh_character, intersect
from rolemend.policy.normal import EVERY, is_opaque, normal_region, normal_statement, opaque_of
from rolemend.policy.pattern import Matcher, compile_glob, has_wildcard
from rolemend.policy.region import Region, region_of
from rolemend.policy.satisfy import escape_exists

STEPS = 10_000  # in either direction; about 50 ms at worst for documents within the size limit


class Difference(msgspec.Struct, frozen=True):
    """Requests as a union of regions; `unknown` is empty or a key of `wording.UNKNOWN_REASONS`."""

    regions: tuple[Region, ...] = ()
    unknown: str = ""

    @property
    def proven_empty(self) -> bool:
        """Whether it is certain that there is no such request."""
        return not self.regions and not self.unknown


class Comparison(msgspec.Struct, frozen=True):
    """What `after` allows that `before` did not, and what it no longer allows."""

    gained: Difference
    lost: Difference


def compare(before: Policy, after: Policy, *, steps: int = STEPS) -> Comparison:
    """Compare two policies of one kind; never takes more than `steps` steps in a direction."""
    return Comparison(difference(before, after, steps=steps), difference(after, before, steps=steps))


def difference(
    before: Policy, after: Policy, *, beyond: Sequence[Region] = (), steps: int = STEPS
) -> Difference:
    """What `after` allows and `before` does not, outside the regions `beyond`."""
    try:
        return _Subtraction(before, after, beyond, Budget(steps)).result()
    except (BudgetError, RecursionError):
        return Difference(unknown="budget")
    except InexpressibleError:
        return Difference(unknown="conditions")
    except UnreadableError:
        return Difference(unknown="principals")


class _Subtraction:
    """One direction of a comparison."""

    def __init__(self, before: Policy, after: Policy, beyond: Sequence[Region], budget: Budget) -> None:
        self.budget = budget
        self.before = [normal_statement(statement) for statement in before.statements]
        self.after = [normal_statement(statement) for statement in after.statements]
        self.beyond = [normal_region(region) for region in beyond]
        every = [*self.before, *self.after]
        texts = [text for statement in every for text in (*statement.actions, *statement.resources)]
        texts += [text for region in self.beyond for text in (*region.actions, *region.resources)]
        self.fresh = fresh_character(texts)
        self.marks = max((text.count("?") for text in texts), default=0)
        self.opaque = any(is_opaque(statement) for statement in every)
        self.ends = _Ends()
        self.matchers: dict[str, Matcher] = {}
        given = [text for policy in (before, after) for each in policy.statements for text in each.actions]
        self.spelling = {EVERY: "*", **{action.lower(): action for action in reversed(given)}}

    def result(self) -> Difference:
        """The regions, or why they cannot be told."""
        if self.opaque and opaque_of(self.before) != opaque_of(self.after):
            return Difference(unknown="undocumented")
        found: list[Region] = []
        for piece in self._pieces():
            regions, unknown = self._remaining(piece)
            if unknown:
                return Difference(unknown=unknown)
            found.extend(regions)
        if found and self.opaque:
            return Difference(unknown="undocumented")
        return Difference(tuple(self._as_written(region) for region in self._widest(found)))

    def _widest(self, regions: Iterable[Region]) -> Iterator[Region]:
        """Without those that another one plainly holds: the two differ in what is cut out alone."""
        by_base: dict[tuple[Any, ...], list[Region]] = {}
        for each in dict.fromkeys(regions):
            base = (each.actions, each.resources, each.conditions, each.principals)
            by_base.setdefault(base, []).append(each)
        for group in by_base.values():
            cuts = [frozenset(each.excepts) for each in group]
            self.budget.spend(len(group) * len(group) // 8)
            for each, cut in zip(group, cuts, strict=True):
                if not any(other < cut for other in cuts):
                    yield each

    def _as_written(self, region: Region) -> Region:
        """The region with its actions spelt as in the documents, not in lower case."""
        actions = tuple(self.spelling.get(action, action) for action in region.actions)
        excepts = tuple(self._as_written(each) for each in region.excepts)
        return msgspec.structs.replace(region, actions=actions, excepts=excepts)

    def _pieces(self) -> Iterator[Region]:
        """What may be new, as regions whose `excepts` hold all that is not."""
        allowed = [each for each in self.before if not each.denies]
        denied = [each for each in self.after if each.denies]
        lifted = [each for each in self.before if each.denies and each not in denied]
        for statement in self.after:
            if statement.denies:
                continue
            if statement not in allowed:
                yield from self._without(statement, [*allowed, *denied])
            for deny in lifted:
                yield from self._shared(statement, deny, denied)

    def _without(self, statement: Statement, cut: Sequence[Statement]) -> Iterator[Region]:
        """A statement less others, with every NotAction turned into plain patterns."""
        base = region_of(statement)
        if statement.negated_actions:
            spared = Region(statement.actions, ("*",), principals=None)
            base = msgspec.structs.replace(base, actions=(EVERY,), excepts=(spared,))
        yield from self._cut(base, cut)

    def _cut(self, base: Region, cut: Sequence[Statement]) -> Iterator[Region]:
        """`base` less `cut`: what NotAction spares stays, so it makes a region of its own."""
        pieces = [msgspec.structs.replace(base, excepts=(*base.excepts, *self.beyond))]
        for statement in cut:
            if is_opaque(statement):
                continue  # not cut out: the result is then too wide, never too narrow
            region = region_of(statement)
            wider: list[Region] = []
            for piece in pieces:
                if statement.negated_actions:
                    spared = self._patterns(piece.actions, statement.actions)
                    if spared:
                        wider.append(msgspec.structs.replace(piece, actions=spared))
                    region = msgspec.structs.replace(region, actions=(EVERY,))
                wider.append(msgspec.structs.replace(piece, excepts=(*piece.excepts, region)))
            self.budget.spend(len(wider))
            pieces = wider
        yield from pieces

    def _shared(self, statement: Statement, deny: Statement, denied: Sequence[Statement]) -> Iterator[Region]:
        """What an Allow statement has in common with a Deny that is there no more."""
        if is_opaque(statement) or is_opaque(deny):
            raise InexpressibleError
        one, other = region_of(statement), region_of(deny)
        conditions = conjunction(one.conditions, other.conditions, self.budget)
        if conditions is None:
            return
        spared: tuple[Region, ...] = ()
        if statement.negated_actions and deny.negated_actions:
            actions: tuple[str, ...] = (EVERY,)
            spared = (Region((*statement.actions, *deny.actions), ("*",)),)
        elif statement.negated_actions or deny.negated_actions:
            plain, negated = (deny, statement) if statement.negated_actions else (statement, deny)
            actions, spared = plain.actions, (Region(negated.actions, ("*",)),)
        else:
            actions = self._patterns(one.actions, other.actions)
        resources = self._patterns(one.resources, other.resources) if actions else ()
        for principals in _common(one, other, bool(conditions)):
            if resources:
                yield from self._cut(Region(actions, resources, conditions, spared, principals), denied)

    def _patterns(self, one: Iterable[str], other: tuple[str, ...]) -> tuple[str, ...]:
        """The intersection of two unions of patterns."""
        found: dict[str, None] = {}
        for a in one:
            self.budget.spend(1 + len(other) // 4)
            for b in self.ends.meeting(other, a):
                self.budget.spend()
                if a == b or b == "*":
                    found[a] = None
                elif a == "*":
                    found[b] = None
                elif not has_wildcard(b):
                    if self._glob(a)(b):
                        found[b] = None
                elif not has_wildcard(a):
                    if self._glob(b)(a):
                        found[a] = None
                else:
                    found.update(dict.fromkeys(sorted(intersect(a, b, self.budget))))
        return tuple(found)

    def _remaining(self, piece: Region) -> tuple[list[Region], str]:
        """The parts of `piece` that are not empty, and why that cannot be told, if so."""
        excepts = [each for each in piece.excepts if self._bears_on(piece, each)]
        by_action = {action: self._covering(action, excepts, "actions") for action in piece.actions}
        by_resource = {name: self._covering(name, excepts, "resources") for name in piece.resources}
        rows: dict[tuple[str, ...], dict[Principals | None, list[str]]] = {}
        escapes = _Escapes(piece, excepts, self.budget)
        for name in single_names(piece.principals):
            people = escapes.people(name)
            for action, action_masks in by_action.items():
                left = []
                self.budget.spend(1 + len(by_resource) // 2)
                for resource, resource_masks in by_resource.items():
                    answer = escapes.any(people, action_masks, resource_masks)
                    if answer is None:
                        return [], "principals" if escapes.unsure_people else "conditions"
                    if answer:
                        left.append(resource)
                if left:
                    rows.setdefault(tuple(left), {}).setdefault(name, []).append(action)
        return [self._tightened(region) for region in _regions(piece, rows, excepts)], ""

    def _tightened(self, region: Region) -> Region:
        """The region without what is cut out in vain, since it has nothing in common with what is left."""
        excepts = tuple(each for each in region.excepts if self._bears_on(region, each))
        return msgspec.structs.replace(region, excepts=excepts)

    def _covering(self, pattern: str, excepts: Sequence[Region], side: str) -> frozenset[int]:
        """For each canonical point of `pattern`, the set (as bits) of the regions that match it."""
        sides = [(1 << n, self._globs(pattern, getattr(each, side))) for n, each in enumerate(excepts)]
        work = 1 + sum(3 if "?" in each else 1 for _, globs in sides for each in globs or ())
        tests = [(bit, None if globs is None else [*map(self._glob, globs)]) for bit, globs in sides]
        found = set()
        for point in canonical_points(pattern, self.fresh, self.marks, self.budget):
            self.budget.spend(work)
            mask = sum(bit for bit, each in tests if each is None or any(test(point) for test in each))
            if not mask:
                return frozenset((0,))  # nothing covers this point, whatever is asked about the others
            found.add(mask)
        return frozenset(found)

    def _globs(self, pattern: str, patterns: tuple[str, ...]) -> list[str] | None:
        """Those of `patterns` that may match a point of `pattern`; None if one is `pattern` itself."""
        self.budget.spend(1 + len(patterns) // 4)
        return None if pattern in patterns else self.ends.meeting(patterns, pattern)

    def _glob(self, pattern: str) -> Matcher:
        if pattern not in self.matchers:
            self.budget.spend(3)
            self.matchers[pattern] = compile_glob(pattern)
        return self.matchers[pattern]

    def _bears_on(self, piece: Region, region: Region) -> bool:
        """Whether something may be cut out at all."""
        return self._meet(region.actions, piece.actions) and self._meet(region.resources, piece.resources)

    def _meet(self, one: tuple[str, ...], other: tuple[str, ...]) -> bool:
        for pattern in one:
            self.budget.spend(1 + len(other) // 4)
            if pattern in other or self.ends.meeting(other, pattern):
                return True
        return False


class _Escapes:
    """Whether some caller and context escape the regions that cover an action and a resource."""

    def __init__(self, piece: Region, excepts: Sequence[Region], budget: Budget) -> None:
        self.piece, self.excepts, self.budget = piece, excepts, budget
        self.known: dict[int, bool | None] = {}
        self.unsure_people = False

    def people(self, name: Principals | None) -> list[tuple[int, int]]:
        """For each caller that stands for `name`: the regions that surely, and that perhaps, name it."""
        found = []
        for caller in callers(name, bool(self.piece.conditions)):
            surely = perhaps = 0
            for number, region in enumerate(self.excepts):
                named = includes(region.principals, caller, bool(region.conditions))
                surely |= (named is True) << number
                perhaps |= (named is not False) << number
            found.append((surely, perhaps))
        return found

    def any(
        self, people: Iterable[tuple[int, int]], actions: Iterable[int], resources: Iterable[int]
    ) -> bool | None:
        """Whether anything of one action pattern on one resource pattern is left; None: cannot be told."""
        found: bool | None = False
        masks = {first & second for first in actions for second in resources}
        for surely, perhaps in people:
            for mask in masks:
                answer = self._escapes(mask & surely)
                if answer and perhaps != surely and not self._escapes(mask & perhaps):
                    self.unsure_people, answer = True, None
                if answer:
                    return True
                found = None if answer is None else found
        return found

    def _escapes(self, mask: int) -> bool | None:
        if mask not in self.known:
            groups = [region.conditions for n, region in enumerate(self.excepts) if mask >> n & 1]
            self.known[mask] = escape_exists(self.piece.conditions, groups, self.budget)
        return self.known[mask]


def _regions(
    piece: Region, rows: dict[tuple[str, ...], dict[Principals | None, list[str]]], excepts: Sequence[Region]
) -> Iterator[Region]:
    """One region for all actions that are left on the same resources."""
    for resources, by_name in rows.items():
        by_actions: dict[tuple[str, ...], list[Principals | None]] = {}
        for name, actions in by_name.items():
            by_actions.setdefault(tuple(actions), []).append(name)
        for left, names in by_actions.items():
            yield Region(left, resources, piece.conditions, tuple(excepts), _joined(names))


def _joined(names: Sequence[Principals | None]) -> Principals | None:
    given = [name for name in names if name is not None]
    if not given:
        return None
    return Principals(
        ram=tuple(each for name in given for each in name.ram),
        service=tuple(each for name in given for each in name.service),
        federated=tuple(each for name in given for each in name.federated),
        listed=tuple(each for name in given for each in name.listed),
    )


def _common(one: Region, other: Region, conditional: bool) -> Iterator[Principals | None]:
    """The names of both sides that the other side covers; raises where they overlap in another way.

    `conditional`: what both sides share has conditions. `*` means other people with them than without.
    """
    if one.principals is None or other.principals is None:
        yield None
        return
    found: list[Principals | None] = []
    for side, opposite in ((one, other), (other, one)):
        for name in single_names(side.principals):
            people = callers(name, bool(side.conditions))
            answers = {includes(opposite.principals, each, bool(opposite.conditions)) for each in people}
            if answers == {True} and people == callers(name, conditional):
                found.append(name)
            elif None in answers or True in answers:
                raise UnreadableError
    joined = _joined(list(dict.fromkeys(found)))
    if joined is not None:
        yield joined


class _Ends:
    """The literal beginnings and ends of patterns, to see cheaply that two have nothing in common."""

    def __init__(self) -> None:
        self.known: dict[str, tuple[str, str]] = {}
        self.lists: dict[int, tuple[tuple[str, ...], list[tuple[str, str, str]]]] = {}

    def of(self, pattern: str) -> tuple[str, str]:
        """What stands before the first wildcard and after the last."""
        ends = self.known.get(pattern)
        if ends is None:
            plain = pattern.replace("?", "*")
            ends = self.known[pattern] = plain[: _first_star(plain)], plain[plain.rfind("*") + 1 :]
        return ends

    def meeting(self, patterns: tuple[str, ...], pattern: str) -> list[str]:
        """Those of `patterns` that may have something in common with `pattern`."""
        head, tail = self.of(pattern)
        known = self.lists.get(id(patterns))
        if known is None:  # the tuple is kept with its list, so that its id stays its own
            known = self.lists[id(patterns)] = patterns, [(*self.of(each), each) for each in patterns]
        return [
            each
            for other_head, other_tail, each in known[1]
            if (head.startswith(other_head) or other_head.startswith(head))
            and (tail.endswith(other_tail) or other_tail.endswith(tail))
        ]


def _first_star(pattern: str) -> int:
    at = pattern.find("*")
    return at if at >= 0 else len(pattern)
