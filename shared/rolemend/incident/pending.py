"""Creations that were accepted and have not ended: one object each under `pending/` in the ledger's bucket.

The key says all that is needed to ask for a cluster, so that only the object of a failed one is read:
`pending/<region>/<epoch seconds>-<cluster id>.json`, and `…-event-<digest>.json` where the event names no cluster.
The same event gives the same key, so it is recorded once however often it is delivered.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator

import msgspec

from rolemend.account.interface import ObjectStore
from rolemend.errors import LedgerDamaged
from rolemend.signals.actiontrail import StartedCreation

PREFIX = "pending/"

_KEY = re.compile(r"pending/([a-z0-9-]+)/([0-9]+)-([cC]-[A-Za-z0-9]+|event-[0-9a-f]{16})\.json", re.ASCII)
_decoder = msgspec.json.Decoder(StartedCreation)


class Pending(msgspec.Struct, frozen=True, kw_only=True):
    """One of them. `cluster` is "" where only region and `time` (epoch seconds) find the cluster."""

    key: str
    region: str
    time: int
    cluster: str = ""


class PendingCreations:
    """Records, lists, reads and drops them. Every method raises AccountError."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    def record(self, creation: StartedCreation) -> None:
        denial = creation.denial
        name = creation.cluster or f"event-{hashlib.sha256(denial.signal_id.encode()).hexdigest()[:16]}"
        key = f"{PREFIX}{denial.region}/{max(denial.time, 0)}-{name}.json"
        self._store.put(key, msgspec.json.encode(creation))

    def all(self) -> Iterator[Pending]:
        """Whatever else lies there is left alone."""
        for key in self._store.keys(PREFIX):
            if match := _KEY.fullmatch(key):
                region, time, name = match.groups()
                cluster = "" if name.startswith("event-") else name
                yield Pending(key=key, region=region, time=int(time), cluster=cluster)

    def read(self, pending: Pending) -> StartedCreation:
        """Raises NotThere if another instance dropped it, LedgerDamaged if it is no such object."""
        try:
            return _decoder.decode(self._store.read(pending.key))
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise LedgerDamaged(f"{pending.key} cannot be read: {error}") from error

    def drop(self, pending: Pending) -> None:
        self._store.delete(pending.key)
