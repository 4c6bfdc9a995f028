"""What every form shows of a finding, in one language, with everything hostile made visible."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from rolemend.audit.accepted import Acceptance
from rolemend.audit.comparison import FIXED, Comparison, gone, states
from rolemend.audit.guides import GUIDES
from rolemend.audit.model import Finding, Report
from rolemend.fix.guidance import plain, say


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A finding in words. `state` is one of `comparison`'s STATES or "".

    `acceptance` is the one that holds, `expired` one that did. `region` and `subject` are "" where there
    is none. All texts stand on one line each.
    """

    finding: Finding
    state: str
    title: str
    statement: str
    evidence: tuple[str, ...]
    remedy: str
    doc: str
    account: str
    region: str
    kind: str
    name: str
    subject: str
    acceptance: Acceptance | None = None
    expired: Acceptance | None = None


def rows(
    report: Report, comparison: Comparison, language: str, findings: Iterable[Finding] | None = None
) -> Iterator[Row]:
    """One for each finding, in the report's order; or for those given, fixed ones among them."""
    state = states(report, comparison)
    accepted = {each.id: each for each in comparison.accepted}
    expired = {each.id: each for each in comparison.expired}
    for each in report.findings if findings is None else findings:
        yield _row(each, state.get(each.id, ""), language, accepted.get(each.id), expired.get(each.id))


def gone_rows(comparison: Comparison, language: str) -> Iterator[Row]:
    """One for each finding that failed before and of which nothing is left, as it was."""
    for finding in gone(comparison):
        yield _row(finding, FIXED, language, None, None)


def _row(
    finding: Finding, state: str, language: str, held: Acceptance | None, expired: Acceptance | None
) -> Row:
    place, guide = finding.place, GUIDES.get(finding.check)
    return Row(
        finding=finding,
        state=state,
        title=say(guide.title, language) if guide else plain(finding.check),
        statement=say(finding.statement, language),
        evidence=tuple(say(each.statement, language) for each in finding.evidence),
        remedy=say(finding.remedy, language) if finding.remedy else "",
        doc=guide.doc if guide else "",
        account=plain(place.account),
        region=plain(place.region),
        kind=plain(place.kind),
        name=plain(place.name),
        subject=plain(finding.subject),
        acceptance=held,
        expired=expired,
    )
