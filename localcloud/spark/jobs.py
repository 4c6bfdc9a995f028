"""Job runs: start, read, list and cancel them.

API: https://www.alibabacloud.com/help/en/emr/emr-serverless-spark/developer-reference/api-emr-serverless-spark-2023-08-08-startjobrun
States: github.com/aliyun/alibabacloud-aiops-skills,
alibabacloud-emr-spark-manage/references/job-management.md
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from localcloud.errors import CloudError, Unsupported
from localcloud.spark.driver import plan_job
from localcloud.spark.logs import log_directory, log_paths
from localcloud.spark.parameters import (
    find_listed_workspace,
    find_workspace,
    has_tags,
    invalid,
    milliseconds,
    not_found,
    page,
    tags,
    texts,
    whole,
)
from localcloud.spark.state import JobRun
from localcloud.spark.workspaces import uid_of

if TYPE_CHECKING:
    from localcloud.openapi import Answer, Invocation
    from localcloud.spark.service import SparkService
    from localcloud.spark.state import Workspace

ENDED = ("Success", "Failed", "Cancelled")
_SHOWN = (
    "codeType", "configurationOverrides", "displayReleaseVersion", "executionTimeoutSeconds", "fusion",
    "jobDriver", "releaseVersion", "resourceQueueId",
)  # fmt: skip
"""Members of the request that the answers repeat."""

_NO_FILTER = ("applicationConfigs", "runtimeConfigs", "jobRunDeploymentId", "isWorkflow")


def start_job_run(invocation: Invocation, service: SparkService) -> Answer:
    """Accept a job run and start it; it goes on by itself."""
    workspace = find_workspace(invocation)
    state = invocation.cloud.state.spark
    token = f"{workspace.id}/StartJobRun/{invocation.text('clientToken')}"
    if invocation.text("clientToken") and token in state.tokens:
        return {"jobRunId": state.tokens[token]}
    plan = plan_job(invocation.params, workspace.region)
    tags(invocation, "tags")
    _overrides(invocation.params)
    run = JobRun(
        id="jr-" + secrets.token_hex(8),
        workspace=workspace.id,
        account=workspace.account,
        region=workspace.region,
        name=invocation.text("name"),
        creator=uid_of(invocation),
        submitted=invocation.call.received,
        request={key: invocation.params[key] for key in (*_SHOWN, "tags") if key in invocation.params},
    )
    state.job_runs[run.id] = run
    if invocation.text("clientToken"):
        state.tokens[token] = run.id
    service.launch(run, plan)
    return {"jobRunId": run.id}


def _overrides(request: dict[str, Any]) -> list[Any]:
    """The Spark settings that a request brings; InvalidParameter if they are no list."""
    overrides = request.get("configurationOverrides") or {}
    settings = (overrides.get("configurations") or []) if isinstance(overrides, dict) else None
    if not isinstance(settings, list):
        raise invalid("configurationOverrides")
    return settings


def find_run(invocation: Invocation, workspace: Workspace, name: str = "jobRunId") -> JobRun:
    run = invocation.cloud.state.spark.job_runs.get(str(invocation.flat[name]))
    if run is None or run.workspace != workspace.id:
        raise not_found(str(invocation.flat[name]))
    return run


def get_job_run(invocation: Invocation) -> Answer:
    workspace = find_workspace(invocation)
    run = find_run(invocation, workspace)
    return {"jobRun": _item(run, workspace) | {"resourceOwnerId": run.creator}}


def cancel_job_run(invocation: Invocation, service: SparkService) -> Answer:
    run = find_run(invocation, find_workspace(invocation))
    if run.state in ENDED:
        raise CloudError("OperationDenied", f"The job run is already in the state {run.state}.", 400)
    service.cancel(run)
    return {"jobRunId": run.id}


def list_job_runs(invocation: Invocation) -> Answer:
    """Job runs, newest first, by the filters of the API that ask about what is simulated here."""
    workspace = find_listed_workspace(invocation)
    for name in _NO_FILTER:
        if invocation.params.get(name) not in (None, "", "false", False):
            raise Unsupported("spark", f"ListJobRuns with {name}")
    if invocation.flag("groupByState"):
        raise Unsupported("spark", "ListJobRuns with groupByState")
    runs = reversed(invocation.cloud.state.spark.job_runs.values())
    found = [run for run in runs if run.workspace == workspace.id and _matches(invocation, run)]
    shown, paging = page(invocation, found)
    return {"jobRuns": [_item(run, workspace) | {"creator": run.creator} for run in shown], **paging}


def _matches(invocation: Invocation, run: JobRun) -> bool:
    states = texts(invocation, "states")
    shortest = whole(invocation.params.get("minDuration") or 0, "minDuration", 0, 10**15)
    lasted = milliseconds(run.ended) - milliseconds(run.submitted) if run.ended else 0
    return (
        (not states or run.state in states)
        and invocation.text("creator") in ("", run.creator)
        and invocation.text("name") in ("", run.name)
        and invocation.text("jobRunId") in ("", run.id)
        and invocation.text("resourceQueueId") in ("", run.request.get("resourceQueueId", ""))
        and _within(invocation, "startTime", run.submitted)
        and _within(invocation, "endTime", run.ended)
        and lasted >= shortest
        and has_tags(run.request.get("tags", []), tags(invocation, "tags"))
    )


def _within(invocation: Invocation, name: str, time: float) -> bool:
    """Whether a time lies in a range of epoch milliseconds; a time that has not come lies in none."""
    value = invocation.params.get(name)
    if not value:
        return True
    if not isinstance(value, dict):
        raise invalid(name)
    first = whole(value.get("startTime") or 0, f"{name}.startTime", 0, 10**15)
    last = whole(value.get("endTime") or 10**15, f"{name}.endTime", 0, 10**15)
    return bool(time) and first <= milliseconds(time) <= last


def _item(run: JobRun, workspace: Workspace) -> dict[str, Any]:
    item = {key: run.request[key] for key in _SHOWN if key in run.request} | {
        "jobRunId": run.id,
        "workspaceId": run.workspace,
        "name": run.name,
        "state": run.state,
        "submitTime": milliseconds(run.submitted),
        "tags": run.request.get("tags", []),
    }
    if run.reason:
        item["stateChangeReason"] = run.reason
    if run.ended:
        item["endTime"] = milliseconds(run.ended)
        item["log"] = log_paths(run, workspace)
    return item


def get_run_configuration(invocation: Invocation) -> Answer:
    workspace = find_workspace(invocation)
    run = find_run(invocation, workspace, "runId")
    configuration = {
        "applicationConfigs": _overrides(run.request),
        "runtimeConfigs": [],
        "logConfig": {"LogLevel": "INFO", "LogPath": log_directory(run, workspace)},
    }
    return {"runConfiguration": configuration}
