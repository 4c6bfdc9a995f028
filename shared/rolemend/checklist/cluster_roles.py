"""The two roles of a cluster: the ECS application role that the request names, and EMR's own service role.

https://www.alibabacloud.com/help/en/emr/emr-on-ecs/user-guide/use-a-custom-ecs-application-role-to-access-other-cloud-resources-in-your-alibaba-cloud-account-19
"""

from __future__ import annotations

from rolemend.account.interface import Absent, Known, Reading, Role, Unread
from rolemend.checklist.answers import Name, failed, not_applicable, passed, unknown, unread
from rolemend.checklist.facts import EMR_SERVICE_ROLE, CreationFacts
from rolemend.checklist.mending import make_default_role, trust_in_role
from rolemend.checklist.model import REPORTED, Advice, Evidence, Finding, TrustService
from rolemend.checklist.releases import ReleaseRule, trust_rule
from rolemend.checklist.reported import evidence_of
from rolemend.checklist.trust import ECS, EMR, trusted_services
from rolemend.fix.model import CreateRole, Fix, UseRole
from rolemend.fix.names import ROLE
from rolemend.policy import PolicyError
from rolemend.policy.lookalike import odd_characters, skeleton
from rolemend.signals.actiontrail import DEFAULT_ROLES
from rolemend.text import Text, text

ROLE_NAME: Name = ("role-name", "1.2")
TRUST_POLICY: Name = ("trust-policy", "1.3")
SERVICE_ROLE: Name = ("service-role", "1.3+")


def ask_role_name(facts: CreationFacts) -> Finding:
    """FAQ 1, item 2: the role named as ECS application role must exist, spelled as it is named."""
    name, told = facts.target.role, evidence_of(facts.denial, ROLE_NAME[0])
    if isinstance(facts.role, Known):
        return _existing(facts, facts.role.value.name, told)
    if isinstance(facts.role, Unread) and (not told or facts.role.transient):
        return unread(
            ROLE_NAME, facts.role, text("Whether the role {role} exists could not be read.", role=name)
        )
    near = nearest_name(name, facts.role_names)
    return failed(
        ROLE_NAME,
        text("There is no role {role} in this account.", role=name),
        (*told, *_misspelt(name, near)),
        "role_not_found",
        Advice(statement=_name_another(name, near), fix=_role_to_use(facts, near)),
    )


def _existing(facts: CreationFacts, existing: str, told: tuple[Evidence, ...]) -> Finding:
    """RAM tells no upper from lower case; whoever reported that the role does not exist may do so."""
    asked = facts.target.role
    if asked == existing:
        return passed(ROLE_NAME, text("The role {role} exists.", role=existing), told)
    spelled = Evidence(
        text("The request names {asked}; the role is spelled {role}.", asked=asked, role=existing)
    )
    if not told:
        return passed(ROLE_NAME, text("The role {role} exists.", role=existing), (spelled,))
    return failed(
        ROLE_NAME,
        text("There is no role {asked}, only one that is spelled {role}.", asked=asked, role=existing),
        (*told, spelled),
        "role_not_found",
        Advice(
            statement=text("Create the cluster with the role {near}.", near=existing),
            fix=_role_to_use(facts, existing),
        ),
    )


def _role_to_use(facts: CreationFacts, near: str) -> Fix:
    """The role that was probably meant, or the one that is missing."""
    target = facts.target
    if (default := make_default_role(target.role)) is not None:
        return default
    if near:
        return UseRole(role=near, release=target.release, region=facts.denial.region)
    rule = trust_rule(target.release)
    return CreateRole(role=target.role, services=(rule.service if rule else ECS,))


def _misspelt(name: str, near: str) -> tuple[Evidence, ...]:
    evidence = []
    if odd := odd_characters(name):
        evidence.append(
            Evidence(text("{role} holds characters that only look like others: {odd}", role=name, odd=odd))
        )
    if near:
        evidence.append(Evidence(text("The role of the nearest name is {near}.", near=near)))
    return tuple(evidence)


def _name_another(name: str, near: str) -> Text:
    if name.lower() in DEFAULT_ROLES:
        return text(
            "Authorise EMR's default roles in the EMR console with the Alibaba Cloud account, which creates {role}.",
            role=name,
        )
    if near and (skeleton(name).lower() == near.lower() or not ROLE.fullmatch(name)):
        return text("Create the cluster with the role {near}.", near=near)
    if near:
        return text(
            "Create the cluster with the role {near}, or create the role {role}.", near=near, role=name
        )
    return text("Create the role {role}, or name one that exists.", role=name)


def nearest_name(name: str, names: Reading[tuple[str, ...]]) -> str:
    """The existing role name that is most like the given one (or the last part of an ARN), "" if none is."""
    from difflib import get_close_matches

    if not isinstance(names, Known):
        return ""
    by_lower = {existing.lower(): existing for existing in names.value}
    wanted = skeleton(name).lower().rpartition("/")[2]
    close = get_close_matches(wanted, by_lower, n=1, cutoff=0.6)
    return by_lower[close[0]] if close else ""


def ask_trust_policy(facts: CreationFacts) -> Finding:
    """FAQ 1, item 3: in old releases EMR must be trusted by the role, in new ones ECS."""
    told = evidence_of(facts.denial, TRUST_POLICY[0])
    if isinstance(facts.role, Absent):
        return not_applicable(TRUST_POLICY, text("The role does not exist."))
    if isinstance(facts.role, Unread):
        return unread(
            TRUST_POLICY,
            facts.role,
            text("The trust policy of {role} could not be read.", role=facts.target.role),
        )
    rule = ReleaseRule(ECS, contested=False) if told else trust_rule(facts.target.release)
    if rule is None:
        return unknown(
            TRUST_POLICY, text("The release {release} is not known.", release=facts.target.release or "-")
        )
    return _trusts(facts, facts.role.value, rule, told)


def _trusts(facts: CreationFacts, role: Role, rule: ReleaseRule, told: tuple[Evidence, ...]) -> Finding:
    try:
        trusted = trusted_services(role.trust_policy)
    except PolicyError as error:
        return _does_not_parse(TRUST_POLICY, role.name, error)
    release = facts.target.release or "-"
    evidence = [
        *told,
        _trusted(role.name, trusted),
        Evidence(text("The event names release {release}.", release=release), REPORTED),
    ]
    if rule.contested:
        evidence.append(Evidence(text(
            "The documentation's pages do not agree about {release}; most of them want {service} to be trusted.",
            release=release, service=rule.service,
        ), REPORTED))  # fmt: skip
    values = {"role": role.name, "service": rule.service, "release": release}
    if rule.service in trusted:
        return passed(
            TRUST_POLICY, text("{role} trusts {service}, as {release} needs it.", **values), tuple(evidence)
        )
    return failed(
        TRUST_POLICY,
        text("{role} exists, but does not trust {service}, which {release} needs.", **values),
        tuple(evidence),
        "role_not_trusted",
        TrustService(role=role.name, service=rule.service),
        fix=_trust(facts, role, rule),
    )


def _trust(facts: CreationFacts, role: Role, rule: ReleaseRule) -> Fix | None:
    """A default role is not edited: its authorization makes it anew, or another role is made."""
    if make_default_role(role.name) is not None:
        return CreateRole(role="YOUR_ROLE", services=(rule.service,))
    return trust_in_role(role, rule.service)


def ask_service_role(facts: CreationFacts) -> Finding:
    """EMR's service role must exist and let EMR assume it. It is a default role: nobody but a person touches it.

    https://www.alibabacloud.com/help/en/emr/emr-on-ecs/user-guide/emr-service-role-19
    """
    told = evidence_of(facts.denial, SERVICE_ROLE[0])
    role = facts.service_role
    if isinstance(role, Unread) and (not told or role.transient):
        return unread(
            SERVICE_ROLE, role, text("The service role {role} could not be read.", role=EMR_SERVICE_ROLE)
        )
    if not isinstance(role, Known):
        missing = text("EMR's service role {role} does not exist.", role=EMR_SERVICE_ROLE)
        return _not_authorised(missing, told, make_default_role(EMR_SERVICE_ROLE))
    try:
        trusted = trusted_services(role.value.trust_policy)
    except PolicyError as error:
        return _does_not_parse(SERVICE_ROLE, EMR_SERVICE_ROLE, error)
    evidence = (*told, _trusted(EMR_SERVICE_ROLE, trusted))
    if EMR in trusted:
        statement = text(
            "EMR's service role {role} exists and trusts {service}.", role=EMR_SERVICE_ROLE, service=EMR
        )
        return passed(SERVICE_ROLE, statement, evidence)
    statement = text(
        "EMR's service role {role} does not trust {service}.", role=EMR_SERVICE_ROLE, service=EMR
    )
    return _not_authorised(statement, evidence, trust_in_role(role.value, EMR))


def _not_authorised(statement: Text, evidence: tuple[Evidence, ...], fix: Fix | None) -> Finding:
    advice = text(
        "Authorise EMR's default roles in the EMR console with the Alibaba Cloud account, which creates {role}.",
        role=EMR_SERVICE_ROLE,
    )
    return failed(
        SERVICE_ROLE, statement, evidence, "service_role_missing", Advice(statement=advice, fix=fix)
    )


def _does_not_parse(name: Name, role: str, error: PolicyError) -> Finding:
    return unknown(name, text("The trust policy of {role} does not parse: {why}", role=role, why=error))


def _trusted(role: str, services: list[str]) -> Evidence:
    return Evidence(text("{role} trusts: {services}", role=role, services=", ".join(services) or "-"))
