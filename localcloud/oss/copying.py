"""CopyObject, and the source side that UploadPartCopy shares.

Source: https://www.alibabacloud.com/help/en/oss/developer-reference/copyobject
"""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import parse_qs, unquote

from localcloud.call import Reply
from localcloud.oss.access import require, require_kms
from localcloud.oss.conditions import check_conditions
from localcloud.oss.errors import OssError, invalid_argument, no_such_bucket
from localcloud.oss.exchange import Exchange, xml_reply
from localcloud.oss.objects import find_version
from localcloud.oss.state import Bucket, Version
from localcloud.oss.stored import described, filled, refuse_overwrite, write_headers
from localcloud.oss.xml import iso_time, node, text


class Source(NamedTuple):
    """Where `x-oss-copy-source` points; `version_id` is "" for the current version."""

    bucket: Bucket
    key: str
    version_id: str


def read_source(x: Exchange) -> Source:
    """Parse `/bucket/key?versionId=...`, the key URL-encoded."""
    value = x.header("x-oss-copy-source")
    path, _, query = value.partition("?")
    name, _, key = unquote(path).removeprefix("/").partition("/")
    if not name or not key:
        raise invalid_argument(
            "x-oss-copy-source",
            value,
            "Copy Source must mention the source bucket and key: /sourcebucket/sourcekey.",
            "0016-00000304",
        )
    bucket = x.cloud.state.oss.buckets.get(name)
    if bucket is None:
        raise no_such_bucket(name)
    if bucket.region != x.bucket.region:
        message = "Target object does not reside in the same data center as source object."
        raise OssError("AccessDenied", message, 403)
    return Source(bucket, key, parse_qs(query).get("versionId", [""])[0])


def authorise_copy(x: Exchange) -> None:
    """Read the source, write the target; the tags go along only with the rights on tags."""
    require_write(x)
    source = read_source(x)
    version = require_read(x, source)
    replaced = x.header("x-oss-tagging-directive", "Copy").lower() == "replace"
    if version is not None and version.tags and not replaced:
        require(x, "oss:GetObjectTagging", source.bucket, source.key, version)
    if (version is not None and version.tags and not replaced) or "x-oss-tagging" in x.call.headers:
        require(x, "oss:PutObjectTagging", x.bucket, x.key)


def require_write(x: Exchange) -> None:
    require(x, "oss:PutObject", x.bucket, x.key)


def require_read(x: Exchange, source: Source) -> Version | None:
    """Check the rights on the source; the version as it stands, None if there is none."""
    bucket, key, version_id = source
    version = bucket.version(key, version_id) if version_id else bucket.current(key)
    require(x, "oss:GetObject", bucket, key, version)
    if version_id:
        require(x, "oss:GetObjectVersion", bucket, key, version)
    if version is not None and version.encryption == "KMS":
        require_kms(x, bucket, version.kms_key, "kms:Decrypt")
    return version


def copy_object(x: Exchange) -> Reply:
    bucket = x.bucket
    source = read_source(x)
    original = find_version(x, source.bucket, source.key, source.version_id)
    if not check_conditions(x, original, "x-oss-copy-source-"):
        return Reply(304)
    in_place = source.bucket is bucket and source.key == x.key and not bucket.versioning
    if original.type == "Appendable" and source.bucket.versioning:
        # "Append objects stored in versioned buckets cannot be copied."
        raise OssError("OperationNotSupported", "The operation is not supported for this resource.", 400)
    if not in_place:
        refuse_overwrite(x, bucket, x.key)
    copy = described(x, bucket)
    if x.header("x-oss-metadata-directive", "COPY").upper() != "REPLACE" and not in_place:
        copy.headers, copy.meta = dict(original.headers), dict(original.meta)
    if x.header("x-oss-tagging-directive", "Copy").lower() != "replace":
        copy.tags = dict(original.tags)
    if in_place:
        _keep_content(copy, original)
    else:
        filled(copy, original.body)
    bucket.put(x.key, copy)
    headers = write_headers(bucket, copy)
    if source.bucket.versioning:
        headers["x-oss-copy-source-version-id"] = original.id
    etag, modified = text("ETag", f'"{copy.etag}"'), text("LastModified", iso_time(copy.modified))
    return xml_reply(node("CopyObjectResult", etag, modified), headers)


def _keep_content(copy: Version, original: Version) -> None:
    """A copy onto itself changes the metadata only: content, type and append position stay."""
    copy.body, copy.etag, copy.crc64, copy.type = original.body, original.etag, original.crc64, original.type
    if original.type == "Appendable":
        copy.encryption, copy.kms_key = original.encryption, original.kms_key
