"""Multipart uploads over HTTP with the real OSS SDK."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import oss2
import pytest
from oss2.models import PartInfo

from tests import clients
from tests.clients import Keys

BIG = b"x" * (100 * 1024)


@pytest.fixture
def box(root: Keys) -> oss2.Bucket:
    bucket = clients.bucket(root, "box")
    bucket.create_bucket()
    return bucket


def upload(box: oss2.Bucket, key: str, *bodies: bytes) -> tuple[str, list[PartInfo]]:
    upload_id = box.init_multipart_upload(key, headers={"x-oss-meta-a": "1"}).upload_id
    parts = []
    for number, body in enumerate(bodies, 1):
        answer = box.upload_part(key, upload_id, number, body)
        parts.append(PartInfo(number, answer.etag, size=len(body), part_crc=answer.crc))
    return upload_id, parts


@pytest.mark.parametrize("version", ["v1", "v4"])
def test_parts_become_one_object(root: Keys, box: oss2.Bucket, version: str) -> None:
    bucket = clients.bucket(root, "box", version=version)
    upload_id, parts = upload(bucket, "dir/ä b", BIG, b"end")
    done = bucket.complete_multipart_upload("dir/ä b", upload_id, parts)
    assert done.etag.endswith("-2")
    assert bucket.get_object("dir/ä b").read() == BIG + b"end"
    head = bucket.head_object("dir/ä b")
    assert (head.object_type, head.headers["x-oss-meta-a"]) == ("Multipart", "1")
    with pytest.raises(oss2.exceptions.NoSuchUpload):
        bucket.complete_multipart_upload("dir/ä b", upload_id, parts)


def test_the_sdk_uploads_large_files_in_parts(box: oss2.Bucket, tmp_path: Path) -> None:
    path = tmp_path / "large"
    path.write_bytes(BIG * 3 + b"rest")
    oss2.resumable_upload(box, "large", str(path), multipart_threshold=1, part_size=len(BIG), num_threads=2)
    assert box.get_object("large").read() == path.read_bytes()


def test_parts_are_listed_page_by_page(box: oss2.Bucket) -> None:
    upload_id, parts = upload(box, "k", b"1", b"22", b"333")
    page = box.list_parts("k", upload_id, max_parts=2)
    assert [(part.part_number, part.size, part.etag) for part in page.parts] == [
        (1, 1, parts[0].etag),
        (2, 2, parts[1].etag),
    ]
    assert page.is_truncated
    rest = box.list_parts("k", upload_id, marker=page.next_marker)
    assert [part.part_number for part in rest.parts] == [3]


def test_a_part_is_copied_from_an_object(box: oss2.Bucket) -> None:
    box.put_object("source", BIG + b"0123456789")
    upload_id = box.init_multipart_upload("k").upload_id
    first = box.upload_part_copy("box", "source", (0, len(BIG) - 1), "k", upload_id, 1)
    second = box.upload_part_copy("box", "source", (len(BIG) + 2, len(BIG) + 4), "k", upload_id, 2)
    box.complete_multipart_upload("k", upload_id, [PartInfo(1, first.etag), PartInfo(2, second.etag)])
    assert box.get_object("k").read() == BIG + b"234"


def test_completion_checks_the_parts(box: oss2.Bucket) -> None:
    upload_id, parts = upload(box, "k", b"small", b"end")
    for chosen, code in (
        (parts, "EntityTooSmall"),
        ([PartInfo(1, "0" * 32)], "InvalidPart"),
        ([PartInfo(9, parts[0].etag)], "InvalidPart"),
    ):
        with pytest.raises(oss2.exceptions.ServerError) as error:
            box.complete_multipart_upload("k", upload_id, chosen)
        assert (error.value.status, error.value.code) == (400, code)
    assert not box.object_exists("k")


def test_part_numbers_have_bounds(box: oss2.Bucket) -> None:
    upload_id = box.init_multipart_upload("k").upload_id
    for number in (0, 10_001):
        with pytest.raises(oss2.exceptions.InvalidArgument):
            box.upload_part("k", upload_id, number, b"")


def test_an_aborted_upload_is_gone(box: oss2.Bucket) -> None:
    upload_id, _ = upload(box, "k", b"1")
    box.abort_multipart_upload("k", upload_id)
    calls: tuple[Callable[[], Any], ...] = (
        lambda: box.abort_multipart_upload("k", upload_id),
        lambda: box.upload_part("k", upload_id, 2, b""),
        lambda: box.list_parts("k", upload_id),
    )
    for call in calls:
        with pytest.raises(oss2.exceptions.NoSuchUpload) as error:
            call()
        assert error.value.details["EC"] == "0017-00000244"


def test_forbid_overwrite_holds_at_completion(box: oss2.Bucket) -> None:
    upload_id, parts = upload(box, "k", b"1")
    box.put_object("k", b"first")
    with pytest.raises(oss2.exceptions.ServerError) as error:
        box.complete_multipart_upload("k", upload_id, parts, headers={"x-oss-forbid-overwrite": "true"})
    assert error.value.code == "FileAlreadyExists"
    assert box.get_object("k").read() == b"first"
