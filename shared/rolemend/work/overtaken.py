"""A trust policy that a person wrote between our last look and our write: found afterwards, and raised.

Trust policies have no versions, and RAM has no compare-and-swap, so what stood there for that moment is overwritten
unseen. ActionTrail tells of it some minutes later. A log can be forged, so people are told and nothing is written.
"""

from __future__ import annotations

from collections.abc import Callable

from rolemend.incident.journal import Fact, Overtaken
from rolemend.incident.life import ChangeNote, Incident
from rolemend.remedy.apply import stands_as
from rolemend.signals.actiontrail import RoleEdited
from rolemend.signals.denial import DeniedPrincipal
from rolemend.together import together
from rolemend.work.events import incident_event
from rolemend.work.watch_parts import Parts

SLACK_SECONDS = 2.0
"""ActionTrail tells whole seconds, by RAM's clock."""

MOST_RAISED = 5
"""Of so many such edits an incident tells: who can forge one can forge many."""


def raise_edit(edit: RoleEdited, parts: Parts) -> None:
    """Note the edit in each incident for which its role was leased at that time. Raises AccountError or LedgerError."""
    for key in parts.leases.around(edit.role, edit.time, SLACK_SECONDS):
        noted: list[Fact] = []

        def decide(known: Incident, noted: list[Fact] = noted) -> list[Fact]:
            noted[:] = _facts(known, edit)
            return noted

        incident = parts.ledger.extend(key, decide)
        if noted or incident.raised:
            _have_it_told(key, parts)


def _have_it_told(key: str, parts: Parts) -> None:
    following: tuple[Callable[[], None], ...] = (
        lambda: parts.ledger.mark_open(key),
        lambda: parts.functions.start(parts.diagnose, incident_event(key)),
    )
    together(*following)


def _facts(incident: Incident, edit: RoleEdited) -> list[Fact]:
    known = incident.overtaken
    if len(known) >= MOST_RAISED or any(fact.signal == edit.signal_id for fact in known):
        return []
    return [
        Overtaken(
            change=note.id,
            signal=edit.signal_id,
            by=_who(edit.principal),
            document=edit.document,
            at=edit.time,
        )
        for note in incident.changes[-1:]
        if _is_lost(note, edit)
    ]


def _is_lost(note: ChangeNote, edit: RoleEdited) -> bool:
    """Whether this change may have written over the edit: not if it began from it or wrote the same."""
    write = note.plan.write
    return (
        write.kind == "trust_policy"
        and write.name.lower() == edit.role.lower()
        and note.outcome != "abandoned"
        and note.at - SLACK_SECONDS <= edit.time
        and not stands_as(edit.document, write.before)
        and not stands_as(edit.document, write.after)
    )


def _who(principal: DeniedPrincipal) -> str:
    return principal.name or principal.id or principal.type
