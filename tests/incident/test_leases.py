"""A role has one writer at a time, who notices when that is over."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolemend.errors import LeaseLost, LedgerDamaged, LedgerError, RoleBusy, Unreachable
from rolemend.incident.leases import LEASE_SECONDS, Lease, Leases
from tests.fakes import MemoryStore


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


def test_a_role_that_is_leased_is_busy_until_it_is_released(store: MemoryStore, clock: Clock) -> None:
    one, two = Leases(store, "one", clock), Leases(store, "two", clock)
    lease = one.take("emr-etl", "inc-1")
    with pytest.raises(RoleBusy, match="inc-1"):
        two.take("EMR-ETL", "inc-2")
    two.take("other", "inc-2")
    one.release(lease)
    two.take("emr-etl", "inc-2")


def test_a_lease_ends_and_its_holder_notices(store: MemoryStore, clock: Clock) -> None:
    leases = Leases(store, "one", clock)
    lease = leases.take("emr-etl", "inc-1")
    leases.check(lease)
    clock.now += LEASE_SECONDS
    with pytest.raises(LeaseLost):
        leases.check(lease)


def test_who_was_overtaken_notices_whatever_his_clock_says(store: MemoryStore, clock: Clock) -> None:
    """The first one's clock is an hour behind the other's."""
    late = Clock()
    late.now -= 3_600
    slow = Leases(store, "slow", late)
    lease = slow.take("emr-etl", "inc-1")
    other = Leases(store, "other", clock)
    newer = other.take("emr-etl", "inc-2")
    with pytest.raises(LeaseLost):
        slow.check(lease)
    slow.release(lease)
    other.check(newer)


def test_only_what_was_changed_counts(store: MemoryStore, clock: Clock) -> None:
    leases = Leases(store, "one", clock)
    for change in ("chg-1", "", "chg-2"):
        leases.release(leases.take("emr-etl", "inc-1"), change)
        clock.now += 100
    lease = leases.take("emr-etl", "inc-1")
    assert (lease.changes_since(0.0), lease.changes_since(1100.0), lease.changes_since(1201.0)) == (2, 1, 0)


def test_a_change_that_is_verified_again_counts_once_on_the_day_it_was_made(
    store: MemoryStore, clock: Clock
) -> None:
    leases = Leases(store, "one", clock)
    for change in ("chg-1", "chg-1", "chg-2", "chg-1"):
        leases.release(leases.take("emr-etl", "inc-1"), change)
        clock.now += 100
    lease = leases.take("emr-etl", "inc-1")
    assert [lease.changes_since(moment) for moment in (0.0, 1001.0, 1201.0)] == [2, 1, 0]


def test_a_lease_whose_answer_was_lost_is_held(store: MemoryStore, clock: Clock) -> None:
    store.lost = 1
    leases = Leases(store, "one", clock)
    leases.check(leases.take("emr-etl", "inc-1"))


def test_a_ledger_that_does_not_answer_gives_no_lease(clock: Clock) -> None:
    class Down(MemoryStore):
        def read(self, key: str) -> bytes:
            raise Unreachable("GetObject", "Timeout", "no answer")

    with pytest.raises(Unreachable):
        Leases(Down(), "one", clock).take("emr-etl", "inc-1")


def test_a_journal_that_was_tampered_with_gives_no_lease(store: MemoryStore, clock: Clock) -> None:
    leases = Leases(store, "one", clock)
    leases.release(leases.take("emr-etl", "inc-1"))
    key = "roles/emr-etl.jsonl"
    store.objects[key] = store.objects[key].replace(b"inc-1", b"inc-2")
    with pytest.raises(LedgerDamaged):
        leases.take("emr-etl", "inc-1")


@pytest.mark.parametrize("name", ["", "../config", "a/b", "r\u00f4le", "x" * 65])
def test_what_is_no_role_name_reaches_no_object(store: MemoryStore, clock: Clock, name: str) -> None:
    with pytest.raises(LedgerError):
        Leases(store, "one", clock).take(name, "inc-1")


def test_a_role_that_was_leased_since_it_was_looked_at_is_busy(store: MemoryStore, clock: Clock) -> None:
    one, two = Leases(store, "one", clock), Leases(store, "two", clock)
    one.foresee("emr-etl")
    two.take("emr-etl", "inc-2")
    with pytest.raises(RoleBusy, match="inc-2"):
        one.take("emr-etl", "inc-1")


def test_a_lease_tells_when_another_writer_was_last_there(store: MemoryStore, clock: Clock) -> None:
    one, two = Leases(store, "one", clock), Leases(store, "two", clock)
    first = one.take("emr-etl", "inc-1")
    clock.now += 5
    one.release(first)
    clock.now += 5
    two.foresee("emr-etl")
    assert (first.before, two.take("emr-etl", "inc-2").before) == (0.0, 1005.0)


@pytest.mark.parametrize("name", ["../config/guardrails", ""])
def test_looking_ahead_at_what_cannot_be_read_is_left_to_the_taking(
    store: MemoryStore, clock: Clock, name: str
) -> None:
    leases = Leases(store, "one", clock)
    leases.foresee(name)
    with pytest.raises(LedgerError):
        leases.take(name, "inc-1")


@given(st.lists(st.sampled_from(["take", "release", "later"]), max_size=12))
def test_never_do_two_hold_a_role(steps: list[str]) -> None:
    store, clock = MemoryStore(), Clock()
    writers = [Leases(store, str(n), clock) for n in range(2)]
    held: list[tuple[Leases, Lease]] = []
    for number, step in enumerate(steps):
        writer = writers[number % 2]
        if step == "later":
            clock.now += LEASE_SECONDS / 2
        elif step == "release" and held:
            held[-1][0].release(held[-1][1])
        elif step == "take":
            try:
                held.append((writer, writer.take("emr-etl", "inc-1")))
            except RoleBusy:
                continue
        assert sum(_holds(*one) for one in held) <= 1


def _holds(leases: Leases, lease: Lease) -> bool:
    try:
        leases.check(lease)
    except LeaseLost:
        return False
    return True
