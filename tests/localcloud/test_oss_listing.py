"""Listing objects, versions and uploads, page by page."""

from __future__ import annotations

import time
from typing import Any

import oss2
import pytest

from localcloud.oss.paging import behind, walk
from localcloud.oss.state import Version
from localcloud.server import LocalCloud
from tests import clients
from tests.clients import Keys

KEYS = ["a", "a/", "a/1", "a/2", "a/b/3", "b&<x>", "c/4", "zoë"]


@pytest.fixture
def box(root: Keys) -> oss2.Bucket:
    bucket = clients.bucket(root, "box")
    bucket.create_bucket()
    return bucket


@pytest.fixture
def full(box: oss2.Bucket) -> oss2.Bucket:
    for key in reversed(KEYS):
        box.put_object(key, b"x")
    return box


@pytest.mark.parametrize("most", [1, 2, 3, 100])
@pytest.mark.parametrize("iterator", [oss2.ObjectIterator, oss2.ObjectIteratorV2])
def test_pages_join_to_all_keys_in_order(full: oss2.Bucket, iterator: Any, most: int) -> None:
    assert [each.key for each in iterator(full, max_keys=most)] == KEYS


@pytest.mark.parametrize("most", [1, 2, 100])
@pytest.mark.parametrize("iterator", [oss2.ObjectIterator, oss2.ObjectIteratorV2])
def test_a_delimiter_rolls_keys_up(full: oss2.Bucket, iterator: Any, most: int) -> None:
    found = list(iterator(full, delimiter="/", max_keys=most))
    assert sorted((each.key, each.is_prefix()) for each in found) == [
        ("a", False), ("a/", True), ("b&<x>", False), ("c/", True), ("zoë", False),
    ]  # fmt: skip
    below = list(iterator(full, prefix="a/", delimiter="/", max_keys=most))
    assert sorted(each.key for each in below) == ["a/", "a/1", "a/2", "a/b/"]


def test_version_two_names_counts_starts_and_owners(full: oss2.Bucket, account: str) -> None:
    page = full.list_objects_v2(start_after="a/2", max_keys=2, fetch_owner=True)
    assert [each.key for each in page.object_list] == ["a/b/3", "b&<x>"]
    assert page.object_list[0].owner.id == account
    assert page.is_truncated
    rest = full.list_objects_v2(continuation_token=page.next_continuation_token)
    assert [each.key for each in rest.object_list] == ["c/4", "zoë"]
    assert rest.object_list[0].owner is None


def test_a_marker_need_not_be_a_key(full: oss2.Bucket) -> None:
    assert [each.key for each in full.list_objects(marker="b").object_list] == ["b&<x>", "c/4", "zoë"]


def test_facts_of_a_listed_object(full: oss2.Bucket) -> None:
    full.append_object("c/4x", 0, b"12345")
    facts = full.list_objects(prefix="c/4x").object_list[0]
    assert (facts.size, facts.type, facts.storage_class) == (5, "Appendable", "Standard")
    assert abs(facts.last_modified - time.time()) < 60


@pytest.mark.parametrize(
    "parameters",
    [
        {"max-keys": "0"},
        {"max-keys": "1001"},
        {"max-keys": "x"},
        {"encoding-type": "gzip"},
        {"list-type": "3"},
        {"list-type": "2", "continuation-token": "?"},
    ],
)
def test_bad_listing_parameters(root: Keys, box: oss2.Bucket, parameters: dict[str, str]) -> None:
    with pytest.raises(oss2.exceptions.InvalidArgument):
        clients.bucket(root, "box", version="v4")._do("GET", "box", "", params=parameters)


def test_a_bucket_of_100_000_keys_is_listed_fast(local: LocalCloud, box: oss2.Bucket) -> None:
    def fill(cloud: Any) -> None:
        bucket = cloud.state.oss.buckets["box"]
        for number in range(100_000):
            bucket.put(f"dir-{number % 100:02}/key-{number:06}", Version(etag="E"))

    local.call(fill)
    started = time.perf_counter()
    assert len(box.list_objects(delimiter="/", max_keys=1000).prefix_list) == 100
    page = box.list_objects_v2(prefix="dir-77/", start_after="dir-77/key-050000", max_keys=100)
    assert page.object_list[0].key == "dir-77/key-050077"
    box.put_object("dir-50/new", b"")
    box.delete_object("dir-50/new")
    assert time.perf_counter() - started < 0.5


def test_the_text_behind_a_prefix() -> None:
    assert behind("a/") == "a0"
    assert behind("a\U0010ffff") == "b"
    assert walk(["a", "a\U0010ffffz", "b"], "a\U0010ffff", "", "", 9, lambda key: True).keys == [
        "a\U0010ffffz"
    ]


def test_versions_are_kept_and_listed_newest_first(box: oss2.Bucket) -> None:
    box.put_object("old", b"0")
    box.put_bucket_versioning(oss2.models.BucketVersioningConfig("Enabled"))
    assert box.get_bucket_versioning().status == "Enabled"
    first = box.put_object("k", b"1").versionid
    second = box.put_object("k", b"2").versionid
    marker = box.delete_object("k")
    assert marker.delete_marker
    with pytest.raises(oss2.exceptions.NoSuchKey):
        box.get_object("k")
    assert box.get_object("k", params={"versionId": first}).read() == b"1"
    assert [each.key for each in oss2.ObjectIterator(box)] == ["old"]
    listed = box.list_object_versions()
    assert [(v.key, v.versionid, v.is_latest) for v in listed.versions] == [
        ("k", second, False), ("k", first, False), ("old", "null", True),
    ]  # fmt: skip
    assert [(m.key, m.versionid, m.is_latest) for m in listed.delete_marker] == [
        ("k", marker.versionid, True)
    ]
    box.delete_object("k", params={"versionId": marker.versionid})
    assert box.get_object("k").read() == b"2"


def test_version_pages_join(box: oss2.Bucket) -> None:
    box.put_bucket_versioning(oss2.models.BucketVersioningConfig("Enabled"))
    wanted = [(key, box.put_object(key, str(n)).versionid) for key in ("a", "b") for n in range(3)]
    seen, key, version = [], "", ""
    while True:
        page = box.list_object_versions(max_keys=2, key_marker=key, versionid_marker=version)
        seen += [(v.key, v.versionid) for v in page.versions]
        if not page.is_truncated:
            break
        key, version = page.next_key_marker, page.next_versionid_marker
    assert sorted(seen) == sorted(wanted)
    assert len(seen) == 6


def test_a_version_that_is_not_there(box: oss2.Bucket) -> None:
    box.put_bucket_versioning(oss2.models.BucketVersioningConfig("Enabled"))
    box.put_object("k", b"1")
    with pytest.raises(oss2.exceptions.ServerError) as error:
        box.get_object("k", params={"versionId": "CAEQnothing"})
    assert (error.value.status, error.value.code) == (404, "NoSuchVersion")
    marker = box.delete_object("k").versionid
    with pytest.raises(oss2.exceptions.ServerError) as method:
        box.get_object("k", params={"versionId": marker})
    assert (method.value.status, method.value.code) == (405, "MethodNotAllowed")


def test_suspended_versioning_writes_over_the_null_version(box: oss2.Bucket) -> None:
    box.put_bucket_versioning(oss2.models.BucketVersioningConfig("Enabled"))
    kept = box.put_object("k", b"1").versionid
    box.put_bucket_versioning(oss2.models.BucketVersioningConfig("Suspended"))
    assert box.put_object("k", b"2").versionid == "null"
    assert box.put_object("k", b"3").versionid == "null"
    assert [v.versionid for v in box.list_object_versions().versions] == ["null", kept]
    box.append_object("log", 0, b"1")
    box.append_object("log", 1, b"2")
    assert [v.versionid for v in box.list_object_versions(prefix="log").versions] == ["null"]


def test_deleting_versions_in_a_batch(box: oss2.Bucket) -> None:
    box.put_bucket_versioning(oss2.models.BucketVersioningConfig("Enabled"))
    first = box.put_object("k", b"1").versionid
    second = box.put_object("k", b"2").versionid
    versions = oss2.models.BatchDeleteObjectVersionList()
    versions.append(oss2.models.BatchDeleteObjectVersion("k", first))
    answer = box.delete_object_versions(versions)
    assert [(v.key, v.versionid) for v in answer.delete_versions] == [("k", first)]
    assert [v.versionid for v in box.list_object_versions().versions] == [second]


def test_uploads_under_way_are_listed(box: oss2.Bucket) -> None:
    started = sorted(
        (key, box.init_multipart_upload(key).upload_id) for key in ("x/ä", "x/ä", "y", "z/1", "z/2")
    )
    found = [(each.key, each.upload_id) for each in oss2.MultipartUploadIterator(box, max_uploads=2)]
    assert sorted(found) == started
    rolled = box.list_multipart_uploads(delimiter="/")
    assert (rolled.prefix_list, [each.key for each in rolled.upload_list]) == (["x/", "z/"], ["y"])
    assert {each.key for each in box.list_multipart_uploads(prefix="z/").upload_list} == {"z/1", "z/2"}
