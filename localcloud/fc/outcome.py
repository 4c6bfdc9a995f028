"""How one invocation ended, and what is kept of it."""

from __future__ import annotations

import json
import secrets
import uuid
from dataclasses import dataclass, field
from typing import Any, Literal

from localcloud.fc.spec import FunctionKey

Status = Literal["running", "succeeded", "failed"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of one run of a handler.

    `error_type` is the value of X-Fc-Error-Type, "" for success; `body` is the result or the error's JSON.
    `seconds` is the duration, `memory` the peak in MB, `log` what the function wrote to its standard output
    and error.
    """

    body: bytes
    error_type: str = ""
    log: bytes = b""
    seconds: float = 0.0
    memory: float = 0.0
    instance: str = ""

    @property
    def failed(self) -> bool:
        return bool(self.error_type)


@dataclass(slots=True)
class Invocation:
    """What the host remembers of one try of an invocation; tries of one message share the request id.

    `kind` is "sync", "async", the name of the trigger, or "destination". Times are epoch seconds of the
    cloud's clock. `payload`, `result` and `log` are cut to `HostSettings.keep_bytes`.
    """

    function: FunctionKey
    request_id: str
    kind: str
    payload: bytes
    started: float
    attempt: int = 1
    status: Status = "running"
    result: bytes = b""
    error_type: str = ""
    error: dict[str, Any] = field(default_factory=dict)
    log: str = ""
    ended: float = 0.0
    instance: str = ""

    def close(self, outcome: Outcome, now: float, keep: int) -> None:
        self.status = "failed" if outcome.failed else "succeeded"
        self.error_type = outcome.error_type
        self.error = parse_error(outcome.body) if outcome.failed else {}
        self.result = outcome.body[:keep]
        self.log = outcome.log[-keep:].decode("utf-8", "replace")
        self.instance = outcome.instance
        self.ended = now


@dataclass(frozen=True, slots=True)
class Undelivered:
    """What nobody took after all tries, and why: a message of the asynchronous queue, a result for a
    destination, an EventBridge event, or a cursor range of a log trigger. `target` is a function or a
    destination's ARN.
    """

    kind: Literal["message", "destination", "event", "range"]
    target: str
    request_id: str
    reason: str
    payload: bytes


def parse_error(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def error_body(message: str, **members: Any) -> bytes:
    return json.dumps({"errorMessage": message, **members}).encode()


def new_fc_request_id(service: str, now: float) -> str:
    """`1-<time>-<8 hex>-<12 hex>` for FC 3.0, a lower-case UUID for FC 2.0."""
    if service:
        return str(uuid.uuid4())
    return f"1-{int(now):08x}-{secrets.token_hex(4)}-{secrets.token_hex(6)}"
