"""SLS signatures: V1 (`LOG`, HMAC-SHA1) and V4 (`SLS4-HMAC-SHA256`).

Sources: https://help.aliyun.com/zh/sls/developer-reference/request-signatures and, for the errors,
https://help.aliyun.com/zh/sls/developer-reference/error-codes .
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from urllib.parse import quote

from localcloud.errors import Unauthenticated
from localcloud.identity import Caller, Credential, find_credential

if TYPE_CHECKING:
    from localcloud.call import Call
    from localcloud.state import State

MAX_CLOCK_SKEW = 15 * 60
"""Seconds by which a request's date may differ from the cloud's clock."""

_V4 = re.compile(
    r"SLS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]*)/sls/aliyun_v4_request, ?Signature=([0-9a-f]{64})"
)


def authenticate(call: Call, state: State, now: float) -> Caller:
    """Verify the signature of a call to SLS; `Unauthenticated` with SLS's codes if it is missing or wrong."""
    authorization = call.headers.get("authorization", "")
    if not authorization:
        raise _missing("authorization")
    if authorization.startswith("SLS4-"):
        return _v4(call, authorization, state, now)
    if authorization.startswith("LOG ") and ":" in authorization:
        return _v1(call, authorization, state, now)
    raise _malformed(authorization)


def _v1(call: Call, authorization: str, state: State, now: float) -> Caller:
    method = call.headers.get("x-log-signaturemethod")
    if method is None:
        raise _missing("x-log-signaturemethod")
    if method != "hmac-sha1":
        raise Unauthenticated("ParameterInvalid", f"x-log-signaturemethod: {method} pair is invalid.", 400)
    key_id, _, given = authorization.removeprefix("LOG ").rpartition(":")
    credential = _credential(call, state, key_id, now)
    date = call.headers.get("x-log-date") or call.headers.get("date", "")
    _check_time(date, _http_date(date), now)
    _check_md5(call, given)
    # Clients differ in whether they sign x-log-date: the Python SDK adds it after it has signed.
    _compare(given, *(_v1_signature(call, credential, date, skip) for skip in ({"x-log-date"}, set())))
    return credential.caller


def _v1_signature(call: Call, credential: Credential, date: str, skip: set[str]) -> str:
    headers = "".join(f"{k}:{v.strip()}\n" for k, v in _signed_headers(call) if k not in skip)
    fixed = (call.method, call.headers.get("content-md5", ""), call.headers.get("content-type", ""), date)
    query = "&".join(f"{key}={value}" for key, value in sorted(call.query))
    to_sign = "\n".join(fixed) + "\n" + headers + (f"{call.path}?{query}" if query else call.path)
    digest = hmac.new(credential.secret.encode(), to_sign.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()


def _v4(call: Call, authorization: str, state: State, now: float) -> Caller:
    match = _V4.fullmatch(authorization)
    if match is None:
        raise _malformed(authorization)
    key_id, date, region, given = match.groups()
    credential = _credential(call, state, key_id, now)
    stamp = call.headers.get("x-log-date", "")
    _check_time(stamp, _iso_date(stamp), now)
    body_hash = hashlib.sha256(call.body).hexdigest()
    if call.headers.get("x-log-content-sha256") != body_hash or not stamp.startswith(date):
        raise _mismatch(given)
    scope = f"{date}/{region}/sls/aliyun_v4_request"
    key = f"aliyun_v4{credential.secret}".encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    wanted = []
    for path in (call.path, call.raw_path):
        canonical = hashlib.sha256(_v4_request(call, path, body_hash).encode()).hexdigest()
        to_sign = f"SLS4-HMAC-SHA256\n{stamp}\n{scope}\n{canonical}"
        wanted.append(hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest())
    _compare(given, *wanted)
    return credential.caller


def _v4_request(call: Call, path: str, body_hash: str) -> str:
    signed = sorted(
        [
            *_signed_headers(call),
            *((n, call.headers[n]) for n in ("content-type", "host") if n in call.headers),
        ]
    )
    query = "&".join(f"{k}={quote(v, safe='~')}" if v else k for k, v in sorted(call.query))
    headers = "".join(f"{name}:{value.strip()}\n" for name, value in signed)
    return "\n".join((call.method, path, query, headers, ";".join(name for name, _ in signed), body_hash))


def _signed_headers(call: Call) -> list[tuple[str, str]]:
    return sorted(
        (name, value)
        for name, value in call.headers.items()
        if name.startswith("x-acs-") or (name.startswith("x-log-") and not name.startswith("x-log-meta-"))
    )


def _credential(call: Call, state: State, key_id: str, now: float) -> Credential:
    """Look up the key; RAM's codes become SLS's."""
    try:
        return find_credential(state, key_id, call.headers.get("x-acs-security-token", ""), now)
    except Unauthenticated as error:
        texts = {
            "InvalidAccessKeyId.NotFound": f"AccessKeyId not found: {key_id}",
            "InvalidAccessKeyId.Inactive": f"AccessKeyId is disabled: {key_id}",
            "InvalidSecurityToken.Expired": "The security token you provided has expired.",
        }
        text = texts.get(error.code, "The security token you provided is invalid.")
        raise Unauthenticated("Unauthorized", text, 401) from error


def _check_md5(call: Call, given: str) -> None:
    """The MD5 is what the signature covers of the body, so it must be the body's."""
    named = call.headers.get("content-md5", "")
    if call.body and not named:
        raise _missing("content-md5")
    if named and hashlib.md5(call.body, usedforsecurity=False).hexdigest().upper() != named.upper():
        raise _mismatch(given)


def _http_date(text: str) -> float:
    if not text:
        raise _missing("x-log-date")
    try:
        return parsedate_to_datetime(text).timestamp()
    except ValueError as error:
        raise _no_time(text) from error


def _iso_date(text: str) -> float:
    if not text:
        raise _missing("x-log-date")
    try:
        return datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()
    except ValueError as error:
        raise _no_time(text) from error


def _check_time(text: str, stamp: float, now: float) -> None:
    if abs(stamp - now) > MAX_CLOCK_SKEW:
        server = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(now))
        message = f"Request time {text} has been expired while server time is {server}."
        raise Unauthenticated("RequestTimeExpired", message, 400)


def _missing(header: str) -> Unauthenticated:
    return Unauthenticated("MissingParameter", f"Missing http extend header key : {header}.", 400)


def _malformed(authorization: str) -> Unauthenticated:
    text = f"Http extend authorization : {authorization} pair is invalid."
    return Unauthenticated("ParameterInvalid", text, 400)


def _no_time(text: str) -> Unauthenticated:
    return Unauthenticated("InvalidRequestTime", f"Request time {text} not follow RFC822 spec.", 400)


def _compare(given: str, *wanted: str) -> None:
    if not any(hmac.compare_digest(signature.encode(), given.encode()) for signature in wanted):
        raise _mismatch(given)


def _mismatch(given: str) -> Unauthenticated:
    return Unauthenticated("SignatureNotMatch", f"Signature {given} not matched.", 401)
