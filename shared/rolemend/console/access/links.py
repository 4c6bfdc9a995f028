"""One-time links in alerts: each permits one decision on one plan, and acts only when its form is sent.

A link carries an incident, the round, the plan's hash and the channel it was sent to, signed. That it is used is told
by the decision it made: one entry under `approvals/`, appended only where no decision on that plan stands.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from contextlib import suppress

import msgspec

from rolemend.console.access.record import recorded_link
from rolemend.console.access.settings import Secret
from rolemend.console.access.signing import Signed
from rolemend.errors import (
    AccountError,
    AlreadyDecided,
    LinkRefused,
    SignatureExpired,
    SignatureWrong,
    UnknownIncident,
)
from rolemend.incident.approvals import Approvals, Approve, Decision, Reject, already_decided
from rolemend.incident.ledger import Ledger
from rolemend.incident.life import Incident, can_be_approved

LINK_SECONDS = 24 * 3600
PATH = "/link/"


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """What a link says of itself once its signature was checked. `channel` names where it was sent."""

    id: str
    incident: str
    round: int
    plan: str
    channel: str


def link_for(
    incident: Incident, *, channel: str, address: str, key: Secret, now: Callable[[], float] = time.time
) -> str:
    """The address of a new link to decide on the incident's plan.

    "" where no plan waits for approval, or without a key: then alerts lead to the console's own page of the incident.
    `address` is the console's, `channel` a name that people know, with no secret in it.
    """
    if not key or incident.plan is None or not can_be_approved(incident):
        return ""
    link = Link(
        id=secrets.token_hex(12),
        incident=incident.id,
        round=incident.round,
        plan=incident.plan.hash,
        channel=channel,
    )
    return address.rstrip("/") + PATH + _signed(key, now).write(link)


class Links:
    """What becomes of links. `approvals` gives the approvals as written by whoever is named.

    Every method raises LinkRefused, or LedgerError and AccountError where the ledger cannot be used.
    """

    def __init__(
        self,
        key: Secret,
        ledger: Ledger,
        approvals: Callable[[str], Approvals],
        start_remediate: Callable[[str], None],
        now: Callable[[], float] = time.time,
    ) -> None:
        self._signed = _signed(key, now)
        self._ledger, self._approvals, self._start = ledger, approvals, start_remediate

    def look(self, token: str) -> tuple[Link, Incident]:
        """What a link is about, if it still permits a decision. Changes nothing."""
        link = self._read(token)
        try:
            incident = self._ledger.load(link.incident)
        except UnknownIncident as error:
            raise LinkRefused("changed", f"the ledger has no incident {link.incident}") from error
        for line in reversed(self._approvals("").standing(incident)):
            if (line.fact.plan, line.fact.round) == (link.plan, link.round):
                raise _decided(link, already_decided(line))
        plan = incident.plan.hash if incident.plan else ""
        if not can_be_approved(incident) or (plan, incident.round) != (link.plan, link.round):
            raise LinkRefused("changed", f"incident {link.incident} is {incident.state} by now")
        return link, incident

    def decide(self, token: str, approve: bool, address: str) -> Incident:
        """Use the link. `address` is where the form came from; it stands in the journal beside the channel."""
        link, incident = self.look(token)
        decision: Decision = Approve(plan=link.plan, round=link.round, link=link.id)
        if not approve:
            decision = Reject(plan=link.plan, round=link.round, link=link.id)
        # The marker comes first, so that the sweep goes on where `remediate` cannot be started.
        self._ledger.mark_open(incident.id)
        try:
            self._approvals(recorded_link(link.channel, address)).decide_once(incident, decision)
        except AlreadyDecided as error:
            raise _decided(link, error) from error
        with suppress(AccountError):
            self._start(incident.id)
        return incident

    def _read(self, token: str) -> Link:
        try:
            return self._signed.read(token, Link, LINK_SECONDS)
        except SignatureExpired as error:
            raise LinkRefused("expired", str(error)) from error
        except SignatureWrong as error:
            raise LinkRefused("unknown", str(error)) from error


def _decided(link: Link, found: AlreadyDecided) -> LinkRefused:
    if found.link == link.id:
        return LinkRefused("used", f"link {link.id} was used", found.kind)
    return LinkRefused("decided", str(found), found.kind)


def _signed(key: Secret, now: Callable[[], float]) -> Signed:
    return Signed(key, "link", now)
