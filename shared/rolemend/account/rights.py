"""The RAM actions that each of the account's calls needs: one table, which the functions' policies are held to.

By the name of the method in `interface`. A call that reads several things needs a right for each.
"""

from __future__ import annotations

READS: dict[str, tuple[str, ...]] = {
    "policies_of_user": (
        "ram:ListPoliciesForUser",
        "ram:ListGroupsForUser",
        "ram:ListPoliciesForGroup",
        "ram:GetPolicy",
    ),
    "policies_of_role": ("ram:ListPoliciesForRole", "ram:GetPolicy"),
    "user_name": ("ram:ListUsers",),
    "role": ("ram:GetRole",),
    "role_names": ("ram:ListRoles",),
    "role_tags": ("ram:ListTagResources",),
    "decode": ("ram:DecodeDiagnosticMessage",),
    "request_log": ("openapiexplorer:GetRequestLog",),
    "users_of_policy": ("ram:ListEntitiesForPolicy",),
    "policy_versions": ("ram:GetPolicy", "ram:ListPolicyVersions"),
    "bucket": ("oss:GetBucketInfo",),
    "bucket_policy": ("oss:GetBucketPolicy",),
    "bucket_tags": ("oss:GetBucketTagging",),
    "bucket_encryption": ("oss:GetBucketEncryption",),
    "public_access_blocked": ("oss:GetBucketPublicAccessBlock", "oss:GetPublicAccessBlock"),
    "cluster_with_role": ("emr:ListClusters", "emr:GetCluster"),
    "cluster_of_node": ("emr:ListClusters", "emr:ListNodes", "emr:GetCluster"),
    "states": ("emr:ListClusters",),
    "workspace": ("emr-serverless-spark:GetWorkspace",),
}
WRITES: dict[str, tuple[str, ...]] = {
    "add_policy_version": ("ram:CreatePolicyVersion",),
    "set_default_version": ("ram:SetDefaultPolicyVersion",),
    "set_trust_policy": ("ram:UpdateRole",),
}
