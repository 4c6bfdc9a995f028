"""The pages of incidents: the list, one as a story, and the decision on its plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rolemend.console import listing as lists
from rolemend.console.access.record import recorded
from rolemend.console.planned import shown_plan
from rolemend.console.safe import short
from rolemend.console.story import story
from rolemend.console.visit import Visit
from rolemend.console.words import CAUSES, STATES, Words
from rolemend.errors import AlreadyDecided
from rolemend.incident.approvals import Approve, Decision, Reject, kind_of
from rolemend.incident.journal import Entry, Line
from rolemend.incident.life import SETTLED, Delivery, Incident, can_be_approved, live
from rolemend.signals.denial import BucketTarget, ClusterTarget

if TYPE_CHECKING:
    from starlette.responses import Response

PAGE = 50
LONGEST_REASON = 500
EVERY = 2
"""Seconds after which a page that is watched loads itself again."""


def listing(visit: Visit) -> Response:
    """The incidents that fit the filter, those that are being worked on first."""
    wanted = lists.Wanted(
        words=visit.given("q").casefold().strip(),
        state=visit.given("state"),
        cause=visit.given("cause"),
        since=lists.day_or_nothing(visit.given("since")),
    )
    number = visit.number("page", 1, 100_000)
    found = lists.incidents(wanted, number, PAGE, visit.parts)
    return visit.page(
        "incidents.html", found=found, wanted=wanted, number=number, states=STATES, causes=CAUSES
    )


def show(visit: Visit) -> Response:
    """One incident as a story. Raises UnknownIncident, LedgerDamaged or AccountError."""
    entries = visit.parts.ledger.entries(visit.request.path_params["id"])
    return _shown(visit, entries)


def _shown(visit: Visit, entries: tuple[Entry, ...], notice: str = "", status: int = 200) -> Response:
    from rolemend.notify.message import compose

    incident = live(visit.request.path_params["id"], entries)
    decided = _decision(visit, incident)
    watched = visit.given("watch") == "1" and (decided is not None or incident.state not in SETTLED)
    words = visit.words
    response = visit.page(
        "incident.html",
        status,
        incident=incident,
        denial=incident.denial,
        targets=_targets(incident, words),
        message=compose(incident, visit.language) if incident.denial else None,
        plan=shown_plan(incident.plan, words) if incident.plan else None,
        events=story(entries, dict(words.catalogue)),
        sent=_deliveries(incident),
        waits=can_be_approved(incident),
        decided=decided,
        decision=kind_of(decided.fact) if decided else "",
        watched=watched,
        notice=notice,
    )
    if watched:
        response.headers["refresh"] = str(EVERY)
    return response


def _deliveries(incident: Incident) -> list[Delivery]:
    """What became of each message on each channel, in the order in which they were first sent."""
    return list({(one.message, one.channel): one for one in incident.deliveries}.values())


def _targets(incident: Incident, words: Words) -> list[tuple[str, str]]:
    """What was denied, by name and as it stands in the log."""
    if incident.denial is None:
        return []
    target = incident.denial.target
    if isinstance(target, BucketTarget):
        return [(words.resource, f"oss://{target.bucket}/{target.key}")]
    if isinstance(target, ClusterTarget):
        return [(words.resource, target.release), (words.role, target.role)]
    named = (target.workspace, target.job_run, target.service, target.resource)
    return [(words.resource, " ".join(filter(None, named))), (words.role, target.role)]


def _decision(visit: Visit, incident: Incident) -> Line[Decision] | None:
    """What somebody decided already, while that is not carried out yet."""
    return visit.parts.approvals("console").latest(incident) if can_be_approved(incident) else None


def approve(visit: Visit) -> Response:
    """Record an approval of exactly the plan that the form names. Raises as `show`."""
    return _decide(visit, Approve(plan=visit.form.get("plan", ""), round=_whole(visit.form.get("round", ""))))


def reject(visit: Visit) -> Response:
    """Record that a plan is not wanted. Raises as `show`."""
    reason = " ".join(visit.form.get("reason", "").split())[:LONGEST_REASON]
    plan, round_ = visit.form.get("plan", ""), _whole(visit.form.get("round", ""))
    return _decide(visit, Reject(plan=plan, round=round_, reason=reason))


def _whole(given: str) -> int:
    return int(given) if given.isdecimal() and len(given) < 8 else 0


def _decide(visit: Visit, decision: Decision) -> Response:
    """Nothing is recorded unless the incident waits for a decision on this very plan, and nobody decided before."""
    from starlette.responses import RedirectResponse

    parts, words, by = visit.parts, visit.words, recorded(visit.visitor)
    if not visit.visitor.may_approve:
        return visit.notice(words.forbidden_title, words.forbidden, 403)
    incident_id = visit.request.path_params["id"]
    entries = parts.ledger.entries(incident_id)
    incident = live(incident_id, entries)
    bound = incident.plan.hash if incident.plan else ""
    if not can_be_approved(incident) or (decision.plan, decision.round) != (bound, incident.round):
        return _shown(visit, entries, words.changed_since, 409)
    try:
        parts.approvals(by).decide_once(incident, decision)
    except AlreadyDecided as before:
        if (before.by, before.kind) != (by, kind_of(decision)):
            return _shown(visit, entries, words.say(f"{before.kind}_stands", who=short(before.by)), 409)
    parts.ledger.mark_open(incident_id)
    parts.start(incident_id)
    return RedirectResponse(f"/incidents/{incident_id}?watch=1", 303)
