"""Decisions and comparisons in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rolemend.policy.request import Decision, Reason
from rolemend.text import Text, text

if TYPE_CHECKING:
    from rolemend.policy.comparison import Comparison, Difference
    from rolemend.policy.condition import Condition
    from rolemend.policy.region import Region

_WORDS = {
    "allowed_by": text("Statement {statement} of policy {policy} ({kind}) allows it."),
    "denied_by": text("Statement {statement} of policy {policy} ({kind}) denies it."),
    "nothing_allows": text("No statement allows it."),
    "statement_unsure": text(
        "Whether statement {statement} of policy {policy} ({kind}) applies cannot be told: it "
        "depends on a condition key that is not known, or on something that no page documents."
    ),
    "owner": text("The account that owns the resource has all rights on it."),
    "acl_allows": text("The ACL lets everybody do it."),
    "acl_unsure": text("Whether the ACL allows it cannot be told."),
    "acl_blocked": text("The ACL would let everybody do it, but Block Public Access voids public ACLs."),
    "statement_blocked": text(
        "Statement {statement} of policy {policy} ({kind}) would allow it, but it is public, and Block Public Access "
        "voids public statements."
    ),
    "cross_account": text(
        "The resource belongs to another account; what a RAM policy is worth there is documented "
        "for OSS only."
    ),
    "other_account": text(
        "The bucket belongs to another account: only its bucket policy or an ACL can allow it."
    ),
    "root_cannot_assume": text("Roles may not be assumed by root accounts."),
}
_GATES = {
    "ControlPolicy": text("The control policies of the resource directory do not allow it."),
    "SessionPolicy": text("The session policy does not allow it."),
    "AssumeRolePolicy": text("The trust policy of the role does not allow it."),
}
_KEYS = text("The answer depends on {keys}.")


def word_reasons(decision: Decision) -> tuple[Text, ...]:
    """One sentence for each reason of `decision`, and the keys on which an unknown one hangs."""
    reasons = list(dict.fromkeys(decision.reasons))
    if decision.outcome == "unknown":  # "no statement allows it" holds for one of the possible results only
        reasons = [reason for reason in reasons if reason.code != "nothing_allows"] or reasons
    words = [_word(reason, decision) for reason in reasons]
    if decision.unknown_keys:
        words.append(text(_KEYS.template, keys=", ".join(decision.unknown_keys)))
    return tuple(words)


def _word(reason: Reason, decision: Decision) -> Text:
    if reason.code == "nothing_allows" and decision.layer in _GATES:
        return _GATES[decision.layer]
    policy = reason.policy if isinstance(reason.policy, str) else f"#{reason.policy}"
    template = _WORDS[reason.code].template
    return text(template, policy=policy, statement=reason.statement, kind=reason.kind)


_GAINED = text("The change grants:")
_LOST = text("The change takes away:")
_GAINS_NOTHING = text("The change grants nothing new.")
_LOSES_NOTHING = text("The change takes nothing away.")
_GAINS_UNKNOWN = text("What the change grants cannot be told.")
_LOSSES_UNKNOWN = text("What the change takes away cannot be told.")
UNKNOWN_REASONS = {
    "budget": text("The documents are too intricate to be compared within the fixed number of steps."),
    "conditions": text("Whether the conditions of both documents can be met at once is not certain."),
    "undocumented": text("A statement says something that no page documents."),
    "principals": text("A Principal names somebody in a way that no page documents."),
}
# By whether principals and conditions have to be named.
_GRANTED = {
    (False, False): text("{actions} on {resources}"),
    (False, True): text("{actions} on {resources}, where {conditions}"),
    (True, False): text("{actions} on {resources}, for {principals}"),
    (True, True): text("{actions} on {resources}, for {principals}, where {conditions}"),
}
_EXCEPTED = {
    (False, False): text("except {actions} on {resources}"),
    (False, True): text("except {actions} on {resources}, where {conditions}"),
    (True, False): text("except {actions} on {resources}, for {principals}"),
    (True, True): text("except {actions} on {resources}, for {principals}, where {conditions}"),
}


def word_comparison(found: Comparison) -> Iterator[tuple[int, Text]]:
    """What a change grants and what it takes away: lines, and how deep each stands in."""
    yield from _word_side(found.gained, _GAINED, _GAINS_NOTHING, _GAINS_UNKNOWN)
    yield from _word_side(found.lost, _LOST, _LOSES_NOTHING, _LOSSES_UNKNOWN)


def _word_side(side: Difference, some: Text, nothing: Text, unknown: Text) -> Iterator[tuple[int, Text]]:
    if side.unknown:
        yield 0, unknown
        yield 1, UNKNOWN_REASONS[side.unknown]
        return
    yield 0, some if side.regions else nothing
    for region in side.regions:
        yield 1, _word_region(region, _GRANTED)
        for each in region.excepts:
            yield 2, _word_region(each, _EXCEPTED)


def _word_region(region: Region, templates: dict[tuple[bool, bool], Text]) -> Text:
    principals = region.principals
    values = {"actions": ", ".join(region.actions), "resources": ", ".join(region.resources)}
    if principals is not None:
        values["principals"] = ", ".join(
            (*principals.ram, *principals.service, *principals.federated, *principals.listed)
        )
    if region.conditions:
        values["conditions"] = "; ".join(_word_condition(each) for each in region.conditions)
    return text(templates[principals is not None, bool(region.conditions)].template, **values)


def _word_condition(condition: Condition) -> str:
    """In the words of the document: `StringEquals acs:SourceVpc vpc-a, vpc-b`."""
    operator = f"{condition.quantifier}:{condition.operator}".lstrip(":")
    return f"{operator} {condition.key} {', '.join(condition.values)}"
