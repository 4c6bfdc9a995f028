"""What the OAuth service keeps: the applications that accounts registered."""

from __future__ import annotations

import msgspec


class Application(msgspec.Struct, kw_only=True):
    """A web application of an account; `id` is its client id, `redirect_uris` are matched letter by letter."""

    id: str
    account: str
    name: str
    secret: str
    redirect_uris: list[str] = []


class OAuthState(msgspec.Struct, kw_only=True):
    applications: dict[str, Application] = {}
