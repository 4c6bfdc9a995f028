"""FAQ 2, item 2: the principal's policy must list the bucket as a resource, in both forms, for the action.

https://www.alibabacloud.com/help/en/emr/emr-on-ecs/user-guide/use-a-custom-ecs-application-role-to-access-other-cloud-resources-in-your-alibaba-cloud-account-19

One question with these outcomes: no policy is attached; the bucket is not listed, or one of its two forms is not; it
is listed with a character that only looks right; the action is missing; a statement denies outright; the connection
was not HTTPS; and an AccessKey was used on a node whose own role would have been allowed.
"""

from __future__ import annotations

import msgspec

from rolemend.account.interface import Cluster, Known
from rolemend.checklist.answers import Name, failed, not_applicable, passed, unknown, unread
from rolemend.checklist.decision import (
    TOLD,
    decide_identity,
    identity_sources,
    is_denied_for_http,
    nearest_misses,
    unsure_statements,
)
from rolemend.checklist.facts import NODE_SESSION, BucketFacts
from rolemend.checklist.grants import HTTPS_SETTING, bucket_grant, group_words
from rolemend.checklist.mending import grant, lift_deny, make_default_role, set_core_site
from rolemend.checklist.model import REPORTED, Advice, Evidence, Finding, ListBucket, Remedy
from rolemend.fix.model import GrantPolicy
from rolemend.policy import Decision, NearMiss, PolicyError
from rolemend.policy.actions import group_of
from rolemend.signals.denial import Denial, DeniedPrincipal
from rolemend.text import Text, text

RESOURCE_LIST: Name = ("resource-list", "2.2")


def ask_resource_list(facts: BucketFacts) -> Finding:
    """Decide the call over the principal's own policies, and name what the nearest statement lacks."""
    denial, policies = facts.denial, facts.policies
    who = acting(facts)
    if denial.principal.type == "anonymous":
        return not_applicable(
            RESOURCE_LIST, text("The request was anonymous: no policy of RAM speaks for it.")
        )
    if not isinstance(policies, Known):
        return unread(RESOURCE_LIST, policies, text("The policies of {who} could not be read.", who=who))
    try:
        decision = decide_identity(denial, policies.value)
        misses = nearest_misses(denial, policies.value, decision)
        plain = is_denied_for_http(denial, identity_sources(policies.value))
    except PolicyError as error:
        return unknown(RESOURCE_LIST, text("A policy of {who} does not parse: {why}", who=who, why=error))
    names = ", ".join(policy.name for policy in policies.value) or "-"
    attached = Evidence(text("Attached to {who}: {policies}", who=who, policies=names))
    evidence = (attached, *(Evidence(miss.text) for miss in misses[:TOLD]), *_acted(facts))
    if decision.outcome == "explicit_deny":
        return _denied(facts, who, decision, evidence, plain)
    if facts.is_foreign():
        return not_applicable(
            RESOURCE_LIST,
            text(
                "Bucket {bucket} belongs to account {owner}: policies of account {account} grant nothing on it.",
                bucket=facts.target.bucket,
                owner=facts.owner,
                account=denial.principal.account,
            ),
        )
    return _decided(facts, who, decision, evidence, misses)


def acting(facts: BucketFacts) -> str:
    """The principal as people know it."""
    return facts.denial.principal.name or facts.denial.principal.id or facts.denial.principal.type


def _acted(facts: BucketFacts) -> tuple[Evidence, ...]:
    """Which role really acted: what the log tells of its session."""
    who = facts.denial.principal
    if who.type != "assumed_role":
        return ()
    if not who.session.startswith(NODE_SESSION):
        said = text("Role {role} acted, in the session {session}.", role=who.name, session=who.session or "-")
        return (Evidence(said, REPORTED),)
    instance = who.session.removeprefix(NODE_SESSION)
    said = text("Role {role} acted, attached to ECS instance {instance}.", role=who.name, instance=instance)
    return (Evidence(said, REPORTED),)


def _decided(
    facts: BucketFacts,
    who: str,
    decision: Decision,
    evidence: tuple[Evidence, ...],
    misses: tuple[NearMiss, ...],
) -> Finding:
    values = {"who": who, "action": facts.denial.action, "bucket": facts.target.bucket}
    if decision.outcome == "allow":
        return passed(
            RESOURCE_LIST,
            text("The policies of {who} allow {action} on bucket {bucket}.", **values),
            evidence,
        )
    if decision.outcome == "unknown":
        return unknown(
            RESOURCE_LIST,
            _hangs(who, facts.denial.action, decision),
            evidence,
        )
    if _role_would_do(facts):
        return _wrong_identity(facts, who, evidence)
    lacking = text(_lack(facts, misses).template, **values, group=group_words(facts.denial.action))
    return failed(RESOURCE_LIST, lacking, evidence, "permission_missing", _remedy(facts, who), _grant(facts))


def _hangs(who: str, action: str, decision: Decision) -> Text:
    if decision.unknown_keys:
        return text(
            "Whether the policies of {who} allow {action} hangs on what the log does not tell: {keys}",
            who=who,
            action=action,
            keys=", ".join(decision.unknown_keys),
        )
    return text(
        "Whether the policies of {who} allow {action} hangs on what statement {statement} means, which no page of the "
        "documentation says.",
        who=who,
        action=action,
        statement=unsure_statements(decision) or "-",
    )


def _lack(facts: BucketFacts, misses: tuple[NearMiss, ...]) -> Text:
    """The one sentence that says what is missing."""
    if isinstance(facts.policies, Known) and not facts.policies.value:
        return _NOT_ATTACHED
    codes = [miss.code for miss in misses]
    first = _BY_CODE.get(codes[0]) if codes else None
    if first is not None:
        return first
    if "action" in codes and len(group_of(facts.denial.action)) > 1:
        return _ACTION
    return _NOTHING


_NOTHING = text("No policy of {who} allows {action} on bucket {bucket}.")
_NOT_ATTACHED = text("No policy is attached to {who}, so nothing allows {action} on bucket {bucket}.")
_ACTION = text(
    "A policy of {who} lists bucket {bucket}, but not {action}. A job needs these together: {group}"
)
_BY_CODE = {
    "bucket_form": text(
        "A policy of {who} lists the objects in bucket {bucket}, but not the bucket itself, on which {action} "
        "is checked."
    ),
    "object_form": text(
        "A policy of {who} lists bucket {bucket} itself, but not the objects in it, on which {action} is checked."
    ),
    "resource_look_alike": text(
        "A policy of {who} lists bucket {bucket} with a character that only looks right, so it does not allow "
        "{action}."
    ),
    "action_look_alike": text(
        "A policy of {who} lists {action} with a character that only looks right, so it allows nothing on bucket "
        "{bucket}."
    ),
}


def _denied(
    facts: BucketFacts, who: str, decision: Decision, evidence: tuple[Evidence, ...], plain: bool
) -> Finding:
    policy = decision.decided_by.policy if decision.decided_by else ""
    values = {"policy": policy, "who": who, "action": facts.denial.action, "bucket": facts.target.bucket}
    if plain:
        said = text(
            "Policy {policy} denies {who} every request without HTTPS, and this one used HTTP.", **values
        )
        return failed(RESOURCE_LIST, said, evidence, "https_required", https_advice(facts))
    return failed(
        RESOURCE_LIST,
        text("Policy {policy} denies {who} {action} on bucket {bucket} outright.", **values),
        evidence,
        "identity_policy_deny",
        Advice(
            statement=text(
                "Change the Deny statement in policy {policy}; granting more does not help.", policy=policy
            ),
            fix=lift_deny(
                facts.policies.value if isinstance(facts.policies, Known) else (),
                decision,
                facts.denial.principal,
            ),
        ),
    )


def https_advice(facts: BucketFacts) -> Advice:
    return Advice(
        statement=text(
            "Make the job use HTTPS: set fs.oss.https.enable to true in core-site.xml and restart the services "
            "that use "
            "it."
        ),
        document=HTTPS_SETTING,
        fix=set_core_site(facts, {"fs.oss.https.enable": "true"}),
    )


def _role_would_do(facts: BucketFacts) -> bool:
    """Whether the role of the node would have been allowed what the RAM user, whose key was used there, was not."""
    if not isinstance(facts.cluster, Known) or not isinstance(facts.node_policies, Known):
        return False
    who = facts.denial.principal
    if who.type != "ram_user":
        return False
    try:
        return (
            decide_identity(_as_role(facts, facts.cluster.value), facts.node_policies.value).outcome
            == "allow"
        )
    except PolicyError:
        return False


def _as_role(facts: BucketFacts, cluster: Cluster) -> Denial:
    """The same call, had the cluster's role made it."""
    role = DeniedPrincipal(type="assumed_role", account=facts.denial.principal.account, name=cluster.role)
    return msgspec.structs.replace(facts.denial, principal=role)


def _wrong_identity(facts: BucketFacts, who: str, evidence: tuple[Evidence, ...]) -> Finding:
    assert isinstance(facts.cluster, Known)
    cluster = facts.cluster.value
    values = {"who": who, "cluster": cluster.id, "role": cluster.role, "action": facts.denial.action}
    address = facts.denial.conditions.get("acs:SourceIp", "")
    node = text("The request came from {address}, a node of cluster {cluster}.", address=address, **values)
    return failed(
        RESOURCE_LIST,
        text(
            "RAM user {who} acted on a node of cluster {cluster}, not the cluster's role {role}, whose policies allow "
            "{action}.",
            **values,
        ),
        (Evidence(node), *evidence),
        "client_configuration",
        Advice(
            statement=text(
                "Take the AccessKey of {who} out of the job and of core-site.xml (fs.oss.accessKeyId and "
                "fs.oss.accessKeySecret), so that the nodes use role {role}; or grant {who} the access instead.",
                **values,
            ),
            fix=set_core_site(facts, {}, ("fs.oss.accessKeyId", "fs.oss.accessKeySecret")),
        ),
    )


def _grant(facts: BucketFacts) -> GrantPolicy | None:
    """A policy of one's own for the bucket: what a person gives where no policy may be extended.

    None for a bucket that was not read or is another account's, as its name in a log proves nothing; and for a default
    role of EMR, which is not to be edited.
    """
    bucket = facts.target.bucket
    if make_default_role(facts.denial.principal.name) is not None:
        return None
    if not isinstance(facts.bucket, Known) or facts.bucket.value.owner != facts.denial.account:
        return None
    return grant(facts.denial.principal, bucket_grant(facts.denial.action, bucket), bucket)


def _remedy(facts: BucketFacts, who: str) -> Remedy:
    """Only a role's policy is ever mended; what a person may do is a person's matter."""
    denial, bucket = facts.denial, facts.target.bucket
    unattached = isinstance(facts.policies, Known) and not facts.policies.value
    if denial.principal.type == "assumed_role" and not unattached:
        return ListBucket(role=denial.principal.name, bucket=bucket, action=denial.action)
    values = {"bucket": bucket, "who": who, "action": denial.action}
    statement = (
        text("Create a policy that lists bucket {bucket} for {action}, and attach it to {who}.", **values)
        if unattached
        else text("List bucket {bucket} in a policy of {who} that allows {action}.", **values)
    )
    return Advice(statement=statement, document=bucket_grant(denial.action, bucket), fix=_grant(facts))
