"""A rehearsal as lines for a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime

from rehearsal.report import MENDED, OBSERVED, PROPOSED, TOLD, UNFINISHED, Raised, Rehearsed
from rolemend.commands.output import plain

_ORDER = (MENDED, PROPOSED, OBSERVED, TOLD, UNFINISHED)


def lines(found: Rehearsed) -> Iterator[str]:
    """Counts, incidents, grants, and what is missing. What comes from a log is made harmless for a terminal."""
    yield f"Account {found.account}, snapshot of {_moment(found.taken)}"
    yield (
        f"{found.files:,} files: {found.events:,} ActionTrail events and {found.lines:,} access-log lines, "
        f"of which watch's filters hold back {found.held_back:,}"
    )
    passed = ", ".join(f"{count:,} {plain(reason)}" for reason, count in found.passed_over.items())
    yield f"{found.read:,} were read by watch" + (f"; passed over: {passed}" if passed else "")
    counts = Counter(each.outcome for each in found.raised)
    told = ", ".join(f"{counts[each]:,} {each}" for each in _ORDER if counts[each])
    yield f"{len(found.raised):,} incidents" + (f": {told}" if told else "; nothing would have been raised")
    for each in found.raised:
        yield ""
        yield from _incident(each)
    if found.grown:
        yield ""
        yield "Grants would have grown so, from before the first change to after the last:"
        for grown in found.grown:
            yield f"  {grown.kind.replace('_', ' ')} {plain(grown.name)}"
            yield from (f"    {plain(line)}" for line in grown.grants)
    yield from _missing(found)


def _incident(each: Raised) -> Iterator[str]:
    yield f"{each.outcome.upper():10} {plain(' '.join(each.fingerprint))}"
    span = (
        _moment(each.first) if each.first == each.last else f"{_moment(each.first)} to {_moment(each.last)}"
    )
    yield f"  denied {each.denials:,} times, {span}; cause: {each.cause or 'not known'}"
    if each.mode:
        yield f"  guardrails: {each.mode}" + (f" by rule {plain(each.rule)}" if each.rule else " by default")
    if each.why:
        yield f"  {plain(each.why)}"
    if each.change is not None and each.outcome in (PROPOSED, OBSERVED):
        yield f"  {each.change.kind.replace('_', ' ')} {plain(each.change.name)}:"
        yield from (f"    {plain(line)}" for line in each.change.grants)


def _missing(found: Rehearsed) -> Iterator[str]:
    if found.is_complete():
        return
    yield ""
    yield "Not complete:"
    if found.rejected:
        yield f"  {found.rejected:,} records could not be read"
    yield from (f"  {plain(each.file)}: {plain(each.why)}" for each in found.troubles)
    yield from (f"  {plain(each)}" for each in found.failures)
    for each in found.unread:
        yield f"  the snapshot does not hold {plain(' '.join(each.question))}: {plain(each.reason)}"


def _moment(time: float) -> str:
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%d %H:%M UTC")
