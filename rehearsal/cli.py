"""The commands `rolemend snapshot` and `rolemend rehearse`."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rolemend.commands.account import add_account_options, open_operator
from rolemend.commands.output import add_options, catalogue, write_json, write_text
from rolemend.errors import RolemendError, UnreadableInput

if TYPE_CHECKING:
    from localcloud.state import State
    from rehearsal.history import History
    from rehearsal.report import Rehearsed

INCOMPLETE = 7
"""As in `rolemend audit`: not everything could be read."""

_DAY, _DAYS = 86_400, 90
_AHEAD = 60
"""Seconds past this machine's clock that logs are asked for: the end of a range is not in it, and clocks differ."""
_GUARDRAILS = ""
"""Without a file nothing is changed, in a rehearsal as in the account."""


def add_command(commands: Any) -> None:
    """Add `snapshot` and `rehearse` to the command line of `rolemend`."""
    snapshot = commands.add_parser(
        "snapshot",
        help="read the account into a file that the local cloud loads",
        description="Exit code 0, 7 if something could not be read (the file says what), 1 for an error.",
    )
    snapshot.add_argument("file", type=Path, metavar="FILE", help="where to write it; only you may read it")
    words = (
        "regions with clusters and workspaces, with commas (default: $ROLEMEND_AUDIT_REGIONS, else --region)"
    )
    snapshot.add_argument("--regions", default="", metavar="REGIONS", help=words)
    snapshot.add_argument("--mask", action="store_true", help="replace account ids, users' ids and names")
    words = "keep this tag of roles and buckets, for guardrails that ask for it (may be repeated)"
    snapshot.add_argument("--keep-tag", action="append", default=[], metavar="KEY", help=words)
    add_account_options(snapshot, ledger=False)
    snapshot.set_defaults(run=run_snapshot)

    rehearse = commands.add_parser(
        "rehearse",
        help="play past events through the functions, on a local cloud",
        description="Writes nothing to your account. Exit code 0, 7 if not everything could be read, 1 for an error.",
    )
    rehearse.add_argument(
        "--snapshot", type=Path, required=True, metavar="FILE", help="of `rolemend snapshot`"
    )
    words = "ActionTrail files, access logs, or folders of them"
    rehearse.add_argument("--events", type=Path, nargs="+", default=[], metavar="FILE", help=words)
    words = "ask ActionTrail for the events of the last 90 days, in each region of the snapshot"
    rehearse.add_argument("--lookup", action="store_true", help=words)
    words = "logstore whose last 90 days SLS aggregates, so that they are not downloaded (may be repeated)"
    rehearse.add_argument("--aggregate", action="append", default=[], metavar="PROJECT/LOGSTORE", help=words)
    words = "guardrails.toml (default: nothing is changed)"
    rehearse.add_argument("--guardrails", type=Path, metavar="FILE", help=words)
    words = "leave holding back to the local SLS: slower, and the same result"
    rehearse.add_argument("--whole", action="store_true", help=words)
    add_options(rehearse, "text")
    add_account_options(rehearse, ledger=False)
    rehearse.set_defaults(run=run_rehearse)


def run_snapshot(options: argparse.Namespace) -> int:
    """Read the account, write the file. Raises SettingsError, NoCredentials or AccountError."""
    from localcloud.statefile import StateFileError, save_state
    from rehearsal.account import read_account, tag_keys
    from rehearsal.mask import mask_of, masked
    from rehearsal.state import state_of
    from rolemend.audit.accounts import Part

    operator = open_operator(options)
    regions = tuple(operator.audit_regions(options.regions))
    survey = operator.survey(Part(account=operator.account, region=regions[0]))
    reads = read_account(survey, operator.account, regions, options.keep_tag, _bar)
    tags = tag_keys(reads) | set(options.keep_tag)
    state = state_of(reads, operator.account, regions, time.time(), tags)
    if options.mask:
        state = masked(state, mask_of(state))
    try:
        save_state(state, options.file)
    except StateFileError as error:
        raise UnreadableInput(str(error)) from error
    return _tell_snapshot(state, options.file, sum(survey.count.calls.values()))


def _tell_snapshot(state: State, file: Path, calls: int) -> int:
    note = state.snapshot
    assert note is not None
    ram = next(iter(state.accounts.values())).ram
    print(
        f"{file}: {len(ram.users)} users, {len(ram.groups)} groups, {len(ram.roles)} roles, {len(ram.policies)} custom "
        f"policies, {len(state.oss.buckets)} buckets, {len(state.emr.clusters)} clusters, "
        f"{len(state.spark.workspaces)} workspaces, with {calls} calls"
    )
    if note.masked and note.kept:
        print(f"{note.kept} names stayed as they are: a pattern in a policy names part of them")
    for each in note.unread:
        print(f"not read: {' '.join(each.question)}: {each.reason}", file=sys.stderr)
    return INCOMPLETE if note.unread else 0


def run_rehearse(options: argparse.Namespace) -> int:
    """Read history, play it, write what came of it. Raises UnreadableInput for files that cannot be used."""
    if not (options.events or options.lookup or options.aggregate):
        raise UnreadableInput("name --events FILE, --lookup or --aggregate PROJECT/LOGSTORE")
    state, guardrails = _load(options.snapshot), _guardrails(options.guardrails)
    found = rehearse(state, guardrails, _history(options, state))
    if options.format == "json":
        write_json(found)
    else:
        from rehearsal.show import lines

        for line in lines(found, catalogue(options)):
            write_text(line)
    return 0 if found.is_complete() else INCOMPLETE


def rehearse(state: State, guardrails: str, history: History, preloaded: Any = None) -> Rehearsed:
    """Play a history on a snapshot, which is changed by it."""
    from rehearsal.report import rehearsed
    from rehearsal.stage import open_stage, play

    assert state.snapshot is not None
    with open_stage(state, guardrails, preloaded) as (stage, _):
        play(stage, history.records)
        invocations = stage.local.call(lambda cloud: list(cloud.services["fc"].invocations))  # type: ignore[attr-defined]
        return rehearsed(history, state.snapshot, stage.incidents().values(), invocations)


def _load(path: Path) -> State:
    from localcloud.statefile import StateFileError, load_state

    try:
        state = load_state(path)
    except StateFileError as error:
        raise UnreadableInput(str(error)) from error
    if state.snapshot is None:
        raise UnreadableInput(f"{path}: not a file of `rolemend snapshot`")
    if state.snapshot.masked:
        raise UnreadableInput(
            f"{path}: its names are masked, and those in the events are not; take one without --mask"
        )
    return state


def _guardrails(path: Path | None) -> str:
    """The text, looked through before anything is played."""
    from rolemend.remedy.guardrails_file import parse_guardrails

    if path is None:
        return _GUARDRAILS
    try:
        text = path.read_bytes()
    except OSError as error:
        raise UnreadableInput(f"{path}: cannot be read: {error.strerror or error}") from error
    try:
        parse_guardrails(text)
    except RolemendError as error:
        raise UnreadableInput(f"{path}: {error}") from error
    return text.decode()


def _history(options: argparse.Namespace, state: State) -> History:
    from rehearsal.history import read_files

    history = read_files(options.events, whole=options.whole)
    if options.lookup or options.aggregate:
        from rehearsal.live import aggregate, look_up

        operator = open_operator(options)
        assert state.snapshot is not None
        if operator.account != state.snapshot.account:
            raise UnreadableInput(
                f"the snapshot is of account {state.snapshot.account}, and the credentials are of {operator.account}"
            )
        now = int(time.time())
        if options.lookup:
            look_up(operator.access, state.snapshot.regions, now - _DAYS * _DAY, now, history, options.whole)
        for place in options.aggregate:
            aggregate(operator.access, place, now - _DAYS * _DAY, now + _AHEAD, history)
    return history


def _bar(answered: int, known: int) -> None:
    if sys.stderr.isatty():
        end = "\r\x1b[K" if answered >= known else ""
        sys.stderr.write(f"\r\x1b[Ksnapshot: {answered} of {known} answers{end}")
        sys.stderr.flush()
