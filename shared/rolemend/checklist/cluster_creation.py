"""FAQ: "Why does a NoPermission error appear when I create a cluster?"

https://www.alibabacloud.com/help/en/emr/emr-on-ecs/user-guide/use-a-custom-ecs-application-role-to-access-other-cloud-resources-in-your-alibaba-cloud-account-19
"""

from __future__ import annotations

from rolemend.account.interface import Absent, AttachedPolicy, Known, Reading, Unread
from rolemend.checklist.answers import failed, not_applicable, passed, unknown, unread
from rolemend.checklist.decision import decide_identity, nearest_statements
from rolemend.checklist.facts import CreationFacts, changed_since
from rolemend.checklist.model import (
    REPORTED,
    Advice,
    Check,
    Diagnosis,
    Evidence,
    Finding,
    TrustService,
    conclude,
)
from rolemend.checklist.releases import trust_rule
from rolemend.checklist.trust import trusted_services
from rolemend.policy import PolicyError
from rolemend.text import text

ID = "cluster-creation"
FULL_ACCESS, DEVELOP_ACCESS = "AliyunEMRFullAccess", "AliyunEMRDevelopAccess"


def diagnose_cluster_creation(facts: CreationFacts) -> Diagnosis:
    """Ask every check in the FAQ's order."""
    changed = changed_since(facts.denial.time, facts.creator_policies, [facts.role])
    return conclude(ID, tuple(check.ask(facts) for check in CHECKS), changed_since=changed)


def ask_creator_policy(facts: CreationFacts) -> Finding:
    """FAQ 1, item 1: the creating user must have AliyunEMRFullAccess, or the same right by another policy."""
    denial, policies = facts.denial, facts.creator_policies
    if denial.principal.type == "root":
        return passed(CREATOR_POLICY, text("The account's root user may create clusters."), ())
    if not isinstance(policies, Known):
        return unread(
            CREATOR_POLICY, policies, text("The policies of {who} could not be read.", who=_who(facts))
        )
    try:
        decision = decide_identity(denial, policies.value)
        nearest = nearest_statements(denial, policies.value, decision)
    except PolicyError as error:
        return unknown(
            CREATOR_POLICY, text("A policy of {who} does not parse: {why}", who=_who(facts), why=error)
        )
    evidence = (_attached(facts, policies.value), *map(Evidence, nearest))
    if decision.outcome == "allow":
        return passed(
            CREATOR_POLICY,
            text("{who} is allowed {action}.", who=_who(facts), action=denial.action),
            evidence,
        )
    if decision.outcome == "unknown":
        keys = ", ".join(decision.unknown_keys)
        return unknown(
            CREATOR_POLICY,
            text(
                "Whether {who} may do {action} hangs on what the event does not tell: {keys}",
                who=_who(facts),
                action=denial.action,
                keys=keys,
            ),
            evidence,
        )
    if decision.outcome == "explicit_deny":
        return failed(
            CREATOR_POLICY,
            text("A policy of {who} denies {action} outright.", who=_who(facts), action=denial.action),
            evidence,
            "identity_policy_deny",
            Advice(
                statement=text(
                    "Change the Deny statement in policy {policy}; granting more does not help.",
                    policy=decision.decided_by.policy if decision.decided_by else "",
                )
            ),
        )
    return failed(
        CREATOR_POLICY,
        text("No policy of {who} allows {action}.", who=_who(facts), action=denial.action),
        evidence,
        "permission_missing",
        Advice(statement=_grant_full_access(facts, policies.value)),
    )


def _grant_full_access(facts: CreationFacts, policies: tuple[AttachedPolicy, ...]):  # type: ignore[no-untyped-def]
    if any(policy.name.lower() == DEVELOP_ACCESS.lower() for policy in policies):
        return text(
            "Attach AliyunEMRFullAccess to {who} in the place of AliyunEMRDevelopAccess, "
            "which does not allow {action}.",
            who=_who(facts),
            action=facts.denial.action,
        )
    return text("Attach AliyunEMRFullAccess to {who}.", who=_who(facts))


def _attached(facts: CreationFacts, policies: tuple[AttachedPolicy, ...]) -> Evidence:
    names = ", ".join(
        f"{policy.name} (group {policy.via})" if policy.via else policy.name for policy in policies
    )
    return Evidence(text("Attached to {who}: {policies}", who=_who(facts), policies=names or "-"))


def ask_role_name(facts: CreationFacts) -> Finding:
    """FAQ 1, item 2: the role named as ECS application role must exist."""
    name = facts.target.role
    if isinstance(facts.role, Known):
        return passed(ROLE_NAME, text("The role {role} exists.", role=facts.role.value.name), ())
    if isinstance(facts.role, Unread):
        return unread(
            ROLE_NAME, facts.role, text("Whether the role {role} exists could not be read.", role=name)
        )
    near = nearest_name(name, facts.role_names)
    if near:
        advice = text(
            "Create the cluster with the role {near}, or create the role {role}.", near=near, role=name
        )
    else:
        advice = text("Create the role {role}, or name one that exists.", role=name)
    return failed(
        ROLE_NAME,
        text("There is no role {role} in this account.", role=name),
        (Evidence(text("The role of the nearest name is {near}.", near=near)),) if near else (),
        "role_not_found",
        Advice(statement=advice),
    )


def nearest_name(name: str, names: Reading[tuple[str, ...]]) -> str:
    """The existing role name that is most like the given one, "" if none is."""
    from difflib import get_close_matches

    if not isinstance(names, Known):
        return ""
    by_lower = {existing.lower(): existing for existing in names.value}
    close = get_close_matches(name.lower(), by_lower, n=1, cutoff=0.6)
    return by_lower[close[0]] if close else ""


def ask_trust_policy(facts: CreationFacts) -> Finding:
    """FAQ 1, item 3: in old releases EMR must be trusted by the role, in new ones ECS."""
    if isinstance(facts.role, Absent):
        return not_applicable(TRUST_POLICY, text("The role does not exist."))
    if isinstance(facts.role, Unread):
        return unread(
            TRUST_POLICY,
            facts.role,
            text("The trust policy of {role} could not be read.", role=facts.target.role),
        )
    rule = trust_rule(facts.target.release)
    if rule is None:
        return unknown(
            TRUST_POLICY, text("The release {release} is not known.", release=facts.target.release or "-")
        )
    role = facts.role.value
    try:
        trusted = trusted_services(role.trust_policy)
    except PolicyError as error:
        return unknown(
            TRUST_POLICY, text("The trust policy of {role} does not parse: {why}", role=role.name, why=error)
        )
    evidence = [
        Evidence(text("{role} trusts: {services}", role=role.name, services=", ".join(trusted) or "-")),
        Evidence(text("The event names release {release}.", release=facts.target.release), REPORTED),
    ]
    if rule.contested:
        evidence.append(Evidence(text(
            "The documentation's pages do not agree about {release}; most of them want {service} to be trusted.",
            release=facts.target.release, service=rule.service,
        ), REPORTED))  # fmt: skip
    if rule.service in trusted:
        return passed(
            TRUST_POLICY,
            text(
                "{role} trusts {service}, as {release} needs it.",
                role=role.name,
                service=rule.service,
                release=facts.target.release,
            ),
            tuple(evidence),
        )
    return failed(
        TRUST_POLICY,
        text(
            "{role} does not trust {service}, which {release} needs.",
            role=role.name,
            service=rule.service,
            release=facts.target.release,
        ),
        tuple(evidence),
        "role_not_trusted",
        TrustService(role=role.name, service=rule.service),
    )


def _who(facts: CreationFacts) -> str:
    principal = facts.denial.principal
    return principal.name or principal.id or principal.type


CREATOR_POLICY = ("creator-policy", "1.1")
ROLE_NAME = ("role-name", "1.2")
TRUST_POLICY = ("trust-policy", "1.3")

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
)
