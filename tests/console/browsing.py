"""The pages without a browser or a server: requests into the application, as a visitor or as nobody."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

from rolemend.console.access.identity import Visitor
from rolemend.console.app import build_app
from rolemend.console.exchange import Answered, Asked, exchange
from rolemend.console.parts import ConsoleParts, ask_remediate
from rolemend.incident.approvals import Approvals
from rolemend.incident.index import Index
from tests.work.scene import Scene

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.routing import Route


@dataclass
class Doorman:
    """Lets in who is named; `None` for nobody."""

    who: str | None = "ana"
    may_approve: bool = True

    def visitor(self, request: Request) -> Visitor | None:
        if self.who is None:
            return None
        return Visitor(
            account="1" * 16,
            user=f"id-of-{self.who}",
            name=self.who,
            may_approve=self.may_approve,
            address="198.51.100.7",
            session=f"session-of-{self.who}",
        )

    def csrf_token(self, visitor: Visitor) -> str:
        return f"token-of-{visitor.session}"

    def check_csrf(self, visitor: Visitor, token: str) -> bool:
        return token == self.csrf_token(visitor)

    def routes(self) -> list[Route]:
        return []


@dataclass
class Reader:
    """Somebody in front of the console of a scene."""

    scene: Scene
    door: Doorman = field(default_factory=Doorman)
    headers: tuple[tuple[str, str], ...] = ()
    started: list[str] = field(default_factory=list)

    @property
    def parts(self) -> ConsoleParts:
        def approvals(by: str) -> Approvals:
            return Approvals(self.scene.store, by, lambda: self.scene.now)

        return ConsoleParts(
            access=self.door,
            store=self.scene.store,
            ledger=self.scene.ledger,
            index=Index(self.scene.store),
            approvals=approvals,
            start=self.started.append,
            take_back=ask_remediate(approvals, self.scene.ledger, self.started.append),
            now=lambda: self.scene.now,
        )

    def get(self, address: str) -> Answered:
        place = urlsplit(address)
        asked = Asked(method="GET", path=place.path, query=place.query, headers=self.headers)
        return exchange(build_app(self.parts), asked)

    def post(self, path: str, **fields: str) -> Answered:
        asked = Asked(method="POST", path=path, headers=self.headers, body=urlencode(fields).encode())
        return exchange(build_app(self.parts), asked)

    def form(self, address: str) -> dict[str, str]:
        """The hidden fields of a page's forms."""
        found = re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', text(self.get(address)))
        return dict(found)


def text(answered: Answered) -> str:
    return answered.body.decode()
