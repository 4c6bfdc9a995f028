"""Buckets and their settings over HTTP with the real OSS SDK."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import oss2
import pytest

from localcloud.accounts import open_account
from localcloud.server import LocalCloud
from tests import clients
from tests.clients import Keys

OTHER_ACCOUNT = "2000000000000002"


@pytest.fixture
def box(root: Keys) -> oss2.Bucket:
    bucket = clients.bucket(root, "box")
    bucket.create_bucket()
    return bucket


@pytest.fixture
def other(local: LocalCloud) -> Keys:
    """The root user of a second account."""
    key = local.call(lambda cloud: open_account(cloud.state, OTHER_ACCOUNT))
    return Keys(key.id, key.secret)


def service(keys: Keys, version: str = "v1") -> oss2.Service:
    auth = oss2.make_auth(keys.id, keys.secret, version)
    return oss2.Service(auth, "http://oss-cn-hangzhou.aliyuncs.com", region="cn-hangzhou")


def refused(call: Callable[[], Any]) -> tuple[int, str, str]:
    with pytest.raises(oss2.exceptions.ServerError) as error:
        call()
    return error.value.status, error.value.code, error.value.details.get("EC", "")


def test_a_bucket_tells_all_about_itself(root: Keys, box: oss2.Bucket, account: str) -> None:
    config = oss2.models.BucketCreateConfig("IA", oss2.BUCKET_DATA_REDUNDANCY_TYPE_ZRS)
    clients.bucket(root, "cold", "cn-beijing").create_bucket("public-read", config)
    info = clients.bucket(root, "cold", "cn-beijing").get_bucket_info()
    assert (info.name, info.storage_class, info.location) == ("cold", "IA", "oss-cn-beijing")
    assert info.extranet_endpoint == "oss-cn-beijing.aliyuncs.com"
    assert info.intranet_endpoint == "oss-cn-beijing-internal.aliyuncs.com"
    assert (info.owner.id, info.acl.grant, info.data_redundancy_type) == (account, "public-read", "ZRS")
    assert (info.versioning_status, info.bucket_encryption_rule.sse_algorithm) == (None, None)
    assert box.get_bucket_location().location == "oss-cn-hangzhou"
    assert [each.name for each in service(root).list_buckets().buckets] == ["box", "cold"]


def test_bucket_names_are_global_and_have_rules(root: Keys, other: Keys, box: oss2.Bucket) -> None:
    assert refused(clients.bucket(other, "box").create_bucket) == (
        409,
        "BucketAlreadyExists",
        "0015-00000102",
    )
    assert refused(clients.bucket(root, "box", "cn-beijing").create_bucket)[:2] == (
        409,
        "BucketAlreadyExists",
    )
    box.create_bucket("public-read")
    assert box.get_bucket_acl().acl == "public-read"
    for name in ("ab", "x" * 64, "-box", "box-", "Box", "bo_x"):
        with pytest.raises((oss2.exceptions.ServerError, oss2.exceptions.ClientError)):
            clients.bucket(root, name).create_bucket()
    assert refused(lambda: box._do("PUT", "b-", ""))[1:] == ("InvalidBucketName", "0015-00000001")


def test_only_an_empty_bucket_is_deleted(box: oss2.Bucket) -> None:
    box.put_object("k", b"")
    assert refused(box.delete_bucket)[:2] == (409, "BucketNotEmpty")
    box.delete_object("k")
    upload_id = box.init_multipart_upload("k").upload_id
    assert refused(box.delete_bucket)[:2] == (409, "BucketNotEmpty")
    box.abort_multipart_upload("k", upload_id)
    box.delete_bucket()
    assert refused(box.get_bucket_info) == (404, "NoSuchBucket", "0015-00000101")


def test_bucket_lists_have_pages(root: Keys) -> None:
    for number in range(5):
        clients.bucket(root, f"box-{number}").create_bucket()
    assert [each.name for each in oss2.BucketIterator(service(root), max_keys=2)] == [
        f"box-{n}" for n in range(5)
    ]
    assert [each.name for each in service(root).list_buckets(prefix="box-3").buckets] == ["box-3"]


@pytest.mark.parametrize("suffix", ["", "-internal"])
@pytest.mark.parametrize("version", ["v1", "v4"])
def test_another_regions_endpoint_names_the_right_one(root: Keys, suffix: str, version: str) -> None:
    clients.bucket(root, "north", "cn-beijing").create_bucket()
    auth = oss2.make_auth(root.id, root.secret, version)
    wrong = oss2.Bucket(auth, f"http://oss-cn-hangzhou{suffix}.aliyuncs.com", "north", region="cn-hangzhou")
    for call in (lambda: wrong.get_object("k"), lambda: wrong.put_object("k", b""), wrong.list_objects):
        with pytest.raises(oss2.exceptions.AccessDenied) as error:
            call()
        details = error.value.details
        assert details["Message"].startswith(
            "The bucket you are attempting to access must be addressed using"
        )
        assert (details["Bucket"], details["Endpoint"]) == ("north", "oss-cn-beijing.aliyuncs.com")
        assert details["EC"] == error.value.headers["x-oss-ec"] == "0003-00001403"
    assert wrong.bucket_name == "north"


def test_internal_and_dual_stack_endpoints_reach_the_bucket(root: Keys, box: oss2.Bucket) -> None:
    box.put_object("k", b"1")
    for host in ("oss-cn-hangzhou-internal", "cn-hangzhou.oss"):
        bucket = oss2.Bucket(oss2.Auth(root.id, root.secret), f"http://{host}.aliyuncs.com", "box")
        assert bucket.get_object("k").read() == b"1"


def test_the_clouds_own_address_reaches_every_region(local: LocalCloud, root: Keys) -> None:
    clients.bucket(root, "north", "cn-beijing").create_bucket()
    for version in ("v1", "v4"):
        auth = oss2.make_auth(root.id, root.secret, version)
        bucket = oss2.Bucket(auth, local.proxy, "north", region="cn-beijing")
        bucket.put_object("dir/ä b", b"1")
        assert bucket.get_object("dir/ä b").read() == b"1"
        assert bucket.get_bucket_location().location == "oss-cn-beijing"


def test_regions_are_described(root: Keys) -> None:
    regions = service(root).describe_regions().regions
    assert "oss-cn-hangzhou" in {each.region for each in regions}
    only = service(root).describe_regions("oss-cn-beijing").regions
    assert [each.internal_endpoint for each in only] == ["oss-cn-beijing-internal.aliyuncs.com"]
    assert refused(lambda: service(root).describe_regions("oss-atlantis"))[0] == 404


def test_a_bucket_policy_is_kept_as_written(box: oss2.Bucket, account: str) -> None:
    assert refused(box.get_bucket_policy) == (404, "NoSuchBucketPolicy", "0030-00000006")
    statement = {
        "Effect": "Deny",
        "Action": "oss:PutObject",
        "Principal": ["2"],
        "Resource": f"acs:oss:*:{account}:box/*",
    }
    text = json.dumps({"Version": "1", "Statement": [statement]}, indent=3)
    box.put_bucket_policy(text)
    assert box.get_bucket_policy().policy == text
    box.delete_bucket_policy()
    assert refused(box.get_bucket_policy)[1] == "NoSuchBucketPolicy"


TWO_STARS = """{"Version": "1", "Statement": [
    {"Effect": "Deny", "Action": "oss:*", "Principal": ["1"], "Resource": "acs:oss:*:1:box/**"}
]}"""


@pytest.mark.parametrize(
    ("text", "ec"),
    [
        ("{", "0030-00000005"),
        ('{"Version": "2", "Statement": []}', "0030-00000002"),
        (
            '{"Version": "1", "Statement": [{"Effect": "Deny", "Action": "oss:*", "Resource": "*"}]}',
            "0030-00000005",
        ),
        (TWO_STARS, "0030-00000007"),
        ('{"Version": "1", "Statement": []}' + " " * 16 * 1024, "0030-00000001"),
    ],
)
def test_a_bad_bucket_policy_is_refused(box: oss2.Bucket, text: str, ec: str) -> None:
    assert refused(lambda: box.put_bucket_policy(text)) == (400, "InvalidPolicyDocument", ec)
    assert refused(box.get_bucket_policy)[1] == "NoSuchBucketPolicy"


def test_encryption_of_a_bucket(box: oss2.Bucket) -> None:
    assert refused(box.get_bucket_encryption)[:2] == (404, "NoSuchServerSideEncryptionRule")
    rule = oss2.models.ServerSideEncryptionRule()
    rule.sse_algorithm, rule.kms_master_keyid = "KMS", "key-1"
    box.put_bucket_encryption(rule)
    assert (box.get_bucket_encryption().sse_algorithm, box.get_bucket_encryption().kms_master_keyid) == (
        "KMS",
        "key-1",
    )
    assert box.get_bucket_info().bucket_encryption_rule.kms_master_keyid == "key-1"
    answer = box.put_object("k", b"1")
    assert answer.headers["x-oss-server-side-encryption-key-id"] == "key-1"
    assert "x-oss-server-side-encryption-key-id" not in box.append_object("log", 0, b"1").headers
    assert (
        refused(
            lambda: box.append_object(
                "l",
                0,
                b"",
                headers={
                    "x-oss-server-side-encryption": "KMS",
                    "x-oss-server-side-encryption-key-id": "key-1",
                },
            )
        )[0]
        == 400
    )
    box.delete_bucket_encryption()
    rule.sse_algorithm = "DES"
    assert refused(lambda: box.put_bucket_encryption(rule))[1] == "InvalidEncryptionAlgorithmError"


def test_tags_logging_and_referer_of_a_bucket(root: Keys, box: oss2.Bucket) -> None:
    rule = oss2.models.TaggingRule()
    rule.add("team", "données")
    box.put_bucket_tagging(oss2.models.Tagging(rule))
    assert box.get_bucket_tagging().tag_set.tagging_rule == {"team": "données"}
    box.delete_bucket_tagging()
    assert box.get_bucket_tagging().tag_set.tagging_rule == {}
    assert (
        refused(lambda: box.put_bucket_logging(oss2.models.BucketLogging("nowhere", "x/")))[1]
        == "InvalidTargetBucketForLogging"
    )
    clients.bucket(root, "logs").create_bucket()
    box.put_bucket_logging(oss2.models.BucketLogging("logs", "x/"))
    assert (box.get_bucket_logging().target_bucket, box.get_bucket_logging().target_prefix) == ("logs", "x/")
    box.delete_bucket_logging()
    assert box.get_bucket_logging().target_bucket == ""
    box.put_bucket_referer(
        oss2.models.BucketReferer(False, ["http://a.example"], black_referers=["http://b.example"])
    )
    referer = box.get_bucket_referer()
    assert (referer.allow_empty_referer, referer.referers) == (False, ["http://a.example"])
    assert referer.black_referers == ["http://b.example"]


def test_bucket_statistics(box: oss2.Bucket) -> None:
    box.put_object("a", b"123")
    box.append_object("b", 0, b"4567")
    box.init_multipart_upload("c")
    stat = box.get_bucket_stat()
    assert (stat.object_count, stat.storage_size_in_bytes, stat.multi_part_upload_count) == (2, 7, 1)


def test_block_public_access_of_account_and_bucket(root: Keys, box: oss2.Bucket) -> None:
    assert service(root).get_public_access_block().block_public_access is False
    service(root).put_public_access_block(True)
    assert service(root).get_public_access_block().block_public_access is True
    assert box.get_bucket_public_access_block().block_public_access is False
    assert refused(lambda: box.put_bucket_acl("public-read"))[:2] == (403, "AccessDenied")
    service(root).delete_public_access_block()
    box.put_bucket_acl("public-read")
    box.put_bucket_public_access_block(True)
    with pytest.raises(oss2.exceptions.AccessDenied) as error:
        box.put_object("k", b"", headers={"x-oss-object-acl": "public-read"})
    assert error.value.details["Message"] == "Put public object acl is not allowed"
    box.delete_bucket_public_access_block()
    assert box.get_bucket_public_access_block().block_public_access is False


def test_whether_a_policy_is_public(root: Keys, box: oss2.Bucket, account: str) -> None:
    bucket = clients.bucket(root, "box", version="v4")

    def is_public() -> bool:
        return b"<IsPublic>true" in bucket._do("GET", "box", "", params={"policyStatus": ""}).read()

    def policy(principal: str) -> str:
        statement = {
            "Effect": "Allow",
            "Action": "oss:GetObject",
            "Principal": [principal],
            "Resource": f"acs:oss:*:{account}:box/*",
        }
        return json.dumps({"Version": "1", "Statement": [statement]})

    assert not is_public()
    box.put_bucket_policy(policy("277379621561570000"))
    assert not is_public()
    box.put_bucket_policy(policy("*"))
    assert is_public()
    box.put_bucket_public_access_block(True)
    with pytest.raises(oss2.exceptions.AccessDenied) as error:
        box.put_bucket_policy(policy("*"))
    assert error.value.details["Message"] == "Put public bucket policy is not allowed"


@pytest.mark.parametrize(
    "name", ["referer", "encryption", "versioning", "logging", "tagging", "publicAccessBlock"]
)
def test_malformed_settings_are_refused(box: oss2.Bucket, name: str) -> None:
    with pytest.raises(oss2.exceptions.MalformedXml):
        box._do("PUT", "box", "", params={name: ""}, data=b"<a")


def test_an_unknown_acl_is_refused(box: oss2.Bucket) -> None:
    with pytest.raises(oss2.exceptions.InvalidArgument) as error:
        box.put_bucket_acl("everybody")
    assert error.value.details["Message"] == "no such bucket access control exists"
