"""Drives the triggers and queues until nothing is left to do: what tests and the demo wait for."""

from __future__ import annotations

import asyncio

from localcloud.fc.asynchronous import AsyncQueue, Message
from localcloud.fc.log_triggers import LogWatch
from localcloud.fc.triggers import Triggers
from localcloud.fc.work import Work


async def drain(work: Work, triggers: Triggers, queue: AsyncQueue, timeout: float) -> None:
    """Fire every log trigger with unread records, deliver what is held, and wait for all of it.

    Ends when no invocation runs, the queues are empty and no log trigger has unread records. TimeoutError
    names what is still running. What was held is delivered one by one, the newest first.
    """
    deadline = asyncio.get_running_loop().time() + timeout
    while True:
        await work.quiet(deadline)
        triggers.release_held()
        reverse = triggers.host.settings.reverse_deliveries
        for watch in triggers.watches():
            if reverse:
                watch.hold()
            else:
                watch.fire()
        held = _take_held(triggers, queue)
        async with asyncio.timeout_at(deadline):
            for one in reversed(held):
                await _deliver(one, queue)
        if not held and not work.busy:
            return


Held = tuple[LogWatch, dict[str, object]] | Message


def _take_held(triggers: Triggers, queue: AsyncQueue) -> list[Held]:
    """Everything that is held, log-trigger events before messages, each in its order of arrival."""
    held: list[Held] = []
    for watch in triggers.watches():
        events, watch.held = watch.held, []
        held += [(watch, event) for event in events]
    messages, queue.held = queue.held, []
    return [*held, *messages]


async def _deliver(one: Held, queue: AsyncQueue) -> None:
    if isinstance(one, Message):
        await queue.process(one)
    else:
        watch, event = one
        await watch.deliver(event)
