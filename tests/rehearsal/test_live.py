"""History asked of the account: LookupEvents over HTTP, and rows as SLS's SQL answers them."""

from __future__ import annotations

import pytest

from demo.run import refusal
from localcloud.server import LocalCloud
from rehearsal.history import ACCESS_LOG, TRAIL, History
from rehearsal.live import add_rows, aggregate, look_up
from rolemend.account.access import Access, Credentials
from rolemend.account.history import COUNT, FIRST, LAST, LINES_QUERY
from rolemend.errors import UnreadableInput
from rolemend.signals.denial import Denial
from rolemend.signals.oss_access_log import read_record
from tests.rehearsal import scene
from tests.samples import denied_line

ACCESS = Access(account="1", region="cn-hangzhou", credentials=Credentials("a", "b"), scheme="http")


def test_the_trails_own_history_is_looked_up_by_name(local: LocalCloud) -> None:
    stage = scene.quiet(local)
    [call] = scene.prepare(stage, "role-name")
    assert refusal(call) is not None
    access = Access(
        account=stage.account,
        region="cn-hangzhou",
        credentials=Credentials(stage.root.id, stage.root.secret),
        scheme="http",
    )
    history, now = History(), int(local.cloud.clock())
    look_up(access, ["cn-hangzhou"], now - 86_400, now + 60, history)
    assert history.events >= 1
    assert {each.log for each in history.records} == {TRAIL}
    assert any("emr-demo-aplication" in each.contents["event"] for each in history.records)
    assert history.troubles == []


def test_a_row_stands_for_as_many_denials_as_were_counted() -> None:
    line = denied_line()
    row = {key: value for key, value in line.items() if not key.startswith("__")}
    history = History()
    add_rows([row | {COUNT: "1200", FIRST: "1700000000", LAST: "1700009999"}], history, access_log=True)
    [record] = history.records
    assert (record.log, record.time, history.lines) == (ACCESS_LOG, 1_700_009_999, 1_200)
    assert history.counted == {line["request_id"]: 1_200}
    outcome = read_record(record.contents | {"__time__": str(record.time), "__topic__": ACCESS_LOG})
    assert isinstance(outcome, Denial)


def test_the_query_asks_for_every_member_that_a_line_is_read_by() -> None:
    from rolemend.signals import oss_access_log

    for name in oss_access_log._READ:
        assert name in LINES_QUERY, name


@pytest.mark.parametrize("row", [{}, {COUNT: "many", LAST: "1"}, {COUNT: "1", LAST: "1"}])
def test_a_row_without_its_columns_is_refused_whole(row: dict[str, str]) -> None:
    history = History()
    with pytest.raises(ValueError, match="cannot be read"):
        add_rows([row], history, access_log=True)
    assert history.records == []


@pytest.mark.parametrize("place", ["project", "/logstore", "project/", ""])
def test_what_names_no_logstore_is_refused(place: str) -> None:
    with pytest.raises(UnreadableInput):
        aggregate(ACCESS, place, 0, 1, History())
