"""The journal of one incident: JSON lines, each with the hash of the line before it."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence

import msgspec

from rolemend.checklist.model import Diagnosis
from rolemend.errors import LedgerDamaged
from rolemend.remedy.model import Change, Plan, Verdict
from rolemend.signals.denial import Denial

SCHEMA = 1


class Opened(msgspec.Struct, frozen=True, kw_only=True, tag="opened"):
    """The first entry: what makes the incident one, and the denial that opened it."""

    fingerprint: tuple[str, ...]
    denial: Denial


class Counted(msgspec.Struct, frozen=True, kw_only=True, tag="counted"):
    """Signals that belong to the incident: ids not seen before (or one for a whole delivery, where an incident has too
    many), how many denials, the times of first and last."""

    signals: tuple[str, ...]
    count: int
    first: int
    last: int


class Waiting(msgspec.Struct, frozen=True, kw_only=True, tag="waiting"):
    """Something could not be read or done yet; the incident stays open and is taken up again."""

    reason: str


class Diagnosed(msgspec.Struct, frozen=True, kw_only=True, tag="diagnosed"):
    diagnosis: Diagnosis


class Planned(msgspec.Struct, frozen=True, kw_only=True, tag="planned"):
    """A plan and what the guardrails say of it; `plan` is None where none could be made, with the reason.

    `principals` and `document` are those of `NoPlan`.
    """

    verdict: Verdict
    plan: Plan | None = None
    reason: str = ""
    detail: str = ""
    principals: tuple[str, ...] = ()
    document: str = ""


class Intended(msgspec.Struct, frozen=True, kw_only=True, tag="intended"):
    """Written before the cloud is touched: this plan is about to be applied under this change id."""

    change: str
    plan: Plan


class Applied(msgspec.Struct, frozen=True, kw_only=True, tag="applied"):
    """Written after the document was read back as planned."""

    change: Change


class Verified(msgspec.Struct, frozen=True, kw_only=True, tag="verified"):
    """The denied request was decided again over the live documents: allowed, and nothing else changed."""

    change: str


class RolledBack(msgspec.Struct, frozen=True, kw_only=True, tag="rolled_back"):
    """A change that did not help; `undone` is false where it could not be taken back."""

    change: str
    reason: str
    undone: bool = True


class Abandoned(msgspec.Struct, frozen=True, kw_only=True, tag="abandoned"):
    """An intended change that was not made: the cloud refused it, or the live document is another by now."""

    change: str
    reason: str


class Sending(msgspec.Struct, frozen=True, kw_only=True, tag="sending"):
    """Written before a message is sent: `claim` is the one invocation that sends it."""

    message: str
    claim: str


class Undelivered(msgspec.Struct, frozen=True, kw_only=True, tag="undelivered"):
    """A try that ended without an answer. `sure` says that the message did not arrive, so it may be sent again."""

    message: str
    reason: str
    sure: bool


class Notified(msgspec.Struct, frozen=True, kw_only=True, tag="notified"):
    """A message was delivered; `confirmed` is false where two tries had no answer, so that it may have come or not."""

    message: str
    channel: str
    kind: str
    confirmed: bool = True


class Closed(msgspec.Struct, frozen=True, kw_only=True, tag="closed"):
    reason: str


class Reopened(msgspec.Struct, frozen=True, kw_only=True, tag="reopened"):
    """The denial came back after the incident was settled; `denial` is the new one."""

    denial: Denial


Fact = (
    Opened
    | Counted
    | Waiting
    | Diagnosed
    | Planned
    | Intended
    | Applied
    | Verified
    | RolledBack
    | Abandoned
    | Sending
    | Undelivered
    | Notified
    | Closed
    | Reopened
)


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One line. `prev` is the SHA-256 of the line before (without its newline), "" for the first.

    `time` is in epoch seconds by the writer's clock; `by` is the function that wrote it.
    """

    schema: int
    id: str
    prev: str
    time: float
    by: str
    fact: Fact


class Journal(msgspec.Struct, frozen=True):
    """A journal as it was read: its entries and its length in bytes, where the next append must go."""

    entries: tuple[Entry, ...]
    length: int
    last_hash: str


EMPTY = Journal((), 0, "")
_decoder = msgspec.json.Decoder(Entry)


def read_journal(data: bytes) -> Journal:
    """Decode and check the chain. Raises LedgerDamaged naming the line that does not follow."""
    entries: list[Entry] = []
    prev = ""
    if data and not data.endswith(b"\n"):
        raise LedgerDamaged("the last line is cut off")
    for number, line in enumerate(data.split(b"\n")[:-1], 1):
        try:
            entry = _decoder.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise LedgerDamaged(f"line {number} cannot be read: {error}") from error
        if entry.prev != prev:
            raise LedgerDamaged(f"line {number} does not follow from the line before it")
        if entry.schema > SCHEMA:
            raise LedgerDamaged(f"line {number} was written by a newer version (schema {entry.schema})")
        prev = hashlib.sha256(line).hexdigest()
        entries.append(entry)
    return Journal(tuple(entries), len(data), prev)


def write_entries(
    journal: Journal, facts: Sequence[Fact], *, time: float, by: str
) -> tuple[bytes, tuple[str, ...]]:
    """The lines that append these facts to a journal, and the ids they were given."""
    prev, lines, ids = journal.last_hash, [], []
    for fact in facts:
        entry = Entry(schema=SCHEMA, id=uuid.uuid4().hex, prev=prev, time=time, by=by, fact=fact)
        line = msgspec.json.encode(entry)
        prev = hashlib.sha256(line).hexdigest()
        lines.append(line + b"\n")
        ids.append(entry.id)
    return b"".join(lines), tuple(ids)
