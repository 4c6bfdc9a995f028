"""Signed values with a time, which only who has the key can make."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from rolemend.console.access.settings import Secret
from rolemend.errors import SignatureExpired, SignatureWrong

if TYPE_CHECKING:
    from itsdangerous import URLSafeTimedSerializer

T = TypeVar("T")

LONGEST = 4096
"""Characters of a signed value; anything longer is none of ours."""


class Signed:
    """Writes and reads values of one use (`salt`): what was signed for one is nothing to another."""

    def __init__(self, key: Secret, salt: str, now: Callable[[], float]) -> None:
        self._serializer = _serializer(key, salt, now)

    def write(self, value: Any) -> str:
        """Characters that are safe in a URL and in a cookie."""
        return str(self._serializer.dumps(msgspec.to_builtins(value)))

    def read(self, signed: str, kind: type[T], seconds: int) -> T:
        """The value, if it was signed within so many seconds. Raises SignatureWrong or SignatureExpired."""
        from itsdangerous import BadData
        from itsdangerous import SignatureExpired as TooOld

        if len(signed) > LONGEST:
            raise SignatureWrong("the value is too long")
        try:
            value = self._serializer.loads(signed, max_age=seconds)
            return msgspec.convert(value, kind, strict=True)
        except TooOld as error:
            raise SignatureExpired("the value is too old") from error
        except (BadData, msgspec.ValidationError, ValueError) as error:
            raise SignatureWrong("the value was not signed here, or was altered") from error


def _serializer(key: Secret, salt: str, now: Callable[[], float]) -> URLSafeTimedSerializer:
    from hashlib import sha256

    from itsdangerous import TimestampSigner, URLSafeTimedSerializer

    class Clocked(TimestampSigner):
        def get_timestamp(self) -> int:
            return int(now())

    kind = {"digest_method": sha256, "key_derivation": "hmac"}
    return URLSafeTimedSerializer(key.value, salt=f"rolemend.{salt}", signer=Clocked, signer_kwargs=kind)
