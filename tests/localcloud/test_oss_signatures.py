"""OSS signatures of version 1 and 4, in headers and in URLs, right and wrong."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from email.utils import formatdate
from typing import Any
from urllib.parse import quote

import oss2
import pytest
import requests

from localcloud.server import LocalCloud
from tests import clients
from tests.clients import Keys
from tests.localcloud.oss_callers import error_of, session, statement

EVERY = pytest.mark.parametrize("version", ["v1", "v2", "v4"])
OLD = "20260101T000000Z"
V4 = "OSS4-HMAC-SHA256"
HOST = "http://box.oss-cn-hangzhou.aliyuncs.com"


@pytest.fixture
def box(root: Keys) -> oss2.Bucket:
    bucket = clients.bucket(root, "box")
    bucket.create_bucket()
    bucket.put_object("dir/ä b+", b"1")
    return bucket


@EVERY
def test_a_wrong_secret_is_answered_with_what_was_signed(root: Keys, box: oss2.Bucket, version: str) -> None:
    with pytest.raises(oss2.exceptions.SignatureDoesNotMatch) as error:
        clients.bucket(Keys(root.id, "wrong"), "box", version=version).get_object("dir/ä b+")
    details = error_of(error)
    assert details["Message"].startswith("The request signature we calculated does not match")
    assert details["OSSAccessKeyId"] == root.id
    assert details["SignatureProvided"]
    assert details["EC"] == details["header"] == ("0002-00000201" if version == "v4" else "0002-00000040")
    start = "OSS4-HMAC-SHA256\n" if version == "v4" else "GET\n"
    assert details["StringToSign"].startswith(start)
    assert bytes.fromhex(details["StringToSignBytes"]).decode() == details["StringToSign"]


@EVERY
def test_an_unknown_key_id(box: oss2.Bucket, version: str) -> None:
    with pytest.raises(oss2.exceptions.ServerError) as error:
        clients.bucket(Keys("LTAI-none", "x"), "box", version=version).get_object("k")
    details = error_of(error)
    assert (details["status"], details["Code"], details["EC"]) == (
        "403",
        "InvalidAccessKeyId",
        "0002-00000902",
    )
    assert details["Message"] == "The OSS Access Key Id you provided does not exist in our records."


@EVERY
def test_a_disabled_key(local: LocalCloud, root: Keys, box: oss2.Bucket, account: str, version: str) -> None:
    def disable(cloud: Any) -> None:
        cloud.state.accounts[account].ram.access_keys[root.id].status = "Inactive"

    local.call(disable)
    with pytest.raises(oss2.exceptions.ServerError) as error:
        clients.bucket(root, "box", version=version).get_object("k")
    assert error.value.details["Message"] == "The OSS Access Key Id you provided is disabled."
    assert error.value.details["EC"] == "0002-00000903"


@EVERY
def test_security_tokens_are_checked(local: LocalCloud, root: Keys, box: oss2.Bucket, version: str) -> None:
    right = statement("Allow", "oss:*", "*")
    one, other = session(root, "one", right), session(root, "other", right)
    clients.bucket(one, "box", version=version).get_object("dir/ä b+")

    def code_of(keys: Keys) -> tuple[str, str]:
        with pytest.raises(oss2.exceptions.ServerError) as error:
            clients.bucket(keys, "box", version=version).get_object("dir/ä b+")
        assert error.value.status == 403
        return error.value.code, error.value.details["EC"]

    assert code_of(Keys(one.id, one.secret)) == ("InvalidAccessKeyId", "0002-00000003")
    assert code_of(Keys(one.id, one.secret, "made-up")) == ("InvalidSecurityToken", "0002-00000006")
    assert code_of(Keys(root.id, root.secret, "made-up")) == ("InvalidSecurityToken", "0002-00000006")
    assert code_of(Keys(one.id, one.secret, other.token)) == (
        "AccessKeyIdAndSecurityTokenNotMatch",
        "0002-00000004",
    )
    local.call(lambda cloud: setattr(cloud.state.sessions[one.id], "expires", time.time() - 1))
    assert code_of(one) == ("SecurityTokenExpired", "0002-00000007")


def signed_v1(keys: Keys, method: str, resource: str, date: str, **headers: str) -> dict[str, str]:
    """Headers of a request signed by hand, `x_oss_date` and the like being header names."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    oss = "".join(f"{k}:{v}\n" for k, v in sorted(named.items()) if k.startswith("x-oss-"))
    to_sign = f"{method}\n\n\n{date}\n{oss}{resource}"
    digest = hmac.new(keys.secret.encode(), to_sign.encode(), hashlib.sha1).digest()
    return {**named, "Authorization": f"OSS {keys.id}:{base64.b64encode(digest).decode()}"}


def test_a_date_in_x_oss_date_as_nodes_client_sends_it(root: Keys, box: oss2.Bucket) -> None:
    date = formatdate(usegmt=True)
    headers = signed_v1(root, "GET", "/box/dir/ä b+", date, x_oss_date=date)
    answer = requests.get(f"{HOST}/dir/{quote('ä b+')}", headers=headers, timeout=5)
    assert (answer.status_code, answer.text) == (200, "1")


def test_a_clock_that_is_off_by_more_than_15_minutes(root: Keys, box: oss2.Bucket) -> None:
    for skew in (-960, 960):
        date = formatdate(time.time() + skew, usegmt=True)
        headers = {"Date": date, **signed_v1(root, "GET", "/box/k", date)}
        answer = requests.get(f"{HOST}/k", headers=headers, timeout=5)
        assert (answer.status_code, answer.headers["x-oss-ec"]) == (403, "0002-00000504")
        assert "<Code>RequestTimeTooSkewed</Code>" in answer.text
        assert f"<RequestTime>{date}</RequestTime>" in answer.text
    date = formatdate(time.time() - 800, usegmt=True)
    headers = {"Date": date, **signed_v1(root, "GET", "/box/k", date)}
    assert requests.get(f"{HOST}/k", headers=headers, timeout=5).status_code == 404


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"Authorization": "OSS "}, 400, "InvalidArgument"),
        ({"Authorization": "OSS key"}, 400, "InvalidArgument"),
        ({"Authorization": "OSS key:sig"}, 403, "AccessDenied"),
        ({"Authorization": "OSS key:sig", "Date": "yesterday"}, 403, "AccessDenied"),
        ({"Authorization": "Basic abc"}, 400, "InvalidArgument"),
        ({"Authorization": "OSS2 AccessKeyId:a,Signature:b"}, 403, "AccessDenied"),
        ({"Authorization": "OSS2 AccessKeyId:a"}, 400, "InvalidArgument"),
        ({"Authorization": "OSS3 a"}, 400, "InvalidArgument"),
        ({"Authorization": f"{V4} Credential=a"}, 400, "InvalidArgument"),
        (
            {"Authorization": f"{V4} Credential=a, Signature=b", "x-oss-date": OLD},
            403,
            "RequestTimeTooSkewed",
        ),
    ],
)
def test_malformed_authorization(box: oss2.Bucket, headers: dict[str, str], status: int, code: str) -> None:
    answer = requests.get(f"{HOST}/k", headers=headers, timeout=5)
    assert (answer.status_code, f"<Code>{code}</Code>" in answer.text) == (status, True)


@EVERY
def test_presigned_urls_read_and_write(root: Keys, box: oss2.Bucket, version: str) -> None:
    bucket = clients.bucket(root, "box", version=version)
    assert requests.get(bucket.sign_url("GET", "dir/ä b+", 60), timeout=5).text == "1"
    assert requests.get(bucket.sign_url("GET", "dir/ä b+", 60, slash_safe=True), timeout=5).text == "1"
    url = bucket.sign_url("PUT", "new", 60, headers={"Content-Type": "text/x", "x-oss-meta-a": "1"})
    refused = requests.put(url, data=b"2", headers={"Content-Type": "text/y", "x-oss-meta-a": "1"}, timeout=5)
    assert refused.status_code == 403
    requests.put(
        url, data=b"2", headers={"Content-Type": "text/x", "x-oss-meta-a": "1"}, timeout=5
    ).raise_for_status()
    assert bucket.get_object("new").read() == b"2"
    named = bucket.sign_url("GET", "new", 60, params={"response-content-type": "text/z"})
    assert requests.get(named, timeout=5).headers["content-type"] == "text/z"
    tampered = bucket.sign_url("GET", "new", 60).replace("/new?", "/dir%2F%C3%A4%20b%2B?")
    assert "<Code>SignatureDoesNotMatch</Code>" in requests.get(tampered, timeout=5).text


@EVERY
def test_presigned_urls_of_a_session(root: Keys, box: oss2.Bucket, version: str) -> None:
    keys = session(root, "r", statement("Allow", "oss:GetObject", "*"))
    url = clients.bucket(keys, "box", version=version).sign_url("GET", "dir/ä b+", 60)
    assert requests.get(url, timeout=5).text == "1"


@pytest.mark.parametrize(
    ("version", "ec"), [("v1", "0002-00000069"), ("v2", "0002-00000069"), ("v4", "0002-00000236")]
)
def test_an_expired_url(local: LocalCloud, root: Keys, box: oss2.Bucket, version: str, ec: str) -> None:
    url = clients.bucket(root, "box", version=version).sign_url("GET", "dir/ä b+", 60)
    local.call(lambda cloud: setattr(cloud, "clock", lambda: time.time() + 120))
    try:
        answer = requests.get(url, timeout=5)
    finally:
        local.call(lambda cloud: setattr(cloud, "clock", time.time))
    assert (answer.status_code, answer.headers["x-oss-ec"]) == (403, ec)
    assert "<Message>Request has expired.</Message>" in answer.text


def test_a_url_without_all_its_parts(box: oss2.Bucket) -> None:
    answer = requests.get(f"{HOST}/k?Signature=a&OSSAccessKeyId=b", timeout=5)
    assert answer.status_code == 403
    assert (
        "Query-string authentication requires the Signature, Expires and OSSAccessKeyId parameters."
        in answer.text
    )
    answer = requests.get(f"{HOST}/k?Signature=a&OSSAccessKeyId=b&Expires=soon", timeout=5)
    assert (answer.status_code, answer.headers["x-oss-ec"]) == (403, "0002-00000070")


def test_a_v4_url_lasts_seven_days_at_most(root: Keys, box: oss2.Bucket) -> None:
    url = clients.bucket(root, "box", version="v4").sign_url("GET", "k", 7 * 86400 + 1)
    answer = requests.get(url, timeout=5)
    assert (answer.status_code, answer.headers["x-oss-ec"]) == (400, "0002-00000232")


def test_v4_signs_for_one_region(root: Keys, box: oss2.Bucket) -> None:
    auth = oss2.make_auth(root.id, root.secret, "v4")
    bucket = oss2.Bucket(auth, "http://oss-cn-hangzhou.aliyuncs.com", "box", region="cn-beijing")
    with pytest.raises(oss2.exceptions.InvalidArgument) as error:
        bucket.get_object("k")
    assert error.value.details["Message"] == "Invalid signing region in Authorization header."
    assert error.value.details["EC"] == "0002-00000226"


def test_v4_covers_additional_headers(root: Keys, box: oss2.Bucket) -> None:
    bucket = clients.bucket(root, "box", version="v4")
    url = bucket.sign_url("GET", "dir/ä b+", 60, headers={"Range": "bytes=0-0"}, additional_headers=["range"])
    assert requests.get(url, headers={"Range": "bytes=0-0"}, timeout=5).status_code == 206
    assert requests.get(url, headers={"Range": "bytes=0-"}, timeout=5).status_code == 403


def signed_v4(keys: Keys, query: str, canonical_query: str) -> dict[str, str]:
    """Headers of a listing signed by hand with the given form of the query."""
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    scope = f"{stamp[:8]}/cn-hangzhou/oss/aliyun_v4_request"
    headers = f"x-oss-content-sha256:UNSIGNED-PAYLOAD\nx-oss-date:{stamp}\n"
    canonical = f"GET\n/box/\n{canonical_query}\n{headers}\n\nUNSIGNED-PAYLOAD"
    to_sign = f"OSS4-HMAC-SHA256\n{stamp}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = f"aliyun_v4{keys.secret}".encode()
    for piece in (*scope.split("/"), to_sign):
        key = hmac.new(key, piece.encode(), hashlib.sha256).digest()
    return {
        "x-oss-date": stamp,
        "x-oss-content-sha256": "UNSIGNED-PAYLOAD",
        "Authorization": f"OSS4-HMAC-SHA256 Credential={keys.id}/{scope},Signature={key.hex()}",
    }


@pytest.mark.parametrize("canonical", ["delimiter&max-keys=7&prefix", "delimiter=&max-keys=7&prefix="])
def test_v4_takes_both_forms_of_an_empty_parameter(root: Keys, box: oss2.Bucket, canonical: str) -> None:
    query = "max-keys=7&prefix=&delimiter="
    answer = requests.get(f"{HOST}/?{query}", headers=signed_v4(root, query, canonical), timeout=5)
    assert answer.status_code == 200
    assert "<MaxKeys>7</MaxKeys>" in answer.text


def test_path_style(root: Keys, box: oss2.Bucket) -> None:
    for version in ("v1", "v4"):
        auth = oss2.make_auth(root.id, root.secret, version)
        bucket = oss2.Bucket(
            auth, "http://oss-cn-hangzhou.aliyuncs.com", "box", region="cn-hangzhou", is_path_style=True
        )
        assert bucket.get_object("dir/ä b+").read() == b"1"
        assert [each.key for each in oss2.ObjectIterator(bucket)] == ["dir/ä b+"]


def test_a_path_that_is_no_utf_8(box: oss2.Bucket) -> None:
    answer = requests.get(f"{HOST}/%FF", timeout=5)
    assert (answer.status_code, "<Code>InvalidObjectName</Code>" in answer.text) == (400, True)
