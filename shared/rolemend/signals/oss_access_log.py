"""Lines of OSS's real-time access log in SLS: requests that OSS refused.

Fields: https://help.aliyun.com/zh/sls/log-fields-17 . Actions of the operations:
https://www.alibabacloud.com/help/en/oss/user-guide/authorization-syntax-and-elements .
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from operator import itemgetter
from typing import Any
from urllib.parse import unquote_plus

import msgspec

from rolemend.errors import RecordRejected
from rolemend.naming import is_region
from rolemend.signals.denial import BucketTarget, Denial, DeniedPrincipal, PassedOver

TOPIC = "oss_access_log"

PUSHED_DOWN = "* | where __topic__ = 'oss_access_log' and (http_status is null or http_status = '403')"
"""The filter that SLS applies before a record is sent; a line without its status passes, so that it is kept aside."""

_NO_PERMISSION_PROBLEM = ("0002-", "0061-")
"""EC families that are 403 AccessDenied without being a matter of what is set in the account: signature, key, token
and clock, and the security system. Hotlink protection, requester pays and suspended accounts are denials too: people
are told of them. https://help.aliyun.com/zh/oss/support/error-codes"""

_REFUSALS = ("AccessDenied", "UserDisable", "BucketDisable")
"""Codes of a denial. The last two: https://help.aliyun.com/zh/oss/user-guide/0003-00000801 ,
https://help.aliyun.com/zh/oss/user-guide/0003-00000908 ."""

_OBJECT_ACTIONS = {
    "GetObject": "oss:GetObject",
    "HeadObject": "oss:GetObject",
    "GetObjectMeta": "oss:GetObject",
    "GetObjectInfo": "oss:GetObject",
    "PutObject": "oss:PutObject",
    "PostObject": "oss:PutObject",
    "AppendObject": "oss:PutObject",
    "CopyObject": "oss:PutObject",
    "InitiateMultipartUpload": "oss:PutObject",
    "UploadPart": "oss:PutObject",
    "UploadPartCopy": "oss:PutObject",
    "CompleteUploadPart": "oss:PutObject",
    "AbortMultiPartUpload": "oss:AbortMultipartUpload",
    "ListParts": "oss:ListParts",
    "DeleteObject": "oss:DeleteObject",
    "RestoreObject": "oss:RestoreObject",
    "GetObjectAcl": "oss:GetObjectAcl",
    "PutObjectAcl": "oss:PutObjectAcl",
    "GetObjectSymlink": "oss:GetObject",
    "PutObjectSymlink": "oss:PutObject",
}
_BUCKET_ACTIONS = {
    "GetBucket": "oss:ListObjects",
    "HeadBucket": "oss:ListObjects",
    "ListMultiPartUploads": "oss:ListMultipartUploads",
    "DeleteObjects": "oss:DeleteObject",
}
_OPERATION = re.compile(r"[A-Za-z0-9]{1,64}", re.ASCII)
"""An operation becomes an action, and one with a wildcard in it is none."""
_TIME = re.compile(r"[0-9]{1,10}", re.ASCII)
"""Seconds as SLS has them. A field of a record's own may have that name, and hold a number that no clock takes."""
_UNTOLD = ("acs:SourceVpc", "acs:MFAPresent")
"""Condition keys the log does not tell (a VPC id only for requests from inside one)."""


def read_record(record: Mapping[str, Any]) -> Denial | PassedOver:
    """Read one line, as the SLS SDK gives it: every value text, `-` for empty, `__time__` a number or text.

    Raises RecordRejected if members that name the request are missing or no text.
    """
    if any(not isinstance(record.get(name, ""), str) for name in _READ):
        raise RecordRejected("an access-log line whose members are not text")
    status = record.get("http_status", "")
    if not status.isdecimal():
        raise RecordRejected("an access-log line without http_status")
    if status != "403":
        return PassedOver("not refused")
    code, detail = _value(record, "error_code"), _value(record, "ec")
    if code not in _REFUSALS:
        return PassedOver(code or "no error code")
    if detail.startswith(_NO_PERMISSION_PROBLEM):
        return PassedOver(f"{code}/{detail}")
    return _denial(record, code, detail)


KIND_NAMES = (
    "http_status", "error_code", "ec", "operation", "bucket", "owner_id", "extend_information", "requester_id"
)  # fmt: skip
KIND = itemgetter(*KIND_NAMES)
"""The members that decide whether a line is a denial, and to which incident it belongs: lines that agree in these do
so in that. KeyError if one is missing."""


def signal_of(record: Mapping[str, Any]) -> tuple[str, int] | None:
    """Signal id and time of a line of a known kind; None where the whole line has to be read to tell."""
    signal, time = record.get("request_id"), record.get("__time__")
    if isinstance(signal, str) and isinstance(time, int) and time >= 0 and signal not in ("", "-"):
        return signal, time
    return None


_READ = (
    "http_status", "error_code", "ec", "operation", "bucket", "object", "request_id", "owner_id",
    "extend_information", "requester_id", "bucket_location", "host", "client_ip", "http_type", "vpc_id", "user_agent",
)  # fmt: skip


def _denial(record: Mapping[str, Any], code: str, detail: str) -> Denial:
    bucket, request_id = _value(record, "bucket"), _value(record, "request_id")
    time = str(record.get("__time__", ""))
    operation = _value(record, "operation")
    if not (bucket and request_id and _TIME.fullmatch(time) and operation):
        raise RecordRejected("an access-log line without bucket, operation, request_id or time")
    if not _OPERATION.fullmatch(operation):
        raise RecordRejected(f"an access-log line with an operation that is none: {operation[:40]!r}")
    owner = _value(record, "owner_id")
    location = _value(record, "bucket_location").removeprefix("oss-")
    region = location if is_region(location) else ""
    action, key = _action(operation, unquote_plus(_value(record, "object")))
    conditions, unknown = _conditions(record)
    return Denial(
        signal_id=request_id,
        source="oss_access_log",
        account=owner,
        region=region,
        principal=_principal(record, owner),
        action=action,
        target=BucketTarget(bucket=bucket, key=key, region=region, host=_value(record, "host"), owner=owner),
        code=code,
        detail_code=detail,
        time=int(time),
        request_id=request_id,
        conditions=conditions,
        unknown_conditions=unknown,
    )


class Success(msgspec.Struct, frozen=True, kw_only=True):
    """A call that OSS answered; `time` in epoch seconds, `key` decoded, "" for the bucket itself."""

    principal: DeniedPrincipal
    action: str
    bucket: str
    key: str
    time: int


def operations_of(action: str) -> tuple[str, ...]:
    """The operations of the log that need this right."""
    return tuple(name for name, right in (_OBJECT_ACTIONS | _BUCKET_ACTIONS).items() if right == action)


def read_success(record: Mapping[str, Any]) -> Success | None:
    """A line of a call with status 2xx, as a query of the log answers it; None for any other."""
    status, time = str(record.get("http_status", "")), str(record.get("__time__", ""))
    if any(not isinstance(record.get(name, ""), str) for name in _READ) or not _TIME.fullmatch(time):
        return None
    if not re.fullmatch("2[0-9]{2}", status):
        return None
    action, key = _action(_value(record, "operation"), unquote_plus(_value(record, "object")))
    return Success(
        principal=_principal(record, _value(record, "owner_id")),
        action=action,
        bucket=_value(record, "bucket"),
        key=key,
        time=int(time),
    )


def _action(operation: str, key: str) -> tuple[str, str]:
    """RAM action and object key of a logged operation; operations on the bucket itself have no key."""
    if operation in _OBJECT_ACTIONS:
        return _OBJECT_ACTIONS[operation], key
    return _BUCKET_ACTIONS.get(operation, f"oss:{operation}"), ""


def _principal(record: Mapping[str, Any], owner: str) -> DeniedPrincipal:
    """`extend_information` is `requesterParentId,roleName,roleSessionName,roleOwnerId`, perhaps with more behind."""
    parts = [part if part != "-" else "" for part in _value(record, "extend_information").split(",")]
    parent, role, session, role_owner = (parts + [""] * 4)[:4]
    requester = _value(record, "requester_id")
    if role:
        return DeniedPrincipal(
            type="assumed_role", account=role_owner or parent, id=requester, name=role, session=session
        )
    if not requester:
        return DeniedPrincipal(type="anonymous")
    if requester in (parent, owner):
        return DeniedPrincipal(type="root", account=requester, id=requester)
    return DeniedPrincipal(type="ram_user", account=parent or owner, id=requester)


def _conditions(record: Mapping[str, Any]) -> tuple[dict[str, str], tuple[str, ...]]:
    told = {
        "acs:SourceIp": _value(record, "client_ip"),
        "acs:SourceVpc": _value(record, "vpc_id"),
        "acs:UserAgent": _value(record, "user_agent"),
    }
    if scheme := _value(record, "http_type"):
        told["acs:SecureTransport"] = "true" if scheme == "https" else "false"
    known = {key: value for key, value in told.items() if value}
    names = (*told, *_UNTOLD)
    return known, tuple(sorted({name for name in names if name not in known}))


def _value(record: Mapping[str, Any], name: str) -> str:
    value = str(record.get(name, ""))
    return "" if value == "-" else value
