"""Sentences for the reasons that nothing was planned for."""

from __future__ import annotations

from rolemend.text import Text, text


def why_not(reason: str, detail: str) -> Text | None:
    """The sentence for a reason that nothing was planned for; None for what is none."""
    found = _WHY_NOT.get(reason)
    return None if found is None else text(found.template, detail=detail)


_WHY_NOT = {
    "advice_only": text("Only a person can mend this."),
    "open_questions": text("Nothing was changed, because these checks could not be answered: {detail}"),
    "other_checks_failed": text(
        "Nothing was changed, because the change alone would not help; these checks failed too: {detail}"
    ),
    "shared_policy": text(
        "Policy {detail} is attached to other principals too: give the role a policy of its own instead."
    ),
    "system_policy": text(
        "Policy {detail} is a system policy, which cannot be changed: attach a custom policy to the role."
    ),
    "default_role": text("{detail} is a default role of EMR, which must not be edited: use a custom role."),
    "own_role": text("{detail} is a role of Rolemend itself, which it never changes."),
    "service_linked_role": text("{detail} is a service-linked role, which cannot be edited."),
    "no_policy": text("No custom policy is attached to {detail}: create one and attach it."),
    "attachment_limit": text(
        "No further custom policy can be attached to the role, and none of these can be extended: {detail}"
    ),
    "conditional_statement": text(
        "Nothing was changed, because the action is granted under a condition only, in {detail}, and a new statement "
        "would drop it: list the bucket in that statement, if the condition is to hold for it too."
    ),
    "under_condition": text(
        "Nothing was changed, because this very access is granted under a condition already, in {detail}, and a grant "
        "beside it would drop it: see whether the request was meant to be outside of it, or change the condition."
    ),
    "explicit_deny": text(
        "Nothing was changed, because policy {detail} denies the call: a grant would not help."
    ),
    "would_not_help": text(
        "Nothing was changed, because it could not be shown that changing {detail} makes the call allowed."
    ),
    "not_proved": text(
        "Nothing was changed: it could not be proved that changing {detail} grants nothing else."
    ),
    "not_editable": text("The document cannot be extended: {detail}"),
    "refused_read": text("Nothing was changed, because this could not be read: {detail}"),
    "foreign_bucket": text(
        "Nothing was changed: bucket {detail} does not belong to this account, or does not exist."
    ),
    "guardrails": text("Nothing was changed, because the guardrails cannot be used: {detail}"),
    "bucket_name": text("{detail} is no valid bucket name."),
    "action_name": text("Nothing was changed: {detail} is not the name of one action."),
    "other_account": text("Nothing was changed: the log speaks of account {detail}, which is not this one."),
}
