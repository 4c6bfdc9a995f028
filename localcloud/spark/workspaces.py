"""Workspaces: their execution role is chosen at creation and never changes.

API: https://www.alibabacloud.com/help/en/emr/emr-serverless-spark/developer-reference/api-emr-serverless-spark-2023-08-08-createworkspace
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from localcloud.errors import CloudError, Unsupported
from localcloud.spark.parameters import (
    find_workspace,
    has_tags,
    invalid,
    mandatory,
    milliseconds,
    not_found,
    page,
    tags,
)
from localcloud.spark.paths import parse_path
from localcloud.spark.state import Workspace

if TYPE_CHECKING:
    from localcloud.openapi import Answer, Invocation

DEFAULT_ROLE = "AliyunEMRSparkJobRunDefaultRole"
_KEPT = ("dlfCatalogId", "dlfType", "resourceSpec", "paymentType", "releaseType", "resourceGroupId")
_NOT_UPDATED = ("cu", "gpu", "gpuSpec", "gpuSubscription", "ipWhiteList", "resourceGroupId", "subscription")


def create_workspace(invocation: Invocation) -> Answer:
    """Create a workspace; EntityNotExist.Role if its execution role is not there."""
    state = invocation.cloud.state.spark
    token = f"{invocation.account}/CreateWorkspace/{invocation.text('clientToken')}"
    if invocation.text("clientToken") and token in state.tokens:
        return _created(state.tokens[token])
    name = mandatory(invocation, "workspaceName")
    storage = mandatory(invocation, "ossBucket")
    if parse_path(storage, invocation.region) is None:
        raise invalid("ossBucket")
    tags(invocation, "tag")
    role = invocation.text("ramRoleName") or DEFAULT_ROLE
    if role.lower() not in invocation.cloud.state.accounts[invocation.account].ram.roles:
        raise CloudError("EntityNotExist.Role", f"The role not exists: {role}.", 404)
    workspace = Workspace(
        id="w-" + secrets.token_hex(8),
        account=invocation.account,
        region=invocation.region,
        name=name,
        storage=storage,
        role=role,
        owner=uid_of(invocation),
        created=invocation.call.received,
        wanted={key: invocation.params[key] for key in (*_KEPT, "tag") if key in invocation.params},
    )
    state.workspaces[workspace.id] = workspace
    if invocation.text("clientToken"):
        state.tokens[token] = workspace.id
    return _created(workspace.id)


def _created(identifier: str) -> Answer:
    return {"workspaceId": identifier, "operationId": identifier.replace("w-", "op-")}


def uid_of(invocation: Invocation) -> str:
    """The UID of the caller: of the account, the RAM user or the role."""
    return invocation.caller.principal_id.partition(":")[0]


def get_workspace(invocation: Invocation) -> Answer:
    workspace = find_workspace(invocation)
    more = {"ramRoleName": workspace.role, "resourceOwnerId": workspace.owner}
    return {"workspace": _item(workspace) | more}


def list_workspaces(invocation: Invocation) -> Answer:
    """Workspaces, newest first; the items have no role, as in the real API."""
    name, state = invocation.text("name"), invocation.text("state")
    group, wanted = invocation.text("resourceGroupId"), tags(invocation, "tag")
    found = [
        workspace
        for workspace in reversed(invocation.cloud.state.spark.workspaces.values())
        if (workspace.account, workspace.region) == (invocation.account, invocation.region)
        and name in ("", workspace.name)
        and state in ("", "RUNNING")
        and group in ("", workspace.wanted.get("resourceGroupId", ""))
        and has_tags(workspace.wanted.get("tag", []), wanted)
    ]
    shown, paging = page(invocation, found)
    return {"workspaces": [_item(workspace) for workspace in shown], **paging}


def update_workspace(invocation: Invocation) -> Answer:
    """Change the name. There is no way to change the execution role, in the real API neither."""
    for name in _NOT_UPDATED:
        if invocation.params.get(name):
            raise Unsupported("spark", f"UpdateWorkspace with {name}")
    identifier = mandatory(invocation, "workspaceId")
    workspace = invocation.cloud.state.spark.workspaces.get(identifier)
    if workspace is None or (workspace.account, workspace.region) != (invocation.account, invocation.region):
        raise not_found(identifier)
    workspace.name = invocation.text("workspaceName") or workspace.name
    return {"data": {}}


def _item(workspace: Workspace) -> dict[str, Any]:
    kept = {key: workspace.wanted[key] for key in _KEPT if key in workspace.wanted}
    shown = [
        {"tagKey": tag["key"], "tagValue": tag.get("value", "")} for tag in workspace.wanted.get("tag", [])
    ]
    return kept | {
        "workspaceId": workspace.id,
        "workspaceName": workspace.name,
        "workspaceStatus": "RUNNING",
        "regionId": workspace.region,
        "storage": workspace.storage,
        "createTime": milliseconds(workspace.created),
        "tags": shown,
    }
