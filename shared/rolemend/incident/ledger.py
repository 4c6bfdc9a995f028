"""The ledger: one appendable object for each incident, markers for those still open, and the records kept aside.

`AppendObject` refuses any position but the object's length (409 PositionNotEqualToLength), so an append is a
compare-and-append: who loses the race reads again and decides anew.
https://www.alibabacloud.com/help/en/oss/developer-reference/appendobject
"""

from __future__ import annotations

import hashlib
import json
import re
import time as clock
from collections.abc import Callable, Iterator, Sequence

from rolemend.account.interface import ObjectStore
from rolemend.errors import Conflict, LedgerError, NotThere, UnknownIncident, Unreachable
from rolemend.incident.journal import EMPTY, Fact, Journal, read_journal, write_entries
from rolemend.incident.life import Incident, live

_ID = re.compile(r"inc-[0-9a-f]{24}")
_SECRET = re.compile(rb"(?i)((?:signature|security-token)=)[^&\s\"\\]+")
_RACES = 20
"""How often an append is decided anew before the ledger counts as unusable."""

Decide = Callable[[Incident], Sequence[Fact]]


class Ledger:
    """Reads and extends incidents. `by` names the writer in each entry; `now` gives epoch seconds."""

    def __init__(self, store: ObjectStore, by: str, now: Callable[[], float] = clock.time) -> None:
        self._store = store
        self._by = by
        self.now = now

    def load(self, incident_id: str) -> Incident:
        """The incident with this id. Raises UnknownIncident, LedgerDamaged, or an AccountError."""
        journal = self._read(incident_id)
        if not journal.entries:
            raise UnknownIncident(f"the ledger has no incident {incident_id!r}")
        return live(incident_id, journal.entries)

    def extend(self, incident_id: str, decide: Decide) -> Incident:
        """Append what `decide` makes of the incident as it stands, or nothing if that is an empty sequence.

        `decide` is called again with the newer incident whenever somebody else wrote first; it must have no effect
        but its answer. An incident that does not exist yet is handed over with an empty fingerprint.
        """
        for _ in range(_RACES):
            journal = self._read(incident_id)
            incident = live(incident_id, journal.entries)
            facts = decide(incident)
            if not facts:
                return incident
            if self._append(incident_id, journal, facts):
                return live(incident_id, self._read(incident_id).entries)
        raise LedgerError(f"incident {incident_id} could not be written: {_RACES} other writers came first")

    def _append(self, incident_id: str, journal: Journal, facts: Sequence[Fact]) -> bool:
        """Whether the entries stand in the journal now. After a lost answer, it looks for its own ids."""
        data, ids = write_entries(journal, facts, time=self.now(), by=self._by)
        try:
            self._store.append(_journal_key(incident_id), journal.length, data)
        except (Conflict, Unreachable) as error:
            if self._stands(incident_id, ids):
                return True
            if isinstance(error, Unreachable):
                raise
            return False
        return True

    def _stands(self, incident_id: str, ids: tuple[str, ...]) -> bool:
        written = {entry.id for entry in self._read(incident_id).entries}
        return written.issuperset(ids)

    def _read(self, incident_id: str) -> Journal:
        if not _ID.fullmatch(incident_id):
            raise UnknownIncident(f"not an incident id: {incident_id[:80]!r}")
        try:
            return read_journal(self._store.read(_journal_key(incident_id)))
        except NotThere:
            return EMPTY

    def mark_open(self, incident_id: str) -> None:
        """Leave a marker that the sweep of open incidents finds."""
        self._store.put(f"open/{incident_id}", b"")

    def mark_settled(self, incident_id: str) -> None:
        self._store.delete(f"open/{incident_id}")

    def open_ids(self) -> Iterator[str]:
        """Ids of all incidents that are not settled, as their markers tell."""
        return (key.removeprefix("open/") for key in self._store.keys("open/"))

    def keep_rejected(self, record: object, reason: str, day: str) -> str:
        """Keep a record that could not be read, once however often it is delivered. Answers its key.

        The secrets of a presigned URL, which the access log repeats, are left out.
        """
        digest = hashlib.sha256(_ascii(record)).hexdigest()
        key = f"rejected/{day}/{digest[:32]}.json"
        self._store.put(key, _SECRET.sub(rb"\1***", _ascii({"reason": reason, "record": record})))
        return key


def _ascii(value: object) -> bytes:
    """JSON of anything at all: half a surrogate pair, which UTF-8 cannot hold, is escaped like the rest."""
    return json.dumps(value, sort_keys=True, default=repr).encode("ascii")


def _journal_key(incident_id: str) -> str:
    return f"incidents/{incident_id}.jsonl"
