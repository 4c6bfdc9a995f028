"""The forms of an audit's finding, so that each check reads as a sentence."""

from __future__ import annotations

from typing import Any

from rolemend.account.interface import Absent, Reading, Unread
from rolemend.audit.guides import GUIDES
from rolemend.audit.model import Finding, Place, fingerprint
from rolemend.checklist.model import FAILED, NOT_APPLICABLE, PASSED, UNKNOWN, Evidence
from rolemend.fix.model import Fix
from rolemend.text import Text, text


def passed(
    check: str, place: Place, statement: Text, evidence: tuple[Evidence, ...] = (), subject: str = ""
) -> Finding:
    return _finding(check, place, PASSED, statement, evidence, subject)


def failed(
    check: str,
    place: Place,
    statement: Text,
    evidence: tuple[Evidence, ...] = (),
    *,
    subject: str = "",
    remedy: Text | None = None,
    fix: Fix | None = None,
) -> Finding:
    """Without `remedy` that of the check's guide."""
    return Finding(
        check=check,
        place=place,
        answer=FAILED,
        severity=GUIDES[check].severity,
        statement=statement,
        id=fingerprint(check, place, subject),
        subject=subject,
        evidence=evidence,
        remedy=remedy or GUIDES[check].remedy,
        fix=fix,
    )


def unknown(
    check: str, place: Place, statement: Text, evidence: tuple[Evidence, ...] = (), subject: str = ""
) -> Finding:
    return _finding(check, place, UNKNOWN, statement, evidence, subject)


def not_applicable(check: str, place: Place, statement: Text, subject: str = "") -> Finding:
    return _finding(check, place, NOT_APPLICABLE, statement, (), subject)


def unread(check: str, place: Place, reading: Reading[Any], statement: Text, subject: str = "") -> Finding:
    """Unknown because something could not be read, or was gone when it was asked for; why is the evidence."""
    return _finding(check, place, UNKNOWN, statement, why(reading), subject)


def why(reading: Reading[Any]) -> tuple[Evidence, ...]:
    """Why there is no answer."""
    if isinstance(reading, Unread):
        said = text(
            "{operation} was not answered: {reason}", operation=reading.operation, reason=reading.reason
        )
        return (Evidence(said),)
    if isinstance(reading, Absent):
        return (Evidence(text("The account has no such thing: {what}", what=reading.what or "-")),)
    return ()


def _finding(
    check: str, place: Place, answer: str, statement: Text, evidence: tuple[Evidence, ...], subject: str
) -> Finding:
    return Finding(
        check=check,
        place=place,
        answer=answer,
        severity=GUIDES[check].severity,
        statement=statement,
        id=fingerprint(check, place, subject),
        subject=subject,
        evidence=evidence,
    )
