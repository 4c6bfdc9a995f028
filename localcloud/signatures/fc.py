"""The signature of Function Compute 2.0: `Authorization: FC <key>:<base64 HMAC-SHA256>`.

Signed are the method, three headers, all `x-fc-*` headers and the decoded path; for calls of HTTP triggers
the query parameters too. Source: https://help.aliyun.com/document_detail/52877.html and the SDK aliyun-fc2
2.5.2.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import TYPE_CHECKING

from localcloud.errors import Unauthenticated
from localcloud.identity import Caller, find_credential
from localcloud.signatures.openapi import MAX_CLOCK_SKEW, parse_date

if TYPE_CHECKING:
    from localcloud.call import Call
    from localcloud.state import State


def authenticate(call: Call, state: State, now: float, *, with_query: bool = False) -> Caller:
    """Verify the signature of an FC 2.0 call; `Unauthenticated` with FC's codes if it has none or a wrong
    one.
    """
    authorization = call.headers.get("authorization", "")
    if not authorization.startswith("FC "):
        raise _missing("Authorization")
    if not call.headers.get("date"):
        raise _missing("Date")
    key_id, _, given = authorization.removeprefix("FC ").partition(":")
    try:
        credential = find_credential(state, key_id, call.headers.get("x-fc-security-token", ""), now)
    except Unauthenticated as error:
        if error.code.startswith("InvalidAccessKeyId"):
            raise Unauthenticated("InvalidAccessKeyID", f"invalid access key ID '{key_id}'", 403) from error
        raise Unauthenticated(error.code, error.message, 403) from error
    digest = hmac.new(
        credential.secret.encode(), string_to_sign(call, with_query).encode(), hashlib.sha256
    ).digest()
    if not hmac.compare_digest(base64.b64encode(digest), given.encode()):
        message = (
            "The request signature we calculated does not match the signature you provided. "
            "Check your access key and signing method"
        )
        raise Unauthenticated("SignatureNotMatch", message, 403)
    if abs(parse_date(call.headers["date"]) - now) > MAX_CLOCK_SKEW:
        raise Unauthenticated("AccessDenied", "the request date is more than 15 minutes off", 403)
    return credential.caller


def string_to_sign(call: Call, with_query: bool) -> str:
    fixed = [call.headers.get(name, "") for name in ("content-md5", "content-type", "date")]
    headers = "".join(
        f"{name}:{value}\n" for name, value in sorted(call.headers.items()) if name.startswith("x-fc-")
    )
    resource = call.path
    if with_query:
        resource += "\n" + "\n".join(
            sorted(f"{name}={value}" if value else name for name, value in call.query)
        )
    return "\n".join([call.method, *fixed, headers + resource])


def _missing(header: str) -> Unauthenticated:
    return Unauthenticated("MissingRequiredHeader", f"required HTTP header {header} was not specified", 400)
