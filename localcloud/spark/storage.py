"""OSS as a job run sees it: every access is a whole call to the local OSS under the execution role."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass
from email.utils import formatdate
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode
from xml.etree import ElementTree

from localcloud.call import Call, Reply
from localcloud.faults import ConnectionCut
from localcloud.spark.failure import JobFailure, OssRefusal

if TYPE_CHECKING:
    from localcloud.cloud import Cloud
    from localcloud.spark.paths import OssPath
    from localcloud.sts.state import Session

SOURCE_IP = "100.104.8.21"
"""An address of the service's own network; the real ones are not published."""

USER_AGENT = "aliyun-sdk-java/3.17.4(Linux/5.10/amd64;1.8.0_372)"

_SIGNED_PARAMETERS = {"versions", "versionId", "continuation-token"}
"""Of the parameters that are sent here, those that belong to the signed resource."""


@dataclass(frozen=True, slots=True)
class Storage:
    """The local OSS for one session."""

    cloud: Cloud
    session: Session

    async def read(self, path: OssPath) -> bytes:
        return (await self._call("GET", path)).body

    async def write(self, path: OssPath, content: bytes) -> None:
        await self._call("PUT", path, body=content)

    async def delete(self, path: OssPath, version: str = "") -> None:
        await self._call("DELETE", path, {"versionId": version} if version else {})

    async def list_keys(self, path: OssPath) -> list[str]:
        """The keys below a path (GetBucketV2), all pages of them."""
        query = {"list-type": "2", "prefix": path.key, "max-keys": "1000"}
        keys: list[str] = []
        while True:
            tree = ElementTree.fromstring((await self._call("GET", path, query, bucket_only=True)).body)
            keys += [item.findtext("Key", "") for item in tree.iter("Contents")]
            query["continuation-token"] = tree.findtext("NextContinuationToken", "")
            if tree.findtext("IsTruncated") != "true":
                return keys

    async def list_versions(self, path: OssPath) -> list[tuple[str, str]]:
        """Key and version id of what is below a path; "null" is the version id in an unversioned bucket."""
        query = {"versions": "", "prefix": path.key, "max-keys": "1000"}
        tree = ElementTree.fromstring((await self._call("GET", path, query, bucket_only=True)).body)
        found = [*tree.iter("Version"), *tree.iter("DeleteMarker")]
        return [(item.findtext("Key", ""), item.findtext("VersionId", "null")) for item in found]

    async def _call(
        self,
        method: str,
        path: OssPath,
        query: dict[str, str] | None = None,
        *,
        body: bytes = b"",
        bucket_only: bool = False,
    ) -> Reply:
        """Send one signed call; JobFailure unless it succeeds."""
        now = self.cloud.clock()
        key = "" if bucket_only else path.key
        headers = {
            "host": path.host,
            "date": formatdate(now, usegmt=True),
            "user-agent": USER_AGENT,
            "x-oss-security-token": self.session.token,
            "content-length": str(len(body)),
        }
        if method == "PUT":
            headers["content-type"] = "application/octet-stream"
        headers["authorization"] = self._authorization(method, path.bucket, key, query or {}, headers)
        call = Call(
            method=method,
            host=path.host,
            path=f"/{key}",
            raw_path=quote(f"/{key}"),
            raw_query=urlencode(query or {}),
            headers=headers,
            body=body,
            source_ip=SOURCE_IP,
            received=now,
        )
        try:
            reply = await self.cloud.answer(call)
        except ConnectionCut as error:
            text = f"com.aliyun.oss.ClientException: Connection error due to: Read timed out ({path.host})"
            raise JobFailure("RequestTimeout", text) from error
        if reply.status >= 300:
            raise OssRefusal(path.host, reply)
        return reply

    def _authorization(
        self, method: str, bucket: str, key: str, query: dict[str, str], headers: dict[str, str]
    ) -> str:
        """OSS's signature V1: https://help.aliyun.com/zh/oss/developer-reference/include-signatures-in-the-authorization-header"""
        signed = "&".join(
            f"{name}={value}" if value else name
            for name, value in sorted(query.items())
            if name in _SIGNED_PARAMETERS
        )
        resource = f"/{bucket}/{key}" + (f"?{signed}" if signed else "")
        to_sign = (
            f"{method}\n\n{headers.get('content-type', '')}\n{headers['date']}\n"
            f"x-oss-security-token:{self.session.token}\n{resource}"
        )
        digest = hmac.new(self.session.secret.encode(), to_sign.encode(), hashlib.sha1).digest()
        return f"OSS {self.session.access_key_id}:{base64.b64encode(digest).decode()}"
