"""What an audit says: findings on places, the guide of each check, and the report that holds them."""

from __future__ import annotations

import hashlib

import msgspec

from rolemend.checklist.model import FAILED, NOT_APPLICABLE, PASSED, UNKNOWN, Evidence
from rolemend.fix.model import Fix
from rolemend.text import Text

SCHEMA = 1
"""The version of a report's form; one more with every change that a reader must know of."""

CRITICAL, HIGH, MEDIUM, LOW, INFO = "critical", "high", "medium", "low", "info"
SEVERITIES = (CRITICAL, HIGH, MEDIUM, LOW, INFO)
"""The worst first."""

ANSWERS = (FAILED, UNKNOWN, PASSED, NOT_APPLICABLE)


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """What a finding is about. `region` is "" for what has none, as RAM's roles.

    `kind` is one of account, role, user, group, policy, bucket, cluster, workspace, trail, function, trigger.
    """

    kind: str
    name: str
    region: str = ""
    account: str = ""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """The answer of one check about one place. `remedy` and `fix` are set only where it failed.

    `subject` tells findings of one check about one place apart, such as the bucket that a role's policy names.
    `id` is a fingerprint of check, place and subject: the same in every run, whatever the statement says.
    """

    check: str
    place: Place
    answer: str
    severity: str
    statement: Text
    id: str
    subject: str = ""
    evidence: tuple[Evidence, ...] = ()
    remedy: Text | None = None
    fix: Fix | None = None


class CheckGuide(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a check before it is asked: how bad a failure is, where it is documented, what to do.

    `doctor` checks look at Rolemend's own rights and sources; `rolemend doctor` asks them alone.
    """

    id: str
    severity: str
    title: Text
    doc: str
    remedy: Text
    doctor: bool = False


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """One run. `started` and `ended` are in epoch seconds.

    `account` is the one that ran it, `accounts` are all that were looked at: each finding's place tells which it is in.
    `incomplete` says what could not be read or judged: a report with such a sentence proves nothing about that part.
    `notes` are of interest and call for nothing, such as a release that is newer than this version knows.
    `reads` counts the calls by API.
    """

    account: str
    regions: tuple[str, ...]
    accounts: tuple[str, ...] = ()
    started: float
    ended: float
    findings: tuple[Finding, ...]
    incomplete: tuple[Text, ...] = ()
    notes: tuple[Text, ...] = ()
    reads: dict[str, int] = {}
    run: str = ""
    version: str = ""
    schema: int = SCHEMA

    def failed(self) -> tuple[Finding, ...]:
        return tuple(each for each in self.findings if each.answer == FAILED)

    def is_complete(self) -> bool:
        """Whether everything was read and judged."""
        return not self.incomplete and all(each.answer != UNKNOWN for each in self.findings)

    def worst(self) -> str:
        """The severity of the worst failure, "" where nothing failed."""
        severities = {each.severity for each in self.failed()}
        return next((each for each in SEVERITIES if each in severities), "")


def fingerprint(check: str, place: Place, subject: str = "") -> str:
    """16 hexadecimal digits that stay the same for one question about one place. RAM's names know no case."""
    told = (check, place.kind, place.name.lower(), place.region, place.account, subject.lower())
    return hashlib.sha256(msgspec.json.encode(told)).hexdigest()[:16]
