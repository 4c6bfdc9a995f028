"""Workspaces, Livy gateways and who may call what in EMR Serverless Spark."""

from __future__ import annotations

from typing import Any

import pytest
from alibabacloud_emr_serverless_spark20230808 import models
from darabonba.exceptions import DaraException

from localcloud.accounts import open_account
from localcloud.server import LocalCloud
from tests import clients
from tests.clients import Keys
from tests.localcloud.identities import allow, make_role, make_user, trusts

SPARK_SERVICE = "spark.emr-serverless.aliyuncs.com"
REGION = "cn-hangzhou"


@pytest.fixture
def ram(root: Keys) -> Any:
    ram = clients.ram(root)
    make_role(ram, "job-role", trusts(SPARK_SERVICE))
    return ram


@pytest.fixture
def spark(root: Keys, ram: Any) -> Any:
    return clients.spark(root)


def create(spark: Any, name: str = "lab", role: str | None = "job-role", **more: Any) -> str:
    request = models.CreateWorkspaceRequest(
        region_id=REGION, workspace_name=name, oss_bucket="oss://lab-bucket/", ram_role_name=role, **more
    )
    return str(spark.create_workspace(request).body.workspace_id)


def get(spark: Any, workspace_id: str) -> Any:
    return spark.get_workspace(workspace_id, models.GetWorkspaceRequest(region_id=REGION)).body.workspace


def names(spark: Any, region: str = REGION, **filters: Any) -> list[str]:
    body = spark.list_workspaces(models.ListWorkspacesRequest(region_id=region, **filters)).body
    return [workspace.workspace_name for workspace in body.workspaces]


def test_a_workspace_keeps_the_execution_role_it_was_created_with(spark: Any, account: str) -> None:
    workspace_id = create(spark)
    request = models.UpdateWorkspaceRequest(region_id=REGION, workspace_id=workspace_id, workspace_name="new")
    spark.update_workspace(request)
    workspace = get(spark, workspace_id)
    assert workspace_id.startswith("w-")
    assert (workspace.workspace_name, workspace.ram_role_name) == ("new", "job-role")
    assert (workspace.storage, workspace.workspace_status) == ("oss://lab-bucket/", "RUNNING")
    assert workspace.resource_owner_id == account


def test_without_a_role_the_default_one_is_taken_and_must_exist(spark: Any, ram: Any) -> None:
    with pytest.raises(DaraException) as error:
        create(spark, role=None)
    assert (error.value.code, error.value.status_code) == ("EntityNotExist.Role", 404)
    make_role(ram, "AliyunEMRSparkJobRunDefaultRole", trusts(SPARK_SERVICE))
    assert get(spark, create(spark, role=None)).ram_role_name == "AliyunEMRSparkJobRunDefaultRole"


def test_a_list_has_pages_and_filters_but_no_role(spark: Any) -> None:
    for number in range(3):
        create(spark, f"w{number}", tag=[models.CreateWorkspaceRequestTag(key="n", value=str(number))])
    assert names(spark) == ["w2", "w1", "w0"]
    assert names(spark, name="w1") == ["w1"]
    assert names(spark, tag=[models.ListWorkspacesRequestTag(key="n", value="2")]) == ["w2"]
    request = models.ListWorkspacesRequest(region_id=REGION, max_results=2)
    body = spark.list_workspaces(request).body
    assert (len(body.workspaces), body.total_count) == (2, 3)
    assert names(spark, max_results=2, next_token=body.next_token) == ["w0"]
    assert "ramRoleName" not in body.workspaces[0].to_map()


@pytest.mark.parametrize("bucket", ["lab-bucket", "s3://lab-bucket/", "oss://"])
def test_a_wrong_workspace_directory_is_refused(spark: Any, bucket: str) -> None:
    request = models.CreateWorkspaceRequest(
        region_id=REGION, workspace_name="lab", oss_bucket=bucket, ram_role_name="job-role"
    )
    with pytest.raises(DaraException) as error:
        spark.create_workspace(request)
    assert error.value.code == "InvalidParameter"


def test_an_update_of_anything_but_the_name_is_unsupported(local: LocalCloud, spark: Any) -> None:
    request = models.UpdateWorkspaceRequest(region_id=REGION, workspace_id=create(spark), cu=100)
    with pytest.raises(DaraException) as error:
        spark.update_workspace(request)
    assert error.value.code == "InvalidAction.NotFound"
    assert local.cloud.unsupported["spark", "UpdateWorkspace with cu"] == 1


def test_a_denied_caller_gets_forbidden_ram_with_the_action(spark: Any, ram: Any) -> None:
    workspace_id = create(spark)
    reader = clients.spark(make_user(ram, "reader", allow("emr-serverless-spark:List*")))
    assert names(reader) == ["lab"]
    with pytest.raises(DaraException) as error:
        get(reader, workspace_id)
    assert (error.value.code, error.value.status_code) == ("Forbidden.RAM", 403)
    detail = error.value.data["AccessDeniedDetail"]
    assert detail["AuthAction"] == "emr-serverless-spark:GetWorkspace"


def test_a_foreign_workspace_is_not_found_and_its_lists_answer_an_empty_code(
    local: LocalCloud, spark: Any
) -> None:
    workspace_id = create(spark)
    key = local.call(lambda cloud: open_account(cloud.state, "1000000000000002"))
    other = clients.spark(Keys(key.id, key.secret))
    assert names(other) == []
    with pytest.raises(DaraException) as error:
        get(other, workspace_id)
    assert error.value.code == "ResourceNotFound"
    with pytest.raises(DaraException) as error:
        other.list_job_runs(workspace_id, models.ListJobRunsRequest(region_id=REGION))
    # The SDK prints an empty code as the word None.
    assert (error.value.code, error.value.status_code) == ("None", 403)


def test_a_livy_token_names_its_creator(spark: Any, ram: Any) -> None:
    workspace_id = create(spark)
    spark.create_livy_compute(workspace_id, models.CreateLivyComputeRequest(region_id=REGION, name="gateway"))
    request = models.ListLivyComputeRequest(region_id=REGION)
    (compute,) = spark.list_livy_compute(workspace_id, request).body.data.livy_computes
    user = clients.spark(make_user(ram, "analyst", allow("emr-serverless-spark:*")))
    user.create_livy_compute_token(
        workspace_id, compute.compute_id, models.CreateLivyComputeTokenRequest(region_id=REGION, name="t")
    )
    listed = spark.list_livy_compute_token(
        workspace_id, compute.compute_id, models.ListLivyComputeTokenRequest(region_id=REGION)
    )
    (token,) = listed.body.data.tokens
    assert (compute.name, compute.created_by) == ("gateway", "root")
    assert (token.name, token.createdby) == ("t", "analyst")
