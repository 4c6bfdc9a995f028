"""Execution roles, step 4: the workspace directory must be an OSS path that the execution role may read and write.

https://www.alibabacloud.com/help/en/emr/emr-serverless-spark/user-guide/executive-role . The service keeps the logs of
the jobs there, so that a job without these rights may fail before it begins.
"""

from __future__ import annotations

from rolemend.account.interface import Absent, AttachedPolicy, Bucket, Known, Unread
from rolemend.checklist.answers import Name, failed, not_applicable, passed, unknown, unread
from rolemend.checklist.decision import bucket_sources
from rolemend.checklist.grants import bucket_grant, bucket_policy_statement, group_words
from rolemend.checklist.mending import admit_in_bucket_policy, lift_bucket_deny, lift_deny
from rolemend.checklist.model import Advice, Evidence, Finding, ListBucket, Remedy
from rolemend.checklist.oss_bucket_policy import document_of
from rolemend.checklist.spark_facts import DEFAULT_POLICY, Directory, JobFacts
from rolemend.checklist.spark_rights import Right, decide_right
from rolemend.fix.model import Fix
from rolemend.fix.spark import WITHOUT_POLICY, restore_default_role, use_workspace_directory
from rolemend.policy import PolicyError
from rolemend.text import text

WORKSPACE_DIRECTORY: Name = ("workspace-directory", "S4.4")

WRITING = "oss:PutObject"
"""The action whose group, reading and writing, a directory needs."""
_ON_BUCKET = ("oss:ListObjects",)
_ON_OBJECTS = ("oss:GetObject", "oss:PutObject")


def ask_workspace_directory(facts: JobFacts) -> Finding:
    """Decide reading and writing over the role's policies and the bucket's own."""
    directory, workspace = facts.directory, facts.workspace
    if isinstance(facts.role, Absent):
        return not_applicable(WORKSPACE_DIRECTORY, text("The role does not exist."))
    if not isinstance(workspace, Known):
        said = text(
            "The directory of workspace {workspace} could not be read.", workspace=facts.target.workspace
        )
        return unread(WORKSPACE_DIRECTORY, workspace, said)
    if directory is None:
        return unknown(
            WORKSPACE_DIRECTORY,
            text(
                "The workspace names no OSS path as its directory: {path}",
                path=workspace.value.directory or "-",
            ),
        )
    bucket, policies = directory.live, facts.role_policies
    if not isinstance(bucket, Known):
        return unread(
            WORKSPACE_DIRECTORY, bucket, text("Bucket {bucket} could not be read.", bucket=directory.bucket)
        )
    if isinstance(directory.policy, Unread):
        said = text("The bucket policy of {bucket} could not be read.", bucket=directory.bucket)
        return unread(WORKSPACE_DIRECTORY, directory.policy, said)
    if not isinstance(policies, Known):
        said = text("The policies of {who} could not be read.", who=facts.role_name)
        return unread(WORKSPACE_DIRECTORY, policies, said)
    return _judged(facts, directory, bucket.value, policies.value)


def _judged(
    facts: JobFacts, directory: Directory, bucket: Bucket, policies: tuple[AttachedPolicy, ...]
) -> Finding:
    try:
        rights = _rights(facts, directory, bucket, policies)
    except (PolicyError, ValueError) as error:
        said = text("A policy of {who} does not parse: {why}", who=facts.role_name, why=error)
        return unknown(WORKSPACE_DIRECTORY, said)
    values = {
        "role": facts.role_name,
        "path": f"oss://{directory.bucket}/{directory.path}",
        "bucket": directory.bucket,
    }
    names = ", ".join(policy.name for policy in policies) or "-"
    evidence = (Evidence(text("Attached to {who}: {policies}", who=facts.role_name, policies=names)),)
    for right in rights.values():
        if right.outcome == "explicit_deny":
            return _denied(values, right, evidence, _lifted(facts, directory, bucket, policies, right))
    lacking = [action for action, right in rights.items() if right.outcome == "implicit_deny"]
    if lacking:
        return failed(
            WORKSPACE_DIRECTORY,
            text(
                "{role} lacks {actions} on the workspace directory {path}.",
                actions=", ".join(lacking),
                **values,
            ),
            evidence,
            "permission_missing",
            _remedy(facts, directory, bucket, policies),
            _fix(facts, directory, bucket),
        )
    if all(right.outcome == "allow" for right in rights.values()):
        return passed(
            WORKSPACE_DIRECTORY,
            text("{role} may read and write the workspace directory {path}.", **values),
            evidence,
        )
    said = text(
        "Whether {role} may read and write the workspace directory {path} hangs on what is not known here.",
        **values,
    )
    return unknown(WORKSPACE_DIRECTORY, said, evidence)


def _rights(
    facts: JobFacts, directory: Directory, bucket: Bucket, policies: tuple[AttachedPolicy, ...]
) -> dict[str, Right]:
    arn = f"acs:oss:*:{bucket.owner or '*'}:{directory.bucket}"
    of_bucket = bucket_sources(document_of(directory.policy))
    return {
        action: decide_right(
            facts.denial,
            facts.role_as_principal,
            policies,
            action,
            arn if action in _ON_BUCKET else f"{arn}/{directory.path}file",
            more=of_bucket,
            bucket_acl=bucket.acl,
        )
        for action in (*_ON_BUCKET, *_ON_OBJECTS)
    }


def _lifted(
    facts: JobFacts,
    directory: Directory,
    bucket: Bucket,
    policies: tuple[AttachedPolicy, ...],
    right: Right,
) -> Fix | None:
    """The policy or bucket policy without the statement that denies."""
    by = right.decision.decided_by
    if right.kind != "bucket" or by is None:
        return lift_deny(policies, right.decision, facts.role_as_principal)
    document = document_of(directory.policy)
    return lift_bucket_deny(directory.bucket, bucket.region, document, by.statement) if document else None


def _denied(
    values: dict[str, str], right: Right, evidence: tuple[Evidence, ...], lifted: Fix | None
) -> Finding:
    said = text("A Deny keeps {role} from the workspace directory {path}.", **values)
    if right.kind == "bucket":
        advice = text(
            "Except {role} from the Deny in the bucket policy of {bucket}; granting more does not help.",
            **values,
        )
        remedy = Advice(statement=advice, fix=lifted)
        return failed(WORKSPACE_DIRECTORY, said, evidence, "bucket_policy_deny", remedy)
    advice = text(
        "Change the Deny statement in policy {policy}; granting more does not help.", policy=right.policy
    )
    remedy = Advice(statement=advice, fix=lifted)
    return failed(WORKSPACE_DIRECTORY, said, evidence, "identity_policy_deny", remedy)


def _fix(facts: JobFacts, directory: Directory, bucket: Bucket) -> Fix | None:
    """What a person changes: the role's rights, or the bucket policy of another account's bucket; None for a bucket
    whose account is not known."""
    if facts.has_default_role():
        return restore_default_role(WITHOUT_POLICY)
    if bucket.owner == facts.denial.account:
        return use_workspace_directory(facts.role_name, directory.bucket)
    statement = bucket_policy_statement(facts.role_as_principal, WRITING, directory.bucket, bucket.owner)
    today = "" if isinstance(directory.policy, Absent) else document_of(directory.policy)
    return admit_in_bucket_policy(directory.bucket, bucket.region, today, statement)


def _remedy(
    facts: JobFacts, directory: Directory, bucket: Bucket, policies: tuple[AttachedPolicy, ...]
) -> Remedy:
    if bucket.owner == facts.denial.account and policies and not facts.has_default_role():
        return ListBucket(role=facts.role_name, bucket=directory.bucket, action=WRITING)
    if facts.has_default_role():
        return Advice(statement=text(ATTACH_DEFAULT.template, role=facts.role_name, policy=DEFAULT_POLICY))
    grant = text(
        "Attach a policy to {role} that lets it read and write bucket {bucket}: {group}. The bucket's owner must allow "
        "it too, if that is another account. Or create a new workspace with a directory that the role may read and "
        "write.",
        role=facts.role_name,
        bucket=directory.bucket,
        group=group_words(WRITING),
    )
    return Advice(statement=grant, document=bucket_grant(WRITING, directory.bucket))


ATTACH_DEFAULT = text(
    "{role} is the default execution role, which must not be edited: attach its own policy {policy} to it again, and "
    "nothing else."
)
