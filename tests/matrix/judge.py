"""Judges how a run ended: what was lost, doubled or wrong, of incidents and changes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from rolemend.incident.life import ALERTED, VERIFIED, Incident, overwritten_id
from tests.matrix.faults import Column
from tests.matrix.scene import End

FAILED_FUNCTION = "failed-rolemend-"
"""How the id of a message begins that tells of a function whose tries were all in vain: true of some faults, and no
message about an incident."""


@dataclass(frozen=True)
class Judgement:
    """Counts of one run, or of several added up. `why` tells what was found."""

    runs: int = 0
    lost: int = 0
    doubled: int = 0
    wrong: int = 0
    repeated: int = 0
    overwritten: int = 0
    why: tuple[str, ...] = ()

    def __add__(self, other: Judgement) -> Judgement:
        return Judgement(
            self.runs + other.runs,
            self.lost + other.lost,
            self.doubled + other.doubled,
            self.wrong + other.wrong,
            self.repeated + other.repeated,
            self.overwritten + other.overwritten,
            self.why + other.why,
        )

    @property
    def clean(self) -> bool:
        return not (self.lost or self.doubled or self.wrong)


def judge(end: End, plain: End, before: Any, by_person: Any, column: Column) -> Judgement:
    """Compare a run with one without faults. `before` is the document as it was at first."""
    lost: list[str] = []
    doubled: list[str] = []
    wrong: list[str] = []
    (key,) = plain.incidents
    expected, found = plain.incidents[key], end.incidents.get(key)
    if found is None:
        lost.append("the incident")
    else:
        _count(found.count, expected.count, "denials", lost, doubled)
        allowed = {VERIFIED, ALERTED} if column.alert else {VERIFIED}
        if found.state not in allowed:
            wrong.append(
                f"the incident is {found.state} ({found.waiting or found.closed or found.rolled_back})"
            )
        assert expected.diagnosis is not None
        if found.diagnosis is None or found.diagnosis.cause not in (expected.diagnosis.cause, None):
            wrong.append("the cause")
        standing = [note.id for note in found.changes if note.outcome == "verified"]
        if found.state == VERIFIED:
            _count(len(standing), 1, "verified changes in the ledger", lost, doubled)
    doubled += [f"incident {other}" for other in end.incidents if other != key]
    repaired = found is not None and found.state == VERIFIED
    overwritten = 0
    if column.person or end.unseen:
        gone, overwrites = _is_gone(end.document, by_person), column.overwrites or end.overwrites
        overwritten = int(gone and overwrites)
        wrong += ["a person's statement is gone"] * (gone and not overwrites)
        if overwritten and not _is_raised(found, by_person, end):
            lost.append("the person's document: nobody was told that it was overwritten")
    else:
        wanted = plain.document if repaired else before
        if end.document != wanted:
            (lost if end.document == before else wrong).append(f"the document: {json.dumps(end.document)}")
        if not column.alert and not repaired:
            lost.append("the change")
        _count(len(end.writes), 1, f"writes {end.writes}", [], doubled)
    about_incidents = [name for name in end.messages if not name.startswith(FAILED_FUNCTION)]
    distinct = set(about_incidents)
    if not distinct:
        lost.append("the message")
    if not column.alert:
        doubled += [f"message {name}" for name in distinct - set(plain.messages)]
    repeated = len(about_incidents) - len(distinct)
    why = (
        [f"lost {one}" for one in lost]
        + [f"doubled {one}" for one in doubled]
        + [f"wrong {one}" for one in wrong]
    )
    return Judgement(1, len(lost), len(doubled), len(wrong), repeated, overwritten, tuple(why))


def _count(found: int, wanted: int, what: str, lost: list[str], doubled: list[str]) -> None:
    if found < wanted:
        lost.append(f"{what}: {found} of {wanted}")
    if found > wanted:
        doubled.append(f"{what}: {found} in the place of {wanted}")


def _is_raised(found: Incident | None, by_person: Any, end: End) -> bool:
    """Whether the incident holds what the person wrote, and the message on it was delivered."""
    if found is None:
        return False
    kept = [json.loads(fact.document) for fact in found.overtaken]
    return by_person in kept and overwritten_id(found) in end.messages


def _is_gone(document: Any, by_person: Any) -> bool:
    """Whether the person's own statement, the last one, stands there no more."""
    return by_person["Statement"][-1] not in document["Statement"]
