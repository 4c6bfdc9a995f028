"""Access to `rolemend console` on this machine: who opens the start address acts with the operator's credentials."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from rolemend.console.access.identity import App, Receive, Scope, Send, Visitor
from rolemend.console.access.pages import Page, show
from rolemend.console.access.request import address_of, only_get
from rolemend.console.access.sessions import Session, Sessions
from rolemend.console.access.settings import Secret
from rolemend.text import text

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

START = "/start/"
_ARN = re.compile(r"acs:ram::\d+:(.+)")


class LocalAccess:
    """Implements `Access`. `account` and `arn` are what GetCallerIdentity tells of the credentials in use.

    What the credentials may do, RAM decides at each call; so whoever is let in may try to approve. `start_address`
    opens the console once. Keys are new in every process, so a session ends with it.
    """

    def __init__(
        self, account: str, arn: str, port: int, *, language: str = "en", now: Callable[[], float] = time.time
    ) -> None:
        self._account, self._arn, self._language = account, arn, language
        key = Secret(secrets.token_urlsafe(32))
        self._sessions = Sessions(key, secure=False, name=f"rolemend-{port}", now=now)
        token = secrets.token_urlsafe(32)
        self._unused = {token}
        self.start_address = f"http://127.0.0.1:{port}{START}{token}"

    def visitor(self, request: Request) -> Visitor | None:
        session = self._sessions.session(request)
        if session is None:
            return None
        return Visitor(
            account=session.account,
            user=session.user,
            name=session.name,
            may_approve=True,
            address=address_of(request),
            session=session.id,
        )

    def csrf_token(self, visitor: Visitor) -> str:
        return self._sessions.csrf_token(visitor.session)

    def check_csrf(self, visitor: Visitor, token: str) -> bool:
        return self._sessions.check_csrf(visitor.session, token)

    def routes(self) -> list[Route]:
        return [only_get(START + "{token}", self._start)]

    def _start(self, request: Request) -> Response:
        """A session for who has the start address, once."""
        from starlette.responses import RedirectResponse

        try:
            self._unused.remove(request.path_params["token"])
        except KeyError:
            page = Page(title=text("Not signed in"), sentences=[_USED])
            return show(request, page, self._language, 403)
        answer = RedirectResponse("/", 303)
        user = _ARN.sub(r"\1", self._arn)
        session = Session(id=secrets.token_urlsafe(16), account=self._account, user=user, name=self._arn)
        self._sessions.keep(answer, session)
        return answer


_USED = text("This start address is wrong or was used already. Start `rolemend console` again for a new one.")


class OwnHosts:
    """ASGI middleware that answers only requests for this machine's own names, whatever name led to its address.

    A page of the internet can have its own name point to 127.0.0.1 (DNS rebinding); the Host header tells it.
    """

    def __init__(self, app: App, hosts: Iterable[str]) -> None:
        self._app = app
        self._hosts = frozenset(host.lower().encode() for host in hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        named = [value.lower() for name, value in scope.get("headers", ()) if name == b"host"]
        if scope["type"] == "lifespan" or (len(named) == 1 and named[0] in self._hosts):
            await self._app(scope, receive, send)
            return
        body = b"rolemend console answers to its own address only.\n"
        headers = [(b"content-type", b"text/plain"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 421, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def own_hosts(port: int) -> tuple[str, ...]:
    """The names under which a browser on this machine reaches the console."""
    return f"127.0.0.1:{port}", f"localhost:{port}", f"[::1]:{port}"
