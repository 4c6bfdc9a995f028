"""Invocations that failed on every try, one object each under `failures/`: what `notify` was told of them."""

from __future__ import annotations

import re
import time
from collections import deque
from collections.abc import Callable

import msgspec

from rolemend.account.interface import ObjectStore
from rolemend.errors import NotThere
from rolemend.together import together

DAYS, MOST = 7, 20
"""How far back they are looked for, and how many of the newest are read."""
_DAY = 86_400
_NOT_IN_A_KEY = re.compile(r"[^A-Za-z0-9-]", re.ASCII)


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """`at` is in epoch seconds, `tries` how often it was tried, `kind` the type of the last error.

    `incident` is "" where the event named none; `error` is hostile text.
    """

    function: str
    request: str
    at: float
    tries: int = 0
    error: str = ""
    kind: str = ""
    incident: str = ""


_decoder = msgspec.json.Decoder(Failure)


class Failures:
    """All methods raise AccountError."""

    def __init__(self, store: ObjectStore, now: Callable[[], float]) -> None:
        self._store = store
        self._now = now

    def keep(self, failure: Failure) -> None:
        """Once however often it is told; a time that is not of the last day is replaced by now."""
        if not 0 <= self._now() - failure.at < _DAY:
            failure = msgspec.structs.replace(failure, at=self._now())
        moment = time.strftime("%Y-%m-%d/%H%M%S", time.gmtime(failure.at))
        request = _NOT_IN_A_KEY.sub("", failure.request)
        self._store.put(f"failures/{moment}-{failure.function}-{request}.json", msgspec.json.encode(failure))

    def newest(self) -> tuple[Failure, ...]:
        """The last of them, the newest first."""
        keys: list[str] = []
        for back in range(DAYS):
            day = time.strftime("%Y-%m-%d", time.gmtime(self._now() - back * _DAY))
            last = deque(self._store.keys(f"failures/{day}/"), maxlen=MOST)
            keys += reversed(last)
        found = together(*[lambda key=key: self._read(key) for key in keys[:MOST]])
        return tuple(one for one in found if one is not None)

    def _read(self, key: str) -> Failure | None:
        try:
            return _decoder.decode(self._store.read(key))
        except NotThere:
            return None
        except msgspec.DecodeError as error:
            return Failure(function="", request="", at=0.0, error=f"{key}: {error}")
