"""The instances of one function: started on demand, kept warm, one request at a time each."""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from typing import TYPE_CHECKING

from localcloud.errors import CloudError
from localcloud.fc.environment import build_environment, open_role_session
from localcloud.fc.instance import Instance
from localcloud.fc.outcome import Outcome
from localcloud.fc.package import CodeStore
from localcloud.fc.settings import HostSettings
from localcloud.fc.spec import FunctionSpec
from localcloud.fc.work import Work

if TYPE_CHECKING:
    from localcloud.cloud import Cloud


class StartFailed(Exception):
    """An instance whose initializer failed or whose process ended while it started."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.error_type)
        self.outcome = outcome


class Pool:
    """Hands out instances of one function and takes them back."""

    def __init__(
        self, cloud: Cloud, spec: FunctionSpec, settings: HostSettings, store: CodeStore, work: Work
    ) -> None:
        self.cloud = cloud
        self.spec = spec
        self.settings = settings
        self._store = store
        self._work = work
        self._idle: list[Instance] = []
        self._all: set[Instance] = set()
        self._ending: set[Instance] = set()
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._timers: dict[Instance, asyncio.TimerHandle] = {}
        self._retired = False

    @property
    def instances(self) -> int:
        """Processes, those that are being ended too."""
        return len(self._all) + len(self._ending)

    async def acquire(self, *, wait: bool) -> Instance:
        """A warm instance or a new one. At the limit: wait for one in turn, or raise 429 ResourceExhausted.

        Raises StartFailed, and CloudError if the role cannot be assumed.
        """
        while True:
            instance = self._warm()
            if instance is not None:
                return instance
            limit = self.spec.max_instances or self.settings.max_instances
            if len(self._all) < limit:
                return await self._start()
            if not wait:
                message = f"the function {self.spec.key} has reached its limit of {limit} instances"
                raise CloudError("ResourceExhausted", message, 429)
            turn = asyncio.get_running_loop().create_future()
            self._waiting.append(turn)
            await turn

    def release(self, instance: Instance) -> None:
        """Take an instance back after its invocation; a dead or outdated one is cleared away."""
        if not instance.alive or self._retired:
            self._dismiss(instance)
            return
        self._idle.append(instance)
        loop = asyncio.get_running_loop()
        self._timers[instance] = loop.call_later(self.settings.idle_seconds, self._expire, instance)
        self._wake()

    async def stop_session(self, access_key_id: str) -> bool:
        """Kill the instance that was given these credentials; False if none was."""
        for instance in self._all:
            if instance.session is not None and instance.session.access_key_id == access_key_id:
                await instance.kill()
                return True
        return False

    def retire(self) -> None:
        """Let the running invocations finish and start none any more."""
        self._retired = True
        idle, self._idle = self._idle, []
        for instance in idle:
            self._dismiss(instance)

    async def close(self) -> None:
        """End every instance, busy or not."""
        self._retired = True
        self._ending |= self._all
        self._all.clear()
        await asyncio.gather(*(self._end(instance) for instance in list(self._ending)))

    def _warm(self) -> Instance | None:
        while self._idle:
            instance = self._idle.pop()
            if (timer := self._timers.pop(instance, None)) is not None:
                timer.cancel()
            if instance.alive and self._fresh(instance):
                return instance
            self._dismiss(instance)
        return None

    def _fresh(self, instance: Instance) -> bool:
        """Whether the credentials outlast one more invocation."""
        if instance.session is None:
            return True
        margin = min(self.spec.timeout + 60, self.settings.credential_seconds / 5)
        return instance.session.expires - self.cloud.clock() > margin

    async def _start(self) -> Instance:
        name = f"c-{secrets.token_hex(4)}-{secrets.token_hex(4)}-{secrets.token_hex(6)}"
        session = open_role_session(self.cloud, self.spec, self.settings.credential_seconds)
        instance = Instance(name, self.spec, session, self.settings.clock)
        self._all.add(instance)
        try:
            code = self._store.code(self.spec)
            layers = self._store.layers(self.spec, self.settings.layers)
            environment = build_environment(self.spec, name, session, code, layers, self.cloud.proxy)
            interpreter = self.settings.interpreter(self.spec.runtime)
            try:
                failure = await instance.start(
                    interpreter, environment, code, self.settings.start_seconds, self.settings.preloaded
                )
            except OSError as error:
                raise CloudError("CAExited", f"The function cannot be started. {error}", 412) from error
            if failure is not None:
                raise StartFailed(failure)
            return instance
        except BaseException:
            self._dismiss(instance)
            raise

    def _expire(self, instance: Instance) -> None:
        if instance in self._idle:
            self._idle.remove(instance)
            self._dismiss(instance)

    def _dismiss(self, instance: Instance) -> None:
        """Give up an instance: its place is free at once, its process ends in the background."""
        self._all.discard(instance)
        self._ending.add(instance)
        self._work.spawn(self._end(instance), f"end of {instance.name}")
        self._wake()

    async def _end(self, instance: Instance) -> None:
        """End a process and take its credentials back."""
        if (timer := self._timers.pop(instance, None)) is not None:
            timer.cancel()
        await instance.stop()
        self._ending.discard(instance)
        if instance.session is not None:
            self.cloud.state.sessions.pop(instance.session.access_key_id, None)

    def _wake(self) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
