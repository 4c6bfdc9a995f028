"""Failed jobs that could not be read yet: one object each under `pending/jobs/` in the ledger's bucket.

`pending/jobs/<region>/<epoch seconds>-<digest>.json`; the region is `home` where the event names none. The same job
gives the same digest.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator

import msgspec

from rolemend.account.interface import ObjectStore
from rolemend.errors import LedgerDamaged
from rolemend.incident.pending import PREFIX
from rolemend.signals.spark_job import FailedJob

_KEY = re.compile(r"pending/jobs/[a-z0-9-]+/([0-9]+)-[0-9a-f]{16}\.json", re.ASCII)
_decoder = msgspec.json.Decoder(FailedJob)


class PendingJob(msgspec.Struct, frozen=True, kw_only=True):
    """One of them; `time` is when the job failed, as far as is known, in epoch seconds."""

    key: str
    time: int


class PendingJobs:
    """Records, lists, reads and drops them. Every method raises AccountError."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    def record(self, job: FailedJob, now: float) -> str:
        """The key under which it lies."""
        content = msgspec.json.encode(job)
        name = f"{job.time or int(now)}-{hashlib.sha256(content).hexdigest()[:16]}"
        key = f"{PREFIX}jobs/{job.region or 'home'}/{name}.json"
        self._store.put(key, content)
        return key

    def all(self) -> Iterator[PendingJob]:
        """Whatever else lies there is left alone."""
        for key in self._store.keys(PREFIX):
            if match := _KEY.fullmatch(key):
                yield PendingJob(key=key, time=int(match[1]))

    def read(self, pending: PendingJob) -> FailedJob:
        """Raises NotThere if another instance dropped it, LedgerDamaged if it is no such object."""
        try:
            return _decoder.decode(self._store.read(pending.key))
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise LedgerDamaged(f"{pending.key} cannot be read: {error}") from error

    def drop(self, pending: PendingJob) -> None:
        self._store.delete(pending.key)
