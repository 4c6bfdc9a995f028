"""OpenAPI signatures: ACS3-HMAC-SHA256, the older RPC HMAC-SHA1 and the older ROA `acs` header.

Sources: https://www.alibabacloud.com/help/en/sdk/product-overview/v3-request-structure-and-signature ,
https://www.alibabacloud.com/help/en/sdk/product-overview/rpc-mechanism ,
https://www.alibabacloud.com/help/en/sdk/product-overview/roa-mechanism .
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote, unquote

from localcloud.errors import Unauthenticated
from localcloud.identity import Caller, find_credential

if TYPE_CHECKING:
    from localcloud.call import Call
    from localcloud.state import State

MAX_CLOCK_SKEW = 15 * 60
"""Seconds by which a request's date may differ from the cloud's clock."""

_EMPTY_HASH = hashlib.sha256(b"").hexdigest()


def authenticate(call: Call, state: State, now: float) -> Caller:
    """Verify the signature of an OpenAPI call; `Unauthenticated` if it has none or a wrong one."""
    authorization = call.headers.get("authorization", "")
    if authorization.startswith("ACS3-"):
        return _acs3(call, authorization, state, now)
    if authorization.startswith("acs "):
        return _roa(call, authorization, state, now)
    if call.has_argument("Signature") or b"Signature=" in call.body:
        return _rpc(call, state, now)
    raise Unauthenticated("MissingAccessKeyId", "AccessKeyId is mandatory for this action.", 400)


def _acs3(call: Call, authorization: str, state: State, now: float) -> Caller:
    algorithm, _, rest = authorization.partition(" ")
    if algorithm != "ACS3-HMAC-SHA256":
        raise Unauthenticated(
            "UnsupportedSignatureMethod", f"The local cloud does not verify {algorithm}.", 400
        )
    parts = dict(item.strip().partition("=")[::2] for item in rest.split(","))
    signed = [name.strip().lower() for name in parts.get("SignedHeaders", "").split(";") if name]
    _check_signed(call, signed)
    token = call.headers.get("x-acs-security-token", "")
    credential = find_credential(state, parts.get("Credential", ""), token, now)
    payload_hash = _payload_hash(call)
    headers = "".join(f"{name}:{call.headers.get(name, '').strip()}\n" for name in sorted(signed))
    canonical = "\n".join(
        (
            call.method,
            _canonical_path(call),
            canonical_query(call.query),
            headers,
            ";".join(sorted(signed)),
            payload_hash,
        )
    )
    to_sign = f"{algorithm}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    _check(_hex_sha256(credential.secret, to_sign), parts.get("Signature", ""), to_sign)
    _check_date(call.headers.get("x-acs-date", ""), now)
    return credential.caller


def _check_signed(call: Call, signed: list[str]) -> None:
    """`host` and every `x-acs-` header must be signed: among them are the date and the name of the API."""
    wanted = {"host", *(name for name in call.headers if name.startswith("x-acs-"))}
    if not wanted.issubset(signed):
        raise _incomplete()


def _incomplete() -> Unauthenticated:
    text = "The request signature does not conform to Aliyun standards."
    return Unauthenticated("IncompleteSignature", text, 400)


def _payload_hash(call: Call) -> str:
    """The body's own hash, which the signed header must name: a changed body is refused."""
    actual = hashlib.sha256(call.body).hexdigest() if call.body else _EMPTY_HASH
    named = call.headers.get("x-acs-content-sha256", actual)
    if named != actual:
        raise Unauthenticated(
            "InvalidContentSha256", "x-acs-content-sha256 does not match the request body.", 400
        )
    return actual


def _rpc(call: Call, state: State, now: float) -> Caller:
    """RPC style: every parameter of query and form but `Signature` is signed, with HMAC-SHA1 or -SHA256.

    A body that is read as JSON would not be signed, so there must be none.
    """
    if call.body and call.headers.get("content-type", "").startswith("application/json"):
        raise _incomplete()
    pairs = list(call.query)
    pairs += parse_qsl(call.body.decode("utf-8", "replace"), keep_blank_values=True)
    values = dict(pairs)
    method = values.get("SignatureMethod", "HMAC-SHA1").upper()
    if method not in ("HMAC-SHA1", "HMAC-SHA256"):
        raise Unauthenticated("UnsupportedSignatureMethod", f"The local cloud does not verify {method}.", 400)
    credential = find_credential(state, values.get("AccessKeyId", ""), values.get("SecurityToken", ""), now)
    unsigned = [(key, value) for key, value in pairs if key != "Signature"]
    to_sign = f"{call.method}&{_percent('/')}&{_percent(canonical_query(unsigned))}"
    digest = hashlib.sha1 if method == "HMAC-SHA1" else hashlib.sha256
    wanted = base64.b64encode(
        hmac.new(f"{credential.secret}&".encode(), to_sign.encode(), digest).digest()
    ).decode()
    _check(wanted, values.get("Signature", ""), to_sign)
    _check_date(values.get("Timestamp", ""), now)
    return credential.caller


def _roa(call: Call, authorization: str, state: State, now: float) -> Caller:
    """ROA style: `Authorization: acs <key>:<HMAC-SHA1>` over method, headers and resource."""
    key_id, _, given = authorization.removeprefix("acs ").partition(":")
    token = call.headers.get("x-acs-security-token", "")
    credential = find_credential(state, key_id, token, now)
    _check_md5(call)
    fixed = [call.headers.get(name, "") for name in ("accept", "content-md5", "content-type", "date")]
    headers = "".join(f"{k}:{v.strip()}\n" for k, v in sorted(call.headers.items()) if k.startswith("x-acs-"))
    to_sign = "\n".join((call.method, *fixed)) + "\n" + headers + _roa_resource(call)
    digest = hmac.new(credential.secret.encode(), to_sign.encode(), hashlib.sha1).digest()
    _check(base64.b64encode(digest).decode(), given, to_sign)
    _check_date(call.headers.get("date", ""), now)
    return credential.caller


def _check_md5(call: Call) -> None:
    """The MD5 is what the signature covers of the body, so it must be there and be the body's."""
    digest = base64.b64encode(hashlib.md5(call.body, usedforsecurity=False).digest()).decode()
    if call.body and call.headers.get("content-md5") != digest:
        raise _incomplete()


def _roa_resource(call: Call) -> str:
    """Path and query, decoded and sorted; a parameter keeps its `=` if it came with one."""
    named = {piece.partition("=")[0] for piece in call.raw_query.split("&") if "=" in piece}
    query = "&".join(f"{key}={value}" if quote(key) in named else key for key, value in sorted(call.query))
    return f"{call.path}?{query}" if query else call.path


def canonical_query(pairs: list[tuple[str, str]]) -> str:
    return "&".join(f"{_percent(key)}={_percent(value)}" for key, value in sorted(pairs))


def _percent(text: str) -> str:
    return quote(text, safe="~")


def _canonical_path(call: Call) -> str:
    """The path as it came, each segment encoded in the one canonical way; `%2F` inside a segment stays."""
    return "/".join(_percent(unquote(segment)) for segment in (call.raw_path or "/").split("/"))


def _hex_sha256(secret: str, text: str) -> str:
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def _check(wanted: str, given: str, to_sign: str) -> None:
    if not hmac.compare_digest(wanted.encode(), given.encode()):
        raise Unauthenticated(
            "SignatureDoesNotMatch",
            "Specified signature is not matched with our calculation. server string to sign is:" + to_sign,
            400,
        )


def _check_date(text: str, now: float) -> None:
    if abs(parse_date(text) - now) > MAX_CLOCK_SKEW:
        raise Unauthenticated(
            "InvalidTimeStamp.Expired", "Specified time stamp or date value is expired.", 400
        )


def parse_date(text: str) -> float:
    """Epoch seconds of an ISO 8601 or RFC 1123 date; InvalidTimeStamp.Format if it is neither."""
    try:
        if text.endswith("GMT"):
            return parsedate_to_datetime(text).timestamp()
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp()
    except ValueError as error:
        raise Unauthenticated(
            "InvalidTimeStamp.Format", "Specified time stamp or date value is not well formatted.", 400
        ) from error
