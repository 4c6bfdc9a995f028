"""The command `rolemend console`: the pages of the console on this machine, with the caller's own credentials."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rolemend.commands.account import add_account_options, open_operator
from rolemend.commands.output import LANGUAGES
from rolemend.errors import RolemendError, UnreadableInput

if TYPE_CHECKING:
    import argparse

    from rolemend.console.serve import Loopback
    from rolemend.operator import Operator

_NEEDS_LOCAL = "--state needs the local cloud: pip install 'rolemend[local]'"


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

    with _state(options), serving(open_operator(options), options.port, options.lang) as (_, address):
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


@contextmanager
def _state(options: argparse.Namespace) -> Iterator[None]:
    """With `--state`, the account of that file, as its root user; otherwise whatever this shell has.

    The opener comes from the local cloud, which adds it to this command where it is installed.
    """
    if options.state is None:
        yield
        return
    if options.open_snapshot is None:
        raise RolemendError(_NEEDS_LOCAL)
    with ExitStack() as stack:
        try:
            keys = stack.enter_context(options.open_snapshot(options.state))
        except ImportError as error:
            raise RolemendError(f"{_NEEDS_LOCAL} ({error})") from error
        except ValueError as error:
            raise UnreadableInput(str(error)) from error
        if len(keys) != 1:
            raise UnreadableInput(f"{options.state}: one account is needed, and there are {len(keys)}")
        (key, secret) = next(iter(keys.values()))
        given = {"ALIBABA_CLOUD_ACCESS_KEY_ID": key, "ALIBABA_CLOUD_ACCESS_KEY_SECRET": secret}
        stack.enter_context(_set({**given, "ALIBABA_CLOUD_SECURITY_TOKEN": "", "ROLEMEND_SCHEME": "http"}))
        yield


@contextmanager
def _set(values: dict[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None) if value is None else os.environ.__setitem__(name, value)


def _port(given: str) -> int:
    import argparse

    if not given.isdecimal() or int(given) > 65535:
        raise argparse.ArgumentTypeError(f"a number from 0 to 65535, not {given!r}")
    return int(given)
