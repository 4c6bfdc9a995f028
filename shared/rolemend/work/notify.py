"""The function `notify`: tells people about an incident, once, and settles it."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import msgspec

from rolemend.account.interface import ObjectStore
from rolemend.incident.follow_ups import FollowUps
from rolemend.incident.index import Index
from rolemend.incident.journal import Fact, Notified, Sending
from rolemend.incident.ledger import Ledger
from rolemend.incident.life import SETTLED, Attempts, Incident, can_be_approved
from rolemend.incident.next_step import is_unmended, next_step
from rolemend.notify.message import message_id, message_kind
from rolemend.work.delivery import Delivery, deliver
from rolemend.work.diagnose import Outcome

LEASE_SECONDS = 90
"""For so long a message belongs to the invocation that claimed it: longer than the function may run."""
MOST_AT_ONCE = 2
"""What a change may have overwritten is told in a message of its own, before what became of the incident."""
TRIES_WITHOUT_ANSWER = 2
"""A message whose sender stopped is sent again once, with the same id."""


class Parts(msgspec.Struct, frozen=True, kw_only=True):
    """`store` is the ledger's bucket, `delivery` what messages are delivered with."""

    ledger: Ledger
    index: Index
    follow_ups: FollowUps
    delivery: Delivery
    store: ObjectStore


def notify(incident_id: str, parts: Parts) -> Outcome:
    """Send the messages that the incident's state calls for, once. Raises AccountError or LedgerError."""
    incident = parts.ledger.load(incident_id)
    if next_step(incident) != "notify" and not can_be_approved(incident):
        return Outcome(incident=incident_id, state=incident.state)
    for _ in range(MOST_AT_ONCE):
        kind = message_kind(incident)
        if kind and message_id(incident, kind) not in incident.notified:
            incident = send(incident, kind, parts, calls_for(kind))
    kind = message_kind(incident)
    if not kind or message_id(incident, kind) in incident.notified:
        _settle(incident_id, parts)
    cause = (incident.diagnosis.cause if incident.diagnosis else None) or ""
    return Outcome(incident=incident_id, state=incident.state, cause=cause)


def calls_for(kind: str) -> Callable[[Incident], bool]:
    """Whether an incident was not opened again, and goes no other way by now."""
    return lambda known: next_step(known) == "notify" and message_kind(known) == kind


def _settle(incident_id: str, parts: Parts) -> None:
    """Write the incident into the index, and take its marker away; one that was opened again meanwhile gets it back.

    Who opens it writes the entry before the marker: either the entry is seen here, or the marker comes after.
    """
    incident = parts.ledger.load(incident_id)
    if is_unmended(incident):
        parts.ledger.mark_unmended(incident_id)
        parts.follow_ups.begin(incident_id, incident.round, parts.ledger.now())
    parts.index.add([incident], parts.ledger.now())
    parts.ledger.mark_settled(incident_id)
    now = parts.ledger.load(incident_id)
    if now.state not in SETTLED and not can_be_approved(now):
        parts.ledger.mark_open(incident_id)


def send(incident: Incident, kind: str, parts: Parts, wanted: Callable[[Incident], bool]) -> Incident:
    """Claim the message, send it, and note what became of it on each channel. Of several invocations one sends it."""
    claim, name = uuid.uuid4().hex, message_id(incident, kind)
    now = parts.ledger.now()

    def claiming(known: Incident) -> list[Fact]:
        attempts = known.sending.get(name, Attempts())
        if name in known.notified or not wanted(known) or message_id(known, kind) != name:
            return []
        if attempts.claim and now < attempts.at + LEASE_SECONDS:
            return []
        if attempts.unsure + bool(attempts.claim) >= TRIES_WITHOUT_ANSWER:
            return [Notified(message=name, channel="", kind=kind, confirmed=False, count=known.count)]
        return [Sending(message=name, claim=claim)]

    incident = parts.ledger.extend(incident.id, claiming)
    if name in incident.notified or incident.sending.get(name, Attempts()).claim != claim:
        return incident
    facts = deliver(incident, kind, name, parts.delivery)
    return parts.ledger.extend(incident.id, lambda known: [] if name in known.notified else facts)
