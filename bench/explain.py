"""How fast `rolemend explain` reads a long log, against only decoding it, and how much memory it takes.

`python -m bench.explain [MEGABYTES]` prints one line for each kind of log.
"""

from __future__ import annotations

import resource
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
KINDS = {
    "no error at all": NOISE * 20_000,
    "an error in 2,000 lines": (NOISE * 2_000 + TRACE) * 10,
    "an error in 100 lines": (NOISE * 100 + TRACE) * 200,
    "nothing but errors": TRACE * 4_000,
}


class Repeated:
    """A file that holds one text over and over, up to a number of bytes."""

    def __init__(self, text: str, length: int) -> None:
        self._block, self._left, self._at = text.encode(), length, 0

    def read(self, size: int, /) -> bytes:
        """The next piece."""
        size = min(size, self._left, len(self._block) - self._at)
        piece = self._block[self._at : self._at + size]
        self._left -= size
        self._at = (self._at + size) % len(self._block)
        return piece


def seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def decode(file: Repeated) -> int:
    return sum(len(window) for window in windows(file))


def main(megabytes: int) -> None:
    """Print megabytes a second, the ratio to decoding, and the most memory that was in use until then."""
    for name, text in KINDS.items():
        length = (megabytes << 20) // (10 if name.startswith("nothing") else 1)
        decoding = seconds(lambda: decode(Repeated(text, length)))  # noqa: B023 - called at once
        explaining = seconds(lambda: explain_file(Repeated(text, length)))  # noqa: B023 - called at once
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
        speed = length / explaining / (1 << 20)
        print(
            f"{name:24} {speed:7.1f} MB/s, {explaining / decoding:6.1f} times the time of decoding, peak {peak} MB"
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 64)
