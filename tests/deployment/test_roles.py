"""No function's role may do anything on more resources than the service lets one name."""

from __future__ import annotations

import json
from pathlib import Path
from string import Template

import pytest

from rolemend.policy import Policy, parse_policy
from rolemend.policy.comparison import compare
from tests.deployment.manifests import ACCOUNT, PROJECT

POLICIES = sorted((PROJECT / "functions").glob("*/policy.json"))
VALUES = {
    "account": ACCOUNT,
    "region": "cn-hangzhou",
    "ledger_bucket": "corp-ledger",
    "trail_project": f"rolemend-{ACCOUNT}-cn-hangzhou",
    "trail_logstore": "actiontrail_rolemend",
    "event_logstore": "cloudmonitor_spark",
}
NARROWEST = {
    # https://www.alibabacloud.com/help/en/ram/developer-reference/api-ram-2015-05-01-getrole and its neighbours;
    # system policies stand under `system` in the place of the account.
    "ram:GetRole": (f"acs:ram:*:{ACCOUNT}:role/*",),
    "ram:ListPoliciesForRole": (f"acs:ram:*:{ACCOUNT}:role/*",),
    "ram:ListRoles": (f"acs:ram:*:{ACCOUNT}:role/*",),
    "ram:ListTagResources": (f"acs:ram:*:{ACCOUNT}:role/*",),
    "ram:UpdateRole": (f"acs:ram:*:{ACCOUNT}:role/*",),
    "ram:ListGroupsForUser": (f"acs:ram:*:{ACCOUNT}:user/*",),
    "ram:ListPoliciesForUser": (f"acs:ram:*:{ACCOUNT}:user/*",),
    "ram:ListUsers": (f"acs:ram:*:{ACCOUNT}:user/*",),
    "ram:ListPoliciesForGroup": (f"acs:ram:*:{ACCOUNT}:group/*",),
    "ram:GetPolicy": (f"acs:ram:*:{ACCOUNT}:policy/*", "acs:ram:*:system:policy/*"),
    "ram:ListEntitiesForPolicy": (f"acs:ram:*:{ACCOUNT}:policy/*", "acs:ram:*:system:policy/*"),
    "ram:ListPolicyVersions": (f"acs:ram:*:{ACCOUNT}:policy/*",),
    "ram:CreatePolicyVersion": (f"acs:ram:*:{ACCOUNT}:policy/*",),
    "ram:SetDefaultPolicyVersion": (f"acs:ram:*:{ACCOUNT}:policy/*",),
    "ram:DecodeDiagnosticMessage": ("*",),
    "openapiexplorer:GetRequestLog": ("*",),
    # A member's role, in whichever account: its own trust policy says who may have it.
    "sts:AssumeRole": ("acs:ram:*:*:role/resourcedirectoryaccountaccessrole",),
    # https://www.alibabacloud.com/help/en/functioncompute/fc/ram-authorization-information
    "fc:GetFunction": (
        f"acs:fc:cn-hangzhou:{ACCOUNT}:functions/rolemend-*",
        f"acs:fc:cn-hangzhou:{ACCOUNT}:services/rolemend*/functions/rolemend-*",
    ),
    "fc:ListTriggers": (
        f"acs:fc:cn-hangzhou:{ACCOUNT}:functions/rolemend-*",
        f"acs:fc:cn-hangzhou:{ACCOUNT}:services/rolemend*/functions/rolemend-*",
    ),
    "fc:InvokeFunction": (
        f"acs:fc:cn-hangzhou:{ACCOUNT}:functions/rolemend-*",
        f"acs:fc:cn-hangzhou:{ACCOUNT}:services/rolemend*/functions/rolemend-*",
    ),
    # https://www.alibabacloud.com/help/en/doc-detail/28953.htm
    "kms:GetSecretValue": tuple(
        f"acs:kms:cn-hangzhou:{ACCOUNT}:secret/rolemend-{begin}*" for begin in ("console", "link", "notify")
    ),
    # https://www.alibabacloud.com/help/en/sls/developer-reference/overview-of-ram-authorization ; the projects of OSS's
    # access logs are in every region that has buckets.
    "log:GetLogStore": (
        f"acs:log:cn-hangzhou:{ACCOUNT}:project/{VALUES['trail_project']}/logstore/*",
        f"acs:log:*:{ACCOUNT}:project/oss-log-*/logstore/oss-log-store",
    ),
    **dict.fromkeys(
        ("log:GetCursorOrData", "log:GetLogStoreLogs"),
        (
            f"acs:log:*:{ACCOUNT}:project/{VALUES['trail_project']}/logstore/*",
            f"acs:log:*:{ACCOUNT}:project/oss-log-*/logstore/oss-log-store",
        ),
    ),
    **dict.fromkeys(
        ("log:ConsumerGroupUpdateCheckPoint", "log:CreateConsumerGroup", "log:GetConsumerGroupCheckPoint"),
        (
            f"acs:log:*:{ACCOUNT}:project/{VALUES['trail_project']}/logstore/*/consumergroup/*",
            f"acs:log:*:{ACCOUNT}:project/oss-log-*/logstore/oss-log-store/consumergroup/*",
        ),
    ),
    # A bucket of another account that admits a job is read too, as far as its owner lets us.
    **dict.fromkeys(
        (
            "oss:GetBucketEncryption",
            "oss:GetBucketInfo",
            "oss:GetBucketPolicy",
            "oss:GetBucketPublicAccessBlock",
            "oss:GetBucketTagging",
            "oss:GetPublicAccessBlock",
        ),
        ("acs:oss:*:*:*",),
    ),
    "oss:ListBuckets": (f"acs:oss:*:{ACCOUNT}:*",),
    # The ledger, and there only what lies under a prefix: the bucket alone is the resource of a listing.
    **dict.fromkeys(
        ("oss:DeleteObject", "oss:GetObject", "oss:PutObject"), (f"acs:oss:*:{ACCOUNT}:corp-ledger/*",)
    ),
    "oss:ListObjects": (f"acs:oss:*:{ACCOUNT}:corp-ledger",),
    # What is asked here names no single thing (a region's clusters, an account's trails), or is found by such a list.
    **dict.fromkeys(
        (
            "actiontrail:DescribeTrails",
            "actiontrail:GetTrailStatus",
            "actiontrail:LookupEvents",
            "emr:GetCluster",
            "emr:ListClusters",
            "emr:ListNodes",
            "emr-serverless-spark:GetJobRun",
            "emr-serverless-spark:GetWorkspace",
            "emr-serverless-spark:ListJobRuns",
            "emr-serverless-spark:ListLivyComputeToken",
            "emr-serverless-spark:ListLogContents",
            "emr-serverless-spark:ListWorkspaces",
        ),
        ("*",),
    ),
}
"""By action, the narrowest resources that can be named before anything of the user's is known."""


def policy_of(path: Path) -> Policy:
    return parse_policy(Template(path.read_text("utf-8")).substitute(VALUES))


def actions_of(policy: Policy) -> set[str]:
    return {str(action) for statement in policy.statements for action in statement.actions}


def narrowest(actions: set[str]) -> Policy:
    statements = [
        {"Effect": "Allow", "Action": action, "Resource": list(NARROWEST[action])}
        for action in sorted(actions)
    ]
    return parse_policy(json.dumps({"Version": "1", "Statement": statements}))


@pytest.mark.parametrize("path", POLICIES, ids=[path.parent.name for path in POLICIES])
def test_no_role_has_a_star_where_a_narrower_form_exists(path: Path) -> None:
    policy = policy_of(path)
    found = compare(narrowest(actions_of(policy)), policy)
    assert (found.gained.regions, found.gained.unknown) == ((), "")


def test_a_star_would_be_found() -> None:
    (path,) = [path for path in POLICIES if path.parent.name == "audit"]
    wide = path.read_text("utf-8").replace("acs:fc:${region}:${account}:functions", "acs:fc:*:*:functions")
    policy = parse_policy(Template(wide).substitute(VALUES))
    assert compare(narrowest(actions_of(policy)), policy).gained.regions
