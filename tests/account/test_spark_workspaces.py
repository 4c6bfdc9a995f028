"""Serverless Spark over HTTP: a workspace with its execution role and directory, or why it was not read."""

from __future__ import annotations

from typing import Any

import pytest
from alibabacloud_emr_serverless_spark20230808 import models

from localcloud.server import LocalCloud
from rolemend.account.interface import Absent, Known, Unread, Workspace
from rolemend.account.spark_workspaces import SparkWorkspaces
from tests import clients
from tests.account.entry import PASSING, REGION, access, fault
from tests.clients import Keys
from tests.localcloud.identities import allow, make_role, make_user, trusts


@pytest.fixture
def workspace_id(root: Keys) -> str:
    make_role(clients.ram(root), "Spark-Job", trusts("spark.emr-serverless.aliyuncs.com"))
    request = models.CreateWorkspaceRequest(
        region_id=REGION,
        workspace_name="lab",
        oss_bucket="oss://lab-files/jobs",
        ram_role_name="Spark-Job",
        dlf_catalog_id="lake",
    )
    return str(clients.spark(root).create_workspace(request).body.workspace_id)


def test_a_workspace_tells_its_role_and_directory(root: Keys, workspace_id: str) -> None:
    assert SparkWorkspaces(access(root)).workspace(workspace_id, REGION) == Known(
        Workspace(
            id=workspace_id,
            name="lab",
            region=REGION,
            role="Spark-Job",
            directory="oss://lab-files/jobs",
            catalog="lake",
        )
    )


def test_a_workspace_that_is_not_there_is_absent(root: Keys, workspace_id: str) -> None:
    spark = SparkWorkspaces(access(root))
    assert isinstance(spark.workspace("w-0000000000000000", REGION), Absent)
    assert isinstance(spark.workspace(workspace_id, "cn-shanghai"), Absent)


def test_a_caller_without_the_right_reads_nothing(root: Keys, workspace_id: str) -> None:
    ram = clients.ram(root)
    found = SparkWorkspaces(access(make_user(ram, "stranger"))).workspace(workspace_id, REGION)
    assert isinstance(found, Unread)
    assert not found.transient
    reader = make_user(ram, "reader", allow("emr-serverless-spark:GetWorkspace"))
    assert isinstance(SparkWorkspaces(access(reader)).workspace(workspace_id, REGION), Known)


@pytest.mark.parametrize(
    "workspace", ["", "../jobRuns", "w-1/../../x", "w 1", "w-1?x=y", "w-\u0661", "w" * 65]
)
def test_an_id_that_is_none_never_leaves_the_house(root: Keys, workspace: str) -> None:
    found = SparkWorkspaces(access(root)).workspace(workspace, REGION)
    assert isinstance(found, Unread)
    assert found.reason.startswith("NoWorkspace")


@pytest.mark.parametrize("region", ["", "evil.example.com/", "cn-hangzhou.evil"])
def test_a_region_that_is_none_never_leaves_the_house(root: Keys, workspace_id: str, region: str) -> None:
    assert isinstance(SparkWorkspaces(access(root)).workspace(workspace_id, region), Unread)


@pytest.mark.parametrize("how", PASSING, ids=str)
def test_a_passing_fault_is_tried_again(
    local: LocalCloud, root: Keys, workspace_id: str, how: dict[str, Any]
) -> None:
    fault(local, "spark", "GetWorkspace", **how)
    assert isinstance(SparkWorkspaces(access(root)).workspace(workspace_id, REGION), Known)


def test_a_fault_that_stays_is_unread_for_now(local: LocalCloud, root: Keys, workspace_id: str) -> None:
    fault(local, "spark", "GetWorkspace", kind="throttle", times=None)
    found = SparkWorkspaces(access(root)).workspace(workspace_id, REGION)
    assert isinstance(found, Unread)
    assert found.transient
