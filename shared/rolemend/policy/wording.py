"""The reasons of a decision in words."""

from __future__ import annotations

from rolemend.policy.request import Decision, Reason
from rolemend.text import Text, text

_WORDS = {
    "allowed_by": text("Statement {statement} of policy {policy} ({kind}) allows it."),
    "denied_by": text("Statement {statement} of policy {policy} ({kind}) denies it."),
    "nothing_allows": text("No statement allows it."),
    "statement_unsure": text(
        "Whether statement {statement} of policy {policy} ({kind}) applies cannot be told: it "
        "hangs on a key that is not known, or on something that no page documents."
    ),
    "owner": text("The account that owns the resource has all rights on it."),
    "acl_allows": text("The ACL lets everybody do it."),
    "acl_unsure": text("Whether the ACL allows it cannot be told."),
    "cross_account": text(
        "The resource belongs to another account; what a RAM policy is worth there is documented "
        "for OSS only."
    ),
    "root_cannot_assume": text("Roles may not be assumed by root accounts."),
}
_GATES = {
    "ControlPolicy": text("The control policies of the resource directory do not allow it."),
    "SessionPolicy": text("The session policy does not allow it."),
    "AssumeRolePolicy": text("The trust policy of the role does not allow it."),
}
_KEYS = text("It hangs on {keys}.")


def word_reasons(decision: Decision) -> tuple[Text, ...]:
    """One sentence for each reason of `decision`, and the keys on which an unknown one hangs."""
    words = [_word(reason, decision) for reason in decision.reasons]
    if decision.unknown_keys:
        words.append(text(_KEYS.template, keys=", ".join(decision.unknown_keys)))
    return tuple(words)


def _word(reason: Reason, decision: Decision) -> Text:
    if reason.code == "nothing_allows" and decision.layer in _GATES:
        return _GATES[decision.layer]
    policy = reason.policy if isinstance(reason.policy, str) else f"#{reason.policy}"
    template = _WORDS[reason.code].template
    return text(template, policy=policy, statement=reason.statement, kind=reason.kind)
