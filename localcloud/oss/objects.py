"""Objects: put, append, get, head, delete.

Source: https://www.alibabacloud.com/help/en/oss/developer-reference/basic-operations-1 and each API's page.
"""

from __future__ import annotations

import base64
import hashlib

from localcloud.call import Reply
from localcloud.oss import crc64
from localcloud.oss.access import require, require_kms
from localcloud.oss.conditions import check_conditions, read_range
from localcloud.oss.errors import OssError, invalid_argument, no_such_key, no_such_version
from localcloud.oss.exchange import Exchange, xml_reply
from localcloud.oss.state import Bucket, Version
from localcloud.oss.stored import (
    described,
    filled,
    next_version_id,
    read_headers_of,
    refuse_overwrite,
    write_headers,
)
from localcloud.oss.xml import flag, http_time, malformed, node, parse, text, url_encoded

MOST_DELETED = 1000
"""Keys in one DeleteMultipleObjects."""
OVERRIDES = (
    "content-type",
    "content-language",
    "expires",
    "cache-control",
    "content-disposition",
    "content-encoding",
)


def find_version(x: Exchange, bucket: Bucket, key: str, version_id: str) -> Version:
    """The version that a request reads; NoSuchKey, NoSuchVersion or MethodNotAllowed for a delete marker."""
    if version_id:
        version = bucket.version(key, version_id)
        if version is None:
            raise no_such_version(key, version_id)
        if version.delete_marker:
            headers = {"x-oss-delete-marker": "true", "x-oss-version-id": version.id}
            message = "The specified method is not allowed against this resource."
            raise OssError("MethodNotAllowed", message, 405, headers=headers)
        return version
    current = bucket.current(key)
    if current is None or current.delete_marker:
        headers = {"x-oss-delete-marker": "true", "x-oss-version-id": current.id} if current else {}
        raise no_such_key(key, headers)
    return current


def put_object(x: Exchange) -> Reply:
    bucket = x.bucket
    x.check_body()
    if "x-oss-tagging" in x.call.headers:
        require(x, "oss:PutObjectTagging", bucket, x.key)
    version = described(x, bucket)
    refuse_overwrite(x, bucket, x.key)
    bucket.put(x.key, filled(version, x.call.body))
    digest = base64.b64encode(hashlib.md5(x.call.body).digest()).decode()
    return Reply(200, {**write_headers(bucket, version), "content-md5": digest})


def append_object(x: Exchange) -> Reply:
    """Write at the end of an appendable object, if the end is where the caller believes it to be."""
    bucket = x.bucket
    position = x.call.argument("position")
    if not position:
        raise OssError("MissingArgument", "Missing Some Required Arguments.", 400, ec="0016-00000501")
    if not position.isdecimal():
        raise invalid_argument("position", position, "The append position is invalid.")
    x.check_body()
    if "x-oss-tagging" in x.call.headers:
        require(x, "oss:PutObjectTagging", bucket, x.key)
    current = bucket.current(x.key)
    if current is not None and current.type != "Appendable":
        raise OssError("ObjectNotAppendable", "The object is not appendable", 409)
    length = len(current.body) if current else 0
    if int(position) != length:
        headers = {"x-oss-next-append-position": str(length)}
        raise OssError(
            "PositionNotEqualToLength", "Position is not equal to file length", 409, headers=headers
        )
    version = _append(x, bucket, current)
    headers = {**write_headers(bucket, version), "x-oss-next-append-position": str(len(version.body))}
    return Reply(200, headers)


def _append(x: Exchange, bucket: Bucket, current: Version | None) -> Version:
    if current is None:
        version = filled(described(x, bucket, "Appendable"), x.call.body)
        bucket.put(x.key, version)
        return version
    current.crc64 = crc64.extend(current.crc64, x.call.body)
    current.etag = hashlib.md5(current.etag.encode() + x.call.body).hexdigest().upper()
    current.body += x.call.body
    current.modified = x.now
    return current


def get_object(x: Exchange) -> Reply:
    bucket = x.bucket
    version = find_version(x, bucket, x.key, x.call.argument("versionId"))
    if version.encryption == "KMS":
        require_kms(x, bucket, version.kms_key, "kms:Decrypt")
    headers = read_headers_of(bucket, version)
    if not check_conditions(x, version):
        return Reply(304, {name: headers[name] for name in ("etag", "last-modified")})
    if version.storage_class not in ("Standard", "IA"):
        raise OssError("InvalidObjectState", "The operation is not valid for the object's state", 403)
    for name in OVERRIDES:
        if value := x.call.argument(f"response-{name}"):
            if not value.isprintable():
                raise invalid_argument(f"response-{name}", value)
            headers[name] = value
    window = read_range(x, len(version.body))
    if window is None:
        return Reply(200, headers, version.body)
    first, last = window
    headers["content-range"] = f"bytes {first}-{last}/{len(version.body)}"
    return Reply(206, headers, version.body[first : last + 1])


def head_object(x: Exchange) -> Reply:
    bucket = x.bucket
    version = find_version(x, bucket, x.key, x.call.argument("versionId"))
    headers = read_headers_of(bucket, version)
    if not check_conditions(x, version):
        return Reply(304, {name: headers[name] for name in ("etag", "last-modified")})
    return Reply(200, {**headers, "content-length": str(len(version.body))})


def get_object_meta(x: Exchange) -> Reply:
    bucket = x.bucket
    version = find_version(x, bucket, x.key, x.call.argument("versionId"))
    headers = {
        "etag": f'"{version.etag}"',
        "last-modified": http_time(version.modified),
        "content-length": str(len(version.body)),
    }
    if version.crc64 is not None:
        headers["x-oss-hash-crc64ecma"] = str(version.crc64)
    if bucket.versioning:
        headers["x-oss-version-id"] = version.id
    return Reply(200, headers)


def delete(bucket: Bucket, key: str, version_id: str, now: float) -> Version | None:
    """Delete a key or one of its versions; the version that is gone or the delete marker that was written.

    https://www.alibabacloud.com/help/en/oss/developer-reference/deleteobject (versioning)
    """
    if version_id or not bucket.versioning:
        return bucket.remove(key, version_id or "null")
    marker = Version(id=next_version_id(bucket), modified=now, delete_marker=True)
    bucket.put(key, marker)
    return marker


def delete_object(x: Exchange) -> Reply:
    """204 whether the object was there or not."""
    version_id = x.call.argument("versionId")
    gone = delete(x.bucket, x.key, version_id, x.now)
    headers = {}
    if gone is not None and x.bucket.versioning:
        headers["x-oss-version-id"] = gone.id
        if gone.delete_marker:
            headers["x-oss-delete-marker"] = "true"
    return Reply(204, headers)


def delete_multiple_objects(x: Exchange) -> Reply:
    """All or nothing as for rights: one key that may not be deleted refuses the whole batch."""
    bucket = x.bucket
    x.check_body()
    root = parse(x.call.body)
    wanted = [
        (each.findtext("Key") or "", each.findtext("VersionId") or "") for each in root.findall("Object")
    ]
    if not 1 <= len(wanted) <= MOST_DELETED or not all(key for key, _ in wanted):
        raise malformed()
    for key, version_id in wanted:
        require(x, "oss:DeleteObject", bucket, key, batch=True)
        if version_id:
            require(x, "oss:DeleteObjectVersion", bucket, key, batch=True)
    encode = url_encoded if x.call.argument("encoding-type") == "url" else str
    lines = []
    for key, version_id in wanted:
        gone = delete(bucket, key, version_id, x.now)
        x.deleted.append(key)
        lines.append(_deleted(encode(key), version_id, gone if bucket.versioning else None))
    if flag(root, "Quiet"):
        return Reply(200)
    encoding = text("EncodingType", "url") if encode is url_encoded else ""
    return xml_reply(node("DeleteResult", encoding, *lines))


def _deleted(key: str, version_id: str, gone: Version | None) -> str:
    parts = [text("Key", key)]
    if version_id:
        parts.append(text("VersionId", version_id))
    if gone is not None and gone.delete_marker:
        parts += [text("DeleteMarker", True), text("DeleteMarkerVersionId", gone.id)]
    return node("Deleted", *parts)
