"""FAQ: "Why does a NoPermission error appear when I create a cluster?"

https://www.alibabacloud.com/help/en/emr/emr-on-ecs/user-guide/use-a-custom-ecs-application-role-to-access-other-cloud-resources-in-your-alibaba-cloud-account-19

The FAQ's own items are 1.1 to 1.3, in its order. A number with `+` (1.3+) is a check that the FAQ does not have: it
is asked behind the item of that number, so that it takes no cause from the FAQ's own.
"""

from __future__ import annotations

import msgspec

from rolemend.checklist.cluster_roles import (
    ROLE_NAME,
    SERVICE_ROLE,
    TRUST_POLICY,
    ask_role_name,
    ask_service_role,
    ask_trust_policy,
)
from rolemend.checklist.creator import CREATOR_POLICY, PASS_ROLE, ask_creator_policy, ask_pass_role
from rolemend.checklist.facts import CreationFacts, changed_since
from rolemend.checklist.model import FAILED, Check, Diagnosis, conclude
from rolemend.checklist.reported import reported
from rolemend.checklist.reported_layers import refused_by_layer
from rolemend.text import text

ID = "cluster-creation"


def diagnose_cluster_creation(facts: CreationFacts) -> Diagnosis:
    """Ask every check in the FAQ's order. What the service itself reported is the cause before all others."""
    changed = changed_since(facts.denial.time, facts.creator_policies, [facts.role, facts.service_role])
    findings = tuple(refused_by_layer(facts.denial, check.ask(facts)) for check in CHECKS)
    diagnosis = conclude(ID, findings, changed_since=changed)
    told = reported(facts.denial)
    for finding in findings:
        if told is not None and (finding.check, finding.answer) == (told.check, FAILED):
            return msgspec.structs.replace(diagnosis, cause=finding.cause, remedy=finding.remedy)
    return diagnosis


CHECKS: tuple[Check[CreationFacts], ...] = (
    Check(
        *CREATOR_POLICY,
        text("May the user who creates the cluster do so (AliyunEMRFullAccess)?"),
        ask_creator_policy,
    ),
    Check(*ROLE_NAME, text("Does the role named as ECS application role exist?"), ask_role_name),
    Check(
        *TRUST_POLICY, text("Does the role trust the service that the EMR release needs?"), ask_trust_policy
    ),
    Check(
        *PASS_ROLE, text("May the user hand the role over to the instances (ram:PassRole)?"), ask_pass_role
    ),
    Check(
        *SERVICE_ROLE,
        text("Does EMR's service role exist, and does it trust EMR (AliyunEMRDefaultRole)?"),
        ask_service_role,
    ),
)
