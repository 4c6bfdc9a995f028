"""Tokens of the metadata service's hardened mode.

Source: https://www.alibabacloud.com/help/en/ecs/user-guide/obtain-a-temporary-authorization-token
"""

from __future__ import annotations

import secrets

LONGEST = 21_600
"""Seconds a token may last."""


class Tokens:
    """Tokens that were given out, each for one instance and a time."""

    def __init__(self) -> None:
        self._given: dict[str, tuple[str, float]] = {}

    def issue(self, instance_id: str, ttl: str, now: float) -> str:
        """A new token; "" for a time that is not from 1 to 21,600 seconds."""
        if not ttl.isdecimal() or not 1 <= int(ttl) <= LONGEST:
            return ""
        self._given = {token: given for token, given in self._given.items() if given[1] > now}
        token = secrets.token_urlsafe(42)
        self._given[token] = (instance_id, now + int(ttl))
        return token

    def accept(self, token: str, instance_id: str, now: float) -> bool:
        """Whether the token was given to this instance and has not run out."""
        owner, until = self._given.get(token, ("", 0.0))
        return owner == instance_id and now < until
