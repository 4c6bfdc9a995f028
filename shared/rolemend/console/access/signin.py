"""Access to the deployed console: people sign in with Alibaba Cloud, and the settings say who may do what."""

from __future__ import annotations

import hmac
import logging
import secrets
from typing import TYPE_CHECKING

from rolemend.console.access.identity import Visitor
from rolemend.console.access.pages import Page, show
from rolemend.console.access.provider import CALLBACK, Identity, Provider
from rolemend.console.access.request import address_of, only_get, own_path
from rolemend.console.access.sessions import Session, Sessions, SignIn
from rolemend.console.access.settings import AccessSettings
from rolemend.errors import SignInRefused, SignInUnavailable
from rolemend.text import Text, text

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

    from rolemend.console.access.link_pages import LinkPages

SIGN_IN, SIGN_OUT = "/sign-in", "/sign-out"

_log = logging.getLogger(__name__)

_REFUSALS: dict[str, tuple[int, Text]] = {
    "browser": (
        400,
        text(
            "This sign-in was not begun in this browser, was begun more than ten minutes ago, or was used "
            "already. Sign in again."
        ),
    ),
    "provider": (403, text("Alibaba Cloud did not let you sign in, or you did not agree. Sign in again.")),
    "token": (
        403,
        text(
            "Alibaba Cloud's answer does not prove who you are. Sign in again; if it stays so, tell the operator."
        ),
    ),
    "account": (403, text("You belong to another Alibaba Cloud account than this console.")),
    "nobody": (
        403,
        text(
            "You are in neither list of this console. Ask the operator to add your id to the viewers or the approvers."
        ),
    ),
}


class RamAccess:
    """Implements `Access`. `links` are the pages of alert links, None where no link permits anything."""

    def __init__(
        self, settings: AccessSettings, sessions: Sessions, provider: Provider, links: LinkPages | None = None
    ) -> None:
        self._settings, self._sessions = settings, sessions
        self._provider, self._links = provider, links

    def visitor(self, request: Request) -> Visitor | None:
        session = self._sessions.session(request)
        if session is None or not self._settings.may_see(session.account, session.user):
            return None
        return Visitor(
            account=session.account,
            user=session.user,
            name=session.name,
            may_approve=self._settings.may_approve(session.account, session.user),
            address=address_of(request),
            session=session.id,
        )

    def csrf_token(self, visitor: Visitor) -> str:
        return self._sessions.csrf_token(visitor.session)

    def check_csrf(self, visitor: Visitor, token: str) -> bool:
        return self._sessions.check_csrf(visitor.session, token)

    def routes(self) -> list[Route]:
        from starlette.routing import Route

        routes = [
            Route(SIGN_IN, self._begin, methods=["GET"]),
            only_get(CALLBACK, self._end),
            Route(SIGN_OUT, self._sign_out, methods=["POST"]),
        ]
        return routes + (self._links.routes() if self._links else [])

    def _begin(self, request: Request) -> Response:
        """Send the browser to Alibaba Cloud, with what only this browser can bring back."""
        from starlette.responses import RedirectResponse

        wanted = own_path(request.query_params.get("next", "/"))
        if self.visitor(request) is not None:
            return RedirectResponse(wanted, 303)
        begun = SignIn(
            state=secrets.token_urlsafe(24),
            nonce=secrets.token_urlsafe(24),
            verifier=secrets.token_urlsafe(48),
            next=wanted,
        )
        try:
            answer = RedirectResponse(self._provider.address(begun), 303)
        except SignInUnavailable as error:
            return self._unavailable(request, error)
        self._sessions.keep(answer, begun)
        return answer

    def _end(self, request: Request) -> Response:
        """Alibaba Cloud sent the browser back: a session for who is proved and listed, a page for everybody else."""
        from starlette.responses import RedirectResponse

        begun = self._sessions.sign_in(request)
        try:
            identity = self._identify(request, begun)
        except SignInRefused as error:
            return self._refused(request, error)
        except SignInUnavailable as error:
            return self._unavailable(request, error)
        assert begun is not None
        session = Session(
            id=secrets.token_urlsafe(16), account=identity.account, user=identity.user, name=identity.name
        )
        answer = RedirectResponse(begun.next, 303)
        self._sessions.keep(answer, session)
        _log.info("user %s signed in, from %s", identity.user, address_of(request))
        return answer

    def _identify(self, request: Request, begun: SignIn | None) -> Identity:
        asked = request.query_params
        if begun is None or not hmac.compare_digest(begun.state.encode(), asked.get("state", "").encode()):
            raise SignInRefused("browser", "the state is not the one this browser began with")
        if not asked.get("code"):
            raise SignInRefused("provider", "Alibaba Cloud sent no code")
        identity = self._provider.identify(begun, asked["code"])
        if not self._settings.may_see(identity.account, identity.user):
            message = f"user {identity.user} is neither viewer nor approver"
            raise SignInRefused("nobody", message, identity.user)
        return identity

    async def _sign_out(self, request: Request) -> Response:
        """Forget the session; only this session's own form may ask for it."""
        visitor = self.visitor(request)
        form = await request.form(max_files=0, max_fields=8)
        if visitor is None or not self.check_csrf(visitor, str(form.get("csrf", ""))):
            page = Page(title=text("Nothing was done"), sentences=[_NOT_THIS_SESSION], links=[_HOME])
            return show(request, page, self._settings.language, 403)
        page = Page(title=text("Signed out"), links=[_AGAIN])
        answer = show(request, page, self._settings.language)
        self._sessions.forget(answer)
        return answer

    def _refused(self, request: Request, error: SignInRefused) -> Response:
        """What this browser began is over; an end that it did not begin leaves its cookie alone."""
        _log.warning("%s, from %s", error, address_of(request))
        status, sentence = _REFUSALS[error.reason]
        sentences = [sentence, *([text("Your id is {user}.", user=error.user)] if error.user else [])]
        page = Page(title=text("Not signed in"), sentences=sentences, links=[_AGAIN])
        answer = show(request, page, self._settings.language, status)
        if error.reason != "browser":
            self._sessions.forget(answer)
        return answer

    def _unavailable(self, request: Request, error: SignInUnavailable) -> Response:
        _log.error("%s", error)
        page = Page(title=text("Not signed in"), sentences=[_UNAVAILABLE], links=[_AGAIN])
        return show(request, page, self._settings.language, 503)


_AGAIN = (text("Sign in"), SIGN_IN)
_HOME = (text("To the console"), "/")
_NOT_THIS_SESSION = text(
    "The form was not one of your session, or your session is over. Nothing was changed."
)
_UNAVAILABLE = text("Alibaba Cloud's sign-in does not answer. Try again in a minute.")
