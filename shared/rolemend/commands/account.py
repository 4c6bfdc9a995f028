"""The options of every command that talks to the account, and what comes of them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

    from rolemend.operator import Operator

NO_LEDGER = "no-ledger-is-read"
"""In the place of a ledger's bucket, for commands that read none."""


def add_account_options(parser: argparse.ArgumentParser, *, ledger: bool = True) -> None:
    """`--ledger` and `--region`; without them, the variables that s.yaml takes too."""
    if ledger:
        words = "bucket of the ledger (default: $ROLEMEND_LEDGER_BUCKET)"
        parser.add_argument("--ledger", default="", metavar="BUCKET", help=words)
    else:
        parser.set_defaults(ledger=NO_LEDGER)
    words = "region of the functions (default: $ROLEMEND_REGION, else cn-hangzhou)"
    parser.add_argument("--region", default="", help=words)


def open_operator(options: argparse.Namespace) -> Operator:
    """The account, with whatever credentials the default chain finds.

    Raises SettingsError, NoCredentials or AccountError.
    """
    from pathlib import Path

    from rolemend.operator import Operator
    from rolemend.settings import read_operator_settings

    settings = read_operator_settings(os.environ, region=options.region, ledger=options.ledger)
    return Operator(settings, os.environ, Path.home())
