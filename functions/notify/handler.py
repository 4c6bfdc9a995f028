"""Function `notify`: invoked asynchronously with an incident's id, or with another function's final failure."""

import json
from typing import Any

import msgspec

from rolemend.bootstrap import build_notify
from rolemend.telemetry import observed
from rolemend.work.failed_invocation import FailedInvocation, read_notify_event, tell
from rolemend.work.notify import notify


@observed("notify")
def handler(event: bytes, context: Any) -> str:
    """Bring the incident one step on; answer its state. An error makes Function Compute try again."""
    asked, parts = read_notify_event(event), build_notify(context)
    if isinstance(asked, FailedInvocation):
        outcome = tell(asked, parts.deliver, parts.language)
    else:
        outcome = notify(asked, parts)
    return json.dumps(msgspec.to_builtins(outcome))
