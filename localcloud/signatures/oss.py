"""OSS signatures: V1, V2 and V4, each in the Authorization header or in the query of a presigned URL.

Sources:
https://www.alibabacloud.com/help/en/oss/developer-reference/include-signatures-in-the-authorization-header ,
https://www.alibabacloud.com/help/en/oss/developer-reference/add-signatures-to-urls ,
https://www.alibabacloud.com/help/en/oss/developer-reference/recommend-to-use-signature-version-4 ;
V2, which no page describes any more, after oss2 2.19.1 (`oss2.make_auth(..., "v2")`).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

from localcloud.errors import Unauthenticated
from localcloud.identity import ANONYMOUS, Caller, Credential, find_credential

if TYPE_CHECKING:
    from localcloud.call import Call
    from localcloud.state import State

MAX_CLOCK_SKEW = 15 * 60
"""Seconds by which a request's date may differ from the cloud's clock."""
LONGEST_PRESIGNED_V4 = 7 * 24 * 3600

V4 = "OSS4-HMAC-SHA256"

SIGNED_PARAMETERS = frozenset((
    "accessPoint", "accessPointPolicy", "accessmonitor", "acl", "append", "asyncFetch",
    "bucketArchiveDirectRead", "bucketInfo", "callback", "callback-var", "cleanRestoredObject",
    "cloudboxes", "cname", "comp", "continuation-token", "cors", "delete", "encryption", "endTime",
    "group", "httpsConfig", "img", "inventory", "inventoryId", "lifecycle", "link", "live",
    "location", "logging", "metaQuery", "objectInfo", "objectMeta", "partNumber", "policy",
    "policyStatus", "position", "publicAccessBlock", "qos", "qosInfo", "qosRequester",
    "redundancyTransition", "referer", "regionList", "replication", "replicationLocation",
    "replicationProgress", "requestPayment", "requesterQosInfo", "resourceGroup", "resourcePool",
    "resourcePoolBuckets", "resourcePoolInfo", "response-cache-control",
    "response-content-disposition", "response-content-encoding", "response-content-language",
    "response-content-type", "response-expires", "restore", "security-token", "sequential",
    "startTime", "stat", "status", "style", "styleName", "symlink", "tagging",
    "transferAcceleration", "uploadId", "uploads", "versionId", "versioning", "versions", "vod",
    "website", "worm", "wormExtend", "wormId",
))  # fmt: skip
"""The query parameters that V1 signs, beside all whose name begins with `x-oss-`."""


class SignedBy(NamedTuple):
    """Who signed, and how, as the access log says: NotSign, NormalSign, UriSign, NORMAL_SIGN4, URI_SIGN4."""

    caller: Caller
    sign_type: str


def authenticate(call: Call, state: State, now: float, bucket: str, key: str) -> SignedBy:
    """Verify the signature of a call on `bucket` and `key` ("" for none); a call without one is anonymous."""
    authorization = call.headers.get("authorization", "")
    if authorization.startswith("OSS "):
        return SignedBy(_v1_header(call, state, now, bucket, key), "NormalSign")
    if authorization.startswith(V4):
        return SignedBy(_v4_header(call, state, now, bucket, key), "NORMAL_SIGN4")
    if authorization.startswith("OSS2 "):
        return SignedBy(_v2_header(call, state, now, bucket, key), "NormalSign")
    if authorization:
        raise _refusal("InvalidArgument", "Unsupported authorization type.", 400, Authorization=authorization)
    if call.argument("x-oss-signature-version") == "OSS2":
        return SignedBy(_v2_query(call, state, now, bucket, key), "UriSign")
    if call.has_argument("x-oss-signature-version"):
        return SignedBy(_v4_query(call, state, now, bucket, key), "URI_SIGN4")
    if call.has_argument("Signature") or call.has_argument("OSSAccessKeyId"):
        return SignedBy(_v1_query(call, state, now, bucket, key), "UriSign")
    return SignedBy(ANONYMOUS, "NotSign")


def sign_type_of(call: Call) -> str:
    """The sign type a request claims, for the log line of one whose signature was refused."""
    authorization = call.headers.get("authorization", "")
    if authorization:
        return "NORMAL_SIGN4" if authorization.startswith(V4) else "NormalSign"
    if call.argument("x-oss-signature-version") == V4:
        return "URI_SIGN4"
    return (
        "UriSign"
        if call.has_argument("x-oss-signature-version") or call.has_argument("Signature")
        else "NotSign"
    )


def _refusal(code: str, message: str, status: int = 403, ec: str = "", **fields: str) -> Unauthenticated:
    return Unauthenticated(code, message, status, **fields, **({"EC": ec} if ec else {}))


def _credential(state: State, key_id: str, token: str, now: float) -> Credential:
    """The key's secret, or the refusal in OSS's own codes."""
    try:
        credential = find_credential(state, key_id, token, now)
    except Unauthenticated as error:
        code, message, ec = _KEY_REFUSALS[error.code]
        if code == "InvalidSecurityToken" and any(s.token == token for s in state.sessions.values()):
            code, message, ec = _OTHER_TOKEN
        raise _refusal(code, message, 403, ec, OSSAccessKeyId=key_id) from error
    return credential


_UNKNOWN_KEY = "The OSS Access Key Id you provided does not exist in our records."
_KEY_REFUSALS = {
    "InvalidAccessKeyId.NotFound": ("InvalidAccessKeyId", _UNKNOWN_KEY, "0002-00000902"),
    "InvalidAccessKeyId.Inactive": (
        "InvalidAccessKeyId", "The OSS Access Key Id you provided is disabled.", "0002-00000903",
    ),
    "MissingSecurityToken": ("InvalidAccessKeyId", _UNKNOWN_KEY, "0002-00000003"),
    "InvalidSecurityToken.MismatchWithAccessKey": (
        "InvalidSecurityToken", "The security token you provided is invalid.", "0002-00000006",
    ),
    "InvalidSecurityToken.Expired": (
        "SecurityTokenExpired", "The security token you provided has expired.", "0002-00000007",
    ),
}  # fmt: skip
"""https://www.alibabacloud.com/help/en/oss/user-guide/http-403-error-code and the pages of the EC codes."""
_OTHER_TOKEN = (
    "AccessKeyIdAndSecurityTokenNotMatch",
    "The OSS access key id and security token you provided does not match.",
    "0002-00000004",
)


def _v1_header(call: Call, state: State, now: float, bucket: str, key: str) -> Caller:
    key_id, separator, given = call.headers["authorization"].removeprefix("OSS ").strip().partition(":")
    if not separator or not key_id:
        raise _refusal("InvalidArgument", "Authorization header is invalid.", 400)
    date = call.headers.get("x-oss-date") or call.headers.get("date", "")
    _check_skew(_parse_date(date), date, now)
    token = call.headers.get("x-oss-security-token") or call.headers.get("security-token", "")
    credential = _credential(state, key_id, token, now)
    _check_v1(call, credential, key_id, given, date, bucket, key)
    return credential.caller


def _v1_query(call: Call, state: State, now: float, bucket: str, key: str) -> Caller:
    key_id, given, expires = (call.argument(name) for name in ("OSSAccessKeyId", "Signature", "Expires"))
    if not (key_id and given and expires):
        message = "Query-string authentication requires the Signature, Expires and OSSAccessKeyId parameters."
        raise _refusal("AccessDenied", message, 403, "0002-00000068")
    if not expires.isdecimal():
        raise _refusal("AccessDenied", "Invalid date (should be seconds since epoch).", 403, "0002-00000070")
    _check_expiry(int(expires), now, "0002-00000069")
    token = call.argument("security-token") or call.headers.get("x-oss-security-token", "")
    credential = _credential(state, key_id, token, now)
    _check_v1(call, credential, key_id, given, expires, bucket, key)
    return credential.caller


def _check_v1(
    call: Call, credential: Credential, key_id: str, given: str, date: str, bucket: str, key: str
) -> None:
    headers = call.headers
    oss_headers = "".join(f"{k}:{v.strip()}\n" for k, v in sorted(headers.items()) if k.startswith("x-oss-"))
    signed = sorted((k, v) for k, v in call.query if k in SIGNED_PARAMETERS or k.startswith("x-oss-"))
    query = "&".join(f"{k}={v}" if v else k for k, v in signed)
    resource = f"/{bucket}/{key}" if bucket else "/"
    to_sign = (
        "\n".join((call.method, headers.get("content-md5", ""), headers.get("content-type", ""), date))
        + f"\n{oss_headers}{resource}"
        + (f"?{query}" if query else "")
    )
    digest = hmac.new(_bytes(credential.secret), _bytes(to_sign), hashlib.sha1).digest()
    if not hmac.compare_digest(base64.b64encode(digest), _bytes(given)):
        raise _mismatch(key_id, given, to_sign, "0002-00000040")


def _v2_header(call: Call, state: State, now: float, bucket: str, key: str) -> Caller:
    pairs = call.headers["authorization"].removeprefix("OSS2 ").split(",")
    parts = dict(item.strip().partition(":")[::2] for item in pairs)
    if not parts.get("AccessKeyId") or not parts.get("Signature"):
        raise _refusal("InvalidArgument", "Authorization header is invalid.", 400)
    date = call.headers.get("x-oss-date") or call.headers.get("date", "")
    _check_skew(_parse_date(date), date, now)
    credential = _credential(state, parts["AccessKeyId"], call.headers.get("x-oss-security-token", ""), now)
    additional = parts.get("AdditionalHeaders", "")
    to_sign = _to_sign_v2(call, date, additional, call.query, bucket, key)
    return _check_v2(credential, parts["AccessKeyId"], parts["Signature"], to_sign)


def _v2_query(call: Call, state: State, now: float, bucket: str, key: str) -> Caller:
    expires, key_id = call.argument("x-oss-expires"), call.argument("x-oss-access-key-id")
    if not expires.isdecimal():
        raise _refusal("AccessDenied", "Invalid date (should be seconds since epoch).", 403, "0002-00000070")
    _check_expiry(int(expires), now, "0002-00000069")
    credential = _credential(state, key_id, call.argument("security-token"), now)
    query = [(name, value) for name, value in call.query if name != "x-oss-signature"]
    additional = call.argument("x-oss-additional-headers")
    to_sign = _to_sign_v2(call, expires, additional, query, bucket, key)
    return _check_v2(credential, key_id, call.argument("x-oss-signature"), to_sign)


def _to_sign_v2(
    call: Call, date: str, additional: str, query: list[tuple[str, str]], bucket: str, key: str
) -> str:
    """Every parameter of the query is signed, `/` is encoded, and more headers may be named."""
    names = sorted(name.lower() for name in additional.split(";") if name)
    signed = sorted((k, v) for k, v in call.headers.items() if k.startswith("x-oss-") or k in names)
    encoded = sorted((quote(k, safe="~"), quote(v, safe="~")) for k, v in query)
    parameters = "&".join(f"{k}={v}" if v else k for k, v in encoded)
    resource = quote(f"/{bucket}/{key}" if bucket else "/", safe="~", errors="surrogateescape")
    fixed = (call.method, call.headers.get("content-md5", ""), call.headers.get("content-type", ""), date)
    headers = "".join(f"{k}:{v}\n" for k, v in signed)
    return (
        "\n".join(fixed) + f"\n{headers}{';'.join(names)}\n{resource}" + ("?" + parameters if query else "")
    )


def _check_v2(credential: Credential, key_id: str, given: str, to_sign: str) -> Caller:
    digest = hmac.new(_bytes(credential.secret), _bytes(to_sign), hashlib.sha256).digest()
    if not hmac.compare_digest(base64.b64encode(digest), _bytes(given)):
        raise _mismatch(key_id, given, to_sign, "0002-00000040")
    return credential.caller


def _v4_header(call: Call, state: State, now: float, bucket: str, key: str) -> Caller:
    parts = dict(
        item.strip().partition("=")[::2] for item in call.headers["authorization"].removeprefix(V4).split(",")
    )
    if not parts.get("Credential") or not parts.get("Signature"):
        raise _refusal("InvalidArgument", "Authorization header is invalid.", 400, "0002-00000202")
    date = call.headers.get("x-oss-date") or call.headers.get("date", "")
    at = _parse_date(date)
    _check_skew(at, date, now)
    token = call.headers.get("x-oss-security-token", "")
    additional = [name.lower() for name in parts.get("AdditionalHeaders", "").split(";") if name]
    return _check_v4(
        call,
        state,
        now,
        (parts["Credential"], token, parts["Signature"]),
        at,
        additional,
        call.query,
        bucket,
        key,
    )


def _v4_query(call: Call, state: State, now: float, bucket: str, key: str) -> Caller:
    if call.argument("x-oss-signature-version") != V4:
        raise _refusal(
            "InvalidArgument", "The local cloud verifies OSS signatures of version 1, 2 and 4.", 400
        )
    seconds = call.argument("x-oss-expires")
    if not seconds.isdecimal() or not 1 <= int(seconds) <= LONGEST_PRESIGNED_V4:
        raise _refusal("InvalidArgument", "Invalid expires parameter in query string.", 400, "0002-00000232")
    at = _parse_date(call.argument("x-oss-date"))
    _check_expiry(int(at) + int(seconds), now, "0002-00000236")
    additional = [name.lower() for name in call.argument("x-oss-additional-headers").split(";") if name]
    given = (
        call.argument("x-oss-credential"),
        call.argument("x-oss-security-token"),
        call.argument("x-oss-signature"),
    )
    query = [(name, value) for name, value in call.query if name != "x-oss-signature"]
    return _check_v4(call, state, now, given, at, additional, query, bucket, key)


def _check_v4(
    call: Call,
    state: State,
    now: float,
    given: tuple[str, str, str],
    at: float,
    additional: list[str],
    query: list[tuple[str, str]],
    bucket: str,
    key: str,
) -> Caller:
    """Compare the signature; `given` are the credential scope, the security token and the signature."""
    scope, token, signature = given
    key_id, date, region, product, suffix = _parse_scope(scope)
    stamp = datetime.fromtimestamp(at, UTC).strftime("%Y%m%dT%H%M%SZ")
    if date != stamp[:8] or suffix != "aliyun_v4_request" or not product.startswith("oss"):
        raise _refusal("InvalidArgument", "Invalid credential in Authorization header.", 400, "0002-00000213")
    if call.region and region != call.region:
        raise _refusal(
            "InvalidArgument", "Invalid signing region in Authorization header.", 400, "0002-00000226"
        )
    credential = _credential(state, key_id, token, now)
    signing_key = b"aliyun_v4" + _bytes(credential.secret)
    for piece in (date, region, product, suffix):
        signing_key = hmac.new(signing_key, _bytes(piece), hashlib.sha256).digest()
    to_sign = canonical = ""
    for empty in ("", "="):
        # The rule is `name` for an empty value; Node's ali-oss signs `name=`, as it stands on the wire.
        canonical = _canonical_v4(call, additional, query, bucket, key, empty)
        hashed = hashlib.sha256(_bytes(canonical)).hexdigest()
        to_sign = f"{V4}\n{stamp}\n{date}/{region}/{product}/{suffix}\n{hashed}"
        wanted = hmac.new(signing_key, _bytes(to_sign), hashlib.sha256).hexdigest()
        if hmac.compare_digest(wanted.encode(), _bytes(signature)):
            return credential.caller
    raise _mismatch(key_id, signature, to_sign, "0002-00000201", canonical)


def _canonical_v4(
    call: Call, additional: list[str], query: list[tuple[str, str]], bucket: str, key: str, empty: str
) -> str:
    uri = quote(f"/{bucket}/{key}" if bucket else "/", safe="/~", errors="surrogateescape")
    encoded = sorted((quote(k, safe="~"), quote(v, safe="~")) for k, v in query)
    parameters = "&".join(f"{k}={v}" if v else k + empty for k, v in encoded)
    headers = "".join(f"{k}:{v.strip()}\n" for k, v in sorted(_signed_headers(call, additional)))
    payload = call.headers.get("x-oss-content-sha256", "UNSIGNED-PAYLOAD")
    if re.fullmatch("[0-9a-f]{64}", payload) and payload != hashlib.sha256(call.body).hexdigest():
        raise _refusal("InvalidArgument", "x-oss-content-sha256 does not match the request body.", 400)
    return "\n".join((call.method, uri, parameters, headers, ";".join(sorted(additional)), payload))


def _signed_headers(call: Call, additional: list[str]) -> Iterable[tuple[str, str]]:
    always = ("content-type", "content-md5")
    return (
        (k, v) for k, v in call.headers.items() if k.startswith("x-oss-") or k in always or k in additional
    )


def _parse_scope(scope: str) -> list[str]:
    parts = scope.rsplit("/", 4)
    if len(parts) != 5:
        raise _refusal("InvalidArgument", "Invalid credential in Authorization header.", 400, "0002-00000213")
    return parts


def _parse_date(text: str) -> float:
    """Epoch seconds of an RFC 1123 date or of `20260131T235959Z`; AccessDenied if it is neither."""
    try:
        if re.fullmatch(r"\d{8}T\d{6}Z", text):
            return datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError) as error:
        message = "OSS authentication requires a valid Date."
        raise _refusal("AccessDenied", message, 403, "0002-00000503") from error


def _check_skew(at: float, date: str, now: float) -> None:
    if abs(at - now) > MAX_CLOCK_SKEW:
        raise _refusal(
            "RequestTimeTooSkewed",
            "The difference between the request time and the current time is too large.",
            403,
            "0002-00000504",
            MaxAllowedSkewMilliseconds=str(MAX_CLOCK_SKEW * 1000),
            RequestTime=date,
            ServerTime=_iso(now),
        )


def _check_expiry(expires: int, now: float, ec: str) -> None:
    if now > expires:
        message = "Request has expired."
        raise _refusal("AccessDenied", message, 403, ec, Expires=_iso(expires), ServerTime=_iso(now))


def _iso(at: float) -> str:
    at = min(at, 253402300799)
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _mismatch(key_id: str, given: str, to_sign: str, ec: str, canonical: str = "") -> Unauthenticated:
    fields = {
        "OSSAccessKeyId": key_id,
        "SignatureProvided": given,
        "StringToSign": to_sign,
        "StringToSignBytes": _bytes(to_sign).hex(" ").upper() + " ",
    }
    if canonical:
        fields["CanonicalRequest"] = canonical
    return _refusal(
        "SignatureDoesNotMatch",
        "The request signature we calculated does not match the signature you provided. "
        "Check your key and signing method.",
        403,
        ec,
        **fields,
    )


def _bytes(text: str) -> bytes:
    """Header values keep the bytes that were no UTF-8 as surrogates: give them back as they came."""
    return text.encode("utf-8", "surrogateescape")
