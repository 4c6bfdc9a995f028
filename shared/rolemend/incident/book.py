"""A journal in the ledger's bucket: read as a whole, extended by compare-and-append.

`AppendObject` refuses any position but the object's length (409 PositionNotEqualToLength): who loses the race reads
again and decides anew. https://www.alibabacloud.com/help/en/oss/developer-reference/appendobject
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

import msgspec

from rolemend.account.interface import ObjectStore
from rolemend.errors import Conflict, LedgerError, NotThere, Unreachable
from rolemend.incident.journal import Line, Lines, read_lines, write_entries

F = TypeVar("F")

_RACES = 20
"""How often an append is decided anew before the ledger counts as unusable."""


class Book(Generic[F]):
    """Journals of one kind. `by` names the writer in each entry; `now` gives epoch seconds."""

    def __init__(
        self,
        store: ObjectStore,
        decoder: msgspec.json.Decoder[Line[F]],
        by: str,
        now: Callable[[], float],
    ) -> None:
        self._store = store
        self._decoder = decoder
        self._by = by
        self._now = now

    def read(self, key: str) -> Lines[F]:
        """The journal; one without entries if there is no object. Raises LedgerDamaged or an AccountError."""
        try:
            return read_lines(self._store.read(key), self._decoder)
        except NotThere:
            return Lines((), 0, "")

    def extend(self, key: str, decide: Callable[[tuple[Line[F], ...]], Sequence[F]]) -> tuple[Line[F], ...]:
        """Append what `decide` makes of the entries as they stand, or nothing if that is an empty sequence.

        `decide` is called again with the newer entries whenever somebody else wrote first; it must have no effect but
        its answer or an error.
        """
        for _ in range(_RACES):
            journal = self.read(key)
            facts = decide(journal.entries)
            if not facts:
                return journal.entries
            if self._append(key, journal, facts):
                return self.read(key).entries
        raise LedgerError(f"{key} could not be written: {_RACES} other writers came first")

    def _append(self, key: str, journal: Lines[F], facts: Sequence[F]) -> bool:
        """Whether the entries stand in the journal now. After a lost answer, it looks for its own ids."""
        data, ids = write_entries(journal, facts, time=self._now(), by=self._by)
        try:
            self._store.append(key, journal.length, data)
        except (Conflict, Unreachable) as error:
            written = {entry.id for entry in self.read(key).entries}
            if written.issuperset(ids):
                return True
            if isinstance(error, Unreachable):
                raise
            return False
        return True
