"""Serverless Spark over HTTP: runs and why they failed, logs, roles, and whose tokens a Livy gateway has."""

from __future__ import annotations

from typing import Any

import pytest
from alibabacloud_emr_serverless_spark20230808 import models

from localcloud.server import LocalCloud
from rolemend.account import spark as module
from rolemend.account.interface import JobRun
from rolemend.account.spark import Spark
from rolemend.errors import AccountError, NotThere, Refused, Unreachable
from tests import clients
from tests.account.entry import PASSING, REGION, access, fault
from tests.clients import Keys
from tests.localcloud.identities import allow, make_role, make_user, trusts
from tests.localcloud.test_spark_jobs import (
    OF_BUCKET,
    OF_OBJECT,
    SPARK_SERVICE,
    create_workspace,
    run_to_end,
)


@pytest.fixture
def sdk(root: Keys) -> Any:
    bucket = clients.bucket(root, "lab-bucket")
    bucket.create_bucket()
    bucket.put_object("jobs/etl.py", b"print('hello')")
    make_role(clients.ram(root), "Job-Role", trusts(SPARK_SERVICE), allow(OF_BUCKET + OF_OBJECT))
    return clients.spark(root)


@pytest.fixture
def workspace(sdk: Any) -> str:
    return create_workspace(sdk, "Job-Role")


@pytest.fixture
def spark(root: Keys) -> Spark:
    return Spark(access(root))


def failed(sdk: Any, workspace: str) -> Any:
    return run_to_end(sdk, workspace, "oss://lab-bucket/nothing/")


def test_a_failed_run_tells_reason_submitter_end_and_logs(
    spark: Spark, sdk: Any, workspace: str, account: str
) -> None:
    run = failed(sdk, workspace)
    found = spark.job_run(REGION, workspace, run.job_run_id)
    assert found == JobRun(
        id=run.job_run_id,
        workspace=workspace,
        state="Failed",
        reason="PATH_NOT_FOUND",
        message=run.state_change_reason.message,
        submitter=account,
        ended=run.end_time / 1000,
        logs=found.logs,
    )
    assert [path.rpartition("/")[2] for path in found.logs] == [
        "stderr.log", "syslog.log", "startup.log", "stdout.log",
    ]  # fmt: skip
    assert list(spark.failed_runs(REGION, workspace, found.ended - 1)) == [found]
    assert list(spark.failed_runs(REGION, workspace, found.ended + 1)) == []


def test_only_failed_runs_are_listed_and_all_pages_of_them(
    spark: Spark, sdk: Any, workspace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_PAGE", 2)
    runs = {failed(sdk, workspace).job_run_id for _ in range(5)}
    assert run_to_end(sdk, workspace).state == "Success"
    assert {run.id for run in spark.failed_runs(REGION, workspace, 0)} == runs


def test_all_pages_of_the_workspaces_are_listed(
    spark: Spark, sdk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_PAGE", 2)
    made = {create_workspace(sdk, "Job-Role") for _ in range(5)}
    assert set(spark.workspaces(REGION)) == made
    assert spark.workspaces("cn-shanghai") == ()


def test_the_execution_role_of_a_workspace_is_told(spark: Spark, workspace: str) -> None:
    assert spark.execution_role(REGION, workspace) == "Job-Role"


def test_the_end_of_a_long_log_is_read(
    spark: Spark, root: Keys, sdk: Any, workspace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_LINES", 10)
    path = spark.job_run(REGION, workspace, failed(sdk, workspace).job_run_id).logs[0]
    lines = [f"line {number} " + "x" * 9_000 for number in range(35)]
    bucket = clients.bucket(root, "lab-bucket")
    bucket.put_object(path.removeprefix("oss://lab-bucket/"), "\n".join(lines).encode())
    read = spark.log_end(REGION, workspace, path).splitlines()
    assert [line.partition(" x")[0] for line in read] == [f"line {number}" for number in range(25, 35)]
    assert {len(line) for line in read} == {4_000}


def test_a_log_that_was_never_written_is_not_there(spark: Spark, workspace: str) -> None:
    with pytest.raises(NotThere):
        spark.log_end(REGION, workspace, f"oss://lab-bucket/{workspace}/spark/logs/jr-1/driver/stderr.log")


def test_the_creators_of_a_gateways_tokens_are_told_once_each(
    spark: Spark, root: Keys, sdk: Any, workspace: str
) -> None:
    gateway = sdk.create_livy_compute(workspace, models.CreateLivyComputeRequest(name="g"))
    compute = gateway.body.data.livy_compute_id
    assert spark.token_creators(REGION, workspace, compute) == ()
    for user in ("ana", "bob"):
        own = clients.spark(make_user(clients.ram(root), user, allow("emr-serverless-spark:*")))
        for number in range(2):
            token = models.CreateLivyComputeTokenRequest(name=f"t{number}", token=f"{user}{number}" * 8)
            own.create_livy_compute_token(workspace, compute, token)
    assert spark.token_creators(REGION, workspace, compute) == ("ana", "bob")


def test_what_is_not_there_is_told_apart_from_what_is_refused(
    spark: Spark, root: Keys, sdk: Any, workspace: str
) -> None:
    for ask in (
        lambda: spark.job_run(REGION, workspace, "jr-0000000000000000"),
        lambda: spark.job_run(REGION, "w-0000000000000000", "jr-0000000000000000"),
        lambda: spark.execution_role(REGION, "w-0000000000000000"),
        lambda: spark.token_creators(REGION, workspace, "lc-0000000000000000"),
    ):
        with pytest.raises(NotThere):
            ask()
    stranger = Spark(access(make_user(clients.ram(root), "eve")))
    with pytest.raises(Refused):
        stranger.job_run(REGION, workspace, "jr-0000000000000000")


@pytest.mark.parametrize("wrong", ["", "../x", "w-1/../../x", "w-1?x=1", "w-\n", "jr-" + "1" * 100, "ö-1"])
def test_an_id_that_is_none_is_never_sent(
    local: LocalCloud, spark: Spark, workspace: str, wrong: str
) -> None:
    local.call(lambda cloud: setattr(cloud, "keep_calls", True))
    for ask in (
        lambda: spark.job_run(REGION, workspace, wrong),
        lambda: spark.execution_role(REGION, wrong),
        lambda: list(spark.failed_runs(REGION, wrong, 0)),
        lambda: spark.token_creators(REGION, workspace, wrong),
    ):
        with pytest.raises(AccountError, match="is no id"):
            ask()
    with pytest.raises(AccountError, match="is no region"):
        spark.workspaces("evil.example.com/")
    assert local.cloud.calls == []


@pytest.mark.parametrize("passing", PASSING)
def test_a_fault_that_passes_is_got_over(
    local: LocalCloud, spark: Spark, workspace: str, passing: dict[str, Any]
) -> None:
    fault(local, "spark", "GetWorkspace", **passing)
    assert spark.execution_role(REGION, workspace) == "Job-Role"


def test_a_fault_that_stays_is_unreachable(local: LocalCloud, spark: Spark, workspace: str) -> None:
    fault(local, "spark", "ListWorkspaces", kind="error", times=None)
    with pytest.raises(Unreachable):
        spark.workspaces(REGION)
