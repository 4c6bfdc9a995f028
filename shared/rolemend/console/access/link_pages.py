"""The pages of alert links: what a link is about and a form, then what came of it. Only the form acts."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from rolemend.console.access.links import PATH, Link, Links
from rolemend.console.access.pages import Button, Page, language_of, show
from rolemend.console.access.request import address_of, from_here
from rolemend.errors import AccountError, LedgerError, LinkRefused
from rolemend.notify.message import compose
from rolemend.notify.webhook import as_text
from rolemend.text import Text, text

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

    from rolemend.incident.life import Incident

APPROVE, REJECT = "approve", "reject"

_log = logging.getLogger(__name__)

_REFUSALS: dict[str, tuple[int, Text]] = {
    "unknown": (404, text("This link was not made here, or was altered.")),
    "expired": (410, text("This link is more than a day old and permits nothing any more.")),
    "used": (410, text("This link was used already. A link permits one decision.")),
    "decided": (409, text("Somebody else decided on this plan already.")),
    "changed": (
        409,
        text("The incident has changed since this link was sent: its plan does not wait any more."),
    ),
    "form": (400, text("The form was not one of this page.")),
    "ledger": (503, text("Open the link again in a minute: its page says whether a decision stands.")),
}

_STANDS = {
    APPROVE: text("The plan was approved, and that decision stands."),
    REJECT: text("The plan was rejected, and that decision stands."),
}


class LinkPages:
    """`language` is the operator's."""

    def __init__(self, links: Links, language: str) -> None:
        self._links, self._language = links, language

    def routes(self) -> list[Route]:
        from starlette.routing import Route

        path = PATH + "{token}"
        return [Route(path, self._look, methods=["GET"]), Route(path, self._decide, methods=["POST"])]

    def _look(self, request: Request) -> Response:
        try:
            link, incident = self._links.look(request.path_params["token"])
        except (LinkRefused, LedgerError, AccountError) as error:
            return self._refused(request, error)
        page = _question(link, incident, language_of(request, self._language))
        return show(request, page, self._language)

    async def _decide(self, request: Request) -> Response:
        from starlette.concurrency import run_in_threadpool

        form = await request.form(max_files=0, max_fields=8)
        return await run_in_threadpool(self._decided, request, str(form.get("decision", "")))

    def _decided(self, request: Request, decision: str) -> Response:
        try:
            if decision not in (APPROVE, REJECT) or not from_here(request):
                raise LinkRefused("form", "the form is none of ours")
            token, approve = request.path_params["token"], decision == APPROVE
            incident = self._links.decide(token, approve, address_of(request))
        except (LinkRefused, LedgerError, AccountError) as error:
            return self._refused(request, error)
        _log.info("%s of incident %s through a link, from %s", decision, incident.id, address_of(request))
        title = text("Approved") if approve else text("Rejected")
        page = Page(title=title, sentences=[_RECORDED], links=_links(f"{incident.id}?watch=1"))
        return show(request, page, self._language)

    def _refused(self, request: Request, error: Exception) -> Response:
        reason = error.reason if isinstance(error, LinkRefused) else "ledger"
        _log.warning("%s, from %s", error, address_of(request))
        status, sentence = _REFUSALS[reason]
        title = text("The ledger does not answer") if reason == "ledger" else text("Nothing was changed")
        stands = _STANDS.get(error.stands) if isinstance(error, LinkRefused) else None
        page = Page(title=title, sentences=[sentence, *([stands] if stands else [])], links=[_HOME])
        return show(request, page, self._language, status)


_HOME = (text("To the console"), "/")
_RECORDED = text("The decision is recorded as made through this link. The link permits nothing more.")


def _question(link: Link, incident: Incident, language: str) -> Page:
    """Everything that the alert said, and what pressing a button means."""
    return Page(
        title=text("Decide on the plan of incident {incident}", incident=incident.id),
        sentences=[
            text(
                "You did not sign in: the decision is recorded as made through a link sent to {channel}, with "
                "the address of your connection.",
                channel=link.channel,
            ),
            text("It is on exactly this plan: {plan}. It can be made once.", plan=link.plan),
        ],
        verbatim=as_text(compose(incident, language), language),
        buttons=[
            Button(label=text("Approve and apply this plan"), value=APPROVE),
            Button(label=text("Reject this plan"), value=REJECT, danger=True),
        ],
        links=_links(incident.id),
    )


def _links(incident: str) -> list[tuple[Text, str]]:
    """`incident` may say besides that the page is to load itself again until all is done."""
    return [(text("The incident in the console, for who may sign in"), f"/incidents/{incident}")]
