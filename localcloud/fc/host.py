"""Runs functions: deploys their specifications, invokes them, and remembers what happened."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING

from localcloud.errors import CloudError
from localcloud.fc.functionlog import write_log
from localcloud.fc.outcome import Invocation, Outcome, Undelivered, error_body
from localcloud.fc.package import CodeStore
from localcloud.fc.pool import Pool, StartFailed
from localcloud.fc.settings import HostSettings
from localcloud.fc.spec import FunctionKey, FunctionSpec
from localcloud.fc.work import Work

if TYPE_CHECKING:
    from localcloud.cloud import Cloud


class FunctionHost:
    """All functions of all accounts, by their key."""

    def __init__(self, cloud: Cloud, settings: HostSettings, work: Work) -> None:
        self.cloud = cloud
        self.settings = settings
        self.work = work
        self.invocations: deque[Invocation] = deque(maxlen=settings.keep_invocations)
        self.undelivered: deque[Undelivered] = deque(maxlen=settings.keep_invocations)
        self.pools: dict[FunctionKey, Pool] = {}
        self._old: list[Pool] = []
        self._store = CodeStore()

    def put(self, spec: FunctionSpec) -> None:
        """Deploy a function; instances of an earlier one with its key finish what they are doing."""
        old = self.pools.get(spec.key)
        self.pools[spec.key] = Pool(self.cloud, spec, self.settings, self._store, self.work)
        self._old = [pool for pool in self._old if pool.instances]
        if old is not None:
            self._old.append(old)
            old.retire()

    def find(self, key: FunctionKey) -> FunctionSpec | None:
        pool = self.pools.get(key)
        return pool.spec if pool else None

    def require(self, key: FunctionKey) -> FunctionSpec:
        """The function of a key; ServiceNotFound or FunctionNotFound 404 if there is none."""
        spec = self.find(key)
        if spec is not None:
            return spec
        if not key.service:
            raise CloudError("FunctionNotFound", f"function '{key.name}' does not exist", 404)
        if not any(other[:3] == key[:3] for other in self.pools):
            raise CloudError("ServiceNotFound", f"service '{key.service}' does not exist", 404)
        message = f"function '{key.name}' does not exist in service '{key.service}'"
        raise CloudError("FunctionNotFound", message, 404)

    async def invoke(
        self,
        key: FunctionKey,
        payload: bytes,
        kind: str,
        request_id: str,
        *,
        attempt: int = 1,
        wait: bool = True,
    ) -> Outcome:
        """Run a function once and record it.

        Raises CloudError: FunctionNotFound; ResourceExhausted if not `wait` and every instance is busy;
        AccessDenied if the function's role cannot be assumed. Errors of the function itself are outcomes.
        """
        self.require(key)
        pool = self.pools[key]
        with self.work.running():
            try:
                instance = await pool.acquire(wait=wait)
            except StartFailed as failed:
                record = self._open(key, payload, kind, request_id, attempt)
                return self._closed(record, pool.spec, failed.outcome)
            record = self._open(key, payload, kind, request_id, attempt)
            try:
                outcome = await instance.invoke(request_id, payload)
            except asyncio.CancelledError:
                # The handler still runs: this instance must not be given to anyone else.
                await instance.kill()
                canceled = Outcome(error_body("Invocation canceled"), "InvocationCanceled")
                record.close(canceled, self.cloud.clock(), self.settings.keep_bytes)
                raise
            finally:
                pool.release(instance)
            return self._closed(record, pool.spec, outcome)

    def lose(self, lost: Undelivered) -> None:
        """Remember what could not be delivered."""
        self.undelivered.append(replace(lost, payload=lost.payload[: self.settings.keep_bytes]))

    def _open(self, key: FunctionKey, payload: bytes, kind: str, request_id: str, attempt: int) -> Invocation:
        kept = payload[: self.settings.keep_bytes]
        record = Invocation(key, request_id, kind, kept, self.cloud.clock(), attempt)
        self.invocations.append(record)
        return record

    def _closed(self, record: Invocation, spec: FunctionSpec, outcome: Outcome) -> Outcome:
        record.close(outcome, self.cloud.clock(), self.settings.keep_bytes)
        write_log(self.cloud, spec, record, outcome)
        return outcome

    async def stop_session(self, access_key_id: str) -> bool:
        """Kill the instance that was given these credentials."""
        for pool in [*self.pools.values(), *self._old]:
            if await pool.stop_session(access_key_id):
                return True
        return False

    async def close(self) -> None:
        """End every process and forget every function."""
        pools, self.pools, self._old = [*self.pools.values(), *self._old], {}, []
        await asyncio.gather(*(pool.close() for pool in pools))
        self._store.close()
