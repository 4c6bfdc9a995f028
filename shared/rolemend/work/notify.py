"""The function `notify`: tells people about an incident, once, and settles it."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import msgspec

from rolemend.errors import AccountError, AnswerLost
from rolemend.incident.index import Index
from rolemend.incident.journal import Fact, Notified, Sending, Undelivered
from rolemend.incident.ledger import Ledger
from rolemend.incident.life import SETTLED, Attempts, Incident, can_be_approved, is_unmended, next_step
from rolemend.notify.message import Message, compose, message_id, message_kind
from rolemend.work.diagnose import Outcome

LEASE_SECONDS = 90
"""For so long a message belongs to the invocation that claimed it: longer than the function may run."""
MOST_AT_ONCE = 2
"""What a change may have overwritten is told in a message of its own, before what became of the incident."""
TRIES_WITHOUT_ANSWER = 2
"""A message whose answer was lost is sent again once, with the same id."""


class Parts(msgspec.Struct, frozen=True, kw_only=True):
    """`deliver` sends a message over the channel named `channel`; it raises AnswerLost if the message may have come
    in spite of the error, another AccountError if it did not."""

    ledger: Ledger
    index: Index
    deliver: Callable[[Message], None]
    channel: str
    language: str = "en"


def notify(incident_id: str, parts: Parts) -> Outcome:
    """Send the message that the incident's state calls for, unless it was sent. Raises AccountError or LedgerError."""
    incident = parts.ledger.load(incident_id)
    if next_step(incident) != "notify" and not can_be_approved(incident):
        return Outcome(incident=incident_id, state=incident.state)
    for _ in range(MOST_AT_ONCE):
        kind = message_kind(incident)
        if kind and message_id(incident, kind) not in incident.notified:
            incident = _send(incident, message_id(incident, kind), kind, parts)
    kind = message_kind(incident)
    if not kind or message_id(incident, kind) in incident.notified:
        _settle(incident_id, parts)
    cause = (incident.diagnosis.cause if incident.diagnosis else None) or ""
    return Outcome(incident=incident_id, state=incident.state, cause=cause)


def _settle(incident_id: str, parts: Parts) -> None:
    """Write the incident into the index, and take its marker away; one that was opened again meanwhile gets it back.

    Who opens it writes the entry before the marker: either the entry is seen here, or the marker comes after.
    """
    if is_unmended(incident := parts.ledger.load(incident_id)):
        parts.ledger.mark_unmended(incident_id)
    parts.index.add([incident], parts.ledger.now())
    parts.ledger.mark_settled(incident_id)
    now = parts.ledger.load(incident_id)
    if now.state not in SETTLED and not can_be_approved(now):
        parts.ledger.mark_open(incident_id)


def _send(incident: Incident, name: str, kind: str, parts: Parts) -> Incident:
    """Claim the message, send it, and note what became of it. Of several invocations one sends it."""
    claim = uuid.uuid4().hex
    now = parts.ledger.now()
    notified = Notified(message=name, channel=parts.channel, kind=kind)

    def claiming(known: Incident) -> list[Fact]:
        attempts = known.sending.get(name, Attempts())
        if next_step(known) != "notify" or message_id(known, message_kind(known)) != name:
            return []  # it was opened again or goes another way by now
        if name in known.notified or (attempts.claim and now < attempts.at + LEASE_SECONDS):
            return []
        if now < attempts.due:
            return []  # the receiver refused it again and again
        if attempts.unsure + bool(attempts.claim) >= TRIES_WITHOUT_ANSWER:
            return [msgspec.structs.replace(notified, confirmed=False)]
        return [Sending(message=name, claim=claim)]

    incident = parts.ledger.extend(incident.id, claiming)
    if name in incident.notified or incident.sending.get(name, Attempts()).claim != claim:
        return incident
    try:
        parts.deliver(compose(incident, parts.language))
    except AccountError as error:
        lost = Undelivered(message=name, reason=str(error), sure=not isinstance(error, AnswerLost))
        parts.ledger.extend(incident.id, lambda known: _while_claimed(known, name, claim, lost))
        raise
    return parts.ledger.extend(incident.id, lambda known: [] if name in known.notified else [notified])


def _while_claimed(incident: Incident, name: str, claim: str, fact: Fact) -> list[Fact]:
    return [fact] if incident.sending[name].claim == claim else []
