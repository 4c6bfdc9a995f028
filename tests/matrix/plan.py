"""Which runs are played: all faults at all calls, or a covering part of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from zlib import crc32

from tests.matrix.faults import AT_CALLS, LIMITS, WHOLE_RUNS, WRITES, Column
from tests.matrix.scene import Site

SURE = ("stopped after", "cut after", "two instances")
"""Faults of which every write meets one in the reduced form: it has left something behind, and nobody knows."""


@dataclass(frozen=True)
class Case:
    """One run: a fault at a call, or (`site` is then the first call only) of a whole run."""

    site: Site
    column: Column

    @property
    def row(self) -> str:
        if self.column in AT_CALLS:
            return f"{self.site.function} {self.site.service}:{self.site.operation}"
        return self.column.name

    def is_of(self, part: int, parts: int) -> bool:
        """Whether one of so many processes plays it: what each of them recorded may differ in a call of `watch`."""
        return crc32(f"{self.site} {self.column.name}".encode()) % parts == part


def cases(sites: Sequence[Site], *, complete: bool) -> list[Case]:
    """In the complete form each fault at each call that it is meant for. Reduced: each call meets one fault, the faults
    taken in turn over the calls, and each write one of `SURE` besides, taken in turn over the writes of a kind. Whole
    runs and limits are played in both.
    """
    made = {site.operation for site in sites}

    def meant(columns: Sequence[Column]) -> list[Column]:
        return [column for column in columns if not column.needs or made & set(column.needs)]

    columns = meant(AT_CALLS)
    at_calls = list(_all(sites, columns)) if complete else list(_covering(sites, columns))
    whole = [Case(sites[0], column) for column in meant(WHOLE_RUNS)]
    limits = [
        Case(next(filter(column.hits, sites)), column) for column in LIMITS if any(map(column.hits, sites))
    ]
    return [*at_calls, *whole, *limits]


def _all(sites: Sequence[Site], columns: Sequence[Column]) -> Iterator[Case]:
    for site in sites:
        for column in columns:
            if column.hits(site):
                yield Case(site, column)


def _covering(sites: Sequence[Site], columns: Sequence[Column]) -> Iterator[Case]:
    writes: Counter[tuple[str, str]] = Counter()
    for number, site in enumerate(sites):
        meant = [column for column in columns if column.hits(site)]
        chosen = {meant[number % len(meant)].name}
        if site.operation in WRITES:
            kind = (site.function, site.operation)
            chosen.add(SURE[writes[kind] % len(SURE)])
            writes[kind] += 1
        for column in meant:
            if column.name in chosen:
                yield Case(site, column)
