"""FAQ: "Why can't I access an OSS bucket from Hadoop Distributed File System (HDFS)?"

https://www.alibabacloud.com/help/en/emr/emr-on-ecs/user-guide/use-a-custom-ecs-application-role-to-access-other-cloud-resources-in-your-alibaba-cloud-account-19
"""

from __future__ import annotations

from rolemend.account.interface import Absent, Known
from rolemend.checklist.answers import failed, passed, unknown, unread
from rolemend.checklist.decision import decide_bucket_policy, decide_identity, nearest_statements
from rolemend.checklist.facts import BucketFacts, changed_since, endpoint_region
from rolemend.checklist.model import (
    REPORTED,
    Advice,
    Check,
    Diagnosis,
    Evidence,
    Finding,
    ListBucket,
    Remedy,
    conclude,
)
from rolemend.policy import Decision, PolicyError
from rolemend.signals.oss_access_log import WRONG_ENDPOINT
from rolemend.text import text

ID = "oss-access"
BUCKET_POLICY_DENY = ("0003-00000101", "0003-00000203")
"""ECs by which OSS reports that the bucket policy denied. https://help.aliyun.com/zh/oss/support/error-codes"""


def diagnose_oss_access(facts: BucketFacts) -> Diagnosis:
    """Ask every check in the FAQ's order."""
    changed = changed_since(facts.denial.time, facts.policies)
    return conclude(ID, tuple(check.ask(facts) for check in CHECKS), changed_since=changed)


def ask_region(facts: BucketFacts) -> Finding:
    """FAQ 2, item 1: the bucket must be in the cluster's region, or its endpoint must stand in the path."""
    target = facts.target
    region = facts.bucket.value.region if isinstance(facts.bucket, Known) else target.region
    reached = endpoint_region(target.host)
    evidence = _region_evidence(facts, region)
    if facts.denial.detail_code == WRONG_ENDPOINT or (reached and region and reached != region):
        return failed(
            REGION,
            text(
                "Bucket {bucket} is in {region}; the request went to {host}.",
                bucket=target.bucket,
                region=region,
                host=target.host,
            ),
            evidence,
            "wrong_endpoint",
            Advice(
                statement=_endpoint_advice(facts, region),
                document=f"oss://{target.bucket}.oss-{region}.aliyuncs.com/",
            ),
        )
    if not region or not reached:
        return unknown(
            REGION,
            text("The log does not tell which region was asked ({host}).", host=target.host or "-"),
            evidence,
        )
    return passed(
        REGION,
        text("The request reached {region}, where bucket {bucket} is.", region=region, bucket=target.bucket),
        evidence,
    )


def _endpoint_advice(facts: BucketFacts, region: str):  # type: ignore[no-untyped-def]
    """Another region has only the public endpoint, which a node without a public IP cannot reach.

    https://help.aliyun.com/en/oss/user-guide/regions-and-endpoints
    """
    return text(
        "Put the bucket's endpoint into the path: {path} (or set fs.oss.bucket.{bucket}.endpoint to {endpoint} in "
        "core-site.xml). From another region only this public endpoint works, and the nodes need a public IP address.",
        path=f"oss://{facts.target.bucket}.oss-{region}.aliyuncs.com/",
        bucket=facts.target.bucket,
        endpoint=f"oss-{region}.aliyuncs.com",
    )


def _region_evidence(facts: BucketFacts, region: str) -> tuple[Evidence, ...]:
    found = []
    if isinstance(facts.bucket, Known):
        found.append(
            Evidence(text("Bucket {bucket} is in {region}.", bucket=facts.target.bucket, region=region))
        )
    else:
        found.append(
            Evidence(
                text(
                    "The access log says that bucket {bucket} is in {region}.",
                    bucket=facts.target.bucket,
                    region=region,
                ),
                REPORTED,
            )
        )
    if isinstance(facts.cluster, Known):
        cluster = facts.cluster.value
        found.append(
            Evidence(
                text(
                    "Cluster {cluster} ({name}) with this role is in {region}.",
                    cluster=cluster.id,
                    name=cluster.name,
                    region=cluster.region,
                )
            )
        )
    if facts.denial.detail_code:
        found.append(Evidence(text("OSS reported EC {ec}.", ec=facts.denial.detail_code), REPORTED))
    return tuple(found)


def ask_resource_list(facts: BucketFacts) -> Finding:
    """FAQ 2, item 2: the policy must list the bucket as a resource, in both forms."""
    denial, policies = facts.denial, facts.policies
    who = denial.principal.name or denial.principal.id or denial.principal.type
    if not isinstance(policies, Known):
        return unread(RESOURCE_LIST, policies, text("The policies of {who} could not be read.", who=who))
    try:
        decision = decide_identity(denial, policies.value)
        nearest = nearest_statements(denial, policies.value, decision)
    except PolicyError as error:
        return unknown(RESOURCE_LIST, text("A policy of {who} does not parse: {why}", who=who, why=error))
    names = ", ".join(policy.name for policy in policies.value) or "-"
    attached = Evidence(text("Attached to {who}: {policies}", who=who, policies=names))
    evidence = (attached, *map(Evidence, nearest))
    return _resource_finding(facts, who, decision, evidence)


def _resource_finding(
    facts: BucketFacts, who: str, decision: Decision, evidence: tuple[Evidence, ...]
) -> Finding:
    action, bucket = facts.denial.action, facts.target.bucket
    if decision.outcome == "allow":
        return passed(
            RESOURCE_LIST,
            text(
                "The policies of {who} allow {action} on bucket {bucket}.",
                who=who,
                action=action,
                bucket=bucket,
            ),
            evidence,
        )
    if decision.outcome == "unknown":
        return unknown(
            RESOURCE_LIST,
            text(
                "Whether the policies of {who} allow {action} hangs on what the log does not tell: {keys}",
                who=who,
                action=action,
                keys=", ".join(decision.unknown_keys),
            ),
            evidence,
        )
    if decision.outcome == "explicit_deny":
        policy = decision.decided_by.policy if decision.decided_by else ""
        return failed(
            RESOURCE_LIST,
            text(
                "Policy {policy} denies {who} {action} on bucket {bucket} outright.",
                policy=policy,
                who=who,
                action=action,
                bucket=bucket,
            ),
            evidence,
            "identity_policy_deny",
            Advice(
                statement=text(
                    "Change the Deny statement in policy {policy}; granting more does not help.",
                    policy=policy,
                )
            ),
        )
    return failed(
        RESOURCE_LIST,
        text("No policy of {who} allows {action} on bucket {bucket}.", who=who, action=action, bucket=bucket),
        evidence,
        "permission_missing",
        _resource_remedy(facts, who),
    )


def _resource_remedy(facts: BucketFacts, who: str) -> Remedy:
    """Only a role's policy is ever mended; what a person may do is a person's matter."""
    if facts.denial.principal.type == "assumed_role":
        return ListBucket(
            role=facts.denial.principal.name, bucket=facts.target.bucket, action=facts.denial.action
        )
    return Advice(
        statement=text(
            "List bucket {bucket} in a policy of {who} that allows {action}.",
            bucket=facts.target.bucket,
            who=who,
            action=facts.denial.action,
        )
    )


def ask_bucket_level(facts: BucketFacts) -> Finding:
    """FAQ 2, item 3: permissions set on the bucket itself must not conflict with the policy."""
    policy, bucket = facts.bucket_policy, facts.target.bucket
    if isinstance(policy, Absent):
        return _without_bucket_policy(facts)
    if not isinstance(policy, Known):
        return unread(
            BUCKET_LEVEL, policy, text("The bucket policy of {bucket} could not be read.", bucket=bucket)
        )
    try:
        decision = decide_bucket_policy(facts.denial, policy.value)
    except PolicyError as error:
        return unknown(
            BUCKET_LEVEL,
            text("The bucket policy of {bucket} does not parse: {why}", bucket=bucket, why=error),
        )
    if decision.outcome == "explicit_deny" and decision.decided_by is not None:
        statement = quote_statement(policy.value, decision.decided_by.statement)
        return failed(
            BUCKET_LEVEL,
            text(
                "Statement {number} of the bucket policy of {bucket} denies {action}.",
                number=decision.decided_by.statement,
                bucket=bucket,
                action=facts.denial.action,
            ),
            (Evidence(text("The statement is: {statement}", statement=statement)), *_reported(facts)),
            "bucket_policy_deny",
            Advice(
                statement=text(
                    "Remove the statement from the bucket policy of {bucket}, or except the role from it, and manage "
                    "access through the Action field of the RAM policy.",
                    bucket=bucket,
                ),
                document=statement,
            ),
        )
    if decision.outcome == "unknown":
        return unknown(
            BUCKET_LEVEL,
            text(
                "Whether the bucket policy of {bucket} denies the call hangs on what the log does not tell: {keys}",
                bucket=bucket,
                keys=", ".join(decision.unknown_keys),
            ),
        )
    return _without_bucket_policy(facts)


def _without_bucket_policy(facts: BucketFacts) -> Finding:
    """No Deny stands there now; if OSS reported one, it has gone since or cannot be seen."""
    bucket = facts.target.bucket
    if facts.denial.detail_code in BUCKET_POLICY_DENY:
        return unknown(
            BUCKET_LEVEL,
            text(
                "OSS reported a denial by the bucket policy of {bucket}, which has no such statement now.",
                bucket=bucket,
            ),
            _reported(facts),
        )
    return passed(
        BUCKET_LEVEL,
        text("No bucket policy statement of {bucket} denies the call.", bucket=bucket),
        _reported(facts),
    )


def _reported(facts: BucketFacts) -> tuple[Evidence, ...]:
    code = facts.denial.detail_code
    return (Evidence(text("OSS reported EC {ec}.", ec=code), REPORTED),) if code else ()


def quote_statement(document: str, index: int) -> str:
    """One statement of a policy as it stands there, as indented JSON."""
    import json

    statements = json.loads(document).get("Statement", [])
    chosen = statements[index] if isinstance(statements, list) else statements
    return json.dumps(chosen, ensure_ascii=False, indent=2)


REGION = ("region", "2.1")
RESOURCE_LIST = ("resource-list", "2.2")
BUCKET_LEVEL = ("bucket-level", "2.3")

CHECKS: tuple[Check[BucketFacts], ...] = (
    Check(*REGION, text("Is the bucket in the cluster's region, or its endpoint in the path?"), ask_region),
    Check(
        *RESOURCE_LIST,
        text("Does the policy list the bucket as a resource, for this action?"),
        ask_resource_list,
    ),
    Check(
        *BUCKET_LEVEL, text("Do permissions on the bucket itself conflict with the policy?"), ask_bucket_level
    ),
)
