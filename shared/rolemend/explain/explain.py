"""From a text of any kind and length to its answers."""

from __future__ import annotations

import io
from collections.abc import Callable

import msgspec

from rolemend.explain.advice import advise
from rolemend.explain.answer import Answer
from rolemend.explain.collect import Collector
from rolemend.explain.documents import split_documents
from rolemend.explain.gather import sightings_in
from rolemend.explain.plaintext import unescaped, worth_reading
from rolemend.explain.reading import Readable, windows


def explain_bytes(content: bytes) -> list[Answer]:
    """The answers to a text in any encoding."""
    return explain_file(io.BytesIO(content))


def explain_file(file: Readable, read: Callable[[int], None] = lambda count: None) -> list[Answer]:
    """The answers to a file, read piece by piece: memory does not grow with its length.

    `read` is told the bytes of each piece. Nothing in the file is an error of this function.
    """
    collector = Collector()
    for window in windows(file, read):
        for part in worth_reading(window):
            _look(part, collector)
    return [msgspec.structs.replace(answer, advice=advise(answer)) for answer in collector.answers()]


def _look(text: str, collector: Collector) -> None:
    known, rest = split_documents(text)
    for sighting in known:
        collector.add(sighting)
    for sighting in sightings_in(unescaped(rest)):
        collector.add(sighting)
