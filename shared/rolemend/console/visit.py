"""One request of a visitor, and the answers to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode

from rolemend.console import safe
from rolemend.console.access.identity import Visitor
from rolemend.console.parts import ConsoleParts
from rolemend.console.words import Words

if TYPE_CHECKING:
    from jinja2 import Environment
    from starlette.requests import Request
    from starlette.responses import Response

TEMPLATES = Path(__file__).with_name("templates")


@dataclass
class Visit:
    """Who asks, in which language, and what the form holds."""

    parts: ConsoleParts
    visitor: Visitor
    request: Request
    language: str
    form: dict[str, str] = field(default_factory=dict)

    @cached_property
    def words(self) -> Words:
        return Words(self.language)

    def given(self, name: str, longest: int = 200) -> str:
        """A parameter of the address."""
        return self.request.query_params.get(name, "")[:longest]

    def number(self, name: str, default: int, most: int) -> int:
        value = self.given(name)
        return min(int(value), most) if value.isdecimal() and len(value) < 8 and int(value) else default

    def page(self, template: str, status: int = 200, **values: Any) -> Response:
        """A page from its template."""
        from starlette.responses import HTMLResponse

        shown = _environment().get_template(template).render(**self._frame(), **values)
        return HTMLResponse(shown, status_code=status)

    def notice(self, title: str, sentence: str, status: int) -> Response:
        """A page that says one thing."""
        return self.page("notice.html", status, title=title, sentence=sentence)

    def _frame(self) -> dict[str, Any]:
        return {
            "w": self.words,
            "visit": self,
            "visitor": self.visitor,
            "path": self.request.url.path,
            "csrf": self.parts.access.csrf_token(self.visitor),
            "signs_out": any(getattr(route, "path", "") == "/sign-out" for route in self.request.app.routes),
            "with_query": self.with_query,
        }

    def with_query(self, **changes: str | int) -> str:
        """This address with some of its parameters changed."""
        kept = {name: value[:200] for name, value in self.request.query_params.items()}
        return "?" + urlencode({**kept, **{name: str(value) for name, value in changes.items()}})


def read_form(body: bytes) -> dict[str, str]:
    """The fields of a form, the first of each name; half a surrogate pair and the like become a replacement sign."""
    fields = parse_qs(body.decode("ascii", "replace"), keep_blank_values=True, max_num_fields=50)
    return {name: values[0] for name, values in fields.items()}


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters |= {
        "short": safe.short,
        "whole": safe.whole,
        "moment": safe.moment,
        "duration": safe.duration,
    }
    return environment
