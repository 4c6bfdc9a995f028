"""The forms of a finding, so that each check reads as a sentence."""

from __future__ import annotations

from rolemend.account.interface import Absent, Unread
from rolemend.checklist.model import FAILED, NOT_APPLICABLE, PASSED, UNKNOWN, Evidence, Finding, Remedy
from rolemend.fix.model import Fix
from rolemend.text import Text, text

Name = tuple[str, str]
"""A check's id and its number in the FAQ."""


def passed(name: Name, statement: Text, evidence: tuple[Evidence, ...] = ()) -> Finding:
    return Finding(check=name[0], faq=name[1], answer=PASSED, statement=statement, evidence=evidence)


def failed(
    name: Name,
    statement: Text,
    evidence: tuple[Evidence, ...],
    cause: str,
    remedy: Remedy,
    fix: Fix | None = None,
) -> Finding:
    return Finding(
        check=name[0],
        faq=name[1],
        answer=FAILED,
        statement=statement,
        evidence=evidence,
        cause=cause,
        remedy=remedy,
        fix=fix,
    )


def unknown(name: Name, statement: Text, evidence: tuple[Evidence, ...] = ()) -> Finding:
    return Finding(check=name[0], faq=name[1], answer=UNKNOWN, statement=statement, evidence=evidence)


def not_applicable(name: Name, statement: Text) -> Finding:
    return Finding(check=name[0], faq=name[1], answer=NOT_APPLICABLE, statement=statement)


def unread(name: Name, reading: Absent | Unread, statement: Text) -> Finding:
    """Unknown because a read failed: the reason is the evidence, and a passing fault can be asked again."""
    if isinstance(reading, Absent):
        return unknown(
            name,
            statement,
            (Evidence(text("The account has no such thing: {what}", what=reading.what or "-")),),
        )
    reason = text(
        "{operation} was not answered: {reason}", operation=reading.operation, reason=reading.reason
    )
    return Finding(
        check=name[0],
        faq=name[1],
        answer=UNKNOWN,
        statement=statement,
        evidence=(Evidence(reason),),
        transient=reading.transient,
    )
