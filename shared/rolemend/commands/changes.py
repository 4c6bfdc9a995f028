"""The commands `rolemend changes list|show` and `rolemend rollback`."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from rolemend.commands.account import add_account_options, open_operator
from rolemend.commands.incidents import add_listing_options
from rolemend.commands.moments import checked_day, moment
from rolemend.commands.output import add_options, catalogue, plain, write_json, write_text
from rolemend.errors import Conflict
from rolemend.text import text

if TYPE_CHECKING:
    import argparse

    from rolemend.incident.life import ChangeNote
    from rolemend.operator import Operator


def add_command(commands: Any) -> None:
    """Add `changes` and `rollback` to the command line of `rolemend`."""
    parser = commands.add_parser("changes", help="what Rolemend changed")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    listing = verbs.add_parser("list", help="those of the incidents touched last come first")
    add_listing_options(listing)
    listing.set_defaults(run=run_list)
    show = verbs.add_parser("show", help="one of them, with the difference it made")
    show.add_argument("change", metavar="CHANGE")
    show.set_defaults(run=run_show)
    rollback = commands.add_parser(
        "rollback",
        help="take a change back",
        description="Puts back what stood there before a change, with your own credentials. Refuses if the live "
        "document is no longer the one that was written, and shows the difference. Exit code 0 if it was taken back, "
        "also earlier; 1 if it was refused or the account could not be reached.",
    )
    rollback.add_argument("change", metavar="CHANGE")
    rollback.set_defaults(run=run_rollback)
    for verb in (listing, show, rollback):
        add_account_options(verb)
        add_options(verb, "text")


def run_list(options: argparse.Namespace) -> int:
    """List changes. Raises AccountError."""
    lines = open_operator(options).index().newest_first(checked_day(options.since))
    found = ((line, change) for line in lines for change in reversed(line.changes))
    for line, change in islice(found, max(options.limit, 0)):
        if options.format == "json":
            write_json({"incident": line.id, "change": change})
        else:
            what = f"{change.kind} {change.name}"
            write_text(plain(f"{moment(change.at)}  {change.id}  {change.outcome}  {change.role}  {what}"))
    return 0


def run_show(options: argparse.Namespace) -> int:
    """Show one change. Raises UnknownIncident, LedgerDamaged or AccountError."""
    note = _change(open_operator(options), options.change)
    if options.format == "json":
        write_json(note)
        return 0
    for line in _shown(note):
        write_text(plain(line))
    return 0


def _change(operator: Operator, change_id: str) -> ChangeNote:
    from rolemend.incident.expiries import incident_of
    from rolemend.work.undo import change_of

    return change_of(operator.ledger().load(incident_of(change_id)), change_id)


def _shown(note: ChangeNote) -> list[str]:
    from rolemend.notify.message import difference

    write = note.plan.write
    lines = [
        f"{note.id}  {note.outcome}  {moment(note.at)}",
        f"{write.kind} {write.name} of role {note.plan.remedy.role}",
    ]
    lines += [f"+ {gain}" for gain in note.plan.gains] + [f"! {each}" for each in note.plan.breaks]
    lines += [f"until {moment(note.until)}"] if note.until else []
    lines += [f"approved by {note.approved_by}"] if note.approved_by else []
    lines += [note.reason] if note.reason else []
    return [*lines, *difference(write.before, write.after, "before", "after").splitlines()]


def run_rollback(options: argparse.Namespace) -> int:
    """Take a change back; 1 with the difference if somebody edited the document since. Raises LedgerError or
    AccountError."""
    from rolemend.work.undo import take_back

    operator = open_operator(options)
    words = catalogue(options)
    try:
        incident = take_back(options.change, operator.undo())
    except Conflict as error:
        return _refused(operator, options, str(error))
    note = next(note for note in incident.changes if note.id == options.change)
    if options.format == "json":
        write_json({"change": note.id, "outcome": note.outcome})
    else:
        said = text("Change {change} is {outcome}.", change=note.id, outcome=note.outcome)
        write_text(plain(said.render(words)))
    return 0


def _refused(operator: Operator, options: argparse.Namespace, why: str) -> int:
    """Say why, and how the live document differs from the one that was written."""
    from rolemend.notify.message import difference
    from rolemend.remedy.apply import read_live

    write = _change(operator, options.change).plan.write
    live = read_live(write, operator.identities())
    shown = difference(write.after, live.document, "written", "live")
    if options.format == "json":
        write_json({"change": options.change, "refused": why, "difference": shown})
        return 1
    said = text("Refused: {why}", why=why)
    for line in (said.render(catalogue(options)), *shown.splitlines()):
        write_text(plain(line))
    return 1
