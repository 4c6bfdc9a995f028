"""Each function has exactly the rights it uses: without any one of them something is missing or fails."""

from __future__ import annotations

import json
from typing import Any

import pytest

from demo.stage import FUNCTIONS, function_policy
from docs.generator.page import ASKED_FIRST, actions_of, checklists
from localcloud.server import LocalCloud
from tests.e2e.plays import (
    Play,
    audit,
    change_that_does_not_help,
    creator_in_group,
    creator_without_rights,
    ended,
    expires,
    failing,
    in_console,
    later,
    perform,
    scenario,
    secrets_in_kms,
    spark_job,
    sweep,
    swept,
    tags,
    told_later,
    unseen_job,
    untrusting_job,
    user_on_oss,
    writing,
)

PLAYS: dict[str, Play] = {
    "trust-policy": scenario("trust-policy"),
    "resource-list": scenario("resource-list"),
    "role-name": scenario("role-name"),
    "group": creator_in_group,
    "creator": creator_without_rights,
    "user": user_on_oss,
    "write": writing,
    "role-of-job": untrusting_job,
    "access-key": failing("access-key"),
    "public-blocked": failing("public-blocked"),
    "anonymous": failing("anonymous"),
    "no-help": change_that_does_not_help,
    "sweep": sweep,
    "later": later,
    "swept": swept,
    "ended": ended,
    "job": spark_job,
    "unseen-job": unseen_job,
    "tags": tags,
    "expires": expires,
    "audit": audit,
    "console": in_console,
    "secrets": secrets_in_kms,
    "told-later": told_later,
    "trust-policy-of-services": scenario("trust-policy"),
    "audit-of-services": audit,
    "console-of-services": in_console,
}
AS_SERVICES = {"trust-policy-of-services", "audit-of-services", "console-of-services"}
"""Plays that only services of FC 2.0 can give, whatever the others run as."""
NEEDED_FOR = {
    ("watch", "log:GetCursorOrData"): "role-name",
    ("watch", "log:ConsumerGroupUpdateCheckPoint"): "swept",
    ("watch", "log:CreateConsumerGroup"): "sweep",
    ("watch", "log:GetLogStoreLogs"): "ended",
    ("watch", "log:GetConsumerGroupCheckPoint"): "role-name",
    ("watch", "actiontrail:LookupEvents"): "sweep",
    ("watch", "emr:ListClusters"): "later",
    ("watch", "emr-serverless-spark:GetJobRun"): "job",
    ("watch", "emr-serverless-spark:GetWorkspace"): "job",
    ("watch", "emr-serverless-spark:ListJobRuns"): "unseen-job",
    ("watch", "emr-serverless-spark:ListLivyComputeToken"): "job",
    ("watch", "emr-serverless-spark:ListLogContents"): "job",
    ("watch", "emr-serverless-spark:ListWorkspaces"): "unseen-job",
    ("watch", "oss:GetObject"): "later",
    ("watch", "oss:PutObject"): "role-name",
    ("watch", "oss:DeleteObject"): "later",
    ("watch", "oss:ListObjects"): "sweep",
    ("watch", "fc:InvokeFunction"): "role-name",
    ("watch", "log:PostLogStoreLogs"): "trust-policy-of-services",
    ("diagnose", "openapiexplorer:GetRequestLog"): "creator",
    ("diagnose", "ram:DecodeDiagnosticMessage"): "creator",
    ("diagnose", "ram:GetPolicy"): "role-name",
    ("diagnose", "ram:GetRole"): "role-name",
    ("diagnose", "ram:ListGroupsForUser"): "role-name",
    ("diagnose", "ram:ListPoliciesForGroup"): "group",
    ("diagnose", "ram:ListPoliciesForRole"): "resource-list",
    ("diagnose", "ram:ListPoliciesForUser"): "role-name",
    ("diagnose", "ram:ListRoles"): "role-name",
    ("diagnose", "ram:ListUsers"): "user",
    ("diagnose", "emr:GetCluster"): "resource-list",
    ("diagnose", "emr:ListClusters"): "resource-list",
    ("diagnose", "emr:ListNodes"): "access-key",
    ("diagnose", "emr-serverless-spark:GetWorkspace"): "role-of-job",
    ("diagnose", "oss:GetBucketEncryption"): "write",
    ("diagnose", "oss:GetBucketPublicAccessBlock"): "public-blocked",
    ("diagnose", "oss:GetPublicAccessBlock"): "anonymous",
    ("diagnose", "oss:GetBucketInfo"): "resource-list",
    ("diagnose", "oss:GetBucketPolicy"): "resource-list",
    ("diagnose", "oss:GetObject"): "role-name",
    ("diagnose", "oss:PutObject"): "role-name",
    ("diagnose", "fc:InvokeFunction"): "role-name",
    ("diagnose", "log:PostLogStoreLogs"): "trust-policy-of-services",
    ("remediate", "ram:GetPolicy"): "resource-list",
    ("remediate", "ram:GetRole"): "trust-policy",
    ("remediate", "ram:ListEntitiesForPolicy"): "resource-list",
    ("remediate", "ram:ListGroupsForUser"): "trust-policy",
    ("remediate", "ram:ListPoliciesForGroup"): "group",
    ("remediate", "ram:ListPoliciesForRole"): "resource-list",
    ("remediate", "ram:ListPoliciesForUser"): "trust-policy",
    ("remediate", "ram:ListPolicyVersions"): "resource-list",
    ("remediate", "ram:ListTagResources"): "tags",
    ("remediate", "oss:GetBucketTagging"): "tags",
    ("remediate", "ram:CreatePolicyVersion"): "resource-list",
    ("remediate", "ram:SetDefaultPolicyVersion"): "no-help",
    ("remediate", "ram:UpdateRole"): "trust-policy",
    ("remediate", "emr-serverless-spark:GetWorkspace"): "role-of-job",
    ("remediate", "oss:GetBucketEncryption"): "write",
    ("remediate", "oss:GetBucketInfo"): "resource-list",
    ("remediate", "oss:GetBucketPolicy"): "resource-list",
    ("remediate", "oss:GetObject"): "trust-policy",
    ("remediate", "oss:PutObject"): "trust-policy",
    ("remediate", "oss:DeleteObject"): "expires",
    ("remediate", "oss:ListObjects"): "expires",
    ("remediate", "fc:InvokeFunction"): "trust-policy",
    ("remediate", "log:PostLogStoreLogs"): "trust-policy-of-services",
    ("audit", "ram:GetPolicy"): "audit",
    ("audit", "ram:GetRole"): "audit",
    ("audit", "ram:ListEntitiesForPolicy"): "audit",
    ("audit", "ram:ListPoliciesForGroup"): "audit",
    ("audit", "ram:ListPoliciesForRole"): "audit",
    ("audit", "ram:ListPoliciesForUser"): "audit",
    ("audit", "ram:ListRoles"): "audit",
    ("audit", "emr:GetCluster"): "audit",
    ("audit", "emr:ListClusters"): "audit",
    ("audit", "emr-serverless-spark:GetWorkspace"): "audit",
    ("audit", "emr-serverless-spark:ListWorkspaces"): "audit",
    ("audit", "oss:GetBucketInfo"): "audit",
    ("audit", "oss:GetBucketPolicy"): "audit",
    ("audit", "oss:GetBucketPublicAccessBlock"): "audit",
    ("audit", "oss:GetPublicAccessBlock"): "audit",
    ("audit", "oss:ListBuckets"): "audit",
    ("audit", "actiontrail:DescribeTrails"): "audit",
    ("audit", "actiontrail:GetTrailStatus"): "audit",
    ("audit", "log:GetLogStore"): "audit",
    ("audit", "log:GetLogStoreLogs"): "audit",
    ("audit", "fc:GetFunction"): "audit",
    ("audit", "fc:GetService"): "audit-of-services",
    ("audit", "fc:ListTriggers"): "audit",
    ("audit", "sts:AssumeRole"): "audit",
    ("audit", "oss:GetObject"): "audit",
    ("audit", "oss:PutObject"): "audit",
    ("audit", "oss:DeleteObject"): "audit",
    ("audit", "oss:ListObjects"): "audit",
    ("audit", "fc:InvokeFunction"): "audit",
    ("audit", "log:PostLogStoreLogs"): "audit-of-services",
    ("notify", "kms:GetSecretValue"): "secrets",
    ("notify", "oss:GetObject"): "role-name",
    ("notify", "oss:PutObject"): "role-name",
    ("notify", "oss:DeleteObject"): "told-later",
    ("notify", "oss:ListObjects"): "told-later",
    ("notify", "log:PostLogStoreLogs"): "trust-policy-of-services",
    ("console", "kms:GetSecretValue"): "secrets",
    ("console", "oss:GetObject"): "console",
    ("console", "oss:PutObject"): "console",
    ("console", "oss:ListObjects"): "console",
    ("console", "fc:InvokeFunction"): "console",
    ("console", "log:PostLogStoreLogs"): "console-of-services",
}
"""The play in which each right of each policy.json is missed."""


def granted() -> set[tuple[str, str]]:
    """Function and action of everything that the functions' policies allow."""
    found = set()
    for function in FUNCTIONS:
        for statement in json.loads(function_policy(function))["Statement"]:
            if statement["Effect"] == "Deny":
                continue
            actions = statement["Action"]
            found |= {(function, action) for action in ([actions] if isinstance(actions, str) else actions)}
    return found


def test_the_checks_name_exactly_the_rights_with_which_diagnose_reads_the_account() -> None:
    """The table of the reads' rights, from which docs/checklists.md is made, is the policy's."""
    named = {action for listed in checklists() for check in listed.checks for action in actions_of(check)}
    # The ledger, what comes next, and the log.
    own = {"oss:GetObject", "oss:PutObject", "fc:InvokeFunction", "log:PostLogStoreLogs"}
    assert (
        named | set(ASKED_FIRST) == {action for function, action in granted() if function == "diagnose"} - own
    )


_whole: dict[str, Any] = {}


def played(local: LocalCloud, name: str, without: tuple[str, str] | None = None) -> dict[str, Any]:
    return perform(local, PLAYS[name], without, True if name in AS_SERVICES else None)


def whole(local: LocalCloud, name: str) -> Any:
    """What comes out of a play with all rights."""
    if name not in _whole:
        _whole[name] = played(local, name)
    return _whole[name]


def test_every_right_is_listed_with_what_needs_it_and_no_wildcard_hides_others() -> None:
    assert granted() == set(NEEDED_FOR)
    assert not [action for _, action in granted() if "*" in action]


@pytest.mark.parametrize("name", PLAYS)
def test_with_all_rights_every_function_ends_without_an_error(local: LocalCloud, name: str) -> None:
    outcome = whole(local, name)
    assert outcome["errors"] == []
    assert outcome["still open"] == []
    assert outcome["incidents"] or outcome["audit"]


def test_what_waits_is_told_and_nothing_of_it_is_left(local: LocalCloud) -> None:
    outcome = whole(local, "told-later")
    assert [kind for kind, _ in outcome["messages"]] == ["alert", "digest"]
    # The digest's own list, and the look at the incident that is due next.
    left = {"digests/": 1, "told/": 1, "tokens/webhook/00000": 0, "waiting/": 0}
    assert outcome["left in the ledger"] == left


def test_a_creation_that_failed_later_is_followed_no_further(local: LocalCloud) -> None:
    assert whole(local, "later")["still pending"] == 0


def test_what_people_were_told_of_is_closed_once_the_call_succeeds(local: LocalCloud) -> None:
    outcome = whole(local, "ended")
    assert [one["state"] for one in outcome["incidents"].values()] == ["closed"]
    assert [kind for kind, _ in outcome["messages"]] == ["alert", "recovered"]


@pytest.mark.parametrize(("function", "action"), sorted(NEEDED_FOR))
def test_without_one_right_the_outcome_is_another(local: LocalCloud, function: str, action: str) -> None:
    name = NEEDED_FOR[function, action]
    expected = whole(local, name)
    assert played(local, name, without=(function, action)) != expected
