"""Checks of the roles that clusters and workspaces use: they exist, trust whom they must, and default ones are as made.

https://www.alibabacloud.com/help/en/emr/emr-on-ecs/user-guide/use-a-custom-ecs-application-role-to-access-other-cloud-resources-in-your-alibaba-cloud-account-19
https://www.alibabacloud.com/help/en/emr/emr-serverless-spark/user-guide/executive-role
"""

from __future__ import annotations

from collections.abc import Iterator

from rolemend.account.interface import Absent, AttachedPolicy, Known, Role
from rolemend.audit import guides
from rolemend.audit.answers import failed, not_applicable, passed, unknown, unread
from rolemend.audit.facts import Facts, Users
from rolemend.audit.model import Finding, Place
from rolemend.checklist.cluster_roles import nearest_name
from rolemend.checklist.facts import EMR_SERVICE_ROLE
from rolemend.checklist.mending import make_default_role, trust_in_role
from rolemend.checklist.model import Evidence
from rolemend.checklist.releases import parse_release, trust_rule
from rolemend.checklist.spark_facts import DEFAULT_ROLE
from rolemend.checklist.trust import SPARK, trusted_services
from rolemend.fix.model import CreateRole, Fix
from rolemend.fix.own import is_own_role
from rolemend.fix.spark import make_execution_role
from rolemend.policy import Policy, PolicyError, parse_policy
from rolemend.text import Text, text

NEWEST = (5, 20, 0)
"""Releases above this one were not there when this table was made: they are judged as the newest known, with a note."""


def cluster_roles(facts: Facts) -> Iterator[Finding]:
    """Each cluster names a role that exists."""
    for cluster_id, region, cluster in facts.clusters:
        place = facts.place("cluster", cluster_id, region)
        if not isinstance(cluster, Known):
            said = text("Cluster {cluster} could not be read.", cluster=cluster_id)
            yield unread(guides.CLUSTER_ROLE, place, cluster, said)
        elif not cluster.value.role:
            said = text("Cluster {cluster} tells no ECS application role.", cluster=cluster_id)
            yield not_applicable(guides.CLUSTER_ROLE, place, said)
        else:
            service = trust_rule(cluster.value.release)
            made = CreateRole(role=cluster.value.role, services=(service.service,)) if service else None
            yield _exists(facts, guides.CLUSTER_ROLE, place, cluster.value.role, made)


def workspace_roles(facts: Facts) -> Iterator[Finding]:
    """Each workspace has an execution role that exists, and that trusts Serverless Spark."""
    for workspace_id, region, workspace in facts.workspaces:
        place = facts.place("workspace", workspace_id, region)
        if not isinstance(workspace, Known):
            said = text("Workspace {workspace} could not be read.", workspace=workspace_id)
            yield unread(guides.WORKSPACE_ROLE, place, workspace, said)
            continue
        name = workspace.value.role or DEFAULT_ROLE
        yield _exists(facts, guides.WORKSPACE_ROLE, place, name, make_execution_role(name))
    for users in facts.users.values():
        if users.workspaces and isinstance(facts.role(users.name), Known):
            yield _trusts_spark(facts, users)


def _exists(facts: Facts, check: str, place: Place, name: str, made: Fix | None) -> Finding:
    role = facts.role(name)
    if isinstance(role, Known):
        return passed(check, place, text("The role {role} exists.", role=role.value.name), subject=name)
    if not isinstance(role, Absent):
        said = text("Whether the role {role} exists could not be read.", role=name)
        return unread(check, place, role, said, subject=name)
    fix = None if is_own_role(name) else make_default_role(name) or made
    said = text(
        "{place} names the role {role}, which does not exist (any more).", place=place.name, role=name
    )
    return failed(check, place, said, _near(facts, name), subject=name, fix=fix)


def _near(facts: Facts, name: str) -> tuple[Evidence, ...]:
    near = nearest_name(name, facts.reads.get("role_names"))
    return (Evidence(text("The role of the nearest name is {near}.", near=near)),) if near else ()


def _trusts_spark(facts: Facts, users: Users) -> Finding:
    role = facts.role(users.name)
    assert isinstance(role, Known)
    place = facts.place("role", role.value.name)
    try:
        trusted = trusted_services(role.value.trust_policy)
    except PolicyError as error:
        return unknown(guides.WORKSPACE_TRUST, place, _does_not_parse(role.value.name, error))
    evidence = (_trusted(role.value.name, trusted), _used_by(users))
    values = {"role": role.value.name, "service": SPARK}
    if SPARK in trusted:
        return passed(guides.WORKSPACE_TRUST, place, text("{role} trusts {service}.", **values), evidence)
    return failed(
        guides.WORKSPACE_TRUST,
        place,
        text("{role} exists, but does not trust {service}, so that no job can act as it.", **values),
        evidence,
        fix=_trust_fix(role.value, SPARK),
    )


def trust_by_release(facts: Facts) -> Iterator[Finding]:
    """Each ECS application role trusts the service that every release in use needs."""
    for users in facts.users.values():
        role = facts.role(users.name)
        if not users.clusters or isinstance(role, Absent):
            continue
        place = facts.place("role", facts.role_name(users.name))
        if not isinstance(role, Known):
            said = text("The trust policy of {role} could not be read.", role=users.name)
            yield unread(guides.TRUST, place, role, said)
        else:
            yield from _trust_of(place, role.value, users)


def _trust_of(place: Place, role: Role, users: Users) -> Iterator[Finding]:
    needed, nameless = _needed(users)
    for release in nameless:
        said = text("The release {release} is not known.", release=release or "-")
        yield unknown(guides.TRUST, place, said, (_used_by(users),), subject=release or "-")
    if not needed:
        return
    try:
        trusted = trusted_services(role.trust_policy)
    except PolicyError as error:
        yield unknown(guides.TRUST, place, _does_not_parse(role.name, error))
        return
    evidence = (_trusted(role.name, trusted), _used_by(users), *_disputed(needed))
    missing = [service for service in needed if service not in trusted]
    if not missing:
        values = {"role": role.name, "services": ", ".join(needed)}
        said = text("{role} trusts {services}, as the releases of its clusters need.", **values)
        yield passed(guides.TRUST, place, said, evidence)
        return
    releases = ", ".join(release for service in missing for release in needed[service])
    values = {"role": role.name, "services": ", ".join(missing), "releases": releases}
    said = text("{role} does not trust {services}, which {releases} need.", **values)
    yield failed(guides.TRUST, place, said, evidence, fix=_trust_fix(role, missing[0]))


def _needed(users: Users) -> tuple[dict[str, list[str]], list[str]]:
    """The releases in use by the service that each needs, and those that nobody can place."""
    needed: dict[str, list[str]] = {}
    nameless: list[str] = []
    for release in dict.fromkeys(each.release for each in users.clusters):
        rule = trust_rule(release)
        if rule is None:
            nameless.append(release)
        else:
            needed.setdefault(rule.service, []).append(release)
    return needed, nameless


def _disputed(needed: dict[str, list[str]]) -> tuple[Evidence, ...]:
    found = []
    for service, releases in needed.items():
        for release in releases:
            rule = trust_rule(release)
            if rule is not None and rule.contested:
                found.append(Evidence(text(
                    "The documentation's pages do not agree about {release}; most of them want {service} to be "
                    "trusted.",
                    release=release, service=service,
                )))  # fmt: skip
    return tuple(found)


def new_releases(facts: Facts) -> Iterator[Text]:
    """A note on each release that is newer than any that was known when this was written."""
    found = {each.value.release for _, _, each in facts.clusters if isinstance(each, Known)}
    for release in sorted(found):
        numbers = parse_release(release)
        if numbers is not None and numbers > NEWEST:
            yield text(
                "Release {release} is newer than this version of Rolemend knows: it is judged as the newest that is "
                "known.",
                release=release,
            )


def _trust_fix(role: Role, service: str) -> Fix | None:
    """A default role is not edited: its authorization makes it anew."""
    if is_own_role(role.name):
        return None
    return make_default_role(role.name) or trust_in_role(role, service)


def default_roles(facts: Facts) -> Iterator[Finding]:
    """The default roles that are in use exist under their names and are as Alibaba Cloud made them.

    One that a cluster or workspace names and that is gone is told by their own checks.
    """
    if any(isinstance(each, Known) for _, _, each in facts.clusters):
        yield _default_role(facts, EMR_SERVICE_ROLE, is_named=False)
    for users in facts.users.values():
        if make_default_role(users.name) is not None and users.name.lower() != EMR_SERVICE_ROLE.lower():
            yield _default_role(facts, users.name, is_named=True)


def _default_role(facts: Facts, name: str, *, is_named: bool) -> Finding:
    role, place = facts.role(name), facts.place("role", facts.role_name(name))
    policies = facts.policies("role", name)
    if isinstance(role, Absent):
        said = text(
            "The default role {role} does not exist: it was deleted, or made under another name.", role=name
        )
        if is_named:
            return not_applicable(guides.DEFAULT_ROLE, place, text("The role does not exist."))
        return failed(guides.DEFAULT_ROLE, place, said, _near(facts, name), fix=make_default_role(name))
    if not isinstance(role, Known):
        said = text("The default role {role} could not be read.", role=name)
        return unread(guides.DEFAULT_ROLE, place, role, said)
    if not isinstance(policies, Known):
        said = text("The policies of {who} could not be read.", who=role.value.name)
        return unread(guides.DEFAULT_ROLE, place, policies, said)
    return _as_made(place, role.value, policies.value)


def _as_made(place: Place, role: Role, policies: tuple[AttachedPolicy, ...]) -> Finding:
    made = make_default_role(role.name)
    assert made is not None
    try:
        strangers = _strangers(parse_policy(role.trust_policy, "trust"), made.services)
        trusted = trusted_services(role.trust_policy)
    except PolicyError as error:
        return unknown(guides.DEFAULT_ROLE, place, _does_not_parse(role.name, error))
    names = {each.name.lower() for each in policies if each.type == "System"}
    evidence = [
        Evidence(text("{what} is not attached any more.", what=each))
        for each in made.policies
        if each.lower() not in names
    ]
    added = [each.name for each in policies if each.name.lower() not in {p.lower() for p in made.policies}]
    evidence += [Evidence(text("{what} was attached.", what=each)) for each in added]
    evidence += [
        Evidence(text("{what} is not trusted any more.", what=each))
        for each in made.services
        if each not in trusted
    ]
    evidence += [Evidence(text("{what} is trusted too.", what=each)) for each in strangers]
    if not evidence:
        said = text("The default role {role} is as Alibaba Cloud made it.", role=role.name)
        return passed(guides.DEFAULT_ROLE, place, said)
    said = text("The default role {role} was edited.", role=role.name)
    return failed(guides.DEFAULT_ROLE, place, said, tuple(evidence), fix=made)


def _strangers(trust: Policy, services: tuple[str, ...]) -> list[str]:
    """Whom a trust policy lets in beside these services."""
    found: list[str] = []
    for statement in trust.statements:
        named = statement.principals
        if not statement.denies and named is not None:
            found += [each for each in named.service if each not in services]
            found += [*named.ram, *named.federated]
    return list(dict.fromkeys(found))


def _does_not_parse(role: str, error: PolicyError) -> Text:
    return text("The trust policy of {role} does not parse: {why}", role=role, why=error)


def _trusted(role: str, services: list[str]) -> Evidence:
    return Evidence(text("{role} trusts: {services}", role=role, services=", ".join(services) or "-"))


_SHOWN = 10
"""How many users of a role a sentence names."""


def _used_by(users: Users) -> Evidence:
    names = [
        *(f"{each.id} ({each.release})" for each in users.clusters),
        *(each.id for each in users.workspaces),
    ]
    more = f" (+{len(names) - _SHOWN})" if len(names) > _SHOWN else ""
    return Evidence(text("Used by: {users}", users=", ".join(names[:_SHOWN]) + more))
