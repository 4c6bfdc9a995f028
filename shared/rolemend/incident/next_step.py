"""What comes next for an incident: which function goes on with it, and what opens it again. Pure."""

from __future__ import annotations

from rolemend.checklist.model import Advice
from rolemend.incident.life import (
    ALERTED,
    AWAITING_APPROVAL,
    CLOSED,
    DIAGNOSED,
    OPEN,
    REMEDIATED,
    REOPENED,
    VERIFIED,
    Incident,
    can_be_approved,
)

MOST_CHANGES = 2
"""Changes after which nothing more is tried, if it is denied still."""

REMIND_SECONDS = 86_400
"""What people were told of, or said no to, or is only observed, is looked at anew if it is still denied a day later."""


def comes_back(incident: Incident, time: int, propagation: int) -> bool:
    """Whether a denial at this time (epoch seconds) comes after the incident was settled, and so opens it again.

    A late delivery of an earlier one is counted and no more.
    """
    if incident.state == VERIFIED:
        return time > incident.applied_at + propagation
    if incident.state == ALERTED:
        return time > incident.told_at + REMIND_SECONDS
    if incident.state != CLOSED:
        return False
    decided = incident.verdict is not None and incident.verdict.mode == "observe"
    return time > incident.closed_at + (REMIND_SECONDS if decided or incident.rejected else propagation)


def is_unmended(incident: Incident) -> bool:
    """Whether people were told, and nothing has been seen to help yet."""
    return incident.state == ALERTED or (incident.state == AWAITING_APPROVAL and incident.told)


def flaps(incident: Incident) -> bool:
    """Whether two changes were made and it is denied still, be it that they stand or were rolled back. A grant that has
    expired is no change that failed."""
    made = ("applied", "verified", "rolled back", "not taken back")
    return sum(note.outcome in made for note in incident.changes) >= MOST_CHANGES


def next_step(incident: Incident) -> str:
    """Which function goes on with an incident: `diagnose`, `remediate`, `notify`, or "" while it waits.

    `diagnose` finds what is wrong, `remediate` plans and finishes changes, `notify` tells people and settles.
    """
    if incident.state in (OPEN, REOPENED):
        return "diagnose"
    if incident.waiting or incident.diagnosis is None:
        return ""
    if incident.intended is not None or incident.state == REMEDIATED:
        return "remediate"
    remedy = incident.diagnosis.remedy
    if (
        incident.state == DIAGNOSED
        and incident.verdict is None
        and not (remedy is None or isinstance(remedy, Advice))
    ):
        return "remediate"
    return "remediate" if incident.told and can_be_approved(incident) else "notify"
