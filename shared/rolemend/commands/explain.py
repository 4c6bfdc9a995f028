"""`rolemend explain`: paste an error, get the answer."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

from rolemend.errors import RolemendError

_WORTH_A_BAR = 16 << 20
"""Bytes from which on a progress bar is worth its line."""


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
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Answer to a file or to standard input; 0 whenever it was read, 1 (by RolemendError) if it cannot be."""
    from rolemend.explain.explain import explain_file
    from rolemend.explain.show import show

    try:
        with _opened(options.file) as (file, size), _progress(size) as read:
            answers = explain_file(file, read)
    except OSError as error:
        raise RolemendError(f"cannot read {options.file}: {error.strerror or error}") from error
    sys.stdout.reconfigure(encoding="utf-8", errors="replace") if hasattr(sys.stdout, "reconfigure") else None
    sys.stdout.write(show(answers, options.format, options.lang))
    return 0


@contextmanager
def _opened(name: str) -> Iterator[tuple[BinaryIO, int]]:
    """The input, and its length if it is a file."""
    if name == "-":
        yield sys.stdin.buffer, 0
        return
    with open(name, "rb") as file:
        yield file, os.fstat(file.fileno()).st_size


@contextmanager
def _progress(size: int) -> Iterator[Callable[[int], None]]:
    """What is told the bytes that were read: a bar on standard error for a long file on a terminal, else nothing."""
    if size < _WORTH_A_BAR or not sys.stderr.isatty():
        yield lambda count: None
        return
    try:
        from rich.console import Console
        from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn
    except ImportError:
        yield lambda count: None
        return
    with Progress(
        BarColumn(), DownloadColumn(), TimeRemainingColumn(), console=Console(stderr=True), transient=True
    ) as bar:
        task = bar.add_task("explain", total=size)
        yield lambda count: bar.advance(task, count)
