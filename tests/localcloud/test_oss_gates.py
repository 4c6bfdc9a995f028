"""What OSS refuses before it looks at rights: suspended accounts, requester pays, VPC endpoint policies."""

from __future__ import annotations

import json

import oss2
import pytest

from localcloud.accounts import open_account
from localcloud.server import LocalCloud
from tests import clients
from tests.clients import Keys

OTHER = "2000000000000002"
VPC = {"x-localcloud-vpc": "vpc-1"}


@pytest.fixture
def box(root: Keys) -> oss2.Bucket:
    bucket = clients.bucket(root, "box")
    bucket.create_bucket()
    bucket.put_object("a", b"1")
    return bucket


@pytest.fixture
def stranger(local: LocalCloud, box: oss2.Bucket, account: str) -> oss2.Bucket:
    """The bucket as another account's root user sees it, whom the bucket policy lets in."""
    statement = {
        "Effect": "Allow",
        "Action": ["oss:GetObject"],
        "Principal": [OTHER],
        "Resource": [f"acs:oss:*:{account}:box/*"],
    }
    box.put_bucket_policy(json.dumps({"Version": "1", "Statement": [statement]}))
    key = local.call(lambda cloud: open_account(cloud.state, OTHER))
    return clients.bucket(Keys(key.id, key.secret), "box")


def refused(call: object) -> tuple[int, str, str]:
    with pytest.raises(oss2.exceptions.ServerError) as caught:
        call()  # type: ignore[operator]
    return caught.value.status, caught.value.code, caught.value.details.get("EC", "")


def test_a_suspended_account_s_buckets_answer_nobody(
    local: LocalCloud, box: oss2.Bucket, account: str
) -> None:
    local.call(lambda cloud: cloud.state.oss.suspended_accounts.add(account))
    assert refused(lambda: box.get_object("a")) == (403, "UserDisable", "0003-00000801")


def test_a_disabled_bucket_answers_nobody(local: LocalCloud, box: oss2.Bucket) -> None:
    local.call(lambda cloud: setattr(cloud.state.oss.buckets["box"], "disabled", True))
    assert refused(lambda: box.list_objects()) == (403, "BucketDisable", "0003-00000908")


def test_the_payer_is_set_read_and_checked_by(box: oss2.Bucket) -> None:
    assert box.get_bucket_request_payment().payer == "BucketOwner"
    with pytest.raises(oss2.exceptions.ServerError, match="MalformedXML"):
        box.put_bucket_request_payment("Nobody")
    box.put_bucket_request_payment("Requester")
    assert box.get_bucket_request_payment().payer == "Requester"
    assert box.get_object("a").read() == b"1"


def test_a_requester_of_another_account_must_say_that_it_pays(
    box: oss2.Bucket, stranger: oss2.Bucket
) -> None:
    assert stranger.get_object("a").read() == b"1"
    box.put_bucket_request_payment("Requester")
    assert refused(lambda: stranger.get_object("a")) == (403, "AccessDenied", "0003-00000703")
    paying = {"x-oss-request-payer": "requester"}
    assert stranger.get_object("a", headers=paying).read() == b"1"
    url = stranger.sign_url("GET", "a", 60)
    assert refused(lambda: stranger.get_object_with_url(url))[2] == "0003-00000702"
    anonymous = oss2.Bucket(oss2.AnonymousAuth(), "http://oss-cn-hangzhou.aliyuncs.com", "box")
    assert refused(lambda: anonymous.get_object("a"))[2] == "0003-00000701"


def test_an_endpoint_policy_speaks_for_its_own_vpc_only(local: LocalCloud, box: oss2.Bucket) -> None:
    admits = {"Effect": "Allow", "Action": "oss:*", "Resource": ["acs:oss:*:*:other", "acs:oss:*:*:other/*"]}
    document = json.dumps({"Version": "1", "Statement": [admits]})
    local.call(lambda cloud: cloud.state.oss.endpoint_policies.update({"vpc-1": document}))
    assert refused(lambda: box.get_object("a", headers=VPC)) == (403, "AccessDenied", "0003-00000401")
    assert box.get_object("a").read() == b"1"
    assert box.get_object("a", headers={"x-localcloud-vpc": "vpc-2"}).read() == b"1"
