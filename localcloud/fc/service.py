"""Function Compute: the way of a call, and what tests, the demo and other services use in-process."""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from localcloud.call import Call, Reply
from localcloud.endpoints import access_key_id_of
from localcloud.fc import http_trigger
from localcloud.fc.api import FunctionApi
from localcloud.fc.asynchronous import AsyncQueue
from localcloud.fc.drain import drain
from localcloud.fc.host import FunctionHost
from localcloud.fc.manifest import read_manifest
from localcloud.fc.outcome import Invocation, Undelivered
from localcloud.fc.settings import HostSettings
from localcloud.fc.spec import FunctionKey, FunctionSpec
from localcloud.fc.triggers import Triggers
from localcloud.fc.work import Work

if TYPE_CHECKING:
    from localcloud.cloud import Cloud


class FcService:
    """One function host for all accounts and regions. It starts nothing before a function is deployed."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.settings = HostSettings(preloaded=cloud.preloaded)
        self._work = Work()
        self._host = FunctionHost(cloud, self.settings, self._work)
        self._queue = AsyncQueue(cloud, self._host)
        self._triggers = Triggers(cloud, self._host, self._queue)
        self._api = FunctionApi(cloud, self._host, self._queue)

    def operation_name(self, call: Call) -> str:
        return self._api.operation_name(call)

    async def handle(self, call: Call) -> Reply:
        return await self._api.handle(call)

    def take_event(self, event: dict[str, Any], account: str) -> None:
        """Offer an ActionTrail event to the EventBridge triggers."""
        self._triggers.take_event(event, account)

    def send(self, account: str, function: str, payload: bytes) -> None:
        """Invoke an account's function asynchronously, as another service does; unknown ones are left alone."""
        for key in self._host.pools:
            if (key.account, key.name) == (account, function):
                self._queue.put(key, payload)

    async def stop_caller(self, call: Call) -> None:
        """Kill the instance whose credentials signed a call; nothing happens if no instance did."""
        await self._host.stop_session(access_key_id_of(call))

    def deploy(
        self,
        s_yaml: Path,
        *,
        account: str,
        env: Mapping[str, str] | None = None,
        variables: Mapping[str, Any] | None = None,
        only: Collection[str] | None = None,
        service_name: str = "",
    ) -> list[FunctionSpec]:
        """Deploy the functions of an `s.yaml` with their triggers; an earlier function of the same name is
        replaced.

        `env` answers `${env()}` (this process's environment by default), `variables` go before the file's
        `vars`, `only` names resources or functions, `service_name` deploys them as functions of that FC 2.0
        service. Must be called on the cloud's loop. Raises ManifestError with every mistake of the file; then
        nothing is deployed.
        """
        specs = read_manifest(
            s_yaml,
            account=account,
            environment=os.environ if env is None else env,
            variables=variables,
            only=only,
            service_name=service_name,
            layers=self.settings.layers,
            code=self.settings.code,
        )
        for spec in specs:
            self._host.put(spec)
            self._triggers.put(spec)
        return specs

    async def remove_all(self) -> None:
        """End every instance; forget functions, triggers and queued messages, but not what was recorded."""
        self._triggers.close()
        await self._work.close()
        self._queue.held.clear()
        await self._host.close()

    async def close(self) -> None:
        await self.remove_all()

    async def drain(self, timeout: float = 30.0) -> None:
        """Fire all due log triggers now and wait until nothing is left to do; TimeoutError after `timeout`
        seconds.
        """
        await drain(self._work, self._triggers, self._queue, timeout)

    async def quiet(self, timeout: float = 30.0) -> None:
        """Wait until no invocation runs and no message waits, without firing any trigger; else TimeoutError."""
        await self._work.quiet(asyncio.get_running_loop().time() + timeout)

    def fire_timer(self, function: str, trigger: str) -> None:
        """Fire a timer trigger now; LookupError if there is none of that name."""
        timers = [
            timer for key, found in self._triggers.timers.items() if key.name == function for timer in found
        ]
        matching = [timer for timer in timers if timer.trigger.name == trigger]
        if not matching:
            raise LookupError(f"no timer trigger {trigger!r} of function {function!r}")
        for timer in matching:
            timer.fire()

    def http_url(self, function: str) -> str:
        """The address of a function's HTTP trigger on its built-in domain; LookupError if there is no such
        function.
        """
        for key in self._host.pools:
            if key.name == function:
                return f"http://{http_trigger.domain(key)}/"
        raise LookupError(f"no function {function!r}")

    def functions(self) -> list[FunctionKey]:
        return list(self._host.pools)

    def instance_count(self, function: str) -> int:
        """Processes of a function, busy and idle."""
        return sum(pool.instances for key, pool in self._host.pools.items() if key.name == function)

    @property
    def invocations(self) -> deque[Invocation]:
        """The latest tries of invocations, oldest first."""
        return self._host.invocations

    @property
    def undelivered(self) -> deque[Undelivered]:
        """The latest messages, events, ranges and results that nobody took after all tries."""
        return self._host.undelivered
