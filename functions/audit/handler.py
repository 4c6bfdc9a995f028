"""Function `audit`: invoked by a timer, and asynchronously by itself for each account and region."""

import json
from typing import Any

import msgspec

from rolemend.bootstrap import build_audit
from rolemend.telemetry import observed
from rolemend.work.audit import audit, read_audit_event


@observed("audit")
def handler(event: bytes, context: Any) -> str:
    """Begin a run or bring a part of one on; answer what was done. An error makes Function Compute try again."""
    asked = read_audit_event(event)
    return json.dumps(msgspec.to_builtins(audit(asked, build_audit(context))))
