"""GetLogs in both forms and GetHistograms, through the log SDK."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
from aliyun.log import GetHistogramsRequest, GetLogsRequest

from localcloud.server import LocalCloud
from localcloud.sls.index import FieldIndex
from tests.clients import Keys, log
from tests.localcloud.sls_store import LOGSTORE, PROJECT, code, make_index, make_store, put, refused

BEGIN = 1_800_000_000


@pytest.fixture
def client(root: Keys) -> Any:
    client = log(root)
    make_store(client, shards=2)
    make_index(client, status="long", bucket="text", uri="text", event="json", cost="double")
    denied = json.dumps({"errorCode": "NoPermission", "eventName": "CreateCluster"})
    put(client, {"n": "1", "status": "403", "bucket": "logs-a", "uri": "/a/b?x"}, time=BEGIN + 20)
    put(client, {"n": "2", "status": "200", "bucket": "Logs-B", "uri": "/a c"}, time=BEGIN + 10, topic="oss")
    put(client, {"n": "3", "status": "404", "cost": "0.5"}, {"n": "4", "event": denied}, time=BEGIN + 30)
    return client


def ask(client: Any, query: str | None = None, **more: Any) -> list[str]:
    """The `n` of the logs that a query finds, in the order of the answer."""
    answer = client.get_log(PROJECT, LOGSTORE, BEGIN, BEGIN + 100, query=query, **more)
    return [each.get_contents()["n"] for each in answer.get_logs()]


@pytest.mark.parametrize("newer", [True, False])
@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        (None, "2134"),
        ("*", "2134"),
        ("logs-a", "1"),
        ("LOGS-A", "1"),
        ("NoPermission", "4"),
        ("logs*", "21"),
        ("l?gs-a", "1"),
        ("logs-a or logs-b", "21"),
        ("logs-a logs-b", ""),
        ("not logs-a", "234"),
        ("bucket: logs-b", "2"),
        ("bucket: logs*", "21"),
        ("bucket: *", "21"),
        ("not bucket: *", "34"),
        ('uri: "/a/b?x"', "1"),
        ("uri: a", "21"),
        ("status: 403", "1"),
        ("status = 403", "1"),
        ("status >= 400", "13"),
        ("status>400 and status<404", "1"),
        ("status in [200 403]", "21"),
        ("status in (200 404)", "1"),
        ("cost < 1", "3"),
        ("status: 200 or status: 403 and bucket: logs-a", "21"),
        ("(status: 200 or status: 403) and bucket: logs-a", "1"),
        ("status >= 400 and not bucket: logs-a", "3"),
        ("event.errorCode: NoPermission", "4"),
        ("event.errorCode: * and event.eventName: CreateCluster", "4"),
        ("__topic__: oss", "2"),
        ("__source__: 10.0.0.1", "2134"),
        ("* | where n = '3' or n = '1'", "13"),
        ("status >= 400 | where bucket is null", "3"),
        ("uri: \"a\" | where bucket like '%B'", "2"),
    ],
)
def test_a_query_finds_logs_by_time(client: Any, query: str | None, wanted: str, newer: bool) -> None:
    client._get_logs_v2_enabled = newer
    assert "".join(ask(client, query)) == wanted


def test_an_answer_has_the_facts_of_its_logs_and_its_query(client: Any) -> None:
    answer = client.get_log(PROJECT, LOGSTORE, BEGIN, BEGIN + 100, query="status: 200")
    assert (answer.is_completed(), answer.get_count(), answer.get_processed_rows()) == (True, 1, 4)
    assert answer.get_where_query() == "status: 200"
    (found,) = answer.get_logs()
    assert (found.get_time(), found.get_source()) == (BEGIN + 10, "10.0.0.1")
    assert found.get_contents() == {
        "__topic__": "oss",
        "n": "2",
        "status": "200",
        "bucket": "Logs-B",
        "uri": "/a c",
    }


def test_answers_come_in_pages_and_in_reverse(client: Any) -> None:
    assert ask(client, size=2, offset=1) == ["1", "3"]
    assert ask(client, size=2, reverse=True) == ["3", "4"]
    assert ask(client, size=0) == []
    assert len(ask(client, size=-1)) == 4


def test_the_time_range_includes_its_begin_and_not_its_end(client: Any) -> None:
    answer = client.get_log(PROJECT, LOGSTORE, BEGIN + 10, BEGIN + 20)
    assert [each.get_contents()["n"] for each in answer.get_logs()] == ["2"]
    error = refused(client.get_log, PROJECT, LOGSTORE, BEGIN, BEGIN)
    assert code(error) == ("InvalidTimeRange", 400)


def test_a_topic_limits_the_answer(client: Any) -> None:
    request = GetLogsRequest(PROJECT, LOGSTORE, BEGIN, BEGIN + 100, topic="oss")
    assert client.get_logs(request).get_count() == 1


def test_a_logstore_without_index_cannot_be_queried(client: Any) -> None:
    client.delete_index(PROJECT, LOGSTORE)
    error = refused(ask, client)
    assert (code(error), error.get_error_message()) == (
        ("IndexConfigNotExist", 400),
        "logstore without index config.",
    )


@pytest.mark.parametrize(
    ("query", "about"),
    [
        ("owner: me", "key (owner) is not config as key value config"),
        ("bucket > 5", "is not a number"),
        ("status: many", "'many' is not a number"),
        ("(status: 200", "missing )"),
        ("status: 200)", "unexpected ')'"),
        ("and status: 200", "unexpected 'and'"),
        ('bucket: "logs', "unterminated"),
        ("bucket:", "a value is missing"),
        ("bucket: *logs", "must not begin with a wildcard"),
        ("status != 200", "use not"),
        ("(" * 200 + "a" + ")" * 200, "nested too deeply"),
        ("* | where n =", "column:14."),
    ],
)
def test_a_query_with_an_error_is_refused(client: Any, query: str, about: str) -> None:
    error = refused(ask, client, query)
    assert code(error) == ("ParameterInvalid", 400)
    assert about in error.get_error_message()


def test_sql_that_is_not_there_is_unsupported_and_counted(client: Any, local: LocalCloud) -> None:
    error = refused(ask, client, "* | select approx_distinct(bucket) as n")
    assert "does not support the SQL function approx_distinct" in error.get_error_message()
    assert sum(local.cloud.unsupported.values()) == 1


def test_a_wrong_line_or_offset_is_refused(client: Any) -> None:
    body = {"from": BEGIN, "to": BEGIN + 1, "query": "*"}
    for name, value, wanted in (("line", 101, "InvalidLine"), ("offset", -1, "InvalidOffset")):
        data = json.dumps(body | {name: value}).encode()
        error = refused(client._send, "POST", PROJECT, data, f"/logstores/{LOGSTORE}/logs", None, {})
        assert code(error) == (wanted, 400)


def test_histograms_count_all_matching_logs_once(client: Any) -> None:
    request = GetHistogramsRequest(PROJECT, LOGSTORE, BEGIN, BEGIN + 100, "", "status >= 400")
    answer = client.get_histograms(request)
    assert (answer.is_completed(), answer.get_total_count()) == (True, 2)
    bars = answer.get_histograms()
    assert (bars[0].get_from(), bars[-1].get_to()) == (BEGIN, BEGIN + 100)
    assert all(a.get_to() == b.get_from() for a, b in itertools.pairwise(bars))
    full = [bar for bar in bars if bar.get_count()]
    assert [
        bar.get_from() <= at < bar.get_to() for bar, at in zip(full, (BEGIN + 20, BEGIN + 30), strict=True)
    ]


def test_the_logstore_of_a_service_has_every_field_searchable(client: Any, local: LocalCloud) -> None:
    def write(cloud: Any) -> None:
        service = cloud.services["sls"]
        service.create_logstore(PROJECT, "actiontrail_all", owner_service="actiontrail")
        event = {"errorCode": "NoPermission", "userIdentity": {"userName": "eve"}}
        fields = [("event", json.dumps(event)), ("http_status", "403")]
        service.append(project=PROJECT, logstore="actiontrail_all", logs=[fields], time=BEGIN)

    local.call(write)
    for query in (
        "event.errorCode: NoPermission",
        "event.userIdentity.userName: eve",
        "http_status >= 400",
        "eve",
    ):
        assert client.get_log(PROJECT, "actiontrail_all", BEGIN, BEGIN + 1, query=query).get_count() == 1


@pytest.mark.parametrize(
    ("delimiters", "words"), [("", {"first second"}), (",", {"first second"}), (" ", {"first", "second"})]
)
def test_a_blank_parts_words_only_where_it_is_a_delimiter(delimiters: str, words: set[str]) -> None:
    assert FieldIndex("message", delimiters=delimiters).words("First second") == words
