"""Writing logs and pulling them by cursors, through the log SDK."""

from __future__ import annotations

import base64
import time
import zlib
from functools import partial
from typing import Any

import lz4.block
import pytest
from aliyun.log import LogItem, PutLogsRequest
from aliyun.log.proto import LogGroupRaw

from localcloud.faults import Fault
from localcloud.server import LocalCloud
from tests.clients import Keys, log
from tests.localcloud.sls_store import LOGSTORE, PROJECT, code, make_store, pull, put, refused

WRITE = f"/logstores/{LOGSTORE}/shards/lb"


@pytest.fixture
def client(root: Keys) -> Any:
    client = log(root)
    make_store(client)
    return client


def group(*values: bytes, key: str = "n", at: int = 1_800_000_000) -> bytes:
    """An encoded group with one log for each value."""
    message = LogGroupRaw(Topic="t")
    for value in values:
        entry = message.Logs.add(Time=at)
        entry.Contents.add(Key=key, Value=value)
    return bytes(message.SerializePartialToString())


def send(client: Any, body: bytes, raw_size: int | None = None, kind: str = "", path: str = WRITE) -> Any:
    headers = {"x-log-bodyrawsize": str(len(body) if raw_size is None else raw_size)}
    headers |= {"x-log-compresstype": kind} if kind else {}
    return client._send("POST", PROJECT, body, path, {}, headers | {"Content-Type": "application/x-protobuf"})


def cursor_number(cursor: str) -> int:
    return int(base64.b64decode(cursor))


def test_what_is_put_is_pulled_in_the_groups_it_came_in(client: Any) -> None:
    put(client, {"n": "1"}, {"n": "2", "text": "größer"}, topic="trail", logtags=[("host", "a")])
    put(client, {"n": "3"})
    answer = pull(client)
    assert (answer.get_loggroup_count(), answer.get_log_count()) == (2, 3)
    first, second, third = answer.get_flatten_logs_json()
    first.pop("__time_ns_part__")
    assert first == {
        "__time__": 1_800_000_000,
        "__topic__": "trail",
        "__source__": "10.0.0.1",
        "__tag__:host": "a",
        "n": "1",
    }
    assert (second["text"], third["n"], third["__topic__"]) == ("größer", "3", "")
    assert answer.get_header("x-log-compresstype") == "lz4"


def test_logs_may_come_and_go_uncompressed(client: Any) -> None:
    put(client, {"n": "1"}, compress=False)
    answer = pull(client, compress=False)
    assert [each["n"] for each in answer.get_flatten_logs_json()] == ["1"]
    assert "x-log-compresstype" not in answer.get_all_headers()


@pytest.mark.parametrize("kind", ["deflate", "gzip"])
def test_logs_may_come_deflated(client: Any, kind: str) -> None:
    data = group(b"1")
    send(client, zlib.compress(data), len(data), kind)
    assert pull(client).get_log_count() == 1


def test_nanoseconds_are_kept(client: Any) -> None:
    item = LogItem(1_800_000_000, time_nano_part=123_456_789, contents=[("n", "1")])
    client.put_logs(PutLogsRequest(PROJECT, LOGSTORE, "", "", [item]))
    assert pull(client).get_loggroup(0).Logs[0].Time_ns == 123_456_789


def test_the_time_and_place_of_arrival_are_added_where_the_logstore_wants_them(client: Any) -> None:
    client.update_logstore(PROJECT, LOGSTORE, append_meta=True)
    put(client, {"n": "1"})
    (entry,) = pull(client).get_flatten_logs_json()
    assert entry["__tag__:__client_ip__"] == "127.0.0.1"
    assert abs(int(entry["__tag__:__receive_time__"]) - time.time()) < 5


def test_a_pull_goes_from_cursor_to_cursor(client: Any) -> None:
    for number in range(5):
        put(client, {"n": str(number)})
    begin = client.get_begin_cursor(PROJECT, LOGSTORE, 0).get_cursor()
    end = client.get_end_cursor(PROJECT, LOGSTORE, 0).get_cursor()
    assert cursor_number(end) - cursor_number(begin) == 5
    first = client.pull_logs(PROJECT, LOGSTORE, 0, begin, count=2)
    rest = client.pull_logs(PROJECT, LOGSTORE, 0, first.get_next_cursor())
    assert [each["n"] for each in rest.get_flatten_logs_json()] == ["2", "3", "4"]
    assert rest.get_next_cursor() == end
    nothing = client.pull_logs(PROJECT, LOGSTORE, 0, end)
    assert (nothing.get_log_count(), nothing.get_next_cursor()) == (0, end)


def test_a_pull_ends_before_its_end_cursor(client: Any) -> None:
    for number in range(3):
        put(client, {"n": str(number)})
    begin = client.get_begin_cursor(PROJECT, LOGSTORE, 0).get_cursor()
    two = client.pull_logs(PROJECT, LOGSTORE, 0, begin, count=2).get_next_cursor()
    answer = client.pull_logs(PROJECT, LOGSTORE, 0, begin, end_cursor=two)
    assert [each["n"] for each in answer.get_flatten_logs_json()] == ["0", "1"]
    assert answer.get_next_cursor() == two
    empty = client.pull_logs(PROJECT, LOGSTORE, 0, two, end_cursor=two)
    assert (empty.get_log_count(), empty.get_next_cursor()) == (0, two)


def test_a_cursor_is_found_by_the_time_of_arrival(
    client: Any, local: LocalCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = time.time()
    for step in range(3):
        monkeypatch.setattr(local.cloud, "clock", partial(float, begun + 60 * step))
        put(client, {"n": str(step)})
    cursor = client.get_cursor(PROJECT, LOGSTORE, 0, int(begun) + 60).get_cursor()
    answer = client.pull_logs(PROJECT, LOGSTORE, 0, cursor)
    assert [each["n"] for each in answer.get_flatten_logs_json()] == ["1", "2"]
    assert client.get_cursor_time(PROJECT, LOGSTORE, 0, cursor).get_cursor_time() == int(begun) + 60
    assert client.get_previous_cursor_time(PROJECT, LOGSTORE, 0, cursor).get_cursor_time() == int(begun)
    late = client.get_cursor(PROJECT, LOGSTORE, 0, int(begun) + 9999).get_cursor()
    assert late == client.get_end_cursor(PROJECT, LOGSTORE, 0).get_cursor()


def test_the_time_before_the_first_cursor_is_the_time_of_the_first(client: Any) -> None:
    put(client, {"n": "1"})
    begin = client.get_begin_cursor(PROJECT, LOGSTORE, 0).get_cursor()
    assert (
        abs(client.get_previous_cursor_time(PROJECT, LOGSTORE, 0, begin).get_cursor_time() - time.time()) < 5
    )


@pytest.mark.parametrize("cursor", ["no base64!", "YWJj", base64.b64encode(b"9" * 19).decode(), "MTIz" * 9])
def test_a_cursor_that_was_never_given_out_is_refused(client: Any, cursor: str) -> None:
    assert code(refused(client.pull_logs, PROJECT, LOGSTORE, 0, cursor)) == ("InvalidCursor", 400)
    assert code(refused(client.get_cursor_time, PROJECT, LOGSTORE, 0, cursor)) == ("InvalidCursor", 400)


def test_a_shard_that_does_not_exist_is_refused(client: Any) -> None:
    error = refused(client.get_cursor, PROJECT, LOGSTORE, 9, "begin")
    assert (code(error), error.get_error_message()) == (("ShardNotExist", 400), "Shard 9 does not exist.")


def test_a_pull_of_more_than_a_thousand_groups_is_refused(client: Any) -> None:
    assert code(refused(pull, client, count=1001)) == ("ParameterInvalid", 400)


def test_old_logs_are_forgotten_after_the_ttl(client: Any, local: LocalCloud) -> None:
    client.update_logstore(PROJECT, LOGSTORE, ttl=1)
    put(client, {"n": "old"})
    cursor = client.get_begin_cursor(PROJECT, LOGSTORE, 0).get_cursor()
    groups = local.cloud.state.sls.projects[PROJECT].logstores[LOGSTORE].shards[0].groups
    groups[0].received -= 24 * 3600 + 1
    put(client, {"n": "new"})
    answer = client.pull_logs(PROJECT, LOGSTORE, 0, cursor)
    assert [each["n"] for each in answer.get_flatten_logs_json()] == ["new"]
    assert (
        cursor_number(client.get_begin_cursor(PROJECT, LOGSTORE, 0).get_cursor()) == cursor_number(cursor) + 1
    )


def test_a_hash_key_chooses_the_shard_and_no_key_takes_turns(client: Any) -> None:
    client.create_logstore(PROJECT, "two", shard_count=2)
    for key in ("00" * 16, "f0" * 16, "ff" * 16):
        items = [LogItem(1_800_000_000, contents=[("k", key)])]
        client.put_logs(PutLogsRequest(PROJECT, "two", "", "", items, hashKey=key))
    assert [_groups(client, shard) for shard in (0, 1)] == [1, 2]
    for _ in range(2):
        client.put_logs(
            PutLogsRequest(PROJECT, "two", "", "", [LogItem(1_800_000_000, contents=[("k", "")])])
        )
    assert [_groups(client, shard) for shard in (0, 1)] == [2, 3]
    bad = PutLogsRequest(PROJECT, "two", "", "", items, hashKey="xyz")
    assert code(refused(client.put_logs, bad)) == ("ParameterInvalid", 400)


def _groups(client: Any, shard: int) -> int:
    begin = client.get_begin_cursor(PROJECT, "two", shard).get_cursor()
    return int(client.pull_logs(PROJECT, "two", shard, begin).get_loggroup_count())


def test_a_value_of_one_megabyte_passes_and_a_larger_one_does_not(client: Any) -> None:
    send(client, group(b"x" * (1024 * 1024)))
    assert code(refused(send, client, group(b"x" * (1024 * 1024 + 1)))) == ("PostBodyTooLarge", 400)
    assert pull(client).get_log_count() == 1


def test_a_group_has_at_most_4096_logs_and_5_megabytes(client: Any) -> None:
    send(client, group(*[b"1"] * 4096))
    assert code(refused(send, client, group(*[b"1"] * 4097))) == ("PostBodyTooLarge", 400)
    assert code(refused(send, client, group(*[b"x" * 1_000_000] * 6))) == ("PostBodyTooLarge", 400)
    assert code(refused(send, client, b"x" * (10 * 1024 * 1024 + 1))) == ("PostBodyTooLarge", 413)


def test_a_small_body_cannot_unpack_to_a_large_one(client: Any) -> None:
    bomb = zlib.compress(b"\0" * 50_000_000)
    assert code(refused(send, client, bomb, 100, "deflate")) == ("PostBodyUncompressError", 400)
    assert code(refused(send, client, bomb, 50_000_000, "deflate")) == ("PostBodyTooLarge", 413)


@pytest.mark.parametrize(
    ("body", "kind", "wanted"),
    [
        (b"no protobuf", "", "PostBodyInvalid"),
        (b"", "", "PostBodyInvalid"),
        (group(), "", "PostBodyInvalid"),
        (group(b"\xff\xfe"), "", "InvalidEncoding"),
        (group(b"1", key=""), "", "InvalidKey"),
        (group(b"1", at=0), "", "InvalidTimestamp"),
        (b"\xff\xff\xff", "lz4", "PostBodyUncompressError"),
        (b"no zlib", "deflate", "PostBodyUncompressError"),
        (b"x", "zstd", "ParameterInvalid"),
    ],
)
def test_a_body_that_is_no_good_group_is_refused(client: Any, body: bytes, kind: str, wanted: str) -> None:
    assert code(refused(send, client, body, len(body) + 10 if kind else None, kind)) == (wanted, 400)
    assert pull(client).get_log_count() == 0


def test_a_wrong_raw_size_is_refused(client: Any) -> None:
    data = group(b"1")
    packed = lz4.block.compress(data, store_size=False)
    for size in (len(data) + 1, len(data) - 1):
        assert code(refused(send, client, packed, size, "lz4")) == ("PostBodyUncompressError", 400)
    assert code(refused(send, client, packed, -5, "lz4")) == ("ParameterInvalid", 400)


def test_a_throttled_write_is_told_so_and_writes_nothing(client: Any, local: LocalCloud) -> None:
    local.cloud.faults.append(Fault(service="sls", operation="PutLogs", kind="throttle"))
    assert refused(put, client, {"n": "1"}).get_error_code().endswith("QuotaExceed")
    assert pull(client).get_log_count() == 0


def test_a_write_whose_answer_was_an_error_is_repeated_by_the_sdk(client: Any, local: LocalCloud) -> None:
    local.cloud.faults.append(Fault(service="sls", operation="PutLogs", kind="error", when="after"))
    put(client, {"n": "1"})
    assert pull(client).get_log_count() == 2, "SLS writes at least once: the first try had its effect"


def test_the_state_survives_being_saved_and_loaded(client: Any, local: LocalCloud) -> None:
    import msgspec

    from localcloud.state import State

    put(client, {"n": "1"})
    client.create_consumer_group(PROJECT, LOGSTORE, "readers", 30)
    client.update_check_point(PROJECT, LOGSTORE, "readers", 0, "MTIz")
    text = msgspec.json.encode(local.cloud.state)
    local.reset(msgspec.json.decode(text, type=State))
    assert [each["n"] for each in pull(client).get_flatten_logs_json()] == ["1"]
    assert client.get_check_point(PROJECT, LOGSTORE, "readers").get_count() == 1


def test_a_call_is_answered_in_milliseconds(client: Any) -> None:
    for _ in range(20):
        put(client, *[{"event": "x" * 1000}] * 5)
    cursor = client.get_begin_cursor(PROJECT, LOGSTORE, 0).get_cursor()
    begun = time.perf_counter()
    for _ in range(20):
        client.pull_logs(PROJECT, LOGSTORE, 0, cursor, query="* | where event like 'y%'")
    assert (time.perf_counter() - begun) / 20 < 0.1, "on an idle machine: 3 ms, half of it the client's"
