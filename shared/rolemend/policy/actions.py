"""What is known of OSS actions: the groups a grant is made of, and the form of resource each needs.

Actions and resource forms: https://www.alibabacloud.com/help/en/oss/user-guide/authorization-syntax-and-elements
"""

from __future__ import annotations

# What a job needs to read a bucket.
READ = ("oss:GetObject", "oss:ListObjects", "oss:GetBucketInfo")
# The read and write example for Hive and Spark, temporary directories included:
# https://www.alibabacloud.com/help/en/emr/emr-on-ecs/user-guide/grant-permissions-to-access-oss-or-oss-hdfs
WRITE = (
    "oss:ListObjects",
    "oss:GetBucketInfo",
    "oss:PutObject",
    "oss:GetObject",
    "oss:DeleteObject",
    "oss:AbortMultipartUpload",
    "oss:ListMultipartUploads",
    "oss:ListParts",
    "oss:RestoreObject",
    "oss:ListObjectVersions",
    "oss:DeleteObjectVersion",
)
_READ = frozenset(action.lower() for action in READ)
_WRITE = frozenset(action.lower() for action in WRITE)


def _named(*names: str) -> frozenset[str]:
    return frozenset(f"oss:{name}".lower() for name in names)


# Actions on an object, as the action table lists them, and those on a version of one.
ON_OBJECTS = _named(
    *("AbortMultipartUpload", "DeleteLiveChannel", "DeleteObject", "DeleteObjectTagging"),
    *("DeleteObjectVersion", "DeleteObjectVersionTagging", "GetLiveChannel", "GetLiveChannelHistory"),
    *("GetLiveChannelStat", "GetObject", "GetObjectAcl", "GetObjectTagging", "GetObjectVersion"),
    *("GetObjectVersionAcl", "GetObjectVersionTagging", "GetVodPlaylist", "ListLiveChannel", "ListParts"),
    *("PostProcessTask", "PostVodPlaylist", "ProcessImm", "PublishRtmpStream", "PutLiveChannel"),
    *("PutLiveChannelStatus", "PutObject", "PutObjectAcl", "PutObjectTagging", "PutObjectVersionAcl"),
    *("PutObjectVersionTagging", "ReplicateDelete", "ReplicateGet", "ReplicatePut", "RestoreObject"),
    *("RestoreObjectVersion", "SealAppendObject"),
)
# Actions that no bucket bounds: they are granted on `*`.
ON_SERVICE = _named(
    *("ActivateProduct", "CreateOrder", "DeletePublicAccessBlock", "GetPublicAccessBlock"),
    *("GetResourcePoolInfo", "ListBuckets", "ListResourcePoolBuckets", "ListResourcePools"),
    *("ListUserDataRedundancyTransition", "PostDataLakeStorageAdminOperation"),
    *("PostDataLakeStorageFileOperation", "PostDataLakeStorageSecurityOperation", "PutPublicAccessBlock"),
)

# Names of APIs (and of SDK helpers) that OSS checks under another action.
CHECKED_AS = {
    "oss:listobjectsv2": ("oss:ListObjects",),
    "oss:headobject": ("oss:GetObject",),
    "oss:getobjectmeta": ("oss:GetObject",),
    "oss:getsymlink": ("oss:GetObject",),
    "oss:selectobject": ("oss:GetObject",),
    "oss:copyobject": ("oss:GetObject", "oss:PutObject"),
    "oss:uploadpartcopy": ("oss:GetObject", "oss:PutObject"),
    "oss:uploadpart": ("oss:PutObject",),
    "oss:initiatemultipartupload": ("oss:PutObject",),
    "oss:completemultipartupload": ("oss:PutObject",),
    "oss:appendobject": ("oss:PutObject",),
    "oss:postobject": ("oss:PutObject",),
    "oss:putsymlink": ("oss:PutObject",),
    "oss:deletemultipleobjects": ("oss:DeleteObject",),
    "oss:deleteobjects": ("oss:DeleteObject",),
    "oss:getbucketversions": ("oss:ListObjectVersions",),
    "oss:listbucketinventory": ("oss:GetBucketInventory",),
    "oss:getservice": ("oss:ListBuckets",),
    "oss:putbuckettags": ("oss:PutBucketTagging",),
    "oss:getbuckettags": ("oss:GetBucketTagging",),
    "oss:deletebuckettags": ("oss:DeleteBucketTagging",),
}


def group_of(action: str) -> tuple[str, ...]:
    """The actions that are granted together with `action`: `READ`, `WRITE`, or it alone."""
    name = action.lower()
    if name in _READ:
        return READ
    return WRITE if name in _WRITE else (action,)


def bucket_entries(bucket: str) -> tuple[str, str]:
    """The two Resource entries of the FAQ: the bucket, and all objects in it.

    https://www.alibabacloud.com/help/en/emr/emr-on-ecs/user-guide/use-a-custom-ecs-application-role-to-access-other-cloud-resources-in-your-alibaba-cloud-account-19
    """
    return f"acs:oss:*:*:{bucket}", f"acs:oss:*:*:{bucket}/*"
