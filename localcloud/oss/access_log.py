"""The real-time access log: one record for each request on a bucket, in the owner's Simple Log Service.

Fields: https://help.aliyun.com/zh/sls/log-fields-17 . The log is on for a bucket when the owner has the
project `oss-log-<account>-<region>` with the logstore `oss-log-store`; "-" stands for an empty value.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from localcloud.call import Reply
from localcloud.endpoints import access_key_id_of
from localcloud.oss.exchange import Exchange

if TYPE_CHECKING:
    from localcloud.errors import CloudError
    from localcloud.identity import Caller
    from localcloud.oss.state import Bucket

LOGSTORE = "oss-log-store"
TOPIC = "oss_access_log"
BATCH_TOPIC = "oss_batch_delete_log"
BEIJING = 8 * 3600
"""The `time` field has no zone and is taken as Beijing time; `__time__` is what counts."""

Record = list[tuple[str, str]]


def write(x: Exchange, bucket: Bucket, error: CloudError | None, reply: Reply, seconds: float) -> None:
    """Log one request, and each key that DeleteMultipleObjects took away."""
    project = f"oss-log-{bucket.owner}-{bucket.region}"
    sls: Any = x.cloud.services["sls"]
    if not sls.has_logstore(project, LOGSTORE):
        return
    record = _record(x, bucket, error, reply, seconds)
    where = {"project": project, "logstore": LOGSTORE, "source": "", "time": int(x.now)}
    sls.append(logs=[list(record.items())], topic=TOPIC, **where)
    if x.deleted:
        sls.append(logs=[_batch_record(record, key) for key in x.deleted], topic=BATCH_TOPIC, **where)


def _record(
    x: Exchange, bucket: Bucket, error: CloudError | None, reply: Reply, seconds: float
) -> dict[str, str]:
    call, caller = x.call, x.caller
    sent = 0 if call.method == "HEAD" else len(reply.body)
    milliseconds = str(round(seconds * 1000))
    version = bucket.current(x.key) if x.key and error is None else None
    uri = call.path + (f"?{call.raw_query}" if call.raw_query else "")
    return {
        "time": time.strftime("%d/%b/%Y:%H:%M:%S", time.gmtime(x.now + BEIJING)),
        "access_id": caller.access_key_id or access_key_id_of(call) or "-",
        "owner_id": bucket.owner,
        "user_agent": x.header("user-agent") or "-",
        "logging_flag": "true",
        "bucket": bucket.name,
        "bucket_location": f"oss-{bucket.region}",
        "bucket_storage_type": bucket.storage_class.lower(),
        "content_length_in": str(len(call.body)),
        "content_length_out": str(sent),
        "object": quote(x.key, safe="", errors="surrogateescape") if x.key else "-",
        "object_size": str(len(version.body)) if version is not None else "-",
        "operation": x.logged_as,
        "request_uri": quote(uri, safe="", errors="surrogateescape"),
        "error_code": error.code if error else "-",
        "ec": error.fields.get("EC", "-") if error else "-",
        "request_length": str(len(call.body) + sum(len(k) + len(v) + 4 for k, v in call.headers.items())),
        "client_ip": call.source_ip,
        "response_body_length": str(sent),
        "http_method": call.method,
        "referer": x.header("referer") or "-",
        "requester_id": requester_id(caller),
        "request_id": call.request_id,
        "response_time": milliseconds,
        "server_cost_time": milliseconds,
        "http_type": call.headers.get("x-localcloud-scheme", "https"),
        "sign_type": x.sign_type,
        "http_status": str(reply.status),
        "sync_request": "-",
        "host": call.host,
        "vpc_addr": "-",
        "vpc_id": call.headers.get("x-localcloud-vpc", "-"),
        "delta_data_size": "-",
        "acc_access_region": "-",
        "restore_priority": "-",
        "archive_direct_read_size": "-",
        "user_defined_log_fields": "-",
        "extend_information": extend_information(caller),
    }


def requester_id(caller: Caller) -> str:
    """Root: account id; user: uid; anonymous: "-"; role session: the role's id (no page shows one)."""
    if caller.type == "assumed-role":
        return caller.principal_id.partition(":")[0]
    return caller.principal_id or "-"


def extend_information(caller: Caller) -> str:
    """`requesterParentId,roleName,roleSessionName,roleOwnerId,`; the role's name in lower case."""
    if caller.type == "anonymous":
        return "-"
    if caller.type == "assumed-role":
        return f"{caller.account},{caller.role.lower()},{caller.session},{caller.account},"
    return f"{caller.account},,,,"


_BATCH_FIELDS = (
    "client_ip", "user_agent", "bucket", "error_code", "request_length", "response_body_length",
    "object_size", "operation", "bucket_location", "http_method", "referer", "request_id", "http_status",
    "sync_request", "request_uri", "host", "logging_flag", "server_cost_time", "owner_id", "requester_id",
    "delta_data_size",
)  # fmt: skip


def _batch_record(record: dict[str, str], key: str) -> Record:
    fields = [(name, record[name]) for name in _BATCH_FIELDS]
    return [*fields, ("object", quote(key, safe="", errors="surrogateescape"))]
