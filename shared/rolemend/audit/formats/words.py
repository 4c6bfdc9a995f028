"""The words that the forms of a report have in common, each a text of the catalogue."""

from __future__ import annotations

from rolemend.text import Text, text

ANSWERS: dict[str, Text] = {
    "failed": text("failed"),
    "unknown": text("unknown"),
    "passed": text("passed"),
    "not_applicable": text("not applicable"),
}
SEVERITIES: dict[str, Text] = {
    "critical": text("critical"),
    "high": text("high"),
    "medium": text("medium"),
    "low": text("low"),
    "info": text("info"),
}
STATES: dict[str, Text] = {
    "new": text("new"),
    "open": text("still open"),
    "accepted": text("accepted"),
    "fixed": text("fixed"),
}
KINDS: dict[str, Text] = {
    "account": text("account"),
    "role": text("role"),
    "user": text("user"),
    "group": text("group"),
    "policy": text("policy"),
    "bucket": text("bucket"),
    "cluster": text("cluster"),
    "workspace": text("workspace"),
    "trail": text("trail"),
    "function": text("function"),
    "trigger": text("trigger"),
}
INCOMPLETE = text("This report is incomplete: what stands here was not read, so nothing of it has passed.")
UNKNOWN = text(
    "{count} questions could not be answered. They are listed as unknown and have not passed.", count=0
)
ALL_READ = text("Everything was read.")


def unanswered(count: int) -> Text:
    """How many questions have no answer."""
    return text(UNKNOWN.template, count=count)


PAGE: dict[str, Text] = {
    "title": text("Rolemend audit"),
    "language": text("Language"),
    "account": text("Account"),
    "accounts": text("Accounts looked at"),
    "regions": text("Regions"),
    "ended": text("Finished"),
    "run": text("Run"),
    "version": text("Version"),
    "incomplete_title": text("Incomplete"),
    "summary": text("Summary"),
    "by_answer": text("Findings by answer"),
    "by_severity": text("Failures by severity"),
    "number": text("Number"),
    "findings": text("Findings"),
    "filter": text("Filter"),
    "search": text("Search"),
    "all": text("all"),
    "answer": text("Answer"),
    "state": text("State"),
    "severity": text("Severity"),
    "check": text("Check"),
    "place": text("Place"),
    "finding": text("Finding"),
    "evidence": text("Evidence"),
    "remedy": text("Remedy"),
    "documentation": text("Documentation"),
    "fix": text("Exact fix"),
    "shown": text("Shown"),
    "none": text("There are no findings."),
    "checks": text("Checks"),
    "question": text("What must hold"),
    "notes": text("Notes"),
    "since": text("Compared with run"),
    "first": text("There is no earlier run to compare with."),
    "gone": text("Fixed, and nothing is left of it"),
    "until": text("Accepted until"),
    "expired": text("No longer accepted since the end of"),
    "reset": text("Show all"),
}
"""What the HTML report says around the findings."""
