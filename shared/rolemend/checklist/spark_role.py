"""Execution roles, the role itself: it exists, is as Alibaba Cloud made it if it is the default one, and trusts Spark.

https://www.alibabacloud.com/help/en/emr/emr-serverless-spark/user-guide/executive-role . As a workspace keeps its role,
no advice is to choose another one for it.
"""

from __future__ import annotations

import json

from rolemend.account.interface import Absent, AttachedPolicy, Known, Role
from rolemend.checklist.answers import Name, failed, not_applicable, passed, unknown, unread
from rolemend.checklist.cluster_roles import nearest_name
from rolemend.checklist.mending import trust_in_role
from rolemend.checklist.model import Advice, Evidence, Finding, TrustService
from rolemend.checklist.spark_facts import DEFAULT_POLICY, DEFAULT_ROLE, JobFacts
from rolemend.checklist.trust import SPARK, trusted_services
from rolemend.fix.model import Fix
from rolemend.fix.spark import (
    MISSING,
    NOT_TRUSTED,
    WITHOUT_POLICY,
    make_execution_role,
    restore_default_role,
)
from rolemend.policy import PolicyError
from rolemend.text import Text, text

EXECUTION_ROLE: Name = ("execution-role", "S3")
DEFAULT_ROLE_AS_MADE: Name = ("default-role", "S3a")
EXECUTION_TRUST: Name = ("execution-trust", "S4.2")

RESTORE = text(
    "Authorise {role} again: EMR console, EMR Serverless > Spark, Dependency Check, Authorize, with the Alibaba Cloud "
    "account or a RAM user that has AliyunRAMFullAccess. Alibaba Cloud then creates the role with its policy {policy}."
)
"""https://www.alibabacloud.com/help/en/emr/emr-serverless-spark/getting-started/assign-a-role-to-an-alibaba-cloud-account"""


def ask_execution_role(facts: JobFacts) -> Finding:
    """The role must exist; without it neither workspaces can be created nor jobs run."""
    role, name = facts.role, facts.role_name
    if isinstance(role, Known):
        return passed(EXECUTION_ROLE, text("The execution role {role} exists.", role=role.value.name))
    if not name or not isinstance(role, Absent):
        return unread(
            EXECUTION_ROLE,
            role,
            text("Whether the execution role {role} exists could not be read.", role=name or "-"),
        )
    near = nearest_name(name, facts.role_names)
    evidence = (Evidence(text("The role of the nearest name is {near}.", near=near)),) if near else ()
    return failed(
        EXECUTION_ROLE,
        text(
            "The execution role {role} of workspace {workspace} does not exist (any more).", **_values(facts)
        ),
        evidence,
        "role_not_found",
        Advice(statement=_recreate(facts), fix=_made_again(facts)),
    )


def _recreate(facts: JobFacts) -> Text:
    if facts.has_default_role():
        return text(RESTORE.template, role=DEFAULT_ROLE, policy=DEFAULT_POLICY)
    return text(
        "Create the role {role} again under exactly this name, for the cloud service {service}, and attach its policy; "
        "or create a new workspace with a role that exists. The execution role of workspace {workspace} cannot be "
        "changed.",
        service=SPARK,
        **_values(facts),
    )


def _made_again(facts: JobFacts) -> Fix:
    return restore_default_role(MISSING) if facts.has_default_role() else make_execution_role(facts.role_name)


def ask_default_role(facts: JobFacts) -> Finding:
    """The default role must not be edited: it needs its own policy, which Alibaba Cloud keeps up to date."""
    if not facts.role_name or isinstance(facts.role, Absent):
        return not_applicable(DEFAULT_ROLE_AS_MADE, text("There is no execution role to be looked at."))
    if not facts.has_default_role():
        return not_applicable(
            DEFAULT_ROLE_AS_MADE,
            text(
                "{role} is a custom role. Nobody but you keeps its policy up to date: compare it with {policy} now and "
                "then.",
                role=facts.role_name,
                policy=DEFAULT_POLICY,
            ),
        )
    policies = facts.role_policies
    values = {"role": DEFAULT_ROLE, "policy": DEFAULT_POLICY}
    if not isinstance(policies, Known):
        said = text("The policies of {who} could not be read.", who=DEFAULT_ROLE)
        return unread(DEFAULT_ROLE_AS_MADE, policies, said)
    attached = Evidence(
        text("Attached to {who}: {policies}", who=DEFAULT_ROLE, policies=_names(policies.value))
    )
    if any(_is_default(policy) for policy in policies.value):
        return passed(DEFAULT_ROLE_AS_MADE, text("{role} has its policy {policy}.", **values), (attached,))
    return failed(
        DEFAULT_ROLE_AS_MADE,
        text("{role} was edited: its policy {policy} is not attached any more.", **values),
        (attached,),
        "permission_missing",
        Advice(
            statement=text("Attach the system policy {policy} to {role} again.", **values),
            fix=restore_default_role(WITHOUT_POLICY),
        ),
    )


def _is_default(policy: AttachedPolicy) -> bool:
    return policy.type == "System" and policy.name.lower() == DEFAULT_POLICY.lower()


def _names(policies: tuple[AttachedPolicy, ...]) -> str:
    return ", ".join(policy.name for policy in policies) or "-"


def ask_execution_trust(facts: JobFacts) -> Finding:
    """The role must trust Serverless Spark, whatever else it trusts."""
    role = facts.role
    if isinstance(role, Absent):
        return not_applicable(EXECUTION_TRUST, text("The role does not exist."))
    if not isinstance(role, Known):
        return unread(
            EXECUTION_TRUST,
            role,
            text("The trust policy of {role} could not be read.", role=facts.role_name or "-"),
        )
    try:
        trusted = trusted_services(role.value.trust_policy)
    except PolicyError as error:
        said = text("The trust policy of {role} does not parse: {why}", role=role.value.name, why=error)
        return unknown(EXECUTION_TRUST, said)
    values = {"role": role.value.name, "service": SPARK}
    services = ", ".join(trusted) or "-"
    evidence = (Evidence(text("{role} trusts: {services}", role=role.value.name, services=services)),)
    if SPARK in trusted:
        return passed(EXECUTION_TRUST, text("{role} trusts {service}.", **values), evidence)
    return failed(
        EXECUTION_TRUST,
        text("{role} exists, but does not trust {service}, so that no job can act as it.", **values),
        evidence,
        "role_not_trusted",
        _trust(facts, role.value),
        None if facts.has_default_role() else trust_in_role(role.value, SPARK),
    )


def _trust(facts: JobFacts, role: Role) -> TrustService | Advice:
    if not facts.has_default_role():
        return TrustService(role=role.name, service=SPARK)
    return Advice(
        statement=text(
            "{role} is the default execution role and was edited: put its trust policy back to this document (RAM "
            "console, Identities > Roles > {role} > Trust Policy).",
            role=DEFAULT_ROLE,
        ),
        document=json.dumps(_DEFAULT_TRUST, indent=2),
        fix=restore_default_role(NOT_TRUSTED),
    )


_DEFAULT_TRUST = {
    "Statement": [{"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": {"Service": [SPARK]}}],
    "Version": "1",
}


def _values(facts: JobFacts) -> dict[str, str]:
    return {"role": facts.role_name, "workspace": facts.target.workspace}
