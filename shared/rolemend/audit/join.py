"""One report from those of several accounts and regions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rolemend.audit import guides
from rolemend.audit.answers import passed
from rolemend.audit.judge import in_order, keep_worse
from rolemend.audit.model import Finding, Report
from rolemend.checklist.model import FAILED
from rolemend.text import Text, text


def join_reports(
    reports: Sequence[Report], *, account: str, run: str, missing: Sequence[Text] = ()
) -> Report:
    """All findings, each question once; `missing` says which parts there is no report of."""
    found: dict[str, Finding] = {}
    reads: dict[str, int] = {}
    used = _used_in(reports)
    for report in reports:
        for finding in report.findings:
            keep_worse(found, _over_all(finding, used))
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


def _used_in(reports: Sequence[Report]) -> frozenset[tuple[str, str, str]]:
    """Account, region and name of each role that something in a region uses, as the parts of one region each tell."""
    return frozenset(
        (finding.place.account, report.regions[0], finding.place.name)
        for report in reports
        if len(report.regions) == 1
        for finding in report.findings
        if finding.check == guides.BUCKET_REGION
    )


def _over_all(finding: Finding, used: frozenset[tuple[str, str, str]]) -> Finding:
    """A bucket is far from a role only if nothing in the bucket's region uses the role, which one part cannot know."""
    if finding.check != guides.BUCKET_REGION or finding.answer != FAILED:
        return finding
    place = finding.place
    if (place.account, str(finding.statement.values.get("region", "")), place.name) not in used:
        return finding
    said = text("The buckets that {role} names are where it is used.", role=place.name)
    return passed(finding.check, place, said)


def _all(texts: Iterable[Iterable[Text]]) -> tuple[Text, ...]:
    """Each sentence once."""
    found = {(each.template, *sorted(each.values.items())): each for some in texts for each in some}
    return tuple(found.values())
