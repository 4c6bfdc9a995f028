"""The difference between what the account has and what it is to have, and how it is brought about."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import msgspec

from rolemend.account.interface import Absent, Known, Reading, Unread
from rolemend.errors import NotThere, SetupStopped
from rolemend.setup.identities import ServiceRole
from rolemend.setup.ledger_bucket import LedgerBucket
from rolemend.setup.model import Change, Step, Thing, difference
from rolemend.setup.parts import MARK, Parts, State
from rolemend.text import Text, text

Said = Callable[[str, Thing], None]
"""Told of each thing when it was made, changed or removed, with that word."""


class Planned(msgspec.Struct, frozen=True):
    """A step with the thing that it is about and what was read of it."""

    step: Step
    thing: Thing
    now: State | None = None


def plan(things: Iterable[Thing], parts: Parts) -> tuple[Planned, ...]:
    """One step for each thing, in order. What could not be read is `unread`, never taken for absent."""
    return tuple(_planned(thing, thing.read(parts)) for thing in things)


def _planned(thing: Thing, found: Reading[State]) -> Planned:
    if isinstance(found, Unread):
        return Planned(_step(thing, "unread", _why(thing, found)), thing)
    if isinstance(found, Absent):
        return Planned(_step(thing, "make", diff=difference(None, thing.wanted(None))), thing)
    now = found.value
    if (reason := thing.foreign(now)) is not None:
        return Planned(_step(thing, "foreign", reason), thing, now)
    lines = difference(now, thing.wanted(now))
    return Planned(_step(thing, "change" if lines else "keep", diff=lines), thing, now)


def _why(thing: Thing, found: Unread) -> Text:
    told = f"{found.operation}: {found.reason}"
    if thing.kind == "bucket" and not found.transient:
        return text(
            "It cannot be read ({told}): it belongs to another account, or a right is missing. Name another one "
            "with --ledger, or see `rolemend setup rights`.",
            told=told,
        )
    return text("It cannot be read ({told}).", told=told)


def _step(thing: Thing, change: Change, reason: Text | None = None, diff: tuple[str, ...] = ()) -> Step:
    return Step(change=change, kind=thing.kind, name=thing.name, reason=reason, diff=diff)


def blocked(planned: Iterable[Planned]) -> list[Step]:
    """The steps because of which nothing may be done."""
    return [one.step for one in planned if one.step.change in ("foreign", "unread")]


def described(step: Step) -> str:
    """The thing, and why nothing can be done with it."""
    return f"{step.kind} {step.name}: {step.reason.render() if step.reason else step.change}"


def pending(planned: Iterable[Planned]) -> list[Planned]:
    return [one for one in planned if one.step.change in ("make", "change")]


def apply(planned: Sequence[Planned], parts: Parts, said: Said) -> None:
    """Make and change in order. Raises AccountError; what was done until then stands, and is not done again."""
    for one in pending(planned):
        if one.step.change == "make":
            one.thing.make(parts)
            said("made", one.thing)
        else:
            assert one.now is not None
            one.thing.change(parts, one.now)
            said("changed", one.thing)


def removal(things: Sequence[Thing], parts: Parts, *, with_ledger: bool) -> tuple[Planned, ...]:
    """What is ours and there, last made first; the ledger only if it is asked for. Raises SetupStopped.

    What cannot be read stops everything: it could be what is wanted away. A bucket that `apply` would take up, but that
    carries no tag, is a `foreign` step: it may be one whose making stopped, or anybody's.
    """
    wanted = [thing for thing in things if not thing.part and (with_ledger or thing.kind != "bucket")]
    found: list[Planned] = []
    unread: list[Step] = []
    for thing in reversed(wanted):
        now = thing.read(parts)
        if isinstance(now, Unread):
            unread.append(_step(thing, "unread", _why(thing, now)))
        elif isinstance(now, Known) and _is_ours(thing, now.value):
            found.append(Planned(_step(thing, "change"), thing, now.value))
        elif isinstance(now, Known) and isinstance(thing, LedgerBucket) and thing.foreign(now.value) is None:
            found.append(Planned(_step(thing, "foreign", _UNMARKED), thing, now.value))
    if unread:
        raise SetupStopped("nothing was removed: " + "; ".join(map(described, unread)))
    return tuple(_policies_last(found))


_UNMARKED = text(
    "It is empty and does not carry the tag rolemend=setup, so it stays: remove it yourself, or run `rolemend setup "
    "apply`, which tags it, and this again."
)


def _is_ours(thing: Thing, now: State) -> bool:
    """A role of ours stays ours whatever was attached to it; an empty bucket is ours by its tag alone."""
    if isinstance(thing, ServiceRole):
        return bool(now["description"].startswith(MARK))
    return thing.foreign(now) is None and (not isinstance(thing, LedgerBucket) or thing.is_marked(now))


def _policies_last(found: list[Planned]) -> list[Planned]:
    """A policy goes after the role that it is attached to, and the bucket after everything."""
    order = {"policy": 1, "bucket": 2}
    return sorted(found, key=lambda one: order.get(one.thing.kind, 0))


def remove(planned: Iterable[Planned], parts: Parts, said: Said) -> None:
    """Take everything away. Raises AccountError; a second run takes up the rest."""
    for one in planned:
        try:
            one.thing.remove(parts)
        except NotThere:
            continue
        said("removed", one.thing)
