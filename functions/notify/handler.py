"""Function `notify`: invoked asynchronously with an incident's id."""

import json
from typing import Any

import msgspec

from rolemend.bootstrap import build_notify
from rolemend.telemetry import observed
from rolemend.work.events import read_incident_id
from rolemend.work.notify import notify


@observed("notify")
def handler(event: bytes, context: Any) -> str:
    """Bring the incident one step on; answer its state. An error makes Function Compute try again."""
    outcome = notify(read_incident_id(event), build_notify(context))
    return json.dumps(msgspec.to_builtins(outcome))
