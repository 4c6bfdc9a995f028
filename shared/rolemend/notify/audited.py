"""What people are told of an audit: its new findings, and nothing they were told before."""

from __future__ import annotations

from rolemend.audit.comparison import Comparison
from rolemend.audit.model import Finding, Report
from rolemend.catalogue import translations
from rolemend.fix.guidance import plain
from rolemend.notify.links import Link
from rolemend.notify.message import inert
from rolemend.text import Text, text

_MOST = 20
"""So many findings are written out; the report has all."""


def announce(report: Report, comparison: Comparison, language: str, key: str = "") -> str:
    """The message as lines of plain text, "" where nothing is new. `key` is where the report lies."""
    new = set(comparison.new)
    found = [each for each in report.failed() if each.id in new]
    if not found:
        return ""
    said = [
        text(
            "The audit of account {account} found {count} new problems.",
            account=report.account,
            count=len(found),
        )
    ]
    said += [_line(each) for each in found[:_MOST]]
    if len(found) > _MOST:
        said.append(text("{count} more stand in the report.", count=len(found) - _MOST))
    if not report.is_complete():
        said.append(text("Not everything could be read: the report names what is missing."))
    if key:
        said.append(text("The report lies in the ledger's bucket under {key}.", key=key))
    return "\n".join(_say(each, language) for each in said)


def link_to(run: str, console: str, language: str) -> tuple[Link, ...]:
    """The report in Rolemend's console, where there is one."""
    if not console:
        return ()
    label = _say(text("The report in Rolemend's console"), language)
    return (Link(label=label, url=f"{console.rstrip('/')}/reports/{run}"),)


def _line(finding: Finding) -> Text:
    place = finding.place
    where = " ".join(each for each in (place.account, place.region, place.kind, place.name) if each)
    return text(
        "- {check} ({severity}), {where}", check=finding.check, severity=finding.severity, where=where[:200]
    )


def _say(sentence: Text, language: str) -> str:
    shown = {key: inert(plain(value)) for key, value in sentence.values.items()}
    return Text(sentence.template, shown).render(translations(language))
