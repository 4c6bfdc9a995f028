"""Faults that tests and rehearsals put into the cloud: latency, throttling, errors, lost answers, stopped processes."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal
from xml.sax.saxutils import escape

from localcloud.call import Reply, new_hex_request_id, new_request_id

if TYPE_CHECKING:
    from localcloud.call import Call

Kind = Literal["error", "throttle", "reset", "timeout", "stop", "meanwhile"]


@dataclass(slots=True)
class Fault:
    """What goes wrong, where and how often.

    `service` and `operation` name the calls it hits ("*" for all), `caller` a role or user name. `when` says whether
    the call has its effect first. `error` answers `status`; `throttle` answers 429 (503 for OSS); `reset` cuts the
    connection; `timeout` never answers within `seconds`; `stop` kills the function instance that made the call.
    `meanwhile` lets `act` happen and answers as ever: what another one does right before or right after this call.
    `skip` calls pass before the first hit, then `times` calls are hit (None: all).
    """

    service: str = "*"
    operation: str = "*"
    kind: Kind = "error"
    when: Literal["before", "after"] = "before"
    caller: str = "*"
    status: int = 500
    code: str = "InternalError"
    seconds: float = 30.0
    skip: int = 0
    times: int | None = 1
    hits: int = 0
    act: Callable[[], Awaitable[object]] | None = None

    def strikes(self, service: str, operation: str, caller: str) -> bool:
        """Whether it hits this call; counts it if so."""
        named = all(
            want in ("*", have)
            for want, have in ((self.service, service), (self.operation, operation), (self.caller, caller))
        )
        if not named or self.times == 0:
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        if self.times is not None:
            self.times -= 1
        self.hits += 1
        return True


class ConnectionCut(Exception):
    """The connection ends without an answer."""


def fault_reply(fault: Fault, call: Call, service: str) -> Reply:
    """An injected error in the format of the service that it hits."""
    throttled = fault.kind == "throttle"
    status = _THROTTLE_STATUS.get(service, 429) if throttled else fault.status
    code = _THROTTLE_CODE.get(service, "Throttling.User") if throttled else fault.code
    message = "Request was denied due to user flow control." if throttled else "An injected fault."
    if service == "oss":
        request_id = new_hex_request_id()
        body = (
            f'<?xml version="1.0" encoding="UTF-8"?><Error><Code>{escape(code)}</Code><Message>{message}</Message>'
            f"<RequestId>{request_id}</RequestId><HostId>{escape(call.host)}</HostId></Error>"
        )
        headers = {"content-type": "application/xml", "x-oss-request-id": request_id}
        return Reply(status, headers, body.encode())
    if service == "sls":
        request_id = new_hex_request_id()
        answer = {"errorCode": code, "errorMessage": message}
        headers = {"content-type": "application/json", "x-log-requestid": request_id}
        return Reply(status, headers, json.dumps(answer).encode())
    request_id = new_request_id()
    answer = {"RequestId": request_id, "HostId": call.host, "Code": code, "Message": message}
    if service == "fc":
        answer |= {"ErrorCode": code, "ErrorMessage": message}
    return Reply(status, {"content-type": "application/json"}, json.dumps(answer).encode())


_THROTTLE_STATUS = {"oss": 503, "sls": 403}
_THROTTLE_CODE = {"oss": "RequestRateLimitExceeded", "sls": "ReadQuotaExceed", "fc": "ResourceExhausted"}
