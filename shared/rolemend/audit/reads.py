"""What was read of an account: one answer for each question, in memory and as bytes between two invocations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from rolemend.account.interface import Absent, Cluster, Known, PolicyUsers, Reading, Role, Unread, Workspace
from rolemend.account.surveyed import (
    BucketSettings,
    BucketUse,
    FunctionState,
    Listed,
    PolicyName,
    PolicyText,
    Survey,
    TrailState,
    TriggerState,
)

Question = tuple[str, ...]
"""A method of `Survey` and its arguments as text."""

VALUES: dict[str, Any] = {
    "role": Role,
    "role_names": tuple[str, ...],
    "listed": tuple[Listed, ...],
    "members": tuple[str, ...],
    "role_tags": dict[str, str],
    "bucket_tags": dict[str, str],
    "attached": tuple[PolicyName, ...],
    "document": PolicyText,
    "holders": PolicyUsers,
    "clusters": tuple[str, ...],
    "cluster": Cluster,
    "workspaces": tuple[str, ...],
    "workspace": Workspace,
    "bucket_regions": dict[str, str],
    "bucket_settings": BucketSettings,
    "bucket_policy": str,
    "public_access_blocked": bool,
    "trails": tuple[TrailState, ...],
    "logstore_days": int,
    "bucket_use": tuple[BucketUse, ...],
    "function": FunctionState,
    "triggers": tuple[TriggerState, ...],
}
"""What each question is answered with."""

NOT_READ = Unread("the audit", "it was not read")


class _Line(msgspec.Struct, frozen=True, array_like=True):
    """One answer as JSON: `state` is known, absent or unread."""

    question: Question
    state: str
    value: msgspec.Raw = msgspec.Raw(b"null")


class Reads:
    """Answers by question. RAM's names know no case, so neither do questions."""

    def __init__(self) -> None:
        self._answers: dict[Question, Reading[Any]] = {}

    def __contains__(self, question: Question) -> bool:
        return key_of(question) in self._answers

    def __len__(self) -> int:
        return len(self._answers)

    def __iter__(self) -> Iterator[tuple[Question, Reading[Any]]]:
        return iter(self._answers.items())

    def put(self, question: Question, answer: Reading[Any]) -> None:
        self._answers[key_of(question)] = answer

    def get(self, *question: str) -> Reading[Any]:
        """The answer; unread where nobody asked."""
        found = self._answers.get(question)  # mostly it is asked as it is kept
        return self._answers.get(key_of(question), NOT_READ) if found is None else found

    def encode(self) -> bytes:
        """JSON Lines. A transient failure is left out, so that it is asked again."""
        lines = (_line(question, answer) for question, answer in self._answers.items())
        return b"".join(msgspec.json.encode(line) + b"\n" for line in lines if line is not None)

    @classmethod
    def decode(cls, data: bytes) -> Reads:
        """Raises msgspec.MsgspecError for what `encode` did not write."""
        reads = cls()
        decoder = msgspec.json.Decoder(_Line)
        for text in data.splitlines():
            line = decoder.decode(text)
            reads._answers[line.question] = _answer(line)
        return reads


def ask(survey: Survey, question: Question) -> Reading[Any]:
    """Read what a question asks for."""
    name, *values = question
    method = getattr(survey, name)
    if name == "bucket_use":
        answer: Reading[Any] = method(values[0], int(values[1]))
    else:
        answer = method(*values)
    return answer


def key_of(question: Question) -> Question:
    """The question as it is kept: RAM tells no upper from lower case."""
    return (question[0], *map(str.lower, question[1:]))


def _line(question: Question, answer: Reading[Any]) -> _Line | None:
    if isinstance(answer, Known):
        return _Line(question, "known", msgspec.Raw(msgspec.json.encode(answer.value)))
    if isinstance(answer, Absent):
        return _Line(question, "absent", msgspec.Raw(msgspec.json.encode(answer.what)))
    if answer.transient:
        return None
    return _Line(question, "unread", msgspec.Raw(msgspec.json.encode((answer.operation, answer.reason))))


def _answer(line: _Line) -> Reading[Any]:
    if line.state == "known":
        return Known(msgspec.json.decode(line.value, type=VALUES[line.question[0]]))
    if line.state == "absent":
        return Absent(msgspec.json.decode(line.value, type=str))
    operation, reason = msgspec.json.decode(line.value, type=tuple[str, str])
    return Unread(operation, reason)


def failures(reads: Reads) -> Mapping[Question, Unread]:
    """What could not be read, by question."""
    return {question: answer for question, answer in reads if isinstance(answer, Unread)}
