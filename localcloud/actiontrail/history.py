"""The history that every account has without any trail: the management events of the last 90 days.

Limits: https://help.aliyun.com/en/actiontrail/product-overview/limits
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

from localcloud.actiontrail.state import AccountTrails, KeptEvent

KEPT_SECONDS = 90 * 24 * 60 * 60
MOST_EVENTS = 200_000
"""Events kept for an account, so that a cloud that runs for long does not fill the memory."""


def keep(account: AccountTrails, event: dict[str, Any], text: str, now: float) -> None:
    """Add an event; the oldest go beyond the bound or after 90 days.

    Old ones are cut off in portions, because to cut one off the front of a long list moves all the others.
    """
    account.events.append(_kept(event, text, account.next_number, now))
    account.next_number += 1
    events = account.events
    if len(events) > MOST_EVENTS + MOST_EVENTS // 20:
        del events[: len(events) - MOST_EVENTS]
    if events[0].time < now - KEPT_SECONDS:
        fresh = next(i for i, kept in enumerate(events) if kept.time >= now - KEPT_SECONDS)
        del events[:fresh]


def _kept(event: dict[str, Any], text: str, number: int, now: float) -> KeptEvent:
    identity = event.get("userIdentity", {})
    user = str(identity.get("userName", ""))
    role = user.partition(":")[0] if identity.get("type") == "assumed-role" else ""
    return KeptEvent(
        number=number,
        time=_seconds(str(event.get("eventTime", "")), now),
        region=str(event.get("acsRegion", "")),
        service=str(event.get("serviceName", "")),
        name=str(event.get("eventName", "")),
        user=user,
        role=role,
        principal_id=str(identity.get("principalId", "")),
        id=str(event.get("eventId", "")),
        rw=str(event.get("eventRW", "")),
        type=str(event.get("eventType", "")),
        access_key_id=str(identity.get("accessKeyId", "")),
        source_ip=str(event.get("sourceIpAddress", "")),
        sensitive=str(event.get("eventAttributes", {}).get("SensitiveAction", "")),
        resource_types=str(event.get("resourceType", "")),
        resource_names=str(event.get("resourceName", "")),
        text=text,
    )


def _seconds(event_time: str, now: float) -> float:
    try:
        return datetime.strptime(event_time, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp()
    except ValueError:
        return now


def as_looked_up(kept: KeptEvent) -> dict[str, Any]:
    """The event as LookupEvents answers it: there `eventVersion` is a number, in SLS it is text."""
    event: dict[str, Any] = msgspec.json.decode(kept.text)
    event["eventVersion"] = 1
    return event
