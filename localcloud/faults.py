"""Faults that tests and rehearsals put into the cloud: latency, throttling, errors, lost answers, stopped processes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["error", "throttle", "reset", "timeout", "stop"]


@dataclass(slots=True)
class Fault:
    """What goes wrong, where and how often.

    `service` and `operation` name the calls it hits ("*" for all), `caller` a role or user name. `when` says whether
    the call has its effect first. `error` answers `status`; `throttle` answers 429 (503 for OSS); `reset` cuts the
    connection; `timeout` never answers within `seconds`; `stop` kills the function instance that made the call.
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
