"""The commands `rolemend setup plan`, `apply`, `destroy` and `rights`."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rolemend.commands.account import add_account_options
from rolemend.commands.files import read_document
from rolemend.commands.output import add_options, catalogue, plain, write_json, write_text
from rolemend.errors import AccountError, NotThere, SetupStopped, UnreadableInput
from rolemend.text import Text, text

if TYPE_CHECKING:
    import argparse

    from rolemend.installer import Installer
    from rolemend.setup.model import Step, Thing
    from rolemend.setup.plan import Planned
    from rolemend.setup.rights import Verdict

_PLAN = (
    "Shows what would be made and changed, each document as a unified diff. Exit code 0 if nothing is to be done or it "
    "could be done, 1 if something stands in the way."
)
_APPLY = (
    "Shows the plan, asks, and carries it out. A second run changes nothing; after a stop, run it again. Exit code 0 "
    "if everything is as it is wanted, 1 if not."
)
_DESTROY = (
    "Removes everything that was made here but the ledger. Take the functions away first (`s remove`). Exit code 0 if "
    "nothing of it is left, 1 if not."
)
_RIGHTS = "Prints a RAM policy with exactly the rights that apply takes (with --for destroy, those that destroy takes)."

_VERBS = {
    "plan": ("the difference between the account and what is wanted", _PLAN),
    "apply": ("make and change it", _APPLY),
    "destroy": ("take away what apply made", _DESTROY),
    "rights": ("the rights that apply takes, as a policy", _RIGHTS),
}


def add_command(commands: Any) -> None:
    """Add `setup` to the command line of `rolemend`."""
    parser = commands.add_parser("setup", help="what an account needs beside the functions")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    runs = {"plan": run_plan, "apply": run_apply, "destroy": run_destroy, "rights": run_rights}
    for name, (words, description) in _VERBS.items():
        verb = verbs.add_parser(name, help=words, description=description)
        add_account_options(verb)
        _add_places(verb)
        add_options(verb, "text")
        verb.set_defaults(run=runs[name])
    for name in ("apply", "destroy"):
        verbs.choices[name].add_argument("--yes", action="store_true", help="do not ask")
    words = "remove the ledger too, with every incident and change in it"
    verbs.choices["destroy"].add_argument("--with-ledger", action="store_true", help=words)
    words = "go on although incidents are open: nobody will follow them any more"
    verbs.choices["destroy"].add_argument("--abandon-incidents", action="store_true", help=words)
    verbs.choices["rights"].add_argument(
        "--for", dest="purpose", choices=("apply", "destroy"), default="apply"
    )


def _add_places(verb: argparse.ArgumentParser) -> None:
    words = (
        "regions whose OSS access logs are read, with commas (default: $ROLEMEND_LOG_REGIONS, else the home region); "
        "destroy knows those of every apply"
    )
    verb.add_argument("--regions", default="", metavar="REGIONS", help=words)
    words = "folder with each function's policy.json (default: ./functions, else that beside this program)"
    verb.add_argument("--functions", type=Path, metavar="FOLDER", help=words)


def run_plan(options: argparse.Namespace) -> int:
    """Show the plan. Raises SettingsError, NoCredentials or AccountError."""
    installer, things = _open(options)
    verdict = _rights(installer, things, "plan")
    planned = _plan(installer, things)
    _show(options, [one.step for one in planned], verdict)
    return 1 if _blocked(planned) else 0


def run_apply(options: argparse.Namespace) -> int:
    """Show the plan, ask, carry it out, and read it back. Raises SetupStopped or AccountError."""
    from rolemend.setup.plan import apply, pending

    installer, things = _open(options)
    verdict = _rights(installer, things, "apply")
    planned = _plan(installer, things)
    _show(options, [one.step for one in planned], verdict)
    _refuse(planned, verdict)
    if not pending(planned):
        return _closing(options, installer, text("Nothing is to be done."))
    if not _agreed(options, text("Carry this out? [y/N] ")):
        return 1
    _carefully(lambda: apply(planned, installer.parts(), lambda word, thing: _told(options, word, thing)))
    left = [one.step for one in _plan(installer, things) if one.step.change != "keep"]
    if left:
        names = ", ".join(f"{step.kind} {step.name}" for step in left)
        raise SetupStopped(f"not as it is wanted after all was done: {names}; run `rolemend setup plan`")
    return _closing(options, installer, text("Everything is as it is wanted."))


def run_destroy(options: argparse.Namespace) -> int:
    """Take away what was made. Raises SetupStopped or AccountError."""
    from rolemend.setup.plan import removal, remove

    installer, _ = _open(options)
    if not options.abandon_incidents:
        _refuse_open_incidents(installer)
    try:
        things = _noted(installer)
    except AccountError as error:
        raise SetupStopped(
            f"nothing was removed: what the ledger notes of the setup cannot be read ({error}); mend that, then run "
            "this again"
        ) from error
    found = removal(things, installer.parts(), with_ledger=options.with_ledger)
    planned = [one for one in found if one.step.change != "foreign"]
    stays = _blocked(found)
    _show_steps(options, stays)
    if not found:
        _say(options, text("Nothing of it is there."))
    if not planned:
        return 1 if stays else 0
    verdict = _rights(installer, [one.thing for one in planned], "destroy")
    _refuse_without_rights(verdict, "destroy")
    _show_rights(options, verdict)
    for one in planned:
        if options.format == "text":
            write_text(plain(f"- {one.thing.kind} {one.thing.name}"))
    if not _agreed(options, text("Remove this? [y/N] ")):
        return 1
    _carefully(lambda: remove(planned, installer.parts(), lambda word, thing: _told(options, word, thing)))
    return 1 if stays else 0


def run_rights(options: argparse.Namespace) -> int:
    """Print the policy. Raises SettingsError, NoCredentials or AccountError."""
    import json

    from rolemend.setup.rights import document, needed

    installer, things = _open(options)
    if options.purpose == "destroy":
        try:
            things = _noted(installer)
        except AccountError as error:
            told = text("The ledger's note of further regions cannot be read ({told}).", told=str(error))
            sys.stderr.write(plain(told.render(catalogue(options))) + "\n")
    write_text(json.dumps(document(needed(things, options.purpose)), indent=2))
    return 0


def _open(options: argparse.Namespace) -> tuple[Installer, tuple[Thing, ...]]:
    from rolemend.installer import Installer
    from rolemend.settings import read_setup_settings
    from rolemend.setup.wanted import things

    settings = read_setup_settings(
        os.environ, region=options.region, ledger=options.ledger, regions=options.regions
    )
    policies = _policies(options.functions)
    installer = Installer(settings, policies, os.environ, Path.home())
    return installer, things(installer.names, settings.keep_days)


def _noted(installer: Installer) -> tuple[Thing, ...]:
    """What there is to take away: also in the regions that the ledger notes. Raises AccountError."""
    from msgspec.structs import replace

    from rolemend.setup.record import read_record
    from rolemend.setup.wanted import things

    names = installer.names
    noted = read_record(installer.parts()).in_regions()
    return things(replace(names, regions=tuple(dict.fromkeys((*names.regions, *sorted(noted))))))


def _policies(named: Path | None) -> dict[str, str]:
    """The text of each function's policy.json. Raises UnreadableInput."""
    beside = Path(__file__).parents[3] / "functions"
    folder = named or next(
        (place for place in (Path("functions"), beside) if place.is_dir()), Path("functions")
    )
    found = {path.parent.name: read_document(str(path)) for path in sorted(folder.glob("*/policy.json"))}
    if not found:
        raise UnreadableInput(
            f"{folder}: holds no function's policy.json; name the folder of Rolemend's functions with --functions"
        )
    return found


def _rights(installer: Installer, things: Sequence[Thing], verb: str) -> Verdict:
    from rolemend.setup.rights import check, needed

    account = installer.names.account
    return check(needed(things, verb), installer.name, account, installer.identities())


def _plan(installer: Installer, things: Sequence[Thing]) -> tuple[Planned, ...]:
    from rolemend.setup.plan import plan

    return plan(things, installer.parts())


def _blocked(planned: Iterable[Planned]) -> list[Step]:
    from rolemend.setup.plan import blocked

    return blocked(planned)


def _refuse(planned: Sequence[Planned], verdict: Verdict) -> None:
    """Nothing is begun that cannot be finished. Raises SetupStopped."""
    from rolemend.setup.plan import described

    _refuse_without_rights(verdict, "apply")
    if blocked := _blocked(planned):
        raise SetupStopped("nothing was changed: " + "; ".join(map(described, blocked)))


def _refuse_without_rights(verdict: Verdict, verb: str) -> None:
    if verdict.denied:
        missing = ", ".join(f"{action} on {resource}" for action, resource in verdict.denied)
        raise SetupStopped(
            f"nothing was changed: you have no right to {missing}; see `rolemend setup rights --for {verb}`"
        )


def _refuse_open_incidents(installer: Installer) -> None:
    try:
        count = sum(1 for _ in installer.ledger().open_ids())
    except NotThere:
        return
    if count:
        raise SetupStopped(
            f"{count} incidents are open (`rolemend incidents list`): settle them first, or say --abandon-incidents"
        )


def _carefully(work: Any) -> None:
    """What was done before an error stands; say how to go on. Raises SetupStopped."""
    try:
        work()
    except AccountError as error:
        raise SetupStopped(
            f"stopped at {error}; what was done before this stands: run the same command again to go on"
        ) from error


def _agreed(options: argparse.Namespace, question: Text) -> bool:
    """Whether somebody says yes; without --yes and without a terminal nobody can."""
    if options.yes:
        return True
    sys.stderr.write(question.render(catalogue(options)))
    sys.stderr.flush()
    answer = sys.stdin.readline().strip().lower()
    if answer in ("y", "yes"):
        return True
    sys.stderr.write(text("Nothing was changed.").render(catalogue(options)) + "\n")
    return False


_SIGNS = {"keep": "=", "make": "+", "change": "~", "foreign": "!", "unread": "?"}


def _show(options: argparse.Namespace, steps: Sequence[Step], verdict: Verdict) -> None:
    _show_steps(options, steps)
    _say(options, _summary([step.change for step in steps]))
    _show_rights(options, verdict)


def _show_steps(options: argparse.Namespace, steps: Sequence[Step]) -> None:
    for step in steps:
        reason = step.reason.render(catalogue(options)) if step.reason else ""
        if options.format == "json":
            told = {"change": step.change, "kind": step.kind, "name": step.name, "reason": reason}
            write_json({**told, "diff": list(step.diff)})
            continue
        write_text(plain(f"{_SIGNS[step.change]} {step.kind} {step.name}{': ' if reason else ''}{reason}"))
        for line in step.diff:
            write_text(f"    {plain(line)}")


def _summary(changes: Sequence[str]) -> Text:
    return text(
        "To make: {made}; to change: {changed}; as wanted: {kept}; in the way: {blocked}.",
        made=changes.count("make"),
        changed=changes.count("change"),
        kept=changes.count("keep"),
        blocked=changes.count("foreign") + changes.count("unread"),
    )


def _show_rights(options: argparse.Namespace, verdict: Verdict) -> None:
    if options.format == "json":
        write_json({"rights": {"denied": verdict.denied, "unknown": verdict.unknown, "why": verdict.why}})
    for action, resource in verdict.denied:
        _say(options, text("! right missing: {action} on {resource}", action=action, resource=resource))
    if verdict.unknown:
        count = len(verdict.unknown)
        _say(
            options, text("? rights that could not be checked: {count} ({why})", count=count, why=verdict.why)
        )


def _closing(options: argparse.Namespace, installer: Installer, said: Text) -> int:
    """What was reached, and the variables with which `s deploy` finds it."""
    names = installer.names
    variables = {
        "ROLEMEND_REGION": names.region,
        "ROLEMEND_LEDGER_BUCKET": names.ledger,
        "ROLEMEND_LEDGER_REGION": names.ledger_region,
        "ROLEMEND_TRAIL_PROJECT": names.trail_project,
        "ROLEMEND_EVENT_LOGSTORE": names.event_logstore,
    }
    if options.format == "json":
        write_json({"deploy": variables})
        return 0
    _say(options, said)
    for name, value in variables.items():
        write_text(f"export {name}={plain(value)}")
    return 0


def _told(options: argparse.Namespace, word: str, thing: Thing) -> None:
    if options.format == "json":
        write_json({"done": word, "kind": thing.kind, "name": thing.name})
    else:
        _say(options, text(_DONE[word].template, what=f"{thing.kind} {thing.name}"))


_DONE = {"made": text("made: {what}"), "changed": text("changed: {what}"), "removed": text("removed: {what}")}


def _say(options: argparse.Namespace, said: Text) -> None:
    if options.format == "text":
        write_text(plain(said.render(catalogue(options))))
