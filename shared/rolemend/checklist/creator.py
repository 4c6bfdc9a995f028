"""What the user who creates a cluster must be allowed to do: the creation itself, and handing the role over.

https://www.alibabacloud.com/help/en/emr/emr-on-ecs/user-guide/use-a-custom-ecs-application-role-to-access-other-cloud-resources-in-your-alibaba-cloud-account-19
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import msgspec

from rolemend.account.interface import Absent, AttachedPolicy, Known, Unread
from rolemend.checklist.answers import Name, failed, not_applicable, passed, unknown, unread
from rolemend.checklist.decision import identity_sources, request_of
from rolemend.checklist.facts import CreationFacts
from rolemend.checklist.mending import grant, holder_of, lift_deny
from rolemend.checklist.model import Advice, Evidence, Finding
from rolemend.checklist.releases import trust_rule
from rolemend.checklist.reported import evidence_of
from rolemend.checklist.trust import ECS, EMR
from rolemend.fix.model import AttachSystemPolicy, Fix
from rolemend.policy import Decision, PolicyError, Request, decide, explain, parse_policy
from rolemend.policy.matching import covers_action
from rolemend.signals.actiontrail import DEFAULT_ROLES
from rolemend.text import Text, text

FULL_ACCESS, DEVELOP_ACCESS = "AliyunEMRFullAccess", "AliyunEMRDevelopAccess"

CREATOR_POLICY: Name = ("creator-policy", "1.1")
PASS_ROLE: Name = ("pass-role", "1.3+")

HAND_OVER = "ram:PassRole"
_TOLD = 2  # of the nearest statements, how many are evidence


def ask_creator_policy(facts: CreationFacts) -> Finding:
    """FAQ 1, item 1: the creating user must have AliyunEMRFullAccess, or the same right by another policy."""
    told = evidence_of(facts.denial, CREATOR_POLICY[0])
    if facts.denial.principal.type == "root":
        return passed(CREATOR_POLICY, text("The account's root user may create clusters."), told)
    if not isinstance(facts.creator_policies, Known):
        return _not_read(CREATOR_POLICY, facts, facts.creator_policies)
    judged = _judge(CREATOR_POLICY, facts, facts.creator_policies.value, request_of(facts.denial))
    if isinstance(judged, Finding):
        return judged
    evidence = (*told, *judged[1])
    action = facts.denial.action
    if judged[0].outcome == "allow":
        return passed(CREATOR_POLICY, _is_allowed(facts, action, judged[0]), evidence)
    if judged[0].outcome == "unknown":
        return unknown(CREATOR_POLICY, _hangs_on(facts, action, judged[0]), evidence)
    if judged[0].outcome == "explicit_deny":
        return _denied_outright(CREATOR_POLICY, facts, action, judged[0], evidence)
    return failed(
        CREATOR_POLICY,
        text("No policy of {who} allows {action}.", who=who(facts), action=action),
        evidence,
        "permission_missing",
        Advice(statement=_grant_full_access(facts, action), fix=_full_access(facts)),
    )


def ask_pass_role(facts: CreationFacts) -> Finding:
    """The creator must be allowed to hand a custom role over to the instances (`ram:PassRole`).

    ECS asks it of whoever attaches a role to an instance; EMR's own pages name the action nowhere, but its FAQ once
    asked that the creator may change the ECS application role. In old releases no instance gets the role.
    https://help.aliyun.com/document_detail/54244.html ; https://www.alibabacloud.com/help/doc-detail/160426.htm
    """
    told = evidence_of(facts.denial, PASS_ROLE[0])
    if not told and (reason := _needs_no_pass_role(facts)) is not None:
        return not_applicable(PASS_ROLE, reason)
    if facts.denial.principal.type == "root":
        return passed(PASS_ROLE, text("The account's root user may hand over every role."), told)
    if not isinstance(facts.creator_policies, Known):
        if told and not (isinstance(facts.creator_policies, Unread) and facts.creator_policies.transient):
            return _may_not_pass(facts, told)
        return _not_read(PASS_ROLE, facts, facts.creator_policies)
    return _decide_pass_role(facts, facts.creator_policies.value, told)


def _needs_no_pass_role(facts: CreationFacts) -> Text | None:
    """Why nobody is asked for `ram:PassRole` here; None if somebody may be."""
    if not facts.target.role or isinstance(facts.role, Absent):
        return text("There is no role to be handed over.")
    if facts.target.role.lower() in DEFAULT_ROLES:
        return text("{role} is a default role of EMR, not a custom one.", role=facts.target.role)
    rule = trust_rule(facts.target.release)
    if rule is not None and rule.service == EMR:
        return text(
            "In {release} the role is handed to no ECS instance: EMR itself assumes it.",
            release=facts.target.release,
        )
    return None


def _decide_pass_role(
    facts: CreationFacts, policies: tuple[AttachedPolicy, ...], told: tuple[Evidence, ...]
) -> Finding:
    """Decide for both services that the role may be handed to: which one is asked about, no page tells."""
    judged = [_judge(PASS_ROLE, facts, policies, _pass_request(facts, service)) for service in (ECS, EMR)]
    decided: list[Decision] = []
    evidence = told
    for each in judged:
        if isinstance(each, Finding):
            return each
        decided.append(each[0])
        evidence = (*told, *each[1])
    outcomes = {decision.outcome for decision in decided}
    if outcomes == {"allow"}:
        return passed(PASS_ROLE, _is_allowed(facts, HAND_OVER, decided[0]), evidence)
    if "explicit_deny" in outcomes and len(outcomes) == 1:
        return _denied_outright(PASS_ROLE, facts, HAND_OVER, decided[0], evidence)
    if told or not outcomes & {"allow", "unknown"}:
        return _may_not_pass(facts, evidence)
    if "unknown" in outcomes:
        open_one = next(decision for decision in decided if decision.outcome == "unknown")
        return unknown(PASS_ROLE, _hangs_on(facts, HAND_OVER, open_one), evidence)
    return unknown(
        PASS_ROLE,
        text(
            "{who} is allowed {action} for one of the services {services}, and no page tells which one counts.",
            who=who(facts),
            action=HAND_OVER,
            services=f"{ECS}, {EMR}",
        ),
        evidence,
    )


def _pass_request(facts: CreationFacts, service: str) -> Request:
    """`ram:PassRole` on the role, for a service in `acs:Service`, as Alibaba Cloud's own policies grant it.

    https://help.aliyun.com/zh/ram/developer-reference/aliyunkubernetesworkerforemrrolepolicy
    """
    asked = request_of(facts.denial)
    conditions = {**asked.conditions, "acs:Service": (service,)}
    return msgspec.structs.replace(asked, action=HAND_OVER, resource=role_arn(facts), conditions=conditions)


def role_arn(facts: CreationFacts) -> str:
    name = facts.role.value.name if isinstance(facts.role, Known) else facts.target.role
    return f"acs:ram:*:{facts.denial.account}:role/{name}"


def _may_not_pass(facts: CreationFacts, evidence: tuple[Evidence, ...]) -> Finding:
    basis = Evidence(
        text(
            "ECS asks {action} of whoever attaches a role to an instance; EMR's pages do not.",
            action=HAND_OVER,
        )
    )
    if _has_develop_access(facts):
        advice = _grant_full_access(facts, HAND_OVER)
    else:
        advice = text(
            "Attach AliyunEMRFullAccess to {who}, or a custom policy with this statement, which lets {who} hand "
            "over the role {role}.",
            who=who(facts),
            role=facts.target.role,
        )
    return failed(
        PASS_ROLE,
        text(
            "No policy of {who} allows {action} on {role}.",
            who=who(facts),
            action=HAND_OVER,
            role=role_arn(facts),
        ),
        (*evidence, basis),
        "pass_role_missing",
        Advice(statement=advice, document=_pass_statement(facts), fix=_may_pass(facts)),
    )


def _may_pass(facts: CreationFacts) -> Fix | None:
    if _has_develop_access(facts):
        return _full_access(facts)
    return grant(facts.denial.principal, _pass_statement(facts), "pass-role", facts.target.role)


def _full_access(facts: CreationFacts) -> Fix | None:
    holder = holder_of(facts.denial.principal)
    return AttachSystemPolicy(holder=holder, policy=FULL_ACCESS) if holder else None


def _pass_statement(facts: CreationFacts) -> str:
    statement = {
        "Effect": "Allow",
        "Action": HAND_OVER,
        "Resource": role_arn(facts),
        "Condition": {"StringEquals": {"acs:Service": [ECS, EMR]}},
    }
    return json.dumps({"Version": "1", "Statement": [statement]}, indent=2, ensure_ascii=True)


def _judge(
    name: Name, facts: CreationFacts, policies: tuple[AttachedPolicy, ...], request: Request
) -> tuple[Decision, tuple[Evidence, ...]] | Finding:
    """What the creator's policies say of a request, with the evidence; unknown if one of them does not parse."""
    try:
        sources = identity_sources(policies)
        decision = decide(request, sources)
        nearest = explain(request, sources, decision)[:_TOLD]
        lacks = tuple(_lacks(policies, request.action)) if decision.outcome == "implicit_deny" else ()
    except PolicyError as error:
        return unknown(name, text("A policy of {who} does not parse: {why}", who=who(facts), why=error))
    return decision, (_attached(facts, policies), *(Evidence(miss.text) for miss in nearest), *lacks)


def _lacks(policies: tuple[AttachedPolicy, ...], action: str) -> Iterator[Evidence]:
    """Exactly what AliyunEMRDevelopAccess lacks: no statement of it matches the action."""
    for policy in policies:
        if policy.name.lower() != DEVELOP_ACCESS.lower():
            continue
        statements = [one for one in parse_policy(policy.document, "identity").statements if not one.denies]
        if any(covers_action(statement, action.lower()) is not False for statement in statements):
            continue
        near = _nearest_action(action, [each for one in statements for each in one.actions])
        if near:
            yield Evidence(
                text(
                    "No statement of {policy} {version} matches {action}; the nearest that it lists is {near}.",
                    policy=policy.name,
                    version=policy.version,
                    action=action,
                    near=near,
                )
            )
        else:
            yield Evidence(
                text(
                    "No statement of {policy} {version} matches {action}.",
                    policy=policy.name,
                    version=policy.version,
                    action=action,
                )
            )


def _nearest_action(action: str, listed: list[str]) -> str:
    from difflib import get_close_matches

    return next(iter(get_close_matches(action, listed, n=1, cutoff=0.7)), "")


def _has_develop_access(facts: CreationFacts) -> bool:
    attached = facts.creator_policies.value if isinstance(facts.creator_policies, Known) else ()
    return any(policy.name.lower() == DEVELOP_ACCESS.lower() for policy in attached)


def _grant_full_access(facts: CreationFacts, action: str) -> Text:
    if _has_develop_access(facts):
        return text(
            "Attach AliyunEMRFullAccess to {who} in the place of AliyunEMRDevelopAccess, "
            "which does not allow {action}.",
            who=who(facts),
            action=action,
        )
    return text("Attach AliyunEMRFullAccess to {who}.", who=who(facts))


def _is_allowed(facts: CreationFacts, action: str, decision: Decision) -> Text:
    by = decision.decided_by
    if by is None:
        return text("{who} is allowed {action}.", who=who(facts), action=action)
    return text(
        "{who} is allowed {action} by policy {policy}.", who=who(facts), action=action, policy=by.policy
    )


def _hangs_on(facts: CreationFacts, action: str, decision: Decision) -> Text:
    return text(
        "Whether {who} may do {action} hangs on what the event does not tell: {keys}",
        who=who(facts),
        action=action,
        keys=", ".join(decision.unknown_keys),
    )


def _denied_outright(
    name: Name, facts: CreationFacts, action: str, decision: Decision, evidence: tuple[Evidence, ...]
) -> Finding:
    return failed(
        name,
        text("A policy of {who} denies {action} outright.", who=who(facts), action=action),
        evidence,
        "identity_policy_deny",
        Advice(
            statement=text(
                "Change the Deny statement in policy {policy}; granting more does not help.",
                policy=decision.decided_by.policy if decision.decided_by else "",
            ),
            fix=lift_deny(
                facts.creator_policies.value if isinstance(facts.creator_policies, Known) else (),
                decision,
                facts.denial.principal,
            ),
        ),
    )


def _not_read(name: Name, facts: CreationFacts, reading: Absent | Unread) -> Finding:
    return unread(name, reading, text("The policies of {who} could not be read.", who=who(facts)))


def _attached(facts: CreationFacts, policies: tuple[AttachedPolicy, ...]) -> Evidence:
    names = ", ".join(
        f"{policy.name} (group {policy.via})" if policy.via else policy.name for policy in policies
    )
    return Evidence(text("Attached to {who}: {policies}", who=who(facts), policies=names or "-"))


def who(facts: CreationFacts) -> str:
    """The creator's name as people read it."""
    principal = facts.denial.principal
    return principal.name or principal.id or principal.type
