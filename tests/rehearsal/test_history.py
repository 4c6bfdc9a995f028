"""Files of past events: what is held back, and what becomes of files that are none."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localcloud.sls.spl import compile_script
from rehearsal.history import ACCESS_LOG, TRAIL, History, add_events, files_of, read_files
from rolemend.signals import actiontrail
from tests.samples import denied_creation, denied_line


def written(path: Path, content: Any) -> Path:
    path.write_bytes(gzip.compress(json.dumps(content).encode()))
    return path


def event(name: str) -> dict[str, Any]:
    return denied_creation(eventName=name)


def test_only_what_watch_would_be_sent_is_kept(tmp_path: Path) -> None:
    file = written(tmp_path / "a.gz", [event("DescribeInstances"), event("RunCluster"), event("UpdateRole")])
    found = read_files([file])
    assert (found.events, found.held_back, found.files) == (3, 1, 1)
    assert [json.loads(each.contents["event"])["eventName"] for each in found.records] == [
        "RunCluster",
        "UpdateRole",
    ]
    assert {each.log for each in found.records} == {TRAIL}


def test_lines_of_the_access_log_are_kept_if_they_were_refused(tmp_path: Path) -> None:
    lines = [denied_line(__time__=1_700_000_001), denied_line(__time__="1700000000", http_status="200")]
    file = tmp_path / "log.jsonl"
    file.write_text("\n".join(map(json.dumps, lines)), "utf-8")
    found = read_files([file])
    assert (found.lines, found.held_back) == (2, 1)
    [record] = found.records
    assert (record.log, record.time, record.contents["http_status"]) == (ACCESS_LOG, 1_700_000_001, "403")


def test_the_trails_own_logstore_may_be_exported_too(tmp_path: Path) -> None:
    records = [
        {"__topic__": actiontrail.TOPIC, "__time__": 5, "event": json.dumps(event(name))}
        for name in ("RunCluster", "ListClusters")
    ]
    found = read_files([written(tmp_path / "a.gz", records)])
    assert (found.events, found.held_back, len(found.records)) == (2, 1, 1)


def test_folders_and_several_gzip_members_are_read(tmp_path: Path) -> None:
    (tmp_path / "2026/01").mkdir(parents=True)
    one = gzip.compress(json.dumps([event("RunCluster")]).encode()[:40])
    two = gzip.compress(json.dumps([event("RunCluster")]).encode()[40:])
    (tmp_path / "2026/01/a.gz").write_bytes(one + two)
    assert len(list(files_of([tmp_path]))) == 1
    assert len(read_files([tmp_path]).records) == 1


WHOLE = gzip.compress(json.dumps([{"eventName": "RunCluster"}] * 50).encode(), mtime=0)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (WHOLE[:-12], "ends too early"),
        (WHOLE[:30] + b"\0" * 8 + WHOLE[38:], "broken gzip"),
        (b"[{", "neither a JSON array nor JSON lines"),
        (b'{"eventName": "RunCluster"}\nnot json', "neither a JSON array nor JSON lines"),
        (b"[1, 2]", "neither a JSON array nor JSON lines"),
        (b"\xff\xfe", "neither a JSON array nor JSON lines"),
        (b'[{"a": 1}]', "neither ActionTrail events nor lines"),
        (b'[{"eventName": "RunCluster"}, {"a": 1}]', "neither ActionTrail events nor lines"),
        (b'{"operation": "GetObject", "http_status": "403"}', "without __time__"),
    ],
    ids=["cut", "garbled", "json", "lines", "numbers", "binary", "others", "mixed", "no time"],
)
def test_a_bad_file_is_named_and_costs_no_other(tmp_path: Path, data: bytes, why: str) -> None:
    bad = tmp_path / "bad.gz"
    bad.write_bytes(data)
    found = read_files([bad, tmp_path / "gone", written(tmp_path / "good.gz", [event("RunCluster")])])
    assert [each.file for each in found.troubles] == [str(bad), str(tmp_path / "gone")]
    assert why in found.troubles[0].why
    assert (found.events, found.lines, len(found.records), found.held_back) == (1, 0, 1, 0)


def test_a_file_without_records_is_no_trouble(tmp_path: Path) -> None:
    found = read_files([written(tmp_path / "a.gz", [])])
    assert (found.events, found.troubles) == (0, [])


NAMES = st.one_of(
    st.sampled_from(["RunCluster", "CreateCluster", "Create", "UpdateRole", "runcluster", "", "RunCluster "]),
    st.text(max_size=8),
    st.integers(),
    st.booleans(),
    st.none(),
    st.lists(st.text(max_size=3), max_size=2),
)


@given(NAMES)
def test_what_is_held_back_here_is_what_the_filter_of_watch_holds_back(name: Any) -> None:
    """The filter is asked once for each name; the whole record, as SLS has it, must fare the same."""
    told = {"eventId": "e", "eventName": name, "eventVersion": "1"}
    if name is None:
        return
    history = History()
    add_events([told], history)
    row = {"__topic__": actiontrail.TOPIC, "event": json.dumps(told)}
    passes = compile_script(actiontrail.PUSHED_DOWN).passes(row)
    if isinstance(name, str):
        assert bool(history.records) is passes
    else:
        assert history.records  # left to SLS's own filter
