"""The commands `rolemend audit` and `rolemend doctor`: what will be denied tomorrow, and would that be heard of?"""

from __future__ import annotations

import sys
import time
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rolemend.commands.account import add_account_options, open_operator
from rolemend.commands.output import LANGUAGES, write_json
from rolemend.errors import AccountError, SettingsError, UnreadableInput

if TYPE_CHECKING:
    import argparse

    from rolemend.audit.accounts import Member
    from rolemend.audit.model import Report
    from rolemend.operator import Operator

EXIT_CODES = {"critical": 6, "high": 5, "medium": 4, "low": 3, "info": 0, "": 0}
"""By the severity of the worst failure. 1 is an error of Rolemend's own, 2 a wrong command line."""

INCOMPLETE = 7
"""Nothing worse was found, but not everything could be read: a pipeline must not take it for passed."""

_CODES = (
    "Exit code by the worst failure: 6 critical, 5 high, 4 medium, 3 low; 7 if none was found but not everything could "
    "be read, 0 if all is well, 1 if the account could not be asked at all."
)


def add_command(commands: Any) -> None:
    """Add `audit` and `doctor` to the command line of `rolemend`."""
    audit = commands.add_parser("audit", help="say what will be denied tomorrow", description=_CODES)
    words = "TOML file with the accounts of a resource directory (default: your own account alone)"
    audit.add_argument("--accounts", type=Path, metavar="FILE", help=words)
    doctor = commands.add_parser(
        "doctor", help="say whether Rolemend has its rights and sources", description=_CODES
    )
    for parser in (audit, doctor):
        add_account_options(parser)
        words = "regions with clusters and workspaces, with commas (default: $ROLEMEND_AUDIT_REGIONS, else --region)"
        parser.add_argument("--regions", default="", metavar="REGIONS", help=words)
        parser.add_argument("--format", default="json", metavar="FORMAT", help="default: %(default)s")
        parser.add_argument("--lang", choices=LANGUAGES, default="en", help="default: %(default)s")
    audit.set_defaults(run=run_audit)
    doctor.set_defaults(run=run_doctor, accounts=None)


def run_audit(options: argparse.Namespace) -> int:
    """Read the accounts, judge them, write the report. Raises SettingsError, NoCredentials or AccountError."""
    return _run(options, doctor=False)


def run_doctor(options: argparse.Namespace) -> int:
    """The same for Rolemend's own rights and sources alone."""
    return _run(options, doctor=True)


def _run(options: argparse.Namespace, *, doctor: bool) -> int:
    operator = open_operator(options)
    found = _report(operator, _members(options, operator), doctor=doctor)
    _write(found, options)
    return exit_code(found)


def exit_code(report: Report) -> int:
    """By the worst failure; `INCOMPLETE` where there is none and something is unknown."""
    code = EXIT_CODES[report.worst()]
    return INCOMPLETE if not code and not report.is_complete() else code


def _members(options: argparse.Namespace, operator: Operator) -> tuple[Member, ...]:
    from rolemend.audit.accounts import parse_accounts

    regions = operator.audit_regions(options.regions)
    if options.accounts is None:
        return parse_accounts(b"", operator.account, regions)
    try:
        return parse_accounts(options.accounts.read_bytes(), operator.account, regions)
    except OSError as error:
        raise UnreadableInput(f"cannot read {options.accounts}: {error.strerror or error}") from error
    except SettingsError as error:
        raise UnreadableInput(str(error)) from error


def _report(operator: Operator, members: tuple[Member, ...], *, doctor: bool) -> Report:
    """Each account at a time, all its regions at once; one that cannot be entered is told in the report."""
    from rolemend.audit.join import join_reports

    reports = [_of_member(operator, member, doctor=doctor) for member in members]
    return join_reports(reports, account=operator.account, run="")


def _of_member(operator: Operator, member: Member, *, doctor: bool) -> Report:
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
        installation=operator.installation() if member.id == operator.account else None,
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


def _write(found: Report, options: argparse.Namespace) -> None:
    """JSON here; the other forms are those of `rolemend.audit.render`."""
    if options.format == "json":
        write_json(found)
        return
    try:
        render = import_module("rolemend.audit.render").render
    except ImportError:
        raise UnreadableInput(f"--format: {options.format!r} is not known; json is") from None
    written = render(found, options.format)
    sys.stdout.buffer.write(written if isinstance(written, bytes) else written.encode())
