"""The calls that probes make, with the SDKs: any operation of the OpenAPI services, and the few of OSS and SLS.

Unlike the other modules it answers what the cloud said instead of judging it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from rolemend.account.access import Access, Credentials
from rolemend.account.calls import openapi_config
from rolemend.account.oss import open_bucket
from rolemend.account.sls import open_log_client
from rolemend.probe.model import Answer

_OPENAPI = {"ram": ("ram.aliyuncs.com", "2015-05-01"), "sts": ("sts.aliyuncs.com", "2015-04-01")}
_NETWORK = "NoAnswer"


class LiveProber:
    """`rolemend.probe.run.Cloud` on a live account."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._sessions: dict[str, Access] = {}

    def call(self, service: str, operation: str, values: Mapping[str, Any], role: str) -> Answer:
        access = self._access
        if role:
            session = self._session(role)
            if isinstance(session, Answer):
                return session
            access = session
        if service in _OPENAPI:
            return _openapi(access, service, operation, values)
        return (_oss if service == "oss" else _log)(access, operation, values)

    def _session(self, role: str) -> Access | Answer:
        if role not in self._sessions:
            values = {
                "RoleArn": f"acs:ram::{self._access.account}:role/{role}",
                "RoleSessionName": "rolemend-probe",
                "DurationSeconds": 900,
            }
            answer = _openapi(self._access, "sts", "AssumeRole", values)
            if answer.code:
                return answer
            keys = answer.body["Credentials"]
            held = Credentials(keys["AccessKeyId"], keys["AccessKeySecret"], keys["SecurityToken"])
            self._sessions[role] = msgspec.structs.replace(self._access, credentials=held)
        return self._sessions[role]


def _openapi(access: Access, service: str, operation: str, values: Mapping[str, Any]) -> Answer:
    """One RPC call. DeletePolicy first takes the versions away that are not in force."""
    if operation == "DeletePolicy":
        _forget_versions(access, values)
    from alibabacloud_tea_openapi.client import Client
    from alibabacloud_tea_openapi.models import OpenApiRequest, Params
    from alibabacloud_tea_util.models import RuntimeOptions

    endpoint, version = _OPENAPI[service]
    params = Params(
        action=operation,
        version=version,
        protocol=access.scheme,
        pathname="/",
        method="POST",
        auth_type="AK",
        style="RPC",
        req_body_type="formData",
        body_type="json",
    )
    request = OpenApiRequest(query={name: str(value) for name, value in values.items()})
    client = Client(openapi_config(access, endpoint))
    try:
        answer = client.call_api(params, request, RuntimeOptions())
    except Exception as error:  # noqa: BLE001 - whatever the cloud says is the answer
        return _refusal(error)
    return Answer(status=int(answer.get("statusCode") or 200), body=answer.get("body"))


def _forget_versions(access: Access, values: Mapping[str, Any]) -> None:
    named = {"PolicyName": values["PolicyName"]}
    listed = _openapi(access, "ram", "ListPolicyVersions", {**named, "PolicyType": "Custom"})
    for version in ((listed.body or {}).get("PolicyVersions") or {}).get("PolicyVersion", ()):
        if not version["IsDefaultVersion"]:
            _openapi(access, "ram", "DeletePolicyVersion", {**named, "VersionId": version["VersionId"]})


def _refusal(error: Exception) -> Answer:
    """What an SDK's exception says: OpenAPI's, OSS's and SLS's name the same things differently."""
    inner = getattr(error, "error", None)  # what SLS said, on its way past its client's own ten tries
    error = inner if isinstance(inner, Exception) else error
    details = getattr(error, "details", None) or {}
    code = getattr(error, "code", "") or ""
    if callable(getattr(error, "get_error_code", None)):
        code = error.get_error_code()  # type: ignore[attr-defined]
    status = (
        getattr(error, "status_code", 0) or getattr(error, "status", 0) or getattr(error, "resp_status", 0)
    )
    status = int(status or 0)
    return Answer(
        code=str(code) if status >= 400 and code else _NETWORK,
        status=status,
        ec=str(details.get("EC", "")) if isinstance(details, dict) else "",
        message=str(getattr(error, "message", "") or error)[:300],
        body=details if isinstance(details, dict) else None,
    )


def _oss(access: Access, operation: str, values: Mapping[str, Any]) -> Answer:
    region = str(values.get("Region") or access.region)
    try:
        bucket = open_bucket(access, str(values["Bucket"]), region)
        return Answer(body=_OSS[operation](bucket, values))
    except Exception as error:  # noqa: BLE001 - whatever the cloud says is the answer
        return _refusal(error)


def _put(bucket: Any, values: Mapping[str, Any]) -> None:
    bucket.put_object(values["Key"], values.get("Body", "probe"), headers=dict(values.get("Headers", {})))


def _info(bucket: Any, _: Mapping[str, Any]) -> dict[str, Any]:
    info = bucket.get_bucket_info()
    return {"location": info.location, "acl": info.acl.grant, "storage_class": info.storage_class}


def _empty_and_delete(bucket: Any, _: Mapping[str, Any]) -> None:
    for item in bucket.list_objects_v2().object_list:
        bucket.delete_object(item.key)
    bucket.delete_bucket()


_OSS: dict[str, Callable[[Any, Mapping[str, Any]], Any]] = {
    "PutBucket": lambda bucket, values: bucket.create_bucket(values.get("ACL", "private")) and None,
    "DeleteBucket": _empty_and_delete,
    "PutObject": _put,
    "AppendObject": lambda bucket, values: {
        "next_position": bucket.append_object(
            values["Key"], values["Position"], values.get("Body", "x")
        ).next_position
    },
    "GetObject": lambda bucket, values: {"body": bucket.get_object(values["Key"]).read().decode()},
    "DeleteObjects": lambda bucket, values: {
        "deleted": bucket.batch_delete_objects(list(values["Keys"])).deleted_keys
    },
    "ListObjects": lambda bucket, values: {
        "keys": [item.key for item in bucket.list_objects_v2(values.get("Prefix", "")).object_list]
    },
    "GetBucketInfo": _info,
    "PutBucketPolicy": lambda bucket, values: bucket.put_bucket_policy(values["Policy"]) and None,
    "GetBucketPublicAccessBlock": lambda bucket, _: {
        "blocked": bucket.get_bucket_public_access_block().block_public_access
    },
}


def _log(access: Access, operation: str, values: Mapping[str, Any]) -> Answer:
    try:
        client = open_log_client(access, f"{access.region}.log.aliyuncs.com")
        return Answer(body=_LOG[operation](client, values))
    except Exception as error:  # noqa: BLE001 - whatever the cloud says is the answer
        return _refusal(error)


def _put_logs(client: Any, values: Mapping[str, Any]) -> None:
    from aliyun.log import LogItem, PutLogsRequest

    items = [LogItem(int(time.time()), contents=list(log.items())) for log in values["Logs"]]
    client.put_logs(PutLogsRequest(values["Project"], values["Logstore"], "probe", "probe", items))


def _get_logs(client: Any, values: Mapping[str, Any]) -> dict[str, Any]:
    now = int(time.time())
    found = client.get_log(
        values["Project"], values["Logstore"], now - 900, now + 60, query=values["Query"], size=100
    )
    return {"count": len(found.get_logs())}


def _pull_logs(client: Any, values: Mapping[str, Any]) -> dict[str, Any]:
    place = (values["Project"], values["Logstore"], 0)
    first = client.get_begin_cursor(*place).get_cursor()
    found = client.pull_logs(*place, first, count=10, query=values["Query"])
    return {"count": sum(len(group.Logs) for group in found.loggroup_list.LogGroups)}


def _index(client: Any, values: Mapping[str, Any]) -> None:
    from aliyun.log import IndexConfig, IndexKeyConfig

    tokens = list(_DELIMITERS) if values.get("Delimiters", True) else []
    keys = {name: IndexKeyConfig(token_list=tokens, case_sensitive=False) for name in values["Fields"]}
    client.create_index(values["Project"], values["Logstore"], IndexConfig(ttl=1, key_config_list=keys))


_DELIMITERS = ", '\";=()[]{}?@&<>/:\n\t"
_LOG: dict[str, Callable[[Any, Mapping[str, Any]], Any]] = {
    "CreateProject": lambda client, values: (
        client.create_project(values["Project"], "probe of Rolemend") and None
    ),
    "GetProject": lambda client, values: client.get_project(values["Project"]) and None,
    "DeleteProject": lambda client, values: client.delete_project(values["Project"]) and None,
    "CreateLogstore": lambda client, values: (
        client.create_logstore(values["Project"], values["Logstore"], 1, 1) and None
    ),
    "CreateIndex": _index,
    "PutLogs": _put_logs,
    "GetLogs": _get_logs,
    "PullLogs": _pull_logs,
}
