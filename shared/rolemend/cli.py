"""The command `rolemend`. Other packages add commands through the entry-point group `rolemend.commands`."""

from __future__ import annotations

import argparse
import os
import sys
from importlib.metadata import entry_points

from rolemend import __version__
from rolemend.commands import (
    audit,
    changes,
    console,
    diff,
    explain,
    guardrails,
    incidents,
    lint,
    setup,
    simulate,
    verify_cloud,
    version,
)
from rolemend.commands.output import plain
from rolemend.errors import RolemendError, UnreadableInput


def main(arguments: list[str] | None = None) -> int:
    """Run one command; its exit code. An error of the project's own tree ends in one line on standard error."""
    parser = argparse.ArgumentParser(
        prog="rolemend", description="Mends RAM and OSS permission failures of EMR."
    )
    parser.add_argument("--version", action="version", version=f"rolemend {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for command in (
        explain,
        simulate,
        diff,
        lint,
        guardrails,
        incidents,
        changes,
        audit,
        console,
        setup,
        verify_cloud,
        version,
    ):
        command.add_command(commands)
    for entry in entry_points(group="rolemend.commands"):
        entry.load()(commands)
    options = parser.parse_args(arguments)
    try:
        return int(options.run(options) or 0)
    except UnreadableInput as error:
        print(f"rolemend: {error}", file=sys.stderr)
        return 2
    except RolemendError as error:
        # A service's answer may have lines, and more that a terminal would obey.
        print(f"rolemend: {plain(' '.join(str(error).split()))}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        # Who read our answers wants no more of them; what is still buffered must not be tried again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
