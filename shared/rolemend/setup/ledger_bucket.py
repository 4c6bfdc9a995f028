"""The bucket of the ledger."""

from __future__ import annotations

import msgspec

from rolemend.account.interface import Known, Reading
from rolemend.setup.model import Right
from rolemend.setup.parts import TAG, Parts, State
from rolemend.text import Text, text

ACCESS_LOG = "access-log/"
_OURS = "rolemend-"

KEPT = ("incidents", "approvals", "roles", "index")
"""What `keep_days` is for: kept equally long, as no part of it says much without the others."""

SETTINGS = ("acl", "tags", "block_public_access", "encryption", "access_log", "lifecycle")
"""What is set on it, in this order: private and marked before anything else."""


class LedgerBucket(msgspec.Struct, frozen=True, kw_only=True):
    """Private, closed to the public, encrypted with OSS's own keys, its requests logged.

    Appendable objects take no customer key, so encryption is AES256:
    https://www.alibabacloud.com/help/en/oss/developer-reference/appendobject . Incidents and what belongs to them are
    kept for ever unless `keep_days` says otherwise; what only helps to find mistakes goes after half a year.
    """

    account: str
    name: str
    region: str
    keep_days: int = 0
    kind: str = "bucket"
    part: bool = False

    def read(self, parts: Parts) -> Reading[State]:
        """With `empty` beside what is set: whether nothing lies in it, no former version of an object either.

        Of a bucket that carries our tag it is not asked.
        """
        found = parts.buckets.bucket(self.name, self.region)
        if not isinstance(found, Known):
            return found
        if self.is_marked(found.value):
            return Known({**found.value, "empty": False})
        empty = parts.buckets.is_empty(self.name, found.value["region"])
        return Known({**found.value, "empty": empty.value}) if isinstance(empty, Known) else empty

    def wanted(self, now: State | None) -> State:
        return {
            "acl": "private",
            "tags": {**(now["tags"] if now else {}), **TAG},
            "block_public_access": True,
            "encryption": "AES256",
            "access_log": f"{self.name}/{ACCESS_LOG}",
            "lifecycle": self._lifecycle(now),
        }

    def _lifecycle(self, now: State | None) -> State:
        """Prefix, status and days by name. Rules of the user's own are theirs: then all are left alone."""
        if now and any(not name.startswith(_OURS) for name in now["lifecycle"]):
            return dict(now["lifecycle"])
        kept = {name: [f"{name}/", "Enabled", self.keep_days] for name in KEPT if self.keep_days}
        rules = {
            "access-log": [ACCESS_LOG, "Enabled", 180],
            "failures": ["failures/", "Enabled", 180],
            "rejected": ["rejected/", "Enabled", 180],
            **kept,
        }
        return {f"{_OURS}{name}": rule for name, rule in rules.items()}

    def foreign(self, now: State) -> Text | None:
        if now["owner"] != self.account:
            return text("It belongs to account {owner}; name another one with --ledger.", owner=now["owner"])
        if now["region"] != self.region:
            return text(
                "It lies in {there}, not in {here}: name another one with --ledger, or set ROLEMEND_LEDGER_REGION.",
                there=now["region"],
                here=self.region,
            )
        if self.is_marked(now) or (now["empty"] and not now["tags"]):
            return None
        return text("Something else lies in it; name another one with --ledger.")

    def is_marked(self, now: State) -> bool:
        """Whether it carries our tag, and so may be removed."""
        return all(now["tags"].get(name) == value for name, value in TAG.items())

    def make(self, parts: Parts) -> None:
        parts.buckets.make_bucket(self.name, self.region)
        for what in SETTINGS:
            parts.buckets.set_on_bucket(self.name, self.region, what, self.wanted(None)[what])

    def change(self, parts: Parts, now: State) -> None:
        wanted = self.wanted(now)
        for what in SETTINGS:
            if now[what] != wanted[what]:
                parts.buckets.set_on_bucket(self.name, self.region, what, wanted[what])

    def remove(self, parts: Parts) -> None:
        parts.buckets.remove_bucket(self.name, self.region)

    def rights(self, verb: str) -> list[Right]:
        bucket = f"acs:oss:*:{self.account}:{self.name}"
        on_bucket = [
            "GetBucketInfo",
            "GetBucketLogging",
            "GetBucketLifecycle",
            "GetBucketEncryption",
            "GetBucketTagging",
            "GetBucketPublicAccessBlock",
            "ListObjects",
            "ListObjectVersions",
        ]
        if verb == "apply":
            on_bucket += ["PutBucket", "PutBucketAcl", "PutBucketTagging", "PutBucketPublicAccessBlock"]
            on_bucket += ["PutBucketEncryption", "PutBucketLogging", "PutBucketLifecycle"]
        if verb == "destroy":
            on_bucket += ["DeleteBucket"]
        needed = [(f"oss:{action}", bucket) for action in on_bucket]
        if verb == "destroy":
            needed += [(f"oss:{action}", f"{bucket}/*") for action in ("DeleteObject", "DeleteObjectVersion")]
        return needed
