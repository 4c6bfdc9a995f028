"""Objects over HTTP with the real OSS SDK."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import oss2
import pytest

from localcloud.faults import Fault
from localcloud.server import LocalCloud
from localcloud.statefile import load_state, save_state
from tests import clients
from tests.clients import Keys


@pytest.fixture
def box(root: Keys) -> oss2.Bucket:
    bucket = clients.bucket(root, "box")
    bucket.create_bucket()
    return bucket


def test_an_object_comes_back_as_it_was_put(box: oss2.Bucket) -> None:
    headers = {"Content-Type": "text/x", "x-oss-meta-Colour": "grün".encode(), "Cache-Control": "no-store"}
    put = box.put_object("dir/é 1+%.txt", "body", headers=headers)
    got = box.get_object("dir/é 1+%.txt")
    assert got.read() == b"body"
    assert got.etag == put.etag == "841A2D689AD86BD1611447453C22C6FC"
    assert got.server_crc == got.client_crc
    assert got.headers["content-type"] == "text/x"
    assert got.headers["cache-control"] == "no-store"
    assert got.headers["x-oss-meta-colour"].encode("latin-1").decode() == "grün"
    assert got.object_type == "Normal"


@pytest.mark.parametrize(
    "key", ["a//b", "a/../b", ".. x", "%2F", "q?x=1&y#z", "x" * 1023, "😀~!@$^*()'", "tab\there"]
)
@pytest.mark.parametrize("version", ["v1", "v4"])
def test_every_odd_key_is_signed_and_kept(root: Keys, box: oss2.Bucket, key: str, version: str) -> None:
    bucket = clients.bucket(root, "box", version=version)
    bucket.put_object(key, b"1")
    assert bucket.get_object(key).read() == b"1"
    assert [each.key for each in oss2.ObjectIteratorV2(bucket)] == [key]


@pytest.mark.parametrize("key", ["x" * 1024, "/leading", "\\leading"])
def test_a_key_against_the_naming_rules_is_refused(box: oss2.Bucket, key: str) -> None:
    with pytest.raises(oss2.exceptions.InvalidObjectName):
        box.put_object(key, b"")


def test_a_key_that_is_not_there_is_told_apart_from_a_bucket(root: Keys, box: oss2.Bucket) -> None:
    with pytest.raises(oss2.exceptions.NoSuchKey) as key:
        box.get_object("nothing")
    assert key.value.details["EC"] == "0026-00000001"
    with pytest.raises(oss2.exceptions.NoSuchKey):
        box.head_object("nothing")
    with pytest.raises(oss2.exceptions.NoSuchBucket) as bucket:
        clients.bucket(root, "no-such-box").get_object("nothing")
    assert bucket.value.details["EC"] == "0015-00000101"


@pytest.mark.parametrize(
    ("wanted", "got", "status"),
    [
        ((2, 4), b"234", 206),
        ((7, None), b"789", 206),
        ((None, 3), b"789", 206),
        ((8, 99), b"0123456789", 200),
    ],
)
def test_ranges(box: oss2.Bucket, wanted: tuple[int | None, int | None], got: bytes, status: int) -> None:
    box.put_object("digits", b"0123456789")
    answer = box.get_object("digits", byte_range=wanted)
    assert (answer.read(), answer.status) == (got, status)


def test_standard_ranges_follow_http(box: oss2.Bucket) -> None:
    box.put_object("digits", b"0123456789")
    standard = {"x-oss-range-behavior": "standard"}
    assert box.get_object("digits", byte_range=(8, 99), headers=standard).read() == b"89"
    with pytest.raises(oss2.exceptions.ServerError) as error:
        box.get_object("digits", byte_range=(10, 99), headers=standard)
    assert error.value.status == 416


def test_conditional_reads(box: oss2.Bucket) -> None:
    etag = box.put_object("k", b"1").etag
    future, past = "Fri, 01 Jan 2100 00:00:00 GMT", "Fri, 01 Jan 2010 00:00:00 GMT"
    for header, value in (("If-None-Match", etag), ("If-Modified-Since", future)):
        with pytest.raises(oss2.exceptions.NotModified):
            box.get_object("k", headers={header: value})
    for header, value in (("If-Match", "other"), ("If-Unmodified-Since", past)):
        with pytest.raises(oss2.exceptions.PreconditionFailed):
            box.get_object("k", headers={header: value})
    assert box.get_object("k", headers={"If-Match": f'"{etag}"', "If-Modified-Since": past}).read() == b"1"


def test_a_body_that_does_not_match_its_digest_is_refused(box: oss2.Bucket) -> None:
    with pytest.raises(oss2.exceptions.InvalidDigest):
        box.put_object("k", b"1", headers={"Content-MD5": "XrY7u+Ae7tCTyyK7j1rNww=="})
    assert not box.object_exists("k")


def test_object_meta_is_short_and_head_is_long(box: oss2.Bucket) -> None:
    box.put_object("k", b"12345", headers={"x-oss-meta-a": "b"})
    assert box.get_object_meta("k").content_length == 5
    assert "x-oss-meta-a" not in box.get_object_meta("k").headers
    assert box.head_object("k").headers["x-oss-meta-a"] == "b"


def test_append_goes_on_where_the_object_ends(box: oss2.Bucket) -> None:
    first = box.append_object("log", 0, b"one,", init_crc=0)
    second = box.append_object("log", first.next_position, b"two", init_crc=first.crc)
    assert second.next_position == 7
    assert box.get_object("log").read() == b"one,two"
    head = box.head_object("log")
    assert head.object_type == "Appendable"
    assert head.headers["x-oss-next-append-position"] == "7"


def test_append_elsewhere_than_at_the_end_is_refused_with_the_end(box: oss2.Bucket) -> None:
    box.append_object("log", 0, b"one")
    for position in (0, 2, 4):
        with pytest.raises(oss2.exceptions.PositionNotEqualToLength) as error:
            box.append_object("log", position, b"x")
        assert error.value.next_position == 3
    with pytest.raises(oss2.exceptions.PositionNotEqualToLength) as error:
        box.append_object("new", 5, b"x")
    assert error.value.next_position == 0
    assert box.get_object("log").read() == b"one"


def test_only_appendable_objects_are_appended_to(box: oss2.Bucket) -> None:
    box.put_object("plain", b"")
    with pytest.raises(oss2.exceptions.ObjectNotAppendable):
        box.append_object("plain", 0, b"x")


def test_an_append_whose_answer_is_lost_has_happened(local: LocalCloud, box: oss2.Bucket) -> None:
    local.call(lambda cloud: cloud.faults.append(Fault("oss", "AppendObject", "reset", "after")))
    with pytest.raises(oss2.exceptions.RequestError):
        box.append_object("log", 0, b"one")
    with pytest.raises(oss2.exceptions.PositionNotEqualToLength) as error:
        box.append_object("log", 0, b"one")
    assert error.value.next_position == 3


def test_throttling_answers_as_oss_does(local: LocalCloud, box: oss2.Bucket) -> None:
    local.call(lambda cloud: cloud.faults.append(Fault("oss", "PutObject", "throttle")))
    with pytest.raises(oss2.exceptions.ServerError) as error:
        box.put_object("k", b"")
    assert error.value.status == 503
    box.put_object("k", b"")


def test_forbid_overwrite_refuses_a_taken_key(box: oss2.Bucket) -> None:
    careful = {"x-oss-forbid-overwrite": "true"}
    box.put_object("k", b"1", headers=careful)
    with pytest.raises(oss2.exceptions.ServerError) as error:
        box.put_object("k", b"2", headers=careful)
    assert (error.value.status, error.value.code) == (409, "FileAlreadyExists")
    assert (
        error.value.details["Message"]
        == "The object you specified already exists and can not be overwritten."
    )
    assert box.get_object("k").read() == b"1"


@pytest.mark.parametrize("status", ["Enabled", "Suspended"])
def test_forbid_overwrite_has_no_effect_once_versioning_was_on(box: oss2.Bucket, status: str) -> None:
    box.put_bucket_versioning(oss2.models.BucketVersioningConfig(status))
    box.put_object("k", b"1")
    box.put_object("k", b"2", headers={"x-oss-forbid-overwrite": "true"})
    assert box.get_object("k").read() == b"2"


def test_delete_one_and_many(box: oss2.Bucket) -> None:
    for key in ("a", "b ä", " c ", "d"):
        box.put_object(key, b"")
    assert box.delete_object("a").status == 204
    assert box.delete_object("a").status == 204
    assert sorted(box.batch_delete_objects(["b ä", " c ", "never"]).deleted_keys) == [" c ", "b ä", "never"]
    assert [each.key for each in oss2.ObjectIterator(box)] == ["d"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<Delete>",
        b"<Delete/>",
        b"<!DOCTYPE a><Delete><Object><Key>k</Key></Object></Delete>",
        b"{}",
        b"\xff",
    ],
)
def test_a_malformed_batch_deletes_nothing(box: oss2.Bucket, body: bytes) -> None:
    box.put_object("k", b"")
    with pytest.raises(oss2.exceptions.MalformedXml):
        box._do("POST", "box", "", params={"delete": ""}, data=body)
    assert box.object_exists("k")


def test_copy_takes_metadata_along_or_replaces_it(box: oss2.Bucket) -> None:
    box.put_object("dir/ä b", b"1", headers={"x-oss-meta-a": "1", "Content-Type": "text/x"})
    box.copy_object("box", "dir/ä b", "copy")
    assert box.head_object("copy").headers["x-oss-meta-a"] == "1"
    box.copy_object(
        "box", "copy", "third", headers={"x-oss-metadata-directive": "REPLACE", "x-oss-meta-b": "2"}
    )
    headers = box.head_object("third").headers
    assert ("x-oss-meta-a" in headers, headers["x-oss-meta-b"]) == (False, "2")
    box.update_object_meta("copy", {"x-oss-meta-c": "3"})
    headers = box.head_object("copy").headers
    assert ("x-oss-meta-a" in headers, headers["x-oss-meta-c"]) == (False, "3")
    assert box.get_object("copy").read() == b"1"


def test_copy_checks_its_source(root: Keys, box: oss2.Bucket) -> None:
    far = clients.bucket(root, "far", "cn-beijing")
    far.create_bucket()
    far.put_object("k", b"1")
    with pytest.raises(oss2.exceptions.AccessDenied) as error:
        box.copy_object("far", "k", "copy")
    assert "same data center" in error.value.details["Message"]
    with pytest.raises(oss2.exceptions.NoSuchKey):
        box.copy_object("box", "nothing", "copy")
    box.put_object("k", b"1")
    with pytest.raises(oss2.exceptions.PreconditionFailed):
        box.copy_object("box", "k", "copy", headers={"x-oss-copy-source-if-match": "other"})


def test_object_acl_and_tags(box: oss2.Bucket) -> None:
    box.put_object("k", b"1", headers={"x-oss-tagging": "a=1&b=%20"})
    assert box.get_object_acl("k").acl == "default"
    box.put_object_acl("k", "public-read")
    assert box.get_object_acl("k").acl == "public-read"
    assert box.get_object_tagging("k").tag_set.tagging_rule == {"a": "1", "b": " "}
    rule = oss2.models.TaggingRule()
    rule.add("c", "3")
    box.put_object_tagging("k", oss2.models.Tagging(rule))
    assert box.get_object_tagging("k").tag_set.tagging_rule == {"c": "3"}
    assert box.head_object("k").headers["x-oss-tagging-count"] == "1"
    box.delete_object_tagging("k")
    assert box.get_object_tagging("k").tag_set.tagging_rule == {}


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"x-oss-object-acl": "everybody"}, "InvalidArgument"),
        ({"x-oss-storage-class": "Warm"}, "InvalidArgument"),
        ({"x-oss-server-side-encryption": "DES"}, "InvalidEncryptionAlgorithmError"),
        ({"x-oss-tagging": "&".join(f"k{n}=v" for n in range(11))}, "InvalidTag"),
        ({"x-oss-meta-a": "x" * 8192}, "InvalidArgument"),
        ({"If-Modified-Since": "Thu, 11 Aug 2016 01:43:51 GMT"}, "NotImplemented"),
    ],
)
def test_bad_headers_of_a_put(box: oss2.Bucket, headers: dict[str, str], code: str) -> None:
    with pytest.raises(oss2.exceptions.ServerError) as error:
        box.put_object("k", b"", headers=headers)
    assert (error.value.status, error.value.code) == (400, code)
    assert not box.object_exists("k")


def test_archived_objects_are_not_read(box: oss2.Bucket) -> None:
    box.put_object("k", b"1", headers={"x-oss-storage-class": "Archive"})
    with pytest.raises(oss2.exceptions.ServerError) as error:
        box.get_object("k")
    assert (error.value.status, error.value.code) == (403, "InvalidObjectState")


def test_what_is_not_supported_says_so_and_is_counted(local: LocalCloud, box: oss2.Bucket) -> None:
    box.put_object("k", b"1")
    calls: tuple[Callable[[], Any], ...] = (
        lambda: box.get_object("k", process="image/resize,w_100"),
        lambda: box.put_symlink("k", "link"),
        lambda: box.restore_object("k"),
        lambda: box.get_bucket_cors(),
        lambda: box.get_bucket_website(),
    )
    for call in calls:
        with pytest.raises(oss2.exceptions.ServerError) as error:
            call()
        assert (error.value.status, error.value.code) == (501, "NotImplemented")
        assert "does not support" in error.value.details["Message"]
    assert sum(local.cloud.unsupported.values()) == 5


def test_state_survives_a_save_and_a_load(local: LocalCloud, box: oss2.Bucket, tmp_path: Path) -> None:
    box.put_object("b\N{SNOWMAN}", b"\x00\xff")
    box.append_object("a", 0, b"1")
    path = tmp_path / "state.json"
    local.call(lambda cloud: save_state(cloud.state, path))
    local.reset(load_state(path))
    assert box.get_object("b\N{SNOWMAN}").read() == b"\x00\xff"
    box.append_object("a", 1, b"2")
    assert [each.key for each in oss2.ObjectIterator(box)] == ["a", "b\N{SNOWMAN}"]
