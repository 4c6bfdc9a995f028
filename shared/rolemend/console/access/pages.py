"""The few pages that need no visitor: plain HTML, usable without JavaScript, in English and Chinese."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from rolemend.catalogue import translations
from rolemend.text import Text

if TYPE_CHECKING:
    from jinja2 import Environment
    from starlette.requests import Request
    from starlette.responses import Response

LANGUAGES = ("en", "zh")
LANGUAGE_COOKIE = "rolemend-language"
STYLESHEET, ICON = "/static/console.css", "/static/icon.svg"


class Button(msgspec.Struct, frozen=True, kw_only=True):
    """A button of the page's one form; `value` is sent as `decision`."""

    label: Text
    value: str
    danger: bool = False


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """What a page says: sentences, a text as it is (`verbatim`), links as (text, address), and perhaps a form."""

    title: Text
    sentences: Sequence[Text] = ()
    verbatim: str = ""
    links: Sequence[tuple[Text, str]] = ()
    buttons: Sequence[Button] = ()
    hidden: Sequence[tuple[str, str]] = ()


def show(request: Request, page: Page, default: str, status: int = 200) -> Response:
    """The page in the reader's language; every value is escaped."""
    from starlette.responses import HTMLResponse

    language = language_of(request, default)
    catalogue = translations(language)
    template = _environment().get_template("page.html")
    html = template.render(
        page=page,
        say=lambda said: said.render(catalogue),
        language=language,
        stylesheet=STYLESHEET,
        icon=ICON,
    )
    return HTMLResponse(html, status_code=status)


def language_of(request: Request, default: str) -> str:
    """`?lang=`, else the reader's choice of before, else what the browser prefers, else the operator's."""
    for asked in (request.query_params.get("lang"), request.cookies.get(LANGUAGE_COOKIE)):
        if asked in LANGUAGES:
            return str(asked)
    for part in request.headers.get("accept-language", "").split(","):
        primary = part.partition(";")[0].strip().partition("-")[0].lower()
        if primary in LANGUAGES:
            return primary
    return default


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    loader = FileSystemLoader(Path(__file__).with_name("templates"))
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True)
