"""The function `audit`: reads an account on a timer, one invocation for each account and region, and joins the results.

All of a run lies under `audits/<run>/` in the ledger's bucket: `plan.json`, for each part the claim of who works on it,
its answers until it is done, and its report; and `report.json`, joined anew by whoever finishes a part.
"""

from __future__ import annotations

import re
import time as clock
import uuid
from collections.abc import Callable
from typing import Any

import msgspec

from rolemend.account.interface import Functions, ObjectStore
from rolemend.audit.accounts import Part, parse_accounts, parts_of
from rolemend.audit.join import join_reports
from rolemend.audit.judge import report, unopened
from rolemend.audit.model import Report
from rolemend.audit.reads import Reads
from rolemend.audit.scope import Installation, Scope
from rolemend.audit.sweep import sweep
from rolemend.errors import AccountError, BadEvent, Conflict, NotThere
from rolemend.telemetry import traceparent
from rolemend.text import Text, text
from rolemend.work.audit_reports import publish
from rolemend.work.audited import report_event

ACCOUNTS_KEY = "config/audit-accounts.toml"
"""Where an operator lists the accounts. No function may write there."""

MOST_STEPS = 48
"""In so many invocations a part must be done; then it is judged by what was read."""

_RUN = re.compile(r"[0-9]{8}T[0-9]{6}Z", re.ASCII)
_ASKING = re.compile(r"([0-9a-f]{32})?", re.ASCII)
_PART = re.compile(r"[0-9]{5,30}", re.ASCII)


class Parts(msgspec.Struct, frozen=True, kw_only=True):
    """`open_survey` opens an account by the role in it ("" for one's own), told how many parts share what the account
    answers in a second. `seconds` are for how long one invocation
    reads; `lease` for how long a claim on a part holds, longer than the function may run."""

    store: ObjectStore
    functions: Functions
    open_survey: Callable[[Part, int], Any]
    account: str
    regions: tuple[str, ...]
    function: str
    installation: Installation
    notify: str = "rolemend-notify"
    language: str = "en"
    days: int = 90
    seconds: float = 480.0
    lease: float = 660.0
    now: Callable[[], float] = clock.time
    monotonic: Callable[[], float] = clock.monotonic


class Start(msgspec.Struct, frozen=True):
    """A timer's event: begin the run of this time."""

    run: str


class Work(msgspec.Struct, frozen=True):
    """Audit one part of a run; `step` counts the invocations that it took. `asking` is the same however often Function
    Compute tries one invocation."""

    run: str
    account: str
    region: str
    step: int
    asking: str = ""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What a run consists of."""

    run: str
    parts: tuple[Part, ...]


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What one invocation did: started parts, or read (`answers`) and perhaps finished one."""

    run: str
    part: str = ""
    state: str
    answers: int = 0
    started: int = 0


class _Claim(msgspec.Struct, frozen=True):
    holder: str
    step: int
    until: float


def read_audit_event(event: bytes) -> Start | Work:
    """A timer's event, or what this function hands to itself. Raises BadEvent."""
    try:
        value = msgspec.json.decode(event)
    except (msgspec.DecodeError, RecursionError) as error:
        raise BadEvent(f"the event is no JSON: {error}") from error
    if not isinstance(value, dict):
        raise BadEvent("the event is no JSON object")
    if "triggerName" in value:
        return Start(_run_of(str(value.get("triggerTime") or "")))
    try:
        work = msgspec.convert(value, Work)
    except msgspec.MsgspecError as error:
        raise BadEvent(f"the event is neither a timer's nor a part of an audit: {error}") from error
    if not _RUN.fullmatch(work.run) or not _PART.fullmatch(work.account) or not 0 <= work.step <= MOST_STEPS:
        raise BadEvent("the event names no run, account or step")
    if not _ASKING.fullmatch(work.asking):
        raise BadEvent("the event's asking is no id")
    return work


def _run_of(time: str) -> str:
    """A run by the time its timer was due: a timer that fires twice for one time begins one run."""
    digits = re.sub(r"[^0-9]", "", time[:19])
    if len(digits) != 14:
        raise BadEvent(f"a timer's event without a time: {time[:40]!r}")
    return f"{digits[:8]}T{digits[8:]}Z"


def audit(asked: Start | Work, parts: Parts) -> Outcome:
    """Begin a run, or bring one part of it on. Raises AccountError or SettingsError."""
    return _begin(asked.run, parts) if isinstance(asked, Start) else _work(asked, parts)


def _begin(run: str, parts: Parts) -> Outcome:
    """Write the plan, once, and start every part that has no report: one that was lost is started again so."""
    plan = _plan(run, parts)
    done = set(parts.store.keys(f"audits/{run}/parts/"))
    waiting = [each for each in plan.parts if _report_key(run, each) not in done]
    for each in waiting:
        _start(parts, Work(run, each.account, each.region, 0))
    return Outcome(run=run, state="begun", started=len(waiting))


def _plan(run: str, parts: Parts) -> Plan:
    key = f"audits/{run}/plan.json"
    try:
        listed = parts.store.read(ACCOUNTS_KEY)
    except NotThere:
        listed = b""
    plan = Plan(run=run, parts=parts_of(parse_accounts(listed, parts.account, parts.regions)))
    try:
        parts.store.append(key, 0, msgspec.json.encode(plan))
    except Conflict:
        return msgspec.json.decode(parts.store.read(key), type=Plan)
    return plan


def _start(parts: Parts, work: Work) -> None:
    asked = msgspec.structs.replace(work, asking=uuid.uuid4().hex)
    payload = {**msgspec.to_builtins(asked), "traceparent": traceparent()}
    parts.functions.start(parts.function, msgspec.json.encode(payload))


def _work(work: Work, parts: Parts) -> Outcome:
    """Read on from where the step before stopped; judge when all is read."""
    plan = msgspec.json.decode(parts.store.read(f"audits/{work.run}/plan.json"), type=Plan)
    part = next(
        (each for each in plan.parts if (each.account, each.region) == (work.account, work.region)), None
    )
    if part is None:
        raise BadEvent(f"run {work.run} has no part {work.account} {work.region}")
    begun = parts.monotonic()
    if _report_key(work.run, part) in set(parts.store.keys(f"audits/{work.run}/parts/")):
        _join(work.run, plan, parts)
        return Outcome(run=work.run, part=part.name, state="taken")
    if not _claim(work, part, parts):
        return Outcome(run=work.run, part=part.name, state="taken")
    reads, calls, started = _kept(work.run, part, parts)
    try:
        survey = parts.open_survey(part, sum(each.account == part.account for each in plan.parts))
    except AccountError as error:
        refused = unopened(part.account, (part.region,), error, parts.now(), work.run)
        _finish(work.run, part, plan, refused, parts)
        return Outcome(run=work.run, part=part.name, state="not opened")
    scope = scope_of(part, parts.account, parts.installation, parts.days)
    done = sweep(survey, scope, reads, deadline=begun + parts.seconds, clock=parts.monotonic)
    for operation, count in survey.count.calls.items():
        calls[operation] = calls.get(operation, 0) + count
    if not done and work.step < MOST_STEPS:
        _keep(work.run, part, parts, reads, calls, started)
        _start(parts, msgspec.structs.replace(work, step=work.step + 1))
        return Outcome(run=work.run, part=part.name, state="goes on", answers=len(reads))
    judged = report(
        reads, scope, started=started, ended=parts.now(), calls=calls, run=work.run, stopped=not done
    )
    _finish(work.run, part, plan, judged, parts)
    return Outcome(run=work.run, part=part.name, state="done", answers=len(reads))


def scope_of(part: Part, own: str, installation: Installation | None, days: int) -> Scope:
    """What one part looks at: Rolemend itself only in its own account."""
    return Scope(
        account=part.account,
        regions=(part.region,),
        home=part.region,
        whole=part.whole,
        installation=installation if part.account == own else None,
        days=days,
    )


def _claim(work: Work, part: Part, parts: Parts) -> bool:
    """Whether this invocation may do this step: nobody does it, did it, or is further.

    A try that failed is tried again with the same asking, and takes up its own claim.
    """
    key = f"audits/{work.run}/claims/{part.name}.jsonl"
    mine = _Claim(work.asking or uuid.uuid4().hex, work.step, parts.now() + parts.lease)
    try:
        data = parts.store.read(key)
    except NotThere:
        data = b""
    last = msgspec.json.decode(data.splitlines()[-1], type=_Claim) if data else None
    if last is not None and last.step > work.step:
        return False
    if (
        last is not None
        and last.step == work.step
        and last.until > parts.now()
        and last.holder != mine.holder
    ):
        return False
    try:
        parts.store.append(key, len(data), msgspec.json.encode(mine) + b"\n")
    except Conflict:
        return False
    return True


class _Kept(msgspec.Struct, frozen=True):
    calls: dict[str, int]
    started: float


def _kept(run: str, part: Part, parts: Parts) -> tuple[Reads, dict[str, int], float]:
    """What the steps before read. What cannot be used is read again."""
    try:
        head, _, data = parts.store.read(_facts_key(run, part)).partition(b"\n")
        kept = msgspec.json.decode(head, type=_Kept)
        return Reads.decode(data), dict(kept.calls), kept.started
    except (NotThere, msgspec.MsgspecError):
        return Reads(), {}, parts.now()


def _keep(run: str, part: Part, parts: Parts, reads: Reads, calls: dict[str, int], started: float) -> None:
    head = msgspec.json.encode(_Kept(calls, started))
    parts.store.put(_facts_key(run, part), head + b"\n" + reads.encode())


def _finish(run: str, part: Part, plan: Plan, judged: Report, parts: Parts) -> None:
    """Write the part's report, then what all parts together say."""
    parts.store.put(_report_key(run, part), msgspec.json.encode(judged))
    parts.store.delete(_facts_key(run, part))
    _join(run, plan, parts)


def _join(run: str, plan: Plan, parts: Parts) -> None:
    """Write the joined report, again until no further part was finished meanwhile; publish it once all are done.

    However often this is done, the same is written: what an invocation left undone the next try does again.
    """
    known: set[str] = set()
    while (there := set(parts.store.keys(f"audits/{run}/parts/"))) != known:
        known = there
        joined = _joined(run, plan, known, parts)
        parts.store.put(f"audits/{run}/report.json", msgspec.json.encode(joined))
        if all(_report_key(run, each) in known for each in plan.parts):
            key = publish(parts.store, joined, parts.language)
            parts.functions.start(parts.notify, report_event(key))


def _joined(run: str, plan: Plan, there: set[str], parts: Parts) -> Report:
    done = [each for each in plan.parts if _report_key(run, each) in there]
    reports = [msgspec.json.decode(parts.store.read(_report_key(run, each)), type=Report) for each in done]
    missing: list[Text] = [
        text(
            "There is no report of account {account} in {region} yet.",
            account=each.account,
            region=each.region,
        )
        for each in plan.parts
        if each not in done
    ]
    return join_reports(reports, account=parts.account, run=run, missing=missing)


def _report_key(run: str, part: Part) -> str:
    return f"audits/{run}/parts/{part.name}.json"


def _facts_key(run: str, part: Part) -> str:
    return f"audits/{run}/facts/{part.name}.jsonl"
