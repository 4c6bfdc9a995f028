"""A journal in the ledger's bucket: read as a whole, extended by compare-and-append.

`AppendObject` refuses any position but the object's length (409 PositionNotEqualToLength): who loses the race reads
again and decides anew. https://www.alibabacloud.com/help/en/oss/developer-reference/appendobject
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

import msgspec

from rolemend.account.interface import ObjectStore
from rolemend.errors import Conflict, LedgerDamaged, LedgerError, NotThere, RolemendError, Unreachable
from rolemend.incident.journal import Line, Lines, follow_on, read_lines, write_entries

F = TypeVar("F")

_RACES = 20
"""How often an append is decided anew before the ledger counts as unusable."""


_NEW: Lines[Any] = Lines((), 0, "")
"""A journal of which there is no object yet."""


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
        self._known: dict[str, Lines[F]] = {}

    def read(self, key: str) -> Lines[F]:
        """The journal; one without entries if there is no object. Raises LedgerDamaged or an AccountError."""
        try:
            journal = read_lines(self._store.read(key), self._decoder)
        except NotThere:
            journal = _NEW
        except LedgerDamaged as error:
            raise LedgerDamaged(f"{key}: {error}") from error
        self._known[key] = journal
        return journal

    def extend(
        self, key: str, decide: Callable[[tuple[Line[F], ...]], Sequence[F]], *, likely_new: bool = False
    ) -> tuple[Line[F], ...]:
        """Append what `decide` makes of the entries as they stand, or nothing if that is an empty sequence.

        `decide` is called again with the newer entries whenever somebody else wrote first; it must have no effect but
        its answer or an error. It begins with the entries as they were last read here: if somebody wrote since, the
        append is refused. What it decides not to write, and its errors, count only on what was read just now.
        With `likely_new`, a journal that was not read here is begun at once, which is refused if there is one.
        """
        known = self._known.get(key, _NEW if likely_new else None)
        if known is not None and (entries := self._on_known(key, known, decide)):
            return entries
        for _ in range(_RACES):
            journal = self.read(key)
            facts = decide(journal.entries)
            if not facts:
                return journal.entries
            if entries := self._append(key, journal, facts):
                return entries
        raise LedgerError(f"{key} could not be written: {_RACES} other writers came first")

    def _on_known(
        self, key: str, known: Lines[F], decide: Callable[[tuple[Line[F], ...]], Sequence[F]]
    ) -> tuple[Line[F], ...]:
        """The entries after an append to what was read earlier; none if that has to be read again."""
        try:
            facts = decide(known.entries)
        except RolemendError:
            return ()
        return self._append(key, known, facts) if facts else ()

    def _append(self, key: str, journal: Lines[F], facts: Sequence[F]) -> tuple[Line[F], ...]:
        """All entries if the new ones stand in the journal now, else none. After a lost answer, it looks for its own
        ids.
        """
        data, ids = write_entries(journal, facts, time=self._now(), by=self._by)
        try:
            self._store.append(key, journal.length, data)
        except (Conflict, Unreachable) as error:
            entries = self.read(key).entries
            if {entry.id for entry in entries}.issuperset(ids):
                return entries
            if isinstance(error, Unreachable):
                raise
            return ()
        self._known[key] = follow_on(journal, data, self._decoder)
        return self._known[key].entries
