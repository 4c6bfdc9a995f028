"""The workspaces of EMR Serverless Spark 2023-08-08, with the SDK `alibabacloud-emr-serverless-spark20230808`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from rolemend.account.access import Access, region_name
from rolemend.account.calls import ask, openapi_config, reading, translate_openapi
from rolemend.account.interface import Reading, Workspace
from rolemend.errors import AccountError, NotThere

_PAGE = 100
_WORKSPACE = re.compile(r"[A-Za-z0-9\-]{1,64}", re.ASCII)


class SparkWorkspaces:
    """`Workspaces` on the live account."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._clients: dict[str, Any] = {}

    def workspace(self, workspace_id: str, region: str) -> Reading[Workspace]:
        """GetWorkspace: the list of workspaces tells no role."""
        return reading(lambda: self._workspace(workspace_id, region))

    def workspaces(self, region: str) -> Reading[tuple[str, ...]]:
        """The ids of a region's workspaces."""
        return reading(lambda: tuple(self._ids(region)))

    def _ids(self, region: str) -> Iterator[str]:
        from alibabacloud_emr_serverless_spark20230808.models import ListWorkspacesRequest

        token = None
        while True:
            request = ListWorkspacesRequest(region_id=region, max_results=_PAGE, next_token=token)
            call = self._client(region).list_workspaces
            body = ask(self._access, "ListWorkspaces", translate_openapi, call, request).body
            yield from (item.workspace_id for item in body.workspaces or [] if item.workspace_id)
            token = body.next_token
            if not token:
                return

    def _workspace(self, workspace_id: str, region: str) -> Workspace:
        from alibabacloud_emr_serverless_spark20230808.models import GetWorkspaceRequest

        if not _WORKSPACE.fullmatch(
            workspace_id
        ):  # it becomes part of the request's path, and may come from a log
            raise AccountError("GetWorkspace", "NoWorkspace", f"{workspace_id[:80]!r} is no workspace id")
        call = self._client(region).get_workspace
        request = GetWorkspaceRequest(region_id=region)
        found = ask(
            self._access, "GetWorkspace", translate_openapi, call, workspace_id, request
        ).body.workspace
        if found is None:
            raise NotThere("GetWorkspace", "EntityNotExist.Workspace", workspace_id)
        return Workspace(
            id=found.workspace_id or workspace_id,
            name=found.workspace_name or "",
            region=found.region_id or region,
            role=found.ram_role_name or "",
            directory=found.storage or "",
            catalog=found.dlf_catalog_id or "",
            catalog_type=found.dlf_type or "",
        )

    def _client(self, region: str) -> Any:
        from alibabacloud_emr_serverless_spark20230808.client import Client

        if region not in self._clients:
            endpoint = f"emr-serverless-spark.{region_name(region)}.aliyuncs.com"
            self._clients[region] = Client(openapi_config(self._access, endpoint, region))
        return self._clients[region]
