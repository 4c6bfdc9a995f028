"""SARIF 2.1.0: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html

Failed and unknown findings are results; those that passed are only counted, as consumers list every result as an alert.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any
from urllib.parse import quote

import msgspec

from rolemend.audit.comparison import FIXED, NEW, Comparison
from rolemend.audit.formats import words
from rolemend.audit.formats.rows import Row, gone_rows, rows
from rolemend.audit.guides import GUIDES
from rolemend.audit.model import CheckGuide, Report
from rolemend.checklist.model import FAILED, UNKNOWN
from rolemend.fix.guidance import plain, say

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {"critical": "error", "high": "error", "medium": "warning", "low": "note", "info": "note"}
_SCORES = {"critical": "9.5", "high": "8.0", "medium": "5.0", "low": "2.0", "info": "0.0"}
"""`security-severity`, by which code scanning sorts alerts; from 9.0 on critical, 7.0 high, 4.0 medium."""


def to_sarif(report: Report, comparison: Comparison, language: str) -> bytes:
    """One run. `invocations`, which stands before the results, names what is incomplete."""
    run = {
        "tool": {"driver": _driver(report, language)},
        "language": "zh-CN" if language == "zh" else "en",
        "automationDetails": {"id": f"rolemend-audit/{plain(report.run) or report.account}/"},
        "invocations": [_invocation(report, language)],
        "properties": {
            "accounts": list(report.accounts),
            "regions": list(report.regions),
            "answers": dict(Counter(each.answer for each in report.findings)),
            "notes": [say(each, language) for each in report.notes],
        },
        "results": list(_results(report, comparison, language)),
    }
    return msgspec.json.encode({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]})


def _driver(report: Report, language: str) -> dict[str, Any]:
    rules = [_rule(guide, language) for guide in GUIDES.values()]
    return {"name": "Rolemend", "version": plain(report.version) or "unknown", "rules": rules}


def _rule(guide: CheckGuide, language: str) -> dict[str, Any]:
    return {
        "id": guide.id,
        "shortDescription": _message(say(guide.title, language)),
        "help": _message(say(guide.remedy, language)),
        "helpUri": guide.doc,
        "defaultConfiguration": {"level": _LEVELS[guide.severity]},
        "properties": {"security-severity": _SCORES[guide.severity], "tags": ["security", guide.severity]},
    }


def _invocation(report: Report, language: str) -> dict[str, Any]:
    """Unsuccessful where something is missing: nobody may take the results for all there are."""
    said = [say(words.INCOMPLETE, language)] if report.incomplete else []
    said += [say(each, language) for each in report.incomplete]
    unknown = sum(each.answer == UNKNOWN for each in report.findings)
    said += [say(words.unanswered(unknown), language)] if unknown else []
    return {
        "executionSuccessful": report.is_complete(),
        "startTimeUtc": _time(report.started),
        "endTimeUtc": _time(report.ended),
        "toolExecutionNotifications": [{"level": "error", "message": _message(each)} for each in said],
    }


def _results(report: Report, comparison: Comparison, language: str) -> Iterator[dict[str, Any]]:
    since = bool(comparison.since)
    numbers = {name: number for number, name in enumerate(GUIDES)}
    for row in rows(report, comparison, language):
        if row.finding.answer in (FAILED, UNKNOWN):
            state = "new" if row.state == NEW else "unchanged"
            known = since and row.finding.answer == FAILED
            yield _result(row, numbers, {"baselineState": state} if known else {})
        elif row.state == FIXED:
            yield _result(row, numbers, {"baselineState": "absent"})
    for row in gone_rows(comparison, language):
        yield _result(row, numbers, {"baselineState": "absent"})


def _result(row: Row, numbers: dict[str, int], state: dict[str, str]) -> dict[str, Any]:
    finding = row.finding
    kind, level = _KINDS.get(finding.answer, ("pass", "none"))
    rule = {"ruleIndex": numbers[finding.check]} if finding.check in numbers else {}
    sentences = [row.statement, *row.evidence, row.remedy]
    held = row.acceptance
    suppression = (
        {"kind": "external", "status": "accepted", "justification": plain(held.reason)} if held else None
    )
    return {
        "ruleId": plain(finding.check),
        **rule,
        "kind": kind,
        "level": level or _LEVELS.get(finding.severity, "warning"),
        "message": _message(" ".join(each for each in sentences if each)),
        "locations": [_location(row)],
        "partialFingerprints": {"rolemendFinding/v1": plain(finding.id), "primaryLocationLineHash": plain(finding.id)},
        **state,
        **({"suppressions": [suppression]} if suppression else {}),
        "properties": {
            "severity": finding.severity,
            "account": row.account,
            "region": row.region,
            "resource": f"{row.kind} {row.name}",
            "subject": row.subject,
            **({"acceptedUntil": held.until} if held else {}),
            **({"acceptanceExpired": row.expired.until} if row.expired else {}),
        },
    }  # fmt: skip


_KINDS = {FAILED: ("fail", ""), UNKNOWN: ("open", "none")}
"""What is unknown is open, "the result could not be determined"; only what failed has a level (3.27.9, 3.27.10)."""


def _location(row: Row) -> dict[str, Any]:
    """The resource by its name, and as a path, for consumers that know files only."""
    steps = [row.account or "-", row.region or "-", row.kind, row.name]
    path = "/".join(quote(step, safe="") for step in steps)
    return {
        "physicalLocation": {"artifactLocation": {"uri": path}, "region": {"startLine": 1}},
        "logicalLocations": [
            {"name": row.name, "fullyQualifiedName": "/".join(steps), "kind": "resource"}
        ],
    }  # fmt: skip


def _message(sentence: str) -> dict[str, str]:
    """Plain text in which nothing is a placeholder (3.11.5) or a link (3.11.6)."""
    return {"text": sentence.translate(_ESCAPES) or "-"}


_ESCAPES = str.maketrans({"\\": "\\\\", "[": "\\[", "]": "\\]", "{": "{{", "}": "}}"})


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
