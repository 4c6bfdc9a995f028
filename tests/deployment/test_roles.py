"""No function's role may do anything on more resources than the service lets one name."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from string import Template
from typing import cast

import pytest

from localcloud.openapi import Invocation, OpenApiService
from localcloud.server import LocalCloud
from rolemend.policy import Policy, Request, Source, decide, parse_policy
from rolemend.policy.comparison import compare
from rolemend.setup.wanted import FUNCTION_LOGSTORE
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
_ACTIONTRAIL = "https://help.aliyun.com/zh/actiontrail/developer-reference/api-actiontrail-2020-07-06-ram"
_EMR = "https://help.aliyun.com/zh/emr/emr-on-ecs/developer-reference/api-emr-2021-03-20-ram"
_SPARK = "https://help.aliyun.com/zh/emr/emr-serverless-spark/developer-reference/api-emr-serverless-spark-2023-08-08-ram"
ALL_RESOURCES = {
    # An older page of ActionTrail writes acs:actiontrail:${region}:${AccountId}:* . This one, of the API's version that
    # is called, says that single resources are not told apart, and a policy that names some would then allow nothing.
    **dict.fromkeys(
        ("actiontrail:DescribeTrails", "actiontrail:GetTrailStatus", "actiontrail:LookupEvents"), _ACTIONTRAIL
    ),
    **dict.fromkeys(("emr:GetCluster", "emr:ListClusters", "emr:ListNodes"), _EMR),
    **dict.fromkeys(
        (
            "emr-serverless-spark:GetJobRun",
            "emr-serverless-spark:GetWorkspace",
            "emr-serverless-spark:ListJobRuns",
            "emr-serverless-spark:ListLivyComputeToken",
            "emr-serverless-spark:ListLogContents",
            "emr-serverless-spark:ListWorkspaces",
        ),
        _SPARK,
    ),
    "openapiexplorer:GetRequestLog": (
        "https://help.aliyun.com/zh/openapi/developer-reference/api-openapiexplorer-2024-11-30-getrequestlog"
    ),
    "ram:DecodeDiagnosticMessage": (
        "https://help.aliyun.com/zh/ram/developer-reference/api-ram-2015-05-01-decodediagnosticmessage"
    ),
}
"""Actions for which the service knows no narrower form than `*`, and the page that says "All resources" (全部资源)."""
ACCESS_LOGS = f"acs:log:*:{ACCOUNT}:project/oss-log-*/logstore/oss-log-store"


def logstores(region: str) -> tuple[str, ...]:
    """Where the trail and CloudMonitor's events are delivered to."""
    project = f"acs:log:{region}:{ACCOUNT}:project/{VALUES['trail_project']}"
    return tuple(f"{project}/logstore/{VALUES[name]}" for name in ("trail_logstore", "event_logstore"))


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
    # A member's role, in whichever account: its own trust policy says who may have it.
    "sts:AssumeRole": ("acs:ram:*:*:role/resourcedirectoryaccountaccessrole",),
    # https://www.alibabacloud.com/help/en/functioncompute/fc/policies-and-sample-policies , and of services in FC 2.0
    # https://www.alibabacloud.com/help/en/functioncompute/fc-2-0/user-guide/policies ; all triggers of a function are
    # `…/functions/f/triggers/*`. The pages of single operations say "All resources"; refusals name these forms.
    **dict.fromkeys(
        ("fc:GetFunction", "fc:InvokeFunction", "fc:ListTriggers"),
        (
            f"acs:fc:cn-hangzhou:{ACCOUNT}:functions/rolemend-*",
            f"acs:fc:cn-hangzhou:{ACCOUNT}:services/rolemend-*/functions/rolemend-*",
        ),
    ),
    "fc:GetService": (f"acs:fc:cn-hangzhou:{ACCOUNT}:services/rolemend-*",),
    # https://www.alibabacloud.com/help/en/doc-detail/28953.htm
    "kms:GetSecretValue": tuple(
        f"acs:kms:cn-hangzhou:{ACCOUNT}:secret/rolemend-{begin}*" for begin in ("console", "link", "notify")
    ),
    # https://www.alibabacloud.com/help/en/sls/developer-reference/overview-of-ram-authorization ; the projects of OSS's
    # access logs are in every region that has buckets.
    "log:GetLogStore": (*logstores("cn-hangzhou"), ACCESS_LOGS),
    "log:GetLogStoreLogs": (ACCESS_LOGS,),
    "log:GetCursorOrData": (*logstores("*"), ACCESS_LOGS),
    "log:PostLogStoreLogs": (
        f"acs:log:cn-hangzhou:{ACCOUNT}:project/{VALUES['trail_project']}/logstore/{FUNCTION_LOGSTORE}",
    ),
    **dict.fromkeys(
        ("log:ConsumerGroupUpdateCheckPoint", "log:CreateConsumerGroup", "log:GetConsumerGroupCheckPoint"),
        tuple(f"{logstore}/consumergroup/*" for logstore in (*logstores("*"), ACCESS_LOGS)),
    ),
    # A bucket of another account that admits a job is read too, as far as its owner lets us.
    **dict.fromkeys(
        (
            "oss:GetBucketEncryption",
            "oss:GetBucketInfo",
            "oss:GetBucketPolicy",
            "oss:GetBucketPublicAccessBlock",
            "oss:GetBucketTagging",
        ),
        ("acs:oss:*:*:*",),
    ),
    "oss:GetPublicAccessBlock": (f"acs:oss:*:{ACCOUNT}:*",),
    "oss:ListBuckets": (f"acs:oss:*:{ACCOUNT}:*",),
    # The ledger, and there only what lies under a prefix: the bucket alone is the resource of a listing.
    **dict.fromkeys(
        ("oss:DeleteObject", "oss:GetObject", "oss:PutObject"), (f"acs:oss:*:{ACCOUNT}:corp-ledger/*",)
    ),
    "oss:ListObjects": (f"acs:oss:*:{ACCOUNT}:corp-ledger",),
    **dict.fromkeys(ALL_RESOURCES, ("*",)),
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


def test_a_star_alone_stands_for_actions_only_whose_service_knows_nothing_narrower() -> None:
    found = {
        str(action)
        for path in POLICIES
        for statement in policy_of(path).statements
        if "*" in map(str, statement.resources)
        for action in statement.actions
    }
    assert found == set(ALL_RESOURCES)
    assert {action for action, resources in NARROWEST.items() if "*" in resources} == found


def test_the_local_cloud_asks_for_all_resources_in_the_same_cases(local: LocalCloud) -> None:
    """The others are proven by the plays of the least-privilege test, where what is too narrow is refused."""
    asked = {
        operation.action: operation.resources(cast("Invocation", None))
        for service in local.cloud.services.values()
        if isinstance(service, OpenApiService)
        for operation in service.operations.values()
        if operation.action in ALL_RESOURCES
    }
    assert asked == {action: ["*"] for action in ALL_RESOURCES}


def test_a_star_would_be_found() -> None:
    (path,) = [path for path in POLICIES if path.parent.name == "audit"]
    wide = path.read_text("utf-8").replace("acs:fc:${region}:${account}:functions", "acs:fc:*:*:functions")
    policy = parse_policy(Template(wide).substitute(VALUES))
    assert compare(narrowest(actions_of(policy)), policy).gained.regions


def own_writes() -> Iterator[Request]:
    """Every call with which a role of Rolemend could be given more, in both spellings of a resource of RAM."""
    for region in ("*", ""):
        for name in (path.parent.name for path in POLICIES):
            own = f"acs:ram:{region}:{ACCOUNT}"
            yield Request(action="ram:UpdateRole", resource=f"{own}:role/rolemend-{name}")
            for verb in ("CreatePolicyVersion", "SetDefaultPolicyVersion"):
                yield Request(action=f"ram:{verb}", resource=f"{own}:policy/rolemend-{name}")


@pytest.mark.parametrize("path", POLICIES, ids=[path.parent.name for path in POLICIES])
def test_no_role_may_widen_itself_or_another_of_rolemend_s(path: Path) -> None:
    """Whoever takes a function over has its rights, and no way from there to more of them."""
    source = Source(kind="identity", policy=policy_of(path), name=path.parent.name)
    outcomes = {decide(each, [source]).outcome for each in own_writes()}
    assert outcomes == {"explicit_deny" if path.parent.name == "remediate" else "implicit_deny"}


def test_remediate_may_write_what_is_not_rolemend_s() -> None:
    (path,) = [path for path in POLICIES if path.parent.name == "remediate"]
    source = Source(kind="identity", policy=policy_of(path), name="remediate")
    for action, resource in (
        ("ram:UpdateRole", "role/etl-rolemend-reader"),
        ("ram:CreatePolicyVersion", "policy/EtlReads"),
        ("ram:SetDefaultPolicyVersion", "policy/EtlReads"),
    ):
        asked = Request(action=action, resource=f"acs:ram:*:{ACCOUNT}:{resource}")
        assert decide(asked, [source]).outcome == "allow", action
