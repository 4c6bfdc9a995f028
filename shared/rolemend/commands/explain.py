"""`rolemend explain`: paste an error, get the answer."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from rolemend.commands.state_file import opened
from rolemend.errors import RolemendError

if TYPE_CHECKING:
    from rolemend.explain.answer import Answer
    from rolemend.explain.live import Live

Connect = Callable[[], "Live"]


def add_command(commands: Any) -> None:
    """Add `explain` to the command line of `rolemend`."""
    parser = commands.add_parser("explain", help="say why a call was denied, from its error text")
    parser.add_argument(
        "file", nargs="?", default="-", metavar="FILE", help="the text; - or nothing: standard input"
    )
    parser.add_argument(
        "--format", choices=("text", "json", "markdown"), default="text", help="default: text"
    )
    parser.add_argument(
        "--lang", choices=("en", "zh"), default="en", help="language of the advice (default: en)"
    )
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "--snapshot",
        metavar="FILE",
        type=Path,
        help="run the checks on a state file of the local cloud, which stays as it is",
    )
    where.add_argument(
        "--offline",
        action="store_true",
        help="from the text alone, also where this machine has credentials (without any, that is so anyway)",
    )
    parser.set_defaults(run=run, open_snapshot=None)


def run(options: argparse.Namespace) -> int:
    """Answer to a file or to standard input; 0 whenever it was read, 1 or 2 (by RolemendError) if it cannot be.

    The checks run on the snapshot, or on the account that this machine has credentials of; without either no network is
    touched. What fails there is told on standard error and leaves its check unknown.
    """
    from rolemend.commands.progress import progress
    from rolemend.explain.explain import answers_in, with_advice
    from rolemend.explain.show import show

    with _account(options) as connect:
        try:
            with _opened(options.file) as (file, size), progress(size) as read:
                answers = answers_in(file, read)
        except OSError as error:
            raise RolemendError(f"cannot read {options.file}: {error.strerror or error}") from error
        if connect is not None:
            answers = _examined(answers, connect, options.lang)
    sys.stdout.reconfigure(encoding="utf-8", errors="replace") if hasattr(sys.stdout, "reconfigure") else None
    sys.stdout.write(show(with_advice(answers), options.format, options.lang))
    return 0


def _examined(answers: list[Answer], connect: Connect, language: str) -> list[Answer]:
    from rolemend.explain.advice import say
    from rolemend.explain.live import examine

    examined = examine(answers, connect)
    for note in examined.notes:
        sys.stderr.write(f"rolemend explain: {say(note, language)}\n")
    return examined.answers


@contextmanager
def _account(options: argparse.Namespace) -> Iterator[Connect | None]:
    """How to open the account that is asked; None where none is."""
    if options.snapshot is not None:
        from rolemend.bootstrap import build_snapshot

        with opened(options.snapshot, options.open_snapshot, "--snapshot") as keys:
            live = build_snapshot(keys)
            yield lambda: live
    elif options.offline:
        yield None
    else:
        from rolemend.bootstrap import build_live

        yield build_live(os.environ, Path.home())


@contextmanager
def _opened(name: str) -> Iterator[tuple[BinaryIO, int]]:
    """The input, and its length if it is a file."""
    if name == "-":
        yield sys.stdin.buffer, 0
        return
    with open(name, "rb") as file:
        yield file, os.fstat(file.fileno()).st_size
