"""Asynchronous invocations: retried, aged out, and handed to their destinations.

Retries: https://www.alibabacloud.com/help/en/functioncompute/fc/error-handling-1-2
Destinations: https://www.alibabacloud.com/help/en/functioncompute/result-callback
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from localcloud.errors import CloudError
from localcloud.fc.access import require_role
from localcloud.fc.host import FunctionHost
from localcloud.fc.outcome import Outcome, Undelivered, error_body, new_fc_request_id
from localcloud.fc.spec import FunctionKey, FunctionSpec, parse_function_arn

if TYPE_CHECKING:
    from localcloud.cloud import Cloud

PAYLOAD_LIMIT = 128 * 1024
_AGED = "AsyncEventAgeExceeded"


@dataclass(frozen=True, slots=True)
class Message:
    """One asynchronous invocation. `kind` is "async", a timer's or trigger's name, or "destination"."""

    key: FunctionKey
    payload: bytes
    request_id: str
    kind: str
    queued: float


class AsyncQueue:
    """The queues of all functions. A message leaves only as a success, or after its last try."""

    def __init__(self, cloud: Cloud, host: FunctionHost) -> None:
        self.cloud = cloud
        self.host = host
        self.held: list[Message] = []

    def put(self, key: FunctionKey, payload: bytes, kind: str = "async", request_id: str = "") -> str:
        """Queue an invocation and return its request id."""
        now = self.cloud.clock()
        message = Message(key, payload, request_id or new_fc_request_id(key.service, now), kind, now)
        if self.host.settings.reverse_deliveries:
            self.held.append(message)
        else:
            for _ in range(2 if self.host.settings.simultaneous_deliveries else 1):
                self.host.work.spawn(self.process(message), f"asynchronous {key}")
        return message.request_id

    async def process(self, message: Message) -> None:
        """Try until it succeeds, the retries are used up, or the message is too old; then tell the
        destination.
        """
        attempt, outcome = 0, Outcome(error_body(""), _AGED)
        while not self._aged(message):
            attempt += 1
            spec = self.host.find(message.key)
            if spec is None:
                self._lose("message", str(message.key), message, "the function was removed")
                return
            outcome = await self._try(message, attempt)
            if not outcome.failed or attempt > spec.asynchronous.retries:
                break
            await asyncio.sleep(2 ** (attempt - 1) * self.host.settings.retry_scale)
        else:
            outcome = Outcome(error_body("the message is older than maxAsyncEventAgeInSeconds"), _AGED)
        self._conclude(message, outcome, attempt)

    async def _try(self, message: Message, attempt: int) -> Outcome:
        try:
            return await self.host.invoke(
                message.key, message.payload, message.kind, message.request_id, attempt=attempt
            )
        except CloudError as error:
            # An instance could not be had, for example because the role does not trust Function Compute.
            return Outcome(error_body(error.message, errorType=error.code), error.code)

    def _aged(self, message: Message) -> bool:
        spec = self.host.find(message.key)
        return spec is not None and self.cloud.clock() - message.queued > spec.asynchronous.max_age

    def _conclude(self, message: Message, outcome: Outcome, attempts: int) -> None:
        spec = self.host.find(message.key)
        target = "" if spec is None else _target(spec, outcome)
        if spec is not None and target:
            self._send(spec, target, message, outcome, attempts)
        elif outcome.failed:
            self._lose(
                "message", str(message.key), message, f"all {attempts} tries failed: {outcome.error_type}"
            )

    def _send(
        self, spec: FunctionSpec, target: str, message: Message, outcome: Outcome, attempts: int
    ) -> None:
        key = parse_function_arn(target)
        if key is None:
            self.cloud.count_unsupported(
                "fc", f"destination {target.split(':', 2)[1] if ':' in target else target}"
            )
            self._lose("destination", target, message, "only functions are supported as destinations")
            return
        try:
            require_role(self.cloud, spec, "fc:InvokeFunction", target)
            self.host.require(key)
        except CloudError as error:
            self._lose("destination", target, message, error.message)
        else:
            self.put(
                key, _destination_event(spec, message, outcome, attempts, self.cloud.clock()), "destination"
            )

    def _lose(
        self, kind: Literal["message", "destination"], target: str, message: Message, reason: str
    ) -> None:
        self.host.lose(Undelivered(kind, target, message.request_id, reason, message.payload))


def _target(spec: FunctionSpec, outcome: Outcome) -> str:
    return spec.asynchronous.on_failure if outcome.failed else spec.asynchronous.on_success


def _destination_event(
    spec: FunctionSpec, message: Message, outcome: Outcome, attempts: int, now: float
) -> bytes:
    """Status 200 also for errors of the function itself; anything else is an error of the system."""
    system_error = outcome.failed and outcome.error_type not in (
        "UnhandledInvocationError",
        "InitializationError",
    )
    event = {
        "timestamp": int(now * 1000),
        "requestContext": {
            "requestId": message.request_id,
            "functionArn": spec.key.arn,
            "condition": outcome.error_type,
            "approximateInvokeCount": attempts,
        },
        "requestPayload": message.payload.decode("utf-8", "replace"),
        "responseContext": {"statusCode": 400 if system_error else 200, "functionError": outcome.error_type},
        "responsePayload": outcome.body.decode("utf-8", "replace"),
    }
    return json.dumps(event, ensure_ascii=False).encode()
