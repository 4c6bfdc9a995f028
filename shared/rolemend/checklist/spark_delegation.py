"""Execution roles, acting for others: the right by which the role asks a service in the submitter's name.

https://www.alibabacloud.com/help/en/emr/emr-serverless-spark/user-guide/executive-role (policy examples)
"""

from __future__ import annotations

from collections.abc import Sequence

from rolemend.account.interface import AttachedPolicy, Known
from rolemend.checklist.answers import Name, failed, passed, unknown, unread
from rolemend.checklist.grants import policy_document
from rolemend.checklist.mending import lift_deny
from rolemend.checklist.model import Advice, Evidence, Finding
from rolemend.checklist.spark_facts import DEFAULT_POLICY, JobFacts
from rolemend.checklist.spark_rights import Right, decide_right
from rolemend.fix import spark
from rolemend.fix.model import Fix, GrantPolicy
from rolemend.policy import PolicyError
from rolemend.text import Text, text

DLF_ON_BEHALF = "dlf-auth:ActOnBehalfOfAnotherUser"
MAXCOMPUTE_ON_BEHALF = "odps:ActOnBehalfOfAnotherUser"

_GRANTED_ON: dict[str, tuple[str, ...]] = {
    DLF_ON_BEHALF: ("*",),
    MAXCOMPUTE_ON_BEHALF: tuple(
        f"acs:odps:*:*:users/default/{kind}/*" for kind in ("aliyun", "ramuser", "ramrole")
    ),
}


_GRANTS = {DLF_ON_BEHALF: spark.act_in_dlf, MAXCOMPUTE_ON_BEHALF: spark.act_in_maxcompute}


def ask_delegation(name: Name, facts: JobFacts, action: str, resources: Sequence[str]) -> Finding:
    """Whether the role may act for another, on any one of `resources`, which name the same person in several ways."""
    policies, role = facts.role_policies, facts.role_name
    if not isinstance(policies, Known):
        return unread(name, policies, text("The policies of {who} could not be read.", who=role or "-"))
    who = facts.role_as_principal
    try:
        rights = [decide_right(facts.denial, who, policies.value, action, resource) for resource in resources]
    except PolicyError as error:
        return unknown(name, text("A policy of {who} does not parse: {why}", who=role, why=error))
    names = ", ".join(policy.name for policy in policies.value) or "-"
    evidence = (Evidence(text("Attached to {who}: {policies}", who=role, policies=names)),)
    return _judged(name, facts, action, rights, policies.value, evidence)


def _judged(
    name: Name,
    facts: JobFacts,
    action: str,
    rights: Sequence[Right],
    policies: tuple[AttachedPolicy, ...],
    evidence: tuple[Evidence, ...],
) -> Finding:
    values = {"role": facts.role_name, "action": action}
    denied = next((right for right in rights if right.outcome == "explicit_deny"), None)
    if denied is not None:
        advice = text(
            "Change the Deny statement in policy {policy}; granting more does not help.", policy=denied.policy
        )
        said = text("A policy of the execution role {role} denies {action} outright.", **values)
        lifted = lift_deny(policies, denied.decision, facts.role_as_principal)
        return failed(name, said, evidence, "identity_policy_deny", Advice(statement=advice, fix=lifted))
    if any(right.outcome == "allow" for right in rights):
        return passed(name, text("The execution role {role} is allowed {action}.", **values), evidence)
    if any(right.outcome == "unknown" for right in rights):
        said = text("Whether the execution role {role} is allowed {action} hangs on a condition.", **values)
        return unknown(name, said, evidence)
    return failed(
        name,
        text(
            "No policy of the execution role {role} allows {action}, with which it acts for others.", **values
        ),
        evidence,
        "permission_missing",
        Advice(
            statement=grant_role(facts, (action,)),
            document=policy_document((action,), _GRANTED_ON[action]),
            fix=fix_role(facts, _GRANTS[action](facts.role_name)),
        ),
    )


def grant_role(facts: JobFacts, actions: Sequence[str]) -> Text:
    """What a person does so that the execution role is allowed some actions; another role is no choice."""
    values = {"role": facts.role_name, "policy": DEFAULT_POLICY, "actions": ", ".join(actions)}
    if facts.has_default_role():
        return text(
            "{role} is the default execution role, which must not be edited: attach its own policy {policy} to it "
            "again, and nothing else. It allows {actions}.",
            **values,
        )
    return text(
        "Attach a policy to the execution role {role} that allows {actions}. Compare its policies with {policy}, which "
        "Alibaba Cloud keeps up to date.",
        **values,
    )


def fix_role(facts: JobFacts, fix: GrantPolicy) -> Fix:
    """What gives the execution role a right: its own policy again where it is the default role, else this fix."""
    return spark.restore_default_role(spark.WITHOUT_POLICY) if facts.has_default_role() else fix
