"""Sessions: one signed cookie, which holds a sign-in that has begun or a session, and never both.

One cookie, because an answer of a function has each header once. https://help.aliyun.com/en/functioncompute/web-functions
"""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, TypeVar

import msgspec

from rolemend.console.access.settings import Secret
from rolemend.console.access.signing import Signed
from rolemend.errors import SignatureError

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

SESSION_SECONDS = 8 * 3600
SIGN_IN_SECONDS = 600

T = TypeVar("T")


class SignIn(msgspec.Struct, frozen=True, kw_only=True):
    """A sign-in that this browser has begun: what its end must match, and the page to go on to."""

    state: str
    nonce: str
    verifier: str
    next: str


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """Who signed in. What they may do is not in it: that is asked of the settings each time."""

    id: str
    account: str
    user: str
    name: str


class Sessions:
    """Reads and writes the cookie. `secure` is false only on plain http on this machine."""

    def __init__(
        self, key: Secret, *, secure: bool, name: str = "rolemend", now: Callable[[], float] = time.time
    ) -> None:
        self._sessions = Signed(key, "session", now)
        self._sign_ins = Signed(key, "sign-in", now)
        self._csrf = Signed(key, "csrf", now)
        self._secure = secure
        self.cookie = f"__Host-{name}" if secure else name

    def session(self, request: Request) -> Session | None:
        return self._read(request, self._sessions, Session, SESSION_SECONDS)

    def sign_in(self, request: Request) -> SignIn | None:
        return self._read(request, self._sign_ins, SignIn, SIGN_IN_SECONDS)

    def keep(self, response: Response, value: Session | SignIn) -> None:
        """Set the cookie, in place of what it held."""
        if isinstance(value, Session):
            self._set(response, self._sessions.write(value), SESSION_SECONDS)
        else:
            self._set(response, self._sign_ins.write(value), SIGN_IN_SECONDS)

    def forget(self, response: Response) -> None:
        self._set(response, "", 0)

    def csrf_token(self, session: str) -> str:
        return self._csrf.write(session)

    def check_csrf(self, session: str, token: str) -> bool:
        try:
            signed = self._csrf.read(token, str, SESSION_SECONDS)
        except SignatureError:
            return False
        return hmac.compare_digest(signed.encode(), session.encode())

    def _read(self, request: Request, signed: Signed, kind: type[T], seconds: int) -> T | None:
        try:
            return signed.read(request.cookies.get(self.cookie, ""), kind, seconds)
        except SignatureError:
            return None

    def _set(self, response: Response, value: str, seconds: int) -> None:
        lax: Literal["lax"] = "lax"  # the way back from Alibaba Cloud is a request from another site
        response.set_cookie(
            self.cookie, value, max_age=seconds, path="/", secure=self._secure, httponly=True, samesite=lax
        )
