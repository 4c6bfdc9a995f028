"""The command `rolemend simulate`: one answer for each line of requests, as soon as the line is there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, BinaryIO

from rolemend.commands.files import opened, without_mark
from rolemend.commands.output import add_options, catalogue, plain, write_json, write_text

if TYPE_CHECKING:
    import argparse

LONGEST_LINE = 64 << 20  # bytes; a longer line is answered with an error and passed over


def add_command(commands: Any) -> None:
    """Add `simulate` to the command line of `rolemend`."""
    parser = commands.add_parser(
        "simulate",
        help="decide requests under policies",
        description="Decides requests under policies: a JSON object a line, or a JSON array of them, each with "
        "policies and request; docs/policy-language.md describes it. Answers one line for each, in order. Exit "
        "code 0, or 2 if any line could not be read; a denial is no failure.",
    )
    parser.add_argument("file", nargs="?", default="-", metavar="FILE", help="default: -, standard input")
    add_options(parser, "json")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Answer every line; 0, or 2 if one was bad. Raises UnreadableInput."""
    words = catalogue(options)
    bad = False
    with opened(options.file) as file:
        for number, answer in enumerate(answers(file, options.file, words), 1):
            bad = bad or "decision" not in answer
            if options.format == "json":
                write_json(answer)
            else:
                write_text(as_text(answer, number))
    return 2 if bad else 0


def answers(file: BinaryIO, name: str, words: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """The answers to `file`: to its lines while they come, or to the elements of the one array that it is."""
    from rolemend.policy.simulate import simulate_line, simulate_text

    lines = read_lines(file, name)
    first: list[bytes | None] = []
    for line in lines:
        first.append(line)
        if line is None or line.strip():
            break
    if first and (first[-1] or b"").lstrip()[:1] == b"[":
        rest = file.read()
        yield from simulate_text(b"\n".join(line or b"" for line in first) + b"\n" + rest, words)
        return
    for number, line in enumerate(_chained(first, lines), 1):
        yield simulate_line(line, number, words)


def _chained(first: Iterable[bytes | None], rest: Iterable[bytes | None]) -> Iterator[bytes | None]:
    yield from first
    yield from rest


def read_lines(file: BinaryIO, name: str) -> Iterator[bytes | None]:
    """The lines of `file` without their ends, None in the place of one that is too long."""
    start = True
    while line := file.readline(LONGEST_LINE):
        if start:
            line, start = without_mark(line, name), False
            if not line:
                return
        if len(line) < LONGEST_LINE or line.endswith(b"\n"):
            yield line.rstrip(b"\r\n")
            continue
        while line and not line.endswith(b"\n"):
            line = file.readline(LONGEST_LINE)
        yield None


def as_text(answer: Mapping[str, Any], number: int) -> str:
    """One line for people: which request, what was decided, why."""
    label = number if answer["id"] is None else answer["id"]
    if "decision" not in answer:
        place = f"{answer['path']} " if answer["path"] else ""
        return plain(f"{label}: error: {place}{answer['error']} (expected: {answer['expected']})")
    return plain(f"{label}: {answer['decision']}: {' '.join(answer['reasons'])}")
