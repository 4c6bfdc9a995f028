"""OSS's refusals, with the codes, statuses, texts and EC codes of the real service.

Sources: https://www.alibabacloud.com/help/doc-detail/32005.htm (error responses) and
https://www.alibabacloud.com/help/en/oss/user-guide/http-403-error-code .
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from localcloud.authorize import access_denied_detail
from localcloud.call import Call, Reply
from localcloud.errors import AccessDenied, CloudError, Unsupported

if TYPE_CHECKING:
    from localcloud.identity import Caller

RECOMMEND = "https://api.aliyun.com/troubleshoot?q="


class OssError(CloudError):
    """A refusal of OSS; `ec` is the fine-grained code, `headers` go into the answer beside the usual ones."""

    def __init__(
        self,
        code: str,
        message: str,
        status: int,
        ec: str = "",
        headers: dict[str, str] | None = None,
        **fields: str,
    ) -> None:
        super().__init__(code, message, status, **fields, **({"EC": ec} if ec else {}))
        self.headers = headers or {}


def no_such_bucket(name: str) -> OssError:
    return OssError(
        "NoSuchBucket", "The specified bucket does not exist.", 404, ec="0015-00000101", BucketName=name
    )


def no_such_key(key: str, headers: dict[str, str] | None = None) -> OssError:
    return OssError(
        "NoSuchKey", "The specified key does not exist.", 404, ec="0026-00000001", headers=headers, Key=key
    )


def no_such_version(key: str, version_id: str) -> OssError:
    return OssError(
        "NoSuchVersion", "The specified version does not exist.", 404, Key=key, VersionId=version_id
    )


def no_such_upload(upload_id: str) -> OssError:
    message = (
        "The specified upload does not exist. The upload ID may be invalid, or the upload may have been "
        "aborted or completed."
    )
    return OssError("NoSuchUpload", message, 404, ec="0017-00000244", UploadId=upload_id)


def wrong_endpoint(bucket: str, region: str) -> OssError:
    """https://www.alibabacloud.com/help/en/oss/user-guide/0003-00001403"""
    message = (
        "The bucket you are attempting to access must be addressed using the specified endpoint. "
        "Please send all future requests to this endpoint."
    )
    endpoint = f"oss-{region}.aliyuncs.com"
    return OssError("AccessDenied", message, 403, ec="0003-00001403", Bucket=bucket, Endpoint=endpoint)


def invalid_argument(name: str, value: str, message: str = "", ec: str = "") -> OssError:
    message = message or f"{name} is invalid."
    return OssError("InvalidArgument", message, 400, ec=ec, ArgumentName=name, ArgumentValue=value)


def not_implemented(header: str) -> OssError:
    """A header that the operation does not take."""
    message = "A header you provided implies functionality that is not implemented."
    return OssError("NotImplemented", message, 400, Header=header)


def already_exists(key: str) -> OssError:
    """`x-oss-forbid-overwrite: true` on a key that is taken."""
    message = "The object you specified already exists and can not be overwritten."
    return OssError("FileAlreadyExists", message, 409, ec="0026-00000002", Key=key)


def precondition_failed(condition: str) -> OssError:
    message = "At least one of the pre-conditions you specified did not hold."
    return OssError("PreconditionFailed", message, 412, Condition=condition)


def refuse(error: CloudError, call: Call, caller: Caller) -> Reply:
    """The answer for a refusal; on HEAD, which has no body, the same XML stands in `x-oss-err`."""
    code, status = error.code, error.status
    if isinstance(error, Unsupported):
        code, status = "NotImplemented", 501
    headers = {"content-type": "application/xml", **getattr(error, "headers", {})}
    ec = error.fields.get("EC", "")
    if ec:
        headers["x-oss-ec"] = ec
    body = _document(error, code, call, caller)
    if call.method == "HEAD":
        headers["x-oss-err"] = base64.b64encode(body).decode()
    return Reply(status, headers, body)


def _document(error: CloudError, code: str, call: Call, caller: Caller) -> bytes:
    fields = dict(error.fields)
    ec = fields.pop("EC", "")
    parts = {
        "Code": code,
        "Message": error.message,
        "RequestId": call.request_id,
        "HostId": call.host,
        **fields,
    }
    lines = [f"  <{name}>{escape(_legal(value))}</{name}>" for name, value in parts.items()]
    if isinstance(error, AccessDenied):
        lines += _detail(error, caller)
    if ec:
        lines += [f"  <EC>{ec}</EC>", f"  <RecommendDoc>{RECOMMEND}{ec}</RecommendDoc>"]
    text = '<?xml version="1.0" encoding="UTF-8"?>\n<Error>\n' + "\n".join(lines) + "\n</Error>\n"
    return text.encode("utf-8", "replace")


def _detail(error: AccessDenied, caller: Caller) -> list[str]:
    """The detail for users and roles, where what decided has a PolicyType in the documents."""
    untold = error.decision is not None and error.decision.layer in ("BucketPolicy", "ACL", "Owner")
    if caller.type not in ("ram-user", "assumed-role") or untold:
        return []
    detail = access_denied_detail(error, caller)
    inner = [f"    <{name}>{escape(_legal(value))}</{name}>" for name, value in detail.items()]
    return ["  <AccessDeniedDetail>", *inner, "  </AccessDeniedDetail>"]


def _legal(value: str) -> str:
    """Without the control characters that XML 1.0 cannot hold."""
    return "".join(c if c >= " " or c in "\t\n\r" else "�" for c in value)
