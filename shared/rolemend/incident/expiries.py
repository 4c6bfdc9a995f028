"""Grants that end: one empty object each under `expiring/`, whose key says when, and of which change.

`expiring/<epoch seconds, ten digits>-<change id>`: the keys are listed in the order in which the grants end.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from rolemend.account.interface import ObjectStore
from rolemend.errors import UnknownIncident

PREFIX = "expiring/"
_KEY = re.compile(r"expiring/([0-9]{10})-(chg-[0-9a-f]{24}-[0-9a-f]{8})", re.ASCII)
_CHANGE = re.compile(r"chg-([0-9a-f]{24})-[0-9a-f]{8}", re.ASCII)


class Expiries:
    """Records, lists and drops them. Every method raises AccountError."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    def record(self, change_id: str, moment: float) -> None:
        self._store.put(f"{PREFIX}{int(moment):010}-{change_id}", b"")

    def due(self, now: float) -> Iterator[tuple[str, str]]:
        """Key and change id of each grant whose time is over."""
        for key in self._store.keys(PREFIX):
            match = _KEY.fullmatch(key)
            if match is not None and int(match[1]) > now:
                return
            if match is not None:
                yield key, match[2]

    def drop(self, key: str) -> None:
        self._store.delete(key)


def incident_of(change_id: str) -> str:
    """The incident that a change belongs to, which its id tells. Raises UnknownIncident for what is no change id."""
    match = _CHANGE.fullmatch(change_id)
    if match is None:
        raise UnknownIncident(f"not a change id: {change_id[:80]!r}")
    return f"inc-{match[1]}"
