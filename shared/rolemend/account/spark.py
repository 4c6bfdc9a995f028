"""EMR Serverless Spark 2023-08-08, with the SDK `alibabacloud-emr-serverless-spark20230808`.

https://www.alibabacloud.com/help/en/emr/emr-serverless-spark/developer-reference/api-emr-serverless-spark-2023-08-08-overview
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from rolemend.account.access import Access, region_name
from rolemend.account.calls import ask, openapi_config, translate_openapi
from rolemend.account.interface import JobRun
from rolemend.errors import AccountError, NotThere

_PAGE = 100
_LINES = 9_999
"""Lines that ListLogContents gives at most in one answer; more is not recommended."""

_LONGEST_LINE, _LONGEST_LOG = 4_000, 400_000
"""Characters that are kept of a line, and of all lines together."""

_ID = re.compile(r"[A-Za-z]{1,4}-[A-Za-z0-9\-]{1,64}", re.ASCII)


class Spark:
    """`FailedJobs` on the live account."""

    def __init__(self, access: Access) -> None:
        self._access = access

    def workspaces(self, region: str) -> tuple[str, ...]:
        from alibabacloud_emr_serverless_spark20230808.models import ListWorkspacesRequest

        found: list[str] = []
        token = None
        while True:
            request = ListWorkspacesRequest(
                region_id=region_name(region), max_results=_PAGE, next_token=token
            )
            body = self._ask("ListWorkspaces", self._client(region).list_workspaces, request)
            found += [item.workspace_id for item in body.workspaces or [] if item.workspace_id]
            token = body.next_token
            if not token:
                return tuple(found)

    def execution_role(self, region: str, workspace: str) -> str:
        from alibabacloud_emr_serverless_spark20230808.models import GetWorkspaceRequest

        request = GetWorkspaceRequest(region_id=region_name(region))
        body = self._ask("GetWorkspace", self._client(region).get_workspace, _id(workspace), request)
        return str(_there("GetWorkspace", body.workspace, workspace).ram_role_name or "")

    def job_run(self, region: str, workspace: str, run: str) -> JobRun:
        from alibabacloud_emr_serverless_spark20230808.models import GetJobRunRequest

        request = GetJobRunRequest(region_id=region_name(region))
        body = self._ask("GetJobRun", self._client(region).get_job_run, _id(workspace), _id(run), request)
        found = _there("GetJobRun", body.job_run, run)
        return _job_run(found, workspace, found.resource_owner_id or "")

    def failed_runs(self, region: str, workspace: str, since: float) -> Iterator[JobRun]:
        from alibabacloud_emr_serverless_spark20230808 import models

        ended = models.ListJobRunsRequestEndTime(start_time=int(since * 1000))
        token = None
        while True:
            request = models.ListJobRunsRequest(
                region_id=region_name(region),
                states=["Failed"],
                end_time=ended,
                max_results=_PAGE,
                next_token=token,
            )
            body = self._ask("ListJobRuns", self._client(region).list_job_runs, _id(workspace), request)
            yield from (_job_run(item, workspace, item.creator or "") for item in body.job_runs or [])
            token = body.next_token
            if not token:
                return

    def log_end(self, region: str, workspace: str, path: str) -> str:
        """`FailedJobs`: one ListLogContents, two for a log of more lines than one answer holds."""
        lines, total = self._log(region, workspace, path, 0)
        if total > len(lines):
            lines, _ = self._log(region, workspace, path, max(0, total - _LINES))
        return "\n".join(line[:_LONGEST_LINE] for line in lines)[-_LONGEST_LOG:]

    def _log(self, region: str, workspace: str, path: str, offset: int) -> tuple[list[str], int]:
        from alibabacloud_emr_serverless_spark20230808.models import ListLogContentsRequest

        request = ListLogContentsRequest(
            region_id=region_name(region), file_name=path, offset=offset, length=_LINES
        )
        body = self._ask("ListLogContents", self._client(region).list_log_contents, _id(workspace), request)
        content = _there("ListLogContents", body.list_log_content, path)
        lines = [item.line_content or "" for item in content.contents or []]
        return lines, content.total_length or len(lines)

    def token_creators(self, region: str, workspace: str, gateway: str) -> tuple[str, ...]:
        from alibabacloud_emr_serverless_spark20230808.models import ListLivyComputeTokenRequest

        request = ListLivyComputeTokenRequest(region_id=region_name(region))
        call = self._client(region).list_livy_compute_token
        body = self._ask("ListLivyComputeToken", call, _id(workspace), _id(gateway), request)
        tokens = _there("ListLivyComputeToken", body.data, gateway).tokens or []
        return tuple(dict.fromkeys(token.createdby for token in tokens if token.createdby))

    def _ask(self, operation: str, call: Any, *values: Any) -> Any:
        return ask(self._access, operation, translate_openapi, call, *values).body

    def _client(self, region: str) -> Any:
        from alibabacloud_emr_serverless_spark20230808.client import Client

        endpoint = f"emr-serverless-spark.{region_name(region)}.aliyuncs.com"
        return Client(openapi_config(self._access, endpoint, region))


def _id(text: str) -> str:
    """An id, if it has the form of one: it becomes part of a path, and it may come from a log."""
    if not _ID.fullmatch(text):
        raise AccountError("path", "NoId", f"{text[:40]!r} is no id of Serverless Spark")
    return text


def _there(operation: str, member: Any, what: str) -> Any:
    """A member of an answer that tells of something; an answer without it tells that there is none."""
    if member is None:
        raise NotThere(operation, "ResourceNotFound", what)
    return member


def _job_run(item: Any, workspace: str, submitter: str) -> JobRun:
    reason, log = item.state_change_reason, item.log
    paths = (log.driver_std_error, log.driver_syslog, log.driver_startup, log.driver_std_out) if log else ()
    return JobRun(
        id=item.job_run_id or "",
        workspace=item.workspace_id or workspace,
        state=item.state or "",
        reason=(reason.code if reason else "") or "",
        message=(reason.message if reason else "") or "",
        submitter=str(submitter),
        ended=(item.end_time or 0) / 1000,
        logs=tuple(path for path in paths if path and path.startswith("oss://")),
    )
