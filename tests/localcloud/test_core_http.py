"""HTTP/1 as clients of many kinds speak it to a forward proxy: every request has a clear answer at once."""

from __future__ import annotations

import hashlib
import socket
import ssl
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import oss2
import pytest
import requests
from alibabacloud_sts20150401.client import Client as StsClient

from localcloud import connection
from localcloud.connection import LARGEST_BODY, LONGEST_HEAD, LONGEST_URL
from localcloud.server import LocalCloud
from tests import clients
from tests.clients import Keys
from tests.localcloud import raw_http

UNSIGNED = b"GET http://ram.aliyuncs.com/?Action=ListUsers HTTP/1.1\r\nHost: ram.aliyuncs.com\r\n\r\n"


@pytest.fixture
def bucket(root: Keys) -> oss2.Bucket:
    """A bucket in which anybody may read and write, so that a request needs no signature."""
    bucket = clients.bucket(root, "wire")
    bucket.create_bucket(oss2.BUCKET_ACL_PUBLIC_READ_WRITE)
    return bucket


@pytest.fixture
def proxied(local: LocalCloud) -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.proxies = {"http": local.proxy, "https": local.proxy}
        yield session


def put_head(*headers: str, version: str = "1.1") -> bytes:
    lines = [f"PUT /object HTTP/{version}", "Host: wire.oss-cn-hangzhou.aliyuncs.com", *headers]
    return "\r\n".join([*lines, "", ""]).encode()


def test_a_tunnel_is_refused_at_once_and_the_client_shows_why(
    local: LocalCloud, proxied: requests.Session
) -> None:
    started = time.monotonic()
    with pytest.raises(requests.exceptions.ProxyError, match=r"501.*use scheme http"):
        proxied.get("https://ram.aliyuncs.com/", timeout=5)
    assert time.monotonic() - started < 1
    answer = raw_http.send(
        local, b"CONNECT ram.aliyuncs.com:443 HTTP/1.1\r\nHost: ram.aliyuncs.com:443\r\n\r\n"
    )
    assert answer.status == 501
    assert b"set http_proxy only" in answer.body


def test_an_sdk_left_on_https_learns_what_to_set(
    root: Keys, local: LocalCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("https_proxy", local.proxy)
    monkeypatch.setenv("HTTPS_PROXY", local.proxy)
    config = clients.config(root, "sts.aliyuncs.com")
    config.protocol = "https"
    with pytest.raises(Exception, match="use scheme http"):
        StsClient(config).get_caller_identity()


def test_an_absolute_https_address_is_refused_with_the_way_out(local: LocalCloud) -> None:
    answer = raw_http.send(local, b"GET https://ram.aliyuncs.com/ HTTP/1.1\r\nHost: ram.aliyuncs.com\r\n\r\n")
    assert (answer.status, answer.reason) == (501, "Use scheme http")
    assert b"use scheme http" in answer.body


def test_tls_on_the_plain_port_ends_at_once(local: LocalCloud) -> None:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with raw_http.connect(local) as client, pytest.raises((ssl.SSLError, ConnectionError)):
        context.wrap_socket(client)


def test_an_unknown_host_is_named_and_counted(local: LocalCloud, proxied: requests.Session) -> None:
    answer = proxied.get("http://example.com/x")
    assert answer.status_code == 502
    assert answer.json()["Code"] == "LocalCloud.UnknownEndpoint"
    assert "no service at example.com" in answer.json()["Message"]
    assert local.cloud.unsupported["unknown", "example.com"] == 1


def test_a_request_that_names_no_service_is_told_how_to_come(local: LocalCloud) -> None:
    answer = requests.get(f"{local.proxy}/", timeout=5)
    assert (answer.status_code, answer.json()["Code"]) == (404, "LocalCloud.UnknownService")
    assert "http_proxy" in answer.json()["Message"]


def test_http_1_0_is_answered_and_closed(local: LocalCloud) -> None:
    for request in (
        UNSIGNED.replace(b"HTTP/1.1", b"HTTP/1.0"),
        b"GET http://ram.aliyuncs.com/?Action=ListUsers HTTP/1.0\r\n\r\n",  # no Host at all
    ):
        with raw_http.connect(local) as client:
            client.sendall(request)
            answer = raw_http.read(client)
            assert b"MissingAccessKeyId" in answer.body
            assert raw_http.is_closed(client)


def test_a_connection_is_kept_for_the_next_call_and_pipelined_calls_are_answered_in_order(
    local: LocalCloud,
) -> None:
    other = UNSIGNED.replace(b"ram.aliyuncs.com", b"example.com")
    with raw_http.connect(local) as client:
        client.sendall(UNSIGNED)
        assert raw_http.read(client).status == 400
        client.sendall(other)
        assert raw_http.read(client).status == 502
        client.sendall(UNSIGNED + other)
        stream = b""
        while stream.count(b"HTTP/1.1 ") < 2:
            stream += client.recv(65536)
        assert stream.index(b"HTTP/1.1 400") < stream.index(b"HTTP/1.1 502")


def test_names_of_headers_and_hosts_may_be_written_in_any_case(
    local: LocalCloud, bucket: oss2.Bucket
) -> None:
    answer = raw_http.send(
        local,
        b"PUT /o HTTP/1.1\r\nhOST: WIRE.OSS-cn-hangzhou.ALIYUNCS.com.\r\n"
        b"CONTENT-length: 2\r\nX-OSS-META-Who: Me\r\n\r\nhi",
    )
    assert answer.status == 200
    assert bucket.head_object("o").headers["x-oss-meta-who"] == "Me"


def test_a_chunked_upload_is_put_together(local: LocalCloud, bucket: oss2.Bucket) -> None:
    answer = raw_http.send(
        local, put_head("Transfer-Encoding: chunked"), b"3\r\nabc\r\n", b"2;note=x\r\nde\r\n", b"0\r\n\r\n"
    )
    assert answer.status == 200
    assert bucket.get_object("object").read() == b"abcde"


def test_a_client_that_waits_for_100_continue_gets_it(local: LocalCloud, bucket: oss2.Bucket) -> None:
    with raw_http.connect(local) as client:
        client.sendall(put_head("Content-Length: 5", "Expect: 100-continue"))
        assert raw_http.read(client).status == 100
        client.sendall(b"later")
        assert raw_http.read(client).status == 200
    assert bucket.get_object("object").read() == b"later"


def test_head_has_the_length_and_no_body(local: LocalCloud, bucket: oss2.Bucket) -> None:
    bucket.put_object("object", b"12345")
    get = put_head().replace(b"PUT", b"GET")
    with raw_http.connect(local) as client:
        client.sendall(get.replace(b"GET", b"HEAD"))
        assert raw_http.read(client, head_only=True).headers["content-length"] == "5"
        client.sendall(get)  # a body after HEAD would be read as the head of this answer
        assert raw_http.read(client).body == b"12345"


def test_an_upload_that_breaks_off_stores_nothing(local: LocalCloud, bucket: oss2.Bucket) -> None:
    with raw_http.connect(local) as client:
        client.sendall(put_head("Content-Length: 10") + b"half")
        time.sleep(0.1)
    with raw_http.connect(local) as client:
        client.sendall(put_head("Transfer-Encoding: chunked") + b"3\r\nabc\r\n")
        time.sleep(0.1)
    bucket.put_object("after", b"")
    assert [found.key for found in oss2.ObjectIterator(bucket)] == ["after"]


def test_a_hundred_connections_at_a_time_are_served(local: LocalCloud, root: Keys) -> None:
    connections = [raw_http.connect(local) for _ in range(100)]
    try:
        for one in connections:
            one.sendall(UNSIGNED)
        assert {raw_http.read(one).status for one in connections} == {400}
    finally:
        for one in connections:
            one.close()
    bucket = clients.bucket(root, "crowd")
    bucket.create_bucket()
    with ThreadPoolExecutor(20) as pool:
        list(pool.map(lambda n: clients.bucket(root, "crowd").put_object(f"{n:03}", b"x" * n), range(100)))
    assert [found.size for found in oss2.ObjectIterator(bucket)] == list(range(100))


def test_64_megabytes_go_in_and_out(bucket: oss2.Bucket) -> None:
    body = bytes(range(256)) * (64 * 1024 * 4)
    bucket.put_object("object", body)
    assert hashlib.sha256(bucket.get_object("object").read()).digest() == hashlib.sha256(body).digest()


def test_a_url_up_to_the_limit_is_taken_and_a_longer_one_refused(local: LocalCloud) -> None:
    def ask(length: int) -> raw_http.Answer:
        start = b"/?Action=ListUsers&Note="
        url = start + b"x" * (length - len(start))
        return raw_http.send(local, b"GET " + url + b" HTTP/1.1\r\nHost: ram.aliyuncs.com\r\n\r\n")

    assert ask(LONGEST_URL).status == 400
    refused = ask(LONGEST_URL + 1)
    assert (refused.status, refused.headers["connection"]) == (414, "close")
    assert str(LONGEST_URL).encode() in refused.body
    assert ask(5_000_000).status == 414


def test_headers_up_to_the_limit_are_taken_and_longer_ones_refused(local: LocalCloud) -> None:
    def ask(length: int) -> raw_http.Answer:
        filler = length - len("hostram.aliyuncs.com") - len("note") - 8
        return raw_http.send(local, UNSIGNED[:-2] + b"Note: " + b"x" * filler + b"\r\n\r\n")

    assert ask(LONGEST_HEAD).status == 400
    refused = ask(LONGEST_HEAD + 1)
    assert refused.status == 431
    assert str(LONGEST_HEAD).encode() in refused.body


def test_a_body_that_is_too_large_is_refused_before_it_is_read(local: LocalCloud) -> None:
    for expect in ((), ("Expect: 100-continue",)):
        with raw_http.connect(local) as client:
            client.sendall(put_head(f"Content-Length: {LARGEST_BODY + 1}", *expect))
            assert raw_http.read(client).status == 413
            assert raw_http.is_closed(client)


def test_a_chunked_body_that_grows_too_large_is_refused_and_not_stored(
    local: LocalCloud, bucket: oss2.Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "LARGEST_BODY", 1000)
    piece = b"1f4\r\n" + b"x" * 500 + b"\r\n"
    with raw_http.connect(local) as client:
        client.sendall(put_head("Transfer-Encoding: chunked") + piece + piece)
        time.sleep(0.05)
        client.sendall(piece + b"0\r\n\r\n")
        assert raw_http.read(client).status == 413
    assert list(oss2.ObjectIterator(bucket)) == []


def test_a_refused_client_that_still_sends_reads_the_answer(local: LocalCloud) -> None:
    body = b"x" * 8_000_000
    answer = raw_http.send(
        local, b"POST https://ram.aliyuncs.com/ HTTP/1.1\r\nContent-Length: 8000000\r\n\r\n" + body
    )
    assert answer.status == 501


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x00\x01\x02\r\n\r\n",
        b"hello\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /\xc3\xa4 HTTP/1.1\r\n\r\n",
        b"PUT / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
    ],
)
def test_what_is_no_http_is_answered_with_400(local: LocalCloud, garbage: bytes) -> None:
    assert raw_http.send(local, garbage).status == 400


def test_unusual_request_lines_are_read(local: LocalCloud, bucket: oss2.Bucket) -> None:
    bucket.put_object("ä b", b"found")
    host = b"Host: wire.oss-cn-hangzhou.aliyuncs.com\r\n\r\n"
    for target in (b"/%C3%A4%20b", b"HTTP://x@wire.oss-cn-hangzhou.aliyuncs.com:80/%c3%a4%20b"):
        assert raw_http.send(local, b"GET " + target + b" HTTP/1.1\r\n" + host).body == b"found"
    no_path = UNSIGNED.replace(b".com/?", b".com?")
    assert b"MissingAccessKeyId" in raw_http.send(local, no_path).body
    assert raw_http.send(local, b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n").status == 502


def test_the_host_in_the_request_line_counts_more_than_the_header(local: LocalCloud) -> None:
    """Proxy code that forgets to set Host sends the proxy's own."""
    request = UNSIGNED.replace(b"Host: ram.aliyuncs.com", f"Host: 127.0.0.1:{local.port}".encode())
    assert b"MissingAccessKeyId" in raw_http.send(local, request).body


def test_bytes_that_are_no_text_pass_through(local: LocalCloud, bucket: oss2.Bucket, root: Keys) -> None:
    put = (
        put_head("Content-Length: 0", "User-Agent: caf\u00e9", "x-oss-meta-a: caf\u00e9")
        .decode()
        .encode("latin-1")
    )
    assert raw_http.send(local, put).status == 200
    assert bucket.head_object("object").headers["x-oss-meta-a"].startswith("caf")
    ask = UNSIGNED[:-2] + b"User-Agent: caf\xe9\r\n\r\n"
    assert raw_http.send(local, ask).status == 400
    headers = {"user-agent": b"caf\xe9"}
    keyed = requests.Request("GET", "http://wire.oss-cn-hangzhou.aliyuncs.com/object", headers=headers)
    bucket.put_bucket_acl(oss2.BUCKET_ACL_PRIVATE)
    with requests.Session() as session:
        assert session.send(keyed.prepare(), proxies={"http": local.proxy}).status_code == 403
    assert local.cloud.own_faults == 0


def test_an_offer_of_http_2_is_answered_in_http_1(local: LocalCloud) -> None:
    offer = (
        UNSIGNED[:-2]
        + b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n"
    )
    assert raw_http.send(local, offer).status == 400


def test_a_client_that_says_nothing_holds_nobody_up(local: LocalCloud) -> None:
    with socket.create_connection(("127.0.0.1", local.port)):
        assert raw_http.send(local, UNSIGNED).status == 400
