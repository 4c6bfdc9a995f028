"""How an object is stored: what a write request says about it, and the headers it is answered with.

Source: https://www.alibabacloud.com/help/en/oss/developer-reference/putobject
"""

from __future__ import annotations

import hashlib
import secrets

from localcloud.oss import crc64
from localcloud.oss.access import refuse_public_acl, require_kms
from localcloud.oss.errors import OssError, already_exists, invalid_argument, not_implemented
from localcloud.oss.exchange import Exchange
from localcloud.oss.state import NULL_VERSION, Bucket, Version
from localcloud.oss.tags import read_tag_header
from localcloud.oss.xml import http_time

STORED_HEADERS = (
    "content-type",
    "cache-control",
    "content-disposition",
    "content-encoding",
    "content-language",
    "expires",
)
STORAGE_CLASSES = ("Standard", "IA", "Archive", "ColdArchive", "DeepColdArchive")
OBJECT_ACLS = ("default", "private", "public-read", "public-read-write")
ALGORITHMS = ("AES256", "KMS", "SM4")
META = "x-oss-meta-"
MOST_META = 8 * 1024
"""Bytes of user metadata in all."""
LONGEST_KEY = 1023


def check_key(key: str) -> None:
    """The naming rules: 1 to 1,023 bytes, not beginning with a slash or backslash."""
    if len(key.encode("utf-8", "surrogateescape")) > LONGEST_KEY:
        raise OssError("InvalidObjectName", "The Length of Object name must be less than 1024.", 400)
    if key[:1] in ("/", "\\"):
        raise OssError("InvalidObjectName", "The specified object is not valid.", 400)


def described(x: Exchange, bucket: Bucket, kind: str = "Normal") -> Version:
    """A version without a body, with everything that the request's headers say about it."""
    for name in ("if-match", "if-none-match", "if-modified-since", "if-unmodified-since"):
        if name in x.call.headers:
            raise not_implemented(name.title())
    algorithm, kms_key = _encryption(x, bucket, kind)
    acl = x.header("x-oss-object-acl", "default")
    check_acl("x-oss-object-acl", acl, OBJECT_ACLS)
    refuse_public_acl(x, bucket, acl, "object")
    storage_class = x.header("x-oss-storage-class", bucket.storage_class)
    if storage_class not in STORAGE_CLASSES:
        raise invalid_argument(
            "x-oss-storage-class", storage_class, "The StorageClass you specified is not valid."
        )
    return Version(
        id=NULL_VERSION if kind == "Appendable" else next_version_id(bucket),
        modified=x.now,
        type=kind,
        storage_class=storage_class,
        headers=read_headers(x),
        meta=read_meta(x),
        acl=acl,
        tags=read_tag_header(x.header("x-oss-tagging")) if "x-oss-tagging" in x.call.headers else {},
        encryption=algorithm,
        kms_key=kms_key,
    )


def filled(version: Version, body: bytes) -> Version:
    """`version` with its body, ETag and CRC."""
    version.body = body
    version.etag = hashlib.md5(body).hexdigest().upper()
    version.crc64 = crc64.of(body)
    return version


def read_headers(x: Exchange) -> dict[str, str]:
    return {name: x.header(name) for name in STORED_HEADERS if name in x.call.headers}


def read_meta(x: Exchange) -> dict[str, str]:
    meta = {name[len(META) :]: x.header(name) for name in x.call.headers if name.startswith(META)}
    if sum(len(k) + len(v.encode()) for k, v in meta.items()) > MOST_META:
        raise OssError("InvalidArgument", "The size of user metadata exceeds the limit of 8 KB.", 400)
    return meta


def check_acl(name: str, acl: str, known: tuple[str, ...]) -> None:
    if acl not in known:
        kind = "object" if "object" in name else "bucket"
        raise invalid_argument(
            name, acl, f"no such {kind} access control exists", "0015-00000204" * (kind == "bucket")
        )


def refuse_overwrite(x: Exchange, bucket: Bucket, key: str) -> None:
    """`x-oss-forbid-overwrite: true`, which has no effect once versioning was enabled or suspended."""
    if x.header("x-oss-forbid-overwrite").lower() != "true" or bucket.versioning:
        return
    if bucket.current(key) is not None:
        raise already_exists(key)


def next_version_id(bucket: Bucket) -> str:
    return f"CAEQ{secrets.token_hex(30)}" if bucket.versioning == "Enabled" else NULL_VERSION


def _encryption(x: Exchange, bucket: Bucket, kind: str) -> tuple[str, str]:
    """Algorithm and key id, the request's or the bucket's; a chosen KMS key takes rights on it."""
    algorithm = x.header("x-oss-server-side-encryption")
    kms_key = x.header("x-oss-server-side-encryption-key-id")
    if kms_key and kind == "Appendable":
        # "Appendable objects cannot be encrypted by using a specified CMK ID": the AppendObject page.
        raise not_implemented("x-oss-server-side-encryption-key-id")
    if algorithm and algorithm not in ALGORITHMS:
        message = "The Encryption request you specified is not valid. Supported value: AES256/SM4/KMS."
        raise OssError("InvalidEncryptionAlgorithmError", message, 400)
    if not algorithm and bucket.encryption is not None:
        algorithm = bucket.encryption.algorithm
        kms_key = "" if kind == "Appendable" else bucket.encryption.kms_key
    if algorithm != "KMS":
        return algorithm, ""
    if kms_key:
        require_kms(x, bucket, kms_key, "kms:GenerateDataKey", "kms:Decrypt")
    return algorithm, kms_key


def encryption_headers(version: Version) -> dict[str, str]:
    headers = {}
    if version.encryption:
        headers["x-oss-server-side-encryption"] = version.encryption
    if version.kms_key:
        headers["x-oss-server-side-encryption-key-id"] = version.kms_key
    return headers


def write_headers(bucket: Bucket, version: Version) -> dict[str, str]:
    """What every write answers."""
    headers = {"etag": f'"{version.etag}"', **encryption_headers(version)}
    if version.crc64 is not None:
        headers["x-oss-hash-crc64ecma"] = str(version.crc64)
    if bucket.versioning:
        headers["x-oss-version-id"] = version.id
    return headers


def read_headers_of(bucket: Bucket, version: Version) -> dict[str, str]:
    """What GetObject and HeadObject tell about an object."""
    headers = write_headers(bucket, version)
    headers |= {
        "last-modified": http_time(version.modified),
        "accept-ranges": "bytes",
        "content-type": "application/octet-stream",
        "x-oss-object-type": version.type,
        "x-oss-storage-class": version.storage_class,
        **version.headers,
    }
    headers |= {META + name: value for name, value in version.meta.items()}
    if version.tags:
        headers["x-oss-tagging-count"] = str(len(version.tags))
    if version.type == "Appendable":
        headers["x-oss-next-append-position"] = str(len(version.body))
    return headers
