"""One function instance: a process that answers one invocation at a time."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import struct
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from localcloud.fc.outcome import Outcome, error_body
from localcloud.fc.process import Process, start_process
from localcloud.fc.settings import InstanceClock
from localcloud.fc.spec import FunctionSpec

if TYPE_CHECKING:
    from localcloud.fc.process import Preloaded
    from localcloud.sts.state import Session

_LENGTHS = struct.Struct(">II")
_LOG_LIMIT = 1024 * 1024
"""Bytes of log held for one invocation; older ones go."""
_LOG_GRACE = 0.25
"""Seconds to wait for the last log lines after an answer or a death."""


class InstanceDied(Exception):
    """The process ended, or closed its end of the link, before it answered."""


class Instance:
    """A started process. `session` holds its credentials, `peak` its largest memory use in MB."""

    def __init__(
        self, name: str, spec: FunctionSpec, session: Session | None, clock: InstanceClock | None = None
    ) -> None:
        self.name = name
        self.spec = spec
        self.session = session
        self.clock = clock
        self.peak = 0.0
        self._ended = False
        self._log = bytearray()
        self._awaited = b""
        self._seen = asyncio.Event()
        self._process: Process | None = None
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._logging: asyncio.Task[None] | None = None

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.returncode is None and not self._ended

    async def start(
        self,
        interpreter: str,
        environment: dict[str, str],
        code: Path,
        limit: float,
        preloaded: Preloaded | None = None,
    ) -> Outcome | None:
        """Start the process and run its initializer; the outcome of a failed start, None if it is ready.

        Raises OSError if the interpreter or the folder is missing.
        """
        start = preloaded.start_process if preloaded else start_process
        ours, theirs = socket.socketpair()
        self._reader, self._writer = await asyncio.open_connection(sock=ours)
        with theirs:
            self._process = await start(interpreter, environment, code, theirs)
        self._logging = asyncio.create_task(self._read_log(self._process.stdout))
        settings = _settings_of(self.spec, self.name, code) | self._time()
        phase = "Initialize" if self.spec.initializer.handler else ""
        allowed = limit + (self.spec.initializer.timeout if phase else 0)
        outcome = await self._exchange(settings, b"", self.name, phase, allowed)
        return outcome if outcome.failed else None

    async def invoke(self, request_id: str, event: bytes) -> Outcome:
        """Run the handler once. A time-out or a death ends the instance and is an outcome too."""
        header = {"op": "invoke", "request_id": request_id, **self._time()}
        outcome = await self._exchange(header, event, request_id, "Invoke", self.spec.timeout)
        self._log.clear()
        return outcome

    def _time(self) -> dict[str, Any]:
        return {} if self.clock is None else {"clock": self.clock.header(self.spec.key.name)}

    async def _exchange(
        self, header: dict[str, Any], body: bytes, request_id: str, phase: str, allowed: float
    ) -> Outcome:
        """Send one frame and await its answer and the log up to the line that ends the phase."""
        began = time.perf_counter()
        self._seen.clear()
        self._awaited = f"FC {phase} End RequestId: {request_id}".encode() if phase else b""
        error_type = "InitializationError" if phase == "Initialize" else "UnhandledInvocationError"
        try:
            async with asyncio.timeout(allowed):
                self._send(header, body)
                answer, result = await self._receive()
            error_type = answer["error_type"]
            self._note_peak(answer["peak"])
            await self._rest_of_log(bool(phase))
        except TimeoutError:
            self._note_peak(_resident(self._process.pid if self._process else 0))
            # Text: https://www.alibabacloud.com/help/en/functioncompute/fc-2-0/how-to-handle-an-execution-timeout-error
            message = f"Function timed out after {allowed:g} seconds (maxMemoryUsage: {self.peak:.2f}MB)"
            result = await self._bury(request_id, message)
        except (InstanceDied, ConnectionError):
            milliseconds = (time.perf_counter() - began) * 1000
            # Text: https://www.alibabacloud.com/help/en/functioncompute/fc/process-exited-unexpectedly-before-completing-request-1
            usage = f"(duration: {milliseconds:.0f}ms, maxMemoryUsage: {self.peak:.2f}MB)"
            message = f"Process exited unexpectedly before completing request {usage}"
            result = await self._bury(request_id, message)
        seconds = time.perf_counter() - began
        return Outcome(result, error_type, bytes(self._log), seconds, self.peak, self.name)

    async def _bury(self, request_id: str, message: str) -> bytes:
        await self.kill()
        self._log += f"FC Invoke End RequestId: {request_id}, Error: {message}\n".encode()
        return error_body(message)

    def _send(self, header: dict[str, Any], body: bytes) -> None:
        assert self._writer is not None
        head = json.dumps(header).encode()
        self._writer.write(_LENGTHS.pack(len(head), len(body)) + head)
        self._writer.write(body)

    async def _receive(self) -> tuple[dict[str, Any], bytes]:
        assert self._reader is not None
        try:
            header_size, body_size = _LENGTHS.unpack(await self._reader.readexactly(_LENGTHS.size))
            header = json.loads(await self._reader.readexactly(header_size))
            return header, await self._reader.readexactly(body_size)
        except asyncio.IncompleteReadError as error:
            raise InstanceDied from error

    async def _read_log(self, output: asyncio.StreamReader | None) -> None:
        assert output is not None
        while chunk := await output.read(65536):
            self._log += chunk
            if len(self._log) > _LOG_LIMIT:
                del self._log[: len(self._log) - _LOG_LIMIT]
            if self._awaited and self._awaited in self._log:
                self._seen.set()
        self._seen.set()

    async def _rest_of_log(self, expected: bool) -> None:
        if not expected or self._seen.is_set():
            return
        try:
            async with asyncio.timeout(_LOG_GRACE):
                await self._seen.wait()
        except TimeoutError:
            return  # the function closed or filled its output: the log stays without its end

    def _note_peak(self, kilobytes: float) -> None:
        self.peak = max(self.peak, kilobytes / 1024)

    async def stop(self) -> bytes:
        """Let the preStop hook run, then end the process; returns what the hook wrote."""
        if self.alive and self.spec.pre_stop.handler:
            self._log.clear()
            try:
                async with asyncio.timeout(self.spec.pre_stop.timeout):
                    self._send({"op": "stop"}, b"")
                    await self._receive()
            except (TimeoutError, InstanceDied, ConnectionError):
                pass  # the instance ends either way
        await self.kill()
        return bytes(self._log)

    async def kill(self) -> None:
        """End the process and everything that it started."""
        self._ended = True
        if self._writer is not None:
            self._writer.close()
        if self._process is None:
            return
        with suppress(ProcessLookupError):  # it may have ended already
            os.killpg(self._process.pid, signal.SIGKILL)
        await self._process.wait()
        if self._logging is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(_LOG_GRACE):
                    await asyncio.shield(self._logging)
            self._logging.cancel()


def _settings_of(spec: FunctionSpec, name: str, code: Path) -> dict[str, Any]:
    """What the child needs to know to load the handler and to build its context."""
    return {
        "op": "start",
        "request_id": name,
        "code": str(code),
        "handler": spec.handler,
        "initializer": spec.initializer.handler,
        "pre_stop": spec.pre_stop.handler,
        "old_context": spec.old_context,
        "wsgi": spec.wsgi,
        "region": spec.key.region,
        "account_id": spec.key.account,
        "service": spec.key.service,
        "qualifier": "LATEST",
        "version_id": "",
        "log_project": spec.log_project,
        "log_store": spec.log_store,
        "function": {
            "name": spec.key.name,
            "handler": spec.handler,
            "memory": spec.memory,
            "timeout": int(spec.timeout),
        },
    }


def _resident(pid: int) -> float:
    """A running process's peak memory in KB where the system tells it, else 0."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text("ascii", "replace").splitlines()
    except OSError:
        return 0.0
    return next((float(line.split()[1]) for line in lines if line.startswith("VmHWM:")), 0.0)
