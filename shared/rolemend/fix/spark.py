"""Fixes of EMR Serverless Spark: what its execution role, or who submits a job, lacks.

https://www.alibabacloud.com/help/en/emr/emr-serverless-spark/user-guide/executive-role . The role of a workspace cannot
be changed after its creation, so that the role itself is mended, never exchanged. OSS and KMS are asked as the role;
DLF and MaxCompute as who submitted the job, or created the token that came through a Livy gateway, for whom the role
must be allowed to act.
"""

from __future__ import annotations

from collections.abc import Sequence

from rolemend.fix.configuration import start_job
from rolemend.fix.documents import bucket_resources, compact, policy, statement, trust
from rolemend.fix.forms import command
from rolemend.fix.model import (
    ROLE,
    AttachSystemPolicy,
    CreateRole,
    Fix,
    GrantPolicy,
    Holder,
    ReplaceTrust,
)
from rolemend.fix.names import ACTION, BUCKET, KEY_ARN, policy_name, sound

SERVICE = "spark.emr-serverless.aliyuncs.com"
DEFAULT_ROLE, DEFAULT_POLICY = "AliyunEMRSparkJobRunDefaultRole", "AliyunEMRSparkJobRunDefaultRolePolicy"
MISSING, NOT_TRUSTED, WITHOUT_POLICY = "missing", "not_trusted", "without_policy"
"""What can have happened to the default role."""

_MAXCOMPUTE = tuple(f"acs:odps:*:*:users/default/{kind}/*" for kind in ("aliyun", "ramuser", "ramrole"))
_KEYS = ("kms:List*", "kms:DescribeKey", "kms:GenerateDataKey", "kms:Decrypt")
_DIRECTORY = (
    "oss:ListObjects", "oss:GetBucketInfo", "oss:PutObject", "oss:GetObject", "oss:DeleteObject",
    "oss:AbortMultipartUpload", "oss:ListMultipartUploads", "oss:ListParts", "oss:RestoreObject",
    "oss:ListObjectVersions", "oss:DeleteObjectVersion",
)  # fmt: skip


def act_in_maxcompute(role: str) -> GrantPolicy:
    """`odps:ActOnBehalfOfAnotherUser` for the execution role, on the three kinds of identities."""
    allowed = statement(["odps:ActOnBehalfOfAnotherUser"], _MAXCOMPUTE)
    return _grant(Holder(ROLE, role), "maxcompute", allowed)


def act_in_dlf(role: str) -> GrantPolicy:
    """`dlf-auth:ActOnBehalfOfAnotherUser` for the execution role."""
    return _grant(Holder(ROLE, role), "dlf-auth", statement(["dlf-auth:ActOnBehalfOfAnotherUser"], ["*"]))


def use_dlf(holder: Holder, actions: Sequence[str]) -> GrantPolicy:
    """RAM's right to DLF's metadata, of either generation; `GrantData` is DLF's own permission on the data."""
    named = [sound(ACTION, action, "dlf:GetTable") for action in actions]
    return _grant(holder, "dlf", statement(named, ["*"]))


def use_key(holder: Holder, key: str = "") -> GrantPolicy:
    """The KMS actions that reading and writing an encrypted bucket takes, on one key (its ARN) where it is known."""
    known = sound(KEY_ARN, key, "")
    if not known:
        return _grant(holder, "kms", statement(_KEYS, ["*"]))
    listing, using = statement(["kms:List*"], ["*"]), statement(_KEYS[1:], [known])
    return _grant(holder, "kms", listing, using)


def use_workspace_directory(role: str, bucket: str) -> GrantPolicy:
    """Reading and writing in the bucket of the workspace directory."""
    name = sound(BUCKET, bucket, "YOUR_BUCKET")
    return _grant(Holder(ROLE, role), name, statement(_DIRECTORY, bucket_resources(name)))


def restore_default_role(state: str) -> Fix:
    """The default execution role as its authorization makes it: `state` is one of the three above."""
    if state == NOT_TRUSTED:
        return ReplaceTrust(role=DEFAULT_ROLE, document=trust(SERVICE))
    if state == WITHOUT_POLICY:
        return AttachSystemPolicy(holder=Holder(ROLE, DEFAULT_ROLE), policy=DEFAULT_POLICY)
    return make_execution_role(DEFAULT_ROLE)


def make_execution_role(role: str) -> CreateRole:
    """An execution role of this name: the workspace goes on asking for it. A custom one begins without rights."""
    default = role.lower() == DEFAULT_ROLE.lower()
    return CreateRole(
        role=role, services=(SERVICE,), policies=(DEFAULT_POLICY,) if default else (), default=default
    )


def run_again(workspace: str, region: str) -> str:
    """The command that starts the job once more: it shows whether a fix helped."""
    return command(start_job(workspace, region, {}))


def _grant(holder: Holder, on: str, *statements: dict[str, object]) -> GrantPolicy:
    document = compact(policy(*statements))
    return GrantPolicy(holder=holder, policy=policy_name(holder.name, on), document=document)
