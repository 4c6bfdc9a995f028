"""`rolemend explain` on texts of Serverless Spark jobs: the job's checklist runs for the workspace that they name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from demo.stage import HOME, Stage, make_user
from localcloud.ram.default_roles import grant_default_roles
from localcloud.server import LocalCloud
from rolemend.explain.jobs import Jobs
from tests.clients import Keys
from tests.e2e.refused_jobs import DATA, LAB, ROLE, SPARK, data_bucket, workspace
from tests.explain.live import checks, credentials, explained, snapshot, stage_of

RUN = "jr-0123456789abcdef"
BARE = (
    "com.aliyun.oss.OSSException: You have no right to access this object because of bucket acl.\n"
    f"[ErrorCode]: AccessDenied\n[HostId]: {DATA}.oss-{HOME}-internal.aliyuncs.com\n"
    f"[ResponseError]: operation: getObject oss://{DATA}/in/a.csv"
)
JOB_CHECKS = {"acting-identity", "workspace-role", "execution-role", "default-role", "execution-trust",
              "workspace-directory"}  # fmt: skip


@pytest.fixture
def stage(local: LocalCloud, root: Keys, account: str) -> Stage:
    local.call(lambda cloud: grant_default_roles(cloud.state, account))
    return stage_of(local, root, account)


def job(place: str, error: str) -> str:
    """A driver's log: the ids at its head, the error further down."""
    return f"Starting {RUN} in {place}\n\n26/01/02 INFO SparkContext: Running\n\n{error}\n"


def asked(stage: Stage, folder: Path, text: str, *arguments: str) -> dict[str, Any]:
    found = explained(text, "--snapshot", str(snapshot(stage.local, folder)), *arguments)
    return {**found["answers"][0], "stderr": found["stderr"]}


def refused_by(service: str, action: str, resource: str, **detail: str) -> str:
    told = {
        "AuthAction": action,
        "NoPermissionType": "ImplicitDeny",
        "PolicyType": "AccountLevelIdentityBasedPolicy",
    }
    message = f"You are not authorized to do this action. Resource: {resource} Action: {action}"
    return json.dumps({"Code": "NoPermission", "Message": message, "AccessDeniedDetail": told | detail})


def test_a_bare_error_of_oss_is_asked_about_as_the_workspaces_role(stage: Stage, tmp_path: Path) -> None:
    place = workspace(stage, SPARK)
    data_bucket(stage)
    found = asked(stage, tmp_path, job(place, BARE))
    assert set(checks(found)) > JOB_CHECKS
    assert checks(found)["resource-list"] == "failed"
    assert (found["cause"], found["confidence"], found["principal"]) == ("permission_missing", "likely", None)
    (advice,) = found["advice"]
    assert f"rolemend-{ROLE}-{DATA}" in advice["fix"]["cli"]
    assert f"--workspaceId {place} " in advice["verify"]


def test_a_role_that_does_not_trust_spark(stage: Stage, tmp_path: Path) -> None:
    place = workspace(stage, "ecs.aliyuncs.com")
    arn = f"acs:ram::{stage.account}:role/{ROLE}"
    text = f"NoPermission: You are not authorized to do this action. Resource: {arn} Action: sts:AssumeRole"
    found = asked(stage, tmp_path, job(place, text))
    assert found["cause"] == "role_not_trusted"
    assert checks(found)["execution-trust"] == "failed"
    fix = found["advice"][0]["fix"]
    assert "ecs.aliyuncs.com" in fix["cli"]  # what the role trusts today stays
    assert SPARK in fix["cli"]


def test_a_right_of_the_execution_role_named_by_its_session(stage: Stage, tmp_path: Path) -> None:
    place = workspace(stage, SPARK)
    key = f"acs:kms:{HOME}:{stage.account}:key/key-1"
    text = refused_by(
        "kms", "kms:Decrypt", key, AuthPrincipalType="AssumedRoleUser",
        AuthPrincipalDisplayName=f"{ROLE}:spark-{RUN}", AuthPrincipalOwnerId=stage.account,
    )  # fmt: skip
    found = asked(stage, tmp_path, job(place, text))
    assert (found["cause"], found["confidence"]) == ("kms_permission_missing", "certain")
    assert checks(found)["role-on-key"] == "failed"
    assert key in found["advice"][0]["fix"]["api"]


def test_the_session_alone_tells_the_job_and_the_role_but_no_workspace(stage: Stage, tmp_path: Path) -> None:
    workspace(stage, SPARK)
    text = refused_by(
        "kms", "kms:Decrypt", "*", AuthPrincipalType="AssumedRoleUser",
        AuthPrincipalDisplayName=f"{ROLE}:spark-{RUN}", AuthPrincipalOwnerId=stage.account,
    )  # fmt: skip
    found = asked(stage, tmp_path, text)
    assert checks(found)["workspace-role"] == "unknown"
    assert checks(found)["role-on-key"] == "failed"


def test_at_dlf_the_submitter_that_the_text_names_is_asked(stage: Stage, tmp_path: Path) -> None:
    place = workspace(stage, SPARK, more=("dlf-auth:*",))
    make_user(stage, "ada")
    text = refused_by(
        "dlf", "dlf:GetTable", f"acs:dlf:{HOME}:{stage.account}:catalog/c", AuthPrincipalType="SubUser",
        AuthPrincipalDisplayName="ada", AuthPrincipalOwnerId=stage.account,
    )  # fmt: skip
    found = asked(stage, tmp_path, job(place, text))
    assert (found["cause"], checks(found)["dlf-right"]) == ("permission_missing", "failed")
    assert "AttachPolicyToUser" in found["advice"][0]["fix"]["cli"]
    assert "--UserName ada" in found["advice"][0]["fix"]["cli"]


def test_at_dlf_nobody_is_made_up_where_the_text_names_nobody(stage: Stage, tmp_path: Path) -> None:
    place = workspace(stage, SPARK, more=("dlf-auth:*",))
    text = "org.apache.paimon.catalog.Catalog$TableNoPermissionException: Table sales.orders has no permission. DLF"
    found = asked(stage, tmp_path, job(place, text))
    assert found["cause"] == "dlf_data_permission_missing"
    assert found["principal"] is None
    assert checks(found)["acting-identity"] == "unknown"
    assert checks(found)["dlf-right"] in ("unknown", "not_applicable")
    assert "YOUR_PRINCIPAL" in found["advice"][0]["fix"]["api"]


def test_a_workspace_that_is_not_there_leaves_its_checks_open(stage: Stage, tmp_path: Path) -> None:
    workspace(stage, SPARK)
    found = asked(stage, tmp_path, job("w-00000000000000ff", BARE))
    assert "passed" not in {checks(found)[name] for name in JOB_CHECKS}


def test_without_usable_credentials_every_check_of_a_job_is_unknown(stage: Stage) -> None:
    text = job("w-00000000000000ff", BARE)
    found = explained(text, **credentials(stage.local, Keys("LTAI-made-up", "secret")))["answers"][0]
    assert set(checks(found)) > JOB_CHECKS
    assert set(checks(found).values()) == {"unknown"}


def test_nothing_is_printed_for_a_role_of_rolemends_own(stage: Stage, tmp_path: Path) -> None:
    place = workspace(stage, SPARK, role="rolemend-diagnose")
    data_bucket(stage)
    found = asked(stage, tmp_path, job(place, BARE))
    assert checks(found)["resource-list"] == "failed"
    shown = json.dumps(found["advice"][0]["fix"])
    assert not [word for word in ("CreatePolicy", "Attach", "UpdateRole") if word in shown]


def test_the_role_that_a_text_names_is_protected_too() -> None:
    text = refused_by(
        "oss", "oss:GetObject", "acs:oss:*:*:data/a", AuthPrincipalType="AssumedRoleUser",
        AuthPrincipalDisplayName="rolemend-diagnose:s", AuthPrincipalOwnerId="1000000000000001",
    )  # fmt: skip
    for found in explained(text, "--offline")["answers"]:
        for advice in found["advice"]:
            assert not [
                word for word in ("CreatePolicy", "Attach", "UpdateRole") if word in json.dumps(advice["fix"])
            ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("in w-0123456789abcdef, jr-0123456789abcdef.", ("w-0123456789abcdef", "jr-0123456789abcdef")),
        (f"oss://{LAB}/w-0123456789abcdef/logs/jr-0123456789abcdef/", ("w-0123456789abcdef", "jr-0123456789abcdef")),
        ("w-0123456789abcdef and w-fedcba9876543210", ("", "")),
        ("w-d2d82aa09155**** new-0123456789 w-somewhere view-w-0123456789ab", ("", "")),
        ("", ("", "")),
    ],
)  # fmt: skip
def test_the_ids_of_a_text(text: str, expected: tuple[str, str]) -> None:
    jobs = Jobs()
    jobs.look(text)
    jobs.look(text)
    assert jobs.named() == expected
