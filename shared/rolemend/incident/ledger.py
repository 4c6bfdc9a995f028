"""The ledger: one appendable object for each incident, markers for those still open, and the records kept aside."""

from __future__ import annotations

import hashlib
import json
import re
import time as clock
from collections.abc import Callable, Iterator, Sequence

import msgspec

from rolemend.account.interface import ObjectStore
from rolemend.errors import UnknownIncident
from rolemend.incident.book import Book
from rolemend.incident.journal import Entry, Fact, Line
from rolemend.incident.life import Incident, live

_ID = re.compile(r"inc-[0-9a-f]{24}")
_SECRET = re.compile(rb"(?i)((?:signature|security-token)=)[^&\s\"\\]+")
_decoder = msgspec.json.Decoder(Line[Fact])

Decide = Callable[[Incident], Sequence[Fact]]


class Ledger:
    """Reads and extends incidents. `by` names the writer in each entry; `now` gives epoch seconds."""

    def __init__(self, store: ObjectStore, by: str, now: Callable[[], float] = clock.time) -> None:
        self._store = store
        self._book = Book(store, _decoder, by, now)
        self.now = now

    def load(self, incident_id: str) -> Incident:
        """The incident with this id. Raises UnknownIncident, LedgerDamaged, or an AccountError."""
        return live(incident_id, self.entries(incident_id))

    def entries(self, incident_id: str) -> tuple[Entry, ...]:
        """All that the ledger has on an incident. Raises as `load`."""
        entries = self._book.read(_journal_key(incident_id)).entries
        if not entries:
            raise UnknownIncident(f"the ledger has no incident {incident_id!r}")
        return entries

    def extend(self, incident_id: str, decide: Decide, *, likely_new: bool = False) -> Incident:
        """Append what `decide` makes of the incident as it stands, or nothing if that is an empty sequence.

        An incident that does not exist yet is handed over with an empty fingerprint. `likely_new` tries that first.
        """
        key = _journal_key(incident_id)
        entries = self._book.extend(
            key, lambda known: decide(live(incident_id, known)), likely_new=likely_new
        )
        return live(incident_id, entries)

    def mark_open(self, incident_id: str) -> None:
        """Leave a marker that the sweep of open incidents finds."""
        self._store.put(f"open/{incident_id}", b"")

    def mark_settled(self, incident_id: str) -> None:
        self._store.delete(f"open/{incident_id}")

    def open_ids(self) -> Iterator[str]:
        """Ids of all incidents that are not settled, as their markers tell."""
        return (key.removeprefix("open/") for key in self._store.keys("open/"))

    def mark_unmended(self, incident_id: str) -> None:
        """Leave a marker: people were told, and what was denied may come to be allowed."""
        self._store.put(f"unmended/{incident_id}", b"")

    def drop_unmended(self, incident_id: str) -> None:
        self._store.delete(f"unmended/{incident_id}")

    def unmended_ids(self) -> Iterator[str]:
        """Ids of the incidents that wait for what a person does, as their markers tell."""
        return (key.removeprefix("unmended/") for key in self._store.keys("unmended/"))

    def keep_rejected(self, record: object, reason: str, day: str) -> str:
        """Keep a record that could not be read, once however often it is delivered. Answers its key.

        The secrets of a presigned URL, which the access log repeats, are left out.
        """
        content = _ascii(record)
        digest = hashlib.sha256(content).hexdigest()
        key = f"rejected/{day}/{digest[:32]}.json"
        self._store.put(
            key, _SECRET.sub(rb"\1***", b'{"reason": %b, "record": %b}' % (_ascii(reason), content))
        )
        return key


def _ascii(value: object) -> bytes:
    """JSON of anything at all: half a surrogate pair, which UTF-8 cannot hold, is escaped like the rest. What is nested
    too deeply for that is named alone."""
    try:
        return json.dumps(value, sort_keys=True, default=repr).encode("ascii")
    except RecursionError:
        return b'"nested too deeply to be kept"'


def _journal_key(incident_id: str) -> str:
    """Raises UnknownIncident for what is no incident id, and so must not become part of a key."""
    if not _ID.fullmatch(incident_id):
        raise UnknownIncident(f"not an incident id: {incident_id[:80]!r}")
    return f"incidents/{incident_id}.jsonl"
