"""Events of failed job runs are read from every envelope, whatever their content looks like and whoever wrote it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolemend.errors import RecordRejected
from rolemend.signals.denial import PassedOver
from rolemend.signals.spark_job import MOST_IDS, FailedJob, is_system_event, read_event

NAME = "EMRSpark:JobRun:FAILED"
WORKSPACE, RUN, OTHER = "w-d2d82aa09155aaaa", "jr-93d98d2f7061bbbb", "jr-ffffffffffff0000"
TIME = 1_764_000_000


def content(**changes: Any) -> dict[str, Any]:
    return {"workspaceId": WORKSPACE, "jobRunId": RUN, "state": "Failed", **changes}


def event(**changes: Any) -> dict[str, Any]:
    """CloudMonitor's envelope. Members: CloudMonitor's API reference, SendDryRunSystemEvent."""
    parts = {
        "product": "EMRSpark",
        "name": NAME,
        "regionId": "cn-hangzhou",
        "level": "CRITICAL",
        "instanceName": "etl",
        "status": "Failed",
        "content": content(),
        "time": TIME * 1000,
    }
    return {key: value for key, value in (parts | changes).items() if value is not None}


def record(**changes: Any) -> dict[str, Any]:
    """The same as SLS gives it: every value a text, objects as JSON."""
    flat = {
        key: value if isinstance(value, str) else json.dumps(value) for key, value in event(**changes).items()
    }
    return {"__topic__": "cloudmonitor_event", "__source__": "cloudmonitor", "__time__": TIME, **flat}


def envelope(data: Any) -> dict[str, Any]:
    return {"id": "1", "source": "acs.cms", "specversion": "1.0", "type": NAME, "data": data}


FAILED = FailedJob(workspaces=(WORKSPACE,), runs=(RUN,), region="cn-hangzhou", time=TIME)


@pytest.mark.parametrize(
    "value",
    [
        event(),
        record(),
        envelope(event()),
        envelope(content(regionId="cn-hangzhou", time=TIME * 1000)),
        event(content=json.dumps(content())),
        event(content={"detail": json.dumps({"payload": json.dumps(content())})}),
        event(content={"job_run_id": RUN, "workspace-id": WORKSPACE}),
        event(content=f"The job run {RUN} of workspace {WORKSPACE} failed."),
        event(
            content={},
            resourceId=f"acs:emr-serverless-spark:cn-hangzhou:1:workspace/{WORKSPACE}/jobRun/{RUN}",
        ),
        event(content=None, instanceName=f"{WORKSPACE}/{RUN}"),
        event(name="emr-serverless-spark:jobRun:Failed"),
    ],
)
def test_the_ids_are_taken_from_wherever_they_stand(value: Any) -> None:
    assert is_system_event(value)
    assert read_event(value) == FAILED


@pytest.mark.parametrize(
    "name", ["EMRSpark:JobRun:TIMEOUT", "EMRSpark:Workflow:TaskStateChange", "EMRSpark:LivySession:FAILED"]
)
def test_other_events_of_the_product_are_passed_over(name: str) -> None:
    assert is_system_event(event(name=name))
    assert read_event(event(name=name)) == PassedOver("other system event")


@pytest.mark.parametrize(
    "value",
    [
        None, 7, "text", [event()], {}, {"product": "ECS", "name": "Instance:StateChange"},
        {"eventName": "RunCluster", "userIdentity": {}, "requestParameters": {"Name": NAME}},
        {"data": {"eventName": "RunCluster", "userIdentity": {}, "requestParameters": {"Name": NAME}}},
    ],
)  # fmt: skip
def test_what_is_no_event_of_the_product_is_not_taken_for_one(value: Any) -> None:
    assert not is_system_event(value)


@pytest.mark.parametrize("value", [None, "x", [], 3])
def test_what_is_no_object_is_rejected(value: Any) -> None:
    with pytest.raises(RecordRejected):
        read_event(value)


def test_the_name_that_a_user_gave_the_job_does_not_stand_in_for_its_id() -> None:
    read = read_event(event(content=content(jobRunName=f"{OTHER} w-00000000", message=f"like {OTHER}")))
    assert read == FAILED
    read = read_event(event(content={"name": OTHER, "message": f"{RUN} in {WORKSPACE}"}))
    assert read == FAILED


def test_an_event_that_names_several_gives_all_and_one_that_names_too_many_gives_none() -> None:
    several = tuple(f"jr-{number:012d}" for number in range(MOST_IDS))
    read = read_event(event(content=content(jobRunId=list(several))))
    assert isinstance(read, FailedJob)
    assert read.runs == several
    read = read_event(event(content=content(jobRunId=[f"jr-{number:012d}" for number in range(5_000)])))
    assert isinstance(read, FailedJob)
    assert (read.runs, read.workspaces) == ((), (WORKSPACE,))


def test_without_an_id_the_region_and_the_time_remain() -> None:
    read = read_event(event(content="a job failed"))
    assert read == FailedJob(region="cn-hangzhou", time=TIME)


def test_a_livy_gateway_counts_only_where_the_event_names_one_as_such() -> None:
    read = read_event(event(content=content(livyComputeId="lc-123456789", message="lc-987654321")))
    assert isinstance(read, FailedJob)
    assert read.gateways == ("lc-123456789",)
    read = read_event(event(content=content(message="lc-987654321")))
    assert isinstance(read, FailedJob)
    assert read.gateways == ()


@pytest.mark.parametrize(
    "wrong", ["evil.example.com", "cn-hangzhou/../x", "cn-hangzhou\n", "", 5, None, "CN"]
)
def test_a_region_that_is_none_is_not_told(wrong: Any) -> None:
    read = read_event(event(regionId=wrong))
    assert isinstance(read, FailedJob)
    assert read.region == ""


def test_two_regions_tell_none() -> None:
    read = read_event(event(content=content(regionId="cn-shanghai")))
    assert isinstance(read, FailedJob)
    assert read.region == ""


def deep(levels: int, inner: Any) -> Any:
    for _ in range(levels):
        inner = {"x": [inner]}
    return inner


@pytest.mark.parametrize(
    "bad",
    [
        '{"workspaceId": "w-', "[" * 50_000, "{" * 50_000, "\ud800 half", "\x00\x01", "x" * 3_000_000,
        deep(400, RUN), ["y"] * 100_000, {str(number): {"a": [number] * 50} for number in range(5_000)},
        10**400, float("nan"), b"bytes", {1: 2}, {"w-": None}, "w-" * 50_000, "jr-aaaaaaaa" * 20_000,
    ],
)  # fmt: skip
def test_hostile_content_costs_nothing_but_its_own_ids(bad: Any) -> None:
    read = read_event(event(content=bad))
    assert isinstance(read, FailedJob)
    assert (read.region, read.time, read.runs) == ("cn-hangzhou", TIME, ())
    beside = read_event(event(resourceId=f"{WORKSPACE}/{RUN}", content=bad))
    assert beside == FAILED


@pytest.mark.parametrize("time", ["", "soon", -1, 10**30, None, {"a": 1}, "2026-01-01T00:00:00Z"])
def test_a_time_that_is_none_is_not_told(time: Any) -> None:
    read = read_event(event(time=time))
    assert isinstance(read, FailedJob)
    assert read.time == 0


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=20), inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(st.sampled_from(["name", "type", "content", "data", "regionId", "time"]), JSON))
def test_no_event_is_an_error(value: dict[str, Any]) -> None:
    is_system_event(value)
    read = read_event({**value, "product": NAME})
    assert isinstance(read, FailedJob)
