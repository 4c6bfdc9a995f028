"""Applies a plan, proves that it did what it stated, and takes it back where it did not.

RAM has no compare-and-swap: the live document is compared immediately before the one write, and read back after it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

import msgspec

from rolemend.account.interface import Absent, IdentityWrites, Known, PolicyVersions, Role, Unread
from rolemend.errors import AccountError, AnswerLost, Conflict, Displaced, Unreachable
from rolemend.remedy.model import Change, Plan, Write, is_sealed, version_number
from rolemend.remedy.narrowing import takes_back_its_own_grant
from rolemend.together import together


class Live(msgspec.Struct, frozen=True):
    """A document as it stands now, with its policy version and all version ids ("" and none for a trust policy).
    `documents` are those of the versions, as far as RAM tells them."""

    document: str
    version: str = ""
    versions: tuple[str, ...] = ()
    documents: Mapping[str, str] = {}


def read_live(write: Write, identities: IdentityWrites) -> Live:
    """The live document that a plan is about. Raises Unreachable or AccountError if it cannot be read."""
    if write.kind == "trust_policy":
        role = identities.role(write.name)
        if isinstance(role, Known):
            return Live(role.value.trust_policy)
        raise _cannot_read("GetRole", role)
    versions = identities.policy_versions(write.name)
    if isinstance(versions, Known):
        found = versions.value
        return Live(found.document, found.default, found.ids, found.documents)
    raise _cannot_read("GetPolicy", versions)


def _cannot_read(
    operation: str, reading: Absent | Unread | Known[Role] | Known[PolicyVersions]
) -> AccountError:
    if isinstance(reading, Unread) and reading.transient:
        return Unreachable(operation, "Unread", reading.reason)
    return AccountError(
        operation, "Unread", reading.reason if isinstance(reading, Unread) else "it is not there"
    )


def stands_as(document: str, other: str) -> bool:
    """Whether two documents are the same JSON; spacing does not count, the order of lists does."""
    try:
        return bool(msgspec.json.decode(document) == msgspec.json.decode(other))
    except msgspec.DecodeError:
        return False


def is_unchanged(write: Write, live: Live) -> bool:
    """Whether the plan still starts from what stands there."""
    return stands_as(live.document, write.before) and live.version == write.version


def is_written(write: Write, live: Live) -> bool:
    return stands_as(live.document, write.after)


Pauses = tuple[float, ...]
"""Seconds between looks at what was written: a change may take a while until it counts everywhere."""


def apply_plan(
    change_id: str,
    plan: Plan,
    identities: IdentityWrites,
    check_lease: Callable[[], object] = lambda: None,
    pauses: Pauses = (),
) -> Change:
    """Write exactly this plan's document and read it back. `check_lease` is called, and the live document read,
    immediately before the one write.

    Raises Conflict if the plan is not the one that its hash names, if the live document is not the one the plan starts
    from or not the one written afterwards, Displaced if it was written and stands over somebody else's version, Refused
    if RAM did not allow it, Unreachable if it was surely not written, AnswerLost if that cannot be told.
    """
    if not is_sealed(plan):
        raise Conflict("apply", "Altered", "the plan is not the one that its hash names")
    write = plan.write
    _, before = together(check_lease, lambda: read_live(write, identities))
    if is_written(write, before):
        _raise_overtaken(write, before)
        return _change(change_id, plan, before, before)
    if not is_unchanged(write, before):
        raise Conflict("apply", "Edited", f"{write.name} is no longer the document that the plan starts from")
    after = _written(write, identities, pauses)
    _put_back_overtaken(write, before, after, identities)
    if is_unchanged(write, after):
        raise AnswerLost("apply", "NotSeen", f"{write.name} still reads as before it was written")
    if not is_written(write, after):
        raise Conflict("apply", "Edited", f"{write.name} is not the document that was just written")
    return _change(change_id, plan, before, after)


def _written(write: Write, identities: IdentityWrites, pauses: Pauses) -> Live:
    """Write, and read what stands there then. After a lost answer the live document tells whether it was written.

    That it does not show yet tells nothing: only what was throttled was surely not written.
    """
    lost: Unreachable | None = None
    try:
        _write(write, identities)
    except Unreachable as error:
        lost = error
    after = _read_back("apply", write, identities, pauses, is_unchanged)
    if lost is not None and not is_written(write, after):
        if lost.throttled:
            raise lost
        raise AnswerLost("apply", lost.code, f"{write.name} may have been written: {lost.message}") from lost
    return after


def _read_back(
    operation: str,
    write: Write,
    identities: IdentityWrites,
    pauses: Pauses,
    is_stale: Callable[[Write, Live], bool],
) -> Live:
    """What stands there after a write; the old document may be answered for a while."""
    try:
        live = read_live(write, identities)
        for pause in pauses:
            if not is_stale(write, live):
                break
            time.sleep(pause)
            live = read_live(write, identities)
    except AccountError as error:
        reason = f"{write.name} could not be read back: {error.message}"
        raise AnswerLost(operation, error.code, reason) from error
    return live


def _put_back_overtaken(write: Write, before: Live, after: Live, identities: IdentityWrites) -> None:
    """A version that somebody made between our last look and our write is in force again. Raises Conflict then.

    Raises Displaced if RAM does not put it in force again, AnswerLost if that cannot be told.
    """
    theirs = _overtaken(before.versions, after) if is_written(write, after) else ""
    if not theirs:
        return
    try:
        identities.set_default_version(write.name, theirs)
    except Unreachable as error:
        reason = f"version {theirs} of {write.name} may be in force again: {error.message}"
        raise AnswerLost("apply", error.code, reason) from error
    except AccountError as error:
        raise _displaced("apply", write, theirs, after, str(error)) from error
    raise _in_force_again("apply", write, theirs)


def _raise_overtaken(write: Write, live: Live) -> None:
    """What was written earlier is in force. Raises Displaced if somebody made a version between the plan and that.

    It is not put in force again: that it is new is known of the plan alone, and the ledger could have been made to say
    so of an older and wider one.
    """
    theirs = _overtaken(write.versions, live)
    if theirs:
        raise _displaced("apply", write, theirs, live, "put that one in force again if it was")


def _overtaken(known: Sequence[str], after: Live) -> str:
    """The newest version that somebody made after a list of them and before ours, "" if nobody did: RAM numbers
    versions in order."""
    made = [one for one in after.versions if one not in known]
    earlier = [one for one in made if version_number(one) < version_number(after.version)]
    return max(earlier, key=version_number, default="")


def _newest(known: Sequence[str], after: Live) -> str:
    """The newest version that somebody made after a list of them, "" if nobody did."""
    made = [one for one in after.versions if one not in known]
    return max(made, key=version_number, default="")


def _displaced(operation: str, write: Write, theirs: str, after: Live, why: str) -> Displaced:
    ours = after.version
    return Displaced(
        operation,
        f"version {ours} of {write.name} stands over version {theirs}, which somebody made at the same moment; {why}",
        ours,
    )


def _in_force_again(operation: str, write: Write, theirs: str) -> Conflict:
    reason = f"version {theirs} of {write.name} was made at the same moment; it is in force again"
    return Conflict(operation, "Edited", reason)


def _write(write: Write, identities: IdentityWrites) -> None:
    if write.kind == "trust_policy":
        identities.set_trust_policy(write.name, write.after)
    else:
        identities.add_policy_version(write.name, write.after)


def _change(change_id: str, plan: Plan, before: Live, after: Live) -> Change:
    removed = ", ".join(version for version in before.versions if version not in after.versions)
    return Change(id=change_id, plan=plan, version=after.version, removed=removed)


def roll_back(
    change: Change,
    identities: IdentityWrites,
    check_lease: Callable[[], object] = lambda: None,
    pauses: Pauses = (),
    *,
    regain: bool = False,
) -> None:
    """Put back what stood there before. Raises Conflict if the live document is not the one that was written, or is
    not the one put back afterwards; Displaced if what was put back stands over somebody else's version.

    What is put back comes from the ledger, and so must be proved to take back the plan's own grant and no more
    (Conflict). With `regain`, a service that the plan took out of the trust policy is trusted again too. A former
    version that is gone or is not the document to put back is written anew.
    """
    write = change.plan.write
    if not takes_back_its_own_grant(change.plan, regain=regain):
        raise Conflict(
            "roll back", "NotProved", f"it cannot be proved that only the grant on {write.name} would go"
        )
    check_lease()
    live = read_live(write, identities)
    if stands_as(live.document, write.before):
        return
    if not is_written(write, live):
        raise Conflict("roll back", "Edited", f"{write.name} is no longer the document that was written")
    if write.kind == "trust_policy":
        identities.set_trust_policy(write.name, write.before)
    elif stands_as(live.documents.get(write.version, ""), write.before):
        identities.set_default_version(write.name, write.version)
        _look_again(write, live, identities, pauses, _newest)
    else:
        identities.add_policy_version(write.name, write.before)
        _look_again(write, live, identities, pauses, _overtaken)


def _look_again(
    write: Write,
    before: Live,
    identities: IdentityWrites,
    pauses: Pauses,
    find: Callable[[Sequence[str], Live], str],
) -> None:
    """A version that somebody made between our last look and the rollback is in force again. Raises Conflict then,
    Displaced if it is not, AnswerLost if the rollback does not show."""
    now = _read_back("roll back", write, identities, pauses, is_written)
    if is_written(write, now):
        raise AnswerLost("roll back", "NotSeen", f"{write.name} still reads as before it was put back")
    if not stands_as(now.document, write.before):
        raise Conflict("roll back", "Edited", f"{write.name} is not the document that was just put back")
    theirs = find(before.versions, now)
    if not theirs:
        return
    try:
        identities.set_default_version(write.name, theirs)
    except AccountError as error:  # the grant is gone: nothing is left to be looked at later
        raise _displaced("roll back", write, theirs, now, str(error)) from error
    raise _in_force_again("roll back", write, theirs)
