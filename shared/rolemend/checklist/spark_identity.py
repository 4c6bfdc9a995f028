"""Execution roles, "Use cases": whether who was denied is who is asked, and which execution role the workspace has.

https://www.alibabacloud.com/help/en/emr/emr-serverless-spark/user-guide/executive-role
"""

from __future__ import annotations

from rolemend.account.interface import Absent, Known
from rolemend.checklist.answers import Name, failed, passed, unknown, unread
from rolemend.checklist.model import REPORTED, Advice, Evidence, Finding
from rolemend.checklist.spark_facts import DEFAULT_ROLE, JobFacts, acts_as_role
from rolemend.checklist.spark_table import ACTING_IDENTITY as ID
from rolemend.checklist.spark_table import SERVICES, called, table_line
from rolemend.fix.model import SetJob
from rolemend.signals.denial import DeniedPrincipal
from rolemend.text import Text, text

ACTING_IDENTITY: Name = (ID, "S1")
WORKSPACE_ROLE: Name = ("workspace-role", "S2")


def ask_acting_identity(facts: JobFacts) -> Finding:
    """Whether the denied principal is the one whose rights count, so that the remedy goes to the right one."""
    target, who = facts.target, facts.denial.principal
    line = table_line(target, facts.role_name)
    if target.service not in SERVICES or (target.service != "sts" and not facts.role_name):
        return unknown(ACTING_IDENTITY, line)
    if target.service == "sts":
        return passed(ACTING_IDENTITY, line)
    if target.service in ("oss", "kms"):
        return _of_role(facts, line)
    if acts_as_role(who, facts.role_name):
        return _role_itself(facts, line)
    if facts.user is None:
        said = text(
            "{service} asks for rights of who started the job, and nothing tells who that was.",
            service=SERVICES[target.service],
        )
        return unknown(ACTING_IDENTITY, said)
    if _same(who, facts.user):
        return passed(ACTING_IDENTITY, line)
    return unknown(ACTING_IDENTITY, line, (_was_denied(facts),))


def _of_role(facts: JobFacts, line: Text) -> Finding:
    who = facts.denial.principal
    nameless = who.type == "assumed_role" and not who.name
    if nameless or acts_as_role(who, facts.role_name):
        return passed(ACTING_IDENTITY, line)
    if facts.target.service == "kms" or who.type not in ("ram_user", "root", "assumed_role"):
        return unknown(ACTING_IDENTITY, line, (_was_denied(facts),))
    values = {"who": called(who), "role": facts.role_name}
    target = facts.target
    return failed(
        ACTING_IDENTITY,
        text("{who} acted at OSS, not the workspace's execution role {role}.", **values),
        (_was_denied(facts), Evidence(line)),
        "client_configuration",
        Advice(
            statement=text(
                "Take the credentials of {who} out of the job and its Spark configuration "
                "(spark.hadoop.fs.oss.accessKeyId and spark.hadoop.fs.oss.accessKeySecret), so that it acts as the "
                "execution role {role}; or grant {who} the access instead.",
                **values,
            ),
            fix=SetJob(removed=_OWN_KEYS, workspace=target.workspace, region=facts.denial.region),
        ),
    )


_OWN_KEYS = ("spark.hadoop.fs.oss.accessKeyId", "spark.hadoop.fs.oss.accessKeySecret")


def _role_itself(facts: JobFacts, line: Text) -> Finding:
    """Without access control DLF knows the role only; and both services ask it for the right to act for others."""
    said = text(
        "{service} refused the execution role {role} itself.",
        service=SERVICES[facts.target.service],
        role=facts.role_name,
    )
    return passed(ACTING_IDENTITY, said, (Evidence(line),))


def _same(one: DeniedPrincipal, other: DeniedPrincipal) -> bool:
    if (one.type, one.account) != (other.type, other.account):
        return False
    if one.id and other.id:
        return one.id == other.id
    return one.type == "root" or (bool(one.name) and one.name.lower() == other.name.lower())


def _was_denied(facts: JobFacts) -> Evidence:
    said = text(
        "{service} refused {who}.", service=SERVICES[facts.target.service], who=called(facts.denial.principal)
    )
    return Evidence(said, REPORTED)


def ask_workspace_role(facts: JobFacts) -> Finding:
    """Which role the workspace has, read live: nothing is ever mended for a role that only a log names."""
    workspace, asked = facts.workspace, facts.target.workspace
    if not isinstance(workspace, Known):
        said = text("Which execution role workspace {workspace} has could not be read.", workspace=asked)
        if isinstance(workspace, Absent):
            said = text("Workspace {workspace} does not exist (any more).", workspace=asked)
        return unread(WORKSPACE_ROLE, workspace, said)
    values = {"workspace": asked, "role": facts.role_name}
    evidence = []
    if facts.has_default_role():
        evidence.append(Evidence(text("{role} is the default execution role.", role=DEFAULT_ROLE)))
    if facts.target.role and facts.target.role.lower() != facts.role_name.lower():
        evidence.append(
            Evidence(text("The failed job names the role {role}.", role=facts.target.role), REPORTED)
        )
    return passed(
        WORKSPACE_ROLE,
        text(
            "Workspace {workspace} has the execution role {role}, which cannot be changed any more.", **values
        ),
        tuple(evidence),
    )
