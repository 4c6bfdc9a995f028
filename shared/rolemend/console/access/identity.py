"""The agreement between the pages and whatever tells them who is there, and the headers of every answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.routing import Route

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)

ONE_YEAR = 365 * 24 * 3600


class Visitor(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks for a page, as the account knows them. Whoever is no Visitor sees nothing."""

    account: str
    user: str
    """The id of the RAM user or role; the account's own id for the account itself."""
    name: str
    """What people know them by. It comes from outside: text for people to read, never a ground to allow anything."""
    may_approve: bool
    address: str
    """The address they ask from, as Function Compute gives it; empty where it is not known."""
    session: str
    """An id of this session, for its CSRF tokens. It is no secret and opens nothing."""


class Access(Protocol):
    """Tells the pages who is there. One for the deployed console, one for `rolemend console` on loopback."""

    def visitor(self, request: Request) -> Visitor | None:
        """Whoever may see the pages; None for everybody else."""

    def csrf_token(self, visitor: Visitor) -> str:
        """What every form of this session must send back."""

    def check_csrf(self, visitor: Visitor, token: str) -> bool: ...

    def routes(self) -> list[Route]:
        """The pages that need no visitor: sign-in, its way back, sign-out, and the links of alerts."""


class SecurityHeaders:
    """ASGI middleware that puts the same strict headers on every answer, whatever page it is.

    `https`: whether browsers reach the console over TLS. Only a page's own Cache-Control outlives it (files of styles).
    """

    def __init__(self, app: App, *, https: bool) -> None:
        self._app = app
        self._headers = _headers(https)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": self._added(message.get("headers", ()))}
            await send(message)

        await self._app(scope, receive, send_with_headers if scope["type"] == "http" else send)

    def _added(self, given: Any) -> list[tuple[bytes, bytes]]:
        given = [(name.lower(), value) for name, value in given]
        kept = [pair for pair in given if pair[0] == b"cache-control" or pair[0] not in self._headers]
        names = {name for name, _ in kept}
        return kept + [pair for pair in self._headers.items() if pair[0] not in names]


def _headers(https: bool) -> dict[bytes, bytes]:
    headers = {
        b"content-security-policy": CONTENT_SECURITY_POLICY.encode(),
        b"x-content-type-options": b"nosniff",
        b"referrer-policy": b"same-origin",
        b"cross-origin-opener-policy": b"same-origin",
        b"cache-control": b"no-store",
    }
    return headers | ({b"strict-transport-security": b"max-age=%d" % ONE_YEAR} if https else {})
