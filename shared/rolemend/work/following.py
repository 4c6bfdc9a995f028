"""After an alert: repeats are counted into one message at growing intervals, and people are told when it is over."""

from __future__ import annotations

from itertools import islice

import msgspec

from rolemend.errors import LedgerDamaged, UnknownIncident
from rolemend.incident.follow_ups import FollowUp
from rolemend.incident.life import ALERTED, CLOSED, Incident, can_be_approved
from rolemend.notify.message import RECOVERED, REPEATED, message_id, message_kind
from rolemend.work.notify import Parts, calls_for, send

MOST = 200
"""Follow-ups of one timer; the others are due still when it comes again."""


REPEATS = (900, 3_600, 14_400, 86_400)
"""Seconds from the alert to the first message about repeats, from that to the second and so on."""
FORGOTTEN = 30 * 86_400
"""So long after the last denial an incident that nobody closed is followed no further."""


class Followed(msgspec.Struct, frozen=True, kw_only=True):
    looked: int = 0
    repeated: int = 0
    recovered: int = 0


def follow_up(parts: Parts) -> Followed:
    """Look at what is due. Raises the first LedgerDamaged after the rest was looked at, or an AccountError."""
    found, damaged = Followed(), None
    for due in list(islice(parts.follow_ups.due(parts.ledger.now()), MOST)):
        try:
            found = _followed(due, found, parts)
        except UnknownIncident:  # noqa: PERF203
            parts.follow_ups.end(due)
        except LedgerDamaged as error:
            parts.follow_ups.again(due, parts.ledger.now())
            damaged = damaged or error
    if damaged is not None:
        raise damaged
    return found


def _followed(due: FollowUp, found: Followed, parts: Parts) -> Followed:
    incident = parts.ledger.load(due.incident)
    looked = msgspec.structs.replace(found, looked=found.looked + 1)
    if incident.round != due.round or not (_goes_on(incident) or incident.state == CLOSED):
        parts.follow_ups.end(due)
        return looked
    if incident.state == CLOSED:
        return _over(incident, due, looked, parts)
    if incident.count > incident.told_count and _repeats_are_due(incident, parts.ledger.now()):
        send(incident, REPEATED, parts, lambda known: _goes_on(known) and known.round == due.round)
        parts.follow_ups.again(due, parts.ledger.now())
        return msgspec.structs.replace(looked, repeated=looked.repeated + 1)
    if parts.ledger.now() < incident.last + FORGOTTEN:
        parts.follow_ups.again(due, parts.ledger.now())
    else:
        parts.follow_ups.end(due)
    return looked


def _repeats_are_due(incident: Incident, now: float) -> bool:
    """Whether the last message of this round is long enough ago: longer each time."""
    begin = f"{incident.id}-{incident.round}-"
    told = [sent for sent in incident.deliveries if sent.message.startswith(begin)]
    repeats = len({sent.message for sent in told if sent.kind == REPEATED})
    last = max((sent.at for sent in told), default=0.0)
    return now >= last + REPEATS[min(repeats, len(REPEATS) - 1)]


def _goes_on(incident: Incident) -> bool:
    """Whether people were told, and it is neither mended nor closed nor opened anew."""
    return incident.state == ALERTED or (incident.told and can_be_approved(incident))


def _over(incident: Incident, due: FollowUp, looked: Followed, parts: Parts) -> Followed:
    """Tell people that it is over, where whoever closed it did not get `notify` to. It is followed on until that is
    known to be told: who claimed the message may have stopped."""
    name = message_id(incident, RECOVERED)
    before = name in incident.notified
    if message_kind(incident) == RECOVERED and not before:
        incident = send(incident, RECOVERED, parts, calls_for(RECOVERED))
    if message_kind(incident) != RECOVERED or name in incident.notified:
        parts.follow_ups.end(due)
    recovered = name in incident.notified and not before
    return msgspec.structs.replace(looked, recovered=looked.recovered + recovered)
