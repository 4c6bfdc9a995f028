"""What a rehearsal brought: the incidents that would have been raised, what was made of them, and how grants grew."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from rehearsal.history import History, Trouble
from rolemend.commands.rehearsed import NOT_COMPARED
from rolemend.incident.life import SETTLED, Incident
from rolemend.policy.comparison import compare
from rolemend.policy.document import PolicyError
from rolemend.policy.parse import parse_policy
from rolemend.policy.wording import word_comparison
from rolemend.text import text

if TYPE_CHECKING:
    from localcloud.state import Snapshot, Unread
    from rolemend.remedy.model import Plan, Write

MENDED, PROPOSED, OBSERVED, TOLD, UNFINISHED = "mended", "proposed", "observed", "told", "unfinished"


class Grown(msgspec.Struct, frozen=True, kw_only=True):
    """A document as it was and would be. `kind` is `policy` or `trust_policy`; `grants` say the difference in words."""

    kind: str
    name: str
    grants: tuple[str, ...]
    before: str
    after: str


class Raised(msgspec.Struct, frozen=True, kw_only=True):
    """One incident. `outcome` is mended, proposed, observed, told or unfinished; `first` and `last` are in epoch
    seconds; `change` is what was made or proposed, `rule` the guardrails' that said so ("" for the default), `why` says
    why nothing was changed, and `detail` of what."""

    incident: str
    fingerprint: tuple[str, ...]
    code: str
    denials: int
    first: int
    last: int
    cause: str
    outcome: str
    mode: str = ""
    rule: str = ""
    why: str = ""
    detail: str = ""
    change: Grown | None = None


class Rehearsed(msgspec.Struct, frozen=True, kw_only=True):
    """All of it. `held_back` counts the records that the filters of `watch` keep in SLS, `passed_over` what `watch` saw
    and left, by reason, `rejected` what it could not read. `unread` is what the snapshot does not hold."""

    account: str
    taken: float
    files: int
    events: int
    lines: int
    held_back: int
    read: int
    passed_over: dict[str, int]
    rejected: int
    raised: tuple[Raised, ...]
    grown: tuple[Grown, ...]
    unread: tuple[Unread, ...]
    troubles: tuple[Trouble, ...]
    failures: tuple[str, ...] = ()

    def is_complete(self) -> bool:
        """Whether everything was read and every function came to an end."""
        unfinished = any(each.outcome == UNFINISHED for each in self.raised)
        return not (self.unread or self.troubles or self.failures or self.rejected or unfinished)


def rehearsed(
    history: History, snapshot: Snapshot, incidents: Iterable[Incident], answers: Iterable[Any]
) -> Rehearsed:
    """`answers` are the invocations of the functions, with `function`, `result` and `error`."""
    found = sorted(incidents, key=lambda each: (each.first, each.id))
    watched = list(answers)
    passed_over, counts = _watched(watched)
    return Rehearsed(
        account=snapshot.account,
        taken=snapshot.taken,
        files=history.files,
        events=history.events,
        lines=history.lines,
        held_back=history.held_back,
        read=len(history.records),
        passed_over=dict(sorted(passed_over.items())),
        rejected=counts["rejected"],
        raised=tuple(_raised(each, history.counted) for each in found),
        grown=tuple(_grown_together(found)),
        unread=tuple(snapshot.unread),
        troubles=tuple(history.troubles),
        failures=tuple(_failures(watched)),
    )


def _failures(invocations: Iterable[Any]) -> list[str]:
    """Functions whose last try failed, each reason once."""
    last = {each.request_id: each for each in invocations}
    failed = (each for each in last.values() if each.status != "succeeded")
    return sorted({f"{each.function.name}: {each.error_type or each.status}" for each in failed})


def _watched(invocations: Iterable[Any]) -> tuple[Counter[str], Counter[str]]:
    passed_over: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    for each in invocations:
        if each.function.name == "rolemend-watch" and each.result and not each.error:
            answer = json.loads(each.result)
            passed_over.update(answer["passed_over"])
            counts["rejected"] += int(answer.get("rejected", 0))
    return passed_over, counts


def _raised(incident: Incident, counted: Mapping[str, int]) -> Raised:
    outcome = outcome_of(incident)
    plan = _plan(incident)
    verdict = incident.verdict
    more = sum(counted[signal] - 1 for signal in incident.signals if signal in counted)
    return Raised(
        incident=incident.id,
        fingerprint=incident.fingerprint,
        code=incident.denial.code if incident.denial else "",
        denials=incident.count + more,
        first=incident.first,
        last=incident.last,
        cause=(incident.diagnosis.cause or "") if incident.diagnosis else "",
        outcome=outcome,
        mode=verdict.mode if verdict else "",
        rule=verdict.rule if verdict else "",
        why=incident.rolled_back or incident.no_plan or incident.waiting,
        detail="" if incident.rolled_back else incident.no_plan_detail,
        change=_grown(plan.write, plan.write.after) if plan is not None else None,
    )


def outcome_of(incident: Incident) -> str:
    if any(note.outcome == "verified" for note in incident.changes):
        return MENDED
    if incident.plan is not None and incident.verdict is not None:
        if incident.verdict.mode == "observe":
            return OBSERVED
        if incident.verdict.mode in ("propose", "approve"):
            return PROPOSED
    return TOLD if incident.state in SETTLED else UNFINISHED


def _plan(incident: Incident) -> Plan | None:
    made = [note.plan for note in incident.changes if note.outcome == "verified"]
    return made[-1] if made else incident.plan


def _grown_together(incidents: Iterable[Incident]) -> Iterator[Grown]:
    """Each document once, from before the first change to after the last, in the order of their names."""
    notes = [note for each in incidents for note in each.changes if note.outcome == "verified"]
    first: dict[tuple[str, str], Write] = {}
    last: dict[tuple[str, str], str] = {}
    for note in sorted(notes, key=lambda note: note.at):
        write = note.plan.write
        first.setdefault((write.kind, write.name), write)
        last[write.kind, write.name] = write.after
    for key in sorted(first):
        yield _grown(first[key], last[key])


def _grown(write: Write, after: str) -> Grown:
    return Grown(
        kind=write.kind,
        name=write.name,
        grants=tuple(difference(write.kind, write.before, after)),
        before=write.before,
        after=after,
    )


def difference(
    kind: str, before: str, after: str, translate: Mapping[str, str] | None = None
) -> Iterator[str]:
    """What a document grants more and less than before, in the catalogue's language."""
    language = "trust" if kind == "trust_policy" else "identity"
    try:
        found = compare(parse_policy(before, language), parse_policy(after, language))
    except PolicyError as error:
        yield text(NOT_COMPARED.template, error=error).render(translate)
        return
    for depth, line in word_comparison(found):
        yield "  " * depth + line.render(translate)
