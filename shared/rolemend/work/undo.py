"""Takes changes back: one that a person names, or all whose time is over."""

from __future__ import annotations

import msgspec

from rolemend.account.interface import IdentityWrites
from rolemend.errors import (
    AccountError,
    AnswerLost,
    Conflict,
    Displaced,
    LedgerError,
    NothingToTakeBack,
    RolemendError,
    UnknownIncident,
    Unreachable,
)
from rolemend.incident.expiries import incident_of
from rolemend.incident.index import Index
from rolemend.incident.journal import Fact, NotTakenBack, TakenBack
from rolemend.incident.leases import Leases
from rolemend.incident.ledger import Ledger
from rolemend.incident.life import ChangeNote, Incident
from rolemend.incident.next_step import next_step
from rolemend.remedy.apply import Live, Pauses, apply_plan, read_live, roll_back
from rolemend.remedy.model import Change, Plan, sealed
from rolemend.remedy.withdraw import is_gone, without_grant
from rolemend.work.changing import Held, leased
from rolemend.work.events import incident_event
from rolemend.work.parts import Parts

STANDS = frozenset({"applied", "verified", "not taken back"})
"""Outcomes of changes that are still in force, as far as the ledger knows."""


class Undo(msgspec.Struct, frozen=True, kw_only=True):
    """What taking back works with; `by` is who does it."""

    identities: IdentityWrites
    ledger: Ledger
    leases: Leases
    index: Index
    by: str
    patience: int = 20
    pauses: Pauses = (0.5, 1.0, 2.0)


class Expired(msgspec.Struct, frozen=True, kw_only=True):
    """What one run of the timer did: changes taken back, changes that could not be, and markers of no change."""

    taken_back: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    dropped: int = 0


def change_of(incident: Incident, change_id: str) -> ChangeNote:
    """Raises UnknownIncident if the incident has no such change."""
    for known in incident.changes:
        if known.id == change_id:
            return known
    raise UnknownIncident(f"the ledger has no change {change_id[:80]!r}")


def take_back(change_id: str, undo: Undo, *, expired: bool = False) -> Incident:
    """Put back what stood there before a change. One that was taken back already is left alone.

    Raises Conflict if the live document is no longer the one that was written, NothingToTakeBack if the change was
    never made, RoleBusy while another instance is changing the role, UnknownIncident, LedgerError or AccountError.
    """
    incident = undo.ledger.load(incident_of(change_id))
    known = change_of(incident, change_id)
    if known.outcome in ("taken back", "expired", "rolled back"):
        return incident
    if known.outcome not in STANDS or known.change is None:
        raise NothingToTakeBack(f"change {change_id} is {known.outcome}: there is nothing to take back")
    with leased(known.plan.remedy.role, incident.id, undo.leases, undo.patience) as held:
        _undo(known.change, undo, held, expired)
        fact = TakenBack(change=change_id, taken_back_by=undo.by, expired=expired)
        incident = undo.ledger.extend(incident.id, lambda now: _while_it_stands(now, change_id, fact))
    undo.index.add([incident], undo.ledger.now())
    return incident


def _undo(change: Change, undo: Undo, held: Held, expired: bool) -> None:
    """Put the former document back. Where it was edited since, an expired grant alone is taken out of it."""
    try:
        roll_back(change, undo.identities, held.check, undo.pauses, regain=not expired)
    except Displaced:
        raise
    except Conflict:
        if not expired:
            raise
        live = read_live(change.plan.write, undo.identities)
        if is_gone(live.document, change.plan):
            return  # by a person, or by an instance that stopped before it could note it
        apply_plan(change.id, _withdrawal(change, live), undo.identities, held.check, undo.pauses)


def _withdrawal(change: Change, live: Live) -> Plan:
    """The plan that takes out nothing but the grant. Raises Conflict where that cannot be proved."""
    reduced = without_grant(live.document, change.plan)
    if reduced is None:
        name = change.plan.write.name
        raise Conflict("take back", "Edited", f"{name} was edited since, and the grant cannot be found in it")
    write = msgspec.structs.replace(
        change.plan.write, before=live.document, after=reduced, version=live.version, versions=live.versions
    )
    return sealed(msgspec.structs.replace(change.plan, write=write, gains=(), expires=0))


def _while_it_stands(incident: Incident, change_id: str, fact: Fact) -> list[Fact]:
    return [fact] if change_of(incident, change_id).outcome in STANDS else []


def take_back_as_asked(incident: Incident, parts: Parts, index: Index) -> Incident:
    """Take back the changes that stand and that people asked to have back, in their name; each wish is followed once.

    Where that is refused, because somebody edited the document since, it is noted so that people are told.
    """
    for known in incident.changes:
        wish = parts.approvals.roll_back_of(incident, known) if known.outcome in STANDS else None
        if wish is None:
            continue
        undo = Undo(
            identities=parts.identities,
            ledger=parts.ledger,
            leases=parts.leases,
            index=index,
            by=wish.by,
            patience=parts.patience,
            pauses=parts.pauses,
        )
        try:
            incident = take_back(known.id, undo)
        except (AnswerLost, Unreachable):
            raise
        except AccountError as error:
            reason = f"{wish.by} asked for it; not taken back: {error}"
            incident = _note_refused(incident, known, reason, parts)
    return incident


def _note_refused(incident: Incident, known: ChangeNote, reason: str, parts: Parts) -> Incident:
    """Once: the same refusal again is no news."""
    if (known.outcome, known.reason) == ("not taken back", reason):
        return incident
    fact = NotTakenBack(change=known.id, reason=reason)
    return parts.ledger.extend(incident.id, lambda now: _while_it_stands(now, known.id, fact))


def expire(parts: Parts, index: Index) -> Expired:
    """Take back every grant whose time is over. An error with one leaves the others theirs, and is raised then.

    A grant whose journal is gone is told by an error once, as no later timer would find more of it.
    """
    taken: list[str] = []
    left: list[str] = []
    gone: list[str] = []
    dropped = 0
    first: RolemendError | None = None
    undo = Undo(
        identities=parts.identities,
        ledger=parts.ledger,
        leases=parts.leases,
        index=index,
        by="timer",
        patience=0,
        pauses=parts.pauses,
    )
    for key, change_id in list(parts.expiries.due(parts.ledger.now())):
        try:
            outcome = _expire_one(change_id, undo, parts)
        except UnknownIncident:
            gone.append(change_id)
            outcome = "left"
        except RolemendError as error:
            first = first or error
            continue
        if outcome == "later":
            continue
        taken += [change_id] if outcome == "taken back" else []
        left += [change_id] if outcome == "left" else []
        dropped += outcome == "dropped"
        parts.expiries.drop(key)
    if gone:
        raise UnknownIncident(
            f"the time of {', '.join(gone)} is over, and the journal is gone: left as it is"
        )
    if first is not None:
        raise first
    return Expired(taken_back=tuple(taken), left=tuple(left), dropped=dropped)


def _expire_one(change_id: str, undo: Undo, parts: Parts) -> str:
    """`taken back`, `left` where that could not be done, `dropped` where nothing stands, `later` while it is made."""
    incident = undo.ledger.load(incident_of(change_id))
    known = next((one for one in incident.changes if one.id == change_id), None)
    if known is not None and known.outcome == "intended":
        return "later"
    if known is None or not known.until or known.outcome not in STANDS:
        return "dropped"
    try:
        take_back(change_id, undo, expired=True)
    except (AnswerLost, Unreachable, LedgerError):
        raise
    except AccountError as error:
        _tell(incident, change_id, f"its time is over; not taken back: {error}", parts)
        return "left"
    return "taken back"


def _tell(incident: Incident, change_id: str, reason: str, parts: Parts) -> None:
    """Note that a grant goes on beyond its time, and have people told."""
    fact = NotTakenBack(change=change_id, reason=reason)
    incident = parts.ledger.extend(incident.id, lambda now: _while_it_stands(now, change_id, fact))
    if next_step(incident) == "notify":
        parts.functions.start(parts.notify, incident_event(incident.id))
