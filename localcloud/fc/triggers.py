"""All deployed triggers: kept by function, told of what happens, and ended with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from localcloud.fc.asynchronous import AsyncQueue
from localcloud.fc.eventbridge import EventRule, envelope, is_published
from localcloud.fc.host import FunctionHost
from localcloud.fc.log_triggers import LogWatch
from localcloud.fc.logsource import log_service
from localcloud.fc.spec import EventTrigger, FunctionKey, FunctionSpec, LogTrigger, TimerTrigger
from localcloud.fc.timers import Timer

if TYPE_CHECKING:
    from localcloud.cloud import Cloud


class Triggers:
    """Log triggers, timers and EventBridge rules by their function; HTTP triggers are looked up by `api`."""

    def __init__(self, cloud: Cloud, host: FunctionHost, queue: AsyncQueue) -> None:
        self.cloud = cloud
        self.host = host
        self.queue = queue
        self.logs: dict[FunctionKey, list[LogWatch]] = {}
        self.timers: dict[FunctionKey, list[Timer]] = {}
        self.rules: dict[FunctionKey, list[EventRule]] = {}
        self._listening = False

    def put(self, spec: FunctionSpec) -> None:
        """Replace a function's triggers by those of its specification."""
        self.remove(spec.key)
        for trigger in spec.triggers:
            if isinstance(trigger, LogTrigger):
                self._listen()
                watch = LogWatch(self.cloud, self.host, spec.key, trigger)
                self.logs.setdefault(spec.key, []).append(watch)
                watch.schedule()
            elif isinstance(trigger, TimerTrigger):
                timer = Timer(self.cloud, self.host.settings, self.queue, spec.key, trigger)
                self.timers.setdefault(spec.key, []).append(timer)
            elif isinstance(trigger, EventTrigger):
                rule = EventRule(self.cloud, self.host, self.queue, spec.key, trigger)
                self.rules.setdefault(spec.key, []).append(rule)

    def remove(self, key: FunctionKey) -> None:
        for watch in self.logs.pop(key, []):
            watch.close()
        for timer in self.timers.pop(key, []):
            timer.close()
        self.rules.pop(key, None)

    def close(self) -> None:
        for key in [*self.logs, *self.timers, *self.rules]:
            self.remove(key)
        if self._listening:
            log_service(self.cloud).on_append.remove(self._appended)
            self._listening = False

    def take_event(self, event: dict[str, Any], account: str) -> None:
        """Offer an ActionTrail event to the EventBridge rules."""
        if not self.rules or not is_published(event, self.host.settings.publish_failed_calls):
            return
        wrapped = envelope(event, account, self.cloud.clock())
        for rules in list(self.rules.values()):
            for rule in rules:
                rule.offer(wrapped)

    def watches(self) -> list[LogWatch]:
        return [watch for watches in self.logs.values() for watch in watches]

    def release_held(self) -> None:
        """Deliver the EventBridge events that were held while the triggers were paused."""
        for rules in list(self.rules.values()):
            for rule in rules:
                rule.release()

    def _listen(self) -> None:
        # Not at construction: the services are built together, and SLS may not be there yet.
        if not self._listening:
            log_service(self.cloud).on_append.append(self._appended)
            self._listening = True

    def _appended(self, project: str, logstore: str) -> None:
        for watch in self.watches():
            if watch.trigger.project == project and watch.trigger.logstore == logstore:
                watch.appended()
