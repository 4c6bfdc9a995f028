"""Shards of logs, read without a gap: from where the last reading ended, up to the end of the range a trigger names.

Whether a trigger sends a range again after its retries ran out is documented nowhere. So the place up to which a shard
was read is kept as the checkpoint of a consumer group in its logstore, and whatever lies between it and a trigger's
range is read with the range. Cursors are numbers in base64, as the SDK's own `get_previous_cursor_time` has it; of one
that is none, only the trigger's range is read.
"""

from __future__ import annotations

import base64
import binascii

import msgspec

from rolemend.account.interface import LogRange
from rolemend.errors import AccountError, LedgerError, NotThere, RangeUnfinished, RolemendError, Unreachable
from rolemend.incident.journal import Span
from rolemend.signals import actiontrail, oss_access_log
from rolemend.work.counting import Kept, keep_counts, open_sorter
from rolemend.work.sorting import Sorter
from rolemend.work.watch_parts import Parts, Standing, Watched, joined

CHECKPOINT_SECONDS = 60
"""A checkpoint is written once in so many seconds at most."""

SILENT_SECONDS = 120
"""A trigger comes every few seconds; one that left records alone for so long fell silent or does not keep up."""

NEW_SHARD_SECONDS = 1_800
"""How far back a shard is read that has no checkpoint beside others that do, as it was split off lately or its trigger
never came. It bounds what is read of a history where Rolemend was installed just now."""

FILTERS = {"actiontrail": actiontrail.PUSHED_DOWN, "oss_access_log": oss_access_log.PUSHED_DOWN}

SEVERED = "a gap that could not be read"


def number(cursor: str) -> int | None:
    """The place that a cursor names, None if it is no number."""
    try:
        text = base64.b64decode(cursor, validate=True)
    except (binascii.Error, ValueError):
        return None
    return int(text) if text.isdigit() and len(text) <= 20 else None


def shard_name(log_range: LogRange) -> str:
    return f"{log_range.project}/{log_range.logstore}/{log_range.shard}"


def catch_up(parts: Parts) -> Watched:
    """Read what no trigger told: of each shard what lies behind its checkpoint, if that is not of the last minutes.

    `behind` are the shards whose trigger fell silent or does not keep up. Raises AccountError and LedgerError, but only
    after the other shards were looked after.
    """
    seen: list[Watched] = []
    trouble: RolemendError | None = None
    for source, project, logstore in parts.logstores:
        try:
            since = int(parts.now()) - NEW_SHARD_SECONDS
            unread = list(parts.logs.shards(project, logstore, since).values())
        except AccountError as error:
            trouble = trouble or error
            continue
        for one in unread:
            try:
                seen.append(_catch_up(one, FILTERS.get(source, ""), parts))
            except (AccountError, LedgerError, RangeUnfinished) as error:  # noqa: PERF203
                trouble = trouble or error
    if trouble is not None:
        raise trouble
    return joined(*seen)


def _catch_up(unread: LogRange, query: str, parts: Parts) -> Watched:
    """What a shard held, and whether its trigger is behind: had it come, the checkpoint would have been moved a minute
    later. Of a shard that gets its first checkpoint here nothing is known of that yet."""
    kept = parts.logs.checkpoint(unread)
    written = kept.written
    if unread.begin == unread.end or parts.now() < written + 2 * CHECKPOINT_SECONDS:
        return Watched()
    try:
        first, last = parts.logs.received(unread)
    except AccountError as error:
        if not _is_no_cursor(error):
            raise
        return _take_up(unread, query, parts)
    due = max(first, written + CHECKPOINT_SECONDS)
    watched = watch_range(unread, query, parts)
    late = last > written + CHECKPOINT_SECONDS and parts.now() > due + SILENT_SECONDS
    return msgspec.structs.replace(watched, behind=(shard_name(unread),) if late and kept.cursor else ())


def _is_no_cursor(error: AccountError) -> bool:
    """Whether the service knows no such place in the shard: what was there has expired, or it was another shard."""
    return "invalidcursor" in error.code.lower()


def _take_up(unread: LogRange, query: str, parts: Parts) -> Watched:
    """Read all there is of a shard whose checkpoint is no place of it any more, and move the checkpoint.

    What lay between is lost, which is told. RangeUnfinished tells it too where there is more than can be read at once.
    """
    oldest, shard = parts.logs.begin(unread), shard_name(unread)
    known = parts.memory.shards.pop(shard, None)
    carried = known.carried if known is not None else {}
    parts.memory.shards[shard] = Standing(first=oldest, cursor=oldest, carried=carried)
    try:
        watched = watch_range(msgspec.structs.replace(unread, begin=oldest), query, parts)
    except RangeUnfinished as error:
        raise RangeUnfinished(f"{SEVERED} before {oldest}; {error}") from error
    if oldest == unread.end:  # nothing was read that would have moved it
        parts.logs.set_checkpoint(unread, oldest)
    return joined(watched, Watched(passed_over={SEVERED: 1}, behind=(shard,)))


def watch_range(log_range: LogRange, query: str, parts: Parts) -> Watched:
    """Read a range and what lies before it unread, keep what was found, and move the checkpoint.

    Raises AccountError or LedgerError, so that the trigger delivers again; RangeUnfinished after an invocation's worth
    of reading was kept, LedgerDamaged after everything else was, and the checkpoint moved.
    """
    shard = shard_name(log_range)
    standing, trouble = _standing(parts.memory.shards.pop(shard, None), log_range, parts)
    found = open_sorter(parts)
    standing = _of_this_shard(standing, log_range, parts)
    begin = _begin(standing, log_range)
    reached = _read_from(begin, log_range, query, parts, found) if begin else ""
    done = not begin or reached == log_range.end
    due = parts.now() >= standing.written + CHECKPOINT_SECONDS
    kept = keep_counts(found, standing.carried, parts, hold=done and not due and trouble is None)
    if trouble is not None:
        raise_if_lasting(trouble)
        return _undamaged(kept)
    goes_on = bool(standing.cursor) and (begin in ("", standing.cursor) or done)
    after = Standing(
        first=standing.first if goes_on else begin,
        cursor=_further(standing.cursor, reached) if goes_on else reached,
        written=standing.written,
        carried=kept.held,
    )
    if (due or not done) and (reached or standing.carried):
        after = _write_checkpoint(log_range, after, parts)
    parts.memory.shards[shard] = after
    watched = _undamaged(kept)
    if not done:
        raise RangeUnfinished(f"{shard}: read up to {reached}; the rest is read when the range comes again")
    return watched


def _undamaged(kept: Kept) -> Watched:
    """What was seen. Raises LedgerDamaged for a journal that is: the log itself goes on, so people hear of it now."""
    if kept.damaged is not None:
        raise kept.damaged
    return kept.watched


def _standing(
    known: Standing | None, log_range: LogRange, parts: Parts
) -> tuple[Standing, AccountError | None]:
    """How the shard stands, and what keeps one from knowing: then the range itself is read all the same."""
    if known is not None:
        return known, None
    try:
        kept = parts.logs.checkpoint(log_range)
    except AccountError as error:
        return Standing(), error
    return Standing(first=kept.cursor, cursor=kept.cursor, written=kept.written), None


def raise_if_lasting(trouble: AccountError) -> None:
    """A checkpoint that the account refuses is told as an error; one that did not answer may next time, and one that
    has no place yet gets it from the timer."""
    if not isinstance(trouble, Unreachable | NotThere):
        raise trouble


def _of_this_shard(standing: Standing, log_range: LogRange, parts: Parts) -> Standing:
    """A checkpoint behind the end of the shard is none of this shard: nothing must be left out because of it."""
    place, end = number(standing.cursor), number(log_range.end)
    if place is None or end is None or place < end:
        return standing
    shard_end = number(parts.logs.end(log_range))
    if shard_end is not None and place <= shard_end:
        return standing
    return msgspec.structs.replace(standing, first="", cursor="")


def _begin(standing: Standing, log_range: LogRange) -> str:
    """Where to begin reading; "" if this instance read the whole range before.

    A range that lies before a checkpoint which this instance only found is read all the same: ranges may come in
    another order, the first checkpoint of all knows nothing of those before it, and nothing is counted twice.
    """
    first, place = number(standing.first), number(standing.cursor)
    begin, end = number(log_range.begin), number(log_range.end)
    if first is None or place is None or begin is None or end is None:
        return log_range.begin
    if place < end:
        return standing.cursor
    return "" if begin >= first else log_range.begin


def _further(known: str, reached: str) -> str:
    """The cursor that lies further on; what was reached if that cannot be told."""
    before, after = number(known), number(reached)
    return known if not reached or (before is not None and after is not None and before > after) else reached


def _read_from(begin: str, log_range: LogRange, query: str, parts: Parts, found: Sorter) -> str:
    """Read from a cursor on; the cursor up to which it was read, which is the range's end if nothing is left.

    A gap is read up to the range and the range by itself, so that pages end where a trigger's ranges do. If the cursor
    is none of the shard's any more, what is left of the gap is read, and what the trigger names all the same.
    """
    until, place = parts.now() + parts.seconds, number(begin)
    if place is not None and place < (number(log_range.begin) or 0):
        gap = msgspec.structs.replace(log_range, begin=begin, end=log_range.begin)
        reached = _read_gap(gap, query, parts, found, until)
        if reached != gap.end:
            return reached
        begin = log_range.begin
    return _read(msgspec.structs.replace(log_range, begin=begin), query, parts, found, until)


def _read_gap(gap: LogRange, query: str, parts: Parts, found: Sorter, until: float) -> str:
    """Read a gap, or what is left of one whose beginning has expired; the cursor that was reached."""
    try:
        return _read(gap, query, parts, found, until)
    except AccountError as error:
        if isinstance(error, Unreachable) or found.read:
            raise
        found.passed_over[SEVERED] += 1
        if not _is_no_cursor(error):
            return gap.end
    oldest = parts.logs.begin(gap)
    left = (number(oldest) or 0) < (number(gap.end) or 0)
    return _read(msgspec.structs.replace(gap, begin=oldest), query, parts, found, until) if left else gap.end


def _read(log_range: LogRange, query: str, parts: Parts, found: Sorter, until: float) -> str:
    """Sort the records of a range until a time; the cursor that was reached."""
    shard = shard_name(log_range)
    for page in parts.logs.pages(log_range, query):
        begin, end = number(page.begin), number(page.end)
        span = None if begin is None or end is None else Span(shard=shard, begin=begin, end=end)
        found.sort(page.records, span=span)
        if parts.now() > until and page.end != page.begin:
            return page.end
    return log_range.end


def _write_checkpoint(log_range: LogRange, standing: Standing, parts: Parts) -> Standing:
    """Everything up to the cursor is in the ledger. A service that does not answer is asked again next time."""
    try:
        parts.logs.set_checkpoint(log_range, standing.cursor)
    except AccountError as error:
        raise_if_lasting(error)
        return standing
    return msgspec.structs.replace(standing, written=parts.now())
