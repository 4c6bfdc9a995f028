"""Livy gateways and their tokens, as far as it takes to see who made them.

API: https://www.alibabacloud.com/help/en/emr/emr-serverless-spark/developer-reference/api-emr-serverless-spark-2023-08-08-listlivycomputetoken
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from localcloud.spark.driver import plan_job
from localcloud.spark.parameters import (
    find_listed_workspace,
    find_workspace,
    mandatory,
    milliseconds,
    not_found,
)
from localcloud.spark.state import JobRun, LivyCompute, LivyToken
from localcloud.spark.workspaces import uid_of

if TYPE_CHECKING:
    from localcloud.cloud import Cloud
    from localcloud.openapi import Answer, Invocation
    from localcloud.spark.driver import JobPlan
    from localcloud.spark.state import Workspace

_SUCCESS = {"code": "1000000", "message": ""}


def create_livy_compute(invocation: Invocation) -> Answer:
    workspace = find_workspace(invocation)
    compute = LivyCompute(
        id="lc-" + secrets.token_hex(8),
        workspace=workspace.id,
        name=mandatory(invocation, "name"),
        created_by=invocation.caller.name,
        creator_uid=uid_of(invocation),
        created=invocation.call.received,
        request={key: invocation.params[key] for key in ("queueName",) if key in invocation.params},
    )
    invocation.cloud.state.spark.livy_computes[compute.id] = compute
    return _SUCCESS | {"data": {"livyComputeId": compute.id}}


def list_livy_compute(invocation: Invocation) -> Answer:
    workspace = find_listed_workspace(invocation)
    computes = invocation.cloud.state.spark.livy_computes.values()
    return _SUCCESS | {"data": {"livyComputes": [_item(c) for c in computes if c.workspace == workspace.id]}}


def get_livy_compute(invocation: Invocation) -> Answer:
    compute = _find(invocation, find_workspace(invocation))
    return _SUCCESS | {"data": _item(compute) | {"ramUserId": compute.creator_uid}}


def create_livy_compute_token(invocation: Invocation) -> Answer:
    compute = _find(invocation, find_workspace(invocation))
    token = LivyToken(
        id="lct-" + secrets.token_hex(8),
        compute=compute.id,
        name=mandatory(invocation, "name"),
        token=invocation.text("token") or secrets.token_hex(16),
        created_by=invocation.caller.name,
        created=invocation.call.received,
        creator_uid=uid_of(invocation),
    )
    invocation.flat.pop("token", None)
    invocation.cloud.state.spark.livy_tokens[token.id] = token
    return _SUCCESS | {"data": {"tokenId": token.id}}


def list_livy_compute_token(invocation: Invocation) -> Answer:
    compute = _find(invocation, find_listed_workspace(invocation))
    tokens = [
        {
            "tokenId": token.id,
            "name": token.name,
            "token": token.token,
            "createdby": token.created_by,
            "createTime": milliseconds(token.created),
        }
        for token in invocation.cloud.state.spark.livy_tokens.values()
        if token.compute == compute.id
    ]
    return _SUCCESS | {"data": {"tokens": tokens}}


def new_run(cloud: Cloud, token: str, request: dict[str, Any]) -> tuple[JobRun, JobPlan]:
    """A job run that comes through the gateway of a token, and acts for the token's creator towards DLF."""
    state = cloud.state.spark
    known = next((one for one in state.livy_tokens.values() if one.token == token), None)
    if known is None:
        raise LookupError("no Livy gateway has this token")
    compute = state.livy_computes[known.compute]
    workspace = state.workspaces[compute.workspace]
    plan = plan_job(request, workspace.region)
    run = JobRun(
        id="jr-" + secrets.token_hex(8),
        workspace=workspace.id,
        account=workspace.account,
        region=workspace.region,
        name=str(request.get("name", "")),
        creator=compute.creator_uid,
        submitted=cloud.clock(),
        request=request,
        gateway=compute.id,
        acting=known.creator_uid,
    )
    state.job_runs[run.id] = run
    return run, plan


def _find(invocation: Invocation, workspace: Workspace) -> LivyCompute:
    identifier = str(invocation.flat["livyComputeId"])
    compute = invocation.cloud.state.spark.livy_computes.get(identifier)
    if compute is None or compute.workspace != workspace.id:
        raise not_found(identifier)
    return compute


def _item(compute: LivyCompute) -> dict[str, Any]:
    return {
        "computeId": compute.id,
        "name": compute.name,
        "createdBy": compute.created_by,
        "gmtCreate": milliseconds(compute.created),
        "queueName": compute.request.get("queueName", ""),
        "status": "RUNNING",
    }
