"""The function `notify` tells people what an audit newly found, through the channels that its severity goes to."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from rolemend.account.interface import ObjectStore
from rolemend.errors import AccountError, BadEvent, LedgerError, Throttled
from rolemend.incident.channels import State
from rolemend.incident.tokens import WINDOW
from rolemend.notify.channel import CRITICAL, INFO, WARNING, Channel, Matter, route
from rolemend.notify.message import ALERT, Message
from rolemend.telemetry import traceparent
from rolemend.work.delivery import RESERVED, Delivery, side_by_side, try_to_send
from rolemend.work.diagnose import Outcome

if TYPE_CHECKING:
    from rolemend.audit.comparison import Earlier

_KEY = re.compile(r"reports/[0-9]{4}-[0-9]{2}-[0-9]{2}-[0-9]{8}T[0-9]{6}Z(-[0-9a-f]{8})?", re.ASCII)
_SEVERITIES = {"critical": CRITICAL, "high": CRITICAL, "medium": WARNING}


class KeptReport(msgspec.Struct, frozen=True):
    """A report in the ledger's bucket, by its key without `.json`. What it says is read there."""

    key: str


def report_event(key: str) -> bytes:
    """The payload from `audit` to `notify`."""
    return msgspec.json.encode({"audit": key, "traceparent": traceparent()})


def read_kept_report(named: object) -> KeptReport:
    """Raises BadEvent for anything but the key of a report."""
    if not isinstance(named, str) or not _KEY.fullmatch(named):
        raise BadEvent('the event is no {"audit": "reports/…"}')
    return KeptReport(named)


def tell_findings(kept: KeptReport, store: ObjectStore, delivery: Delivery) -> Outcome:
    """Tell each channel of the findings that are new since the report before; nothing where none is.

    Raises AccountError if the report cannot be read, or if no channel took the message.
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

    def tell(channel: Channel) -> AccountError | None:
        return offer(_message(kept, earlier, severity, delivery.language_of(channel)), channel, delivery)

    channels = route(delivery.channels, Matter(severity=severity))
    lost = [error for error in side_by_side(channels, tell) if error is not None]
    if lost and len(lost) == len(channels):
        raise lost[0]
    return Outcome(incident="", state="told")


def _message(kept: KeptReport, earlier: Earlier, severity: str, language: str) -> Message:
    from rolemend.notify.audited import announce

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
        commands=("rolemend audit",),
    )


def offer(message: Message, channel: Channel, delivery: Delivery) -> AccountError | None:
    """Send what is about no incident, if the channel works and has not had too many; why it was not sent, or None."""
    try:
        state = delivery.states.load(channel.name)
        if state.until > (now := delivery.now()):
            return Throttled(channel.name, "paused", "the channel is left alone for now", state.until - now)
        if not delivery.tokens.take(channel.name, message.id, max(1, channel.per_minute - RESERVED)):
            return Throttled(channel.name, "limit", "over the channel's limit", WINDOW)
    except (AccountError, LedgerError):
        state = State()  # what failed may be the ledger itself, and people are to hear of that
    return try_to_send(message, channel, state, delivery)
