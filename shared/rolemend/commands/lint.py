"""The command `rolemend lint`: mistakes in a policy document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rolemend.commands.diff import KINDS
from rolemend.commands.files import read_document
from rolemend.commands.output import add_options, catalogue, plain, write_json, write_text

if TYPE_CHECKING:
    import argparse


def add_command(commands: Any) -> None:
    """Add `lint` to the command line of `rolemend`."""
    parser = commands.add_parser(
        "lint",
        help="mistakes in a policy document",
        description="Reports mistakes in a policy document: what RAM or OSS would refuse, what can never match, "
        "what changes nothing. Exit code 0 if there is none, 1 if there are some, 2 if FILE could not be read.",
    )
    parser.add_argument("file", metavar="FILE", help="the document; - for standard input")
    parser.add_argument("--kind", choices=KINDS, default="identity", help="default: %(default)s")
    add_options(parser, "text")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Report every mistake, one a line; 1 if there are any. Raises UnreadableInput."""
    from rolemend.policy.lint import lint

    found = lint(read_document(options.file), options.kind)
    words = catalogue(options)
    mistakes = [
        {
            "path": each.path,
            "code": each.code,
            "message": each.text.render(words),
            "refused": each.refused,
        }
        for each in found
    ]
    if options.format == "json":
        write_json({"mistakes": mistakes})
    for each in mistakes if options.format == "text" else ():
        place = f"{each['path']}: " if each["path"] else ""
        write_text(plain(f"{options.file}: {place}{each['message']} [{each['code']}]"))
    return 1 if mistakes else 0
