"""Collection policies: which logs of other services come into Simple Log Service.

API: https://help.aliyun.com/zh/sls/developer-reference/api-sls-2020-12-30-upsertcollectionpolicy and its neighbours.
"""

from __future__ import annotations

import re
from typing import Any

from localcloud.call import Reply
from localcloud.errors import CloudError, Unsupported
from localcloud.sls.request import SlsRequest, done, json_reply
from localcloud.sls.state import CollectionPolicy

ENDPOINTS = ("cn-shanghai", "ap-southeast-1")
"""The regions whose endpoints answer these calls, for all regions."""

OSS_LOGSTORE, OSS_TTL = "oss-log-store", 7
_NAME = re.compile(r"[a-z][a-z0-9_-]{2,62}")


def upsert_collection_policy(request: SlsRequest) -> Reply:
    """Make or change a policy. For OSS's access log, the log projects of the regions that it names are made at once."""
    _refuse_other_endpoints(request)
    body = request.json_object()
    name, config = str(body.get("policyName", "")), body.get("policyConfig")
    if not _NAME.fullmatch(name) or not isinstance(config, dict):
        raise CloudError("ParameterInvalid", f"Invalid collection policy: '{name}'", 400)
    codes = (str(body.get("productCode", "")), str(body.get("dataCode", "")))
    if codes != ("oss", "access_log"):
        raise Unsupported("sls", f"collection policies for {' '.join(codes)}")
    if body.get("centralizeEnabled") or config.get("resourceTags"):
        raise Unsupported("sls", "collection policies with a central logstore or resource tags")
    mode, regions = str(config.get("resourceMode", "")), [str(region) for region in config.get("regions", [])]
    if mode not in ("all", "attributeMode"):
        raise Unsupported("sls", f"collection policies with resourceMode {mode!r}")
    policy = CollectionPolicy(
        name=name,
        product=codes[0],
        data=codes[1],
        enabled=body.get("enabled") is True,
        mode=mode,
        regions=regions,
        instances=[str(name) for name in config.get("instanceIds") or ()],
    )
    request.cloud.state.sls.collection.setdefault(request.caller.account, {})[name] = policy
    if policy.enabled:
        _make_projects(request, policy)
    return done()


def _make_projects(request: SlsRequest, policy: CollectionPolicy) -> None:
    account, state = request.caller.account, request.cloud.state
    owned = {bucket.region for bucket in state.oss.buckets.values() if bucket.owner == account}
    regions = policy.regions if policy.mode == "attributeMode" and policy.regions else sorted(owned)
    for region in regions:
        project = f"oss-log-{account}-{region}"
        request.service.create_project(project, account=account, region=region)
        request.service.create_logstore(project, OSS_LOGSTORE, ttl=OSS_TTL)


def get_collection_policy(request: SlsRequest) -> Reply:
    return json_reply({"collectionPolicy": _described(_find(request))})


def delete_collection_policy(request: SlsRequest) -> Reply:
    """The log projects stay, with the logs in them."""
    policy = _find(request)
    del request.cloud.state.sls.collection[request.caller.account][policy.name]
    return done()


def list_collection_policies(request: SlsRequest) -> Reply:
    _refuse_other_endpoints(request)
    policies = request.cloud.state.sls.collection.get(request.caller.account, {})
    data = [_described(policy) for _, policy in sorted(policies.items())]
    return json_reply({"totalCount": len(data), "currentCount": len(data), "data": data})


def _find(request: SlsRequest) -> CollectionPolicy:
    _refuse_other_endpoints(request)
    policy = request.cloud.state.sls.collection.get(request.caller.account, {}).get(request.part)
    if policy is None:
        raise CloudError("PolicyNotExist", f"collection policy {request.part} does not exist", 404)
    return policy


def _refuse_other_endpoints(request: SlsRequest) -> None:
    if request.call.region not in ENDPOINTS:
        raise CloudError("ParameterInvalid", "this API is served in cn-shanghai and ap-southeast-1 only", 400)


def _described(policy: CollectionPolicy) -> dict[str, Any]:
    """Every documented member, empty where nothing is set: which of them the service leaves out is not documented."""
    return {
        "policyName": policy.name,
        "productCode": policy.product,
        "dataCode": policy.data,
        "enabled": policy.enabled,
        "policyConfig": {
            "resourceMode": policy.mode,
            "regions": policy.regions,
            "instanceIds": policy.instances,
            "resourceTags": {},
        },
        "centralizeEnabled": False,
        "centralizeConfig": {},
        "resourceDirectory": {},
    }
