"""The table of operations: how a request is known, which right it takes, how the logs call it.

Actions: https://www.alibabacloud.com/help/en/oss/user-guide/authorization-syntax-and-elements . Names in the
access log: https://help.aliyun.com/zh/sls/log-fields-17 (an API that is not there is logged by its name).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from localcloud.call import Call, Reply
from localcloud.oss import (
    buckets,
    copying,
    lifecycle,
    listing,
    multipart,
    object_settings,
    objects,
    settings,
)
from localcloud.oss.exchange import Exchange

Scope = Literal["service", "bucket", "object"]


@dataclass(frozen=True, slots=True)
class Operation:
    """One API. `action` is asked for on the bucket or object, `version_action` too if a versionId is given.

    `authorise` takes the place of `action` where one right is not all. `log` is the access log's name for it.
    `managed` operations are management events of ActionTrail.
    """

    api: str
    run: Callable[[Exchange], Reply]
    action: str
    log: str = ""
    version_action: str = ""
    authorise: Callable[[Exchange], None] | None = None
    managed: bool = False

    @property
    def rw(self) -> str:
        return "Read" if self.api.startswith(("Get", "List", "Describe", "Head")) else "Write"

    @property
    def log_name(self) -> str:
        return self.log or self.api


def _managed(
    api: str,
    run: Callable[[Exchange], Reply],
    action: str = "",
    log: str = "",
    authorise: Callable[[Exchange], None] | None = None,
) -> Operation:
    return Operation(api, run, action or f"oss:{api}", log, authorise=authorise, managed=True)


Key = tuple[Scope, str, str]

TABLE: dict[Key, Operation] = {
    ("service", "GET", ""): _managed("ListBuckets", buckets.list_buckets, log="GetService"),
    ("service", "GET", "regions"): _managed("DescribeRegions", buckets.describe_regions),
    ("service", "PUT", "publicAccessBlock"): _managed(
        "PutPublicAccessBlock", settings.put_public_access_block
    ),
    ("service", "GET", "publicAccessBlock"): _managed(
        "GetPublicAccessBlock", settings.get_public_access_block
    ),
    ("service", "DELETE", "publicAccessBlock"): _managed(
        "DeletePublicAccessBlock", settings.delete_public_access_block
    ),
    ("bucket", "PUT", ""): _managed("PutBucket", buckets.put_bucket, authorise=buckets.authorise_put_bucket),
    ("bucket", "DELETE", ""): _managed("DeleteBucket", buckets.delete_bucket),
    ("bucket", "GET", ""): Operation("ListObjects", listing.list_objects, "oss:ListObjects", "GetBucket"),
    ("bucket", "GET", "versions"): Operation(
        "ListObjectVersions", listing.list_object_versions, "oss:ListObjectVersions"
    ),
    ("bucket", "GET", "uploads"): Operation(
        "ListMultipartUploads",
        listing.list_multipart_uploads,
        "oss:ListMultipartUploads",
        "ListMultiPartUploads",
    ),
    ("bucket", "POST", "delete"): Operation(
        "DeleteMultipleObjects",
        objects.delete_multiple_objects,
        "",
        "DeleteObjects",
        authorise=lambda x: None,
    ),
    ("bucket", "GET", "bucketInfo"): _managed("GetBucketInfo", buckets.get_bucket_info),
    ("bucket", "GET", "location"): _managed("GetBucketLocation", buckets.get_bucket_location),
    ("bucket", "GET", "stat"): _managed("GetBucketStat", buckets.get_bucket_stat),
    ("bucket", "PUT", "acl"): _managed("PutBucketAcl", buckets.put_bucket_acl),
    ("bucket", "GET", "acl"): _managed("GetBucketAcl", buckets.get_bucket_acl),
    ("bucket", "PUT", "policy"): _managed("PutBucketPolicy", settings.put_bucket_policy),
    ("bucket", "GET", "policy"): _managed("GetBucketPolicy", settings.get_bucket_policy),
    ("bucket", "DELETE", "policy"): _managed("DeleteBucketPolicy", settings.delete_bucket_policy),
    ("bucket", "GET", "policyStatus"): _managed("GetBucketPolicyStatus", settings.get_bucket_policy_status),
    ("bucket", "PUT", "publicAccessBlock"): _managed(
        "PutBucketPublicAccessBlock", settings.put_bucket_public_access_block
    ),
    ("bucket", "GET", "publicAccessBlock"): _managed(
        "GetBucketPublicAccessBlock", settings.get_bucket_public_access_block
    ),
    ("bucket", "DELETE", "publicAccessBlock"): _managed(
        "DeleteBucketPublicAccessBlock", settings.delete_bucket_public_access_block
    ),
    ("bucket", "PUT", "encryption"): _managed("PutBucketEncryption", settings.put_bucket_encryption),
    ("bucket", "GET", "encryption"): _managed("GetBucketEncryption", settings.get_bucket_encryption),
    ("bucket", "DELETE", "encryption"): _managed("DeleteBucketEncryption", settings.delete_bucket_encryption),
    ("bucket", "PUT", "referer"): _managed("PutBucketReferer", settings.put_bucket_referer),
    ("bucket", "GET", "referer"): _managed("GetBucketReferer", settings.get_bucket_referer),
    ("bucket", "PUT", "tagging"): _managed("PutBucketTags", settings.put_bucket_tags, "oss:PutBucketTagging"),
    ("bucket", "GET", "tagging"): _managed("GetBucketTags", settings.get_bucket_tags, "oss:GetBucketTagging"),
    ("bucket", "DELETE", "tagging"): _managed(
        "DeleteBucketTags", settings.delete_bucket_tags, "oss:DeleteBucketTagging"
    ),
    ("bucket", "PUT", "logging"): _managed(
        "PutBucketLogging",
        settings.put_bucket_logging,
        log="PutBucketLog",
        authorise=settings.authorise_put_bucket_logging,
    ),
    ("bucket", "GET", "logging"): _managed(
        "GetBucketLogging", settings.get_bucket_logging, log="GetBucketLog"
    ),
    ("bucket", "DELETE", "logging"): _managed("DeleteBucketLogging", settings.delete_bucket_logging),
    ("bucket", "PUT", "lifecycle"): _managed("PutBucketLifecycle", lifecycle.put_bucket_lifecycle),
    ("bucket", "GET", "lifecycle"): _managed("GetBucketLifecycle", lifecycle.get_bucket_lifecycle),
    ("bucket", "DELETE", "lifecycle"): _managed("DeleteBucketLifecycle", lifecycle.delete_bucket_lifecycle),
    ("bucket", "PUT", "requestPayment"): _managed(
        "PutBucketRequestPayment", settings.put_bucket_request_payment
    ),
    ("bucket", "GET", "requestPayment"): _managed(
        "GetBucketRequestPayment", settings.get_bucket_request_payment
    ),
    ("bucket", "PUT", "versioning"): _managed("PutBucketVersioning", settings.put_bucket_versioning),
    ("bucket", "GET", "versioning"): _managed("GetBucketVersioning", settings.get_bucket_versioning),
    ("object", "PUT", ""): Operation("PutObject", objects.put_object, "oss:PutObject"),
    ("object", "PUT", "copy"): Operation(
        "CopyObject", copying.copy_object, "", authorise=copying.authorise_copy
    ),
    ("object", "POST", "append"): Operation("AppendObject", objects.append_object, "oss:PutObject"),
    ("object", "GET", ""): Operation(
        "GetObject", objects.get_object, "oss:GetObject", version_action="oss:GetObjectVersion"
    ),
    ("object", "HEAD", ""): Operation("HeadObject", objects.head_object, "oss:GetObject"),
    ("object", "HEAD", "objectMeta"): Operation("GetObjectMeta", objects.get_object_meta, "oss:GetObject"),
    ("object", "GET", "objectMeta"): Operation("GetObjectMeta", objects.get_object_meta, "oss:GetObject"),
    ("object", "DELETE", ""): Operation(
        "DeleteObject", objects.delete_object, "oss:DeleteObject", version_action="oss:DeleteObjectVersion"
    ),
    ("object", "PUT", "acl"): Operation(
        "PutObjectAcl",
        object_settings.put_object_acl,
        "oss:PutObjectAcl",
        version_action="oss:PutObjectVersionAcl",
    ),
    ("object", "GET", "acl"): Operation(
        "GetObjectAcl",
        object_settings.get_object_acl,
        "oss:GetObjectAcl",
        version_action="oss:GetObjectVersionAcl",
    ),
    ("object", "PUT", "tagging"): Operation(
        "PutObjectTagging",
        object_settings.put_object_tagging,
        "oss:PutObjectTagging",
        version_action="oss:PutObjectVersionTagging",
    ),
    ("object", "GET", "tagging"): Operation(
        "GetObjectTagging",
        object_settings.get_object_tagging,
        "oss:GetObjectTagging",
        version_action="oss:GetObjectVersionTagging",
    ),
    ("object", "DELETE", "tagging"): Operation(
        "DeleteObjectTagging",
        object_settings.delete_object_tagging,
        "oss:DeleteObjectTagging",
        version_action="oss:DeleteObjectVersionTagging",
    ),
    ("object", "POST", "uploads"): Operation("InitiateMultipartUpload", multipart.initiate, "oss:PutObject"),
    ("object", "PUT", "uploadId"): Operation("UploadPart", multipart.upload_part, "oss:PutObject"),
    ("object", "PUT", "uploadId copy"): Operation(
        "UploadPartCopy", multipart.upload_part_copy, "", authorise=multipart.authorise_part_copy
    ),
    ("object", "POST", "uploadId"): Operation(
        "CompleteMultipartUpload", multipart.complete, "oss:PutObject", "CompleteUploadPart"
    ),
    ("object", "DELETE", "uploadId"): Operation(
        "AbortMultipartUpload", multipart.abort, "oss:AbortMultipartUpload", "AbortMultiPartUpload"
    ),
    ("object", "GET", "uploadId"): Operation("ListParts", multipart.list_parts, "oss:ListParts"),
}

OTHER_SELECTORS = frozenset((
    "accessPoint", "accessPointPolicy", "accessmonitor", "asyncFetch", "bucketArchiveDirectRead",
    "cleanRestoredObject", "cloudboxes", "cname", "comp", "cors", "group", "httpsConfig", "img",
    "inventory", "link", "live", "metaQuery", "overwriteConfig", "qos", "qosInfo",
    "redundancyTransition", "regionList", "replication", "replicationLocation",
    "replicationProgress", "requesterQosInfo", "resourceGroup", "resourcePool",
    "resourcePoolBuckets", "resourcePoolInfo", "restore", "style", "symlink",
    "transferAcceleration", "udf", "vod", "website", "worm", "wormExtend", "wormId",
    "x-oss-access-point-name", "x-oss-async-process", "x-oss-process",
    "x-oss-write-get-object-response",
))  # fmt: skip
"""Parameters that select an API of OSS which the local cloud does not have."""

SELECTORS = frozenset(selector for _, _, selector in TABLE if selector and "copy" not in selector)


def scope_of(bucket: str, key: str) -> Scope:
    return "object" if key else "bucket" if bucket else "service"


def select(call: Call, bucket: str, key: str) -> Operation | str:
    """The operation that a request means, or a description of the one that is not supported."""
    names = [name for name, _ in call.query]
    unknown = next((name for name in names if name in OTHER_SELECTORS), None)
    selector = next((name for name in names if name in SELECTORS), "")
    if "x-oss-copy-source" in call.headers and selector in ("", "uploadId"):
        selector = f"{selector} copy".strip()
    scope = scope_of(bucket, key)
    operation = TABLE.get((scope, call.method, selector))
    if operation is None or unknown is not None:
        return f"{call.method} {scope}" + (f" ?{unknown or selector}" if unknown or selector else "")
    return operation
