"""Logs of any length: nothing is counted twice or lost where they are cut, and memory stays small."""

from __future__ import annotations

import io
import json
import tracemalloc
from collections.abc import Callable, Iterator

import pytest

from rolemend.explain.explain import explain_file
from rolemend.explain.reading import WINDOW, windows
from tests.explain.test_several import denied

NOISE = "2026-01-01 12:00:00,123 INFO  [main] org.apache.spark.scheduler.DAGScheduler - Submitting 200 missing tasks\n"
LINE = json.dumps(
    {
        "__topic__": "oss_access_log",
        "bucket": "data",
        "operation": "GetObject",
        "http_status": "403",
        "error_code": "AccessDenied",
        "ec": "0003-00000201",
        "object": "a%2Fb",
    }
)


class Generated:
    """A file that is made while it is read: `pieces` joined, `times` over."""

    def __init__(self, pieces: Callable[[int], bytes], times: int) -> None:
        self._pieces = map(pieces, range(times))
        self._left = b""

    def read(self, size: int, /) -> bytes:
        while len(self._left) < size and (piece := next(self._pieces, b"")):
            self._left += piece
        block, self._left = self._left[:size], self._left[size:]
        return block


def trace(number: int) -> bytes:
    """A stack trace among a hundred lines of noise, with the time before it."""
    return (NOISE * 100 + "2026-01-01 12:00:01 ERROR " + denied(number) + "\tat a.B.c(B.java:1)\n").encode()


def event_line(number: int) -> bytes:
    return (LINE + "\n").encode() * 20


def one_line(number: int) -> bytes:
    """One long line: JSON values one behind the other, as a minified array has them."""
    return (LINE + ",").encode() * 20


@pytest.mark.parametrize(
    ("pieces", "times", "each", "cause"),
    [
        (trace, 300, 1, "permission_missing"),
        (event_line, 1_000, 20, "identity_policy_deny"),
        (one_line, 1_000, 20, "identity_policy_deny"),
    ],
)
def test_every_error_is_counted_once(
    pieces: Callable[[int], bytes], times: int, each: int, cause: str
) -> None:
    answers = explain_file(Generated(pieces, times))
    assert [(answer.cause, answer.count) for answer in answers] == [(cause, times * each)]


def test_memory_does_not_grow_with_the_file() -> None:
    def peak(megabytes: int) -> int:
        tracemalloc.start()
        explain_file(Generated(lambda number: NOISE.encode() * 9_000 + denied(number).encode(), megabytes))
        peaked = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peaked

    peak(2)
    small, large = peak(8), peak(32)
    assert large < 60 << 20
    assert large < small * 1.5


def test_a_flood_of_different_errors_does_not_fill_the_memory() -> None:
    tracemalloc.start()
    answers = explain_file(Generated(lambda number: denied(number, f"bucket-{number}").encode(), 5_500))
    peaked = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert sum(answer.count for answer in answers) == 5_500
    assert len(answers) <= 5_001
    assert peaked < 100 << 20


def test_the_reader_is_told_every_byte() -> None:
    read: list[int] = []
    explain_file(Generated(lambda number: NOISE.encode(), 50_000), read.append)
    assert sum(read) == 50_000 * len(NOISE)


def lines_of(file: Generated) -> Iterator[str]:
    for window in windows(file):
        assert len(window) <= 6 * WINDOW
        yield from window.splitlines()


def test_windows_lose_nothing_and_cut_between_lines() -> None:
    count = 40_000
    found = list(lines_of(Generated(lambda number: f"{number} {NOISE}".encode(), count)))
    assert [int(line.partition(" ")[0]) for line in found] == list(range(count))


def test_a_line_without_an_end_is_read_to_its_end() -> None:
    text = "x" * (9 * WINDOW)
    assert "".join(windows(io.BytesIO(text.encode()))) == text


def different(number: int) -> bytes:
    """Each line an error of its own, with all that an answer may keep of it."""
    members = {
        "EncodedDiagnosticMessage": "A" * 2_000,
        "AuthPrincipalDisplayName": f"role-{number}:session",
        "AuthPrincipalOwnerId": "1000000000000001",
        "AuthPrincipalType": "AssumedRoleUser",
    }
    body = {"Code": "NoPermission", "Message": "You may not.", "AccessDeniedDetail": members}
    return json.dumps(body).encode() + b"\n"


def same_service(number: int) -> bytes:
    """Events of a service of their own each, with a message that nobody needs whole."""
    event = {
        "eventName": "RunCluster", "serviceName": f"s{number}", "errorCode": "NoPermission",
        "errorMessage": "x" * 3_000,
        "userIdentity": {"type": "ram-user", "userName": f"u{number}", "accountId": "1000000000000001"},
    }  # fmt: skip
    return json.dumps(event).encode() + b"\n"


@pytest.mark.parametrize("pieces", [different, same_service])
def test_errors_beyond_the_bound_are_counted_by_their_cause_and_said_to_be(
    pieces: Callable[[int], bytes],
) -> None:
    tracemalloc.start()
    answers = explain_file(Generated(pieces, 5_500))
    peaked = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert sum(answer.count for answer in answers) == 5_500
    [rest] = [answer for answer in answers if answer.count > 1]
    assert rest.count == 500
    assert (rest.principal, rest.service) == (None, None)
    assert "5000" in rest.because[0].render()
    assert peaked < 120 << 20


def test_one_long_line_takes_no_more_memory_than_many_short_ones() -> None:
    tracemalloc.start()
    explain_file(Generated(lambda number: "什么也没有发生, nothing 😀 ".encode() * 2_000, 500))
    peaked = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peaked < 100 << 20
