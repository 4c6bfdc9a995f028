"""The function `notify` as a failure destination: tells people of an invocation that failed for good.

Function Compute sends its event after the last try:
https://www.alibabacloud.com/help/en/functioncompute/result-callback
"""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Any

import msgspec

from rolemend.account.interface import ObjectStore
from rolemend.errors import AccountError, BadEvent, RoleBusy
from rolemend.incident.failures import Failure, Failures
from rolemend.notify.channel import CRITICAL, Matter, route
from rolemend.notify.message import ALERT, Message, Speaker
from rolemend.text import text
from rolemend.work.audited import KeptReport, Telling, read_kept_report, telling
from rolemend.work.delivery import Delivery, tell_all
from rolemend.work.events import INCIDENT_ID, Timer, read_incident_or_timer

_FUNCTION = re.compile(r"acs:fc:[a-z0-9-]+:[0-9]+:.*functions/([A-Za-z0-9_-]{1,128})(?:/.*)?", re.ASCII)
_LONGEST = 300


class FailedInvocation(msgspec.Struct, frozen=True, kw_only=True):
    """A function that failed on every try. `incident` is "" where the event named none; `error` is hostile text.

    `kind` is the type of the error, as the runtime names it; `at` is in epoch seconds, 0.0 where the event has no time.
    """

    function: str
    request: str
    tries: int
    error: str
    kind: str = ""
    incident: str = ""
    at: float = 0.0


def read_notify_event(event: bytes) -> str | Timer | FailedInvocation | KeptReport:
    """An incident id, the timer of what waits, the report of an audit, or a failure that Function Compute reports.

    Raises BadEvent.
    """
    try:
        value = msgspec.json.decode(event)
    except (msgspec.DecodeError, RecursionError) as error:
        raise BadEvent(f"the event is no JSON: {error}") from error
    if isinstance(value, dict) and isinstance(value.get("requestContext"), dict):
        return _failed(value, value["requestContext"])
    if isinstance(value, dict) and "audit" in value and "incident" not in value:
        return read_kept_report(value["audit"], value.get("asking"))
    return read_incident_or_timer(event)


def _failed(value: dict[str, Any], context: dict[str, Any]) -> FailedInvocation:
    named = _FUNCTION.fullmatch(str(context.get("functionArn", "")))
    if named is None:
        raise BadEvent("a result of an asynchronous invocation that names no function")
    tries, milliseconds = context.get("approximateInvokeCount"), value.get("timestamp")
    incident = _object(value.get("requestPayload")).get("incident")
    answer = _object(value.get("responsePayload"))
    told = answer.get("errorMessage") or context.get("condition")
    return FailedInvocation(
        function=named.group(1),
        request=str(context.get("requestId", ""))[:64],
        tries=tries if isinstance(tries, int) else 0,
        error=str(told or "")[:_LONGEST],
        kind=str(answer.get("errorType") or "")[:64],
        incident=incident if isinstance(incident, str) and INCIDENT_ID.fullmatch(incident) else "",
        at=milliseconds / 1000 if isinstance(milliseconds, int) and 0 < milliseconds < 1e15 else 0.0,
    )


def _object(payload: Any) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(payload)
    except (msgspec.DecodeError, RecursionError, TypeError):
        return {}
    return found if isinstance(found, dict) else {}


def report_failure(failed: FailedInvocation, delivery: Delivery, store: ObjectStore) -> Telling:
    """Keep it for the console's page on the system, and tell each channel.

    An open incident is taken up again by the sweep, whatever failed; that a role was busy is no failure, as another
    instance is at work or was stopped, and its lease ends. Raises the AccountError of a channel if none took it and it
    waits for none.
    """
    if failed.incident and failed.kind == RoleBusy.__name__:
        return Telling(incident=failed.incident, state="left to the sweep")
    _keep(failed, Failures(store, delivery.now))
    channels = route(delivery.channels, Matter(severity=CRITICAL))
    became = tell_all(lambda language: message_of(failed, language), channels, delivery)
    return telling(failed.incident, became)


def _keep(failed: FailedInvocation, failures: Failures) -> None:
    """What failed may be the ledger itself, and people are told all the same."""
    with suppress(AccountError):
        failures.keep(msgspec.convert(failed, Failure, from_attributes=True))


def message_of(failed: FailedInvocation, language: str) -> Message:
    """The message about it, with an id that stays the same on each try."""
    say = Speaker(language)
    lines = [
        text("It was tried {tries} times; the last error: {error}", tries=failed.tries, error=failed.error),
        text("Request id, to be looked for in the function's log: {request}", request=failed.request),
    ]
    if failed.incident:
        lines.append(text("Incident {incident} stays open and is taken up again.", incident=failed.incident))
    return Message(
        id=f"failed-{failed.function}-{failed.incident or failed.request}",
        incident=failed.incident,
        kind=ALERT,
        title=say(text("The function {function} failed for good", function=failed.function)),
        cause="function_failed",
        lines=tuple(map(say, lines)),
        checklist=(),
        advice=(),
        severity=CRITICAL,
        commands=(f"rolemend incidents show {failed.incident}",) if failed.incident else (),
    )
