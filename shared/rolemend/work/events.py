"""The events that invoke the functions, read from bytes that nobody vouches for."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from rolemend.account.interface import LogRange
from rolemend.errors import BadEvent
from rolemend.signals.spark_job import is_system_event
from rolemend.telemetry import traceparent

INCIDENT_ID = re.compile(r"inc-[0-9a-f]{24}")
_NAME = re.compile(r"[A-Za-z0-9_\-.]{1,128}", re.ASCII)
_ENDPOINT = re.compile(r"(?:https?://)?[a-z0-9\-]+\.log\.aliyuncs\.com/?", re.ASCII)


class LogTrigger(msgspec.Struct, frozen=True):
    """A log trigger's event: the range to be read, and the name of the source that the trigger was made for."""

    log_range: LogRange
    source: str


SWEEP, PENDING, JOBS, CLOSE = "sweep", "pending", "jobs", "close"


class Timer(msgspec.Struct, frozen=True):
    """A timer trigger's event: the job that its payload `{"job": …}` names, `sweep` if it names none."""

    job: str


class TrailEvents(msgspec.Struct, frozen=True):
    """Events that were sent straight to the function: ActionTrail's, and CloudMonitor's system events, these in the
    envelope that they came in."""

    events: tuple[dict[str, Any], ...]


WatchEvent = LogTrigger | Timer | TrailEvents


def read_watch_event(event: bytes) -> WatchEvent:
    """A log trigger's, a timer's, EventBridge's (one, or a list of them) or CloudMonitor's event. Raises BadEvent."""
    value = _json(event)
    if isinstance(value, list) or (isinstance(value, dict) and "specversion" in value):
        return _trail_events(value)
    if not isinstance(value, dict):
        raise BadEvent("the event is no JSON object")
    if "triggerName" in value:
        return Timer(_job(str(value.get("payload") or "")))
    if isinstance(value.get("source"), dict):
        return _log_trigger(value)
    if is_system_event(value):
        return TrailEvents((value,))
    raise BadEvent("the event is neither a log trigger's nor a timer's nor EventBridge's nor CloudMonitor's")


def _job(payload: str) -> str:
    try:
        named = msgspec.json.decode(payload)
    except (msgspec.DecodeError, RecursionError):
        return SWEEP
    job = named.get("job") if isinstance(named, dict) else None
    return job if isinstance(job, str) else SWEEP


def _trail_events(value: Any) -> TrailEvents:
    envelopes = value if isinstance(value, list) else [value]
    events = [_carried(envelope) for envelope in envelopes if isinstance(envelope, dict)]
    if len(events) != len(envelopes) or not all(isinstance(event, dict) for event in events):
        raise BadEvent("an EventBridge envelope without an object in `data`")
    return TrailEvents(tuple(event for event in events if isinstance(event, dict)))


def _carried(envelope: dict[str, Any]) -> Any:
    """A system event stays in its envelope, whose members may tell what its own do not."""
    return envelope if is_system_event(envelope) else envelope.get("data")


def _log_trigger(value: dict[str, Any]) -> LogTrigger:
    source, parameter = value["source"], value.get("parameter")
    try:
        log_range = LogRange(
            endpoint=_matching(_ENDPOINT, source["endpoint"]),
            project=_matching(_NAME, source["projectName"]),
            logstore=_matching(_NAME, source["logstoreName"]),
            shard=int(source["shardId"]),
            begin=str(source["beginCursor"]),
            end=str(source["endCursor"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise BadEvent(f"a log trigger's event without a usable range: {error}") from error
    name = parameter.get("source") if isinstance(parameter, dict) else None
    return LogTrigger(log_range, str(name or ""))


def _matching(pattern: re.Pattern[str], value: Any) -> str:
    """A name as the service allows it: credentials are sent to the endpoint that is named here."""
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise ValueError(f"not usable: {str(value)[:80]!r}")
    return value


def read_incident_id(event: bytes) -> str:
    """The incident id that one function hands to the next; nothing else of the payload is used. Raises BadEvent."""
    value = _json(event)
    incident = value.get("incident") if isinstance(value, dict) else None
    if not isinstance(incident, str) or not INCIDENT_ID.fullmatch(incident):
        raise BadEvent('the event is no {"incident": "inc-…"}')
    return incident


def read_incident_or_timer(event: bytes) -> str | Timer:
    """An incident id, or a timer: `remediate`'s of expiring grants, `notify`'s of what waits. Raises BadEvent."""
    value = _json(event)
    if isinstance(value, dict) and "triggerName" in value and "incident" not in value:
        return Timer(_job(str(value.get("payload") or "")))
    return read_incident_id(event)


def incident_event(incident_id: str) -> bytes:
    """The payload from one function to the next; the trace that it names is for the log and decides nothing."""
    trace = traceparent()
    return msgspec.json.encode({"incident": incident_id, **({"traceparent": trace} if trace else {})})


def _json(event: bytes) -> Any:
    try:
        return msgspec.json.decode(event)
    except (msgspec.DecodeError, RecursionError) as error:
        raise BadEvent(f"the event is no JSON: {error}") from error
