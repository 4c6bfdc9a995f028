"""An answer from a text, and the diagnosis of the same denial on the account: what was read live outranks inference.

What the service itself reported (an EC, an AccessDeniedDetail) is no inference. Where the account says otherwise by
now, what stands there now is what a person can mend, but it is no more than likely to be what refused the call.
"""

from __future__ import annotations

import msgspec

from rolemend.checklist.guide import failed_finding
from rolemend.checklist.model import (
    INFERRED,
    READ_LIVE,
    REPORTED,
    UNKNOWN,
    Diagnosis,
    Evidence,
    Finding,
)
from rolemend.explain.answer import CAUSES, Answer, Check
from rolemend.explain.verdict import (
    CERTAIN,
    LIKELY,
    NO_PERMISSION_PROBLEM,
    NOT_PERMISSIONS,
    OSS_DENIED,
)
from rolemend.explain.verdict import UNKNOWN as NOT_KNOWN
from rolemend.text import Text, text

_HEADINGS = {
    READ_LIVE: text("Read from the account:"),
    REPORTED: text("Reported by the service:"),
    INFERRED: text("Inferred from the text:"),
}


def with_diagnosis(answer: Answer, diagnosis: Diagnosis, *, certain: bool) -> Answer:
    """The answer with its checks and the cause that they find. `certain` is False where the action was guessed."""
    checked = msgspec.structs.replace(
        answer, checks=tuple(Check(finding.check, finding.answer) for finding in diagnosis.findings)
    )
    failed = _cause(diagnosis)
    if failed is None:
        return _without_cause(checked, diagnosis)
    agreed = answer.cause == failed.cause and answer.confidence == CERTAIN
    contradicted = answer.confidence == CERTAIN and not agreed
    open_before = any(
        finding.answer == UNKNOWN for finding in diagnosis.findings[: diagnosis.findings.index(failed)]
    )
    sure = agreed or (certain and not contradicted and not open_before)
    cause = str(failed.cause)
    return msgspec.structs.replace(
        checked,
        kind=_kind(answer, cause),
        cause=cause,
        confidence=CERTAIN if sure else LIKELY,
        because=_because(answer, failed),
    )


def _cause(diagnosis: Diagnosis) -> Finding | None:
    """The finding that gives the cause, if it is one that an answer can have."""
    if diagnosis.cause not in CAUSES:
        return None
    return failed_finding(diagnosis)


def _without_cause(answer: Answer, diagnosis: Diagnosis) -> Answer:
    """Nothing failed. What was only inferred is taken back if every check got an answer."""
    notes = [
        evidence
        for finding in diagnosis.findings
        if finding.answer == UNKNOWN
        for evidence in finding.evidence
    ]
    if not diagnosis.findings or not diagnosis.is_complete():
        return msgspec.structs.replace(answer, because=(*answer.because, *grouped(notes)))
    said = text(
        "Every check passes on the account as it is now: it was changed since, or something else refused."
    )
    because = (*answer.because, said, *grouped(notes))
    if answer.confidence == CERTAIN or answer.cause == "unknown":
        return msgspec.structs.replace(answer, because=because)
    return msgspec.structs.replace(answer, cause="unknown", confidence=NOT_KNOWN, because=because)


def _because(answer: Answer, failed: Finding) -> tuple[Text, ...]:
    """The finding, and what it rests on: read, reported, and what the text had told before."""
    basis = REPORTED if answer.confidence == CERTAIN else INFERRED
    inferred = [Evidence(line, basis) for line in answer.because]
    return (failed.statement, *grouped([*failed.evidence, *inferred]))


def grouped(evidence: list[Evidence]) -> tuple[Text, ...]:
    """Evidence under a heading for each kind: what was read, what was reported, what was inferred."""
    lines: list[Text] = []
    for certainty, heading in _HEADINGS.items():
        found = [each.statement for each in evidence if each.certainty == certainty]
        lines += [heading, *found] if found else []
    return tuple(lines)


def _kind(answer: Answer, cause: str) -> str:
    if cause in NOT_PERMISSIONS:
        return NO_PERMISSION_PROBLEM
    return OSS_DENIED if answer.kind == NO_PERMISSION_PROBLEM else answer.kind
