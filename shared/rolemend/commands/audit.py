"""The commands `rolemend audit` and `rolemend doctor`: what will be denied tomorrow, and would that be heard of?"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rolemend.commands.account import NO_LEDGER, add_account_options, open_operator
from rolemend.commands.output import LANGUAGES
from rolemend.commands.state_file import in_place_of_account
from rolemend.errors import AccountError, SettingsError, UnreadableInput

if TYPE_CHECKING:
    import argparse

    from rolemend.audit.accepted import Acceptance
    from rolemend.audit.accounts import Member
    from rolemend.audit.comparison import Comparison, Earlier
    from rolemend.audit.model import Report
    from rolemend.operator import Operator

EXIT_CODES = {"critical": 6, "high": 5, "medium": 4, "low": 3, "info": 0, "": 0}
"""By the severity of the worst failure that is not accepted. 1 is an error of Rolemend, 2 a wrong command line."""

INCOMPLETE = 7
"""Nothing worse was found, but not everything could be read: a pipeline must not take it for passed."""

_CODES = (
    "Exit code by the worst failure that is not accepted: 6 critical, 5 high, 4 medium, 3 low; 7 if none was found but "
    "not everything could be read, 0 if all is well, 1 if the account could not be asked at all."
)


def add_command(commands: Any) -> None:
    """Add `audit` and `doctor` to the command line of `rolemend`."""
    audit = commands.add_parser("audit", help="say what will be denied tomorrow", description=_CODES)
    words = "TOML file with the accounts of a resource directory (default: your own account alone)"
    audit.add_argument("--accounts", type=Path, metavar="FILE", help=words)
    words = (
        "file that `rolemend snapshot` wrote, or a state file of the local cloud, in the place of the account"
    )
    audit.add_argument("--snapshot", type=Path, metavar="FILE", help=words)
    doctor = commands.add_parser(
        "doctor", help="say whether Rolemend has its rights and sources", description=_CODES
    )
    for parser in (audit, doctor):
        add_account_options(parser)
        words = "regions with clusters and workspaces, with commas (default: $ROLEMEND_AUDIT_REGIONS, else --region)"
        parser.add_argument("--regions", default="", metavar="REGIONS", help=words)
        words = "html, json, csv, sarif or ocsf (default: %(default)s); html has both languages"
        parser.add_argument("--format", default="json", metavar="FORMAT", help=words)
        parser.add_argument("--lang", choices=LANGUAGES, default="en", help="default: %(default)s")
        words = "TOML file with accepted findings (default: config/accepted.toml in the ledger's bucket)"
        parser.add_argument("--accepted", type=Path, metavar="FILE", help=words)
        words = "JSON report of an earlier run to compare with (default: the last one in the ledger's bucket)"
        parser.add_argument("--since", type=Path, metavar="FILE", help=words)
    audit.add_argument("--store", action="store_true", help="keep the report in the ledger's bucket too")
    audit.set_defaults(run=run_audit, open_snapshot=None)
    doctor.set_defaults(run=run_doctor, accounts=None, store=False, snapshot=None, open_snapshot=None)


def run_audit(options: argparse.Namespace) -> int:
    """Read the accounts, judge them, write the report. Raises SettingsError, NoCredentials or AccountError."""
    return _run(options, doctor=False)


def run_doctor(options: argparse.Namespace) -> int:
    """The same for Rolemend's own rights and sources alone."""
    return _run(options, doctor=True)


def _run(options: argparse.Namespace, *, doctor: bool) -> int:
    from rolemend.audit.render import FORMATS

    if options.format not in FORMATS:
        raise UnreadableInput(f"--format: {options.format!r} is none of {', '.join(FORMATS)}")
    if options.snapshot is not None and (options.store or options.accounts is not None):
        raise UnreadableInput("--snapshot is one account and has no ledger: leave out --store and --accounts")
    with in_place_of_account(options.snapshot, options.open_snapshot, "--snapshot"):
        found, comparison = _found(options, doctor=doctor)
    _write(found, comparison, options)
    return exit_code(found, comparison)


def _found(options: argparse.Namespace, *, doctor: bool) -> tuple[Report, Comparison]:
    if options.snapshot is not None:
        options.ledger = options.ledger or NO_LEDGER
    operator = open_operator(options)
    accepted, earlier = _accepted(options.accepted), _earlier(options.since)
    if options.snapshot is not None:
        from rolemend.audit.comparison import compare

        found = _of_snapshot(operator, options)
        return found, compare(found, earlier, accepted or ())
    found = _report(operator, _members(options, operator), doctor=doctor)
    found, comparison = _compared(operator, found, accepted, earlier)
    if options.store:
        from rolemend.audit.archive import keep

        keep(operator.store(), found, comparison, options.lang)
    return found, comparison


def _of_snapshot(operator: Operator, options: argparse.Namespace) -> Report:
    """The account of a file, where no call has to wait for another. What Rolemend itself has there is not judged: a
    snapshot holds no functions and no logs."""
    from rolemend.audit.join import join_reports

    (member,) = _members(options, operator)
    report = _of_member(operator.unhurried(), member, doctor=False, itself=False)
    return join_reports([report], account=operator.account, run="")


def exit_code(report: Report, comparison: Comparison) -> int:
    """By the worst failure that is not accepted; `INCOMPLETE` where there is none and something is unknown."""
    from rolemend.audit.comparison import worst_counted

    code = EXIT_CODES[worst_counted(report, comparison)]
    return INCOMPLETE if not code and not report.is_complete() else code


def _accepted(path: Path | None) -> tuple[Acceptance, ...] | None:
    """The accepted findings of a file, None for those of the ledger's bucket. Raises UnreadableInput."""
    from rolemend.audit.accepted import parse_accepted

    if path is None:
        return None
    try:
        return parse_accepted(_read(path))
    except SettingsError as error:
        raise UnreadableInput(f"{path}: {error}") from error


def _earlier(path: Path | None) -> Earlier | None:
    from rolemend.audit.archive import read_report

    if path is None:
        return None
    try:
        return read_report(_read(path))
    except ValueError as error:
        raise UnreadableInput(f"{path} {error}") from error


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise UnreadableInput(f"cannot read {path}: {reason}") from error


def _compared(
    operator: Operator, found: Report, accepted: tuple[Acceptance, ...] | None, earlier: Earlier | None
) -> tuple[Report, Comparison]:
    """Beside the run that was named, or the last in the ledger's bucket."""
    from rolemend.audit.archive import compare_with_kept
    from rolemend.audit.comparison import compare

    if earlier is not None and accepted is not None:
        return found, compare(found, earlier, accepted)
    return compare_with_kept(operator.store(), found, accepted, earlier)


def _members(options: argparse.Namespace, operator: Operator) -> tuple[Member, ...]:
    from rolemend.audit.accounts import parse_accounts

    regions = operator.audit_regions(options.regions)
    if options.accounts is None:
        return parse_accounts(b"", operator.account, regions)
    try:
        return parse_accounts(_read(options.accounts), operator.account, regions)
    except SettingsError as error:
        raise UnreadableInput(str(error)) from error


def _report(operator: Operator, members: tuple[Member, ...], *, doctor: bool) -> Report:
    """Each account at a time, all its regions at once; one that cannot be entered is told in the report."""
    from rolemend.audit.join import join_reports

    reports = [_of_member(operator, member, doctor=doctor) for member in members]
    return join_reports(reports, account=operator.account, run="")


def _of_member(operator: Operator, member: Member, *, doctor: bool, itself: bool = True) -> Report:
    from rolemend.audit.accounts import Part
    from rolemend.audit.judge import report, unopened
    from rolemend.audit.reads import Reads
    from rolemend.audit.scope import Scope
    from rolemend.audit.sweep import sweep

    started, reads = time.time(), Reads()
    part = Part(account=member.id, region=member.regions[0], role=member.role)
    try:
        survey = operator.survey(part)
    except AccountError as error:
        return unopened(member.id, member.regions, error, started)
    scope = Scope(
        account=member.id,
        regions=member.regions,
        home=member.regions[0],
        installation=operator.installation() if itself and member.id == operator.account else None,
    )
    with _bar(member.id) as progress:
        sweep(survey, scope, reads, progress=progress)
    return report(reads, scope, started=started, ended=time.time(), calls=survey.count.calls, doctor=doctor)


class _bar:  # noqa: N801 - it is used as a function
    """A line on standard error that says how far an account is, where a person waits for it."""

    def __init__(self, account: str) -> None:
        self._account, self._shown = account, 0.0

    def __enter__(self) -> _bar:
        return self

    def __exit__(self, *details: object) -> None:
        if self._shown:
            sys.stderr.write("\r\x1b[K")

    def __call__(self, answered: int, known: int) -> None:
        now = time.monotonic()
        if not sys.stderr.isatty() or now - self._shown < _EVERY:
            return
        self._shown = now
        done = round(_WIDTH * answered / max(known, 1))
        bar = "#" * done + "-" * (_WIDTH - done)
        sys.stderr.write(f"\r\x1b[Kaudit {self._account}: [{bar}] {answered} of {known} answers")
        sys.stderr.flush()


_EVERY, _WIDTH = 0.2, 30


def _write(found: Report, comparison: Comparison, options: argparse.Namespace) -> None:
    from rolemend.audit.render import render

    sys.stdout.buffer.write(render(found, options.format, options.lang, comparison))
    sys.stdout.buffer.flush()
