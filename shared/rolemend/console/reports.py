"""The pages of audit reports: each run as the ledger's bucket keeps it, with what changed since the one before."""

from __future__ import annotations

import re
from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING

import msgspec

from rolemend.audit import comparison as compared
from rolemend.audit.archive import key_of_run, read_report, runs_of
from rolemend.audit.comparison import ACCEPTED, FIXED, NEW, OPEN, Comparison
from rolemend.audit.formats import words as said
from rolemend.audit.formats.rows import rows
from rolemend.audit.model import ANSWERS, SEVERITIES, Finding, Report
from rolemend.audit.render import FORMATS, render
from rolemend.checklist.model import FAILED, UNKNOWN
from rolemend.console.safe import whole
from rolemend.console.visit import Visit
from rolemend.errors import LedgerDamaged, NotThere, UnknownIncident
from rolemend.text import Text

if TYPE_CHECKING:
    from starlette.responses import Response

    from rolemend.fix.forms import Forms

UNFINISHED = "audits/"
"""Where a run lies of which a part is missing yet, or for good."""
MOST = 100
"""Runs that are listed."""
PAGE = 100
"""Findings on one page."""
LONGEST_FILE = 20 * 1024 * 1024
"""Bytes of a report that is given out: Function Compute takes 32 MB of an answer, in which it stands as Base64.
https://www.alibabacloud.com/help/doc-detail/2527064.html
"""
_JOINED = re.compile(r"audits/([^/]+)/report\.json", re.ASCII)
_FILES = {
    "json": ("json", "application/json"),
    "html": ("html", "text/html; charset=utf-8"),
    "csv": ("csv", "text/csv; charset=utf-8"),
    "sarif": ("sarif", "application/sarif+json"),
    "ocsf": ("ocsf.json", "application/json"),
}


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What the findings are narrowed to; `words` in small letters, "" for whatever does not matter.

    Without an answer and a state, what failed or is unknown is wanted. What is fixed because nothing is left of it has
    no answer any more.
    """

    words: str = ""
    answer: str = ""
    severity: str = ""
    state: str = ""
    account: str = ""

    def fits(self, finding: Finding, state: str) -> bool:
        answer = "" if state == FIXED and finding.answer == FAILED else finding.answer
        if self.answer not in ("", "any", answer) or self.severity not in ("", finding.severity):
            return False
        if not self.answer and not self.state and answer not in (FAILED, UNKNOWN):
            return False
        if self.state not in ("", state) or self.account not in ("", finding.place.account):
            return False
        place = finding.place
        text = (
            f"{finding.check}\n{place.name}\n{finding.subject}\n{place.region}\n{place.account}\n{finding.id}"
        )
        return self.words in text.casefold()


class Line(msgspec.Struct, frozen=True):
    """How many failures of one severity there are, by their state."""

    severity: str
    count: int
    states: dict[str, int]


def listing(visit: Visit) -> Response:
    """The runs that have a report, the last first. Raises AccountError."""
    store = visit.parts.store
    unfinished = (match[1] for key in store.keys(UNFINISHED) if (match := _JOINED.fullmatch(key)))
    runs = sorted({*runs_of(store), *filter(key_of_run, unfinished)}, reverse=True)
    return visit.page("reports.html", runs=runs[:MOST])


def show(visit: Visit) -> Response:
    """One report: its summary, what changed since the one before, and its findings, the worst first.

    Raises UnknownIncident, LedgerDamaged or AccountError.
    """
    report, comparison = _read(visit)
    wanted = Wanted(
        words=visit.given("q").casefold().strip(),
        answer=visit.given("answer"),
        severity=visit.given("severity"),
        state=visit.given("state"),
        account=visit.given("account"),
    )
    number = visit.number("page", 1, 10_000)
    states = compared.states(report, comparison)
    every = (*report.findings, *compared.gone(comparison))
    chosen = sorted(
        (each for each in every if wanted.fits(each, states.get(each.id, ""))),
        key=lambda each: _order(each, states.get(each.id, "")),
    )
    page = chosen[(number - 1) * PAGE : number * PAGE]
    return visit.page(
        "report.html",
        run=visit.request.path_params["run"],
        report=report,
        comparison=comparison,
        since=comparison.since if key_of_run(comparison.since) else "",
        summary=_summary(report, states),
        answers=Counter(each.answer for each in report.findings),
        wanted=wanted,
        filtered=wanted != Wanted(),
        rows=rows(report, comparison, visit.language, page),
        shown=len(chosen),
        total=len(every),
        more=len(chosen) > number * PAGE,
        number=number,
        choices={"answer": ANSWERS, "severity": SEVERITIES, "state": tuple(dict.fromkeys(states.values()))},
        formats=FORMATS,
        said=said,
        say=lambda sentence: _said(sentence, visit),
        forms=_forms,
        spoken=lambda steps: [_said(step, visit) for step in steps],
    )


def download(visit: Visit) -> Response:
    """The report as a file in one of its forms. Raises as `show`."""
    from starlette.responses import Response as Plain

    form = visit.request.path_params["format"]
    if form not in _FILES:
        raise UnknownIncident(f"no form is named {form[:20]!r}")
    run, words = visit.request.path_params["run"], visit.words
    report, comparison = _read(visit)
    data = render(report, form, visit.language, comparison)
    if len(data) > LONGEST_FILE:
        key = f"{key_of_run(run)}.{'html' if form == 'html' else 'json'}"
        return visit.notice(words.bad_request_title, words.say("file_too_long", key=key), 413)
    ending, kind = _FILES[form]
    headers = {"content-disposition": f'attachment; filename="rolemend-audit-{run}.{ending}"'}
    return Plain(data, media_type=kind, headers=headers)


def _read(visit: Visit) -> tuple[Report, Comparison]:
    """The report that is kept, or what there is of a run that was not finished, which is compared with nothing."""
    run, store = visit.request.path_params["run"], visit.parts.store
    key = key_of_run(run)
    if not key:
        raise UnknownIncident(f"no run is named {run[:80]!r}")
    try:
        with suppress(NotThere):
            kept = read_report(store.read(f"{key}.json"))
            return kept.report, kept.comparison
        report = msgspec.json.decode(store.read(f"{UNFINISHED}{run}/report.json"), type=Report)
    except NotThere as error:
        raise UnknownIncident(f"no run is named {run}") from error
    except ValueError as error:
        raise LedgerDamaged(f"the report of run {run} {error}") from error
    return report, compared.compare(report)


def _summary(report: Report, states: dict[str, str]) -> list[Line]:
    """The failures of each severity, the worst first."""
    counted = Counter((each.severity, states[each.id]) for each in report.failed())
    found = {each: {state: counted[each, state] for state in (NEW, OPEN, ACCEPTED)} for each in SEVERITIES}
    return [Line(each, sum(numbers.values()), numbers) for each, numbers in found.items()]


def _order(finding: Finding, state: str) -> tuple[int, int, bool, str, str]:
    """What failed first, and of that the worst and the new; then what is unknown, accepted and right."""
    kind = {ACCEPTED: 2, FIXED: 3}.get(state, {FAILED: 0, UNKNOWN: 1}.get(finding.answer, 3))
    severity = SEVERITIES.index(finding.severity) if finding.severity in SEVERITIES else len(SEVERITIES)
    return kind, severity, state != NEW, finding.check, finding.place.name


def _forms(finding: Finding) -> Forms | None:
    from rolemend.fix.render import render as forms_of

    return forms_of(finding.fix) if finding.fix is not None else None


def _said(sentence: Text, visit: Visit) -> str:
    """A sentence of the report, with the names in it as plain text."""
    return visit.words(Text(sentence.template, {key: whole(value) for key, value in sentence.values.items()}))
