"""The pages of changes: the list, one with its difference, and rolling it back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rolemend.console import listing as lists
from rolemend.console.access.record import recorded
from rolemend.console.planned import shown_plan
from rolemend.console.visit import Visit
from rolemend.errors import Conflict, NothingToTakeBack
from rolemend.incident.expiries import incident_of
from rolemend.incident.life import ChangeNote, Incident
from rolemend.work.undo import STANDS, change_of

if TYPE_CHECKING:
    from starlette.responses import Response

PAGE = 50
EVERY = 2


def listing(visit: Visit) -> Response:
    """What was changed. Raises AccountError."""
    number = visit.number("page", 1, 100_000)
    found, more = lists.changes(number, PAGE, visit.parts)
    return visit.page("changes.html", found=found, more=more, number=number)


def show(visit: Visit) -> Response:
    """One change. Raises UnknownIncident, LedgerDamaged or AccountError."""
    return _shown(visit, *_read(visit))


def _read(visit: Visit) -> tuple[Incident, ChangeNote]:
    change_id = visit.request.path_params["id"]
    incident = visit.parts.ledger.load(incident_of(change_id))
    return incident, change_of(incident, change_id)


def _shown(
    visit: Visit, incident: Incident, note: ChangeNote, notice: str = "", status: int = 200
) -> Response:
    stands = note.outcome in STANDS and note.change is not None
    asked = visit.parts.approvals("console").roll_back_of(incident, note) if stands else None
    watched = visit.given("watch") == "1" and asked is not None
    response = visit.page(
        "change.html",
        status,
        incident=incident,
        note=note,
        plan=shown_plan(note.plan, visit.words),
        stands=stands,
        asked=asked,
        watched=watched,
        notice=notice,
    )
    if watched:
        response.headers["refresh"] = str(EVERY)
    return response


def roll_back(visit: Visit) -> Response:
    """Take the change back, or hand that on, if it still is what the form shows. Raises as `show`."""
    from starlette.responses import RedirectResponse

    words = visit.words
    if not visit.visitor.may_approve:
        return visit.notice(words.forbidden_title, words.forbidden, 403)
    incident, note = _read(visit)
    bound = (note.plan.hash, note.outcome)
    if (visit.form.get("plan"), visit.form.get("outcome")) != bound or note.outcome not in STANDS:
        return _shown(visit, incident, note, words.changed_since, 409)
    try:
        done = visit.parts.take_back(incident, note, recorded(visit.visitor))
    except (Conflict, NothingToTakeBack) as error:
        return _shown(visit, *_read(visit), words.say("refused", why=error), 409)
    return RedirectResponse(f"/changes/{note.id}" + ("" if done else "?watch=1"), 303)
