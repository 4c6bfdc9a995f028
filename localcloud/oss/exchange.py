"""One request to OSS on its way through the service."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

from localcloud.call import Call, Reply
from localcloud.identity import ANONYMOUS, Caller
from localcloud.oss.errors import OssError, invalid_argument, no_such_bucket
from localcloud.oss.xml import document

if TYPE_CHECKING:
    from localcloud.cloud import Cloud
    from localcloud.oss.operations import Operation
    from localcloud.oss.state import Bucket


@dataclass(slots=True)
class Exchange:
    """A call with what is known about it so far; `bucket_name` and `key` are "" where the request names none.

    `operation` is None until the request is understood and its caller known; `logged_as` is what the access
    log calls it. `deleted` are the keys that DeleteMultipleObjects took away.
    """

    cloud: Cloud
    call: Call
    bucket_name: str = ""
    key: str = ""
    caller: Caller = ANONYMOUS
    sign_type: str = "NotSign"
    operation: Operation | None = None
    logged_as: str = "-"
    deleted: list[str] = field(default_factory=list)

    @property
    def method(self) -> str:
        return self.call.method

    @property
    def now(self) -> float:
        return self.call.received

    @property
    def bucket(self) -> Bucket:
        """The bucket of the request; NoSuchBucket if there is none."""
        bucket = self.cloud.state.oss.buckets.get(self.bucket_name)
        if bucket is None:
            raise no_such_bucket(self.bucket_name)
        return bucket

    def header(self, name: str, default: str = "") -> str:
        """A request header; bytes that are no UTF-8 become U+FFFD."""
        value = self.call.headers.get(name, default)
        return value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")

    def number(self, name: str, default: int, least: int, most: int) -> int:
        """A numeric query parameter within bounds; InvalidArgument otherwise."""
        value = self.call.argument(name)
        if value == "":
            return default
        if not value.isdecimal() or not least <= int(value) <= most:
            raise invalid_argument(
                name, value, f"Argument {name} must be an integer between {least} and {most}."
            )
        return int(value)

    def check_body(self) -> None:
        """Compare Content-MD5, where the client sent one, with the body."""
        given = self.call.headers.get("content-md5")
        if given is None:
            return
        if base64.b64encode(hashlib.md5(self.call.body).digest()).decode() != given:
            raise OssError("InvalidDigest", "The Content-MD5 you specified was invalid.", 400)


def xml_reply(root: str, headers: dict[str, str] | None = None) -> Reply:
    return Reply(200, {"content-type": "application/xml", **(headers or {})}, document(root))


def read_target(call: Call) -> tuple[str, str]:
    """Bucket and key of a request: the bucket stands in the host name, or first in the path (path style)."""
    raw = call.raw_path.partition("?")[0][1:]
    if call.label:
        return call.label, _decode(raw)
    bucket, _, key = raw.partition("/")
    return _decode(bucket), _decode(key)


def _decode(raw: str) -> str:
    """A percent-encoded part of the path; it has to be UTF-8."""
    try:
        return unquote_to_bytes(raw).decode("utf-8")
    except UnicodeDecodeError as error:
        raise OssError("InvalidObjectName", "The specified object is not valid.", 400) from error
