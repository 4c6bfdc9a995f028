"""A run is published once all its parts are done, and again by the next try where one failed."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from rolemend.audit.accounts import Part
from rolemend.audit.archive import read_report
from rolemend.audit.scope import Installation
from rolemend.errors import BadEvent, Refused, Unreachable
from rolemend.work.audit import Outcome, Parts, Start, audit, read_audit_event
from tests.fakes import FakeFunctions, MemoryStore

RUN, ACCOUNT = "20260131T180000Z", "1000000000000001"
KEY = f"reports/2026-01-31-{RUN}"


def refused(part: Part, sharing: int) -> Any:
    raise Refused("AssumeRole", "NoPermission", part.name)


def parts_with(store: MemoryStore, functions: FakeFunctions) -> Parts:
    home = "cn-hangzhou"
    installation = Installation(
        region=home, ledger_bucket="ledger", ledger_region=home, trail_project="trail"
    )
    return Parts(
        store=store,
        functions=functions,
        open_survey=refused,
        account=ACCOUNT,
        regions=("cn-hangzhou", "cn-shanghai"),
        function="rolemend-audit",
        installation=installation,
        now=lambda: 1_769_882_400.0,
    )


def begun(parts: Parts, functions: FakeFunctions) -> list[bytes]:
    """What the function was started with for each part."""
    audit(Start(RUN), parts)
    return [payload for _, payload in functions.started]


def work(payload: bytes, parts: Parts) -> Outcome:
    return audit(read_audit_event(payload), parts)


def test_a_run_is_published_when_the_last_part_is_done() -> None:
    store, functions = MemoryStore(), FakeFunctions()
    parts = parts_with(store, functions)
    first, second = begun(parts, functions)
    work(first, parts)
    assert list(store.keys("reports/")) == []
    work(second, parts)
    assert sorted(store.keys("reports/")) == [f"{KEY}.html", f"{KEY}.json"]
    report = read_report(store.read(f"{KEY}.json")).report
    assert len(report.incomplete) == 2
    assert json.loads(store.read(f"{KEY}.json"))["complete"] is False


def test_what_could_not_be_published_is_by_the_next_try() -> None:
    class Failing(MemoryStore):
        broken = True

        def put(self, key: str, data: bytes) -> None:
            if self.broken and key.startswith("reports/"):
                raise Unreachable("PutObject", "InternalError", "try again")
            super().put(key, data)

    store, functions = Failing(), FakeFunctions()
    parts = parts_with(store, functions)
    first, second = begun(parts, functions)
    work(first, parts)
    with pytest.raises(Unreachable):
        work(second, parts)
    store.broken = False
    assert work(second, parts).state == "taken"
    assert sorted(store.keys("reports/")) == [f"{KEY}.html", f"{KEY}.json"]


@pytest.mark.parametrize("prefix", ["audits/20260131T180000Z/parts/", "audits/20260131T180000Z/report"])
def test_a_part_that_failed_is_taken_up_by_its_next_try_and_by_nobody_else(prefix: str) -> None:
    """A try that failed holds the claim still, and Function Compute tries the same payload again within seconds."""

    class Failing(MemoryStore):
        broken = True

        def put(self, key: str, data: bytes) -> None:
            if self.broken and key.startswith(prefix):
                raise Unreachable("PutObject", "InternalError", "try again")
            super().put(key, data)

    store, functions = Failing(), FakeFunctions()
    parts = parts_with(store, functions)
    first, second = begun(parts, functions)
    with pytest.raises(Unreachable):
        work(first, parts)
    other = json.loads(first) | {"asking": "0" * 32}
    if prefix.endswith("parts/"):
        assert work(json.dumps(other).encode(), parts).state == "taken"
        assert list(store.keys("audits/20260131T180000Z/parts/")) == []
    store.broken = False
    work(first, parts)
    work(second, parts)
    assert sorted(store.keys("reports/")) == [f"{KEY}.html", f"{KEY}.json"]


@pytest.mark.parametrize("asking", ["x", "0" * 33, "A" * 32, "../x"])
def test_an_asking_that_is_no_id_is_refused(asking: str) -> None:
    event = {"run": RUN, "account": ACCOUNT, "region": "cn-hangzhou", "step": 0, "asking": asking}
    with pytest.raises(BadEvent):
        read_audit_event(json.dumps(event).encode())


def test_the_regions_of_an_account_share_what_it_answers_in_a_second() -> None:
    sharing: list[int] = []

    def opened(part: Part, number: int) -> Any:
        sharing.append(number)
        return refused(part, number)

    store, functions = MemoryStore(), FakeFunctions()
    parts = msgspec.structs.replace(parts_with(store, functions), open_survey=opened)
    for payload in begun(parts, functions):
        work(payload, parts)
    assert sharing == [2, 2]
