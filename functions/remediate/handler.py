"""Function `remediate`: invoked asynchronously with an incident's id, or by the timer of expiring grants."""

import json
from typing import Any

import msgspec

from rolemend.bootstrap import build_index, build_remediate
from rolemend.telemetry import observed
from rolemend.work.events import Timer, read_incident_or_timer
from rolemend.work.remediate import remediate
from rolemend.work.undo import expire


@observed("remediate")
def handler(event: bytes, context: Any) -> str:
    """Bring the incident one step on; answer its state. An error makes Function Compute try again."""
    asked = read_incident_or_timer(event)
    parts = build_remediate(context)
    if isinstance(asked, Timer):
        return json.dumps(msgspec.to_builtins(expire(parts, build_index(context))))
    return json.dumps(msgspec.to_builtins(remediate(asked, parts)))
