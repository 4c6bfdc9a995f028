"""ListObjects, ListObjectsV2, ListObjectVersions and ListMultipartUploads.

Sources: https://www.alibabacloud.com/help/en/oss/developer-reference/listobjects ,
https://www.alibabacloud.com/help/en/oss/developer-reference/listobjectsv2 ,
https://www.alibabacloud.com/help/en/oss/developer-reference/listobjectversions .
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterator
from itertools import islice

from localcloud.call import Reply
from localcloud.oss.errors import OssError, invalid_argument
from localcloud.oss.exchange import Exchange, xml_reply
from localcloud.oss.paging import Page, common_prefix, walk
from localcloud.oss.state import Bucket, Upload, Version
from localcloud.oss.xml import iso_time, node, text, url_encoded

MOST_KEYS = 1000


def list_objects(x: Exchange) -> Reply:
    version = x.call.argument("list-type")
    if version not in ("", "2"):
        raise OssError("InvalidArgument", "The list-type is invalid.", 400, ec="0015-00000401")
    return _version_two(x) if version else _version_one(x)


def _version_one(x: Exchange) -> Reply:
    marker, most = x.call.argument("marker"), x.number("max-keys", 100, 1, MOST_KEYS)
    encode = encoder(x)
    page = _page(x, marker, most)
    return xml_reply(
        node(
            "ListBucketResult",
            text("Name", x.bucket.name),
            text("Prefix", encode(x.call.argument("prefix"))),
            text("Marker", encode(marker)),
            text("MaxKeys", most),
            text("Delimiter", encode(x.call.argument("delimiter"))),
            *encoding_element(x),
            text("IsTruncated", page.truncated),
            text("NextMarker", encode(page.last)) if page.truncated else "",
            *_entries(x, page, encode, owner=True),
        )
    )


def _version_two(x: Exchange) -> Reply:
    token, start = x.call.argument("continuation-token"), x.call.argument("start-after")
    most = x.number("max-keys", 100, 1, MOST_KEYS)
    encode = encoder(x)
    page = _page(x, _read_token(token) if token else start, most)
    return xml_reply(
        node(
            "ListBucketResult",
            text("Name", x.bucket.name),
            text("Prefix", encode(x.call.argument("prefix"))),
            text("StartAfter", encode(start)) if start else "",
            text("ContinuationToken", token) if token else "",
            text("MaxKeys", most),
            text("Delimiter", encode(x.call.argument("delimiter"))),
            *encoding_element(x),
            text("IsTruncated", page.truncated),
            text("NextContinuationToken", _token(page.last)) if page.truncated else "",
            *_entries(x, page, encode, owner=x.call.argument("fetch-owner") == "true"),
            text("KeyCount", len(page)),
        )
    )


def _page(x: Exchange, after: str, most: int) -> Page:
    bucket = x.bucket

    def shown(key: str) -> bool:
        return not bucket.objects[key][0].delete_marker

    return walk(bucket.names, x.call.argument("prefix"), x.call.argument("delimiter"), after, most, shown)


def _entries(x: Exchange, page: Page, encode: Callable[[str], str], owner: bool) -> Iterator[str]:
    objects = x.bucket.objects
    owned = owner_element(x.bucket) if owner else ""
    for key in page.keys:
        yield node("Contents", text("Key", encode(key)), *_facts(objects[key][0]), owned)
    yield from common_prefixes(page.prefixes, encode)


def _facts(version: Version) -> tuple[str, ...]:
    return (
        text("LastModified", iso_time(version.modified)),
        text("ETag", f'"{version.etag}"'),
        text("Type", version.type),
        text("Size", len(version.body)),
        text("StorageClass", version.storage_class),
    )


def common_prefixes(prefixes: list[str], encode: Callable[[str], str]) -> Iterator[str]:
    return (node("CommonPrefixes", text("Prefix", encode(prefix))) for prefix in prefixes)


def owner_element(bucket: Bucket) -> str:
    return node("Owner", text("ID", bucket.owner), text("DisplayName", bucket.owner))


def encoder(x: Exchange) -> Callable[[str], str]:
    """How keys are written in the answer; only `url` is an encoding."""
    wanted = x.call.argument("encoding-type")
    if wanted not in ("", "url"):
        raise invalid_argument("encoding-type", wanted, "Invalid Encoding Method specified in Request.")
    return url_encoded if wanted else str


def encoding_element(x: Exchange) -> list[str]:
    return [text("EncodingType", "url")] if x.call.argument("encoding-type") else []


def _token(last: str) -> str:
    return base64.urlsafe_b64encode(last.encode("utf-8", "surrogatepass")).decode().rstrip("=")


def _read_token(token: str) -> str:
    try:
        padded = token + "=" * (-len(token) % 4)
        return base64.b64decode(padded, b"-_", validate=True).decode("utf-8", "surrogatepass")
    except (ValueError, binascii.Error) as error:
        raise invalid_argument(
            "continuation-token", token, "The continuation token provided is incorrect."
        ) from error


def list_object_versions(x: Exchange) -> Reply:
    """Every version of every key and the delete markers, keys in order, the newest version first."""
    key_marker, version_marker = x.call.argument("key-marker"), x.call.argument("version-id-marker")
    if version_marker and not key_marker:
        raise invalid_argument(
            "version-id-marker",
            version_marker,
            "A version-id marker cannot be specified without a key marker.",
        )
    most = x.number("max-keys", 100, 1, MOST_KEYS)
    encode = encoder(x)
    lines: list[str] = []
    last: tuple[str, str] = ("", "")
    truncated = False
    for key, version in _versions(x, key_marker, version_marker):
        if len(lines) == most:
            truncated = True
            break
        lines.append(_version_element(x.bucket, encode, key, version))
        last = (key, version.id if version else "")
    following = (
        text("NextKeyMarker", encode(last[0])) + text("NextVersionIdMarker", last[1]) if truncated else ""
    )
    return xml_reply(
        node(
            "ListVersionsResult",
            text("Name", x.bucket.name),
            text("Prefix", encode(x.call.argument("prefix"))),
            text("KeyMarker", encode(key_marker)),
            text("VersionIdMarker", version_marker),
            text("MaxKeys", most),
            text("Delimiter", encode(x.call.argument("delimiter"))),
            *encoding_element(x),
            text("IsTruncated", truncated),
            following,
            *lines,
        )
    )


def _versions(x: Exchange, key_marker: str, version_marker: str) -> Iterator[tuple[str, Version | None]]:
    """Key and version from the marker on; a common prefix comes once, with None."""
    bucket, prefix, delimiter = x.bucket, x.call.argument("prefix"), x.call.argument("delimiter")
    if version_marker:
        older = bucket.objects.get(key_marker, [])
        place = next((i for i, version in enumerate(older) if version.id == version_marker), len(older))
        yield from ((key_marker, version) for version in older[place + 1 :])
    names, after = bucket.names, key_marker
    while True:
        page = walk(names, prefix, delimiter, after, 1, lambda key: True)
        if not len(page):
            return
        after = page.last
        if page.prefixes:
            yield after, None
        else:
            yield from ((after, version) for version in bucket.objects[after])


def _version_element(bucket: Bucket, encode: Callable[[str], str], key: str, version: Version | None) -> str:
    if version is None:
        return node("CommonPrefixes", text("Prefix", encode(key)))
    latest = bucket.objects[key][0] is version
    head = (text("Key", encode(key)), text("VersionId", version.id), text("IsLatest", latest))
    if version.delete_marker:
        return node(
            "DeleteMarker", *head, text("LastModified", iso_time(version.modified)), owner_element(bucket)
        )
    return node("Version", *head, *_facts(version), owner_element(bucket))


def list_multipart_uploads(x: Exchange) -> Reply:
    """Uploads under way by key and id; a marker pair names the last one of the page before."""
    most = x.number("max-uploads", 1000, 1, MOST_KEYS)
    encode = encoder(x)
    entries = list(islice(_uploads(x), most + 1))
    shown = entries[:most]
    last_key, last = shown[-1] if shown else ("", None)
    return xml_reply(
        node(
            "ListMultipartUploadsResult",
            *encoding_element(x),
            text("Bucket", x.bucket.name),
            text("KeyMarker", encode(x.call.argument("key-marker"))),
            text("UploadIdMarker", x.call.argument("upload-id-marker")),
            text("NextKeyMarker", encode(last_key)),
            text("NextUploadIdMarker", last.id if last else ""),
            text("Delimiter", encode(x.call.argument("delimiter"))),
            text("Prefix", encode(x.call.argument("prefix"))),
            text("MaxUploads", most),
            text("IsTruncated", len(entries) > most),
            *(_upload_element(encode, upload) for _, upload in shown if upload),
            *common_prefixes([key for key, upload in shown if upload is None], encode),
        )
    )


def _uploads(x: Exchange) -> Iterator[tuple[str, Upload | None]]:
    """Key and upload from the markers on; a common prefix comes once, with None."""
    prefix, delimiter = x.call.argument("prefix"), x.call.argument("delimiter")
    key_marker, id_marker = x.call.argument("key-marker"), x.call.argument("upload-id-marker")
    rolled = ""
    for upload in sorted(x.bucket.uploads.values(), key=lambda upload: (upload.key, upload.id)):
        behind_id = bool(id_marker) and upload.key == key_marker and upload.id > id_marker
        if not upload.key.startswith(prefix) or (upload.key <= key_marker and key_marker and not behind_id):
            continue
        common = common_prefix(upload.key, prefix, delimiter)
        if not common:
            yield upload.key, upload
        elif common not in (rolled, key_marker):
            rolled = common
            yield common, None


def _upload_element(encode: Callable[[str], str], upload: Upload) -> str:
    started = text("Initiated", iso_time(upload.initiated))
    return node("Upload", text("Key", encode(upload.key)), text("UploadId", upload.id), started)
