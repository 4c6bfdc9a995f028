"""Runs probes on a cloud, compares its answers with what is assumed, and takes away what it made."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from string import Template
from typing import Any, Protocol

import msgspec

from rolemend.probe.calls import MAKES
from rolemend.probe.model import Answer, Expect, Probe, Step

_PAUSES = (1.0, 2.0, 5.0, 10.0)
"""Seconds between the tries to take something away."""


class Cloud(Protocol):
    """Makes one call as the operator or as a role, and never raises for what the cloud answers."""

    def call(self, service: str, operation: str, values: Mapping[str, Any], role: str) -> Answer: ...


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """An answer that is not the assumed one: which step, what was assumed and what came."""

    step: int
    do: str
    assumed: dict[str, Any]
    came: dict[str, Any]


class Left(msgspec.Struct, frozen=True, kw_only=True):
    """What could not be taken away: `what` with the call and its error, and the command that does it by hand."""

    what: str
    by_hand: str


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """How a probe came out: `agrees`, `differs`, or `not asked`, if a step that only prepares it failed (`reason`).

    `left` names what could not be taken away again.
    """

    probe: str
    result: str
    differences: tuple[Difference, ...] = ()
    reason: str = ""
    left: tuple[Left, ...] = ()


class Runner:
    """Runs probes. What was changed may take a while to count: an answer that is not the assumed one is asked for again
    until `patience` seconds have passed."""

    def __init__(
        self,
        cloud: Cloud,
        values: Mapping[str, str],
        *,
        patience: float = 60.0,
        pause: float = 5.0,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._cloud, self._values = cloud, values
        self._tries = 1 + int(patience / pause) if pause else 1
        self._pause, self._sleep = pause, sleep

    def run(self, probe: Probe) -> Outcome:
        """Ask one question, and clean up whatever became of it."""
        made: list[tuple[Step, Mapping[str, Any]]] = []
        values = dict(self._values)
        try:
            differences, reason = self._ask(probe, values, made)
        finally:
            left = tuple(self._clean(made))
        result = "not asked" if reason else "differs" if differences else "agrees"
        return Outcome(
            probe=probe.id, result=result, differences=tuple(differences), reason=reason, left=left
        )

    def _ask(
        self, probe: Probe, values: dict[str, str], made: list[tuple[Step, Mapping[str, Any]]]
    ) -> tuple[list[Difference], str]:
        differences: list[Difference] = []
        for number, step in enumerate(probe.steps, 1):
            filled = fill(step.with_, values)
            if step.do in MAKES:
                taken = self._taken(step, filled)
                if taken:
                    return [], f"step {number}, {step.do}: {taken}"
                made.append((step, filled))  # before the call: its answer may be lost
            expect = step.expect and msgspec.structs.replace(
                step.expect, answer=fill(step.expect.answer, values)
            )
            role = "" if step.who == "operator" else f"{values['prefix']}-{step.who}"
            answers = self._answers(step.do, filled, role, partial(_settles, expect))
            answer = answers[-1]
            if step.do in MAKES and all(map(_refused, answers)):
                made.pop()  # whoever made what now stands there, it was not this call
            if expect is None and answer.code:
                return [], f"step {number}, {step.do}: {answer.code}: {answer.message}"
            if expect is not None and not fits(expect, answer):
                differences.append(_difference(number, step, expect, answer))
            values |= {name: str(_at(answer.body, place)) for name, place in step.save.items()}
        return differences, ""

    def _taken(self, step: Step, filled: Mapping[str, Any]) -> str:
        """Why something may not be made: it is there already, or nobody can tell. "" if it is not there."""
        made = MAKES[step.do]
        if not made.look:
            return ""
        named = {made.name: filled[made.name]}
        if made.name == "PolicyName":
            named["PolicyType"] = "Custom"
        answer = self._answers(made.look, named, "", lambda answer: not _lost(answer))[-1]
        if _gone(answer):
            return ""
        if answer.code:
            return f"whether {filled[made.name]} is there is not known: {made.look}: {answer.code}"
        return f"{filled[made.name]} is there already and somebody else's; nothing was done with it"

    def _answers(
        self, do: str, filled: Mapping[str, Any], role: str, settles: Callable[[Answer], bool]
    ) -> list[Answer]:
        """What came of each try, until one settles it."""
        service, operation = do.split(".", 1)
        answers = [self._cloud.call(service, operation, filled, role)]
        for _ in range(self._tries - 1):
            if settles(answers[-1]):
                break
            self._sleep(self._pause)
            answers.append(self._cloud.call(service, operation, filled, role))
        return answers

    def _clean(self, made: list[tuple[Step, Mapping[str, Any]]]) -> Iterator[Left]:
        """Take away what was made, newest first, each thing with a few tries; what could not be."""
        for step, filled in reversed(made):
            thing = MAKES[step.do]
            answer = self._undone(thing.undo, filled)
            if answer.code and not _gone(answer):
                named = {**self._values, **{name: str(value) for name, value in filled.items()}}
                yield Left(
                    what=f"{filled[thing.name]}: {thing.undo}: {answer.code}",
                    by_hand=Template(thing.by_hand).safe_substitute(named),
                )

    def _undone(self, undo: str, filled: Mapping[str, Any]) -> Answer:
        """The last answer of a few tries: a detached policy may still look attached, and a refusal is final."""
        service, operation = undo.split(".", 1)
        for pause in (*_PAUSES, None):
            answer = self._cloud.call(service, operation, filled, "")
            if pause is None or not answer.code or _gone(answer) or answer.status in (401, 403):
                break
            self._sleep(min(pause, self._pause))
        return answer


def _settles(expect: Expect | None, answer: Answer) -> bool:
    """Whether it is no use to ask again. What exists will not be made by another try; and after an answer that it
    does, a later one that is lost would make it look like this probe's own."""
    if "AlreadyExist" in answer.code:
        return True
    return fits(expect, answer) if expect is not None else not answer.code


def _gone(answer: Answer) -> bool:
    """Whether the service says that the thing is not there; any other 404 may be about something else."""
    return answer.status == 404 and answer.code.startswith(
        ("EntityNotExist", "NoSuchBucket", "ProjectNotExist")
    )


def _lost(answer: Answer) -> bool:
    """Whether the call may have had its effect, whatever was answered."""
    return bool(answer.code) and (not 400 <= answer.status < 500 or answer.status == 408)


def _refused(answer: Answer) -> bool:
    return bool(answer.code) and not _lost(answer)


def fill(value: Any, values: Mapping[str, str]) -> Any:
    """The values of a call with all names filled in; a policy that is an object becomes text."""
    if isinstance(value, Mapping):
        return {key: _text(key, fill(item, values)) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [fill(item, values) for item in value]
    return Template(value).safe_substitute(values) if isinstance(value, str) else value


def _text(key: str, value: Any) -> Any:
    return json.dumps(value) if key.endswith(("Document", "Policy")) and isinstance(value, dict) else value


def fits(expect: Expect, answer: Answer) -> bool:
    """Whether the answer is the assumed one, as far as it is told."""
    return (
        expect.code in (None, answer.code)
        and expect.status in (None, answer.status)
        and expect.ec in (None, answer.ec)
        and all(_at(answer.body, place) == value for place, value in expect.answer.items())
    )


def _difference(number: int, step: Step, expect: Expect, answer: Answer) -> Difference:
    """Only the members that were assumed."""
    names = [name for name in ("code", "status", "ec") if getattr(expect, name) is not None]
    assumed = {name: getattr(expect, name) for name in names} | dict(expect.answer)
    came = {name: getattr(answer, name) for name in names}
    came |= {place: _at(answer.body, place) for place in expect.answer}
    return Difference(step=number, do=step.do, assumed=assumed, came=came)


def _at(body: Any, place: str) -> Any:
    for part in place.split("."):
        if isinstance(body, list) and part.isdecimal() and int(part) < len(body):
            body = body[int(part)]
        elif isinstance(body, Mapping):
            body = body.get(part)
        else:
            return None
    return body
