"""In one look at the account each thing is read once, also where two ask at the same time."""

from __future__ import annotations

import threading

import pytest

from rolemend.account.interface import Bucket, Known, Reading
from rolemend.together import together
from rolemend.work.reads import BucketsOnce, IdentitiesOnce
from tests.fakes import WritableAccount
from tests.work.scene import open_account


class Slow(WritableAccount):
    """Answers when it is let, and counts."""

    asked = 0
    let = threading.Event()

    def bucket(self, name: str, region: str) -> Reading[Bucket]:
        self.asked += 1
        assert self.let.wait(10)
        return Known(Bucket(name=name, region=region, acl="private"))


def test_two_that_ask_at_the_same_time_share_one_read() -> None:
    slow = Slow()
    once = BucketsOnce(slow)
    threading.Timer(0.05, slow.let.set).start()
    one, two = together(lambda: once.bucket("a", "cn-hangzhou"), lambda: once.bucket("a", "cn-hangzhou"))
    assert (one, slow.asked) == (two, 1)
    assert once.bucket("b", "cn-hangzhou") != one
    assert slow.asked == 2


def test_an_error_reaches_all_who_asked() -> None:
    class Broken(WritableAccount):
        def bucket(self, name: str, region: str) -> Reading[Bucket]:
            raise ValueError(name)

    once = BucketsOnce(Broken())
    for _ in range(2):
        with pytest.raises(ValueError, match="a"):
            once.bucket("a", "cn-hangzhou")


def test_what_was_read_stays_as_it_was_in_that_look_only() -> None:
    account = open_account()
    once = IdentitiesOnce(account)
    before = once.policy_versions("reader")
    account.add_policy_version("reader", "{}")
    assert once.policy_versions("reader") == before
    assert IdentitiesOnce(account).policy_versions("reader") != before
