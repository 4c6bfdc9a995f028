"""OSS over HTTP: buckets as a diagnosis needs them, and the object store that the ledger relies on."""

from __future__ import annotations

import json
from typing import Any

import oss2
import pytest

from localcloud.server import LocalCloud
from rolemend.account.interface import Absent, Bucket, Encryption, Known, Reading, Unread
from rolemend.account.oss import Oss, OssStore
from rolemend.errors import AccountError, Conflict, NotThere, Refused, UnknownIncident, Unreachable
from rolemend.incident.journal import read_journal
from rolemend.incident.ledger import Ledger
from tests import clients
from tests.account.entry import PASSING, REGION, access, fault
from tests.clients import Keys
from tests.incident.test_ledger import ID, KEY, counted, opening
from tests.localcloud.identities import allow, make_user
from tests.samples import ACCOUNT

POLICY = {
    "Version": "1",
    "Statement": [
        {
            "Effect": "Deny",
            "Action": ["oss:GetObject"],
            "Principal": ["200000000000000001"],
            "Resource": [f"acs:oss:*:{ACCOUNT}:data/*"],
        }
    ],
}


@pytest.fixture
def made(root: Keys) -> oss2.Bucket:
    """The bucket `data`, as its owner sees it."""
    bucket = clients.bucket(root, "data")
    bucket.create_bucket()
    return bucket


@pytest.fixture
def oss(root: Keys) -> Oss:
    return Oss(access(root))


@pytest.fixture
def store(root: Keys, made: oss2.Bucket) -> OssStore:
    return OssStore(access(root), "data", REGION)


def test_a_bucket_is_read_with_its_owner_and_region(oss: Oss, made: oss2.Bucket) -> None:
    assert oss.bucket("data", REGION) == Known(
        Bucket(name="data", region=REGION, acl="private", owner=ACCOUNT)
    )


def test_a_bucket_policy_is_read_as_it_stands(oss: Oss, made: oss2.Bucket) -> None:
    made.put_bucket_policy(json.dumps(POLICY))
    read = oss.bucket_policy("data", REGION)
    assert isinstance(read, Known)
    assert json.loads(read.value) == POLICY


def test_a_bucket_without_a_policy_has_none(oss: Oss, made: oss2.Bucket) -> None:
    assert isinstance(oss.bucket_policy("data", REGION), Absent)


def test_a_bucket_that_is_not_there_is_absent_but_says_nothing_of_its_policy(oss: Oss) -> None:
    assert isinstance(oss.bucket("data", REGION), Absent)
    policy = oss.bucket_policy("data", REGION)
    assert isinstance(policy, Unread)
    assert "NoSuchBucket" in policy.reason


def test_the_default_encryption_is_read_with_its_key(oss: Oss, made: oss2.Bucket) -> None:
    assert isinstance(oss.bucket_encryption("data", REGION), Absent)
    made.put_bucket_encryption(oss2.models.ServerSideEncryptionRule("KMS", "key-1"))
    assert oss.bucket_encryption("data", REGION) == Known(Encryption(algorithm="KMS", key="key-1"))
    made.put_bucket_encryption(oss2.models.ServerSideEncryptionRule("AES256"))
    assert oss.bucket_encryption("data", REGION) == Known(Encryption(algorithm="AES256"))


def test_block_public_access_is_read_on_both_levels(oss: Oss, root: Keys, made: oss2.Bucket) -> None:
    assert oss.public_access_blocked("data", REGION) == Known(False)
    made.put_bucket_public_access_block(True)
    assert oss.public_access_blocked("data", REGION) == Known(True)
    made.delete_bucket_public_access_block()
    service = oss2.Service(oss2.make_auth(root.id, root.secret, "v1"), f"http://oss-{REGION}.aliyuncs.com")
    service.put_public_access_block(True)
    assert oss.public_access_blocked("data", REGION) == Known(True)


@pytest.mark.parametrize("level", ["oss:GetBucketPublicAccessBlock", "oss:GetPublicAccessBlock"])
def test_a_level_that_may_not_be_read_is_no_switch_that_is_off(
    root: Keys, made: oss2.Bucket, level: str
) -> None:
    keys = make_user(clients.ram(root), "ana", allow([level]))
    assert isinstance(Oss(access(keys)).public_access_blocked("data", REGION), Unread)


def test_a_bucket_that_is_not_there_says_nothing_of_its_settings(oss: Oss) -> None:
    assert isinstance(oss.bucket_encryption("data", REGION), Unread)


def both(oss: Oss, name: str = "data", region: str = REGION) -> list[Reading[Any]]:
    return [oss.bucket(name, region), oss.bucket_policy(name, region)]


def test_a_refused_read_is_unread_and_never_absent(root: Keys, made: oss2.Bucket) -> None:
    stranger = Oss(access(make_user(clients.ram(root), "ana", allow("ram:*"))))
    for answer in both(stranger):
        assert isinstance(answer, Unread)
        assert not answer.transient
        assert "AccessDenied" in answer.reason


def test_a_bucket_asked_for_in_another_region_is_unread_and_never_absent(oss: Oss, made: oss2.Bucket) -> None:
    for answer in both(oss, region="cn-beijing"):
        assert isinstance(answer, Unread)


@pytest.mark.parametrize("name", ["My_Bucket", "", "a/b", "x" * 64, "data\n", "..", "data?acl"])
def test_a_name_that_is_no_bucket_s_is_unread_and_no_crash(oss: Oss, name: str) -> None:
    for answer in both(oss, name):
        assert isinstance(answer, Unread)
        assert not answer.transient


@pytest.mark.parametrize(
    "region", ["", "evil.com/", "cn-hangzhou.evil.com#", "cn-hangzhou@evil.com", "x", "cn hangzhou", "CN-X\n"]
)
def test_a_region_that_is_none_is_no_host_to_send_credentials_to(
    oss: Oss, made: oss2.Bucket, monkeypatch: pytest.MonkeyPatch, region: str
) -> None:
    sent: list[object] = []
    monkeypatch.setattr(oss2.http.Session, "do_request", lambda *values: sent.append(values))
    for answer in both(oss, region=region):
        assert isinstance(answer, Unread)
    assert sent == []


@pytest.mark.parametrize("how", PASSING)
def test_a_passing_fault_is_got_over(
    oss: Oss, made: oss2.Bucket, local: LocalCloud, how: dict[str, Any]
) -> None:
    fault(local, "oss", "GetBucketInfo", times=2, **how)
    assert isinstance(oss.bucket("data", REGION), Known)


@pytest.mark.parametrize("how", PASSING)
def test_a_fault_that_does_not_pass_is_unread_for_now(
    oss: Oss, made: oss2.Bucket, local: LocalCloud, how: dict[str, Any]
) -> None:
    hit = fault(local, "oss", "GetBucketPolicy", times=None, **how)
    answer = oss.bucket_policy("data", REGION)
    assert isinstance(answer, Unread)
    assert answer.transient
    assert hit.hits >= 4


def test_an_object_is_put_read_and_deleted_any_number_of_times(store: OssStore) -> None:
    for _ in range(2):
        store.put("open/inc-1", b"text")
        assert store.read("open/inc-1") == b"text"
    for _ in range(2):
        store.delete("open/inc-1")
        with pytest.raises(NotThere):
            store.read("open/inc-1")


def test_lines_are_added_by_several_writers_wherever_the_object_ends(root: Keys, store: OssStore) -> None:
    other = OssStore(access(root), "data", REGION)
    for number, writer in enumerate((store, other, store, store, other)):
        writer.add("index/day.jsonl", f"{number}\n".encode())
    assert store.read("index/day.jsonl") == b"0\n1\n2\n3\n4\n"


@pytest.mark.parametrize("fault_", PASSING)
def test_a_line_is_added_in_spite_of_a_passing_fault(local: LocalCloud, store: OssStore, fault_: Any) -> None:
    fault(local, "oss", "AppendObject", **fault_)
    store.add("index/day.jsonl", b"0\n")
    assert set(store.read("index/day.jsonl").splitlines()) == {b"0"}


def test_tags_are_read_and_a_refused_read_is_no_empty_mapping(
    local: LocalCloud, root: Keys, made: oss2.Bucket
) -> None:
    from oss2.models import Tagging

    assert Oss(access(root)).bucket_tags("data", REGION) == Known({})
    tagging = Tagging()
    tagging.tag_set.add("owner", "data platform")
    made.put_bucket_tagging(tagging)
    assert Oss(access(root)).bucket_tags("data", REGION) == Known({"owner": "data platform"})
    nobody = make_user(clients.ram(root), "nobody")
    assert isinstance(Oss(access(nobody)).bucket_tags("data", REGION), Unread)


def test_an_append_goes_to_the_end_and_nowhere_else(store: OssStore) -> None:
    store.append("journal", 0, b"one")
    store.append("journal", 3, b"two")
    for position in (0, 3, 7):
        with pytest.raises(Conflict):
            store.append("journal", position, b"three")
    assert store.read("journal") == b"onetwo"


def test_an_object_that_cannot_be_appended_to_is_a_conflict(store: OssStore) -> None:
    store.put("journal", b"text")
    with pytest.raises(Conflict):
        store.append("journal", 4, b"more")


def test_all_keys_of_a_prefix_are_listed_over_all_pages(
    store: OssStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    listing = oss2.Bucket.list_objects_v2
    monkeypatch.setattr(
        oss2.Bucket, "list_objects_v2", lambda self, **named: listing(self, **(named | {"max_keys": 50}))
    )
    for number in range(120):
        store.put(f"open/inc-{number:03}", b"")
    store.put("other", b"")
    assert list(store.keys("open/")) == [f"open/inc-{number:03}" for number in range(120)]
    assert list(store.keys("none/")) == []


def test_a_lost_answer_to_an_append_is_unreachable_and_not_repeated(
    store: OssStore, local: LocalCloud
) -> None:
    hit = fault(local, "oss", "AppendObject", kind="reset", when="after", times=None)
    with pytest.raises(Unreachable):
        store.append("journal", 0, b"one")
    assert hit.hits == 1
    assert store.read("journal") == b"one"


def test_the_ledger_finds_its_entry_after_a_lost_answer(store: OssStore, local: LocalCloud) -> None:
    ledger = Ledger(store, "test")
    ledger.extend(ID, lambda known: opening())
    fault(local, "oss", "AppendObject", kind="reset", when="after")
    assert ledger.extend(ID, lambda known: [counted("again")]).count == 2
    assert len(read_journal(store.read(KEY)).entries) == 3


def test_two_writers_of_one_journal_lose_nothing(root: Keys, store: OssStore) -> None:
    one, other = Ledger(store, "one"), Ledger(OssStore(access(root), "data", REGION), "other")
    one.extend(ID, lambda known: opening())
    done = False

    def slowly(known: Any) -> list[Any]:
        nonlocal done
        if not done:
            done = True
            other.extend(ID, lambda again: [counted("theirs")])
        return [counted("mine")]

    assert one.extend(ID, slowly).signals == {"request-1", "theirs", "mine"}


@pytest.mark.parametrize("how", [{"kind": "throttle"}, {"status": 500}, {"kind": "reset"}])
def test_a_ledger_that_cannot_be_read_is_no_empty_one(
    store: OssStore, local: LocalCloud, how: dict[str, Any]
) -> None:
    ledger = Ledger(store, "test")
    ledger.extend(ID, lambda known: opening())
    fault(local, "oss", "GetObject", times=None, **how)
    with pytest.raises(Unreachable):
        ledger.load(ID)


def test_a_ledger_that_may_not_be_read_is_no_empty_one(root: Keys, store: OssStore) -> None:
    Ledger(store, "test").extend(ID, lambda known: opening())
    keys = make_user(clients.ram(root), "ana", allow("ram:*"))
    with pytest.raises(Refused):
        Ledger(OssStore(access(keys), "data", REGION), "test").load(ID)


def test_an_incident_that_is_not_in_the_ledger_is_unknown(store: OssStore) -> None:
    with pytest.raises(UnknownIncident):
        Ledger(store, "test").load(ID)


def test_every_refusal_says_which_operation(root: Keys, store: OssStore) -> None:
    keys = make_user(clients.ram(root), "ana", allow("ram:*"))
    stranger = OssStore(access(keys), "data", REGION)
    for call, operation in (
        (lambda: stranger.put("k", b""), "PutObject"),
        (lambda: stranger.append("k", 0, b"x"), "AppendObject"),
        (lambda: stranger.delete("k"), "DeleteObject"),
        (lambda: list(stranger.keys("")), "ListObjectsV2"),
    ):
        with pytest.raises(AccountError) as caught:
            call()
        assert (caught.value.operation, caught.value.code) == (operation, "AccessDenied")
        assert isinstance(caught.value, Refused)
