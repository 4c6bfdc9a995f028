"""The function `notify` tells people what an audit newly found, through the channels that its severity goes to."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from rolemend.account.interface import ObjectStore
from rolemend.errors import BadEvent
from rolemend.notify.channel import CRITICAL, INFO, WARNING, Matter, route
from rolemend.notify.message import ALERT, Message
from rolemend.telemetry import traceparent
from rolemend.work.delivery import Delivery, tell_all
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
    channels = route(delivery.channels, Matter(severity=severity))
    console = delivery.links.console
    tell_all(lambda language: _message(kept, earlier, severity, language, console), channels, delivery)
    return Outcome(incident="", state="told")


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
