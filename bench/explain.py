"""How fast `rolemend explain` reads a long log, against only decoding it, and how much memory it takes.

`python -m bench.explain [MEGABYTES]` prints one line for each kind of log, each read by a process of its own, so that
the memory is that kind's. A log of errors alone is a tenth as long; `python -m bench.explain 1024` reads a gigabyte.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable

from rolemend.explain.explain import explain_file
from rolemend.explain.reading import windows

NOISE = (
    "2026-01-01 12:00:00,123 INFO  [main] org.apache.spark.scheduler.DAGScheduler - Submitting 200 missing tasks from"
    " ResultStage 12 (MapPartitionsRDD[3] at map at Job.scala:12)\n"
)
TRACE = """2026-01-01 12:00:01,000 ERROR [task] - Failed to read
com.aliyun.oss.OSSException: You have no right to access this object because of bucket acl.
[ErrorCode]: AccessDenied
[RequestId]: 65AF5037000000000000ABCD
[HostId]: data-lake.oss-cn-hangzhou-internal.aliyuncs.com
[ResponseError]:
<?xml version="1.0" encoding="UTF-8"?>
<Error>
  <Code>AccessDenied</Code>
  <Message>You have no right to access this object because of bucket acl.</Message>
  <RequestId>65AF5037000000000000ABCD</RequestId>
  <HostId>data-lake.oss-cn-hangzhou-internal.aliyuncs.com</HostId>
  <EC>0003-00000001</EC>
</Error>
\tat com.aliyun.oss.common.utils.ExceptionFactory.createOSSException(ExceptionFactory.java:100)
"""
LOGGED = {
    "__topic__": "oss_access_log", "operation": "GetObject", "http_status": "403", "error_code": "AccessDenied",
    "ec": "0003-00000001", "owner_id": "1000000000000001", "requester_id": "300000000000000001",
    "extend_information": "1000000000000001,emr-job,vm-ram-i-1,1000000000000001", "bucket_location": "oss-cn-hangzhou",
}  # fmt: skip
MIXED = (NOISE * 200).encode() + (NOISE.replace("Submitting", "提交任务") * 200).encode("gb18030")


def line(number: int) -> bytes:
    """An access-log line; each is another error, as its bucket is another one."""
    names = {"bucket": f"bucket-{number}", "object": f"a%2F{number}", "request_id": f"65AF5037{number:016X}"}
    return json.dumps(LOGGED | names).encode()


def trace(number: int) -> bytes:
    """The same error again and again, each time with a request id of its own."""
    return TRACE.replace("65AF5037000000000000ABCD", f"65AF5037{number:016X}").encode()


Pieces = Callable[[int], bytes]
KINDS: dict[str, Pieces] = {
    "no error at all": lambda number: (NOISE * 2_000).encode(),
    "two encodings": lambda number: MIXED,
    "one line without an end": lambda number: NOISE.strip().encode() * 2_000,
    "an error in 2,000 lines": lambda number: (NOISE * 2_000).encode() + trace(number),
    "an error in 100 lines": lambda number: (NOISE * 100).encode() + trace(number),
    "nothing but errors": trace,
    "nothing but log lines, each another error": lambda number: line(number) + b"\n",
    "the same in one line": lambda number: line(number) + b",",
}
DENSE = tuple(KINDS)[-3:]


ROUND = 4 << 20
"""Bytes that are made before the clock runs, and read over and over."""


class Repeated:
    """A file that holds the same bytes over and over, up to a length."""

    def __init__(self, block: bytes, length: int) -> None:
        self._block, self._left, self._at = block, length, 0

    def read(self, size: int, /) -> bytes:
        """The next piece, none when `length` bytes were read."""
        size = min(size, self._left, len(self._block) - self._at)
        piece = self._block[self._at : self._at + size]
        self._left -= size
        self._at = (self._at + size) % len(self._block)
        return piece


def made(pieces: Pieces) -> bytes:
    """At least a round of pieces, the last one whole."""
    found: list[bytes] = []
    size = 0
    while size < ROUND:
        found.append(pieces(len(found)))
        size += len(found[-1])
    return b"".join(found)


def seconds(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


def measure(name: str, megabytes: float) -> None:
    """Print megabytes a second, the ratio to reading and decoding the same bytes, and the most memory in use."""
    length, block = int(megabytes * (1 << 20)) // (10 if name in DENSE else 1), made(KINDS[name])
    decoding = seconds(lambda: sum(map(len, windows(Repeated(block, length)))))
    explaining = seconds(lambda: explain_file(Repeated(block, length)))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    speed, ratio = length / explaining / (1 << 20), explaining / max(decoding, 0.001)
    print(f"{name:42} {speed:6.1f} MB/s, {ratio:6.1f} times decoding, peak {peak} MB")


def main(arguments: list[str]) -> None:
    """Every kind, each in a process of its own."""
    if len(arguments) == 2:
        measure(arguments[0], float(arguments[1]))
        return
    for name in KINDS:
        command = [sys.executable, "-m", "bench.explain", name, arguments[0] if arguments else "16"]
        subprocess.run(command, check=True)


if __name__ == "__main__":
    main(sys.argv[1:])
