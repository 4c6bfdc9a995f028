"""Sentences that stand in the ledger in English, as programs read it too, told in the language of the reader."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

from rolemend.text import Text, text

ALLOWED = text("the call is allowed now")
POLICIES_CHANGED = text("the call is allowed now: the policies were changed since it was denied")
OBSERVED = text("observed only, by rule {rule}")
QUIET = text("nothing was denied any more for {days} days")
SUCCEEDED = text("the same principal has succeeded since")
CREATED = text("the same principal has created such a cluster since, and it runs")
EXPIRED = text("the grant has expired and was taken back")
TAKEN_BACK = text("taken back by {who}")
REJECTED, REJECTED_BECAUSE = text("rejected by {who}"), text("rejected by {who}: {reason}")
NO_PLAN = text("no plan can be made any more")
ANOTHER_PLAN = text("the account has changed since, so the plan is another one by now")
OTHER_MODE = text("the guardrails say {mode} by now")
STILL_DENIED = text("still denied after the change ({checks})")
CHANGED_AGAIN = text("the document was changed again")

_REASONS = (
    ALLOWED, POLICIES_CHANGED, OBSERVED, QUIET, SUCCEEDED, CREATED, EXPIRED, TAKEN_BACK, REJECTED_BECAUSE, REJECTED,
    NO_PLAN, ANOTHER_PLAN, OTHER_MODE, STILL_DENIED, CHANGED_AGAIN,
)  # fmt: skip
_GRANTS = (
    text("sts:AssumeRole for {service} on {role}, in the place of {replaced}"),
    text("sts:AssumeRole for {service} on {role}"),
    text("{service} may not assume {role} any more"),
    text("version {version} of policy {name} is removed to make room"),
    text("{actions} on {resources}"),
)
"""What a plan grants and takes away, as `remedy` words it."""


def stored(sentence: Text, **values: object) -> str:
    """A sentence as it stands in the ledger."""
    return text(sentence.template, **values).render()


def told(reason: str, say: Callable[[Text], str]) -> str:
    """A reason of the ledger in the language of `say`; as it stands where nobody knows the sentence."""
    return _told(reason, _REASONS, say)


def told_grant(grant: str, say: Callable[[Text], str]) -> str:
    """What a plan grants or takes away, in the language of `say`; as it stands where nobody knows the sentence."""
    return _told(grant, _GRANTS, say)


def _told(sentence: str, known: tuple[Text, ...], say: Callable[[Text], str]) -> str:
    for each in known:
        if found := _pattern(each.template).fullmatch(sentence):
            return say(text(each.template, **found.groupdict()))
    return sentence


@cache
def _pattern(template: str) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)\}", template)
    shown = (f"(?P<{part}>.+?)" if place % 2 else re.escape(part) for place, part in enumerate(parts))
    return re.compile("".join(shown), re.DOTALL)
