"""Timer triggers: fire at the times of a schedule, on the cloud's clock.

Source: https://help.aliyun.com/document_detail/70140.html . The invocation is asynchronous.
"""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING

from localcloud.fc.asynchronous import AsyncQueue
from localcloud.fc.cron import parse_schedule
from localcloud.fc.settings import HostSettings
from localcloud.fc.spec import FunctionKey, TimerTrigger

if TYPE_CHECKING:
    from localcloud.cloud import Cloud

_LONGEST_SLEEP = 1.0
"""Seconds after which the cloud's clock is read again, as it may run otherwise than the loop's."""


class Timer:
    """One deployed timer trigger."""

    def __init__(
        self, cloud: Cloud, settings: HostSettings, queue: AsyncQueue, key: FunctionKey, trigger: TimerTrigger
    ) -> None:
        self.cloud = cloud
        self.settings = settings
        self.queue = queue
        self.key = key
        self.trigger = trigger
        self._schedule = parse_schedule(trigger.schedule)
        self._next = self._schedule.next(cloud.clock())
        self._handle = asyncio.get_running_loop().call_later(self._delay(), self._tick)

    def fire(self, when: float | None = None) -> None:
        """Invoke the function as for the given time (epoch seconds), or for now."""
        moment = time.gmtime(self.cloud.clock() if when is None else when)
        event = {
            "triggerTime": time.strftime("%Y-%m-%dT%H:%M:%SZ", moment),
            "triggerName": self.trigger.name,
            "payload": self.trigger.payload,
        }
        payload = json.dumps(event, ensure_ascii=False).encode()
        for _ in range(2 if self.settings.duplicate_deliveries else 1):
            self.queue.put(self.key, payload, self.trigger.name)

    def close(self) -> None:
        self._handle.cancel()

    def _tick(self) -> None:
        now = self.cloud.clock()
        if now >= self._next:
            due, self._next = self._next, self._schedule.next(now)
            if not self.settings.pause_triggers:
                self.fire(due)
        self._handle = asyncio.get_running_loop().call_later(self._delay(), self._tick)

    def _delay(self) -> float:
        return min(max(self._next - self.cloud.clock(), 0.0), _LONGEST_SLEEP)
