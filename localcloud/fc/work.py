"""The service's running work: tasks that are ended on close, and the wait until nothing runs."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any


class Work:
    """Counts what runs. Nothing is started before the service is on the running loop."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()
        self._running = 0
        self._changed: asyncio.Event | None = None

    @property
    def busy(self) -> int:
        """Tasks and invocations under way."""
        return len(self._tasks) + self._running

    def spawn(self, work: Coroutine[Any, Any, Any], name: str) -> asyncio.Task[Any]:
        """Run a coroutine; what it raises goes to the loop's exception handler, not to the void."""
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._finished)
        return task

    @contextmanager
    def running(self) -> Iterator[None]:
        """Count one invocation that somebody else awaits."""
        self._running += 1
        try:
            yield
        finally:
            self._running -= 1
            self._notify()

    async def quiet(self, deadline: float) -> None:
        """Wait until nothing runs; TimeoutError naming what does at `deadline` (the loop's clock)."""
        while self.busy:
            self._changed = asyncio.Event()
            try:
                async with asyncio.timeout_at(deadline):
                    await self._changed.wait()
            except TimeoutError:
                names = sorted(task.get_name() for task in self._tasks)
                raise TimeoutError(
                    f"still running: {self._running} invocations; {', '.join(names[:20])}"
                ) from None

    async def close(self) -> None:
        """Cancel every task and wait for its end."""
        tasks = [task for task in self._tasks if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _finished(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        self._notify()
        error = None if task.cancelled() else task.exception()
        if error is not None:
            message = f"{task.get_name()} of Function Compute failed"
            task.get_loop().call_exception_handler({"message": message, "exception": error, "task": task})

    def _notify(self) -> None:
        if self._changed is not None:
            self._changed.set()
