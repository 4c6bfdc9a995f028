"""Execution roles, encrypted buckets: the execution role's rights on the KMS key that an object is encrypted with.

https://www.alibabacloud.com/help/en/emr/emr-serverless-spark/user-guide/executive-role ("Access OSS buckets with KMS
encryption"). Where OSS refused, the OSS checklist asks the same; grants on keys are people's matter.
"""

from __future__ import annotations

import re

from rolemend.account.interface import AttachedPolicy, Known, Unread
from rolemend.checklist.answers import Name, failed, unknown, unread
from rolemend.checklist.facts import KMS_ACTIONS
from rolemend.checklist.grants import policy_document
from rolemend.checklist.mending import lift_deny
from rolemend.checklist.model import REPORTED, Advice, Evidence, Finding
from rolemend.checklist.spark_delegation import fix_role, grant_role
from rolemend.checklist.spark_facts import JobFacts
from rolemend.checklist.spark_rights import Right, decide_right, not_asked
from rolemend.fix.model import ROLE, Holder
from rolemend.fix.spark import use_key
from rolemend.policy import PolicyError
from rolemend.text import text

ROLE_ON_KEY: Name = ("role-on-key", "S5.2")

GRANTED = ("kms:List*", "kms:DescribeKey", "kms:GenerateDataKey", "kms:Decrypt")
"""The document's own example."""
_ACTION = re.compile(r"kms:[A-Za-z]{2,60}", re.ASCII)
_ARN = re.compile(r"acs:kms:[a-z0-9\-]*:[0-9]*:key/[A-Za-z0-9\-]{1,100}", re.ASCII)
_KEY = re.compile(r"key-[A-Za-z0-9\-]{1,100}|[0-9a-f]{8}-[0-9a-f\-]{27}", re.ASCII)


def ask_role_on_key(facts: JobFacts) -> Finding:
    """What the role's policies say of the key. The key has a policy of its own, which cannot be read from here."""
    if (other := not_asked(ROLE_ON_KEY, facts, "kms")) is not None:
        return other
    policies, role = facts.role_policies, facts.role_name
    if not isinstance(policies, Known):
        return unread(
            ROLE_ON_KEY, policies, text("The policies of {who} could not be read.", who=role or "-")
        )
    key = key_of(facts)
    if not key and isinstance(facts.encryption, Unread) and facts.encryption.transient:
        said = text("The encryption of the bucket could not be read.")
        return unread(ROLE_ON_KEY, facts.encryption, said)
    who = facts.role_as_principal
    try:
        rights = {
            action: decide_right(facts.denial, who, policies.value, action, key or "*")
            for action in _wanted(facts)
        }
    except PolicyError as error:
        return unknown(ROLE_ON_KEY, text("A policy of {who} does not parse: {why}", who=role, why=error))
    return _judged(facts, key, rights, policies.value)


def _wanted(facts: JobFacts) -> tuple[str, ...]:
    action = facts.denial.action
    return (action,) if _ACTION.fullmatch(action) else KMS_ACTIONS.get(action, ("kms:Decrypt",))


def key_of(facts: JobFacts) -> str:
    """The ARN of the key that the error names, or that the bucket encrypts with; "" if neither tells one."""
    named = facts.target.resource
    if _ARN.fullmatch(named):
        return named
    if not _KEY.fullmatch(named):
        encryption = facts.encryption
        named = encryption.value.key if isinstance(encryption, Known) else ""
    if _ARN.fullmatch(named):
        return named
    return f"acs:kms:*:{facts.denial.account}:key/{named}" if _KEY.fullmatch(named) else ""


def _judged(
    facts: JobFacts, key: str, rights: dict[str, Right], policies: tuple[AttachedPolicy, ...]
) -> Finding:
    values = {"role": facts.role_name, "key": key or "-"}
    told = (Evidence(text("KMS refused: {code}", code=facts.denial.code or "-"), REPORTED),)
    for right in rights.values():
        if right.outcome == "explicit_deny":
            advice = text(
                "Change the Deny statement in policy {policy}; granting more does not help.",
                policy=right.policy,
            )
            said = text(
                "A policy of the execution role {role} denies the use of key {key} outright.", **values
            )
            lifted = lift_deny(policies, right.decision, facts.role_as_principal)
            return failed(
                ROLE_ON_KEY, said, told, "identity_policy_deny", Advice(statement=advice, fix=lifted)
            )
    lacking = [
        action
        for action, right in rights.items()
        if right.outcome == "implicit_deny" and (key or not right.elsewhere)
    ]
    if lacking:
        said = _ON_KEY if key else _ON_ANY_KEY
        return failed(
            ROLE_ON_KEY,
            text(said.template, actions=", ".join(lacking), **values),
            told,
            "kms_permission_missing",
            Advice(
                statement=grant_role(facts, GRANTED),
                document=policy_document(GRANTED, (key or "*",)),
                fix=fix_role(facts, use_key(Holder(ROLE, facts.role_name), key)),
            ),
        )
    said = text(
        "The policies of the execution role {role} do not forbid the use of key {key}; the key's own policy may.",
        **values,
    )
    return unknown(ROLE_ON_KEY, said, told)


_ON_KEY = text("No policy of the execution role {role} allows {actions} on key {key}.")
_ON_ANY_KEY = text("No policy of the execution role {role} allows {actions} on any key.")
