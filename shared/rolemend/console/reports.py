"""The pages of audit reports: each run's joined report, as the function `audit` writes it under `audits/`."""

from __future__ import annotations

import re
from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING

import msgspec

from rolemend.audit.model import SEVERITIES, Finding, Report
from rolemend.checklist.model import FAILED, UNKNOWN
from rolemend.console.safe import whole
from rolemend.console.visit import Visit
from rolemend.errors import LedgerDamaged, UnknownIncident
from rolemend.text import Text

if TYPE_CHECKING:
    from starlette.responses import Response

PREFIX = "audits/"
MOST = 100
"""Runs that are listed."""
PAGE = 200
"""Findings on one page."""
_RUN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,100}", re.ASCII)
_KEY = re.compile(rf"audits/({_RUN.pattern})/report\.json", re.ASCII)
_decoder = msgspec.json.Decoder(Report)


def listing(visit: Visit) -> Response:
    """The runs that have a report, the last in the order of names first. Raises AccountError."""
    found = (_KEY.fullmatch(key) for key in visit.parts.store.keys(PREFIX))
    runs = sorted((match[1] for match in found if match), reverse=True)
    return visit.page("reports.html", runs=runs[:MOST])


def show(visit: Visit) -> Response:
    """One report: what failed, the worst first, and what is unknown. Raises UnknownIncident, LedgerDamaged or
    AccountError."""
    run = visit.request.path_params["run"]
    if not _RUN.fullmatch(run):
        raise UnknownIncident(f"no run is named {run[:80]!r}")
    report = _read(visit, f"{PREFIX}{run}/report.json")
    number = visit.number("page", 1, 10_000)
    told = sorted((each for each in report.findings if each.answer in (FAILED, UNKNOWN)), key=_order)
    shown = list(islice(told, (number - 1) * PAGE, number * PAGE + 1))
    return visit.page(
        "report.html",
        run=run,
        report=report,
        findings=shown[:PAGE],
        more=len(shown) > PAGE,
        number=number,
        answers=Counter(each.answer for each in report.findings),
        severities=Counter(each.severity for each in report.failed()),
        say=lambda sentence: _said(sentence, visit),
    )


def _read(visit: Visit, key: str) -> Report:
    try:
        return _decoder.decode(visit.parts.store.read(key))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise LedgerDamaged(f"{key} cannot be read: {error}") from error


def _order(finding: Finding) -> tuple[bool, int, str, str]:
    severity = SEVERITIES.index(finding.severity) if finding.severity in SEVERITIES else len(SEVERITIES)
    return finding.answer != FAILED, severity, finding.check, finding.place.name


def _said(sentence: Text, visit: Visit) -> str:
    """A sentence of the report, with the names in it as plain text."""
    return visit.words(Text(sentence.template, {key: whole(value) for key, value in sentence.values.items()}))
