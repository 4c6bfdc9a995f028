"""Counting denials of one incident while a log is read, in memory that does not grow with the log. Pure.

A tally keeps the denials that open or reopen an incident, and of the others numbers: for each page of the log how many
there were, when, and their ids as long as there are few. What it adds to an incident is decided when it is written,
against what the incident has counted by then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import msgspec

from rolemend.incident.journal import Counted, Fact, Opened, Reopened, Span, StoppedJob
from rolemend.incident.life import Incident
from rolemend.incident.next_step import comes_back
from rolemend.signals.denial import Denial, fingerprint

MOST_SIGNALS = 1_000
"""How many ids of single signals an incident remembers, and a tally; from then on the places in the log count alone."""

MOST_SENT = 10_000
"""Signals without a place in a log are told apart by their ids alone: of these an incident remembers so many, and
counts no more than that."""

MOST_JOBS = 3
"""How many jobs that failed of it an incident names."""


class Slice(msgspec.Struct):
    """The denials of one page of a log, or (without a `span`) of signals that came another way. `ids` maps ids to
    times; None where there were too many. Times are in epoch seconds."""

    span: Span | None
    count: int = 0
    first: int = 0
    last: int = 0
    ids: dict[str, int] | None = msgspec.field(default_factory=dict)


class Tally:
    """Denials of one incident that are to be counted; `earliest` and `latest` by their time. `jobs` failed of them."""

    def __init__(self) -> None:
        self.slices: list[Slice] = []
        self.earliest: Denial | None = None
        self.latest: Denial | None = None
        self.jobs: dict[StoppedJob, None] = {}
        self.few = True
        self._ids = 0

    @property
    def count(self) -> int:
        return sum(one.count for one in self.slices)

    def add(self, span: Span | None, signal: str, time: int, read: Callable[[], Denial]) -> None:
        """Count one; `read` makes the denial of it, which is needed of few."""
        page = self.slices[-1] if self.slices else None
        if page is None or page.span != span:
            page = Slice(span, ids={} if self.few or span is None else None)
            self.slices.append(page)
        if page.ids is not None:
            if signal in page.ids:
                return
            page.ids[signal] = time
            self._ids += 1
        page.first = min(page.first, time) if page.count else time
        page.last = max(page.last, time)
        page.count += 1
        if self.earliest is None or (time, signal) < (self.earliest.time, self.earliest.signal_id):
            self.earliest = read()
        if self.latest is None or time > self.latest.time:
            self.latest = read()
        if self.few and self._ids > MOST_SIGNALS and span is not None:
            self._forget_ids()

    def _forget_ids(self) -> None:
        self.few = False
        for page in self.slices:
            if page.span is not None:
                page.ids = None

    def join(self, later: Tally) -> None:
        """Take in what was counted after this."""
        self.slices += later.slices
        self.jobs |= later.jobs
        self._ids += later._ids
        for denial in (later.earliest, later.latest):
            if denial is None:
                continue
            if self.earliest is None or _order(denial) < _order(self.earliest):
                self.earliest = denial
            if self.latest is None or denial.time > self.latest.time:
                self.latest = denial
        if not (self.few and later.few) or self._ids > MOST_SIGNALS:
            self._forget_ids()


def _order(denial: Denial) -> tuple[int, str]:
    return denial.time, denial.signal_id


def tally_of(denials: Iterable[Denial]) -> Tally:
    """Denials that came another way than by a log's page."""
    tally = Tally()
    for denial in denials:
        tally.add(None, denial.signal_id, denial.time, lambda one=denial: one)  # type: ignore[misc]
    return tally


def facts_of(incident: Incident, tally: Tally, propagation: int) -> list[Fact]:
    """What a tally adds to an incident as it stands; nothing if each of its denials was counted before, and each of its
    jobs is named, or there are enough."""
    new = [job for job in tally.jobs if job not in incident.jobs]
    return [*_counted(incident, tally, propagation), *new[: MOST_JOBS - len(incident.jobs)]]


def _counted(incident: Incident, tally: Tally, propagation: int) -> list[Fact]:
    fresh = [part for page in tally.slices if (part := _fresh(incident, page)) is not None]
    if not fresh or tally.earliest is None or tally.latest is None:
        return []
    facts: list[Fact] = []
    last = max(page.last for page in fresh)
    if not incident.fingerprint:
        facts.append(Opened(fingerprint=fingerprint(tally.earliest), denial=tally.earliest))
    elif comes_back(incident, last, propagation):
        facts.append(Reopened(denial=tally.latest))
    counted = Counted(
        signals=_remembered(incident, fresh),
        count=sum(page.count for page in fresh),
        first=min(page.first for page in fresh),
        last=last,
        spans=joined(page.span for page in tally.slices if page.span is not None),
    )
    return [*facts, counted]


def _fresh(incident: Incident, page: Slice) -> Slice | None:
    """What of a page the incident has not counted yet. A page that was counted in part, and whose ids are forgotten,
    counts as a whole: pages begin and end where readings do, so this is rare, and never more than a page."""
    if page.span is not None and incident.has_read(page.span):
        return None
    if page.ids is None:
        return page
    ids = {key: time for key, time in page.ids.items() if key not in incident.signals}
    if page.span is None:
        ids = dict(list(ids.items())[: max(MOST_SENT - len(incident.signals), 0)])
    if not ids:
        return None
    return Slice(page.span, len(ids), min(ids.values()), max(ids.values()), ids)


def _remembered(incident: Incident, fresh: Sequence[Slice]) -> tuple[str, ...]:
    sent = [key for page in fresh if page.span is None for key in page.ids or ()]
    read = [key for page in fresh if page.span is not None for key in page.ids or ()]
    if len(incident.signals) + len(sent) + len(read) > MOST_SIGNALS:
        read = []
    return tuple(dict.fromkeys((*sent, *read)))


def joined(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Spans of one reading, which follow each other: for each shard one from its first page to its last."""
    found: dict[str, Span] = {}
    for span in spans:
        known = found.get(span.shard, span)
        found[span.shard] = Span(
            shard=span.shard, begin=min(known.begin, span.begin), end=max(known.end, span.end)
        )
    return tuple(found.values())
