"""The reports in the ledger's bucket: `reports/<date>-<id>.json` to be read again, and `.html` beside it for people."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timezone

import msgspec

from rolemend.account.interface import ObjectStore
from rolemend.audit.accepted import ACCEPTED_KEY, Acceptance, parse_accepted
from rolemend.audit.comparison import Comparison, Earlier, compare
from rolemend.audit.model import SCHEMA, Report
from rolemend.audit.render import render
from rolemend.errors import AccountError, NotThere, SettingsError
from rolemend.text import Text, text

REPORTS = "reports/"
_RUN = re.compile(r"[0-9]{8}T[0-9]{6}Z(-[0-9a-f]{8})?", re.ASCII)
_TRIED = 5
"""So many kept reports are looked at, the latest first, for one that can be read."""


class _Compared(msgspec.Struct, frozen=True):
    comparison: Comparison


def run_of(report: Report) -> str:
    """The run's name: the timer's, else when it began and a digest, so that two at one time stay two."""
    if _RUN.fullmatch(report.run):
        return report.run
    began = datetime.fromtimestamp(report.started, timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    return f"{began}-{hashlib.sha256(msgspec.json.encode(report)).hexdigest()[:8]}"


def key_of(report: Report) -> str:
    """Where a report lies, without `.json` or `.html`. Keys sort by time."""
    return key_of_run(run_of(report))


def key_of_run(run: str) -> str:
    """Where a run's report lies, without `.json` or `.html`; "" for what names no run."""
    return f"{REPORTS}{run[:4]}-{run[4:6]}-{run[6:8]}-{run}" if _RUN.fullmatch(run) else ""


def runs_of(store: ObjectStore) -> Iterator[str]:
    """The runs whose reports are kept. Raises AccountError."""
    for key in store.keys(REPORTS):
        run = key[len(REPORTS) + len("2026-01-31-") :].removesuffix(".json")
        if key == f"{key_of_run(run)}.json":
            yield run


def keep(store: ObjectStore, report: Report, comparison: Comparison, language: str) -> str:
    """Write both files, and answer their key. Raises AccountError."""
    key = key_of(report)
    store.put(f"{key}.html", render(report, "html", language, comparison))
    store.put(f"{key}.json", render(report, "json", language, comparison))
    return key


def last_kept(store: ObjectStore, before: str) -> Earlier | None:
    """The latest report whose key sorts before `before`, unreadable ones passed over. Raises AccountError."""
    keys = sorted(key for key in store.keys(REPORTS) if key.endswith(".json") and key < f"{before}.json")
    found = (_readable(store, key) for key in reversed(keys[-_TRIED:]))
    return next((each for each in found if each is not None), None)


def _readable(store: ObjectStore, key: str) -> Earlier | None:
    try:
        return read_report(store.read(key))
    except (ValueError, NotThere):
        return None


def read_report(data: bytes) -> Earlier:
    """A report in the form `json`. Raises ValueError for anything else."""
    try:
        report = msgspec.json.decode(data, type=Report)
        comparison = msgspec.json.decode(data, type=_Compared).comparison
    except (msgspec.MsgspecError, RecursionError) as error:
        raise ValueError(f"is no report of an audit: {error}") from error
    if report.schema > SCHEMA:
        raise ValueError(f"is a report of a newer Rolemend (schema {report.schema})")
    return Earlier(run=run_of(report), report=report, comparison=comparison)


def compare_with_kept(
    store: ObjectStore,
    report: Report,
    accepted: Sequence[Acceptance] | None = None,
    earlier: Earlier | None = None,
) -> tuple[Report, Comparison]:
    """`report` beside an earlier one, under acceptances: those given, else those that the ledger's bucket has.

    What cannot be read of these is a note in the report; then nothing is accepted, or everything new: never less told.
    """
    notes: list[Text] = []
    if accepted is None:
        accepted = _kept_acceptances(store, notes)
    if earlier is None:
        earlier = _last(store, report, notes)
    noted = msgspec.structs.replace(report, notes=(*report.notes, *notes))
    return noted, compare(noted, earlier, accepted)


def _kept_acceptances(store: ObjectStore, notes: list[Text]) -> tuple[Acceptance, ...]:
    try:
        return parse_accepted(store.read(ACCEPTED_KEY))
    except NotThere:
        return ()
    except (AccountError, SettingsError) as error:
        notes.append(
            text("No finding is accepted, because {key} cannot be used: {why}", key=ACCEPTED_KEY, why=error)
        )
        return ()


def _last(store: ObjectStore, report: Report, notes: list[Text]) -> Earlier | None:
    try:
        return last_kept(store, key_of(report))
    except NotThere:
        return None
    except AccountError as error:
        notes.append(text("The reports before this one could not be read: {why}", why=error))
        return None
