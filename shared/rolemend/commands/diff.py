"""The command `rolemend diff`: what a change of a policy grants, and what it takes away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rolemend.commands.files import read_document
from rolemend.commands.output import add_options, catalogue, plain, write_json, write_text
from rolemend.errors import UnreadableInput

if TYPE_CHECKING:
    import argparse

    from rolemend.policy.comparison import Comparison, Difference
    from rolemend.policy.document import Policy

KINDS = ("identity", "trust", "bucket", "session", "control", "resource_group")


def add_command(commands: Any) -> None:
    """Add `diff` to the command line of `rolemend`."""
    parser = commands.add_parser(
        "diff",
        help="what a policy change grants and takes away",
        description="Tells exactly which requests the policy NEW allows that OLD does not, and which it no longer "
        "allows. Exit code 0 if that was told, 2 if a document could not be read.",
    )
    parser.add_argument("old", metavar="OLD", help="the policy before; - for standard input")
    parser.add_argument("new", metavar="NEW", help="the policy after")
    parser.add_argument("--kind", choices=KINDS, default="identity", help="default: %(default)s")
    add_options(parser, "text")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Compare the two documents. Raises UnreadableInput."""
    from rolemend.policy.comparison import compare
    from rolemend.policy.wording import word_comparison

    if options.old == options.new == "-":
        raise UnreadableInput("OLD and NEW cannot both be standard input")
    found = compare(_read(options.old, options.kind), _read(options.new, options.kind))
    if options.format == "json":
        write_json(as_json(found))
        return 0
    words = catalogue(options)
    for depth, text in word_comparison(found):
        write_text("  " * depth + plain(text.render(words)))
    return 0


def _read(name: str, kind: str) -> Policy:
    from rolemend.policy.document import PolicyError
    from rolemend.policy.edit import refuse_repeated
    from rolemend.policy.parse import parse_policy

    document = read_document(name)
    try:
        policy = parse_policy(document, kind)
        refuse_repeated(document)
    except PolicyError as error:
        expected = f" (expected: {error.expected})" if error.expected else ""
        raise UnreadableInput(plain(f"{name}: {error}{expected}")) from error
    return policy


def as_json(found: Comparison) -> dict[str, Any]:
    """`{"gained": [...], "lost": [...], "unknown": {}}`: regions, or null with the reason under `unknown`."""
    sides = {"gained": found.gained, "lost": found.lost}
    reasons = {name: side.unknown for name, side in sides.items() if side.unknown}
    return {**{name: _regions(side) for name, side in sides.items()}, "unknown": reasons}


def _regions(side: Difference) -> list[dict[str, Any]] | None:
    return None if side.unknown else [region.to_dict() for region in side.regions]
