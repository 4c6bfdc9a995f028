"""Function `diagnose`: invoked asynchronously with an incident's id."""

import json
from typing import Any

import msgspec

from rolemend.bootstrap import build_diagnose
from rolemend.telemetry import observed
from rolemend.work.diagnose import diagnose
from rolemend.work.events import read_incident_id


@observed("diagnose")
def handler(event: bytes, context: Any) -> str:
    """Bring the incident one step on; answer its state. An error makes Function Compute try again."""
    outcome = diagnose(read_incident_id(event), build_diagnose(context))
    return json.dumps(msgspec.to_builtins(outcome))
