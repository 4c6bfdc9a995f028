"""Function `notify`: invoked with an incident's id, an audit's report or another function's failure, and by a timer."""

import json
from typing import Any

import msgspec

from rolemend.bootstrap import build_notify
from rolemend.telemetry import observed
from rolemend.work.audited import KeptReport, tell_findings
from rolemend.work.diagnose import Outcome
from rolemend.work.events import Timer
from rolemend.work.failed_invocation import FailedInvocation, read_notify_event, report_failure
from rolemend.work.notify import notify
from rolemend.work.telling import Told, tell


@observed("notify")
def handler(event: bytes, context: Any) -> str:
    """Bring the incident one step on, tell of a failure or an audit, or send what waits; answer what came of it. An
    error makes Function Compute try again."""
    asked, parts = read_notify_event(event), build_notify(context)
    outcome: Outcome | Told
    if isinstance(asked, Timer):
        outcome = tell(parts)
    elif isinstance(asked, FailedInvocation):
        outcome = report_failure(asked, parts.delivery, parts.store)
    elif isinstance(asked, KeptReport):
        outcome = tell_findings(asked, parts.store, parts.delivery)
    else:
        outcome = notify(asked, parts)
    return json.dumps(msgspec.to_builtins(outcome))
