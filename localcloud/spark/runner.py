"""Carries out one job run: opens the execution role's session, does the work, writes the logs, sets the end.

Which code and text a failed run really has in `stateChangeReason` is not published: here they are those of the service
that refused, of Spark, or RAM's and STS's own when the execution role cannot be used
(https://www.alibabacloud.com/help/en/ram/developer-reference/api-sts-2015-04-01-assumerole). With `quiet_reasons` the
reason says nothing, and only the driver's log tells.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from localcloud.spark.acting import Acting
from localcloud.spark.driver import JobPlan, run_plan
from localcloud.spark.failure import JobFailure
from localcloud.spark.logs import log_paths
from localcloud.spark.paths import parse_path
from localcloud.spark.storage import Storage
from localcloud.sts.service import open_session, service_may_assume

if TYPE_CHECKING:
    from localcloud.cloud import Cloud
    from localcloud.spark.state import JobRun, Workspace

SPARK_SERVICE = "spark.emr-serverless.aliyuncs.com"
SESSION_SECONDS = 12 * 3600.0

_TRACE = """Exception in thread "main" {text}
\tat com.aliyun.oss.common.utils.ExceptionFactory.createOSSException(ExceptionFactory.java)
\tat com.aliyun.oss.internal.OSSOperation.doOperation(OSSOperation.java)
\tat org.apache.hadoop.fs.aliyun.oss.AliyunOSSFileSystem.getFileStatus(AliyunOSSFileSystem.java)
\tat org.apache.spark.deploy.SparkSubmit.main(SparkSubmit.scala)
"""


def open_storage(cloud: Cloud, workspace: Workspace, session_name: str) -> Storage:
    """OSS under a new session of the workspace's execution role; JobFailure if the role cannot be assumed."""
    role = cloud.state.accounts[workspace.account].ram.roles.get(workspace.role.lower())
    arn = f"acs:ram::{workspace.account}:role/{workspace.role.lower()}"
    if role is None:
        raise JobFailure("EntityNotExist.Role", f"EntityNotExist.Role: The role not exists: {arn}.")
    if not service_may_assume(cloud, role, SPARK_SERVICE):
        text = "You are not authorized to do this action. You should be authorized by RAM."
        raise JobFailure("NoPermission", f"NoPermission: {text} Resource: {arn} Action: sts:AssumeRole")
    session = open_session(cloud, workspace.account, role, session_name, workspace.account, SESSION_SECONDS)
    return Storage(cloud, session)


def session_name(run: JobRun) -> str:
    """The role session's name. The real one is not documented; this one leads from a denial to the run."""
    return f"spark-{run.id}"


async def carry_out(
    cloud: Cloud, workspace: Workspace, run: JobRun, plan: JobPlan, *, quiet: bool = False
) -> None:
    """Do the job and set how it ended; `quiet` gives it a reason that names no error."""
    run.state = "Running"
    try:
        storage = open_storage(cloud, workspace, session_name(run))
        await _write_log(storage, workspace, run, "driverStartup", f"Starting {run.id} as {workspace.role}\n")
        acting = Acting(cloud, run.region, storage.session, run.creator, run.acting)
        await _do(storage, acting, workspace, run, plan)
    except JobFailure as error:
        run.reason = {"code": error.code, "message": error.text}
        if quiet:
            run.reason = {"code": "ERR-100000", "message": "The driver exited with code 1."}
        run.state = "Failed"
    else:
        run.state = "Success"
    run.ended = cloud.clock()


async def _do(storage: Storage, acting: Acting, workspace: Workspace, run: JobRun, plan: JobPlan) -> None:
    """The driver's part: its standard output and error go to the log files, whether it fails or not."""
    try:
        lines = await run_plan(storage, acting, plan)
    except JobFailure as error:
        with suppress(JobFailure):  # the first failure is the one to be told
            await _write_log(storage, workspace, run, "driverStdOut", "")
            await _write_log(storage, workspace, run, "driverStdError", _TRACE.format(text=error.text))
        raise
    await _write_log(storage, workspace, run, "driverStdOut", "".join(f"{line}\n" for line in lines))
    await _write_log(storage, workspace, run, "driverStdError", "")


async def _write_log(storage: Storage, workspace: Workspace, run: JobRun, kind: str, text: str) -> None:
    path = parse_path(log_paths(run, workspace)[kind], run.region)
    if path is not None:
        await storage.write(path, text.encode())
