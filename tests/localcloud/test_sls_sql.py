"""SQL behind a search, through the log SDK: what our own statements need, and a refusal of everything else."""

from __future__ import annotations

import json
from typing import Any

import pytest
from aliyun.log import GetHistogramsRequest

from localcloud.server import LocalCloud
from tests.clients import Keys, log
from tests.localcloud.sls_store import LOGSTORE, PROJECT, code, make_index, make_store, put, refused

BEGIN = 1_800_000_000


@pytest.fixture
def client(root: Keys) -> Any:
    client = log(root)
    make_store(client, shards=2)
    make_index(client, status="long", bucket="text", Bucket="text", cost="double", event="json", order="text")
    put(client, {"status": "403", "bucket": "logs-a", "cost": "1.5"}, time=BEGIN + 20, topic="oss")
    put(client, {"status": "403", "bucket": "logs-a", "Bucket": "B"}, time=BEGIN + 10, topic="oss")
    put(client, {"status": "200", "bucket": "it's", "order": "x"}, {"status": "none"}, time=BEGIN + 30)
    put(client, {"event": json.dumps({"name": "Run", "deep": {"n": [7]}})}, time=BEGIN + 40)
    return client


def ask(client: Any, query: str, **more: Any) -> list[dict[str, str]]:
    answer = client.get_log(PROJECT, LOGSTORE, BEGIN, BEGIN + 100, query=query, **more)
    assert answer.get_has_sql()
    return [dict(each.get_contents()) for each in answer.get_logs()]


@pytest.mark.parametrize(
    ("statement", "wanted"),
    [
        ("select count(1) as n", [{"n": "5"}]),
        ("SELECT COUNT(*) AS n FROM log;", [{"n": "5"}]),
        ("select count(status) as n, count(distinct bucket)", [{"n": "3", "_col1": "2"}]),
        (
            "select bucket, count(1) as n group by bucket order by n desc, bucket",
            [{"bucket": "logs-a", "n": "2"}, {"bucket": "null", "n": "2"}, {"bucket": "it's", "n": "1"}],
        ),
        ("select min(__time__) as a, max(__time__) as b from log", [{"a": "1800000010", "b": "1800000040"}]),
        ("select max(cost) as m", [{"m": "1.5"}]),
        ("select max_by(bucket, __time__) as bucket where status is not null", [{"bucket": "it's"}]),
        (
            'select "status", max_by("bucket", __time__) as "bucket" where status = 403 group by status',
            [{"status": "403", "bucket": "logs-a"}],
        ),
        ("select bucket where bucket = 'it''s'", [{"bucket": "it's"}]),
        ("select bucket where bucket like 'LOGS%'", []),
        ("select distinct bucket where bucket like 'logs%'", [{"bucket": "logs-a"}]),
        ("select Bucket, bucket where Bucket in ('B', 'C')", [{"Bucket": "B", "bucket": "logs-a"}]),
        ('select "order" where "order" is not null', [{"order": "x"}]),
        ("select status where status between 1 and 200", [{"status": "200"}]),
        ("select status order by status limit 2", [{"status": "200"}, {"status": "403"}]),
        ("select status order by status desc limit 2, 1", [{"status": "200"}]),
        ("select bucket, count(1) as n group by bucket having count(1) > 1 and bucket is not null", [
            {"bucket": "logs-a", "n": "2"}
        ]),
        ("select json_extract_scalar(event, '$.name') as name, 1 as one where event is not null", [
            {"name": "Run", "one": "1"}
        ]),
        ("select __topic__ where json_extract_scalar(event, '$.deep.n[0]') = '7'", [{"__topic__": ""}]),
        ('select "event.name" as name where "event.name" is not null', [{"name": "Run"}]),
        ("select bucket where bucket = 'nobody'", []),
        ("select bucket limit 0", []),
    ],
)  # fmt: skip
def test_a_statement_is_answered(client: Any, statement: str, wanted: list[dict[str, str]]) -> None:
    assert ask(client, f"* | {statement}") == wanted


def test_it_is_asked_of_what_the_search_found(client: Any) -> None:
    assert ask(client, "__topic__: oss and status >= 400 | select count(1) as n") == [{"n": "2"}]
    assert ask(client, "__topic__: nobody | select count(1) as n") == [{"n": "0"}]
    assert ask(client, "__topic__: nobody | select bucket, count(1) as n group by bucket") == []


def test_without_a_limit_there_are_a_hundred_rows_and_the_line_of_a_search_counts_for_nothing(
    client: Any,
) -> None:
    put(client, *[{"bucket": f"b-{number:03}"} for number in range(150)], time=BEGIN + 50)
    assert len(ask(client, "* | select bucket")) == 100
    assert len(ask(client, "* | select bucket", size=10, offset=90)) == 100
    assert len(ask(client, "* | select bucket limit 1000")) == 155


def test_both_forms_of_the_call_tell_that_there_was_sql(client: Any) -> None:
    answer = client.get_log(PROJECT, LOGSTORE, BEGIN, BEGIN + 100, query="* | select count(1) as n")
    assert (answer.get_where_query(), answer.get_agg_query()) == ("*", "select count(1) as n")
    params = {"type": "log", "from": BEGIN, "to": BEGIN + 100, "query": "* | select count(1) as n"}
    rows, headers = client._send("GET", PROJECT, None, f"/logstores/{LOGSTORE}", params, {})
    assert rows == [{"n": "5"}]
    assert {name.lower(): value for name, value in headers.items()}["x-log-has-sql"] == "true"


@pytest.mark.parametrize(
    ("statement", "about"),
    [
        ("select", "mismatched input"),
        ("select bucket,", "mismatched input"),
        ("select nothing", "Column 'nothing' cannot be resolved"),
        ('select "nothing"', "Column 'nothing' cannot be resolved"),
        ("select bucket where n = 1", "Column 'n' cannot be resolved"),
        ("select bucket, count(1) as n", "'bucket' must be an aggregate expression"),
        ("select bucket, status group by bucket", "'status' must be an aggregate expression"),
        ("select bucket, count(1) as n group by bucket order by status", "'status' must be"),
        ("select bucket, bucket", "duplicate keys (bucket)"),
        ("select bucket where bucket = 'a", "unterminated"),
        ("select bucket where (bucket = 'a'", "mismatched input"),
        ("select bucket where bucket = 'a')", "mismatched input"),
        ("select bucket where where bucket = 'a'", "mismatched input"),
        ("select bucket limit many", "mismatched input"),
        ("select bucket limit 1, 2, 3", "mismatched input"),
        ("select bucket limit 1000001", "LIMIT exceeds"),
        ("select bucket group bucket", "mismatched input"),
        ("select max_by(bucket) as b", "Unexpected number of parameters (1)"),
        ("select min(bucket, status) as b", "Unexpected number of parameters (2)"),
        ("select json_extract_scalar(event, 'name') as b", "Invalid JSON path"),
        ("select json_extract_scalar(event, bucket) as b", "must be a string constant"),
        ("select bucket where count(1) = 1", "misuse of aggregate"),
        ("select bucket where bucket bucket", "syntax error"),
        ("select bucket where bucket = = 'a'", "syntax error"),
    ],
)
def test_a_statement_with_a_mistake_is_refused(client: Any, statement: str, about: str) -> None:
    error = refused(ask, client, f"* | {statement}")
    assert code(error) == ("ParameterInvalid", 400)
    assert about in error.get_error_message()


@pytest.mark.parametrize(
    "statement",
    [
        "with a as (select 1) select a",
        "set session x = 1; select bucket",
        "select * from log",
        "select approx_distinct(bucket) as n",
        "select load_extension('x') as n",
        "select bucket from other",
        "select bucket from",
        "select bucket bucket",
        "select bucket from (select bucket from log)",
        "select bucket where bucket in (select bucket from log)",
        "select bucket from log union select status from log",
        "select status + 1 as n",
        "select status * 2 as n",
        "select cast(status as varchar) as n",
        "select case when status = 1 then 2 end as n",
        "select count(1) n",
        "select status, count(1) as n group by 1",
        "select sqlite_version() as n",
        "select bucket | where bucket = 'a'",
    ],
)
def test_what_is_not_there_is_said_to_be_unsupported_and_counted(
    client: Any, local: LocalCloud, statement: str
) -> None:
    error = refused(ask, client, f"* | {statement}")
    assert "does not support" in error.get_error_message()
    assert sum(local.cloud.unsupported.values()) >= 1


def test_a_number_that_no_database_holds_is_null(client: Any) -> None:
    put(client, {"status": "9" * 19}, time=BEGIN + 60)
    assert ask(client, "* | select max(status) as n") == [{"n": "403"}]


def test_histograms_take_no_sql(client: Any) -> None:
    request = GetHistogramsRequest(PROJECT, LOGSTORE, BEGIN, BEGIN + 100, "", "* | select count(1) as n")
    assert code(refused(client.get_histograms, request)) == ("InvalidQueryString", 400)
