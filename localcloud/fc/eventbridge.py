"""EventBridge triggers: ActionTrail events of write calls, filtered and wrapped as CloudEvents.

Sources: https://alibabacloud.com/help/en/eventbridge/user-guide/actiontrail-events and, for the tries,
https://www.alibabacloud.com/help/en/eventbridge/user-guide/retry-and-dead-letter . The envelope is put
together from two documented samples; no full sample is published.
"""

from __future__ import annotations

import asyncio
import calendar
import json
import time
import uuid
from typing import TYPE_CHECKING, Any

from localcloud.errors import CloudError
from localcloud.fc.asynchronous import AsyncQueue
from localcloud.fc.host import FunctionHost
from localcloud.fc.outcome import Undelivered, new_fc_request_id
from localcloud.fc.pattern import matches
from localcloud.fc.spec import EventTrigger, FunctionKey

if TYPE_CHECKING:
    from localcloud.cloud import Cloud

_CHINA_OFFSET = 8 * 3600


def is_published(event: dict[str, Any], with_failed: bool) -> bool:
    """Only management events of write calls reach the default bus."""
    if event.get("eventRW") != "Write" or event.get("eventCategory", "Management") != "Management":
        return False
    return with_failed or not event.get("errorCode")


def envelope(event: dict[str, Any], account: str, now: float) -> dict[str, Any]:
    """The CloudEvents object around an ActionTrail event; `eventVersion` is a number there."""
    service = str(event.get("serviceName", "")).lower()
    region = str(event.get("acsRegion", ""))
    at = calendar.timegm(time.strptime(event["eventTime"], "%Y-%m-%dT%H:%M:%SZ")) + _CHINA_OFFSET
    resource = str(event.get("resourceName") or event.get("eventName", ""))
    return {
        "id": str(uuid.uuid4()),
        "source": f"acs.{service}",
        "specversion": "1.0",
        "type": f"{service}:ActionTrail:{event.get('eventType', 'ApiCall')}",
        "datacontenttype": "application/json;charset=utf-8",
        "subject": f"acs.{service}:{region}:{account}:{resource}",
        "time": time.strftime("%Y-%m-%dT%H:%M:%S+08:00", time.gmtime(at)),
        "aliyunaccountid": account,
        "aliyunpublishtime": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now)),
        "aliyuneventbusname": "default",
        "aliyunregionid": region,
        "aliyunpublishaddr": "127.0.0.1",
        "data": {**event, "eventVersion": 1},
    }


class EventRule:
    """One deployed EventBridge trigger: a rule on the default bus of the function's account and region."""

    def __init__(
        self, cloud: Cloud, host: FunctionHost, queue: AsyncQueue, key: FunctionKey, trigger: EventTrigger
    ) -> None:
        self.cloud = cloud
        self.host = host
        self.queue = queue
        self.key = key
        self.trigger = trigger
        self.held: list[dict[str, Any]] = []

    def offer(self, event: dict[str, Any]) -> None:
        """Take an event of the bus if the pattern matches it."""
        if event["aliyunaccountid"] != self.key.account or event["aliyunregionid"] != self.key.region:
            return
        if not matches(self.trigger.pattern, event):
            return
        if self.host.settings.pause_triggers:
            self.held.append(event)
        else:
            self.deliver(event)

    def release(self) -> None:
        """Deliver what was held while the triggers were paused."""
        held, self.held = self.held, []
        for event in held:
            self.deliver(event)

    def deliver(self, event: dict[str, Any]) -> None:
        payload = json.dumps([event] if self.trigger.streaming else event, ensure_ascii=False).encode()
        for _ in range(2 if self.host.settings.duplicate_deliveries else 1):
            if self.trigger.asynchronous:
                self.queue.put(self.key, payload, self.trigger.name)
            else:
                self.host.work.spawn(self._send(payload), f"trigger {self.trigger.name}")

    async def _send(self, payload: bytes) -> None:
        reason = request_id = ""
        for attempt in range(1, self.trigger.retries + 2):
            request_id = new_fc_request_id(self.key.service, self.cloud.clock())
            try:
                outcome = await self.host.invoke(
                    self.key, payload, self.trigger.name, request_id, attempt=attempt
                )
                reason = outcome.error_type
            except CloudError as error:
                reason = error.code
            if not reason:
                return
            if attempt <= self.trigger.retries:
                await asyncio.sleep(2 ** min(attempt - 1, 9) * self.host.settings.retry_scale)
        self.host.lose(
            Undelivered("event", str(self.key), request_id, f"all tries failed: {reason}", payload)
        )
