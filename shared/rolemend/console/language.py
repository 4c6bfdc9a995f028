"""Which language a page is in: as the address asks, as the visitor chose before, as the browser prefers."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.requests import Request

LANGUAGES = ("en", "zh")
COOKIE = "rolemend-language"


def chosen(request: Request) -> str:
    """What the address asks for, "" for nothing."""
    asked = request.query_params.get("lang", "")
    return asked if asked in LANGUAGES else ""


def language_of(request: Request, default: str) -> str:
    """`en` or `zh`."""
    kept = request.cookies.get(COOKIE, "")
    return chosen(request) or (
        kept if kept in LANGUAGES else preferred(request.headers.get("accept-language", "")) or default
    )


def preferred(header: str) -> str:
    """The first language of Accept-Language that there is, by its weight; "" for none."""
    wanted: list[tuple[float, int, str]] = []
    for place, item in enumerate(header[:500].split(",")):
        name, _, weight = item.strip().partition(";")
        language = name.strip().lower().split("-")[0]
        if language in LANGUAGES:
            wanted.append((-_weight(weight), place, language))
    return min(wanted)[2] if wanted else ""


def _weight(given: str) -> float:
    try:
        return float(given.strip().removeprefix("q=")) if given.strip() else 1.0
    except ValueError:
        return 0.0
