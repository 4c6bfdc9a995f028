"""The commands `rolemend guardrails check` and `rolemend guardrails test`."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rolemend.commands.account import add_account_options, open_operator
from rolemend.commands.files import opened
from rolemend.commands.output import add_options, catalogue, plain, write_json, write_text
from rolemend.errors import GuardrailsError, NotThere, UnreadableInput
from rolemend.text import Text, text

if TYPE_CHECKING:
    import argparse

    from rolemend.operator import Operator
    from rolemend.remedy.guardrails import Case, Guardrails
    from rolemend.remedy.model import TypedRemedy, Verdict

LEDGER_S = "config/guardrails.toml"


def add_command(commands: Any) -> None:
    """Add `guardrails` to the command line of `rolemend`."""
    parser = commands.add_parser("guardrails", help="the rules by which Rolemend may change something")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    check = verbs.add_parser(
        "check",
        help="mistakes in guardrails.toml",
        description="Reports every mistake in FILE with its place. Exit code 0 if there is none, 1 if there are some, "
        "2 if FILE could not be read.",
    )
    check.set_defaults(run=run_check)
    test = verbs.add_parser(
        "test",
        help="what would happen, and by which rule",
        description="Says what the guardrails allow for one remedy, by which rule, and why the others do not match. "
        "With FILE, nothing of the account is read, and tags are those that are given here. Exit code 0 if that was "
        "told, 1 if the guardrails have mistakes or could not be read, 2 for input that cannot be used.",
    )
    test.set_defaults(run=run_test)
    _add_case(test)
    for verb in (check, test):
        words = "guardrails.toml, - for standard input (default: what lies in the ledger's bucket)"
        verb.add_argument("file", nargs="?", default="", metavar="FILE", help=words)
        add_account_options(verb)
        add_options(verb, "text")


def _add_case(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--role", required=True, help="the RAM role that would be changed")
    parser.add_argument("--bucket", default="", help="the bucket that would be listed")
    parser.add_argument("--action", default="oss:GetObject", help="the denied action (default: %(default)s)")
    words = "the service that would be trusted, in the place of a bucket"
    parser.add_argument("--trust", default="", metavar="SERVICE", help=words)
    words = "the account, where FILE is given"
    parser.add_argument("--account", default="", help=words)
    words = "the moment, as 2026-01-31T08:00:00Z (default: now)"
    parser.add_argument("--at", default="", metavar="TIME", help=words)
    for kind in ("role", "bucket"):
        words = f"a tag of the {kind}, where FILE is given; may be repeated"
        parser.add_argument(f"--{kind}-tag", action="append", default=[], metavar="KEY=VALUE", help=words)


def run_check(options: argparse.Namespace) -> int:
    """Report every mistake, one a line; 1 if there are any. Raises UnreadableInput or AccountError."""
    problems: list[str] = []
    count = 0
    try:
        count = len(_read(options, None if options.file else open_operator(options)).rule)
    except GuardrailsError as error:
        problems = error.problems
    name = options.file or LEDGER_S
    if options.format == "json":
        write_json({"mistakes": problems, "rules": count})
        return 1 if problems else 0
    for problem in problems:
        write_text(plain(f"{name}: {problem}"))
    if not problems:
        said = text("{name}: no mistakes; rules: {count}", name=name, count=count)
        write_text(plain(said.render(catalogue(options))))
    return 1 if problems else 0


def run_test(options: argparse.Namespace) -> int:
    """Say what would happen. Raises UnreadableInput, GuardrailsError or AccountError."""
    from rolemend.remedy.guardrails import expected_actions

    remedy = _remedy(options)
    operator = None if options.file else open_operator(options)
    guardrails = _read(options, operator)
    case = _case(options, remedy, operator)
    verdict = guardrails.settle(case, lambda extent: expected_actions(remedy, extent))
    actions = expected_actions(remedy, verdict.extent)
    rules = _rules(guardrails, case, actions)
    if options.format == "json":
        write_json({"verdict": verdict, "actions": actions, "rules": [_as_json(*rule) for rule in rules]})
        return 0
    words = catalogue(options)
    for line in (*_verdict_lines(verdict, actions), *(_rule_line(words, *rule) for rule in rules)):
        write_text(plain(line.render(words)))
    return 0


def _read(options: argparse.Namespace, operator: Operator | None) -> Guardrails:
    """From the file, or from the ledger's bucket, where none means the default."""
    from rolemend.remedy.guardrails import Guardrails
    from rolemend.remedy.guardrails_file import LONGEST, parse_guardrails

    if operator is None:
        with opened(options.file) as file:
            return parse_guardrails(file.read(LONGEST + 1))
    try:
        return parse_guardrails(operator.guardrails())
    except NotThere:
        return Guardrails()


def _remedy(options: argparse.Namespace) -> TypedRemedy:
    from rolemend.checklist.model import ListBucket, TrustService

    if bool(options.bucket) == bool(options.trust):
        raise UnreadableInput("one of --bucket and --trust must be given")
    if options.trust:
        return TrustService(role=options.role, service=options.trust)
    return ListBucket(role=options.role, bucket=options.bucket, action=options.action)


def _case(options: argparse.Namespace, remedy: TypedRemedy, operator: Operator | None) -> Case:
    from rolemend.account.interface import Known
    from rolemend.remedy.guardrails import Case

    moment = _moment(options.at)
    given = {name: _tags(getattr(options, name)) for name in ("role_tag", "bucket_tag")}
    if operator is None:
        return Case(
            remedy=remedy,
            account=options.account,
            now=moment,
            role_tags=lambda: Known(given["role_tag"]),
            bucket_tags=lambda: Known(given["bucket_tag"]),
        )
    region = operator.access.region
    return Case(
        remedy=remedy,
        account=operator.account,
        now=moment,
        role_tags=lambda: operator.identities().role_tags(options.role),
        bucket_tags=lambda: operator.buckets().bucket_tags(options.bucket, region),
    )


def _tags(given: Sequence[str]) -> Mapping[str, str]:
    if bad := [tag for tag in given if "=" not in tag]:
        raise UnreadableInput(plain(f"{bad[0]!r} is no tag like owner=data-platform"))
    return {key: value for key, _, value in (tag.partition("=") for tag in given)}


def _moment(given: str) -> float:
    from datetime import datetime, timezone

    if not given:
        return time.time()
    try:
        moment = datetime.fromisoformat(given.replace("Z", "+00:00"))
    except ValueError as error:
        raise UnreadableInput(plain(f"--at: {error}")) from error
    return (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).timestamp()


Judged = tuple[str, str, str, Text | None]
"""Name, mode, whether it matches, and why not."""


def _rules(guardrails: Guardrails, case: Case, actions: tuple[str, ...]) -> list[Judged]:
    import msgspec

    whole = msgspec.structs.replace(case, actions=actions)
    matches = [(rule, guardrails.match(rule, whole)) for rule in guardrails.rule]
    return [(rule.name, rule.mode, match.answer, match.why) for rule, match in matches]


def _as_json(name: str, mode: str, answer: str, why: Text | None) -> dict[str, Any]:
    return {"rule": name, "mode": mode, "matches": answer, "why": why.render() if why else ""}


def _verdict_lines(verdict: Verdict, actions: tuple[str, ...]) -> list[Text]:
    if verdict.rule:
        lines = [text("Mode {mode}, by rule {rule}.", mode=verdict.mode, rule=verdict.rule)]
    else:
        lines = [text("Mode {mode}: no rule that matches allows more.", mode=verdict.mode)]
    lines.append(
        text("A grant of extent {extent}: {actions}", extent=verdict.extent, actions=", ".join(actions))
    )
    if verdict.changes_per_day:
        lines.append(text("At most {count} changes of this role a day.", count=verdict.changes_per_day))
    if verdict.expires:
        lines.append(text("What is granted is taken back after {seconds} seconds.", seconds=verdict.expires))
    return lines


def _rule_line(words: Mapping[str, str], name: str, mode: str, answer: str, why: Text | None) -> Text:
    values = {"rule": name, "mode": mode, "why": why.render(words) if why else ""}
    if answer == "yes":
        return text("Rule {rule} ({mode}) matches.", **values)
    if answer == "no":
        return text("Rule {rule} ({mode}) does not match. {why}", **values)
    return text("Rule {rule} ({mode}) restricts and permits nothing. {why}", **values)
