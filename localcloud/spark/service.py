"""The table of Serverless Spark's operations, and the job runs that are under way.

API: https://www.alibabacloud.com/help/en/emr/emr-serverless-spark/developer-reference/api-emr-serverless-spark-2023-08-08-overview
Every action is authorised on `*`:
https://www.alibabacloud.com/help/ja/emr/emr-serverless-spark/developer-reference/api-emr-serverless-spark-2023-08-08-ram
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Literal

from localcloud.errors import AccessDenied
from localcloud.openapi import Answer, Invocation, OpenApiService, Operation
from localcloud.spark import jobs, livy, logs, workspaces
from localcloud.spark.events import deliver
from localcloud.spark.runner import carry_out, open_storage

if TYPE_CHECKING:
    from localcloud.call import Call, Reply
    from localcloud.cloud import Cloud
    from localcloud.spark.driver import JobPlan
    from localcloud.spark.state import JobRun, Workspace
    from localcloud.spark.storage import Storage

_WORKSPACES = "/api/v1/workspaces"
_WORKSPACE = _WORKSPACES + "/{workspaceId}"
_RUNS = _WORKSPACE + "/jobRuns"
_LIVY = "/api/interactive/v1/workspace/{workspaceId}/livycompute"
_DENIED = "User not authorized to operate on the specified resource, or this API doesn't support RAM."

Run = Callable[[Invocation], Answer | Awaitable[Answer]]


class SparkService(OpenApiService):
    """EMR Serverless Spark. `queue_seconds` is how long a job run stays Submitted; with `quiet_reasons` a failed run's
    reason names no error, so that only its log does."""

    name = "spark"
    event_name = "emr-serverless-spark"
    version = "2023-08-08"
    denial_code = "Forbidden.RAM"

    queue_seconds: float = 0.0
    quiet_reasons: bool = False

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self._tasks: dict[str, asyncio.Task[None]] = {}
        for run in cloud.state.spark.job_runs.values():
            if run.state not in jobs.ENDED:
                self._break_off(run, "The service was stopped while the job was running.")

    def table(self) -> tuple[Operation, ...]:
        return (
            _operation("CreateWorkspace", "POST", _WORKSPACES, workspaces.create_workspace, "Write"),
            _operation(
                "UpdateWorkspace", "POST", f"{_WORKSPACES}/update", workspaces.update_workspace, "Write"
            ),
            _operation("ListWorkspaces", "GET", _WORKSPACES, workspaces.list_workspaces),
            _operation("GetWorkspace", "GET", _WORKSPACE, workspaces.get_workspace),
            _operation("StartJobRun", "POST", _RUNS, lambda i: jobs.start_job_run(i, self), "Write"),
            _operation("ListJobRuns", "GET", _RUNS, jobs.list_job_runs),
            _operation("GetJobRun", "GET", _RUNS + "/{jobRunId}", jobs.get_job_run),
            _operation(
                "CancelJobRun",
                "DELETE",
                _RUNS + "/{jobRunId}",
                lambda i: jobs.cancel_job_run(i, self),
                "Write",
            ),
            _operation(
                "ListLogContents",
                "GET",
                _WORKSPACE + "/action/listLogContents",
                lambda i: logs.list_log_contents(i, self),
            ),
            _operation(
                "GetRunConfiguration",
                "GET",
                _WORKSPACE + "/runs/{runId}/action/getRunConfiguration",
                jobs.get_run_configuration,
            ),
            _operation("CreateLivyCompute", "PUT", _LIVY, livy.create_livy_compute, "Write"),
            _operation("ListLivyCompute", "GET", _LIVY, livy.list_livy_compute),
            _operation("GetLivyCompute", "GET", _LIVY + "/{livyComputeId}", livy.get_livy_compute),
            _operation(
                "CreateLivyComputeToken",
                "PUT",
                _LIVY + "/{livyComputeId}/token",
                livy.create_livy_compute_token,
                "Write",
            ),
            _operation(
                "ListLivyComputeToken", "GET", _LIVY + "/{livyComputeId}/token", livy.list_livy_compute_token
            ),
        )

    def storage(self, workspace: Workspace, session_name: str) -> Storage:
        """OSS under the workspace's execution role."""
        return open_storage(self.cloud, workspace, session_name)

    def launch(self, run: JobRun, plan: JobPlan) -> None:
        """Let a job run begin, on the cloud's own loop."""
        task = asyncio.get_running_loop().create_task(self._run(run, plan))
        self._tasks[run.id] = task
        task.add_done_callback(lambda done: self._end(run, done))

    def submit_by_livy(self, token: str, request: dict[str, Any]) -> JobRun:
        """Start a job as a client of a Livy gateway does with a token; `request` is that of StartJobRun.

        What such a run looks like in this API is not published: here it is a job run of the gateway's creator. Must be
        called on the cloud's loop. LookupError if there is no such token.
        """
        run, plan = livy.new_run(self.cloud, token, request)
        self.launch(run, plan)
        return run

    async def ended(self) -> None:
        """Wait until no job run is under way."""
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    def cancel(self, run: JobRun) -> None:
        """Stop a job run that has not ended."""
        run.state, run.ended = "Cancelled", self.cloud.clock()
        if run.id in self._tasks:
            self._tasks[run.id].cancel()

    async def close(self) -> None:
        """Stop every job run that is under way."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, run: JobRun, plan: JobPlan) -> None:
        if self.queue_seconds:
            await asyncio.sleep(self.queue_seconds)
        workspace = self.cloud.state.spark.workspaces[run.workspace]
        await carry_out(self.cloud, workspace, run, plan, quiet=self.quiet_reasons)

    def _end(self, run: JobRun, task: asyncio.Task[None]) -> None:
        """Make sure that a run which was not cancelled has an end, and tell of one that failed."""
        self._tasks.pop(run.id, None)
        if task.cancelled():
            return
        if run.state not in jobs.ENDED:
            self._break_off(run, f"The job broke off by an internal error: {task.exception()!r}")
        if run.state == "Failed":
            deliver(self.cloud, run)

    def _break_off(self, run: JobRun, message: str) -> None:
        run.state, run.ended = "Failed", self.cloud.clock()
        run.reason = {"code": "InternalError", "message": message}

    def _authorise(self, invocation: Invocation, operation: Operation) -> None:
        try:
            super()._authorise(invocation, operation)
        except AccessDenied as error:
            error.message = _DENIED
            raise

    def _reply(self, call: Call, status: int, answer: Answer) -> Reply:
        """This product writes `requestId` in answers; errors come from the gateway with `RequestId`."""
        if status >= 300:
            return super()._reply(call, status, answer)
        return super()._reply(call, status, answer | {"requestId": call.request_id})


def _operation(
    name: str, method: str, path: str, run: Run, rw: Literal["Read", "Write"] = "Read"
) -> Operation:
    return Operation(name, run, f"emr-serverless-spark:{name}", rw, route=(method, path))
