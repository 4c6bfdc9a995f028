"""EMR Serverless Spark, "Execution roles": why a job was refused.

https://www.alibabacloud.com/help/en/emr/emr-serverless-spark/user-guide/executive-role

Numbers are those of the document's sections: S1 use cases (S1.2 DLF, S1.3 MaxCompute), S2 the choice of a role, S3 the
default role, S4 a custom role by its steps (S4.1 policy, S4.2 trust, S4.4 workspace), S5 other policies (S5.1
MaxCompute, S5.2 KMS). What OSS refused is asked by the whole OSS checklist, whose numbers (2.1 …) stay its own.
A workspace keeps the role that it was created with: no advice here is to choose another one for it.
"""

from __future__ import annotations

import msgspec

from rolemend.checklist.facts import changed_since
from rolemend.checklist.model import FAILED, Check, Diagnosis, Finding, conclude
from rolemend.checklist.reports import reported_causes
from rolemend.checklist.spark_directory import WORKSPACE_DIRECTORY, ask_workspace_directory
from rolemend.checklist.spark_dlf import (
    DLF_DATA,
    DLF_DELEGATION,
    DLF_RIGHT,
    ask_dlf_data,
    ask_dlf_delegation,
    ask_dlf_right,
    says_data_permission,
)
from rolemend.checklist.spark_facts import JobFacts
from rolemend.checklist.spark_identity import (
    ACTING_IDENTITY,
    WORKSPACE_ROLE,
    ask_acting_identity,
    ask_workspace_role,
)
from rolemend.checklist.spark_kms import ROLE_ON_KEY, ask_role_on_key
from rolemend.checklist.spark_maxcompute import (
    MAXCOMPUTE_DELEGATION,
    MAXCOMPUTE_PROJECT,
    ask_maxcompute_delegation,
    ask_maxcompute_project,
    says_project,
)
from rolemend.checklist.spark_oss import OSS_CHECKS, asked_once
from rolemend.checklist.spark_role import (
    DEFAULT_ROLE_AS_MADE,
    EXECUTION_ROLE,
    EXECUTION_TRUST,
    ask_default_role,
    ask_execution_role,
    ask_execution_trust,
)
from rolemend.signals.denial import JobTarget
from rolemend.text import text

ID = "serverless_spark"


def diagnose_serverless_spark(facts: JobFacts) -> Diagnosis:
    """Ask every check, those on OSS where OSS refused. A fault at the refusing service is the cause before others."""
    checks = checks_for(facts.target)
    findings = asked_once(facts, tuple(check.ask(facts) for check in checks))
    diagnosis = conclude(ID, findings, changed_since=_has_changed(facts))
    cause = _at_the_refusing_service(facts, findings)
    if cause is None:
        return diagnosis
    return msgspec.structs.replace(diagnosis, cause=cause.cause, remedy=cause.remedy)


def checks_for(target: JobTarget) -> tuple[Check[JobFacts], ...]:
    """The checks that are asked about a job: those on a bucket where OSS refused it."""
    return CHECKS if target.service == "oss" else tuple(each for each in CHECKS if each not in OSS_CHECKS)


def _has_changed(facts: JobFacts) -> bool:
    """Whether a policy or the trust was changed since the job was refused; False where its time is not known."""
    time = facts.denial.time
    changed = changed_since(time, facts.role_policies, [facts.role]) or changed_since(
        time, facts.user_policies
    )
    return bool(time) and changed


def _at_the_refusing_service(facts: JobFacts, findings: tuple[Finding, ...]) -> Finding | None:
    """The failed check of the service that refused; the one that its own words name comes first."""
    named = [name[0] for name in _OF_SERVICE.get(facts.target.service, ())]
    if facts.target.service == "oss":
        named += [check.id for check in OSS_CHECKS]
    failures = [finding for finding in findings if finding.answer == FAILED and finding.check in named]
    told = _told(facts)
    by_words = (finding for finding in failures if finding.check in told or finding.cause in told)
    return next(by_words, failures[0] if failures else None)


def _told(facts: JobFacts) -> tuple[str, ...]:
    """Checks and causes that the refusing service's own words or codes name."""
    if says_data_permission(facts):
        return (DLF_DATA[0],)
    if says_project(facts):
        return (MAXCOMPUTE_PROJECT[0],)
    return reported_causes(facts.denial) if facts.target.service == "oss" else ()


_OF_SERVICE = {
    "sts": (EXECUTION_ROLE, EXECUTION_TRUST),
    "oss": (ACTING_IDENTITY,),
    "dlf": (DLF_DELEGATION, DLF_RIGHT, DLF_DATA),
    "maxcompute": (MAXCOMPUTE_DELEGATION, MAXCOMPUTE_PROJECT),
    "kms": (ROLE_ON_KEY,),
}

CHECKS: tuple[Check[JobFacts], ...] = (
    Check(
        *ACTING_IDENTITY,
        text("Whose rights does the service that refused ask for, and was it that one who was denied?"),
        ask_acting_identity,
    ),
    Check(*WORKSPACE_ROLE, text("Which execution role does the workspace have?"), ask_workspace_role),
    Check(*EXECUTION_ROLE, text("Does the execution role exist?"), ask_execution_role),
    Check(
        *DEFAULT_ROLE_AS_MADE,
        text("If it is the default role: is it as Alibaba Cloud made it?"),
        ask_default_role,
    ),
    Check(*EXECUTION_TRUST, text("Does the execution role trust Serverless Spark?"), ask_execution_trust),
    Check(
        *WORKSPACE_DIRECTORY,
        text("May the execution role read and write the workspace directory?"),
        ask_workspace_directory,
    ),
    *OSS_CHECKS,
    Check(*DLF_DELEGATION, text("May the execution role act for others at DLF?"), ask_dlf_delegation),
    Check(*DLF_RIGHT, text("Does RAM allow the refused action to who is asked at DLF?"), ask_dlf_right),
    Check(*DLF_DATA, text("Does DLF's own data permission allow it?"), ask_dlf_data),
    Check(
        *MAXCOMPUTE_DELEGATION,
        text("May the execution role act for the submitter at MaxCompute?"),
        ask_maxcompute_delegation,
    ),
    Check(
        *MAXCOMPUTE_PROJECT,
        text("Has the submitter the permissions in the MaxCompute project?"),
        ask_maxcompute_project,
    ),
    Check(*ROLE_ON_KEY, text("May the execution role use the KMS key?"), ask_role_on_key),
)
