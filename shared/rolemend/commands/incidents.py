"""The commands `rolemend incidents list|show|digest|approve|reject|export`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

from rolemend.commands.account import add_account_options, open_operator
from rolemend.commands.moments import checked_day, moment
from rolemend.commands.output import add_options, catalogue, plain, write_json, write_text
from rolemend.errors import AlreadyDecided, LedgerDamaged, NotApprovable, UnknownIncident, UnreadableInput
from rolemend.text import text

if TYPE_CHECKING:
    import argparse

    from rolemend.incident.index import IncidentLine
    from rolemend.incident.life import Incident
    from rolemend.operator import Operator

LEAST_HASH = 12
"""Characters of a plan's hash that name it."""


def add_command(commands: Any) -> None:
    """Add `incidents` to the command line of `rolemend`."""
    parser = commands.add_parser("incidents", help="what was denied, and what came of it")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    listing = verbs.add_parser("list", help="the newest first", description=_LIST)
    add_listing_options(listing)
    listing.add_argument("--state", default="", help="only those in this state")
    listing.set_defaults(run=run_list)
    show = verbs.add_parser("show", help="one of them, with its plan and its journal", description=_SHOW)
    show.add_argument("incident", metavar="INCIDENT")
    show.set_defaults(run=run_show)
    digest = verbs.add_parser("digest", help="each message of a digest", description=_DIGEST)
    digest.add_argument("digest", metavar="DIGEST", type=_digest_name)
    digest.set_defaults(run=run_digest)
    for name, run in (("approve", run_approve), ("reject", run_reject)):
        words = "apply exactly the plan with this hash" if name == "approve" else "say no to a plan"
        decide = verbs.add_parser(name, help=words, description=_DECIDE)
        decide.add_argument("incident", metavar="INCIDENT")
        words = f"the plan's hash, or at least its first {LEAST_HASH} characters"
        decide.add_argument("--plan", required=True, metavar="HASH", help=words)
        if name == "reject":
            decide.add_argument("--reason", default="", help="what people read about it later")
        decide.set_defaults(run=run)
    export = verbs.add_parser("export", help="whole journals as JSON Lines", description=_EXPORT)
    export.add_argument("incident", nargs="*", metavar="INCIDENT", help="default: all that the index knows")
    export.add_argument("--since", default="", metavar="DAY", help="only those touched since, as 2026-01-31")
    add_account_options(export)
    export.set_defaults(run=run_export)
    for verb in (listing, show, digest, *(verbs.choices[name] for name in ("approve", "reject"))):
        add_account_options(verb)
        add_options(verb, "text")


_LIST = "Lists incidents from the index of the ledger. Exit code 0, or 1 if the ledger could not be read."
_SHOW = "Shows one incident. Exit code 0, or 1 if there is none or its journal is damaged."
_DIGEST = "Lists what a digest stood for. Exit code 0, or 1 if there is none of this name."
_DECIDE = (
    "Records the decision in the ledger with your own credentials and starts `remediate`. Exit code 0 if it was "
    "recorded, 1 if the incident has no such plan to decide on, another decision stands, or the account refused."
)
_EXPORT = (
    "Writes every entry of every journal, one JSON object a line. A damaged journal is told on standard error, and the "
    "others are written. Exit code 0, or 1 if one was damaged."
)


def add_listing_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--since", default="", metavar="DAY", help="only those touched since, as 2026-01-31")
    parser.add_argument("--limit", type=int, default=50, help="at most so many (default: %(default)s)")


def run_list(options: argparse.Namespace) -> int:
    """List incidents, the newest first. Raises AccountError."""
    since = checked_day(options.since)
    lines = _as_they_are(open_operator(options), since)
    wanted = (line for line in lines if options.state in ("", line.state))
    for line in islice(wanted, max(options.limit, 0)):
        if options.format == "json":
            write_json(line)
        else:
            write_text(plain(_row(line)))
    return 0


def _row(line: IncidentLine) -> str:
    what = f"{line.who} {line.action} {line.target}"
    return f"{moment(line.touched)}  {line.id}  {line.state}  {what}  {line.cause or '-'}  {line.count}"


def _as_they_are(operator: Operator, since: str) -> Iterator[IncidentLine]:
    """Open incidents as their journals tell them, then the others as the index does."""
    from rolemend.incident.index import line_of

    ledger, shown = operator.ledger(), set()
    for incident_id in ledger.open_ids():
        try:
            incident = ledger.load(incident_id)
        except (UnknownIncident, LedgerDamaged):
            continue
        if incident.denial is not None:
            shown.add(incident_id)
            yield line_of(incident)
    yield from (line for line in operator.index().newest_first(since) if line.id not in shown)


def run_show(options: argparse.Namespace) -> int:
    """Show one incident. Raises UnknownIncident, LedgerDamaged or AccountError."""
    from rolemend.incident.life import live

    entries = open_operator(options).ledger().entries(options.incident)
    incident = live(options.incident, entries)
    if options.format == "json":
        write_json({"state": incident.state, "round": incident.round, "entries": entries})
        return 0
    for line in _shown(incident, options.lang):
        write_text(plain(line))
    for entry in entries:
        write_text(plain(f"{moment(entry.time)}  {type(entry.fact).__name__}  {entry.by}"))
    return 0


def run_digest(options: argparse.Namespace) -> int:
    """List the messages of a digest. Raises NotThere or AccountError."""
    import msgspec

    from rolemend.incident.waiting import NOTICE, read_digest
    from rolemend.notify.digest import notice_rows

    for line in read_digest(open_operator(options).store(), options.digest):
        if options.format == "json":
            write_json(msgspec.to_builtins(line))
        elif line.kind == NOTICE:
            title, *rows = notice_rows(line, whole=True)
            write_text(plain(f"{moment(line.last)}  {line.incident or '-'}  {title}"))
            for row in rows:
                write_text(plain(f"  {row}"))
        else:
            what = f"{line.who} {line.action} {line.target}"
            row = f"{moment(line.last)}  {line.incident}  {line.kind}  {what}  {line.cause or '-'}  {line.count}"
            write_text(plain(row))
    return 0


def _digest_name(value: str) -> str:
    import argparse
    import re

    if not re.fullmatch(r"[a-z0-9-]{1,32}-[0-9]{1,9}", value, re.ASCII):
        raise argparse.ArgumentTypeError("no name of a digest")
    return value


def _shown(incident: Incident, language: str) -> Iterator[str]:
    from rolemend.notify.message import compose
    from rolemend.notify.webhook import as_text

    yield f"{incident.id}  {incident.state}"
    if incident.denial is not None:
        yield from as_text(compose(incident, language), language).splitlines()
    if incident.plan is not None:
        yield f"plan {incident.plan.hash}"
    for note in incident.changes:
        yield f"{note.id}  {note.outcome}  {note.plan.write.kind} {note.plan.write.name}"
    for sent in incident.deliveries:
        yield f"{moment(sent.at)}  {sent.message}  {sent.channel or '-'}  {sent.outcome}"


def run_approve(options: argparse.Namespace) -> int:
    """Approve a plan. Raises NotApprovable, AlreadyDecided, UnknownIncident or AccountError."""
    from rolemend.incident.approvals import Approve

    operator = open_operator(options)
    incident = _waiting(operator, options)
    assert incident.plan is not None
    return _decided(options, operator, incident, Approve(plan=incident.plan.hash, round=incident.round))


def run_reject(options: argparse.Namespace) -> int:
    """Reject a plan. Raises NotApprovable, AlreadyDecided, UnknownIncident or AccountError."""
    from rolemend.incident.approvals import Reject

    operator = open_operator(options)
    incident = _waiting(operator, options)
    assert incident.plan is not None
    decision = Reject(plan=incident.plan.hash, round=incident.round, reason=options.reason)
    return _decided(options, operator, incident, decision)


def _waiting(operator: Operator, options: argparse.Namespace) -> Incident:
    """The incident, if it waits for a decision on exactly the plan that is named."""
    from rolemend.incident.life import can_be_approved

    if len(options.plan) < LEAST_HASH:
        raise UnreadableInput(f"--plan: give at least {LEAST_HASH} characters of the hash")
    incident = operator.ledger().load(options.incident)
    if not can_be_approved(incident) or incident.plan is None:
        raise NotApprovable(
            f"incident {incident.id} is {incident.state}, and has no plan that waits for approval"
        )
    if not incident.plan.hash.startswith(options.plan):
        raise NotApprovable(
            f"the plan of incident {incident.id} is {incident.plan.hash}, not the one that you name"
        )
    return incident


def _decided(options: argparse.Namespace, operator: Operator, incident: Incident, decision: Any) -> int:
    """The marker lets the sweep find the decision if `remediate` cannot be started now.

    Who decides the same once more has only the rest of it done again.
    """
    from rolemend.incident.approvals import kind_of
    from rolemend.work.events import incident_event

    try:
        operator.approvals().decide_once(incident, decision)
    except AlreadyDecided as before:
        if (before.by, before.kind) != (operator.name, kind_of(decision)):
            raise
    operator.ledger().mark_open(incident.id)
    operator.start_remediate(incident_event(incident.id))
    if options.format == "json":
        write_json({"incident": incident.id, "decision": decision, "by": operator.name})
        return 0
    said = text(
        "Recorded as {who}; remediate was started for {incident}.", who=operator.name, incident=incident.id
    )
    write_text(plain(said.render(catalogue(options))))
    return 0


def run_export(options: argparse.Namespace) -> int:
    """Write journals; 1 if one was damaged. Raises UnknownIncident or AccountError."""
    import sys

    since = checked_day(options.since)
    operator = open_operator(options)
    ledger = operator.ledger()
    damaged = False
    wanted: Iterable[str] = options.incident or (line.id for line in _as_they_are(operator, since))
    for incident_id in wanted:
        try:
            entries = ledger.entries(incident_id)
        except LedgerDamaged as error:
            damaged = True
            sys.stderr.write(plain(f"rolemend: {incident_id}: {error}") + "\n")
            continue
        for entry in entries:
            write_json({"incident": incident_id, "entry": entry})
    return 1 if damaged else 0
