"""OSS, with the SDK `oss2`: buckets as a diagnosis sees them, and the ledger's object store."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from rolemend.account.access import Access
from rolemend.account.calls import ask, classify, once, reading
from rolemend.account.interface import Bucket, Reading
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

    def _policy(self, name: str, region: str) -> str:
        """A bucket that is gone has no policy either, but that is no answer to whether its policy denies."""
        client = open_bucket(self._access, name, region)
        try:
            return str(ask(self._access, "GetBucketPolicy", translate_oss, client.get_bucket_policy).policy)
        except NotThere as error:
            if error.code == "NoSuchBucketPolicy":
                raise
            raise AccountError(error.operation, error.code, error.message, error.request_id) from error

    def _info(self, name: str, region: str) -> Bucket:
        client = open_bucket(self._access, name, region)
        info = ask(self._access, "GetBucketInfo", translate_oss, client.get_bucket_info)
        return Bucket(
            name=info.name,
            region=info.location.removeprefix("oss-"),
            acl=info.acl.grant,
            block_public_access=str(getattr(info, "block_public_access", "")).lower() == "true",
            owner=info.owner.id,
        )


class OssStore:
    """`ObjectStore` on one bucket."""

    def __init__(self, access: Access, bucket: str, region: str) -> None:
        self._access = access
        self._name, self._region = bucket, region
        self._made: Any = None

    @property
    def _bucket(self) -> Any:
        if self._made is None:
            self._made = open_bucket(self._access, self._name, self._region)
        return self._made

    def read(self, key: str) -> bytes:
        return ask(self._access, "GetObject", translate_oss, self._get, key)

    def _get(self, key: str) -> bytes:
        return bytes(self._bucket.get_object(key).read())

    def append(self, key: str, position: int, data: bytes) -> None:
        """Tried once: after a lost answer only the journal itself tells whether the entries stand in it."""
        append = self._bucket.append_object
        once("AppendObject", translate_oss, append, key, position, data, headers=_JSON_LINES)

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


_JSON_LINES = {"Content-Type": "application/x-ndjson", "x-oss-server-side-encryption": "AES256"}
"""Appendable objects take no customer KMS key."""


def open_bucket(access: Access, name: str, region: str) -> Any:
    """A bucket client that signs with V4. Raises AccountError for what cannot name a bucket or a region."""
    import logging

    import oss2

    # At INFO the SDK logs every expected 404 as an exception, with the whole answer.
    logging.getLogger("oss2").setLevel(logging.ERROR)
    keys = access.credentials
    provider = oss2.credentials.StaticCredentialsProvider(keys.key_id, keys.secret, keys.token or None)
    auth = oss2.ProviderAuthV4(provider)
    if not _BUCKET_NAME.fullmatch(name):
        raise AccountError("endpoint", "NoBucketName", f"{name[:80]!r} is no bucket name")
    return oss2.Bucket(auth, access.oss_endpoint(region), name, region=region, connect_timeout=10)


def translate_oss(operation: str, error: Exception) -> AccountError:
    """oss2's ServerError carries `status`, `code`, `message`; RequestError is the network's (status -2)."""
    status = int(getattr(error, "status", 0) or 0)
    code, message = str(getattr(error, "code", "") or ""), str(getattr(error, "message", "") or error)
    if status <= 0:
        return Unreachable(operation, type(error).__name__, message[:300])
    return classify(operation, status, code, message[:300], str(getattr(error, "request_id", "") or ""))
