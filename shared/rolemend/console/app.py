"""The console: its pages and their addresses. Nothing is shown to anybody who is no visitor."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from rolemend.console import changes, figures, health, incidents, reports, what_if
from rolemend.console.access.identity import App, SecurityHeaders
from rolemend.console.access.pages import ICON, LANGUAGE_COOKIE, LANGUAGES, language_of
from rolemend.console.exchange import LONGEST_BODY
from rolemend.console.parts import ConsoleParts
from rolemend.console.visit import Visit, read_form
from rolemend.errors import AccountError, BadEvent, LedgerDamaged, RolemendError, UnknownIncident

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

View = Callable[[Visit], "Response"]
STATIC = Path(__file__).with_name("static")

PAGES: tuple[tuple[str, str, View], ...] = (
    ("GET", "/incidents", incidents.listing),
    ("GET", "/incidents/{id}", incidents.show),
    ("POST", "/incidents/{id}/approve", incidents.approve),
    ("POST", "/incidents/{id}/reject", incidents.reject),
    ("GET", "/changes", changes.listing),
    ("GET", "/changes/{id}", changes.show),
    ("POST", "/changes/{id}/roll-back", changes.roll_back),
    ("GET", "/figures", figures.show),
    ("GET", "/reports", reports.listing),
    ("GET", "/reports/{run}", reports.show),
    ("GET", "/reports/{run}/download/{format}", reports.download),
    ("GET", "/what-if", what_if.show),
    ("POST", "/what-if/explain", what_if.explain),
    ("POST", "/what-if/simulate", what_if.simulate),
    ("GET", "/health", health.show),
)


def build_app(parts: ConsoleParts) -> App:
    """The console as an ASGI application."""
    from starlette.applications import Starlette
    from starlette.responses import RedirectResponse
    from starlette.routing import Route

    def home(request: Request) -> Response:
        return RedirectResponse("/incidents", 303)

    routes = [
        Route("/", home),
        Route("/static/{name}", _static),
        Route("/favicon.ico", _icon),
        *parts.access.routes(),
        Route("/sign-in", _closed),  # where access has no sign-in of its own
        *(_route(method, path, view, parts) for method, path, view in PAGES),
        *(Route(path, _page_of_form, methods=["GET"]) for method, path, _ in PAGES if method == "POST"),
    ]

    def nothing_there(request: Request, error: Exception) -> Response:
        return _guarded(request, parts, _not_found)

    handlers = {404: nothing_there, 405: nothing_there}
    return SecurityHeaders(Starlette(routes=routes, exception_handlers=handlers), https=parts.https)


def _route(method: str, path: str, view: View, parts: ConsoleParts) -> Route:
    from starlette.concurrency import run_in_threadpool
    from starlette.routing import Route

    async def endpoint(request: Request) -> Response:
        body = await request.body() if method == "POST" else b""
        return await run_in_threadpool(_guarded, request, parts, view, body)

    return Route(path, endpoint, methods=[method])


def _guarded(request: Request, parts: ConsoleParts, view: View, body: bytes = b"") -> Response:
    """A view's page for a visitor, and the way to the sign-in for everybody else. A form without its token does
    nothing."""
    from starlette.responses import RedirectResponse

    visitor = parts.access.visitor(request)
    if visitor is None:
        return RedirectResponse(f"/sign-in?next={quote(_asked_for(request))}", 303)
    visit = Visit(parts, visitor, request, language_of(request, parts.language))
    response = _posted(visit, view, body) if request.method == "POST" else _answered(visit, view)
    if request.query_params.get("lang") in LANGUAGES:
        year = 365 * 86_400
        response.set_cookie(
            LANGUAGE_COOKIE, visit.language, year, secure=parts.https, httponly=True, samesite="lax"
        )
    return response


def _asked_for(request: Request) -> str:
    """The page that a sign-in leads back to."""
    query = request.url.query if request.method == "GET" else ""
    return f"{request.url.path}?{query}" if query else request.url.path


def _page_of_form(request: Request) -> Response:
    """To the page that a form stands on, for who loads the form's answer anew or chooses another language there."""
    from starlette.responses import RedirectResponse

    page = request.url.path.rpartition("/")[0]
    return RedirectResponse(f"{page}?{request.url.query}" if request.url.query else page, 303)


def _posted(visit: Visit, view: View, body: bytes) -> Response:
    words = visit.words
    if len(body) > LONGEST_BODY:
        return visit.notice(words.bad_request_title, words.too_much, 413)
    try:
        visit.form = read_form(body)
    except ValueError:
        return visit.notice(words.bad_request_title, words.too_much, 400)
    if not visit.parts.access.check_csrf(visit.visitor, visit.form.get("csrf", "")):
        return visit.notice(words.forbidden_title, words.stale_form, 403)
    return _answered(visit, view)


def _answered(visit: Visit, view: View) -> Response:
    """The view's answer, or a page that says why there is none."""
    words = visit.words
    try:
        return view(visit)
    except UnknownIncident:
        return _not_found(visit)
    except LedgerDamaged as error:
        return visit.notice(words.damaged_title, words.say("damaged_words", why=error), 500)
    except BadEvent as error:
        return visit.notice(words.bad_request_title, str(error), 400)
    except (AccountError, RolemendError) as error:
        return visit.notice(words.unreachable_title, words.say("unreachable_words", why=f"{error}."), 502)


def _not_found(visit: Visit) -> Response:
    return visit.notice(visit.words.not_found_title, visit.words.not_found, 404)


def _closed(request: Request) -> Response:
    """For who has no session, where only the start address gives one."""
    from rolemend.console.access.pages import Page, show
    from rolemend.text import text

    sentence = text(
        "Open the start address that `rolemend console` printed, or start it again for a new one."
    )
    return show(request, Page(title=text("Not signed in"), sentences=[sentence]), "en", 403)


_TYPES = {".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}


def _icon(request: Request) -> Response:
    """What browsers ask for by themselves: led to the sign-in, they would begin another one beside the visitor's."""
    from starlette.responses import RedirectResponse

    return RedirectResponse(ICON, 308)


def _static(request: Request) -> Response:
    """One of the few files that everybody may have."""
    from starlette.responses import PlainTextResponse
    from starlette.responses import Response as Plain

    name = request.path_params["name"]
    path = STATIC / name
    if "/" in name or path.suffix not in _TYPES or not path.is_file():
        return PlainTextResponse("not found\n", 404)
    headers = {"cache-control": "public, max-age=3600"}
    return Plain(path.read_bytes(), media_type=_TYPES[path.suffix], headers=headers)
