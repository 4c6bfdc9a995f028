"""OSS as `rolemend setup` needs it: one bucket with everything that is set on it."""

from __future__ import annotations

from typing import Any

from rolemend.account.access import Access
from rolemend.account.calls import ask, reading
from rolemend.account.interface import Reading
from rolemend.account.oss import open_bucket, translate_oss
from rolemend.errors import NotThere, Refused


class OssSetup:
    """What is set on a bucket goes in and comes out as one JSON value."""

    def __init__(self, access: Access) -> None:
        self._access = access

    def bucket(self, name: str, region: str) -> Reading[dict[str, Any]]:
        """`{"region", "owner", "acl", "tags", "block_public_access", "encryption", "access_log", "lifecycle"}`."""
        return reading(lambda: self._bucket(name, region))

    def _bucket(self, name: str, region: str) -> dict[str, Any]:
        client = open_bucket(self._access, name, self._where(name, region))
        info = self._ask("GetBucketInfo", client.get_bucket_info)
        logging = self._ask("GetBucketLogging", client.get_bucket_logging)
        rules = self._unless_unset("GetBucketLifecycle", client.get_bucket_lifecycle, "NoSuchLifecycle")
        encryption = self._unless_unset(
            "GetBucketEncryption", client.get_bucket_encryption, "NoSuchServerSideEncryptionRule"
        )
        tags = self._ask("GetBucketTags", client.get_bucket_tagging).tag_set.tagging_rule
        blocked = self._ask("GetBucketPublicAccessBlock", client.get_bucket_public_access_block)
        return {
            "region": info.location.removeprefix("oss-"),
            "owner": str(info.owner.id),
            "acl": info.acl.grant,
            "tags": {str(key): str(value or "") for key, value in tags.items()},
            "block_public_access": bool(blocked.block_public_access),
            "encryption": str(encryption.sse_algorithm) if encryption else "",
            "access_log": f"{logging.target_bucket}/{logging.target_prefix}" if logging.target_bucket else "",
            "lifecycle": {
                rule.id: [rule.prefix, rule.status, rule.expiration.days if rule.expiration else None]
                for rule in (rules.rules if rules else ())
            },
        }

    def _where(self, name: str, region: str) -> str:
        """The bucket's region: another region's endpoint refuses to answer for it, and names the right one.

        https://www.alibabacloud.com/help/en/oss/user-guide/0003-00001403
        """
        client = open_bucket(self._access, name, region)
        try:
            self._ask("GetBucketInfo", client.get_bucket_info)
        except Refused as error:
            told = str((getattr(error.__cause__, "details", None) or {}).get("Endpoint") or "")
            there = told.partition(".")[0].removeprefix("oss-").removesuffix("-internal")
            if not there:
                raise
            return there
        return region

    def is_empty(self, name: str, region: str) -> Reading[bool]:
        """Whether nothing lies in it; a former version of an object, or the mark that one was deleted, is something."""
        return reading(lambda: self._is_empty(open_bucket(self._access, name, region)))

    def _is_empty(self, client: Any) -> bool:
        page = self._ask("ListObjectVersions", client.list_object_versions, max_keys=1)
        return not (page.versions or page.delete_marker)

    def make_bucket(self, name: str, region: str) -> None:
        self._ask("PutBucket", open_bucket(self._access, name, region).create_bucket, "private")

    def set_on_bucket(self, name: str, region: str, what: str, value: Any) -> None:
        """Set one member of what `bucket` answers to `value`."""
        getattr(self, f"_set_{what}")(open_bucket(self._access, name, region), value)

    def _set_acl(self, client: Any, value: str) -> None:
        self._ask("PutBucketAcl", client.put_bucket_acl, value)

    def _set_tags(self, client: Any, value: dict[str, str]) -> None:
        from oss2.models import Tagging, TaggingRule

        rule = TaggingRule()
        for key, text in value.items():
            rule.add(key, text)
        self._ask("PutBucketTags", client.put_bucket_tagging, Tagging(rule))

    def _set_block_public_access(self, client: Any, value: bool) -> None:
        self._ask("PutBucketPublicAccessBlock", client.put_bucket_public_access_block, value)

    def _set_encryption(self, client: Any, value: str) -> None:
        from oss2.models import ServerSideEncryptionRule

        rule = ServerSideEncryptionRule(sse_algorithm=value)
        self._ask("PutBucketEncryption", client.put_bucket_encryption, rule)

    def _set_access_log(self, client: Any, value: str) -> None:
        from oss2.models import BucketLogging

        bucket, _, prefix = value.partition("/")
        self._ask("PutBucketLogging", client.put_bucket_logging, BucketLogging(bucket, prefix))

    def _set_lifecycle(self, client: Any, value: dict[str, list[Any]]) -> None:
        from oss2.models import BucketLifecycle, LifecycleExpiration, LifecycleRule

        rules = [
            LifecycleRule(name, prefix, status=status, expiration=LifecycleExpiration(days=days))
            for name, (prefix, status, days) in value.items()
        ]
        self._ask("PutBucketLifecycle", client.put_bucket_lifecycle, BucketLifecycle(rules))

    def remove_bucket(self, name: str, region: str) -> None:
        """The bucket with every object and every version in it."""
        client = open_bucket(self._access, name, region)
        self._empty(client)
        self._ask("DeleteBucket", client.delete_bucket)

    def _empty(self, client: Any) -> None:
        while True:
            page = self._ask("ListObjectVersions", client.list_object_versions, max_keys=1000)
            for item in [*page.versions, *page.delete_marker]:
                params = {"versionId": item.versionid}
                self._ask("DeleteObject", client.delete_object, item.key, params=params)
            if not page.is_truncated:
                return

    def _unless_unset(self, operation: str, read: Any, unset: str) -> Any:
        """What is set, None where nothing is, by the code `unset`."""
        try:
            return self._ask(operation, read)
        except NotThere as error:
            if error.code == unset:
                return None
            raise

    def _ask(self, operation: str, call: Any, *values: Any, **named: Any) -> Any:
        return ask(self._access, operation, translate_oss, call, *values, **named)
