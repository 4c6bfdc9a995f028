"""The command `rolemend verify-cloud`: asks a real account what the pages leave open."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from rolemend.commands.account import add_account_options, open_operator
from rolemend.commands.output import add_options, catalogue, plain, write_json, write_text
from rolemend.errors import UnreadableInput
from rolemend.text import text

if TYPE_CHECKING:
    import argparse

    from rolemend.probe.model import Probe
    from rolemend.probe.run import Outcome


def add_command(commands: Any) -> None:
    """Add `verify-cloud` to the command line of `rolemend`."""
    parser = commands.add_parser(
        "verify-cloud",
        help="ask a real account what the documentation leaves open",
        description="Makes roles, policies, buckets and a log project whose names begin with PREFIX-, asks "
        "questions with them, takes them away again, and says where the cloud differs from the local cloud and the "
        "policy engine. Exit code 0 if nothing differs, 1 if something does or could not be asked or taken away.",
    )
    parser.add_argument(
        "--prefix", required=True, metavar="NAME", help="what all names of the probes begin with"
    )
    parser.add_argument(
        "--plan", action="store_true", help="say what would be asked, with which rights, and stop"
    )
    parser.add_argument(
        "--only", action="append", metavar="PROBE", help="this probe alone; may be given again"
    )
    parser.add_argument(
        "--probes", type=Path, default=Path("tests/probes"), metavar="FOLDER", help="default: tests/probes"
    )
    parser.add_argument(
        "--patience", type=float, default=60.0, metavar="SECONDS", help="for changes to count (60)"
    )
    parser.add_argument("--yes", action="store_true", help="begin without asking")
    add_account_options(parser, ledger=False)
    add_options(parser, "text")
    parser.set_defaults(run=run_verify_cloud)


def run_verify_cloud(options: argparse.Namespace) -> int:
    """Run the probes. Raises UnreadableInput, NoCredentials or AccountError."""
    from rolemend.probe.model import check_prefix, read_probes

    check_prefix(options.prefix)
    probes = read_probes(options.probes)
    unknown = set(options.only or ()) - {probe.id for probe in probes}
    if unknown:
        raise UnreadableInput(f"no such probe: {', '.join(sorted(unknown))}")
    chosen = tuple(probe for probe in probes if not options.only or probe.id in options.only)
    if options.plan:
        return _plan(options, chosen)
    _say_first(options, chosen)
    if not options.yes and not _agreed(options):
        return 1
    return _run(options, chosen)


def _plan(options: argparse.Namespace, probes: tuple[Probe, ...]) -> int:
    from rolemend.probe.model import rights

    if options.format == "json":
        write_json({"probes": probes, "rights": rights(probes)})
        return 0
    for line in _preview(options, probes):
        write_text(plain(line))
    return 0


def _preview(options: argparse.Namespace, probes: tuple[Probe, ...]) -> list[str]:
    """Which questions, which rights, and what it costs."""
    from rolemend.probe.calls import MAKES
    from rolemend.probe.model import rights

    words = catalogue(options)
    calls = sum(len(probe.steps) for probe in probes)
    made = sum(step.do in MAKES for probe in probes for step in probe.steps)
    lines = [f"{probe.id}: {probe.question}" for probe in probes]
    lines.append("")
    said = (
        text(
            "{probes} questions: {calls} calls, {made} things made and taken away again, each named {prefix}-….",
            probes=len(probes),
            calls=calls,
            made=made,
            prefix=options.prefix,
        ),
        text("RAM and STS are free. OSS and SLS charge a few requests and bytes, less than a cent."),
        text("Rights needed: {rights}", rights=" ".join(rights(probes))),
    )
    return [*lines, *(line.render(words) for line in said)]


def _say_first(options: argparse.Namespace, probes: tuple[Probe, ...]) -> None:
    """Tell rights and costs before anything is done, beside what the run itself says."""
    import sys

    for line in _preview(options, probes):
        sys.stderr.write(plain(line) + "\n")


def _agreed(options: argparse.Namespace) -> bool:
    """Ask the person at the terminal; nobody there means no."""
    import sys

    if not sys.stdin.isatty():
        sys.stderr.write("rolemend: nothing was done; --yes begins without asking\n")
        return False
    return input(text("Begin? [y/N] ").render(catalogue(options))).strip().lower() in ("y", "yes")


def _run(options: argparse.Namespace, probes: tuple[Probe, ...]) -> int:
    from rolemend.probe.run import Runner

    operator = open_operator(options)
    values = {"prefix": options.prefix, "account": operator.account, "region": operator.access.region}
    runner = Runner(operator.prober(), values, patience=options.patience)
    fine = True
    for probe in probes:
        outcome = runner.run(probe)
        fine = fine and outcome.result == "agrees" and not outcome.left
        if options.format == "json":
            write_json(outcome)
        else:
            for line in _told(options, probe, outcome):
                write_text(plain(line))
    return 0 if fine else 1


def _told(options: argparse.Namespace, probe: Probe, outcome: Outcome) -> list[str]:
    words = catalogue(options)
    results = {
        "agrees": text("as assumed"),
        "differs": text("DIFFERS"),
        "not asked": text("not asked"),
    }
    lines = [f"{probe.id}: {results[outcome.result].render(words)}"]
    if outcome.reason:
        lines.append(f"  {outcome.reason}")
    for difference in outcome.differences:
        said = text(
            "step {step}, {call}: assumed {assumed}, came {came} ({where})",
            step=difference.step,
            call=difference.do,
            assumed=difference.assumed,
            came=difference.came,
            where=probe.where,
        )
        lines.append(f"  {said.render(words)}")
    for each in outcome.left:
        said = text(
            "could not be taken away: {what}. By hand: {command}", what=each.what, command=each.by_hand
        )
        lines.append(f"  {said.render(words)}")
    return lines
