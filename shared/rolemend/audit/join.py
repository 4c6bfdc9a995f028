"""One report from those of several accounts and regions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rolemend.audit.judge import in_order, keep_worse
from rolemend.audit.model import Finding, Report
from rolemend.text import Text


def join_reports(
    reports: Sequence[Report], *, account: str, run: str, missing: Sequence[Text] = ()
) -> Report:
    """All findings, each question once; `missing` says which parts there is no report of."""
    found: dict[str, Finding] = {}
    reads: dict[str, int] = {}
    for report in reports:
        for finding in report.findings:
            keep_worse(found, finding)
        for operation, count in report.reads.items():
            reads[operation] = reads.get(operation, 0) + count
    return Report(
        account=account,
        accounts=tuple(dict.fromkeys(each for report in reports for each in report.accounts)),
        regions=tuple(dict.fromkeys(each for report in reports for each in report.regions)),
        started=min((report.started for report in reports), default=0.0),
        ended=max((report.ended for report in reports), default=0.0),
        findings=in_order(found.values()),
        incomplete=(*missing, *_all(report.incomplete for report in reports)),
        notes=_all(report.notes for report in reports),
        reads=dict(sorted(reads.items())),
        run=run,
        version=reports[0].version if reports else "",
    )


def _all(texts: Iterable[Iterable[Text]]) -> tuple[Text, ...]:
    """Each sentence once."""
    found = {(each.template, *sorted(each.values.items())): each for some in texts for each in some}
    return tuple(found.values())
