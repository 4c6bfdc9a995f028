"""CSV for spreadsheets: one table, first what is incomplete, then the findings, then those that are gone."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from rolemend.audit.comparison import Comparison
from rolemend.audit.formats import words
from rolemend.audit.formats.rows import Row, gone_rows, rows
from rolemend.audit.model import Report
from rolemend.fix.guidance import plain, say

COLUMNS = (
    "id", "state", "answer", "severity", "check", "title", "account", "region", "kind", "name", "subject",
    "statement", "evidence", "remedy", "documentation", "accepted_until", "reason",
)  # fmt: skip
REPORT = "report"
"""The `kind` of the rows that tell of the report itself."""

GONE = "gone"
"""The answer of a fixed finding of which nothing is left to be asked."""

_FORMULA = tuple("=+-@\t\r\n＝＋－＠'")  # noqa: RUF001 - spreadsheets take the wide ones too
"""What begins a formula (https://owasp.org/www-community/attacks/CSV_Injection), and the mark of what is none."""


def to_csv(report: Report, comparison: Comparison, language: str) -> bytes:
    """UTF-8 with the mark by which spreadsheets know it, every cell quoted, none of them a formula."""
    written = io.StringIO(newline="")
    table = csv.writer(written, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    table.writerow(COLUMNS)
    for cells in _cells(report, comparison, language):
        table.writerow([guarded(cell) for cell in cells])
    return b"\xef\xbb\xbf" + written.getvalue().encode()


def guarded(cell: str) -> str:
    """A cell that no spreadsheet computes: a quote before what could begin a formula."""
    return f"'{cell}" if cell.lstrip(" ").startswith(_FORMULA) else cell


def _cells(report: Report, comparison: Comparison, language: str) -> Iterator[tuple[str, ...]]:
    for sentence in report.incomplete:
        yield _about_report("unknown", say(words.INCOMPLETE, language), say(sentence, language))
    for sentence in report.notes:
        yield _about_report("note", "", say(sentence, language))
    for row in rows(report, comparison, language):
        yield _finding(row, row.finding.answer)
    for row in gone_rows(comparison, language):
        yield _finding(row, GONE)


def _about_report(answer: str, title: str, statement: str) -> tuple[str, ...]:
    return ("", "", answer, "", "", title, "", "", REPORT, "", "", statement, "", "", "", "", "")


def _finding(row: Row, answer: str) -> tuple[str, ...]:
    finding, held = row.finding, row.acceptance or row.expired
    return (
        plain(finding.id), row.state, answer, finding.severity, plain(finding.check), row.title, row.account,
        row.region, row.kind, row.name, row.subject, row.statement, " | ".join(row.evidence), row.remedy, row.doc,
        held.until if held else "", plain(held.reason) if held else "",
    )  # fmt: skip
