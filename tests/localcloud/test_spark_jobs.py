"""Job runs read and write the local OSS under the workspace's execution role, and fail when it may not."""

from __future__ import annotations

import json
import time
from typing import Any

import msgspec
import oss2
import pytest
from alibabacloud_emr_serverless_spark20230808 import models
from alibabacloud_ram20150501.models import AttachPolicyToRoleRequest
from alibabacloud_tea_openapi.client import Client as AnyClient
from alibabacloud_tea_openapi.models import OpenApiRequest, Params
from darabonba.exceptions import DaraException
from darabonba.runtime import RuntimeOptions

from localcloud.faults import Fault
from localcloud.server import LocalCloud
from localcloud.sls.service import SlsService
from localcloud.state import State
from tests import clients
from tests.clients import Keys
from tests.localcloud.identities import allow, make_policy, make_role, trusts

SPARK_SERVICE = "spark.emr-serverless.aliyuncs.com"
REGION = "cn-hangzhou"
ENDED = ("Success", "Failed", "Cancelled")

OF_BUCKET = ["oss:ListObjects", "oss:ListObjectVersions"]
OF_OBJECT = ["oss:GetObject", "oss:PutObject", "oss:DeleteObject", "oss:DeleteObjectVersion"]


@pytest.fixture
def lab(root: Keys) -> oss2.Bucket:
    """The workspace's own bucket, with a program in it."""
    bucket = clients.bucket(root, "lab-bucket")
    bucket.create_bucket()
    bucket.put_object("jobs/etl.py", b"print('hello')")
    return bucket


@pytest.fixture
def data(root: Keys) -> oss2.Bucket:
    """A bucket that the execution role has no policy for."""
    bucket = clients.bucket(root, "data-bucket")
    bucket.create_bucket()
    bucket.put_object("in/a.csv", b"1,2,3")
    return bucket


@pytest.fixture
def spark(root: Keys) -> Any:
    return clients.spark(root)


@pytest.fixture
def workspace(root: Keys, lab: oss2.Bucket, spark: Any) -> str:
    """A workspace whose execution role may work in `lab-bucket` only."""
    resources = ["acs:oss:*:*:lab-bucket", "acs:oss:*:*:lab-bucket/*"]
    make_role(clients.ram(root), "job-role", trusts(SPARK_SERVICE), allow(OF_BUCKET + OF_OBJECT, resources))
    return create_workspace(spark, "job-role")


def create_workspace(spark: Any, role: str) -> str:
    request = models.CreateWorkspaceRequest(
        region_id=REGION, workspace_name="lab", oss_bucket="oss://lab-bucket/", ram_role_name=role
    )
    return str(spark.create_workspace(request).body.workspace_id)


def start(spark: Any, workspace: str, *arguments: str, entry: str = "jobs/etl.py", **more: Any) -> str:
    driver = models.JobDriver(
        spark_submit=models.JobDriverSparkSubmit(
            entry_point=entry if ":" in entry else f"oss://lab-bucket/{entry}",
            entry_point_arguments=list(arguments),
            spark_submit_parameters=more.pop("parameters", "--class Etl --conf spark.executor.cores=4"),
        )
    )
    request = models.StartJobRunRequest(
        region_id=REGION, name="etl", code_type="PYTHON", job_driver=driver, **more
    )
    return str(spark.start_job_run(workspace, request).body.job_run_id)


def get(spark: Any, workspace: str, run: str) -> Any:
    return spark.get_job_run(workspace, run, models.GetJobRunRequest(region_id=REGION)).body.job_run


def ended(spark: Any, workspace: str, run: str) -> Any:
    """The job run, once it has ended."""
    for _ in range(200):
        found = get(spark, workspace, run)
        if found.state in ENDED:
            return found
        time.sleep(0.01)
    raise AssertionError(f"{run} is still {found.state}")


def run_to_end(spark: Any, workspace: str, *arguments: str, **more: Any) -> Any:
    return ended(spark, workspace, start(spark, workspace, *arguments, **more))


def log_lines(spark: Any, workspace: str, file: str) -> list[str]:
    request = models.ListLogContentsRequest(region_id=REGION, file_name=file, offset=0, length=9999)
    content = spark.list_log_contents(workspace, request).body.list_log_content
    assert content.total_length == len(content.contents)
    return [line.line_content for line in content.contents]


def test_a_job_reads_its_input_and_writes_its_output(spark: Any, workspace: str, lab: oss2.Bucket) -> None:
    lab.put_object("in/a.csv", b"12345")
    lab.put_object("in/b.csv", b"678")
    run = run_to_end(spark, workspace, "--input", "oss://lab-bucket/in/", "--output=oss://lab-bucket/out")
    assert (run.state, run.state_change_reason) == ("Success", None)
    assert lab.get_object("out/part-00000.txt").read() == b"8\n"
    below = [item.key for item in oss2.ObjectIteratorV2(lab, prefix="out/")]
    assert below == ["out/_SUCCESS", "out/part-00000.txt"]


def test_driver_logs_lie_in_the_workspace_directory(spark: Any, workspace: str, lab: oss2.Bucket) -> None:
    run = run_to_end(spark, workspace, "--output", "oss://lab-bucket/out")
    directory = f"oss://lab-bucket/{workspace}/spark/logs/{run.job_run_id}/driver"
    assert run.log.driver_std_out == f"{directory}/stdout.log"
    assert log_lines(spark, workspace, run.log.driver_std_out) == [
        "loaded oss://lab-bucket/jobs/etl.py (14 bytes)",
        "wrote oss://lab-bucket/out",
    ]
    assert lab.object_exists(f"{workspace}/spark/logs/{run.job_run_id}/driver/stderr.log")


def test_a_bucket_that_the_role_may_not_read_fails_the_job_with_osss_own_text(
    spark: Any, workspace: str, data: oss2.Bucket
) -> None:
    run = run_to_end(spark, workspace, "--input", "oss://data-bucket/in/")
    assert (run.state, run.state_change_reason.code) == ("Failed", "AccessDenied")
    text = run.state_change_reason.message
    assert text.startswith("com.aliyun.oss.OSSException: ")
    assert "[ErrorCode]: AccessDenied\n[RequestId]: " in text
    assert "[HostId]: data-bucket.oss-cn-hangzhou-internal.aliyuncs.com" in text
    assert "<EC>0003-00000001</EC>" in text
    assert f"job-role:spark-{run.job_run_id}" in text
    lines = log_lines(spark, workspace, run.log.driver_std_error)
    assert lines[0].startswith('Exception in thread "main" com.aliyun.oss.OSSException: ')


def test_the_job_succeeds_once_the_role_may_read_the_bucket(
    root: Keys, spark: Any, workspace: str, data: oss2.Bucket
) -> None:
    assert run_to_end(spark, workspace, "--input", "oss://data-bucket/in/").state == "Failed"
    ram = clients.ram(root)
    resources = ["acs:oss:*:*:data-bucket", "acs:oss:*:*:data-bucket/*"]
    policy = make_policy(ram, "data-read", allow(["oss:ListObjects", "oss:GetObject"], resources))
    ram.attach_policy_to_role(
        AttachPolicyToRoleRequest(policy_type="Custom", policy_name=policy, role_name="job-role")
    )
    assert run_to_end(spark, workspace, "--input", "oss://data-bucket/in/").state == "Success"


@pytest.mark.parametrize("versioned", [False, True])
@pytest.mark.parametrize("missing", ["oss:ListObjectVersions", "oss:DeleteObjectVersion", "oss:DeleteObject"])
def test_the_committer_needs_the_actions_of_temporary_directories(
    root: Keys, lab: oss2.Bucket, spark: Any, missing: str, versioned: bool
) -> None:
    if versioned:
        lab.put_bucket_versioning(oss2.models.BucketVersioningConfig(oss2.BUCKET_VERSIONING_ENABLE))
    actions = [action for action in OF_BUCKET + OF_OBJECT if action != missing]
    resources = ["acs:oss:*:*:lab-bucket", "acs:oss:*:*:lab-bucket/*"]
    make_role(clients.ram(root), "short-role", trusts(SPARK_SERVICE), allow(actions, resources))
    run = run_to_end(spark, create_workspace(spark, "short-role"), "--output", "oss://lab-bucket/out")
    assert (run.state, run.state_change_reason.code) == ("Failed", "AccessDenied")


def test_a_role_that_spark_may_not_assume_fails_the_job_before_any_log(
    root: Keys, lab: oss2.Bucket, spark: Any
) -> None:
    make_role(clients.ram(root), "ecs-role", trusts("ecs.aliyuncs.com"), allow("oss:*"))
    workspace = create_workspace(spark, "ecs-role")
    run = run_to_end(spark, workspace)
    assert (run.state, run.state_change_reason.code) == ("Failed", "NoPermission")
    with pytest.raises(DaraException) as error:
        log_lines(spark, workspace, run.log.driver_std_error)
    assert error.value.code == "ResourceNotFound"


def test_a_missing_input_or_program_fails_the_job_with_its_own_code(spark: Any, workspace: str) -> None:
    run = run_to_end(spark, workspace, "oss://lab-bucket/nothing/")
    assert run.state_change_reason.code == "PATH_NOT_FOUND"
    run = run_to_end(spark, workspace, entry="jobs/other.py")
    assert run.state_change_reason.code == "NoSuchKey"
    run = run_to_end(
        spark, workspace, parameters="--jars oss://lab-bucket/jobs/etl.py,oss://lab-bucket/no.jar"
    )
    assert run.state_change_reason.code == "NoSuchKey"


def test_a_path_with_another_regions_endpoint_is_asked_there(root: Keys, spark: Any, workspace: str) -> None:
    far = clients.bucket(root, "far-bucket", "cn-shanghai")
    far.create_bucket()
    far.put_object("in/a.csv", b"1")
    wrong = run_to_end(spark, workspace, "oss://far-bucket/in/")
    assert "must be addressed using the specified endpoint" in wrong.state_change_reason.message
    right = run_to_end(spark, workspace, "oss://far-bucket.oss-cn-shanghai.aliyuncs.com/in/")
    assert "<EC>0003-00000001</EC>" in right.state_change_reason.message


@pytest.mark.parametrize(
    ("arguments", "more"),
    [
        (("--input", "odps://project"), {}),
        (("--input", "s3://bucket/key"), {}),
        (("--output", "hdfs://ns/out"), {}),
        (("oss://b.cn-hangzhou.oss-dls.aliyuncs.com/in",), {}),
        ((), {"parameters": "--conf spark.hadoop.odps.project.name=p"}),
        ((), {"parameters": "--conf spark.sql.catalog.dlf.uri=u"}),
    ],
)
def test_what_is_not_simulated_is_refused_when_the_job_is_started(
    local: LocalCloud, spark: Any, workspace: str, arguments: tuple[str, ...], more: dict[str, Any]
) -> None:
    with pytest.raises(DaraException) as error:
        start(spark, workspace, *arguments, **more)
    assert error.value.code == "InvalidAction.NotFound"
    assert sum(local.cloud.unsupported.values()) == 1


def test_a_job_without_an_entry_point_is_refused(spark: Any, workspace: str) -> None:
    with pytest.raises(DaraException) as error:
        spark.start_job_run(workspace, models.StartJobRunRequest(region_id=REGION, code_type="JAR"))
    assert error.value.code == "InvalidParameter"


@pytest.mark.parametrize(
    "wrong",
    [
        {"jobDriver": "etl.py"},
        {"jobDriver": {"sparkSubmit": {"entryPoint": 7}}},
        {"jobDriver": {"sparkSubmit": {"entryPoint": "oss://b/k", "entryPointArguments": "oss://b/in"}}},
        {"jobDriver": {"sparkSubmit": {"entryPoint": "oss://b/k", "sparkSubmitParameters": "--conf 'a"}}},
        {"tags": [{"value": "no key"}]},
        {"configurationOverrides": "spark.executor.cores=4"},
    ],
)
def test_a_body_of_the_wrong_form_is_an_invalid_parameter(
    root: Keys, workspace: str, wrong: dict[str, Any]
) -> None:
    body = {"jobDriver": {"sparkSubmit": {"entryPoint": "oss://lab-bucket/jobs/etl.py"}}, **wrong}
    params = Params(
        action="StartJobRun",
        version="2023-08-08",
        protocol="HTTPS",
        pathname=f"/api/v1/workspaces/{workspace}/jobRuns",
        method="POST",
        auth_type="AK",
        style="ROA",
        req_body_type="json",
        body_type="json",
    )
    client = AnyClient(clients.config(root, "emr-serverless-spark.cn-hangzhou.aliyuncs.com"))
    with pytest.raises(DaraException) as error:
        client.call_api(params, OpenApiRequest(body=body), RuntimeOptions())
    assert (error.value.code, error.value.status_code) == ("InvalidParameter", 400)


def test_only_logs_of_the_workspace_can_be_read(spark: Any, workspace: str) -> None:
    with pytest.raises(DaraException) as error:
        log_lines(spark, workspace, "oss://lab-bucket/jobs/etl.py")
    assert error.value.code == "InvalidParameter"


def runs(spark: Any, workspace: str, **filters: Any) -> list[str]:
    body = spark.list_job_runs(workspace, models.ListJobRunsRequest(region_id=REGION, **filters)).body
    return [run.job_run_id for run in body.job_runs]


def test_runs_are_listed_by_state_time_and_creator(spark: Any, workspace: str, account: str) -> None:
    good = run_to_end(spark, workspace)
    time.sleep(0.005)
    bad = run_to_end(spark, workspace, "oss://lab-bucket/nothing/")
    assert runs(spark, workspace) == [bad.job_run_id, good.job_run_id]
    assert runs(spark, workspace, states=["Failed", "Cancelled"]) == [bad.job_run_id]
    since = models.ListJobRunsRequestEndTime(start_time=bad.end_time, end_time=bad.end_time + 10_000)
    assert runs(spark, workspace, end_time=since) == [bad.job_run_id]
    until = models.ListJobRunsRequestStartTime(start_time=0, end_time=good.submit_time)
    assert runs(spark, workspace, start_time=until) == [good.job_run_id]
    assert runs(spark, workspace, creator=account, max_results=1) == [bad.job_run_id]
    assert runs(spark, workspace, creator="someone") == []
    (item,) = spark.list_job_runs(
        workspace, models.ListJobRunsRequest(region_id=REGION, states=["Failed"])
    ).body.job_runs
    assert (item.creator, item.state_change_reason.code) == (account, "PATH_NOT_FOUND")
    assert bad.resource_owner_id == account


def test_more_than_a_hundred_runs_on_a_page_are_refused(spark: Any, workspace: str) -> None:
    with pytest.raises(DaraException) as error:
        runs(spark, workspace, max_results=101)
    assert error.value.code == "InvalidParameter"


def test_a_waiting_job_can_be_cancelled_once(local: LocalCloud, spark: Any, workspace: str) -> None:
    local.cloud.services["spark"].queue_seconds = 60  # type: ignore[attr-defined]
    run = start(spark, workspace)
    assert get(spark, workspace, run).state == "Submitted"
    spark.cancel_job_run(workspace, run, models.CancelJobRunRequest(region_id=REGION))
    assert get(spark, workspace, run).state == "Cancelled"
    with pytest.raises(DaraException) as error:
        spark.cancel_job_run(workspace, run, models.CancelJobRunRequest(region_id=REGION))
    assert error.value.code == "OperationDenied"


def test_the_same_client_token_starts_one_run(spark: Any, workspace: str) -> None:
    started = {start(spark, workspace, client_token="once") for _ in range(2)}
    assert len(started) == 1


def test_a_failed_run_is_an_event_in_the_logstores_that_a_rule_names(
    local: LocalCloud, root: Keys, spark: Any, workspace: str, account: str
) -> None:
    def route(cloud: Any) -> None:
        sls = cloud.services["sls"]
        assert isinstance(sls, SlsService)
        sls.create_project("ops", account=account, region=REGION)
        sls.create_logstore("ops", "cloudmonitor")
        cloud.state.spark.event_targets = [(account, "ops", "cloudmonitor"), ("2", "ops", "cloudmonitor")]

    local.call(route)
    assert run_to_end(spark, workspace).state == "Success"
    failed = run_to_end(spark, workspace, "oss://lab-bucket/nothing/")
    log = clients.log(root)
    cursor = log.get_cursor("ops", "cloudmonitor", 0, "begin").get_cursor()
    groups = log.pull_logs("ops", "cloudmonitor", 0, cursor).get_flatten_logs_json()
    (event,) = groups
    assert (event["name"], event["product"], event["status"]) == (
        "EMRSpark:JobRun:FAILED",
        "EMRSpark",
        "Failed",
    )
    content = json.loads(event["content"])
    assert (content["jobRunId"], content["workspaceId"]) == (failed.job_run_id, workspace)


def test_a_connection_that_breaks_fails_the_job(local: LocalCloud, spark: Any, workspace: str) -> None:
    local.call(lambda cloud: cloud.faults.append(Fault("oss", "*", "reset", caller="job-role", skip=1)))
    run = run_to_end(spark, workspace)
    assert (run.state, run.state_change_reason.code) == ("Failed", "RequestTimeout")


def test_the_run_configuration_tells_where_the_logs_go(spark: Any, workspace: str) -> None:
    run = run_to_end(spark, workspace)
    request = models.GetRunConfigurationRequest(region_id=REGION)
    found = spark.get_run_configuration(workspace, run.job_run_id, request).body.run_configuration
    assert found.log_config.log_path == run.log.driver_std_out.rpartition("/")[0]


def test_a_run_that_a_stop_cut_off_is_failed_when_the_state_is_loaded(
    local: LocalCloud, spark: Any, workspace: str
) -> None:
    local.cloud.services["spark"].queue_seconds = 60  # type: ignore[attr-defined]
    run = start(spark, workspace)
    kept = local.call(lambda cloud: msgspec.json.encode(cloud.state))
    local.reset(msgspec.json.decode(kept, type=State))
    found = get(spark, workspace, run)
    assert (found.state, found.state_change_reason.code) == ("Failed", "InternalError")
