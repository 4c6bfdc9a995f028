"""SLS over HTTP: exactly the range that a trigger names, filtered there, in order, over all pages."""

from __future__ import annotations

from typing import Any

import pytest

from localcloud.server import LocalCloud
from rolemend.account import sls as module
from rolemend.account.interface import Checkpoint, LogRange
from rolemend.account.sls import Sls
from rolemend.errors import AccountError, NotThere, Refused, Unreachable
from rolemend.signals import oss_access_log
from rolemend.work.sorting import Sorter
from tests import clients
from tests.account.entry import PASSING, access, fault
from tests.clients import Keys
from tests.localcloud.identities import allow, make_user
from tests.localcloud.sls_store import LOGSTORE, PROJECT, make_store, put
from tests.samples import denied_line


@pytest.fixture
def client(root: Keys) -> Any:
    client = clients.log(root)
    make_store(client)
    return client


@pytest.fixture
def sls(root: Keys) -> Sls:
    return Sls(access(root))


def everything(client: Any, **changes: Any) -> LogRange:
    """The whole of the shard as it stands now."""
    parts: dict[str, Any] = {
        "endpoint": "http://cn-hangzhou.log.aliyuncs.com",
        "project": PROJECT,
        "logstore": LOGSTORE,
        "shard": 0,
        "begin": client.get_begin_cursor(PROJECT, LOGSTORE, 0).get_cursor(),
        "end": client.get_end_cursor(PROJECT, LOGSTORE, 0).get_cursor(),
    }
    return LogRange(**(parts | changes))


def records(sls: Sls, log_range: LogRange, query: str) -> list[Any]:
    return [record for page in sls.pages(log_range, query) for record in page.records]


def numbers(records: Any) -> list[str]:
    return [record["n"] for record in records]


def test_the_records_of_a_range_come_in_order(sls: Sls, client: Any) -> None:
    for number in range(3):
        put(client, {"n": str(number)}, {"n": f"{number}b"}, topic="t")
    found = records(sls, everything(client), "")
    assert numbers(found) == ["0", "0b", "1", "1b", "2", "2b"]
    assert {record["__topic__"] for record in found} == {"t"}


def test_what_came_before_or_after_the_range_is_not_read(sls: Sls, client: Any) -> None:
    put(client, {"n": "before"})
    begin = client.get_end_cursor(PROJECT, LOGSTORE, 0).get_cursor()
    put(client, {"n": "inside"})
    within = everything(client, begin=begin)
    put(client, {"n": "after"})
    assert numbers(records(sls, within, "")) == ["inside"]
    assert numbers(records(sls, within, "")) == ["inside"]


def test_an_empty_range_has_no_records(sls: Sls, client: Any) -> None:
    assert (records(sls, everything(client), "")) == []


def test_a_range_of_many_pages_is_read_to_its_end(
    sls: Sls, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "GROUPS_A_PULL", 7)
    for number in range(120):
        put(client, {"n": str(number)})
    assert numbers(records(sls, everything(client), "")) == [str(number) for number in range(120)]


def test_pages_that_the_filter_leaves_empty_end_nothing(
    sls: Sls, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "GROUPS_A_PULL", 2)
    for number in range(10):
        put(client, {"n": str(number), "status": "403" if number == 9 else "200"})
    assert numbers(records(sls, everything(client), "* | where status = '403'")) == ["9"]


def test_a_pulled_access_log_line_is_a_denial(sls: Sls, client: Any) -> None:
    line = {key: str(value) for key, value in denied_line().items() if not key.startswith("__")}
    put(client, line, line | {"http_status": "200"}, topic=oss_access_log.TOPIC)
    found = Sorter("rolemend-", "", lambda record, reason: None)
    found.sort(records(sls, everything(client), oss_access_log.PUSHED_DOWN))
    assert (found.denials, found.read, found.rejected) == (1, 1, 0)


@pytest.mark.parametrize(
    "endpoint",
    [
        "cn-hangzhou.log.aliyuncs.com",
        "https://cn-hangzhou.log.aliyuncs.com",
        "http://cn-hangzhou.log.aliyuncs.com/",
    ],
)
def test_every_form_of_an_endpoint_is_reached(sls: Sls, client: Any, endpoint: str) -> None:
    put(client, {"n": "1"})
    assert numbers(records(sls, everything(client, endpoint=endpoint), "")) == ["1"]


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"project": "nowhere"}, NotThere),
        ({"logstore": "nowhere"}, NotThere),
        ({"shard": 7}, AccountError),
        ({"begin": "no cursor"}, AccountError),
    ],
)
def test_a_range_that_is_not_there_is_an_error(
    sls: Sls, client: Any, changes: dict[str, Any], kind: type[AccountError]
) -> None:
    put(client, {"n": "1"})
    with pytest.raises(kind) as caught:
        (records(sls, everything(client, **changes), ""))
    assert not isinstance(caught.value, Unreachable)


def test_a_filter_that_cannot_be_read_is_an_error_and_no_empty_range(sls: Sls, client: Any) -> None:
    put(client, {"n": "1"})
    with pytest.raises(AccountError) as caught:
        (records(sls, everything(client), "* | where where"))
    assert not isinstance(caught.value, Unreachable)


def test_a_refused_pull_is_refused_and_no_empty_range(root: Keys, client: Any) -> None:
    keys = make_user(clients.ram(root), "ana", allow("ram:*"))
    put(client, {"n": "1"})
    with pytest.raises(Refused):
        (records(Sls(access(keys)), everything(client), ""))


@pytest.mark.parametrize("how", PASSING)
def test_a_passing_fault_is_got_over(sls: Sls, client: Any, local: LocalCloud, how: dict[str, Any]) -> None:
    put(client, {"n": "1"})
    within = everything(client)
    fault(local, "sls", "PullLogs", times=2, **how)
    assert numbers(records(sls, within, "")) == ["1"]


@pytest.mark.parametrize("how", PASSING)
def test_a_fault_that_does_not_pass_is_unreachable_and_no_empty_range(
    sls: Sls, client: Any, local: LocalCloud, how: dict[str, Any]
) -> None:
    put(client, {"n": "1"})
    within = everything(client)
    fault(local, "sls", "PullLogs", times=None, **how)
    with pytest.raises(Unreachable):
        records(sls, within, "")


def test_a_checkpoint_has_no_place_until_the_sweep_makes_one(sls: Sls, client: Any) -> None:
    put(client, {"n": "1"})
    place = everything(client)
    assert sls.checkpoint(place) == Checkpoint()
    with pytest.raises(NotThere):
        sls.set_checkpoint(place, place.end)
    assert sls.shards(PROJECT, LOGSTORE, 0) == {}
    sls.set_checkpoint(place, place.begin)
    kept = sls.checkpoint(place)
    assert (kept.cursor, kept.written > 1_700_000_000) == (place.begin, True)


def test_what_is_unread_reaches_from_the_checkpoint_to_the_end(sls: Sls, client: Any) -> None:
    put(client, {"n": "1"})
    place = everything(client)
    sls.shards(PROJECT, LOGSTORE, 0)
    sls.set_checkpoint(place, place.end)
    put(client, {"n": "2"})
    (unread,) = sls.shards(PROJECT, LOGSTORE, 0).values()
    assert numbers(records(sls, unread, "")) == ["2"]
    first, last = sls.received(unread)
    assert first == last > 1_700_000_000


def test_of_a_shard_without_a_checkpoint_beside_others_only_the_last_part_is_unread(
    sls: Sls, root: Keys, local: LocalCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = clients.log(root)
    make_store(client, shards=2)
    _, key = (shard["inclusiveBeginKey"] for shard in client.list_shards(PROJECT, LOGSTORE).get_shards_info())
    before = local.cloud.clock
    put(client, {"n": "old"}, hashKey=key)
    monkeypatch.setattr(local.cloud, "clock", lambda: before() + 600)
    put(client, {"n": "new"}, hashKey=key)
    assert sls.shards(PROJECT, LOGSTORE, 0) == {}
    assert sls.shards(PROJECT, LOGSTORE, 0) == {}
    sls.set_checkpoint(everything(client), everything(client).end)
    unread = sls.shards(PROJECT, LOGSTORE, int(before()) + 300)
    assert set(unread) == {0, 1}
    assert numbers(records(sls, unread[1], "")) == ["new"]
    assert unread[0].begin == unread[0].end


def test_a_logstore_that_is_not_there_has_no_shards(sls: Sls, client: Any) -> None:
    assert sls.shards(PROJECT, "nowhere", 0) == {}


def test_the_place_for_checkpoints_is_made_once(sls: Sls, client: Any) -> None:
    assert sls.shards(PROJECT, LOGSTORE, 0) == {}
    sls._make_group("cn-hangzhou.log.aliyuncs.com", PROJECT, LOGSTORE, module.CONSUMER_GROUP)
    assert sls.shards(PROJECT, LOGSTORE, 0) == {}


@pytest.mark.parametrize("region", ["evil.example/", "evil.example:80/#", "", "cn-hangzhou.evil.example"])
def test_credentials_are_sent_to_no_host_that_is_no_region(
    sls: Sls, region: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(module, "open_log_client", lambda _, endpoint: opened.append(endpoint))
    with pytest.raises(AccountError, match="no region"):
        sls.search(region, PROJECT, LOGSTORE, "*", 0, 1)
    assert opened == []
