"""OSS paths as jobs write them: `oss://bucket/key` and `oss://bucket.endpoint/key`.

Path forms: https://www.alibabacloud.com/help/en/emr/emr-on-ecs/user-guide/configure-an-endpoint-to-access-oss-hdfs
"""

from __future__ import annotations

from dataclasses import dataclass

from localcloud.hosts import locate


@dataclass(frozen=True, slots=True)
class OssPath:
    """A place in OSS: the host that is asked (with the bucket in it), the bucket, and the key or prefix."""

    host: str
    bucket: str
    key: str

    def __str__(self) -> str:
        return f"oss://{self.bucket}/{self.key}"

    def child(self, name: str) -> OssPath:
        """A key below this one, taken as a directory."""
        directory = self.key.rstrip("/")
        return OssPath(self.host, self.bucket, f"{directory}/{name}" if directory else name)


def parse_path(text: str, region: str) -> OssPath | None:
    """Read a path; a bare bucket is asked at the internal endpoint of the workspace's region.

    None if it is no `oss://` path, or one of OSS-HDFS (`…oss-dls.aliyuncs.com`), which is not simulated.
    """
    if not text.startswith("oss://"):
        return None
    authority, _, key = text.removeprefix("oss://").partition("/")
    if authority and "." not in authority:
        return OssPath(f"{authority}.oss-{region}-internal.aliyuncs.com", authority, key)
    address = locate(authority)
    if address is None or address.service != "oss" or not address.label:
        return None
    return OssPath(authority, address.label, key)
