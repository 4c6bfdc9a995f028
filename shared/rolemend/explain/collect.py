"""Answers from sightings: the same error once with its count, the most important first, never none."""

from __future__ import annotations

import re

import msgspec

from rolemend.explain import codes
from rolemend.explain.answer import CONFIDENCES, Answer
from rolemend.explain.case import denial_in
from rolemend.explain.endpoint import right_endpoint
from rolemend.explain.names import REGION_NAME, oss_host, service_of
from rolemend.explain.sighting import Sighting
from rolemend.explain.verdict import NO_PERMISSION_PROBLEM, NOT_RECOGNISED, Verdict, judge
from rolemend.text import text

_MOST = 5_000
"""Different errors that are told apart; further ones are counted by their cause, so that no text fills the memory."""
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9\-]{0,62})(?:\.[A-Za-z0-9][A-Za-z0-9\-]{0,62}){1,8}", re.ASCII)
_LONGEST = 1_024
"""Characters of a name: a longer one is none."""


class Collector:
    """Takes sightings in the order of the text."""

    def __init__(self) -> None:
        self._answers: dict[tuple[str | None, ...], Answer] = {}
        self._last: tuple[str | None, ...] = ()
        self._no_error = False

    def add(self, error: Sighting) -> None:
        """Count one error in."""
        if "no_error" in error.signs:
            self._no_error = True
            return
        verdict = judge(error)
        if verdict.kind == NOT_RECOGNISED:
            return
        answer = _answer(error, verdict)
        key = _sameness(answer)
        if key not in self._answers and len(self._answers) >= _MOST:
            answer, error = _nameless(answer), Sighting()
            key = _sameness(answer)
        known = self._answers.get(key)
        if known is None:
            self._answers[key] = msgspec.structs.replace(answer, denial=denial_in(error.record))
        elif not (error.nested and key == self._last and known.request_id == answer.request_id):
            self._answers[key] = _again(known, answer)
        self._last = key

    def answers(self) -> list[Answer]:
        """All answers; one that says that nothing was recognised if there is no other."""
        if self._answers:
            return sorted(self._answers.values(), key=_importance)
        kind = NO_PERMISSION_PROBLEM if self._no_error else NOT_RECOGNISED
        return [Answer(kind=kind, cause="unknown", confidence="unknown")]


def _importance(answer: Answer) -> tuple[bool, int, int]:
    return (answer.cause == "unknown", CONFIDENCES.index(answer.confidence), -answer.count)


def _sameness(answer: Answer) -> tuple[str | None, ...]:
    return (
        answer.kind, answer.cause, _family(answer.code), answer.ec, answer.service, answer.principal, answer.action,
        answer.resource, answer.bucket, answer.endpoint, answer.right_endpoint,
    )  # fmt: skip


def _region_of(resource: str) -> str:
    """The region that a resource names, `acs:log:cn-hangzhou:...`; OSS's name none that is sure."""
    named = resource.split(":")[2:3]
    return named[0] if named and REGION_NAME.fullmatch(named[0]) else ""


def _family(code: str) -> str:
    """Codes that say the same are one error, also where one of them was not printed."""
    return codes.cause_of_code(code) or codes.DENIED


def _again(known: Answer, other: Answer) -> Answer:
    """The same error once more; an object is named only while it is the same one."""
    kept = known.object if known.object == other.object else None
    encoded = other.encoded or known.encoded  # the younger one: a message can be opened for a time only
    return msgspec.structs.replace(known, count=known.count + 1, object=kept, encoded=encoded)


def _nameless(answer: Answer) -> Answer:
    """What further errors are counted as: a text of millions of different ones must not fill the memory."""
    said = text(
        "More than {most} different errors: the others are counted here by their cause alone.", most=_MOST
    )
    return Answer(kind=answer.kind, cause=answer.cause, confidence=answer.confidence, because=(said,))


def _answer(error: Sighting, verdict: Verdict) -> Answer:
    host = oss_host(error.host)
    right = right_endpoint(error) if verdict.cause == "wrong_endpoint" else None
    wrong = verdict.cause == "wrong_endpoint"
    region = (right.region if right else "") if wrong and host else error.region or _region_of(error.resource)
    return Answer(
        kind=verdict.kind,
        cause=verdict.cause,
        confidence=verdict.confidence,
        service=_name(error.service or service_of(error.action)),
        principal=_name(error.principal),
        action=_name(error.action),
        resource=_name(error.resource),
        bucket=_name(error.bucket),
        object=_name(error.object),
        region=_name(region),
        endpoint=host.endpoint if host else _name(error.host) if _HOST.fullmatch(error.host) else None,
        right_endpoint=_name(right.endpoint if right else ""),
        request_id=_name(error.request_id),
        ec=_name(error.ec),
        code=error.code[:_LONGEST],
        principal_type=error.principal_type,
        principal_id=error.principal_id,
        owner=error.owner,
        policy_type=error.policy_type,
        encoded=error.encoded,
        guessed=error.guessed,
        by_role="role" in error.signs or ":" in error.principal,
        because=verdict.because,
        source=verdict.source,
    )


def _name(value: str) -> str | None:
    value = value.strip()
    return value if value and len(value) <= _LONGEST and value.isprintable() else None
