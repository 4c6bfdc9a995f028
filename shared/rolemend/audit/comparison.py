"""What changed since the last run: which failures are new, which are fixed, and which are accepted. Pure.

Findings are told apart by their ids, which stay the same in every run.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timezone

import msgspec

from rolemend.audit.accepted import Acceptance
from rolemend.audit.guides import GUIDES
from rolemend.audit.model import SEVERITIES, Finding, Report
from rolemend.checklist.model import FAILED, NOT_APPLICABLE, PASSED

NEW, OPEN, ACCEPTED, FIXED = "new", "open", "accepted", "fixed"
STATES = (NEW, OPEN, ACCEPTED, FIXED)


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """A run beside the one before.

    `since` is the run compared with, "" where there is none: then every failure is new. `new` and `open` are ids of
    failures that nobody accepted; `open` holds the new ones too, and those of earlier runs about which this one does
    not know, so that none is called new twice. `expired` are acceptances whose time is over and whose finding fails.
    """

    since: str = ""
    new: tuple[str, ...] = ()
    open: tuple[str, ...] = ()
    fixed: tuple[Finding, ...] = ()
    accepted: tuple[Acceptance, ...] = ()
    expired: tuple[Acceptance, ...] = ()


class Earlier(msgspec.Struct, frozen=True, kw_only=True):
    """A run that was kept: its name, its report, and what it said of the one before."""

    run: str
    report: Report
    comparison: Comparison


def compare(
    report: Report, earlier: Earlier | None = None, acceptances: Sequence[Acceptance] = ()
) -> Comparison:
    """`report` beside an earlier one. An acceptance holds to the end of its last day in UTC."""
    today = datetime.fromtimestamp(report.ended, timezone.utc).date().isoformat()
    failing = {each.id: each for each in report.failed()}
    matching = [each for each in acceptances if each.id in failing]
    accepted = tuple(each for each in matching if each.until >= today)
    held = {each.id for each in accepted}
    counted = [each for each in failing if each not in held]
    fixed = tuple(_fixed(report, earlier)) if earlier else ()
    known = set(earlier.comparison.open) if earlier else set()
    gone = {each.id for each in fixed} | held
    return Comparison(
        since=earlier.run if earlier else "",
        new=tuple(each for each in counted if each not in known),
        open=tuple(dict.fromkeys([*counted, *sorted(known - gone)])),
        fixed=fixed,
        accepted=accepted,
        expired=tuple(each for each in matching if each.until < today),
    )


def _fixed(report: Report, earlier: Earlier) -> Iterator[Finding]:
    """What failed and is known to be right now, or gone; what was not read is never fixed.

    Of what is gone the finding is that of the run before, failed as it last was known.
    """
    now = {each.id: each for each in report.findings}
    before = {each.id: each for each in earlier.report.findings}
    failed = {each.id for each in earlier.report.failed()} | set(earlier.comparison.open)
    for name in sorted(failed):
        here = now.get(name)
        if here is not None:
            if here.answer in (PASSED, NOT_APPLICABLE):
                yield here
        elif name in before and _covers(report, before[name]):
            yield msgspec.structs.replace(before[name], answer=FAILED)


def _covers(report: Report, finding: Finding) -> bool:
    """Whether a report would have the finding if it were still to be asked."""
    place, guide = finding.place, GUIDES.get(finding.check)
    if guide is None or not report.is_complete():
        return False
    whole = any(not GUIDES[each.check].doctor for each in report.findings if each.check in GUIDES)
    looked_at = place.account in report.accounts and (not place.region or place.region in report.regions)
    return looked_at and (whole or guide.doctor)


def states(report: Report, comparison: Comparison) -> dict[str, str]:
    """NEW, OPEN, ACCEPTED or FIXED by the finding's id; without an earlier run nothing is called new."""
    new = set(comparison.new) if comparison.since else set()
    found = {each.id: NEW if each.id in new else OPEN for each in report.failed()}
    found |= {each.id: ACCEPTED for each in comparison.accepted if each.id in found}
    return found | {each.id: FIXED for each in comparison.fixed if each.id not in found}


def gone(comparison: Comparison) -> tuple[Finding, ...]:
    """The fixed findings of which nothing is left to be asked, as they failed in the run before."""
    return tuple(each for each in comparison.fixed if each.answer == FAILED)


def counted(report: Report, comparison: Comparison) -> tuple[Finding, ...]:
    """The failures that nobody accepted."""
    held = {each.id for each in comparison.accepted}
    return tuple(each for each in report.failed() if each.id not in held)


def worst_counted(report: Report, comparison: Comparison) -> str:
    """The severity of the worst failure that nobody accepted, "" where there is none."""
    found = {each.severity for each in counted(report, comparison)}
    return next((each for each in SEVERITIES if each in found), "")
