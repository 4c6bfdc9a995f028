"""Operations as logs and stack traces name them, and the RAM action that each usually needs.

OSS access log: https://help.aliyun.com/zh/sls/log-fields-17 . Actions:
https://www.alibabacloud.com/help/en/oss/user-guide/authorization-syntax-and-elements . What a file system does in one
operation may be several calls, so the mapping from Hadoop and Jindo is no more than likely.
"""

from __future__ import annotations

import re

_GET, _PUT, _LIST, _DELETE = "oss:GetObject", "oss:PutObject", "oss:ListObjects", "oss:DeleteObject"

LOGGED = {
    "GetObject": _GET,
    "HeadObject": _GET,
    "GetObjectMeta": _GET,
    "GetObjectInfo": _GET,
    "GetObjectSymlink": _GET,
    "PutObject": _PUT,
    "PostObject": _PUT,
    "AppendObject": _PUT,
    "CopyObject": _PUT,
    "InitiateMultipartUpload": _PUT,
    "UploadPart": _PUT,
    "UploadPartCopy": _PUT,
    "CompleteUploadPart": _PUT,
    "PutObjectSymlink": _PUT,
    "AbortMultiPartUpload": "oss:AbortMultipartUpload",
    "ListParts": "oss:ListParts",
    "ListMultiPartUploads": "oss:ListMultipartUploads",
    "DeleteObject": _DELETE,
    "DeleteObjects": _DELETE,
    "RestoreObject": "oss:RestoreObject",
    "GetObjectAcl": "oss:GetObjectAcl",
    "PutObjectAcl": "oss:PutObjectAcl",
    "GetBucket": _LIST,
    "ListObjects": _LIST,
    "ListObjectsV2": _LIST,
    "HeadBucket": _LIST,
    "GetService": "oss:ListBuckets",
    "GetBucketInfo": "oss:GetBucketInfo",
    "GetBucketAcl": "oss:GetBucketAcl",
    "GetBucketLocation": "oss:GetBucketLocation",
    "PutBucket": "oss:PutBucket",
    "DeleteBucket": "oss:DeleteBucket",
}
"""The access log's `operation` -> action."""

_HADOOP = {
    "getFileStatus": _GET,
    "open": _GET,
    "exists": _GET,
    "getObjectMetadata": _GET,
    "headObject": _GET,
    "getObject": _GET,
    "listStatus": _LIST,
    "listObjects": _LIST,
    "listObjectsV2": _LIST,
    "listDirectory": _LIST,
    "globStatus": _LIST,
    "mkdir": _PUT,
    "mkdirs": _PUT,
    "create": _PUT,
    "append": _PUT,
    "rename": _PUT,
    "putObject": _PUT,
    "copyObject": _PUT,
    "uploadPart": _PUT,
    "initiateMultipartUpload": _PUT,
    "completeMultipartUpload": _PUT,
    "delete": _DELETE,
    "deleteObject": _DELETE,
    "deleteObjects": _DELETE,
    "abortMultipartUpload": "oss:AbortMultipartUpload",
    "getBucketInfo": "oss:GetBucketInfo",
    "getBucketAcl": "oss:GetBucketAcl",
    "listBuckets": "oss:ListBuckets",
}
_NAMED = re.compile(r"\boperation(?: ?[:=] ?| error )[\"']?(\w{3,40})")
_FRAME = re.compile(
    r"\bat \S*?(?:\boss\.(?:OSSClient|OSS)|OSSObjectOperation|OSSBucketOperation|oss\.AliyunOSSFileSystem(?:Store)?"
    r"|JindoOssFileSystem|JindoFileSystem)\.(\w{3,40})\("
)


_STANDS_IN = (
    (_NAMED, ("operation",)),
    (_FRAME, ("OSSClient.", "oss.OSS.", "OSSObjectOperation.", "OSSBucketOperation.", "FileSystem")),
)
"""Each pattern, and words one of which stands in whatever it finds: to look for them is far quicker."""


def action_in(text: str) -> str:
    """The action that the operation named in a text usually needs, "" if none is named."""
    for pattern, words in _STANDS_IN:
        if not any(word in text for word in words):
            continue
        for found in pattern.finditer(text):
            if action := LOGGED.get(found[1]) or _HADOOP.get(found[1]):
                return action
    return ""
