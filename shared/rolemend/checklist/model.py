"""Findings, diagnoses, and the remedies they call for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

import msgspec

from rolemend.fix.model import Fix
from rolemend.text import Text

F = TypeVar("F")

PASSED, FAILED, UNKNOWN, NOT_APPLICABLE = "passed", "failed", "unknown", "not_applicable"

READ_LIVE = "read_live"
REPORTED = "reported_by_service"
INFERRED = "inferred_from_text"


class Evidence(msgspec.Struct, frozen=True):
    """What an answer was read from, and how sure that is: `read_live`, `reported_by_service`, `inferred_from_text`."""

    statement: Text
    certainty: str = READ_LIVE


class TrustService(msgspec.Struct, frozen=True, kw_only=True, tag="trust_service"):
    """Let a role be assumed by one more cloud service."""

    role: str
    service: str


class ListBucket(msgspec.Struct, frozen=True, kw_only=True, tag="list_bucket"):
    """List a bucket as a resource, for the group of the denied action, in a policy of a role."""

    role: str
    bucket: str
    action: str


class Advice(msgspec.Struct, frozen=True, kw_only=True, tag="advice"):
    """A step that only a person may take. `document` is text to paste, "" if there is none.

    `fix` is the change itself, None where only its cause's general fix is known; `verify` the command that shows
    whether it helped, "" for the one that the denial calls for.
    """

    statement: Text
    document: str = ""
    fix: Fix | None = None
    verify: str = ""


Remedy = TrustService | ListBucket | Advice


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to one check. `cause` and `remedy` are set only where it failed.

    `fix` is what a person does in the place of a remedy that a program may apply, but did not.
    """

    check: str
    faq: str
    answer: str
    statement: Text
    evidence: tuple[Evidence, ...] = ()
    cause: str | None = None
    remedy: Remedy | None = None
    fix: Fix | None = None
    transient: bool = False
    """An unknown that a later try may answer."""


class Check(msgspec.Struct, Generic[F], frozen=True):
    """One question of a checklist: its id, its number in the FAQ, what it asks, and how it is answered from facts."""

    id: str
    faq: str
    question: Text
    ask: Callable[[F], Finding]


class Diagnosis(msgspec.Struct, frozen=True, kw_only=True):
    """All findings in order. `cause` is that of the first failed check, or of the one that the service itself reported,
    with the remedy it calls for.

    `allowed_now` says that the live policies allow the call and were changed after it was denied.
    """

    checklist: str
    findings: tuple[Finding, ...]
    cause: str | None = None
    remedy: Remedy | None = None
    allowed_now: bool = False

    def is_complete(self) -> bool:
        """Whether every check got an answer: an unknown never counts as passed."""
        return all(finding.answer != UNKNOWN for finding in self.findings)

    def is_waiting(self) -> bool:
        """Whether a read failed that may succeed later, so that the diagnosis should be made again."""
        return any(finding.transient for finding in self.findings)


def conclude(
    checklist: str, findings: tuple[Finding, ...], *, changed_since: bool, reported: tuple[str, ...] = ()
) -> Diagnosis:
    """The first failed check gives cause and remedy, but one whose cause the service `reported` comes before all.

    An unknown before the failed check leaves the cause, but only advice.
    """
    failures = [finding for finding in findings if finding.answer == FAILED]
    if failures:
        failed = next((finding for finding in failures if finding.cause in reported), failures[0])
        return Diagnosis(checklist=checklist, findings=findings, cause=failed.cause, remedy=failed.remedy)
    allowed = changed_since and all(finding.answer in (PASSED, NOT_APPLICABLE) for finding in findings)
    return Diagnosis(checklist=checklist, findings=findings, allowed_now=allowed)
