"""Simple Log Service as what the cluster's role asks for: the FAQ's second item for `log:` actions, as advice.

SLS refuses with 401 `Unauthorized` and the words of `_DENIED`, seen in
https://github.com/aliyun/aliyun-log-go-sdk/issues/38 ; other codes are no permission problem
(https://help.aliyun.com/zh/sls/developer-reference/api-error-codes). Resources:
https://help.aliyun.com/zh/sls/developer-reference/overview-8 .
"""

from __future__ import annotations

import re

import msgspec

from rolemend.account.interface import Known
from rolemend.checklist.answers import Name, failed, passed, unknown, unread
from rolemend.checklist.decision import caller_of, identity_sources
from rolemend.checklist.facts import Account, Policies, read_policies
from rolemend.checklist.grants import policy_document
from rolemend.checklist.mending import grant
from rolemend.checklist.model import REPORTED, Advice, Check, Evidence, Finding
from rolemend.fix.logs import group_of_log_action, log_resources
from rolemend.policy import PolicyError, Request, decide
from rolemend.signals.denial import DeniedPrincipal
from rolemend.text import text

ID = "log-access"
LOG_POLICY: Name = ("log-policy", "2.2")

_DENIED = re.compile(
    r"denied by sts or ram, action: (?P<action>log:[A-Za-z]{2,80}), resource: "
    r"acs:log:(?P<region>[a-z0-9\-]{0,40}):(?P<owner>[0-9]{0,30}):project/(?P<project>[a-z0-9][a-z0-9\-_]{1,126}[a-z0-9]|\*)"
    r"(?:/logstore/(?P<logstore>[A-Za-z0-9\-_]{1,128}|\*)(?P<inside>/[A-Za-z0-9\-_/*.]{1,200})?)?",
    re.ASCII,
)


class LogDenial(msgspec.Struct, frozen=True, kw_only=True):
    """A call that SLS refused: the action, and the project and logstore it is checked on, "" where it names none."""

    action: str
    project: str
    logstore: str = ""
    region: str = ""
    owner: str = ""
    inside: str = ""
    """What stands behind the logstore, such as `/consumergroup/g`."""

    @property
    def resource(self) -> str:
        return f"{self.project_resource}{f'/logstore/{self.logstore}' if self.logstore else ''}{self.inside}"

    @property
    def project_resource(self) -> str:
        return f"acs:log:{self.region or '*'}:{self.owner or '*'}:project/{self.project}"


def read_log_denial(message: str) -> LogDenial | None:
    """The denial in SLS's own words; None for every other message, which is no permission problem of RAM."""
    found = _DENIED.search(message)
    return LogDenial(**found.groupdict(default="")) if found else None


def advise_log_access(denial: LogDenial, who: str, principal: DeniedPrincipal | None = None) -> Advice:
    """What to grant whom, with the policy to paste and the call to make again."""
    document = policy_document(group_of_log_action(denial.action), log_resources(denial.resource))
    return Advice(
        statement=text(
            "Grant {who} {actions} on logstore {logstore} of project {project}, then run the job again.",
            who=who or "-",
            actions=", ".join(group_of_log_action(denial.action)),
            logstore=denial.logstore or "*",
            project=denial.project,
        ),
        document=document,
        fix=grant(principal, document, "log", denial.project) if principal else None,
    )


class LogFacts(msgspec.Struct, frozen=True, kw_only=True):
    """For a call that SLS refused. The policies are the principal's own."""

    denial: LogDenial
    principal: DeniedPrincipal
    policies: Policies


def collect_log_facts(
    account: Account, denial: LogDenial, principal: DeniedPrincipal, account_id: str
) -> LogFacts:
    policies = read_policies(account.identities, principal, account_id)
    return LogFacts(denial=denial, principal=principal, policies=policies)


def ask_log_policy(facts: LogFacts) -> Finding:
    """Whether the principal's own policies allow the call on this project and logstore."""
    denial, principal, policies = facts.denial, facts.principal, facts.policies
    who = principal.name or principal.id or principal.type
    values = {"who": who, "action": denial.action, "resource": denial.resource}
    said = text("SLS refused {action} on {resource}.", action=denial.action, resource=denial.resource)
    evidence = (Evidence(said, REPORTED),)
    if not isinstance(policies, Known):
        return unread(LOG_POLICY, policies, text("The policies of {who} could not be read.", who=who))
    request = Request(action=denial.action, resource=denial.resource, principal=caller_of(principal))
    try:
        outcome = decide(request, identity_sources(policies.value)).outcome
    except PolicyError as error:
        return unknown(LOG_POLICY, text("A policy of {who} does not parse: {why}", who=who, why=error))
    if outcome == "allow":
        return passed(
            LOG_POLICY, text("The policies of {who} allow {action} on {resource}.", **values), evidence
        )
    if outcome == "unknown":
        said = text(
            "Whether the policies of {who} allow {action} on {resource} hangs on a condition.", **values
        )
        return unknown(LOG_POLICY, said, evidence)
    if outcome == "explicit_deny":
        return failed(
            LOG_POLICY,
            text("A policy of {who} denies {action} on {resource} outright.", **values),
            evidence,
            "identity_policy_deny",
            Advice(
                statement=text(
                    "Change the Deny statement in the policies of {who}; granting more does not help.",
                    who=who,
                )
            ),
        )
    return failed(
        LOG_POLICY,
        text("No policy of {who} allows {action} on {resource}.", **values),
        evidence,
        "permission_missing",
        advise_log_access(denial, who, principal),
    )


CHECKS: tuple[Check[LogFacts], ...] = (
    Check(
        *LOG_POLICY,
        text(
            "Do the principal's policies list the project and logstore, with the action that was asked for?"
        ),
        ask_log_policy,
    ),
)
