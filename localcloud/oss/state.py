"""What OSS keeps, over all accounts and regions: bucket names are global."""

from __future__ import annotations

from bisect import bisect_left, insort
from functools import cached_property

import msgspec

NULL_VERSION = "null"
"""The version id of everything written while versioning is not enabled."""


class Version(msgspec.Struct, kw_only=True):
    """One version of an object, or a delete marker.

    `type` is Normal, Multipart or Appendable; `headers` are the stored HTTP headers (lower-case names),
    `meta` the user metadata without `x-oss-meta-`. `acl` "default" means the bucket's. `encryption` is "",
    AES256, SM4 or KMS.
    """

    id: str = NULL_VERSION
    body: bytes = b""
    etag: str = ""
    modified: float = 0.0
    type: str = "Normal"
    storage_class: str = "Standard"
    headers: dict[str, str] = {}
    meta: dict[str, str] = {}
    acl: str = "default"
    tags: dict[str, str] = {}
    encryption: str = ""
    kms_key: str = ""
    crc64: int | None = None
    delete_marker: bool = False


class Part(msgspec.Struct, kw_only=True):
    body: bytes
    etag: str
    modified: float


class Upload(msgspec.Struct, kw_only=True):
    """A multipart upload under way; `target` holds what InitiateMultipartUpload set for the object."""

    id: str
    key: str
    initiated: float
    target: Version
    parts: dict[int, Part] = {}


class Encryption(msgspec.Struct, kw_only=True):
    """The default server-side encryption of a bucket: AES256, SM4 or KMS with an optional key id."""

    algorithm: str
    kms_key: str = ""
    data_encryption: str = ""


class Referer(msgspec.Struct, kw_only=True):
    """Hotlink protection; patterns know `*` and `?`."""

    allow_empty: bool = True
    truncate_query: bool = True
    allowed: list[str] = []
    refused: list[str] = []


class Logging(msgspec.Struct, kw_only=True):
    target_bucket: str
    target_prefix: str = ""


class LifecycleRule(msgspec.Struct, kw_only=True):
    """Objects under `prefix` expire `days` days after their last change. `status` is Enabled or Disabled."""

    id: str
    prefix: str
    status: str
    days: int


class Bucket(msgspec.Struct, kw_only=True, dict=True):
    """A bucket. `objects` maps a key to its versions, newest first; `versioning` is "", Enabled or Suspended.

    Add and drop objects through `put` and `remove`: they keep the sorted `names`, which listing needs.
    """

    name: str
    owner: str
    region: str
    created: float
    acl: str = "private"
    storage_class: str = "Standard"
    redundancy: str = "LRS"
    versioning: str = ""
    policy: str = ""
    block_public: bool = False
    requester_pays: bool = False
    disabled: bool = False
    encryption: Encryption | None = None
    referer: Referer | None = None
    logging: Logging | None = None
    lifecycle: list[LifecycleRule] = []
    tags: dict[str, str] = {}
    objects: dict[str, list[Version]] = {}
    uploads: dict[str, Upload] = {}

    @cached_property
    def names(self) -> list[str]:
        """All keys in order. OSS orders by UTF-8 bytes, which for text is the order of Python's strings."""
        return sorted(self.objects)

    def current(self, key: str) -> Version | None:
        """The newest version, which may be a delete marker; None if the key was never written."""
        versions = self.objects.get(key)
        return versions[0] if versions else None

    def version(self, key: str, version_id: str) -> Version | None:
        return next((v for v in self.objects.get(key, ()) if v.id == version_id), None)

    def put(self, key: str, version: Version) -> None:
        """Make `version` the newest one; it takes the place of an older one with the same id."""
        versions = self.objects.get(key)
        if versions is None:
            names = self.names
            self.objects[key] = [version]
            insort(names, key)
            return
        versions[:] = [version, *(old for old in versions if old.id != version.id)]

    def remove(self, key: str, version_id: str) -> Version | None:
        """Drop one version for good; the version that was dropped, or None."""
        gone = self.version(key, version_id)
        if gone is None:
            return None
        versions = self.objects[key]
        versions[:] = [old for old in versions if old is not gone]
        if not versions:
            names = self.names
            del self.objects[key]
            del names[bisect_left(names, key)]
        return gone


class OssState(msgspec.Struct, kw_only=True):
    """`buckets` by name; `blocked_accounts` have Block Public Access switched on for all their buckets.

    `suspended_accounts` are disabled, for example by debt. `endpoint_policies` maps a VPC to the policy of its gateway
    endpoint; a VPC without one lets everything pass.
    """

    buckets: dict[str, Bucket] = {}
    blocked_accounts: set[str] = set()
    suspended_accounts: set[str] = set()
    endpoint_policies: dict[str, str] = {}
