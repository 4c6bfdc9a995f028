"""CRC-64 as in `x-oss-hash-crc64ecma`: ECMA-182, reflected.

Parameters: https://www.alibabacloud.com/help/en/oss/developer-reference/appendobject . crcmod comes with the
OSS SDK; its compiled part may be missing, and without it only small bodies are worth the time.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

SLOW_LIMIT = 32 * 1024
"""Bytes that plain Python can sum up in a few milliseconds; larger bodies then have no CRC."""


@cache
def _calculator() -> tuple[Callable[[bytes, int], int], bool] | None:
    """The function, and whether it is the compiled one; None if crcmod is not installed."""
    try:
        import crcmod  # type: ignore[import-untyped]
    except ImportError:
        return None
    update = crcmod.mkCrcFun(0x142F0E1EBA9EA3693, initCrc=0, xorOut=0xFFFFFFFFFFFFFFFF, rev=True)
    try:
        import crcmod._crcfunext  # type: ignore[import-untyped]
    except ImportError:
        return update, False
    return update, True


def extend(crc: int | None, body: bytes) -> int | None:
    """The CRC of what `crc` stands for with `body` behind it; None if it is not known or too slow to tell."""
    calculator = _calculator()
    if crc is None or calculator is None:
        return None
    update, compiled = calculator
    if not compiled and len(body) > SLOW_LIMIT:
        return None
    return update(body, crc)


def of(body: bytes) -> int | None:
    """The CRC of a whole body."""
    return extend(0, body)
