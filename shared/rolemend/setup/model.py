"""One thing that the account is to have, and one step of a plan."""

from __future__ import annotations

import difflib
import json
from typing import Literal, Protocol

import msgspec

from rolemend.account.interface import Reading
from rolemend.setup.parts import Parts, State
from rolemend.text import Text

Change = Literal["keep", "make", "change", "foreign", "unread"]
Right = tuple[str, str]
"""An action and the resource that it is needed on."""


class Thing(Protocol):
    """Something in the account. `kind` and `name` are how people are told of it.

    `part` things go with the thing before them and are never removed on their own.
    """

    @property
    def kind(self) -> str: ...

    @property
    def name(self) -> str: ...

    @property
    def part(self) -> bool: ...

    def read(self, parts: Parts) -> Reading[State]:
        """What is set on it now."""
        ...

    def wanted(self, now: State | None) -> State:
        """What is to be set on it; what is not named here is left as it is."""
        ...

    def foreign(self, now: State) -> Text | None:
        """Why it is not ours to change or remove; None for what is."""
        ...

    def make(self, parts: Parts) -> None: ...

    def change(self, parts: Parts, now: State) -> None: ...

    def remove(self, parts: Parts) -> None: ...

    def rights(self, verb: str) -> list[Right]:
        """What whoever runs `plan`, `apply` or `destroy` needs for it."""
        ...


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """What a plan does with one thing, and why where it can do nothing; `diff` are the lines of a unified diff."""

    change: Change
    kind: str
    name: str
    reason: Text | None = None
    diff: tuple[str, ...] = ()


def difference(now: State | None, wanted: State) -> tuple[str, ...]:
    """The lines that differ, as a unified diff of JSON; empty if all that is wanted is there."""
    before = {name: now[name] for name in wanted if name in now} if now else {}
    if now is not None and before == wanted:
        return ()
    old, new = ([] if not value else _lines(value) for value in (before, wanted))
    return tuple(difflib.unified_diff(old, new, "now", "wanted", lineterm=""))


def _lines(value: State) -> list[str]:
    return json.dumps(value, indent=2, sort_keys=True, ensure_ascii=True).splitlines()
