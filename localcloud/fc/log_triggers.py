"""Log triggers: one invocation for each shard and interval in which something was written.

Sources: https://www.alibabacloud.com/help/doc-detail/84090.htm and
https://www.alibabacloud.com/help/en/sls/create-a-custom-function . The event holds no records: the function
pulls `[beginCursor, endCursor)` itself.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import uuid
from typing import TYPE_CHECKING, Any

from localcloud.errors import CloudError
from localcloud.fc.host import FunctionHost
from localcloud.fc.logsource import LogSource
from localcloud.fc.outcome import Undelivered, new_fc_request_id
from localcloud.fc.spec import FunctionKey, LogTrigger

if TYPE_CHECKING:
    from localcloud.cloud import Cloud


class LogWatch:
    """One deployed log trigger: where it stands in each shard, and what it does when records arrive."""

    def __init__(self, cloud: Cloud, host: FunctionHost, key: FunctionKey, trigger: LogTrigger) -> None:
        self.cloud = cloud
        self.host = host
        self.key = key
        self.trigger = trigger
        self.source = LogSource(cloud, trigger.project, trigger.logstore)
        self.held: list[dict[str, Any]] = []
        self._cursors: dict[int, str] = {}
        self._running: set[int] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False
        identity = f"{key.arn}/{trigger.name}/{trigger.project}/{trigger.logstore}"
        self._job = hashlib.sha1(identity.encode(), usedforsecurity=False).hexdigest()
        for shard in self.source.shards():
            self._cursors[shard] = self._first_cursor(shard)

    def appended(self) -> None:
        """Something was written to the logstore."""
        if self.host.settings.reverse_deliveries:
            self.hold()
        else:
            self.schedule()

    def schedule(self) -> None:
        """Fire when the interval is over, unless that is set already."""
        if self._timer is not None or self._closed or self.host.settings.pause_triggers:
            return
        if self.unread():
            delay = self.trigger.interval * self.host.settings.interval_scale
            self._timer = asyncio.get_running_loop().call_later(delay, self._due)

    def unread(self) -> list[int]:
        """Shards with records that no invocation was started for."""
        self._find_shards()
        present = self.source.shards()
        return [shard for shard in present if self.source.has_data(shard, self._cursors[shard])]

    def fire(self) -> None:
        """Start an invocation for each shard that has unread records and none under way."""
        for shard in self.unread():
            if shard not in self._running:
                self._running.add(shard)
                run = self._run(shard, self._next_event(shard))
                self.host.work.spawn(run, f"trigger {self.trigger.name}")

    def hold(self) -> None:
        """Keep the event of what was just written for a later delivery in another order."""
        self.held += [self._next_event(shard) for shard in self.unread()]

    async def deliver(self, event: dict[str, Any]) -> None:
        """Send one held event, with its tries; if all fail it is held again where that is set."""
        if not await self._send(event) and self.host.settings.resend_failed_ranges:
            self.held.append(event)

    def close(self) -> None:
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _due(self) -> None:
        self._timer = None
        if not self.host.settings.pause_triggers:
            self.fire()

    async def _run(self, shard: int, event: dict[str, Any]) -> None:
        try:
            if not await self._send(event) and self.host.settings.resend_failed_ranges:
                self._cursors[shard] = event["source"]["beginCursor"]
        finally:
            self._running.discard(shard)
        self.schedule()

    async def _send(self, event: dict[str, Any]) -> bool:
        payload = json.dumps(event, ensure_ascii=False).encode()
        if self.host.settings.simultaneous_deliveries:
            done = any(await asyncio.gather(self._try(payload), self._try(payload)))
        else:
            done = await self._try(payload)
        if self.host.settings.duplicate_deliveries:
            await self._try(payload)
        if not done and not self.host.settings.resend_failed_ranges:
            self.host.lose(Undelivered("range", str(self.key), event["taskId"], "all tries failed", payload))
        return done

    async def _try(self, payload: bytes) -> bool:
        """Call the function up to `maxRetryTime` times more than once."""
        for attempt in range(1, self.trigger.retries + 2):
            request_id = new_fc_request_id(self.key.service, self.cloud.clock())
            try:
                outcome = await self.host.invoke(
                    self.key, payload, self.trigger.name, request_id, attempt=attempt
                )
                failed = outcome.failed
            except CloudError:
                # The function is gone or its role cannot be assumed: tried again like any error.
                failed = True
            if not failed:
                return True
            if attempt <= self.trigger.retries:
                await asyncio.sleep(2 ** min(attempt - 1, 6) * self.host.settings.retry_scale)
        return False

    def _first_cursor(self, shard: int) -> str:
        start = self.trigger.start
        return self.source.cursor_at(shard, start) if start else self.source.end_cursor(shard)

    def _find_shards(self) -> None:
        """Shards that came after the trigger are read from their beginning."""
        for shard in self.source.shards():
            if shard not in self._cursors:
                self._cursors[shard] = self.source.begin_cursor(shard)

    def _next_event(self, shard: int) -> dict[str, Any]:
        """The event for all unread records of a shard; the position moves behind them."""
        begin, end = self._cursors[shard], self.source.end_cursor(shard)
        self._cursors[shard] = end
        return {
            "parameter": self.trigger.parameter,
            "source": {
                "endpoint": f"http://{self.key.region}-intranet.log.aliyuncs.com",
                "projectName": self.trigger.project,
                "logstoreName": self.trigger.logstore,
                "shardId": shard,
                "beginCursor": begin,
                "endCursor": end,
            },
            "jobName": self._job,
            "taskId": str(uuid.uuid4()),
            "cursorTime": int(self.cloud.clock()),
        }
