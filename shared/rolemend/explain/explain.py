"""From a text of any kind and length to its answers."""

from __future__ import annotations

import io
from collections.abc import Callable

import msgspec

from rolemend.explain.advice import Advice, advise
from rolemend.explain.answer import Answer
from rolemend.explain.collect import Collector
from rolemend.explain.documents import split_documents
from rolemend.explain.gather import sightings_in
from rolemend.explain.jobs import Jobs
from rolemend.explain.plaintext import unescaped, worth_reading
from rolemend.explain.reading import Readable, windows


def explain_bytes(content: bytes) -> list[Answer]:
    """The answers to a text in any encoding."""
    return explain_file(io.BytesIO(content))


def explain_file(file: Readable, read: Callable[[int], None] = lambda count: None) -> list[Answer]:
    """The answers to a file, read piece by piece: memory does not grow with its length.

    `read` is told the bytes of each piece. Nothing in the file is an error of this function.
    """
    return with_advice(answers_in(file, read))


def answers_in(file: Readable, read: Callable[[int], None] = lambda count: None) -> list[Answer]:
    """The same without advice, for who asks an account about them first."""
    collector, jobs = Collector(), Jobs()
    for window in windows(file, read):
        jobs.look(window)
        for part in worth_reading(window):
            _look(part, collector)
    workspace, run = jobs.named()
    if not (workspace or run):
        return collector.answers()
    return [
        msgspec.structs.replace(answer, workspace=workspace, job_run=run) for answer in collector.answers()
    ]


def with_advice(answers: list[Answer]) -> list[Answer]:
    """Each answer with what to do about it, led by the remedy that an account's diagnosis called for."""
    return [msgspec.structs.replace(answer, advice=_advice(answer)) for answer in answers]


def _advice(answer: Answer) -> tuple[Advice, ...]:
    """The diagnosis's own, with what the text and the account told as its evidence; else the one for the cause."""
    if answer.guide is None:
        return advise(answer)
    console = (*((answer.remedy,) if answer.remedy else ()), *answer.guide.console)
    return (
        msgspec.structs.replace(answer.guide, console=console, evidence=answer.because, source=answer.source),
    )


def _look(text: str, collector: Collector) -> None:
    known, rest = split_documents(text)
    for sighting in known:
        collector.add(sighting)
    for sighting in sightings_in(unescaped(rest)):
        collector.add(sighting)
