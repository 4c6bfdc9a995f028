"""What a request says that may be believed, and what it may ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

LONGEST_PATH = 1024


def only_get(path: str, endpoint: Callable[[Request], Response]) -> Route:
    """A route that GET alone takes: Starlette would take HEAD too, and with it use up what works once."""
    from starlette.routing import Route

    route = Route(path, endpoint, methods=["GET"])
    route.methods = {"GET"}
    return route


def address_of(request: Request) -> str:
    """Where a request came from: what the server saw, and no header that its sender chose."""
    return request.client.host if request.client else ""


def from_here(request: Request) -> bool:
    """Whether a form was sent from a page of the console itself, as far as the browser tells.

    https://www.w3.org/TR/fetch-metadata/#sec-fetch-site-header
    """
    return request.headers.get("sec-fetch-site", "same-origin") in ("same-origin", "none")


def own_path(asked: str) -> str:
    """A path of this console to go on to; "/" for anything that could lead to another place."""
    plain = asked.isascii() and asked.isprintable() and "\\" not in asked and len(asked) <= LONGEST_PATH
    return asked if plain and asked.startswith("/") and not asked.startswith("//") else "/"
