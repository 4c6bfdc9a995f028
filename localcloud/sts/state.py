"""The temporary credentials that STS gave out."""

from __future__ import annotations

from typing import Any

import msgspec


class Session(msgspec.Struct, kw_only=True):
    """A role session. `player` is the account that assumed the role; `expires` is in epoch seconds."""

    access_key_id: str
    secret: str
    token: str
    account: str
    role: str
    role_id: str
    name: str
    player: str
    issued: float
    expires: float
    policy: dict[str, Any] | None = None
