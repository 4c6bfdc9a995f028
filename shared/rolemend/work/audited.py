"""The function `notify` tells people what an audit newly found, once, through the channels that its severity goes to.

The last two parts of a run may end at one time, and each then asks for it: who tells claims it in the ledger's bucket.
"""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING

import msgspec

from rolemend.account.interface import ObjectStore
from rolemend.errors import BadEvent
from rolemend.incident.book import Book
from rolemend.incident.journal import Line
from rolemend.notify.channel import CRITICAL, INFO, WARNING, Matter, route
from rolemend.notify.message import ALERT, Message
from rolemend.telemetry import traceparent
from rolemend.work.delivery import DELIVERED, Delivery, tell_all
from rolemend.work.diagnose import Outcome

if TYPE_CHECKING:
    from rolemend.audit.comparison import Earlier

_KEY = re.compile(r"reports/[0-9]{4}-[0-9]{2}-[0-9]{2}-([0-9]{8}T[0-9]{6}Z(?:-[0-9a-f]{8})?)", re.ASCII)
_ASKING = re.compile(r"[0-9a-f]{32}", re.ASCII)
CLAIM_SECONDS = 90
"""For so long the message belongs to the asking that claimed it: longer than the function may run."""
_SEVERITIES = {"critical": CRITICAL, "high": CRITICAL, "medium": WARNING}


class KeptReport(msgspec.Struct, frozen=True):
    """A report in the ledger's bucket, by its key without `.json`. What it says is read there.

    `asking` is the same however often Function Compute tries one invocation.
    """

    key: str
    asking: str = ""


class Claimed(msgspec.Struct, frozen=True, tag="claimed"):
    """The message is about to be sent for this asking."""

    asking: str


class Told(msgspec.Struct, frozen=True, tag="told"):
    """The message is delivered or waits, for each channel as `rolemend.work.delivery.tell_all` answers."""

    channels: dict[str, str] = {}


class Telling(Outcome, frozen=True, kw_only=True):
    """What became of a message about no denial, for each channel."""

    channels: dict[str, str] = msgspec.field(default_factory=dict)


_Fact = Claimed | Told
_decoder = msgspec.json.Decoder(Line[_Fact])


def report_event(key: str) -> bytes:
    """The payload from `audit` to `notify`."""
    return msgspec.json.encode({"audit": key, "asking": uuid.uuid4().hex, "traceparent": traceparent()})


def read_kept_report(named: object, asking: object = "") -> KeptReport:
    """Raises BadEvent for anything but the key of a report."""
    if not isinstance(named, str) or not _KEY.fullmatch(named):
        raise BadEvent('the event is no {"audit": "reports/…"}')
    known = isinstance(asking, str) and _ASKING.fullmatch(asking)
    return KeptReport(named, str(asking) if known else uuid.uuid4().hex)


def tell_findings(kept: KeptReport, store: ObjectStore, delivery: Delivery) -> Outcome:
    """Tell each channel of the findings that are new since the report before; nothing where none is.

    Raises AccountError if the report cannot be read, or if the message was neither sent nor waits; LedgerError.
    """
    from rolemend.audit.archive import read_report

    try:
        earlier = read_report(store.read(f"{kept.key}.json"))
    except ValueError as error:
        raise BadEvent(f"{kept.key}: {error}") from error
    new = set(earlier.comparison.new)
    severities = {_SEVERITIES.get(each.severity, INFO) for each in earlier.report.failed() if each.id in new}
    severity = next((each for each in (CRITICAL, WARNING, INFO) if each in severities), "")
    if not severity:
        return Outcome(incident="", state="nothing new")
    book: Book[_Fact] = Book(store, _decoder, "notify", delivery.now)
    if taken := _taken(kept, book, delivery.now()):
        return Outcome(incident="", state=taken)
    channels = route(delivery.channels, Matter(severity=severity))
    console = delivery.links.console
    became = tell_all(
        lambda language: _message(kept, earlier, severity, language, console), channels, delivery
    )
    book.extend(_journal(kept), lambda known: [] if _is_told(known) else [Told(became)])
    return telling("", became)


def telling(incident: str, became: dict[str, str]) -> Telling:
    """`waiting` where no channel took the message yet."""
    state = "told" if not became or DELIVERED in became.values() else "waiting"
    return Telling(incident=incident, state=state, channels=became)


def _taken(kept: KeptReport, book: Book[_Fact], now: float) -> str:
    """Claim the message; why it is not ours to send, or ""."""

    def claiming(known: tuple[Line[_Fact], ...]) -> list[_Fact]:
        last = known[-1] if known else None
        if last is None or (isinstance(last.fact, Claimed) and last.time + CLAIM_SECONDS <= now):
            return [Claimed(kept.asking)]
        return []

    known = book.extend(_journal(kept), claiming, likely_new=True)
    if _is_told(known):
        return "told before"
    last = known[-1].fact
    return "" if isinstance(last, Claimed) and last.asking == kept.asking else "another tells"


def _is_told(known: tuple[Line[_Fact], ...]) -> bool:
    return any(isinstance(line.fact, Told) for line in known)


def _journal(kept: KeptReport) -> str:
    """Beside all else of the run."""
    named = _KEY.fullmatch(kept.key)
    assert named is not None
    return f"audits/{named[1]}/told.jsonl"


def _message(kept: KeptReport, earlier: Earlier, severity: str, language: str, console: str) -> Message:
    from rolemend.notify.audited import announce, link_to

    lines = announce(earlier.report, earlier.comparison, language, kept.key).splitlines()
    return Message(
        id=f"audit-{earlier.run}",
        incident="",
        kind=ALERT,
        title=lines[0],
        cause="audit",
        lines=tuple(lines[1:]),
        checklist=(),
        advice=(),
        severity=severity,
        links=link_to(earlier.run, console, language),
        commands=("rolemend audit",),
    )
