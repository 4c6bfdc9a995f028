"""Journals: JSON lines, each with the hash of the line before it; and what the journal of an incident says."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from typing import Generic, TypeVar

import msgspec

from rolemend.checklist.model import Diagnosis
from rolemend.errors import LedgerDamaged
from rolemend.remedy.model import Change, Plan, Verdict
from rolemend.signals.denial import Denial

SCHEMA = 1

F = TypeVar("F")


class Opened(msgspec.Struct, frozen=True, kw_only=True, tag="opened"):
    """The first entry: what makes the incident one, and the denial that opened it."""

    fingerprint: tuple[str, ...]
    denial: Denial


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a shard (`project/logstore/number`) that was read: `[begin, end)` in the numbers of its cursors."""

    shard: str
    begin: int
    end: int


class Counted(msgspec.Struct, frozen=True, kw_only=True, tag="counted"):
    """Signals that belong to the incident: ids not seen before (as long as it has few), how many denials, the times of
    first and last, and the parts of logs in which all of its denials are counted herewith."""

    signals: tuple[str, ...]
    count: int
    first: int
    last: int
    spans: tuple[Span, ...] = ()


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
    """Written before the cloud is touched: this plan is about to be applied under this change id.

    `approved_by` is who approved the plan, "" where the guardrails let it be applied without asking.
    """

    change: str
    plan: Plan
    approved_by: str = ""


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
    """An intended change that was not made: the cloud refused it, or the live document is another by now.

    `refused`: the account does not let Rolemend write it, and the plan is still right.
    """

    change: str
    reason: str
    refused: bool = False


class ApprovalRefused(msgspec.Struct, frozen=True, kw_only=True, tag="approval_refused"):
    """A plan was approved, and is not the one that would be made now: it is not applied."""

    plan: str
    approved_by: str
    reason: str


class Rejected(msgspec.Struct, frozen=True, kw_only=True, tag="rejected"):
    """A person said no to the plan with this hash."""

    plan: str
    rejected_by: str
    reason: str = ""


class TakenBack(msgspec.Struct, frozen=True, kw_only=True, tag="taken_back"):
    """A change that stood was taken back: by a person, or (`expired`) because its time was over."""

    change: str
    taken_back_by: str
    expired: bool = False


class NotTakenBack(msgspec.Struct, frozen=True, kw_only=True, tag="not_taken_back"):
    """A change whose time is over could not be taken back, because the document was edited since, or is refused."""

    change: str
    reason: str


class Overtaken(msgspec.Struct, frozen=True, kw_only=True, tag="overtaken"):
    """A log tells that somebody wrote another trust policy while the role was leased for a change: what that change
    wrote may stand in its place. `signal` is the event's id, `at` its time in epoch seconds.
    """

    change: str
    signal: str
    by: str
    document: str
    at: int


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
    """A message was delivered; `confirmed` is false where two tries had no answer, so that it may have come or not.

    `channel` is "" where no channel takes such messages; `count` is how many denials it told of.
    """

    message: str
    channel: str
    kind: str
    confirmed: bool = True
    count: int = 0


class Queued(msgspec.Struct, frozen=True, kw_only=True, tag="queued"):
    """A message waits for a channel that is over its limit or fails: a digest will tell it, `reason` is why."""

    message: str
    channel: str
    kind: str
    reason: str
    count: int = 0


class Closed(msgspec.Struct, frozen=True, kw_only=True, tag="closed"):
    """`since` is when the trouble was seen to be over (epoch seconds), 0 for the time of the entry."""

    reason: str
    since: int = 0


class Reopened(msgspec.Struct, frozen=True, kw_only=True, tag="reopened"):
    """The denial came back after the incident was settled; `denial` is the new one."""

    denial: Denial


class StoppedJob(msgspec.Struct, frozen=True, kw_only=True, tag="stopped_job"):
    """A job of Serverless Spark that failed of what was denied, as the service tells it."""

    workspace: str
    run: str
    region: str


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
    | ApprovalRefused
    | Rejected
    | TakenBack
    | NotTakenBack
    | Overtaken
    | Sending
    | Undelivered
    | Notified
    | Queued
    | Closed
    | Reopened
    | StoppedJob
)


class Line(msgspec.Struct, Generic[F], frozen=True, kw_only=True):
    """One line. `prev` is the SHA-256 of the line before (without its newline), "" for the first.

    `time` is in epoch seconds by the writer's clock; `by` is the function or the person that wrote it.
    """

    schema: int
    id: str
    prev: str
    time: float
    by: str
    fact: F


class Lines(msgspec.Struct, Generic[F], frozen=True):
    """A journal as it was read: its entries and its length in bytes, where the next append must go."""

    entries: tuple[Line[F], ...]
    length: int
    last_hash: str


Entry = Line[Fact]
Journal = Lines[Fact]
EMPTY = Journal((), 0, "")
_decoder = msgspec.json.Decoder(Line[Fact])


class _Head(msgspec.Struct):
    """What a line of every schema has."""

    schema: int


_head = msgspec.json.Decoder(_Head)


def read_journal(data: bytes) -> Lines[Fact]:
    """The journal of an incident. Raises LedgerDamaged naming the line that does not follow."""
    return read_lines(data, _decoder)


def read_lines(data: bytes, decoder: msgspec.json.Decoder[Line[F]]) -> Lines[F]:
    """Decode and check the chain. Raises LedgerDamaged naming the line that does not follow."""
    entries: list[Line[F]] = []
    prev = ""
    if data and not data.endswith(b"\n"):
        raise LedgerDamaged("the last line is cut off")
    for number, line in enumerate(data.split(b"\n")[:-1], 1):
        try:
            schema = _head.decode(line).schema
            if schema > SCHEMA:  # what a newer version writes may not be readable here at all
                raise LedgerDamaged(f"line {number} was written by a newer version (schema {schema})")
            entry = decoder.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise LedgerDamaged(f"line {number} cannot be read: {error}") from error
        if entry.prev != prev:
            raise LedgerDamaged(f"line {number} does not follow from the line before it")
        prev = hashlib.sha256(line).hexdigest()
        entries.append(entry)
    return Lines(tuple(entries), len(data), prev)


def follow_on(journal: Lines[F], data: bytes, decoder: msgspec.json.Decoder[Line[F]]) -> Lines[F]:
    """The journal with lines of `write_entries` behind it, as it would be read."""
    lines = data.split(b"\n")[:-1]
    entries = tuple(decoder.decode(line) for line in lines)
    last = hashlib.sha256(lines[-1]).hexdigest()
    return Lines((*journal.entries, *entries), journal.length + len(data), last)


def write_entries(
    journal: Lines[F], facts: Sequence[F], *, time: float, by: str
) -> tuple[bytes, tuple[str, ...]]:
    """The lines that append these facts to a journal, and the ids they were given."""
    prev, lines, ids = journal.last_hash, [], []
    for fact in facts:
        entry = Line(schema=SCHEMA, id=uuid.uuid4().hex, prev=prev, time=time, by=by, fact=fact)
        line = msgspec.json.encode(entry)
        prev = hashlib.sha256(line).hexdigest()
        lines.append(line + b"\n")
        ids.append(entry.id)
    return b"".join(lines), tuple(ids)
