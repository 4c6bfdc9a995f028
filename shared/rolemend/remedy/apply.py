"""Applies a plan, proves that it did what it stated, and takes it back where it did not.

RAM has no compare-and-swap: the live document is compared immediately before the one write, and read back after it.
"""

from __future__ import annotations

import msgspec

from rolemend.account.interface import Absent, IdentityWrites, Known, PolicyVersions, Role, Unread
from rolemend.errors import AccountError, AnswerLost, Conflict, Unreachable
from rolemend.remedy.model import Change, Plan, Write


class Live(msgspec.Struct, frozen=True):
    """A document as it stands now, with its policy version and all version ids ("" and none for a trust policy)."""

    document: str
    version: str = ""
    versions: tuple[str, ...] = ()


def read_live(write: Write, identities: IdentityWrites) -> Live:
    """The live document that a plan is about. Raises Unreachable or AccountError if it cannot be read."""
    if write.kind == "trust_policy":
        role = identities.role(write.name)
        if isinstance(role, Known):
            return Live(role.value.trust_policy)
        raise _cannot_read("GetRole", role)
    versions = identities.policy_versions(write.name)
    if isinstance(versions, Known):
        return Live(versions.value.document, versions.value.default, versions.value.ids)
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


def apply_plan(change_id: str, plan: Plan, identities: IdentityWrites) -> Change:
    """Write exactly this plan's document and read it back.

    Raises Conflict if the live document is not the one the plan starts from or not the one written afterwards,
    Refused if RAM did not allow it, Unreachable if it was surely not written, AnswerLost if that cannot be told.
    """
    write = plan.write
    before = read_live(write, identities)
    if is_written(write, before):
        return _change(change_id, plan, before, before)
    if not is_unchanged(write, before):
        raise Conflict("apply", "Edited", f"{write.name} is no longer the document that the plan starts from")
    after = _written(write, identities)
    if not is_written(write, after):
        raise Conflict("apply", "Edited", f"{write.name} is not the document that was just written")
    return _change(change_id, plan, before, after)


def _written(write: Write, identities: IdentityWrites) -> Live:
    """Write, and read what stands there then. After a lost answer the live document tells whether it was written."""
    lost: Unreachable | None = None
    try:
        _write(write, identities)
    except Unreachable as error:
        lost = error
    try:
        after = read_live(write, identities)
    except AccountError as error:
        raise AnswerLost(
            "apply", error.code, f"{write.name} could not be read back: {error.message}"
        ) from error
    if lost is not None and not is_written(write, after):
        raise lost
    return after


def _write(write: Write, identities: IdentityWrites) -> None:
    if write.kind == "trust_policy":
        identities.set_trust_policy(write.name, write.after)
    else:
        identities.add_policy_version(write.name, write.after)


def _change(change_id: str, plan: Plan, before: Live, after: Live) -> Change:
    removed = ", ".join(version for version in before.versions if version not in after.versions)
    return Change(id=change_id, plan=plan, version=after.version, removed=removed)


def roll_back(change: Change, identities: IdentityWrites) -> None:
    """Put back what stood there before. Raises Conflict if the live document is not the one that was written."""
    write = change.plan.write
    live = read_live(write, identities)
    if is_unchanged(write, live):
        return
    if not is_written(write, live):
        raise Conflict("roll back", "Edited", f"{write.name} is no longer the document that was written")
    if write.kind == "trust_policy":
        identities.set_trust_policy(write.name, write.before)
    else:
        identities.set_default_version(write.name, write.version)
