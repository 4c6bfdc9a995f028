"""What is new, fixed and accepted between two runs."""

from __future__ import annotations

import json
from collections.abc import Iterator

import msgspec
import pytest

from rolemend.audit.accepted import Acceptance
from rolemend.audit.archive import compare_with_kept, keep, key_of, last_kept, read_report
from rolemend.audit.comparison import Comparison, Earlier, compare, gone, states, worst_counted
from rolemend.audit.model import Finding, Report
from rolemend.audit.render import render
from rolemend.errors import Refused
from rolemend.notify.audited import announce
from tests.audit.reports import ENDED, HOSTILE, finding, report
from tests.fakes import MemoryStore

DAY = 86_400.0
BROKEN, OTHER = finding(name="Etl"), finding("RM-KMS", name="Spark")


def earlier(
    *findings: Finding, comparison: Comparison | None = None, incomplete: tuple[str, ...] = ()
) -> Earlier:
    before = report(*findings, incomplete=incomplete, run="20260130T180000Z")
    return Earlier(run=before.run, report=before, comparison=comparison or compare(before))


def answered(each: Finding, answer: str) -> Finding:
    return msgspec.structs.replace(each, answer=answer, remedy=None)


def accept(each: Finding, until: str) -> Acceptance:
    return Acceptance(id=each.id, reason="planned", until=until)


def ids(findings: tuple[Finding, ...]) -> list[str]:
    return [each.id for each in findings]


def test_without_an_earlier_run_all_failures_are_open_and_none_is_called_new() -> None:
    found = report(BROKEN)
    comparison = compare(found)
    assert comparison.new == comparison.open == (BROKEN.id,)
    assert states(found, comparison) == {BROKEN.id: "open"}


def test_what_failed_before_is_open_and_what_did_not_is_new() -> None:
    found = report(BROKEN, OTHER)
    comparison = compare(found, earlier(BROKEN, answered(OTHER, "passed")))
    assert comparison.new == (OTHER.id,)
    assert states(found, comparison) == {BROKEN.id: "open", OTHER.id: "new"}


def test_what_passes_now_is_fixed() -> None:
    found = report(answered(BROKEN, "passed"))
    comparison = compare(found, earlier(BROKEN))
    assert ids(comparison.fixed) == [BROKEN.id]
    assert gone(comparison) == ()
    assert states(found, comparison) == {BROKEN.id: "fixed"}


def test_what_is_gone_is_fixed_and_shown_as_it_was() -> None:
    comparison = compare(report(answered(OTHER, "passed")), earlier(BROKEN))
    assert gone(comparison) == (BROKEN,)


def test_what_is_gone_after_it_could_not_be_read_is_fixed_too() -> None:
    unread = report(answered(BROKEN, "unknown"))
    between = Earlier(run=unread.run, report=unread, comparison=compare(unread, earlier(BROKEN)))
    comparison = compare(report(answered(OTHER, "passed")), between)
    assert ids(gone(comparison)) == [BROKEN.id]
    assert comparison.open == ()


@pytest.mark.parametrize(
    "now",
    [
        report(answered(BROKEN, "unknown")),
        report(answered(OTHER, "passed"), incomplete=("refused",)),
        report(answered(OTHER, "unknown")),
        msgspec.structs.replace(report(answered(OTHER, "passed")), accounts=("2000000000000002",)),
        report(finding("RM-TRAIL", "passed", kind="trail", name="t")),
    ],
    ids=["unknown", "incomplete", "something unknown", "another account", "doctor alone"],
)
def test_what_was_not_read_is_neither_fixed_nor_new_later(now: Report) -> None:
    comparison = compare(now, earlier(BROKEN))
    assert comparison.fixed == ()
    assert BROKEN.id in comparison.open
    kept = Earlier(run=now.run, report=now, comparison=comparison)
    assert compare(report(BROKEN), kept).new == ()


def test_a_finding_of_a_region_that_was_not_audited_is_not_fixed() -> None:
    far = finding(region="cn-shanghai")
    assert compare(report(answered(OTHER, "passed")), earlier(far)).fixed == ()


def test_an_accepted_failure_counts_no_more_until_its_day_is_over() -> None:
    found = report(BROKEN)
    held = compare(found, earlier(BROKEN), [accept(BROKEN, "2026-01-31")])
    assert (held.open, worst_counted(found, held)) == ((), "")
    assert states(found, held) == {BROKEN.id: "accepted"}
    later = report(BROKEN, ended=ENDED + DAY)
    kept = Earlier(run=found.run, report=found, comparison=held)
    over = compare(later, kept, [accept(BROKEN, "2026-01-31")])
    assert over.new == (BROKEN.id,)
    assert worst_counted(later, over) == "critical"
    assert over.expired == (accept(BROKEN, "2026-01-31"),)


def test_only_a_failure_can_be_accepted() -> None:
    found = report(answered(BROKEN, "unknown"))
    comparison = compare(found, None, [accept(BROKEN, "2999-12-31")])
    assert comparison.accepted == ()
    assert not found.is_complete()


def test_the_last_kept_report_is_read_and_its_own_run_is_not_the_one_before() -> None:
    store = MemoryStore()
    first, second = report(BROKEN, run="20260130T180000Z"), report(BROKEN, OTHER)
    keep(store, first, compare(first), "en")
    for _ in range(2):
        noted, comparison = compare_with_kept(store, second)
        keep(store, noted, comparison, "zh")
        assert (comparison.since, comparison.new) == ("20260130T180000Z", (OTHER.id,))
    assert sorted(store.keys("reports/")) == [
        f"reports/2026-01-{day}-202601{day}T180000Z.{form}" for day in (30, 31) for form in ("html", "json")
    ]


def test_a_kept_report_that_cannot_be_read_is_passed_over() -> None:
    store = MemoryStore()
    first = report(BROKEN, run="20260129T180000Z")
    keep(store, first, compare(first), "en")
    store.put("reports/2026-01-30-20260130T180000Z.json", b"{}")
    found = last_kept(store, key_of(report(BROKEN)))
    assert found is not None
    assert found.run == first.run


def test_a_ledger_that_may_not_be_read_is_noted_and_nothing_is_accepted() -> None:
    class Shut(MemoryStore):
        def read(self, key: str) -> bytes:
            raise Refused("GetObject", "AccessDenied", "no")

        def keys(self, prefix: str) -> Iterator[str]:
            raise Refused("ListObjects", "AccessDenied", "no")

    noted, comparison = compare_with_kept(Shut(), report(BROKEN))
    assert len(noted.notes) == len(report().notes) + 2
    assert comparison.open == (BROKEN.id,)


def test_reports_without_a_run_s_name_are_kept_apart() -> None:
    first, second = report(BROKEN, run=""), report(OTHER, run="")
    assert key_of(first) != key_of(second)
    assert key_of(first).startswith("reports/2026-01-31-20260131T180000Z-")


@pytest.mark.parametrize("data", [b"", b"[]", b'{"findings": []}', b"[" * 10_000])
def test_what_is_no_report_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="no report"):
        read_report(data)


def test_a_report_of_a_newer_rolemend_is_refused() -> None:
    document = json.loads(render(report(BROKEN), "json"))
    with pytest.raises(ValueError, match="newer"):
        read_report(json.dumps(document | {"schema": 99}).encode())


def test_people_are_told_of_new_findings_alone() -> None:
    found = report(BROKEN, OTHER)
    comparison = compare(found, earlier(BROKEN))
    said = announce(found, comparison, "en", "reports/2026-01-31-20260131T180000Z.html")
    assert "1 new problem" in said
    assert "RM-KMS (high)" in said
    assert "RM-TRUST-RELEASE" not in said
    assert said.endswith("reports/2026-01-31-20260131T180000Z.html.")
    assert announce(found, compare(found, earlier(BROKEN, OTHER)), "en") == ""
    assert announce(found, comparison, "zh") != announce(found, comparison, "en")


def test_a_message_stays_short_and_holds_nothing_that_a_chat_takes_for_its_own() -> None:
    hostile = tuple(finding(name=each) for each in HOSTILE)
    many = report(*hostile, *(finding(name=f"role-{number}") for number in range(500)), incomplete=("no",))
    said = announce(many, compare(many), "en")
    assert len(said.splitlines()) == 23
    assert [each for each in ("<script", "](http", "\u202e", "://") if each in said] == []
    assert "Not everything could be read" in said
