"""Why a job run fails: an answer of OSS that is no success, or something else."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree

if TYPE_CHECKING:
    from localcloud.call import Reply


class JobFailure(Exception):
    """A job that ends as Failed. `code` and `text` become its `stateChangeReason`."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


class OssRefusal(JobFailure):
    """A refusal of OSS: `code` is OSS's own, `text` what OSS's Java SDK prints of it.

    Form of the text: https://github.com/Alluxio/alluxio/issues/11437
    """

    def __init__(self, host: str, reply: Reply) -> None:
        members = _members(reply.body)
        code = members.get("Code", str(reply.status))
        super().__init__(
            code,
            f"com.aliyun.oss.OSSException: {members.get('Message', '')}\n[ErrorCode]: {code}\n"
            f"[RequestId]: {members.get('RequestId', '')}\n[HostId]: {members.get('HostId', host)}\n"
            f"[ResponseError]:\n{reply.body.decode('utf-8', 'replace')}",
        )


def _members(body: bytes) -> dict[str, str]:
    """The members of an error document, empty if it is none."""
    try:
        return {item.tag: item.text or "" for item in ElementTree.fromstring(body)}
    except ElementTree.ParseError:
        return {}
