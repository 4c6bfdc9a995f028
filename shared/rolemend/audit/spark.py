"""Checks of Serverless Spark's workspaces: the execution role against the default role's policy, and the directory.

Custom execution roles are static; the default role's policy grows with the service:
https://www.alibabacloud.com/help/en/emr/emr-serverless-spark/user-guide/executive-role
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from rolemend.account.interface import Absent, AttachedPolicy, Known, Reading, Unread, Workspace
from rolemend.account.surveyed import PolicyText
from rolemend.audit import guides
from rolemend.audit.answers import failed, not_applicable, passed, unknown, unread, why
from rolemend.audit.facts import Facts, Users
from rolemend.audit.model import Finding, Place
from rolemend.audit.sweep import directory_bucket
from rolemend.checklist.grants import policy_document_of
from rolemend.checklist.model import FAILED, PASSED, UNKNOWN, Advice, Evidence
from rolemend.checklist.spark_directory import ask_workspace_directory
from rolemend.checklist.spark_facts import DEFAULT_POLICY, DEFAULT_ROLE, Directory, JobFacts
from rolemend.fix.model import GrantPolicy, Holder
from rolemend.fix.names import policy_name
from rolemend.fix.own import is_own_role
from rolemend.policy import Policy, PolicyError, Statement, parse_policy
from rolemend.policy.actions import CHECKED_AS, WRITE, bucket_entries
from rolemend.policy.comparison import Comparison, Difference, difference
from rolemend.policy.oss_names import KNOWN
from rolemend.policy.region import Region
from rolemend.policy.scan import covers
from rolemend.policy.wording import UNKNOWN_REASONS
from rolemend.signals.denial import Denial, DeniedPrincipal, JobTarget
from rolemend.text import text

_SHOWN = 12
"""How many actions a sentence names."""


def execution_rights(facts: Facts) -> Iterator[Finding]:
    """Custom execution roles against the live policy of the default role, both ways."""
    default: Reading[PolicyText] = facts.reads.get("document", "System", DEFAULT_POLICY)
    compared: dict[tuple[str, ...], Comparison] = {}
    wanted = _parsed(default)
    for users in facts.users.values():
        if not users.workspaces or users.name.lower() == DEFAULT_ROLE.lower():
            continue
        if isinstance(facts.role(users.name), Absent):
            continue
        place = facts.place("role", facts.role_name(users.name))
        policies = facts.policies("role", users.name)
        if not isinstance(wanted, Policy) or not isinstance(policies, Known):
            unknown_part: Reading[Any] = policies if isinstance(wanted, Policy) else wanted
            said = text("{role} could not be compared with {policy}.", role=place.name, policy=DEFAULT_POLICY)
            for check in (guides.EXECUTION_RIGHTS, guides.EXECUTION_EXTRA):
                yield unread(check, place, unknown_part, said)
            continue
        try:
            held = _joined(facts, policies.value)
        except PolicyError as error:
            said = text("A policy of {who} does not parse: {why}", who=place.name, why=error)
            for check in (guides.EXECUTION_RIGHTS, guides.EXECUTION_EXTRA):
                yield unknown(check, place, said)
            continue
        key = _shape(policies.value)
        if key not in compared:
            compared[key] = Comparison(
                gained=difference(wanted, held, beyond=(_WRITING,), steps=STEPS),
                lost=difference(held, wanted, steps=STEPS),
            )
        yield _missing(facts, place, users, wanted, held, compared[key])
        yield _extra(place, compared[key])


def _parsed(default: Reading[PolicyText]) -> Policy | Absent | Unread:
    if not isinstance(default, Known):
        return default
    try:
        return _checked(parse_policy(default.value.document))
    except PolicyError as error:
        return Unread("GetPolicy", f"{DEFAULT_POLICY} does not parse: {error}")


_BUCKET = re.compile(r"(acs:oss:[^:\"]*:[^:\"]*:)([a-z0-9][a-z0-9\-]{1,61}[a-z0-9])(?=[/\"])")


def _shape(policies: Sequence[AttachedPolicy]) -> tuple[str, ...]:
    """The documents with their buckets numbered: the default policy names none, so roles that differ in the names of
    buckets alone differ from it alike, and are compared once."""
    numbers: dict[str, str] = {}

    def number(match: re.Match[str]) -> str:
        return match[1] + numbers.setdefault(match[2], f"bucket{len(numbers)}")

    return tuple(_BUCKET.sub(number, each.document) for each in policies)


_WRITING = Region(WRITE, ("*",))
"""What Hive and Spark need in order to write is no extra, although the default role's policy lacks some of it."""

STEPS = 2_000
"""How intricate a comparison may be; beyond it the answer is unknown, and actions alone are compared."""


def _joined(facts: Facts, policies: Sequence[AttachedPolicy]) -> Policy:
    """All policies of a role as one. Raises PolicyError."""
    sources = facts.sources(tuple(policies))
    return Policy("identity", tuple(each for source in sources for each in source.policy.statements))


def _checked(policy: Policy) -> Policy:
    """A policy without the names of actions that are never checked: nobody misses these."""
    statements = []
    for each in policy.statements:
        actions = tuple(action for action in each.actions if action.lower() not in CHECKED_AS)
        if actions:
            statements.append(msgspec.structs.replace(each, actions=actions))
    return Policy(policy.kind, tuple(statements))


def _missing(
    facts: Facts, place: Place, users: Users, wanted: Policy, held: Policy, compared: Comparison
) -> Finding:
    services = _services(facts, users)
    unlisted = _lacking(wanted, held)
    denied = _denied(wanted, held, frozenset(unlisted))
    lacking = [*unlisted, *denied]
    needed = [action for action in lacking if action.partition(":")[0].lower() in services]
    workspaces = ", ".join(each.id for each in users.workspaces)
    values = {"role": place.name, "policy": DEFAULT_POLICY, "workspaces": workspaces}
    evidence = [Evidence(text("Services in use: {services}", services=", ".join(sorted(services))))]
    if lacking:
        said = text("{policy} grants, and {role} does not: {actions}", actions=_some(lacking), **values)
        evidence.append(Evidence(said))
    if denied:
        said = text("A Deny of {role} takes away: {actions}", role=place.name, actions=_some(denied))
        evidence.append(Evidence(said))
    if not lacking and compared.lost.regions:
        evidence.append(Evidence(text("{role} has every action, but not on every resource.", **values)))
    if compared.lost.unknown:
        evidence.append(Evidence(UNKNOWN_REASONS[compared.lost.unknown]))
    if not needed:
        said = text("{role} has what the services of {workspaces} need of {policy}.", **values)
        return passed(guides.EXECUTION_RIGHTS, place, said, tuple(evidence))
    said = text(
        "{role} lacks {actions} of {policy}, which {workspaces} need.", actions=_some(needed), **values
    )
    granted = [action for action in needed if action not in denied]
    fix = _grant(facts, place.name, granted) if granted else None
    return failed(guides.EXECUTION_RIGHTS, place, said, tuple(evidence), fix=fix)


def _grant(facts: Facts, role: str, actions: Sequence[str]) -> GrantPolicy | None:
    """What is missing; of OSS on the buckets alone that the role's policies and workspaces name, where they do."""
    if is_own_role(role):
        return None
    buckets = facts.buckets_of_role.get(role.lower(), ())
    entries = tuple(entry for bucket in buckets for entry in bucket_entries(bucket))
    on_buckets = [each for each in actions if entries and each.lower().startswith("oss:")]
    others = [each for each in actions if each not in on_buckets]
    parts = [(on_buckets, entries), (others, ("*",))]
    document = policy_document_of([(each, resources) for each, resources in parts if each])
    return GrantPolicy(
        holder=Holder("role", role), policy=policy_name(role, "audit", "spark"), document=document
    )


def _services(facts: Facts, users: Users) -> set[str]:
    """The services whose rights matter: OSS, DLF's three where a catalog is set, KMS for encrypted buckets."""
    found = {"oss"}
    if any(each.catalog for each in users.workspaces):
        found |= {"dlf", "dlf-auth", "dlf-dss"}
    for bucket in facts.buckets_of_role.get(users.name.lower(), ()):
        settings = facts.settings(bucket)
        if isinstance(settings, Known) and settings.value.algorithm == "KMS" and settings.value.key:
            found.add("kms")
    return found


def _lacking(wanted: Policy, held: Policy) -> list[str]:
    """Actions of a policy, its wildcards expanded, that no Allow of another lists on any resource."""
    patterns = [
        pattern.lower()
        for each in held.statements
        if not each.denies and not each.negated_actions
        for pattern in each.actions
    ]
    plain = frozenset(patterns)
    wild = [each for each in patterns if "*" in each or "?" in each]
    open_ended = {each for each in wild if each.find("*") == len(each) - 1 and "?" not in each}
    begins = tuple(each[:-1] for each in open_ended)
    others = [each for each in wild if each not in open_ended]
    negated = [each for each in held.statements if each.negated_actions and not each.denies]
    return [
        action
        for action in _named(wanted)
        if not any(_lists(each, action) for each in negated)
        and (name := action.lower()) not in plain
        and not name.startswith(begins)
        and not any(covers(pattern, name) for pattern in others)
    ]


def _named(wanted: Policy) -> tuple[str, ...]:
    """Each action of a policy once, the wildcards of OSS expanded."""
    found = (name for each in wanted.statements for action in each.actions for name in _expanded(action))
    return tuple(dict.fromkeys(found))


def _denied(wanted: Policy, held: Policy, unlisted: frozenset[str]) -> list[str]:
    """Actions that an Allow lists, but a Deny without a condition takes away on every resource of each such Allow."""
    denies = [
        each for each in held.statements if each.denies and not each.conditions and not each.negated_resources
    ]
    if not denies:
        return []
    return [
        action for action in _named(wanted) if action not in unlisted and _is_denied(action, held, denies)
    ]


def _is_denied(action: str, held: Policy, denies: Sequence[Statement]) -> bool:
    taken = [pattern for each in denies if _lists(each, action) for pattern in each.resources]
    return bool(taken) and all(
        any(pattern == "*" or covers(pattern, resource) for pattern in taken)
        for each in held.statements
        if not each.denies and _lists(each, action)
        for resource in (("*",) if each.negated_resources else each.resources)
    )


def _lists(statement: Statement, action: str) -> bool:
    name = action.lower()
    return any(covers(each.lower(), name) for each in statement.actions) is not statement.negated_actions


def _expanded(action: str) -> Iterator[str]:
    """A pattern of OSS as the actions that the documentation lists; other services' patterns stay."""
    if "*" not in action or not action.lower().startswith("oss:"):
        yield action
        return
    yield from (name for lower, name in KNOWN.items() if covers(action.lower(), lower))


def _extra(place: Place, compared: Comparison) -> Finding:
    values = {"role": place.name, "policy": DEFAULT_POLICY}
    gained: Difference = compared.gained
    if gained.unknown:
        said = text("Whether {role} has more than {policy} grants could not be told.", **values)
        return unknown(guides.EXECUTION_EXTRA, place, said, (Evidence(UNKNOWN_REASONS[gained.unknown]),))
    if not gained.regions:
        said = text("{role} has no more than {policy} grants.", **values)
        return passed(guides.EXECUTION_EXTRA, place, said)
    actions = [action for region in gained.regions for action in region.actions]
    said = text("{role} has more than {policy} grants: {actions}", actions=_some(actions), **values)
    return failed(guides.EXECUTION_EXTRA, place, said)


def _some(actions: Sequence[str]) -> str:
    named = list(dict.fromkeys(actions))
    more = f" (+{len(named) - _SHOWN})" if len(named) > _SHOWN else ""
    return ", ".join(named[:_SHOWN]) + more


def workspace_directories(facts: Facts) -> Iterator[Finding]:
    """Each workspace's directory can be read and written by its execution role: the checklist's own question."""
    for workspace_id, region, workspace in facts.workspaces:
        if not isinstance(workspace, Known):
            continue  # told by the check of its role
        place = facts.place("workspace", workspace_id, region)
        yield _directory(facts, place, workspace)


def _directory(facts: Facts, place: Place, workspace: Known[Workspace]) -> Finding:
    bucket = directory_bucket(workspace.value)
    settings = facts.settings(bucket, place.region) if bucket else Absent()
    if isinstance(settings, Absent) and bucket:
        said = text("The directory of workspace {workspace} is in bucket {bucket}, which does not exist.",
                    workspace=place.name, bucket=bucket)  # fmt: skip
        return failed(guides.WORKSPACE_DIRECTORY, place, said, subject=bucket)
    found = ask_workspace_directory(_job_facts(facts, place, workspace))
    remedy = found.remedy.statement if isinstance(found.remedy, Advice) else None
    fix = found.fix or (found.remedy.fix if isinstance(found.remedy, Advice) else None)
    check = guides.WORKSPACE_DIRECTORY
    if found.answer == FAILED:
        if is_own_role(workspace.value.role):
            fix = None
        return failed(check, place, found.statement, found.evidence, subject=bucket, remedy=remedy, fix=fix)
    if found.answer == PASSED:
        return passed(check, place, found.statement, found.evidence, bucket)
    if found.answer == UNKNOWN:
        return unknown(check, place, found.statement, (*found.evidence, *why(settings)), bucket)
    return not_applicable(check, place, found.statement, bucket)


def _job_facts(facts: Facts, place: Place, workspace: Known[Workspace]) -> JobFacts:
    """The facts of a job in this workspace, as the checklist takes them."""
    role, bucket = workspace.value.role or DEFAULT_ROLE, directory_bucket(workspace.value)
    target = JobTarget(workspace=place.name, role=role, service="oss")
    denial = Denial(
        signal_id="audit",
        source="audit",
        account=facts.account,
        region=place.region,
        principal=DeniedPrincipal(type="assumed_role", account=facts.account, name=role),
        action="oss:PutObject",
        target=target,
        code="",
    )
    return JobFacts(
        denial=denial,
        target=target,
        workspace=workspace,
        role=facts.role(role),
        role_names=Absent(),
        role_policies=facts.policies("role", role),
        directory=_directory_of(facts, place, workspace.value, bucket) if bucket else None,
    )


def _directory_of(facts: Facts, place: Place, workspace: Workspace, bucket: str) -> Directory:
    settings = facts.settings(bucket, place.region)
    policy: Reading[str] = (
        settings if not isinstance(settings, Known) else facts.bucket_policy(settings.value)
    )
    live = Known(settings.value.bucket) if isinstance(settings, Known) else settings
    path = workspace.directory.removeprefix("oss://").partition("/")[2].strip("/")
    return Directory(bucket=bucket, path=f"{path}/" if path else "", live=live, policy=policy)
