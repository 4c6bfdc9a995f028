"""The command `rolemend console`: the pages of the console on this machine, with the caller's own credentials."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rolemend.commands.account import add_account_options, open_operator
from rolemend.commands.output import LANGUAGES
from rolemend.commands.state_file import in_place_of_account
from rolemend.errors import RolemendError

if TYPE_CHECKING:
    import argparse

    from rolemend.console.serve import Loopback
    from rolemend.operator import Operator


def add_command(commands: Any) -> None:
    """Add `console` to the command line of `rolemend`."""
    parser = commands.add_parser(
        "console",
        help="the console in the browser, on this machine",
        description="Serves the console on 127.0.0.1 and prints the address that opens it, once. Whatever you do there "
        "is done with the credentials of this shell. Ends with Ctrl-C.",
    )
    parser.add_argument("--port", type=_port, default=0, help="port on 127.0.0.1 (default: a free one)")
    parser.add_argument("--lang", choices=LANGUAGES, default="en", help="if the browser asks for neither")
    words = "a state file of the local cloud in the place of an account; it stays as it is"
    parser.add_argument("--state", metavar="FILE", type=Path, help=words)
    add_account_options(parser)
    parser.set_defaults(run=run, open_snapshot=None)


def run(options: argparse.Namespace) -> int:
    """Serve until interrupted. Raises SettingsError, NoCredentials, AccountError, UnreadableInput, or RolemendError if
    the port cannot be had."""
    import threading

    with (
        in_place_of_account(options.state, options.open_snapshot, "--state"),
        serving(open_operator(options), options.port, options.lang) as (_, address),
    ):
        sys.stdout.write(
            f"The console is open at\n\n    {address}\n\nThe address works once. Stop with Ctrl-C.\n"
        )
        sys.stdout.flush()
        threading.Event().wait()
    return 0


@contextmanager
def serving(operator: Operator, port: int, language: str) -> Iterator[tuple[Loopback, str]]:
    """The console on 127.0.0.1, and the address that opens it. Raises RolemendError if the port cannot be had."""
    from rolemend.console.access.local import LocalAccess, OwnHosts, own_hosts
    from rolemend.console.app import build_app
    from rolemend.console.serve import Loopback

    try:
        loopback = Loopback(port)
    except OSError as error:
        raise RolemendError(f"cannot listen at 127.0.0.1:{port}: {error.strerror or error}") from error
    access = LocalAccess(operator.account, operator.name, loopback.port, language=language)
    loopback.app = OwnHosts(build_app(operator.console(access, language)), own_hosts(loopback.port))
    with loopback:
        yield loopback, access.start_address


def _port(given: str) -> int:
    import argparse

    if not given.isdecimal() or int(given) > 65535:
        raise argparse.ArgumentTypeError(f"a number from 0 to 65535, not {given!r}")
    return int(given)
