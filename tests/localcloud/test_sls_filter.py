"""SPL's `where` in pulls: what passes, what is refused, and where."""

from __future__ import annotations

import json
import re
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localcloud.server import LocalCloud
from localcloud.sls.regex import Regex
from localcloud.sls.wildcards import compile_pattern, like_pattern
from tests.clients import Keys, log
from tests.localcloud.sls_store import LOGSTORE, PROJECT, code, found, make_store, pull, put, refused

DENIED = json.dumps(
    {"errorCode": "NoPermission", "serviceName": "Emr", "n": 3, "ok": False, "list": [{"a b": "x"}]}
)


@pytest.fixture
def client(root: Keys) -> Any:
    client = log(root)
    make_store(client)
    put(
        client,
        {"n": "1", "status": "403", "code": "AccessDenied", "note": "it's", "a.b": "dot"},
        {"n": "2", "status": "200", "code": "-", "event": DENIED},
        {"n": "3", "status": "soon", "event": "no json", "note": ""},
        topic="oss_access_log",
        logtags=[("host", "web-1")],
    )
    return client


@pytest.mark.parametrize(
    ("where", "passing"),
    [
        ("status = '403'", "1"),
        ("status == '403'", "1"),
        ("status != '403'", "23"),
        ("status <> '403'", "23"),
        ("cast(status as bigint) >= 400", "1"),
        ("cast(status as bigint) < 400", "2"),
        ("cast(status as double) between 199.5 and 200.5", "2"),
        ("try_cast(status as bigint) is null", "3"),
        ("status > '3'", "13"),
        ("status in ('403', '200')", "12"),
        ("status not in ('403', '200')", "3"),
        ("code like 'Access%'", "1"),
        ("code like '%ccess%nied'", "1"),
        ("code like '_ccessDenie_'", "1"),
        ("code not like 'Access%'", "2"),
        ("status like '20|%' escape '|'", ""),
        ("code is null", "3"),
        ("code is not null", "12"),
        ("note = 'it''s'", "1"),
        ("note = ''", "3"),
        ("\"a.b\" = 'dot'", "1"),
        ("missing = 'x'", ""),
        ("not missing = 'x'", ""),
        ("missing = 'x' or n = '1'", "1"),
        ("not (missing = 'x' and n = '1')", "23"),
        ("missing in ('x') or n in (null, '2')", "2"),
        ("n not in ('1', null)", ""),
        ("n = '1' or n = '2' and status = '403'", "1"),
        ("(n = '1' or n = '2') and status = '200'", "2"),
        ("NOT n = '1' AND n IS NOT NULL", "23"),
        ("coalesce(code, note, 'x') = ''", "3"),
        ("coalesce(code, 'none') = 'none'", "3"),
        ("lower(code) = 'accessdenied'", "1"),
        ("upper(code) = 'ACCESSDENIED'", "1"),
        ("length(code) = 12", "1"),
        ("length(note) = 0", "3"),
        ("strpos(code, 'Denied') = 7", "1"),
        ("strpos(code, 'absent') = 0", "12"),
        ("regexp_like(code, '^Acc.*ed$')", "1"),
        ("regexp_like(status, '\\d{3}')", "12"),
        ("regexp_like(code, '(?i)ACCESS(denied|granted)')", "1"),
        ("json_extract_scalar(event, '$.errorCode') = 'NoPermission'", "2"),
        ("json_extract_scalar(event, '$.errorCode') is null", "13"),
        ("cast(json_extract_scalar(event, '$.n') as bigint) = 3", "2"),
        ("json_extract_scalar(event, '$.ok') = 'false'", "2"),
        ("json_extract_scalar(event, '$.list') is null", "123"),
        ("json_extract_scalar(event, '$.list[0][\"a b\"]') = 'x'", "2"),
        ("json_extract_scalar(event, '$[\"serviceName\"]') in ('Emr', 'EmrServerless')", "2"),
        ("__topic__ = 'oss_access_log'", "123"),
        ("__topic__ = 'oss_metering_log'", ""),
        ("__source__ like '10.%'", "123"),
        ("\"__tag__:host\" = 'web-1'", "123"),
        ("__time__ >= 1800000000", "123"),
        ("__time__ > 1800000000", ""),
        ("cast(__time__ as varchar) like '18%'", "123"),
        ("true", "123"),
        ("null", ""),
        ("cast(n as bigint) > -1", "123"),
        ("n = '1' | where status = '403';", "1"),
    ],
)
def test_where_lets_pass_what_is_true(client: Any, where: str, passing: str) -> None:
    assert "".join(found(client, f"* | where {where}")) == passing


def test_a_star_alone_lets_everything_pass(client: Any) -> None:
    assert found(client, "*") == ["1", "2", "3"]


def test_groups_keep_their_logs_topic_tags_and_order(client: Any) -> None:
    put(client, {"n": "4"}, {"n": "5"}, topic="other")
    answer = pull(client, "* | where n in ('2', '3', '5')")
    logs = answer.get_flatten_logs_json()
    assert [(each["n"], each["__topic__"], each.get("__tag__:host")) for each in logs] == [
        ("2", "oss_access_log", "web-1"),
        ("3", "oss_access_log", "web-1"),
        ("5", "other", None),
    ]
    assert logs[0]["event"] == DENIED


def test_a_filtered_pull_tells_what_it_read_and_moves_past_it(client: Any) -> None:
    answer = pull(client, "* | where n = 'nobody'")
    assert (answer.get_log_count(), answer.get_loggroup_count(), answer.get_raw_size()) == (0, 0, 0)
    assert answer.get_raw_log_group_count_before_query() == 1
    assert answer.get_raw_size_before_query() > 100
    assert answer.get_header("x-log-rawdatalines") == "3"
    assert answer.get_header("x-log-resultlines") == "0"
    assert answer.get_next_cursor() == client.get_end_cursor(PROJECT, LOGSTORE, 0).get_cursor()


@pytest.mark.parametrize(
    ("query", "place", "about"),
    [
        ("status:403 | where n = '1'", 1, "source"),
        ("* | where", 10, "end of script"),
        ("* | where n =", 14, "end of script"),
        ("* | where n = 'x", 15, "unterminated"),
        ("* | where (n = 'x'", 19, "expecting ')'"),
        ("* | where n = 'x')", 18, "mismatched input ')'"),
        ("* | where n 'x'", 13, "mismatched"),
        ("* | where status >= 400", 18, "cannot be applied to varchar, bigint"),
        ("* | where status", 5, "boolean"),
        ("* | where n = '1' and status", 19, "boolean"),
        ("* | where length(n) = 'x'", 21, "cannot be applied"),
        ("* | where length(n, n) = 1", 11, "number of parameters"),
        ("* | where regexp_like(n, '(')", 11, "regular expression"),
        ("* | where regexp_like(n, '(?=x)')", 11, "look-around"),
        ("* | where regexp_like(n, '(a)\\1')", 11, "invalid escape"),
        ("* | where regexp_like(n, code)", 11, "string constant"),
        ("* | where regexp_like(n, '((((){1000}){1000}){1000}){1000}')", 11, "too large"),
        ("* | where json_extract_scalar(n, 'a') = 'x'", 11, "JSON path"),
        ("* | where n like code", 18, "LIKE"),
        ("* | where n = 'x' § n", 19, "unexpected character"),
        ("* | where " + "(" * 200 + "n = 'x'" + ")" * 200, 112, "nested too deeply"),
    ],
)
def test_a_script_with_an_error_is_refused_with_its_place(
    client: Any, query: str, place: int, about: str
) -> None:
    error = refused(pull, client, query)
    assert code(error) == ("ParameterInvalid", 400)
    assert f"column:{place}." in error.get_error_message()
    assert about in error.get_error_message()


@pytest.mark.parametrize(
    ("query", "about"),
    [
        ("* | project n", "the SPL command project (character 5)"),
        ("* | where n = '1' | extend m = n", "the SPL command extend"),
        ("* | where concat(n, 'x') = '1x'", "the SPL function concat (character 11)"),
        ("* | where cast(n as bigint) + 1 = 2", "arithmetic in SPL"),
        ("* | where cast(n as decimal) = 2", "a cast to decimal"),
        ("* | where regexp_like(n, '\\bx')", "\\b in a regular expression"),
    ],
)
def test_spl_that_is_missing_here_is_unsupported_and_counted(
    client: Any, local: LocalCloud, query: str, about: str
) -> None:
    message = refused(pull, client, query).get_error_message()
    assert "does not support" in message
    assert about in message
    assert sum(local.cloud.unsupported.values()) == 1


def test_a_hostile_value_does_not_slow_a_pattern_down(client: Any) -> None:
    put(client, {"n": "4", "code": "a" * 200_000})
    begun = time.perf_counter()
    assert found(client, "* | where regexp_like(code, '(a+)+$') and not regexp_like(code, '^(a|aa)+b')") == [
        "4"
    ]
    assert found(client, "* | where code like '%a%a%a%a%a_b'") == []
    assert time.perf_counter() - begun < 5


_PIECES = st.sampled_from(
    ["a", "b", ".", "[ab]", "[^a]", "\\d", "a*", "b+?", "(?:ab|b)", "(a|b)*", "a{1,2}", "^", "$", "|"]
)


@given(st.lists(_PIECES, max_size=6).map("".join), st.text("ab1\n", max_size=8))
def test_patterns_match_as_the_standard_librarys_do(pattern: str, text: str) -> None:
    # `$` of the library also matches before a last newline, RE2's only at the end.
    assert Regex(pattern).search(text) == bool(re.search(pattern.replace("$", "\\Z"), text))


@given(st.text("a%_b", max_size=8), st.text("ab", max_size=8))
def test_like_matches_as_a_translated_pattern_does(pattern: str, text: str) -> None:
    translated = re.escape(pattern).replace("%", ".*").replace("_", ".")
    assert compile_pattern(like_pattern(pattern))(text) == bool(re.fullmatch(translated, text))
