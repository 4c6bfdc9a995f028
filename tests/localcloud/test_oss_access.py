"""Who may do what in OSS, and how refusals look: policies of all kinds, ACLs, Block Public Access, KMS."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import oss2
import pytest
import requests

from localcloud.accounts import open_account
from localcloud.ram.state import ControlPolicy
from localcloud.server import LocalCloud
from tests import clients
from tests.clients import Keys
from tests.localcloud.oss_callers import (
    ACCOUNT,
    anonymous,
    document,
    error_of,
    session,
    statement,
    user,
    user_id,
)

OBJECTS = f"acs:oss:*:{ACCOUNT}:box/*"
BUCKET = f"acs:oss:*:{ACCOUNT}:box"
NO_TAGS = oss2.models.Tagging(oss2.models.TaggingRule())


@pytest.fixture
def box(root: Keys) -> oss2.Bucket:
    bucket = clients.bucket(root, "box")
    bucket.create_bucket()
    bucket.put_object("k", b"1")
    return bucket


def denied(call: Callable[[], Any]) -> dict[str, str]:
    with pytest.raises(oss2.exceptions.AccessDenied) as error:
        call()
    return error_of(error)


def test_a_user_without_a_policy_may_do_nothing(root: Keys, box: oss2.Bucket) -> None:
    mine = clients.bucket(user(root, "reader"), "box")
    get = denied(lambda: mine.get_object("k"))
    assert get["Message"] == "You have no right to access this object because of bucket acl."
    assert get["EC"] == get["header"] == "0003-00000001"
    assert get["RecommendDoc"] == "https://api.aliyun.com/troubleshoot?q=0003-00000001"
    info = denied(mine.get_bucket_info)
    assert (info["Message"], info["EC"]) == ("The bucket you access does not belong to you.", "0003-00000001")
    head = denied(lambda: mine.head_object("k"))
    assert head["EC"] == "0003-00000001"


def test_the_detail_names_action_principal_and_kind(root: Keys, box: oss2.Bucket) -> None:
    mine = clients.bucket(user(root, "reader"), "box")
    with pytest.raises(oss2.exceptions.AccessDenied) as error:
        mine.get_object("k")
    body = error.value.body.decode()
    uid = user_id(root, "reader")
    for element in (
        "<AuthAction>oss:GetObject</AuthAction>",
        "<AuthPrincipalType>SubUser</AuthPrincipalType>",
        f"<AuthPrincipalDisplayName>{uid}</AuthPrincipalDisplayName>",
        f"<AuthPrincipalOwnerId>{ACCOUNT}</AuthPrincipalOwnerId>",
        "<NoPermissionType>ImplicitDeny</NoPermissionType>",
        "<PolicyType>AccountLevelIdentityBasedPolicy</PolicyType>",
        "<EncodedDiagnosticMessage>",
    ):
        assert element in body


def test_the_bare_bucket_is_no_grant_for_its_objects(root: Keys, box: oss2.Bucket) -> None:
    mine = clients.bucket(user(root, "reader", statement("Allow", "oss:*", BUCKET)), "box")
    assert mine.list_objects().object_list
    assert denied(lambda: mine.get_object("k"))["EC"] == "0003-00000001"
    other = clients.bucket(user(root, "writer", statement("Allow", "oss:*", OBJECTS)), "box")
    assert other.get_object("k").read() == b"1"
    listed = denied(other.list_objects)
    assert (listed["Message"], listed["EC"]) == (
        "The bucket you access does not belong to you.",
        "0003-00000001",
    )


@pytest.mark.parametrize(
    ("action", "resource", "call"),
    [
        ("oss:ListObjects", BUCKET, lambda b: b.list_objects()),
        ("oss:ListObjects", BUCKET, lambda b: b.list_objects_v2()),
        ("oss:ListObjectVersions", BUCKET, lambda b: b.list_object_versions()),
        ("oss:GetBucketAcl", BUCKET, lambda b: b.get_bucket_acl()),
        ("oss:GetBucketInfo", BUCKET, lambda b: b.get_bucket_info()),
        ("oss:PutBucketTagging", BUCKET, lambda b: b.put_bucket_tagging(NO_TAGS)),
        ("oss:GetBucketReferer", BUCKET, lambda b: b.get_bucket_referer()),
        ("oss:GetBucketPublicAccessBlock", BUCKET, lambda b: b.get_bucket_public_access_block()),
        ("oss:GetObject", OBJECTS, lambda b: b.get_object("k")),
        ("oss:GetObject", OBJECTS, lambda b: b.head_object("k")),
        ("oss:GetObject", OBJECTS, lambda b: b.get_object_meta("k")),
        ("oss:PutObject", OBJECTS, lambda b: b.append_object("log", 0, b"")),
        ("oss:PutObject", OBJECTS, lambda b: b.init_multipart_upload("m")),
        ("oss:DeleteObject", OBJECTS, lambda b: b.delete_object("k")),
        ("oss:PutObjectAcl", OBJECTS, lambda b: b.put_object_acl("k", "private")),
    ],
)  # fmt: skip
def test_each_operation_asks_for_its_own_action(
    root: Keys, box: oss2.Bucket, action: str, resource: str, call: Callable[[oss2.Bucket], Any]
) -> None:
    call(clients.bucket(user(root, "just", statement("Allow", action, resource)), "box"))
    never = user(root, "never", statement("Allow", "oss:*", "*"), statement("Deny", action, resource))
    assert denied(lambda: call(clients.bucket(never, "box")))["EC"] == "0003-00000201"


def test_copy_takes_the_right_on_both_ends(root: Keys, box: oss2.Bucket) -> None:
    reads = statement("Allow", "oss:GetObject", OBJECTS)
    writes = statement("Allow", "oss:PutObject", OBJECTS)
    reader = clients.bucket(user(root, "reader", reads), "box")
    assert denied(lambda: reader.copy_object("box", "k", "copy"))["EC"] == "0003-00000001"
    writer = clients.bucket(user(root, "writer", writes), "box")
    assert denied(lambda: writer.copy_object("box", "k", "copy"))["EC"] == "0003-00000001"
    clients.bucket(user(root, "both", reads, writes), "box").copy_object("box", "k", "copy")


def test_tags_in_a_put_take_a_right_of_their_own(root: Keys, box: oss2.Bucket) -> None:
    mine = clients.bucket(user(root, "writer", statement("Allow", "oss:PutObject", OBJECTS)), "box")
    mine.put_object("plain", b"")
    tagged = denied(lambda: mine.put_object("tagged", b"", headers={"x-oss-tagging": "a=1"}))
    assert (tagged["EC"], tagged["Message"]) == (
        "0003-00000905",
        "The bucket you access does not belong to you.",
    )


def test_versions_take_rights_of_their_own(root: Keys, box: oss2.Bucket) -> None:
    box.put_bucket_versioning(oss2.models.BucketVersioningConfig("Enabled"))
    version = box.put_object("k", b"2").versionid
    reader = clients.bucket(user(root, "reader", statement("Allow", "oss:GetObject", OBJECTS)), "box")
    denied(lambda: reader.get_object("k", params={"versionId": version}))
    both = statement("Allow", ["oss:GetObject", "oss:GetObjectVersion"], OBJECTS)
    assert (
        clients.bucket(user(root, "both", both), "box").get_object("k", params={"versionId": version}).read()
        == b"2"
    )


def test_prefix_and_delimiter_are_conditions_of_a_listing(root: Keys, box: oss2.Bucket) -> None:
    condition = {"StringLike": {"oss:Prefix": ["", "home/*"]}, "StringEquals": {"oss:Delimiter": "/"}}
    mine = clients.bucket(
        user(root, "lister", statement("Allow", "oss:ListObjects", BUCKET, Condition=condition)), "box"
    )
    mine.list_objects(delimiter="/")
    mine.list_objects_v2(prefix="home/x", delimiter="/")
    denied(lambda: mine.list_objects(prefix="other/", delimiter="/"))
    denied(lambda: mine.list_objects(prefix="home/x"))


def test_a_ram_deny_carries_the_bucket_policys_words(root: Keys, box: oss2.Bucket) -> None:
    mine = clients.bucket(
        user(
            root, "never", statement("Allow", "oss:*", "*"), statement("Deny", "oss:PutBucketReferer", BUCKET)
        ),
        "box",
    )
    refused = denied(lambda: mine.put_bucket_referer(oss2.models.BucketReferer(True, [])))
    assert (refused["Message"], refused["EC"]) == ("Access denied by bucket policy.", "0003-00000201")


def bucket_policy(*statements: dict[str, Any]) -> str:
    return json.dumps(document(*statements))


def test_a_bucket_policy_denies(root: Keys, box: oss2.Bucket) -> None:
    mine = clients.bucket(user(root, "reader", statement("Allow", "oss:*", "*")), "box")
    uid = user_id(root, "reader")
    box.put_bucket_policy(bucket_policy(statement("Deny", "oss:GetObject", OBJECTS, Principal=[uid])))
    refused = denied(lambda: mine.get_object("k"))
    assert (refused["Message"], refused["EC"]) == ("Access denied by bucket policy.", "0003-00000101")
    mine.put_object("k", b"2")
    assert box.get_object("k").read() == b"2"


def test_both_deny(root: Keys, box: oss2.Bucket) -> None:
    mine = clients.bucket(user(root, "never", statement("Deny", "oss:GetObject", OBJECTS)), "box")
    uid = user_id(root, "never")
    box.put_bucket_policy(bucket_policy(statement("Deny", "oss:GetObject", OBJECTS, Principal=[uid])))
    assert denied(lambda: mine.get_object("k"))["EC"] == "0003-00000203"


def test_a_condition_on_everybody_reaches_the_owner_too(root: Keys, box: oss2.Bucket) -> None:
    condition = {"StringNotEquals": {"acs:SourceVpc": ["vpc-1"]}}
    box.put_bucket_policy(
        bucket_policy(statement("Deny", "oss:GetObject", OBJECTS, Principal=["*"], Condition=condition))
    )
    assert denied(lambda: box.get_object("k"))["EC"] == "0003-00000101"
    assert box.get_object("k", headers={"x-localcloud-vpc": "vpc-1"}).read() == b"1"


def test_another_accounts_user_needs_the_bucket_policy(
    local: LocalCloud, root: Keys, box: oss2.Bucket
) -> None:
    key = local.call(lambda cloud: open_account(cloud.state, "2000000000000002"))
    stranger = user(Keys(key.id, key.secret), "stranger", statement("Allow", "oss:*", "*"))
    theirs = clients.bucket(stranger, "box")
    assert denied(lambda: theirs.get_object("k"))["EC"] == "0003-00000001"
    uid = user_id(Keys(key.id, key.secret), "stranger")
    box.put_bucket_policy(bucket_policy(statement("Allow", "oss:GetObject", OBJECTS, Principal=[uid])))
    assert theirs.get_object("k").read() == b"1"
    denied(theirs.list_objects)


@pytest.mark.parametrize("version", ["v1", "v4"])
def test_a_role_session_has_its_roles_rights(root: Keys, box: oss2.Bucket, version: str) -> None:
    keys = session(root, "EmrRole", statement("Allow", "oss:GetObject", OBJECTS))
    mine = clients.bucket(keys, "box", version=version)
    assert mine.get_object("k").read() == b"1"
    with pytest.raises(oss2.exceptions.AccessDenied) as error:
        mine.put_object("k", b"")
    body = error.value.body.decode()
    assert "<AuthPrincipalType>AssumedRoleUser</AuthPrincipalType>" in body
    assert "<AuthPrincipalDisplayName>EmrRole:job-1</AuthPrincipalDisplayName>" in body


def test_a_session_policy_narrows(root: Keys, box: oss2.Bucket) -> None:
    narrow = document(statement("Allow", "oss:PutObject", "*"))
    mine = clients.bucket(session(root, "r", statement("Allow", "oss:*", "*"), policy=narrow), "box")
    mine.put_object("x", b"")
    refused = denied(lambda: mine.get_object("k"))
    assert (refused["Message"], refused["EC"]) == ("Access denied by authorizer's policy.", "0003-00000301")


def test_a_session_in_the_bucket_policy(root: Keys, box: oss2.Bucket) -> None:
    mine = clients.bucket(session(root, "EmrRole"), "box")
    denied(lambda: mine.get_object("k"))
    principal = [f"arn:sts::{ACCOUNT}:assumed-role/emrrole/*"]
    box.put_bucket_policy(bucket_policy(statement("Allow", "oss:GetObject", OBJECTS, Principal=principal)))
    assert mine.get_object("k").read() == b"1"


def test_a_control_policy_denies_users_but_not_the_root(
    local: LocalCloud, root: Keys, box: oss2.Bucket
) -> None:
    mine = clients.bucket(user(root, "reader", statement("Allow", "oss:*", "*")), "box")

    def bind(cloud: Any) -> None:
        rules = document(statement("Allow", "*", "*"), statement("Deny", "oss:GetObject", "*"))
        cloud.state.accounts[ACCOUNT].ram.control_policies.append(
            ControlPolicy(name="no-reads", document=rules)
        )

    local.call(bind)
    with pytest.raises(oss2.exceptions.AccessDenied) as error:
        mine.get_object("k")
    assert "<PolicyType>ControlPolicy</PolicyType>" in error.value.body.decode()
    assert box.get_object("k").read() == b"1"


@pytest.mark.parametrize(
    ("acl", "reads", "writes"),
    [("private", False, False), ("public-read", True, False), ("public-read-write", True, True)],
)
def test_acls_open_objects_to_everybody(box: oss2.Bucket, acl: str, reads: bool, writes: bool) -> None:
    box.put_bucket_acl(acl)
    stranger = anonymous("box")
    calls: tuple[tuple[bool, Callable[[], Any]], ...] = (
        (reads, lambda: stranger.get_object("k")),
        (writes, lambda: stranger.put_object("n", b"")),
    )
    for allowed, call in calls:
        if allowed:
            call()
        else:
            assert denied(call)["EC"] == "0003-00000001"
    listed = denied(stranger.list_objects)
    assert (listed["Message"], listed["EC"]) == (
        "Anonymous user has no right to access this bucket.",
        "0003-00000002",
    )


def test_an_objects_own_acl_comes_first(box: oss2.Bucket) -> None:
    box.put_bucket_acl("public-read")
    box.put_object_acl("k", "private")
    refused = denied(lambda: anonymous("box").get_object("k"))
    assert (refused["Message"], refused["EC"]) == (
        "You have no right to access this object.",
        "0003-00000005",
    )
    box.put_bucket_acl("private")
    box.put_object_acl("k", "public-read")
    assert anonymous("box").get_object("k").read() == b"1"


def test_block_public_access_voids_acls_and_public_statements(box: oss2.Bucket) -> None:
    box.put_bucket_acl("public-read")
    box.put_bucket_policy(bucket_policy(statement("Allow", "oss:ListObjects", BUCKET, Principal=["*"])))
    assert anonymous("box").get_object("k").read() == b"1"
    assert anonymous("box").list_objects().object_list
    box.put_bucket_public_access_block(True)
    denied(lambda: anonymous("box").get_object("k"))
    denied(anonymous("box").list_objects)


def test_service_calls_need_a_caller_with_the_right(root: Keys, box: oss2.Bucket) -> None:
    endpoint = "http://oss-cn-hangzhou.aliyuncs.com"
    nobody = denied(oss2.Service(oss2.AnonymousAuth(), endpoint).list_buckets)
    assert (nobody["Message"], nobody["EC"]) == (
        "Anonymous access is forbidden for this operation.",
        "0003-00001201",
    )
    keys = user(root, "reader")
    assert (
        denied(oss2.Service(oss2.Auth(keys.id, keys.secret), endpoint).list_buckets)["EC"] == "0003-00000202"
    )
    assert denied(clients.bucket(keys, "fresh-box").create_bucket)["EC"] == "0003-00000202"
    lister = user(root, "lister", statement("Allow", "oss:ListBuckets", f"acs:oss:*:{ACCOUNT}:*"))
    assert [
        b.name for b in oss2.Service(oss2.Auth(lister.id, lister.secret), endpoint).list_buckets().buckets
    ] == ["box"]


def test_sse_kms_takes_rights_on_the_key(root: Keys, box: oss2.Bucket) -> None:
    key = f"acs:kms:cn-hangzhou:{ACCOUNT}:key/key-1"
    kms = {"x-oss-server-side-encryption": "KMS", "x-oss-server-side-encryption-key-id": "key-1"}
    oss_rights = statement("Allow", "oss:*", "*")
    without = clients.bucket(user(root, "without", oss_rights), "box")
    refused = denied(lambda: without.put_object("secret", b"1", headers=kms))
    assert refused["Message"] == "This request is forbidden by kms"
    assert refused["EC"].startswith("0005-")
    writer = user(root, "writer", oss_rights, statement("Allow", ["kms:GenerateDataKey", "kms:Decrypt"], key))
    clients.bucket(writer, "box").put_object("secret", b"1", headers=kms)
    assert denied(lambda: without.get_object("secret"))["Message"] == "This request is forbidden by kms"
    without.head_object("secret")
    without.put_object("managed", b"1", headers={"x-oss-server-side-encryption": "KMS"})
    reader = user(root, "decrypts", oss_rights, statement("Allow", "kms:Decrypt", key))
    assert clients.bucket(reader, "box").get_object("secret").read() == b"1"


def test_hotlink_protection_looks_at_presigned_urls_only(box: oss2.Bucket) -> None:
    box.put_bucket_referer(
        oss2.models.BucketReferer(False, ["http://*.example.com"], black_referers=["http://bad.example.com"])
    )
    assert box.get_object("k").read() == b"1"
    url = box.sign_url("GET", "k", 60)
    for referer, ec in (
        ("", "0003-00000501"),
        ("http://bad.example.com/x", "0003-00000502"),
        ("http://else.org/", "0003-00000503"),
    ):
        answer = requests.get(url, headers={"Referer": referer} if referer else {}, timeout=5)
        assert (answer.status_code, answer.headers["x-oss-ec"]) == (403, ec)
        assert "You are denied by bucket referer policy." in answer.text
    assert requests.get(url, headers={"Referer": "http://a.example.com/page?x"}, timeout=5).text == "1"


def test_a_batch_is_refused_as_a_whole(root: Keys, box: oss2.Bucket) -> None:
    box.put_object("keep", b"")
    deny = statement("Deny", "oss:DeleteObject", f"acs:oss:*:{ACCOUNT}:box/keep")
    mine = clients.bucket(user(root, "cleaner", statement("Allow", "oss:*", "*"), deny), "box")
    assert denied(lambda: mine.batch_delete_objects(["k", "keep"]))["EC"] == "0003-00000204"
    assert box.object_exists("k")
