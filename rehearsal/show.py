"""A rehearsal as lines for a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from rehearsal.report import (
    MENDED,
    OBSERVED,
    PROPOSED,
    TOLD,
    UNFINISHED,
    Grown,
    Raised,
    Rehearsed,
    difference,
)
from rolemend.commands.output import plain
from rolemend.commands.rehearsed import KINDS, OUTCOMES, PASSED_OVER, WORDS, said
from rolemend.console.words import CAUSES, MODES
from rolemend.notify.reasons import why_not
from rolemend.text import Text, text

_ORDER = (MENDED, PROPOSED, OBSERVED, TOLD, UNFINISHED)


def lines(found: Rehearsed, translate: Mapping[str, str] | None = None) -> Iterator[str]:
    """Counts, incidents, grants, and what is missing. What comes from a log is made harmless for a terminal."""
    words = _Words(translate or {})
    yield words("head", account=found.account, time=_moment(found.taken))
    yield words(
        "history",
        files=f"{found.files:,}",
        events=f"{found.events:,}",
        lines=f"{found.lines:,}",
        held=f"{found.held_back:,}",
    )
    yield _read(found, words)
    counts = Counter(each.outcome for each in found.raised)
    told = [f"{counts[each]:,} {words.of(OUTCOMES, each)}" for each in _ORDER if counts[each]]
    if told:
        yield words("incidents", count=f"{len(found.raised):,}", outcomes=", ".join(told))
    else:
        yield words("no_incident")
    for each in found.raised:
        yield ""
        yield from _incident(each, words)
    if found.grown:
        yield ""
        yield words("grown")
        for grown in found.grown:
            yield from _grown(grown, words, "")
    yield from _missing(found, words)


class _Words:
    """The sentences in one language."""

    def __init__(self, translate: Mapping[str, str]) -> None:
        self.translate = translate

    def __call__(self, key: str, **values: str) -> str:
        return text(WORDS[key].template, **values).render(self.translate)

    def of(self, table: Mapping[str, Text], key: str) -> str:
        return plain(said(table, key, self.translate))


def _read(found: Rehearsed, words: _Words) -> str:
    passed = [f"{count:,} {words.of(PASSED_OVER, reason)}" for reason, count in found.passed_over.items()]
    read = f"{found.read:,}"
    return (
        words("passed_over", count=read, reasons=", ".join(passed)) if passed else words("read", count=read)
    )


def _incident(each: Raised, words: _Words) -> Iterator[str]:
    yield f"{words.of(OUTCOMES, each.outcome).upper():10} {plain(' '.join(each.fingerprint))}"
    cause = words.of(CAUSES, each.cause) if each.cause else words("no_cause")
    first, last, count = _moment(each.first), _moment(each.last), f"{each.denials:,}"
    if first == last:
        yield "  " + words("denied_once", count=count, first=first, cause=cause)
    else:
        yield "  " + words("denied", count=count, first=first, last=last, cause=cause)
    if each.mode:
        mode = words.of(MODES, each.mode)
        known = words("by_rule", mode=mode, rule=plain(each.rule)) if each.rule else ""
        yield "  " + (known or words("by_default", mode=mode))
    if each.why:
        reason = why_not(each.why, each.detail)
        yield f"  {plain(each.why if reason is None else reason.render(words.translate))}"
    if each.change is not None and each.outcome in (PROPOSED, OBSERVED):
        yield from _grown(each.change, words, ":")


def _grown(grown: Grown, words: _Words, end: str) -> Iterator[str]:
    kind = KINDS.get(grown.kind)
    name = text(kind.template, name=grown.name).render(words.translate) if kind else grown.name
    yield f"  {plain(name)}{end}"
    for line in difference(grown.kind, grown.before, grown.after, words.translate):
        yield f"    {plain(line)}"


def _missing(found: Rehearsed, words: _Words) -> Iterator[str]:
    """The words of errors are those of the services and of the files, and stay as they are."""
    if found.is_complete():
        return
    yield ""
    yield words("incomplete")
    if found.rejected:
        yield "  " + words("rejected", count=f"{found.rejected:,}")
    yield from (f"  {plain(each.file)}: {plain(each.why)}" for each in found.troubles)
    yield from (f"  {plain(each)}" for each in found.failures)
    for each in found.unread:
        yield "  " + words("not_held", what=plain(" ".join(each.question)), why=plain(each.reason))


def _moment(time: float) -> str:
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%d %H:%M UTC")
