"""Multipart uploads.

Source: https://www.alibabacloud.com/help/en/oss/developer-reference/multipart-upload-operations
"""

from __future__ import annotations

import hashlib
import re
import secrets

from localcloud.call import Reply
from localcloud.oss import crc64
from localcloud.oss.access import require
from localcloud.oss.conditions import check_conditions
from localcloud.oss.copying import read_source, require_read, require_write
from localcloud.oss.errors import OssError, invalid_argument, no_such_upload
from localcloud.oss.exchange import Exchange, xml_reply
from localcloud.oss.objects import find_version
from localcloud.oss.state import Part, Upload
from localcloud.oss.stored import (
    described,
    encryption_headers,
    next_version_id,
    refuse_overwrite,
    write_headers,
)
from localcloud.oss.xml import iso_time, malformed, node, parse, text, url_encoded

SMALLEST_PART = 100 * 1024
"""Bytes of every part but the last."""
MOST_PARTS = 10_000


def initiate(x: Exchange) -> Reply:
    bucket = x.bucket
    if "x-oss-tagging" in x.call.headers:
        require(x, "oss:PutObjectTagging", bucket, x.key)
    refuse_overwrite(x, bucket, x.key)
    target = described(x, bucket, "Multipart")
    upload = Upload(id=secrets.token_hex(16).upper(), key=x.key, initiated=x.now, target=target)
    bucket.uploads[upload.id] = upload
    body = node(
        "InitiateMultipartUploadResult",
        *_encoding(x),
        text("Bucket", bucket.name),
        text("Key", _encode(x, x.key)),
        text("UploadId", upload.id),
    )
    return xml_reply(body, encryption_headers(target))


def _encoding(x: Exchange) -> list[str]:
    return [text("EncodingType", "url")] if x.call.argument("encoding-type") == "url" else []


def _encode(x: Exchange, key: str) -> str:
    return url_encoded(key) if x.call.argument("encoding-type") == "url" else key


def _upload(x: Exchange) -> Upload:
    upload_id = x.call.argument("uploadId")
    upload = x.bucket.uploads.get(upload_id)
    if upload is None or upload.key != x.key:
        raise no_such_upload(upload_id)
    return upload


def _part_number(x: Exchange) -> int:
    value = x.call.argument("partNumber")
    if not value.isdecimal() or not 1 <= int(value) <= MOST_PARTS:
        message = "Part number must be an integer between 1 and 10000, inclusive."
        raise invalid_argument("partNumber", value, message)
    return int(value)


def _store(x: Exchange, upload: Upload, number: int, body: bytes) -> tuple[Part, dict[str, str]]:
    part = Part(body=body, etag=hashlib.md5(body).hexdigest().upper(), modified=x.now)
    upload.parts[number] = part
    headers = {"etag": f'"{part.etag}"', **encryption_headers(upload.target)}
    if (crc := crc64.of(body)) is not None:
        headers["x-oss-hash-crc64ecma"] = str(crc)
    return part, headers


def upload_part(x: Exchange) -> Reply:
    number, upload = _part_number(x), _upload(x)
    x.check_body()
    return Reply(200, _store(x, upload, number, x.call.body)[1])


def authorise_part_copy(x: Exchange) -> None:
    require_write(x)
    require_read(x, read_source(x))


def upload_part_copy(x: Exchange) -> Reply:
    number, upload = _part_number(x), _upload(x)
    source = read_source(x)
    original = find_version(x, source.bucket, source.key, source.version_id)
    if not check_conditions(x, original, "x-oss-copy-source-"):
        return Reply(304)
    part, headers = _store(x, upload, number, _copied_range(x, original.body))
    etag, modified = text("ETag", f'"{part.etag}"'), text("LastModified", iso_time(part.modified))
    return xml_reply(node("CopyPartResult", modified, etag), headers)


def _copied_range(x: Exchange, body: bytes) -> bytes:
    value = x.header("x-oss-copy-source-range")
    if not value:
        return body
    match = re.fullmatch(r"bytes=(\d+)-(\d*)", value)
    if match is None or int(match.group(1)) >= max(len(body), 1):
        raise OssError("InvalidRange", "The requested range cannot be satisfied.", 416)
    last = int(match.group(2)) if match.group(2) else len(body) - 1
    return body[int(match.group(1)) : last + 1]


def complete(x: Exchange) -> Reply:
    bucket, upload = x.bucket, _upload(x)
    numbers = _chosen_parts(x, upload)
    refuse_overwrite(x, bucket, x.key)
    parts = [upload.parts[number] for number in numbers]
    if any(len(part.body) < SMALLEST_PART for part in parts[:-1]):
        raise OssError("EntityTooSmall", "Your proposed upload smaller than the minimum allowed size.", 400)
    version = upload.target
    version.id = next_version_id(bucket)
    version.body = b"".join(part.body for part in parts)
    version.etag = (
        hashlib.md5("".join(part.etag for part in parts).encode()).hexdigest().upper() + f"-{len(parts)}"
    )
    version.crc64 = crc64.of(version.body)
    version.modified = x.now
    bucket.put(x.key, version)
    del bucket.uploads[upload.id]
    body = node(
        "CompleteMultipartUploadResult",
        *_encoding(x),
        text("Location", f"http://{bucket.name}.oss-{bucket.region}.aliyuncs.com/{url_encoded(x.key)}"),
        text("Bucket", bucket.name),
        text("Key", _encode(x, x.key)),
        text("ETag", f'"{version.etag}"'),
    )
    return xml_reply(body, write_headers(bucket, version))


def _chosen_parts(x: Exchange, upload: Upload) -> list[int]:
    """The part numbers that make up the object, checked against their ETags."""
    if x.header("x-oss-complete-all").lower() == "yes":
        return sorted(upload.parts)
    listed = [
        (each.findtext("PartNumber") or "", each.findtext("ETag") or "")
        for each in parse(x.call.body).findall("Part")
    ]
    if not listed or not all(number.strip().isdecimal() for number, _ in listed):
        raise malformed()
    numbers = [int(number) for number, _ in listed]
    if numbers != sorted(set(numbers)):
        raise OssError("InvalidPartOrder", "The list of parts was not in ascending order.", 400)
    for number, (_, etag) in zip(numbers, listed, strict=True):
        part = upload.parts.get(number)
        if part is None or part.etag != etag.strip().strip('"').upper():
            message = (
                "One or more of the specified parts could not be found or the specified entity tag might not "
                "have matched the part's entity tag."
            )
            raise OssError("InvalidPart", message, 400, PartNumber=str(number), UploadId=upload.id)
    return numbers


def abort(x: Exchange) -> Reply:
    del x.bucket.uploads[_upload(x).id]
    return Reply(204)


def list_parts(x: Exchange) -> Reply:
    upload = _upload(x)
    marker = x.number("part-number-marker", 0, 0, MOST_PARTS)
    most = x.number("max-parts", 1000, 1, 1000)
    numbers = [number for number in sorted(upload.parts) if number > marker]
    shown = numbers[:most]
    return xml_reply(
        node(
            "ListPartsResult",
            *_encoding(x),
            text("Bucket", x.bucket.name),
            text("Key", _encode(x, x.key)),
            text("UploadId", upload.id),
            text("StorageClass", upload.target.storage_class),
            text("PartNumberMarker", marker or ""),
            text("NextPartNumberMarker", shown[-1] if shown else ""),
            text("MaxParts", most),
            text("IsTruncated", len(numbers) > most),
            *(_part(number, upload.parts[number]) for number in shown),
        )
    )


def _part(number: int, part: Part) -> str:
    return node(
        "Part",
        text("PartNumber", number),
        text("LastModified", iso_time(part.modified)),
        text("ETag", f'"{part.etag}"'),
        text("Size", len(part.body)),
    )
