"""A digest tells each thing that waited once, the gravest first, and counts every incident once."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from rolemend.incident.waiting import WaitingMessage
from rolemend.notify.digest import digest_sheet
from rolemend.notify.others import body_of
from rolemend.notify.render import Sheet


def waits(incident: int, kind: str = "alert", severity: str = "warning", **changes: Any) -> WaitingMessage:
    """A message about an incident of as many denials as its number."""
    key = f"inc-{incident:024x}"
    fields: dict[str, Any] = {
        "message": f"{key}-1-{kind}",
        "incident": key,
        "kind": kind,
        "severity": severity,
        "count": incident,
        "first": 1,
        "last": 2,
        "who": "emr-role",
        "action": "oss:GetObject",
        "target": "oss://data/x",
        "code": "AccessDenied",
        "cause": "permission_missing",
        "role": "emr-role",
    }
    return msgspec.convert(fields | changes, WaitingMessage)


def section(sheet: Sheet, heading: str) -> tuple[str, ...]:
    return next(each.lines for each in sheet.sections if each.heading == heading)


def test_what_is_critical_is_told_first_whatever_came_after_it() -> None:
    lines = [
        waits(3, "alert"),
        waits(3, "overwritten", "critical", message="m-1"),
        waits(3, "overwritten", "critical", message="m-2"),
        waits(3, "remediated", "info", count=4),
        waits(5, "alert", "critical"),
        waits(5, "recovered", "info"),
    ]
    sheet = digest_sheet("ops-1", lines, "en", whole=False)
    assert (sheet.severity, sheet.title) == (
        "critical",
        "2 incidents: 2 an edit may be overwritten, 1 denied, 1 over, 1 mended",
    )
    rows = section(sheet, "Incidents")
    assert [(f"inc-{3:024x}" in row, f"inc-{5:024x}" in row) for row in rows] == [
        (False, True), (True, False), (True, False), (False, True), (True, False)
    ]  # fmt: skip
    assert section(sheet, "By cause") == ("no policy allows it: 2 incidents, 9 denials",)


def test_a_mail_names_as_many_incidents_as_it_has_room_for() -> None:
    lines = [waits(number, who=f"role-{number}-{'x' * 100}") for number in range(1, 9_983)]
    body, _ = body_of("mailtos://user:hush@example.com", digest_sheet("ops-1", lines, "en", whole=True))
    named = re.findall(r"inc-([0-9a-f]{24})", body)
    assert 900_000 < len(body.encode()) <= 1_000_000
    assert [int(each, 16) for each in named] == list(range(9_982, 9_982 - len(named), -1))
    assert "rolemend incidents digest ops-1" in body


def test_a_chat_names_a_hundred_at_most_and_a_mail_of_few_all() -> None:
    lines = [waits(number) for number in range(1, 121)]
    for whole, most in ((False, 100), (True, 120)):
        sheet = digest_sheet("ops-1", lines, "en", whole=whole)
        assert sum("times, emr-role" in row for each in sheet.sections for row in each.lines) == most


def test_a_digest_says_what_each_message_is_and_counts_by_it() -> None:
    kinds = {
        "alert": "denied",
        "repeated": "denied again",
        "remediated": "mended",
        "recovered": "over",
        "overwritten": "an edit may be overwritten",
    }
    lines = [waits(number, kind) for number, kind in enumerate(kinds, 1)] + [waits(6, "recovered")]
    sheet = digest_sheet("ops-1", lines, "en", whole=False)
    assert sheet.title == (
        "6 incidents: 2 over, 1 an edit may be overwritten, 1 mended, 1 denied again, 1 denied"
    )
    rows = [row for each in sheet.sections for row in each.lines if "times, emr-role" in row]
    assert [row.split(": ")[0] for row in rows] == [
        f"{kinds[line.kind]}, {line.incident}" for line in reversed(lines)
    ]
    alone = digest_sheet("ops-1", lines[:2], "en", whole=False)
    assert alone.title == "2 incidents with 3 denials"


def test_a_digest_in_chinese_names_causes_and_kinds_in_chinese() -> None:
    lines = [waits(1), waits(2, "recovered"), waits(3, cause="")]
    sheet = digest_sheet("ops-1", lines, "zh", whole=False)
    shown = "\n".join([sheet.title, *(line for each in sheet.sections for line in each.lines)])
    assert not re.search(r"permission_missing|unknown|denied|over|recovered|alert", shown)
    assert section(sheet, "按原因")[0].startswith("没有权限策略允许")
