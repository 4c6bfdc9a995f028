"""From what a check read to the typed fix that a person makes: exact documents, or None where they are not known."""

from __future__ import annotations

from collections.abc import Iterable

from rolemend.account.interface import AttachedPolicy, Known, Role
from rolemend.checklist.facts import BucketFacts
from rolemend.fix.model import (
    GROUP,
    ROLE,
    USER,
    CreateRole,
    DetachPolicy,
    Fix,
    GrantPolicy,
    Holder,
    ReplaceBucketPolicy,
    ReplacePolicy,
    ReplaceTrust,
    SetCoreSite,
)
from rolemend.policy import Decision, PolicyError, parse_policy
from rolemend.signals.denial import DeniedPrincipal


def holder_of(principal: DeniedPrincipal) -> Holder | None:
    """Who can be given a policy: a role or a RAM user; nobody for a root user, a service or a nameless caller."""
    if principal.type == "assumed_role":
        return Holder(ROLE, principal.name)
    return Holder(USER, principal.name) if principal.type == "ram_user" else None


def grant(principal: DeniedPrincipal, document: str, *parts: str) -> GrantPolicy | None:
    """A policy of one's own with this document, named after who gets it and what it is for."""
    from rolemend.fix.names import policy_name

    holder = holder_of(principal)
    if holder is None or not document:
        return None
    return GrantPolicy(holder=holder, policy=policy_name(holder.name, *parts), document=document)


def lift_deny(
    policies: Iterable[AttachedPolicy], decision: Decision, principal: DeniedPrincipal
) -> Fix | None:
    """The custom policy that denies, without the statement that does; None for a system policy, which stays."""
    from rolemend.fix.documents import without_statement

    by, holder = decision.decided_by, holder_of(principal)
    if by is None or holder is None:
        return None
    found = next((each for each in policies if (each.name, each.type) == (by.policy, "Custom")), None)
    if found is None:
        return None
    left = without_statement(found.document, by.statement)
    if left:
        return ReplacePolicy(policy=found.name, document=left)
    return DetachPolicy(holder=Holder(GROUP, found.via) if found.via else holder, policy=found.name)


def lift_bucket_deny(bucket: str, region: str, document: str, number: int) -> ReplaceBucketPolicy:
    """The bucket policy without the statement that denies."""
    from rolemend.fix.documents import without_statement

    left = without_statement(document, number)
    return ReplaceBucketPolicy(bucket=bucket, document=left, region=region)


def lift_only_deny(bucket: str, region: str, document: str) -> ReplaceBucketPolicy | None:
    """The same where the service reported a Deny that cannot be decided from here: certain if there is one alone."""
    try:
        statements = parse_policy(document, "bucket").statements
    except PolicyError:
        return None
    denying = [number for number, statement in enumerate(statements) if statement.denies]
    return lift_bucket_deny(bucket, region, document, denying[0]) if len(denying) == 1 else None


def admit_in_bucket_policy(
    bucket: str, region: str, document: str | None, statement: str
) -> ReplaceBucketPolicy | None:
    """The bucket policy with a statement more. `document` is today's, "" for none, None where it is not known."""
    from rolemend.fix.documents import with_statement

    if not statement:
        return None
    whole = with_statement(document or "", statement)
    return ReplaceBucketPolicy(bucket=bucket, document=whole, region=region, whole=document is not None)


def trust_in_role(role: Role, service: str) -> Fix | None:
    """The role's trust policy with a service more. A service-linked role is nobody's to edit."""
    from rolemend.policy.edit import EditError, trust_service
    from rolemend.policy.limits import dump

    if role.service_linked:
        return None
    try:
        return ReplaceTrust(role=role.name, document=dump(trust_service(role.trust_policy, service)))
    except (EditError, PolicyError):
        return None


def set_core_site(facts: BucketFacts, settings: dict[str, str], removed: tuple[str, ...] = ()) -> SetCoreSite:
    """Settings of the cluster whose node asked, as far as it is known."""
    cluster = facts.cluster.value if isinstance(facts.cluster, Known) else None
    return SetCoreSite(
        settings=settings,
        removed=removed,
        cluster=cluster.id if cluster else "",
        region=cluster.region if cluster else "",
    )


_DEFAULT_ROLES = {
    "aliyunemrdefaultrole": ("emr.aliyuncs.com", "AliyunEMRRolePolicy"),
    "aliyunecsinstanceforemrrole": ("ecs.aliyuncs.com", "AliyunECSInstanceForEMRRolePolicy"),
    "aliyunemrecsdefaultrole": ("emr.aliyuncs.com", "AliyunEMRECSRolePolicy"),
    "aliyunemrsparkjobrundefaultrole": (
        "spark.emr-serverless.aliyuncs.com",
        "AliyunEMRSparkJobRunDefaultRolePolicy",
    ),
}
"""https://www.alibabacloud.com/help/en/emr/emr-on-ecs/user-guide/emr-service-role-19 and, for Serverless Spark,
https://www.alibabacloud.com/help/en/emr/emr-serverless-spark/user-guide/executive-role"""


def make_default_role(name: str) -> CreateRole | None:
    """A default role of EMR as its authorization makes it; None for any other name."""
    known = _DEFAULT_ROLES.get(name.lower())
    return CreateRole(role=name, services=known[:1], policies=known[1:], default=True) if known else None
