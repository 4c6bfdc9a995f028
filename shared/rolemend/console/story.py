"""The journal of an incident, told in sentences."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from rolemend.console.safe import moment, short
from rolemend.console.words import CAUSES, MODES
from rolemend.incident.journal import (
    Abandoned,
    Applied,
    ApprovalRefused,
    Closed,
    Counted,
    Diagnosed,
    Entry,
    Fact,
    Intended,
    Notified,
    NotTakenBack,
    Opened,
    Overtaken,
    Planned,
    Queued,
    Rejected,
    Reopened,
    RolledBack,
    Sending,
    StoppedJob,
    TakenBack,
    Undelivered,
    Verified,
    Waiting,
)
from rolemend.incident.wording import told
from rolemend.text import Text, text


class Event(msgspec.Struct, frozen=True):
    """One thing that happened: `time` in epoch seconds, `by` the function or the person, `tone` how it is shown."""

    time: float
    by: str
    sentence: Text
    tone: str = ""


def story(entries: Iterable[Entry], language_words: dict[str, str] | None = None) -> tuple[Event, ...]:
    """What happened, in order; that a message is being sent is told by what became of it."""
    return tuple(
        Event(entry.time, entry.by, *_told(entry.fact, dict(language_words or {})))
        for entry in entries
        if not isinstance(entry.fact, Sending)
    )


def _told(fact: Fact, words: dict[str, str]) -> tuple[Text, str]:
    match fact:
        case Opened():
            return text(
                "The call was denied: the service answered {code}.", code=short(fact.denial.code)
            ), "bad"
        case Counted():
            return text("Denials that were counted: {count}.", count=fact.count), ""
        case Waiting():
            return text("It waits: {reason}", reason=short(fact.reason)), "warn"
        case Diagnosed():
            return _diagnosed(fact, words)
        case Planned():
            return _planned(fact, words)
        case Reopened():
            return text("The denial came back, and the incident was opened again."), "bad"
        case Closed():
            return text("Closed: {reason}", reason=_reason(fact.reason, words)), ""
        case Notified() | Queued():
            return _sent(fact)
        case Undelivered():
            return text("A message could not be delivered: {reason}", reason=short(fact.reason)), "warn"
        case StoppedJob():
            run, workspace = short(fact.run), short(fact.workspace)
            return text(
                "Job {run} of workspace {workspace} failed of it.", run=run, workspace=workspace
            ), "bad"
        case Rejected():
            return _rejected(fact), ""
        case ApprovalRefused():
            who, reason = short(fact.approved_by), _reason(fact.reason, words)
            return text("The approval by {who} was not followed: {reason}", who=who, reason=reason), "warn"
        case _:
            return _changed(fact, words)


def _sent(fact: Notified | Queued) -> tuple[Text, str]:
    channel = short(fact.channel)
    if isinstance(fact, Queued):
        reason = short(fact.reason)
        return text(
            "A message was left to a digest of {channel}: {reason}", channel=channel, reason=reason
        ), ""
    if not channel:
        return text("No channel took the message, as far as is known."), "warn"
    if not fact.confirmed:
        return text(
            "A message was sent through {channel}. No answer came; it may have arrived or not.",
            channel=channel,
        ), "warn"
    return text("A message was sent through {channel}.", channel=channel), ""


def _diagnosed(fact: Diagnosed, words: dict[str, str]) -> tuple[Text, str]:
    cause = fact.diagnosis.cause
    if cause is None:
        return text("The checklist was walked, and no check failed."), ""
    named = CAUSES[cause].render(words) if cause in CAUSES else cause
    return text("The checklist was walked. The cause: {cause}.", cause=named), ""


def _planned(fact: Planned, words: dict[str, str]) -> tuple[Text, str]:
    if fact.plan is None:
        return text("No plan could be made: {reason}", reason=short(f"{fact.reason} {fact.detail}")), "warn"
    mode = MODES.get(fact.verdict.mode, text("unknown")).render(words)
    return text("A plan was made. The guardrails say: {mode}.", mode=mode), ""


def _rejected(fact: Rejected) -> Text:
    if not fact.reason:
        return text("{who} rejected the plan.", who=short(fact.rejected_by))
    return text("{who} rejected the plan: {reason}", who=short(fact.rejected_by), reason=short(fact.reason))


def _reason(sentence: str, words: dict[str, str]) -> str:
    return short(told(sentence, lambda known: known.render(words)))


def _changed(fact: Fact, words: dict[str, str]) -> tuple[Text, str]:
    match fact:
        case Intended():
            if fact.approved_by:
                return text("The change is made, as approved by {who}.", who=short(fact.approved_by)), ""
            return text("The change is made, as the guardrails allow."), ""
        case Applied():
            return text("The document was written and read back."), ""
        case Verified():
            return text("The denied call was decided again: it is allowed."), "good"
        case RolledBack(undone=True):
            return text(
                "The change did not help and was taken back: {reason}", reason=_reason(fact.reason, words)
            ), "warn"
        case RolledBack():
            return text("The change could not be taken back: {reason}", reason=short(fact.reason)), "bad"
        case Abandoned():
            return text("The change was not made: {reason}", reason=short(fact.reason)), "warn"
        case TakenBack(expired=True):
            return text("The time of the grant was over, and the change was taken back."), ""
        case TakenBack():
            return text("{who} had the change taken back.", who=short(fact.taken_back_by)), ""
        case NotTakenBack():
            return text("The change could not be taken back: {reason}", reason=short(fact.reason)), "bad"
        case Overtaken():
            return text(
                "{who} wrote another trust policy at {time}. The change may stand in its place.",
                who=short(fact.by),
                time=moment(fact.at),
            ), "bad"
        case _:
            return text("A message is being sent."), ""
