"""The process of a function instance: started from nothing, or forked from one that has imported the packages."""

from __future__ import annotations

import asyncio
import json
import os
import select
import socket
import struct
import subprocess
import threading
from pathlib import Path
from typing import Protocol, Self

CHILD = str(Path(__file__).with_name("child.py"))
_PRELOADED = str(Path(__file__).with_name("preloaded.py"))
_NUMBER = struct.Struct(">I")


class Process(Protocol):
    """What an instance needs of its process; `asyncio.subprocess.Process` is one."""

    @property
    def pid(self) -> int: ...
    @property
    def returncode(self) -> int | None: ...
    @property
    def stdout(self) -> asyncio.StreamReader | None: ...
    async def wait(self) -> int: ...


async def start_process(
    interpreter: str, environment: dict[str, str], directory: Path, link: socket.socket
) -> Process:
    """A process of its own, which serves `link`. Raises OSError if the interpreter or the folder is missing."""
    # -S: packages come from the layers, not from the interpreter; -u: a killed process loses no line.
    return await asyncio.create_subprocess_exec(
        *(interpreter, "-u", "-s", "-S", CHILD, str(link.fileno())),
        cwd=directory,
        env=environment,
        pass_fds=(link.fileno(),),
        start_new_session=True,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )


class Forked:
    """A forked process, which is no child of this one: its end shows at a pidfd, its exit status nowhere.

    One reader watches the pidfd from the beginning, and it alone closes it: whoever asks or waits, and however many do,
    must not close a number that the loop still watches, as the next file gets it. Made in the loop that it belongs to.
    """

    def __init__(self, pid: int, descriptor: int, stdout: asyncio.StreamReader) -> None:
        self.pid = pid
        self.stdout: asyncio.StreamReader | None = stdout
        self._descriptor = descriptor
        self._ended = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(descriptor, self._end)

    def _end(self) -> None:
        self._loop.remove_reader(self._descriptor)
        os.close(self._descriptor)
        self._ended.set()

    @property
    def returncode(self) -> int | None:
        """0 once it has ended, also before the loop came to hear of it."""
        ended = self._ended.is_set() or select.select([self._descriptor], [], [], 0)[0]
        return 0 if ended else None

    async def wait(self) -> int:
        await self._ended.wait()
        return 0


class Preloaded:
    """Processes with packages imported, one for each interpreter and module path; instances are forked from them.

    An instance sees what one started from nothing would see, but for `sys.modules` and its memory. For tests, where
    imports would take most of the time; needs Linux (`available`). Close it at the end.
    """

    available = hasattr(os, "pidfd_open") and hasattr(socket, "send_fds")

    def __init__(self, *packages: str) -> None:
        self._packages = packages
        self._parents: dict[tuple[str, str], socket.socket] = {}
        self._lock = threading.Lock()

    async def start_process(
        self, interpreter: str, environment: dict[str, str], directory: Path, link: socket.socket
    ) -> Process:
        """As `start_process` of this module."""
        if not directory.is_dir():
            raise FileNotFoundError(f"No such directory: '{directory}'")
        reading, writing = os.pipe()
        stdout = asyncio.StreamReader()
        await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(stdout), os.fdopen(reading, "rb")
        )
        try:
            descriptors = [link.fileno(), writing]
            pid = await asyncio.to_thread(self._fork, interpreter, environment, str(directory), descriptors)
        finally:
            os.close(writing)
        return Forked(pid, os.pidfd_open(pid), stdout)

    def _fork(
        self, interpreter: str, environment: dict[str, str], directory: str, descriptors: list[int]
    ) -> int:
        order = json.dumps({"directory": directory, "environment": environment}).encode()
        with self._lock:
            parent = self._parent(interpreter, environment)
            socket.send_fds(parent, [_NUMBER.pack(len(order))], descriptors)
            parent.sendall(order)
            answer = parent.recv(_NUMBER.size, socket.MSG_WAITALL)
        if len(answer) < _NUMBER.size:
            raise ChildProcessError("the process that forks instances has ended")
        return int(_NUMBER.unpack(answer)[0])

    def _parent(self, interpreter: str, environment: dict[str, str]) -> socket.socket:
        key = (interpreter, environment.get("PYTHONPATH", ""))
        if key not in self._parents:
            ours, theirs = socket.socketpair()
            with theirs:
                subprocess.Popen(
                    [
                        *(interpreter, "-u", "-s", "-S", _PRELOADED),
                        str(theirs.fileno()),
                        CHILD,
                        *self._packages,
                    ],
                    env={"PATH": environment.get("PATH", ""), "PYTHONPATH": key[1]},
                    pass_fds=(theirs.fileno(),),
                    start_new_session=True,
                    stdin=subprocess.DEVNULL,
                )
            self._parents[key] = ours
        return self._parents[key]

    def close(self) -> None:
        """End the processes that fork; instances are their hosts' to end."""
        for parent in self._parents.values():
            parent.close()
        self._parents.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
