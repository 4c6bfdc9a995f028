"""The end of a forked process, whoever waits for it and whoever only asks."""

from __future__ import annotations

import asyncio
import logging
import os
import subprocess
from collections.abc import Iterator

import pytest

from localcloud.fc.process import Forked


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(["sleep", "60"]) as process:
        yield process
        process.kill()


def forked(process: subprocess.Popen[bytes]) -> Forked:
    return Forked(process.pid, os.pidfd_open(process.pid), asyncio.StreamReader())


def test_everybody_who_waits_hears_of_the_end(sleeper: subprocess.Popen[bytes]) -> None:
    async def play() -> list[int]:
        process = forked(sleeper)
        waiting = [asyncio.create_task(process.wait()) for _ in range(3)]
        await asyncio.sleep(0)
        assert process.returncode is None
        sleeper.kill()
        async with asyncio.timeout(10):
            return [*await asyncio.gather(*waiting), await process.wait()]

    assert asyncio.run(play()) == [0, 0, 0, 0]


def test_who_only_asks_takes_no_descriptor_from_who_waits(
    sleeper: subprocess.Popen[bytes], caplog: pytest.LogCaptureFixture
) -> None:
    """The number of a closed descriptor goes to the next file, which the loop may watch by then."""

    async def play() -> bytes:
        process = forked(sleeper)
        waiting = asyncio.create_task(process.wait())
        await asyncio.sleep(0)
        sleeper.kill()
        while process.returncode is None:
            await asyncio.sleep(0)
        reading, writing = os.pipe()
        stream = asyncio.StreamReader()
        protocol = asyncio.StreamReaderProtocol(stream)
        pipe, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: protocol, os.fdopen(reading, "rb")
        )
        async with asyncio.timeout(10):
            await waiting
            os.write(writing, b"heard")
            heard = await stream.read(5)
        os.close(writing)
        pipe.close()
        return heard

    with caplog.at_level(logging.WARNING):
        assert asyncio.run(play(), debug=True) == b"heard"
    assert [
        record.message
        for record in caplog.records
        if record.name == "asyncio" and "took" not in record.message
    ] == []
