"""The words of `rolemend rehearse`: its package is another one, but all that people read has one catalogue."""

from __future__ import annotations

from collections.abc import Mapping

from rolemend.text import Text, text

OUTCOMES: Mapping[str, Text] = {
    "mended": text("mended"),
    "proposed": text("proposed"),
    "observed": text("observed"),
    "told": text("told"),
    "unfinished": text("unfinished"),
}
KINDS: Mapping[str, Text] = {
    "policy": text("Policy {name}"),
    "trust_policy": text("Trust policy of role {name}"),
}
PASSED_OVER: Mapping[str, Text] = {
    "other event": text("other events"),
    "other topic": text("records of other topics"),
    "not refused": text("lines that were not refused"),
    "own role": text("of Rolemend's own roles"),
    "other account": text("of other accounts"),
    "a trust policy was written": text("written trust policies"),
    "a gap that could not be read": text("gaps that could not be read"),
}
"""Reasons for which `watch` leaves a record; an error code stands for itself."""

WORDS: Mapping[str, Text] = {
    "head": text("Account {account}, snapshot of {time}"),
    "history": text(
        "{files} files: {events} ActionTrail events and {lines} access-log lines, of which watch's filters hold back "
        "{held}"
    ),
    "read": text("{count} were read by watch"),
    "passed_over": text("{count} were read by watch; passed over: {reasons}"),
    "incidents": text("{count} incidents: {outcomes}"),
    "no_incident": text("0 incidents; nothing would have been raised"),
    "grown": text("Grants would have grown so, from before the first change to after the last:"),
    "denied_once": text("denied {count} times, {first}; cause: {cause}"),
    "denied": text("denied {count} times, {first} to {last}; cause: {cause}"),
    "no_cause": text("not known"),
    "by_rule": text("guardrails: {mode} by rule {rule}"),
    "by_default": text("guardrails: {mode} by default"),
    "incomplete": text("Not complete:"),
    "rejected": text("{count} records could not be read"),
    "not_held": text("the snapshot does not hold {what}: {why}"),
}
NOT_COMPARED = text("the documents could not be compared: {error}")


def said(table: Mapping[str, Text], key: str, translate: Mapping[str, str]) -> str:
    """The word for something a log or a function names; the name itself where there is none."""
    found = table.get(key)
    return key if found is None else found.render(translate)
