"""OSS, with the SDK `oss2`: buckets as a diagnosis sees them, and the ledger's object store."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from rolemend.account.access import Access
from rolemend.account.calls import ask, classify, once, reading
from rolemend.account.interface import Bucket, Encryption, Reading
from rolemend.account.surveyed import BucketSettings
from rolemend.errors import AccountError, NotThere, Unreachable

_BUCKET_NAME = re.compile(r"[a-z0-9][a-z0-9\-]{1,61}[a-z0-9]", re.ASCII)


class Oss:
    """`Buckets` on the live account."""

    def __init__(self, access: Access) -> None:
        self._access = access

    def bucket(self, name: str, region: str) -> Reading[Bucket]:
        return reading(lambda: self._info(name, region))

    def bucket_policy(self, name: str, region: str) -> Reading[str]:
        return reading(lambda: self._policy(name, region))

    def bucket_encryption(self, name: str, region: str) -> Reading[Encryption]:
        return reading(lambda: self._encryption(name, region))

    def public_access_blocked(self, name: str, region: str) -> Reading[bool]:
        return reading(lambda: self._is_blocked(name, region))

    def bucket_tags(self, name: str, region: str) -> Reading[Mapping[str, str]]:
        return reading(lambda: self._tags(name, region))

    def bucket_regions(self) -> Reading[Mapping[str, str]]:
        return reading(self._regions)

    def bucket_settings(self, name: str, region: str) -> Reading[BucketSettings]:
        return reading(lambda: self._settings(name, region))

    def _regions(self) -> dict[str, str]:
        """Every page: OSS truncates at 100 unless asked for up to 1,000."""
        service, found, marker = open_service(self._access, self._access.region), {}, ""
        while True:
            wanted = {"marker": marker, "max_keys": 1000}
            page = ask(self._access, "ListBuckets", translate_oss, service.list_buckets, **wanted)
            found.update({each.name: each.location.removeprefix("oss-") for each in page.buckets})
            marker = page.next_marker
            if not page.is_truncated or not marker:
                return found

    def _settings(self, name: str, region: str) -> BucketSettings:
        client = open_bucket(self._access, name, region)
        info = ask(self._access, "GetBucketInfo", translate_oss, client.get_bucket_info)
        rule = info.bucket_encryption_rule
        return BucketSettings(
            bucket=_bucket(info),
            algorithm=(rule.sse_algorithm if rule else "") or "",
            key=(rule.kms_master_keyid if rule else "") or "",
            versioning=info.versioning_status or "",
        )

    def _tags(self, name: str, region: str) -> dict[str, str]:
        client = open_bucket(self._access, name, region)
        rules = ask(
            self._access, "GetBucketTags", translate_oss, client.get_bucket_tagging
        ).tag_set.tagging_rule
        return {str(key): str(value or "") for key, value in rules.items()}

    def _is_blocked(self, name: str, region: str) -> bool:
        """The wider level wins: https://www.alibabacloud.com/help/en/oss/user-guide/block-public-access

        oss2 leaves the answer of GetBucketInfo about it unread, so both levels are asked.
        """
        client = open_bucket(self._access, name, region)
        read = client.get_bucket_public_access_block
        if ask(self._access, "GetBucketPublicAccessBlock", translate_oss, read).block_public_access:
            return True
        account = open_service(self._access, region)
        read = account.get_public_access_block
        return bool(ask(self._access, "GetPublicAccessBlock", translate_oss, read).block_public_access)

    def _policy(self, name: str, region: str) -> str:
        client = open_bucket(self._access, name, region)
        return str(self._set_on("GetBucketPolicy", client.get_bucket_policy, "NoSuchBucketPolicy").policy)

    def _encryption(self, name: str, region: str) -> Encryption:
        client = open_bucket(self._access, name, region)
        read = client.get_bucket_encryption
        rule = self._set_on("GetBucketEncryption", read, "NoSuchServerSideEncryptionRule")
        return Encryption(algorithm=str(rule.sse_algorithm or ""), key=str(rule.kms_master_keyid or ""))

    def _set_on(self, operation: str, read: Any, unset: str) -> Any:
        """What is set on a bucket; NotThere if it is not set, by the code `unset`.

        A bucket that is gone has nothing set either, but that is no answer to what its settings refuse.
        """
        try:
            return ask(self._access, operation, translate_oss, read)
        except NotThere as error:
            if error.code == unset:
                raise
            raise AccountError(error.operation, error.code, error.message, error.request_id) from error

    def _info(self, name: str, region: str) -> Bucket:
        client = open_bucket(self._access, name, region)
        info = ask(self._access, "GetBucketInfo", translate_oss, client.get_bucket_info)
        return _bucket(info)


def _bucket(info: Any) -> Bucket:
    return Bucket(
        name=info.name,
        region=info.location.removeprefix("oss-"),
        acl=info.acl.grant,
        owner=info.owner.id,
    )


class OssStore:
    """`ObjectStore` on one bucket."""

    def __init__(self, access: Access, bucket: str, region: str) -> None:
        self._access = access
        self._name, self._region = bucket, region
        self._made: Any = None
        self._ends: dict[str, int] = {}

    @property
    def _bucket(self) -> Any:
        if self._made is None:
            self._made = open_bucket(self._access, self._name, self._region)
        return self._made

    def read(self, key: str) -> bytes:
        return ask(self._access, "GetObject", translate_oss, self._get, key)

    def _get(self, key: str, part: tuple[int | None, int] | None = None) -> bytes:
        return bytes(self._bucket.get_object(key, byte_range=part).read())

    def read_end(self, key: str, length: int) -> bytes:
        """https://www.alibabacloud.com/help/en/oss/developer-reference/getobject: `Range: bytes=-length`"""
        return ask(self._access, "GetObject", translate_oss, self._get, key, (None, length))

    def append(self, key: str, position: int, data: bytes) -> None:
        """Tried once: after a lost answer only the journal itself tells whether the entries stand in it."""
        append = self._bucket.append_object
        once("AppendObject", translate_oss, append, key, position, data, headers=_JSON_LINES)

    def add(self, key: str, data: bytes) -> None:
        """OSS tells where the object ends when it refuses a position."""
        ask(self._access, "AppendObject", translate_oss, self._add, key, data)

    def _add(self, key: str, data: bytes) -> None:
        import oss2

        position = self._ends.get(key, 0)
        for _ in range(_RACES):
            try:
                answer = self._bucket.append_object(key, position, data, headers=_JSON_LINES)
            except oss2.exceptions.PositionNotEqualToLength as error:  # noqa: PERF203
                position = error.next_position
            else:
                self._ends[key] = answer.next_position
                return
        raise Unreachable("AppendObject", "Busy", f"{key}: {_RACES} other writers came first")

    def put(self, key: str, data: bytes) -> None:
        ask(self._access, "PutObject", translate_oss, self._bucket.put_object, key, data)

    def delete(self, key: str) -> None:
        ask(self._access, "DeleteObject", translate_oss, self._bucket.delete_object, key)

    def keys(self, prefix: str) -> Iterator[str]:
        token = ""
        while True:
            listing = self._bucket.list_objects_v2
            wanted = {"prefix": prefix, "continuation_token": token, "max_keys": 1000}
            page = ask(self._access, "ListObjectsV2", translate_oss, listing, **wanted)
            yield from (item.key for item in page.object_list)
            if not page.is_truncated:
                return
            token = page.next_continuation_token


_RACES = 50
"""How often a position is tried that somebody else took first."""

_JSON_LINES = {"Content-Type": "application/x-ndjson", "x-oss-server-side-encryption": "AES256"}
"""Appendable objects take no customer KMS key."""


def open_bucket(access: Access, name: str, region: str) -> Any:
    """A bucket client that signs with V4. Raises AccountError for what cannot name a bucket or a region."""
    import oss2

    if not _BUCKET_NAME.fullmatch(name):
        raise AccountError("endpoint", "NoBucketName", f"{name[:80]!r} is no bucket name")
    endpoint = access.oss_endpoint(region)
    return oss2.Bucket(_signer(access), endpoint, name, region=region, connect_timeout=10)


def open_service(access: Access, region: str) -> Any:
    """A client for what belongs to the account and to no bucket, signing with V4."""
    import oss2

    return oss2.Service(_signer(access), access.oss_endpoint(region), region=region, connect_timeout=10)


def _signer(access: Access) -> Any:
    import logging

    import oss2

    # At INFO the SDK logs every expected 404 as an exception, with the whole answer.
    logging.getLogger("oss2").setLevel(logging.ERROR)
    keys = access.credentials
    provider = oss2.credentials.StaticCredentialsProvider(keys.key_id, keys.secret, keys.token or None)
    return oss2.ProviderAuthV4(provider)


def translate_oss(operation: str, error: Exception) -> AccountError:
    """oss2's ServerError carries `status`, `code`, `message`; RequestError is the network's (status -2)."""
    status = int(getattr(error, "status", 0) or 0)
    code, message = str(getattr(error, "code", "") or ""), str(getattr(error, "message", "") or error)
    if status <= 0:
        return Unreachable(operation, type(error).__name__, message[:300])
    return classify(operation, status, code, message[:300], str(getattr(error, "request_id", "") or ""))
