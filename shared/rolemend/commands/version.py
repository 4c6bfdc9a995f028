"""The command `rolemend version`."""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING, Any

from rolemend import __version__
from rolemend.commands.output import add_options, write_json, write_text

if TYPE_CHECKING:
    import argparse


def add_command(commands: Any) -> None:
    """Add `version` to the command line of `rolemend`."""
    parser = commands.add_parser("version", help="this version, and the schema of the ledgers that it writes")
    add_options(parser, "text")
    parser.set_defaults(run=run_version)


def run_version(options: argparse.Namespace) -> int:
    """It reads ledgers of every schema up to its own; a newer one is refused by name, never misread."""
    from rolemend.incident.journal import SCHEMA

    told = {"rolemend": __version__, "ledger_schema": SCHEMA, "python": platform.python_version()}
    if options.format == "json":
        write_json(told)
        return 0
    write_text(f"rolemend {__version__}, ledger schema {SCHEMA}, Python {told['python']}")
    return 0
