"""Makes one change under the lease of its role: announced in the ledger, written, read back, proved, or taken back."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from rolemend.checklist.diagnose import diagnose as walk_checklist
from rolemend.checklist.model import NOT_APPLICABLE, PASSED, Diagnosis
from rolemend.errors import AccountError, AnswerLost, Displaced, Refused, RoleBusy, RolemendError, Unreachable
from rolemend.incident.journal import Abandoned, Applied, Fact, Intended, RolledBack, Verified, Waiting
from rolemend.incident.leases import Lease, Leases
from rolemend.incident.life import Incident
from rolemend.incident.wording import CHANGED_AGAIN, STILL_DENIED, stored
from rolemend.remedy.apply import Live, apply_plan, is_written, read_live, roll_back
from rolemend.remedy.model import Change, Plan
from rolemend.together import together
from rolemend.work.parts import Parts, note


class Held:
    """A lease while it is held; `change` is the id of what was made under it, "" as long as nothing was.

    `resumed`: what is finished under it was begun by another invocation, and is known from the ledger alone.
    """

    def __init__(self, lease: Lease, leases: Leases) -> None:
        self.lease = lease
        self.change = ""
        self.resumed = False
        self._leases = leases

    def check(self) -> None:
        """Raises LeaseLost."""
        self._leases.check(self.lease)


@contextmanager
def leased(role: str, incident_id: str, leases: Leases, patience: int) -> Iterator[Held]:
    """The only writer of a role, for the time of a block. Raises RoleBusy.

    After a lost answer the lease is left to run out: what was sent may yet arrive.
    """
    held = Held(_take(role, incident_id, leases, patience), leases)
    try:
        yield held
    except AnswerLost:
        raise
    except RolemendError:
        leases.release(held.lease, held.change)
        raise
    leases.release(held.lease, held.change)


def _take(role: str, incident_id: str, leases: Leases, patience: int) -> Lease:
    for _ in range(patience):
        try:
            return leases.take(role, incident_id)
        except RoleBusy:  # noqa: PERF203
            time.sleep(1.0)
    return leases.take(role, incident_id)


def intend(
    incident: Incident, plan: Plan, parts: Parts, held: Held, *facts: Fact, approved_by: str = ""
) -> Incident:
    """Announce the change in the ledger, then make it."""
    change_id = f"chg-{incident.id.removeprefix('inc-')}-{uuid.uuid4().hex[:8]}"
    mine = Intended(change=change_id, plan=plan, approved_by=approved_by)
    incident = note(incident, parts.ledger, *facts, mine)
    if incident.intended is None or incident.intended.change != mine.change:
        return incident  # another instance intended it first, and it is the one to apply it
    if plan.expires:
        parts.expiries.record(mine.change, parts.ledger.now() + plan.expires)
    return _apply(incident, mine, parts, held)


def _apply(incident: Incident, intended: Intended, parts: Parts, held: Held) -> Incident:
    """Make the change. What will not pass by itself ends it, so that people are told; the rest is tried again.

    What was surely not written is planned anew when the incident is taken up again. What may have been written stays
    intended, and is looked at once its lease is over. What stands over somebody's version is left to people.
    """
    try:
        change = apply_plan(intended.change, intended.plan, parts.identities, held.check, parts.pauses)
    except AnswerLost:
        raise
    except Unreachable as error:
        reason = str(error)
        given_up = Abandoned(change=intended.change, reason=reason)
        return note(incident, parts.ledger, given_up, Waiting(reason=reason))
    except Displaced as error:
        change = Change(id=intended.change, plan=intended.plan, version=error.version)
        held.change = change.id
        stands = RolledBack(change=change.id, reason=str(error), undone=False)
        return note(incident, parts.ledger, Applied(change=change), stands)
    except AccountError as error:
        refused = isinstance(error, Refused)
        given_up = Abandoned(change=intended.change, reason=str(error), refused=refused)
        return note(incident, parts.ledger, given_up)
    held.change = change.id
    return verify(incident, change, parts, held, Applied(change=change))


def verify(incident: Incident, change: Change, parts: Parts, held: Held, *facts: Fact) -> Incident:
    """Decide the denied request again over the live documents, while `facts` are noted.

    What is not proved is taken back.
    """

    def told() -> Incident:
        return note(incident, parts.ledger, *facts) if facts else incident

    (incident, live), found = together(
        lambda: _read_on(told(), change, parts), lambda: _walk(incident, parts)
    )
    if incident.change != change:
        return incident
    for pause in parts.pauses:
        if not found.is_waiting() and not _failed(found):
            break
        time.sleep(pause)
        found, live = together(lambda: _walk(incident, parts), lambda: _read(change, parts))
    if found.is_waiting():
        raise Unreachable("verify", "Unread", "the account could not be read after the change")
    return _judged(incident, change, found, live, parts, held)


def _judged(
    incident: Incident, change: Change, found: Diagnosis, live: Live | AccountError, parts: Parts, held: Held
) -> Incident:
    """Verified if the request is allowed now and the document is the one that was written; else it is taken back."""
    failed = _failed(found)
    reason = stored(STILL_DENIED, checks=", ".join(failed))
    try:
        if not failed:
            if isinstance(live, AccountError):
                raise live
            if is_written(change.plan.write, live):
                return note(incident, parts.ledger, Verified(change=change.id))
            reason = stored(CHANGED_AGAIN)
        roll_back(change, parts.identities, held.check, parts.pauses, regain=not held.resumed)
    except Unreachable:
        raise
    except AccountError as error:
        reason = f"{reason}; not rolled back: {error}"
        return note(incident, parts.ledger, RolledBack(change=change.id, reason=reason, undone=False))
    return note(incident, parts.ledger, RolledBack(change=change.id, reason=reason))


def _walk(incident: Incident, parts: Parts) -> Diagnosis:
    assert incident.denial is not None
    return walk_checklist(parts.account, incident.denial)


def _read_on(incident: Incident, change: Change, parts: Parts) -> tuple[Incident, Live | AccountError]:
    return incident, _read(change, parts)


def _read(change: Change, parts: Parts) -> Live | AccountError:
    """What stands there now, or why that cannot be told."""
    try:
        return read_live(change.plan.write, parts.identities)
    except AccountError as error:
        return error


def _failed(found: Diagnosis) -> list[str]:
    return [finding.check for finding in found.findings if finding.answer not in (PASSED, NOT_APPLICABLE)]
