"""The logs of a job run's driver: objects in the workspace's directory in OSS.

Source: github.com/aliyun/alibabacloud-aiops-skills,
alibabacloud-emr-spark-manage/references/job-management.md
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from localcloud.spark.failure import JobFailure
from localcloud.spark.parameters import find_listed_workspace, invalid, mandatory, not_found, whole
from localcloud.spark.paths import parse_path

if TYPE_CHECKING:
    from localcloud.openapi import Answer, Invocation
    from localcloud.spark.service import SparkService
    from localcloud.spark.state import JobRun, Workspace


def log_directory(run: JobRun, workspace: Workspace) -> str:
    return f"{workspace.storage.rstrip('/')}/{workspace.id}/spark/logs/{run.id}/driver"


def log_paths(run: JobRun, workspace: Workspace) -> dict[str, str]:
    """Where the driver's logs are; a run that failed at its start may have written none of them."""
    directory = log_directory(run, workspace)
    return {
        "driverStdOut": f"{directory}/stdout.log",
        "driverStdError": f"{directory}/stderr.log",
        "driverSyslog": f"{directory}/syslog.log",
        "driverStartup": f"{directory}/startup.log",
    }


async def list_log_contents(invocation: Invocation, service: SparkService) -> Answer:
    """Lines `offset` to `offset + length` of a log file of the workspace, read under the execution role.

    ResourceNotFound if there is no such file, as for a run that failed at its start.
    """
    workspace = find_listed_workspace(invocation)
    name = mandatory(invocation, "fileName")
    offset = whole(mandatory(invocation, "offset"), "offset", 0, 10**9)
    length = whole(mandatory(invocation, "length"), "length", 1, 9999)
    path = parse_path(name, workspace.region)
    own = parse_path(f"{workspace.storage.rstrip('/')}/{workspace.id}/", workspace.region)
    if path is None or own is None or path.bucket != own.bucket or not path.key.startswith(own.key):
        raise invalid("fileName")
    try:
        text = (await service.storage(workspace, "log-reader").read(path)).decode("utf-8", "replace")
    except JobFailure as error:
        raise not_found(name) from error
    lines = text.splitlines()
    contents = [{"LineContent": line} for line in lines[offset : offset + length]]
    return {"listLogContent": {"contents": contents, "totalLength": len(lines)}}
