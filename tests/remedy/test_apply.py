"""Exactly the planned document is written, once; what somebody else wrote meanwhile is never overwritten."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from rolemend.account.interface import Absent, Known, Unread
from rolemend.checklist.model import TrustService
from rolemend.errors import (
    AccountError,
    AnswerLost,
    Conflict,
    Displaced,
    LeaseLost,
    NotThere,
    Refused,
    Unreachable,
)
from rolemend.remedy.apply import apply_plan, is_unchanged, is_written, read_live, roll_back, stands_as
from rolemend.remedy.model import Change, Plan, sealed
from rolemend.remedy.plan import plan_remedy
from tests.fakes import WritableAccount
from tests.remedy.test_plan import EMR, LIST_DATA, account, planned, policy, reading

OTHERS = policy(reading("somebody-elses"))


def extensible() -> WritableAccount:
    return account(reader=policy(reading("other")))


def trust_plan(fake: WritableAccount) -> Plan:
    plan = plan_remedy(TrustService(role="emr-role", service=EMR), fake)
    assert isinstance(plan, Plan)
    return plan


def trust_policy(fake: WritableAccount) -> str:
    assert isinstance(fake.the_role, Known)
    return fake.the_role.value.trust_policy


def edit(fake: WritableAccount, document: str = OTHERS) -> None:
    """What somebody else does: a new version, outside of the recorded writes."""
    versions = fake.policies["reader"]
    version = f"v{len(versions) + 90}"
    versions[version], fake.defaults["reader"] = document, version


def test_a_plan_becomes_a_new_default_version() -> None:
    fake = extensible()
    plan = planned(fake)
    assert apply_plan("chg-1", plan, fake) == Change(id="chg-1", plan=plan, version="v2")
    assert fake.in_force("reader") == plan.write.after
    assert fake.policies["reader"]["v1"] == plan.write.before


def test_applying_twice_writes_once() -> None:
    fake = extensible()
    plan = planned(fake)
    first = apply_plan("chg-1", plan, fake)
    assert apply_plan("chg-1", plan, fake) == first
    assert fake.writes == ["add reader"]


def test_a_version_that_was_rotated_out_is_named_and_never_the_one_to_go_back_to() -> None:
    fake = extensible()
    fake.policies["reader"] = {f"v{n}": OTHERS for n in range(1, 5)} | {"v5": fake.in_force("reader")}
    fake.defaults["reader"] = "v5"
    change = apply_plan("chg-1", planned(fake), fake)
    assert (change.version, change.removed) == ("v6", "v1")
    roll_back(change, fake)
    assert fake.defaults["reader"] == "v5"


@pytest.mark.parametrize("document", [OTHERS, policy(reading("other"))])
def test_a_policy_that_is_no_longer_the_planned_version_is_left_alone(document: str) -> None:
    """Even one of the same text: the plan names the version that it starts from."""
    fake = extensible()
    plan = planned(fake)
    edit(fake, document)
    with pytest.raises(Conflict):
        apply_plan("chg-1", plan, fake)
    assert fake.writes == []


def test_an_edit_that_falls_between_write_and_reading_back_is_a_conflict() -> None:
    fake = extensible()
    fake.after_write.append(lambda: edit(fake))
    with pytest.raises(Conflict, match="just written"):
        apply_plan("chg-1", planned(fake), fake)
    assert fake.in_force("reader") == OTHERS


def test_a_write_whose_answer_was_lost_is_found_and_not_repeated() -> None:
    fake = extensible()
    fake.lost = 1
    assert apply_plan("chg-1", planned(fake), fake).version == "v2"
    assert fake.writes == ["add reader"]


@pytest.mark.parametrize(
    ("code", "error"),
    [("Throttling.User", Unreachable), ("429", Unreachable), ("Timeout", AnswerLost), ("500", AnswerLost)],
)
def test_a_write_that_does_not_show_surely_never_came_only_if_it_was_throttled(
    code: str, error: type[AccountError]
) -> None:
    fake = extensible()
    fake.failing = Unreachable("CreatePolicyVersion", code, "no")
    with pytest.raises(Unreachable) as caught:
        apply_plan("chg-1", planned(fake), fake)
    assert type(caught.value) is error


def test_a_write_whose_answer_was_lost_and_that_does_not_show_yet_may_have_been_made() -> None:
    fake = extensible()
    plan = planned(fake)
    fake.lost = 1
    slow_to_show(fake, 9)
    with pytest.raises(AnswerLost):
        apply_plan("chg-1", plan, fake, pauses=(0.0,))
    assert fake.in_force("reader") == plan.write.after


def test_a_refused_write_is_refused() -> None:
    fake = extensible()
    fake.failing = Refused("CreatePolicyVersion", "NoPermission", "no")
    with pytest.raises(Refused):
        apply_plan("chg-1", planned(fake), fake)


@pytest.mark.parametrize(
    ("reading", "error"),
    [
        (Unread("GetRole", "throttled", transient=True), Unreachable),
        (Unread("GetRole", "refused"), AccountError),
        (Absent(), AccountError),
    ],
)
def test_what_cannot_be_read_is_not_written(reading: Unread | Absent, error: type[AccountError]) -> None:
    fake = account()
    plan = trust_plan(fake)
    fake.the_role = reading
    with pytest.raises(error) as caught:
        apply_plan("chg-1", plan, fake)
    assert type(caught.value) is error
    assert fake.writes == []


def test_a_trust_policy_is_written_and_put_back() -> None:
    fake = account()
    before, plan = trust_policy(fake), trust_plan(fake)
    change = apply_plan("chg-1", plan, fake)
    assert trust_policy(fake) == plan.write.after
    assert (change.version, change.removed) == ("", "")
    roll_back(change, fake)
    assert trust_policy(fake) == before


def test_a_rollback_makes_the_version_before_the_default_again_and_deletes_nothing() -> None:
    fake = extensible()
    change = apply_plan("chg-1", planned(fake), fake)
    roll_back(change, fake)
    assert fake.defaults["reader"] == "v1"
    assert set(fake.policies["reader"]) == {"v1", "v2"}


def test_rolling_back_twice_writes_once() -> None:
    fake = extensible()
    change = apply_plan("chg-1", planned(fake), fake)
    roll_back(change, fake)
    roll_back(change, fake)
    assert fake.writes == ["add reader", "default reader v1"]


def test_a_rollback_is_refused_where_the_live_document_is_another() -> None:
    fake = extensible()
    change = apply_plan("chg-1", planned(fake), fake)
    edit(fake)
    with pytest.raises(Conflict):
        roll_back(change, fake)
    assert fake.in_force("reader") == OTHERS


def edited_at_the_rollback(fake: WritableAccount, *, gone: bool = False) -> Change:
    """A change, and somebody who makes v3 right before it is taken back."""
    change = apply_plan("chg-1", planned(fake), fake)

    def somebody() -> None:
        fake.policies["reader"]["v3"], fake.defaults["reader"] = OTHERS, "v3"

    if gone:
        del fake.policies["reader"]["v1"]
    fake.before_write.append(somebody)
    return change


@pytest.mark.parametrize("gone", [False, True])
def test_a_version_made_at_the_moment_of_a_rollback_is_put_in_force_again(gone: bool) -> None:
    fake = extensible()
    change = edited_at_the_rollback(fake, gone=gone)
    with pytest.raises(Conflict, match="v3 of reader was made at the same moment"):
        roll_back(change, fake)
    assert fake.in_force("reader") == OTHERS


@pytest.mark.parametrize(
    "failing",
    [
        Refused("SetDefaultPolicyVersion", "NoPermission", "no"),
        Unreachable("SetDefaultPolicyVersion", "Throttling", "later"),
    ],
)
def test_a_version_made_at_the_moment_of_a_rollback_that_cannot_be_put_back_is_named(
    failing: AccountError,
) -> None:
    fake = extensible()
    change = edited_at_the_rollback(fake)
    fake.after_write.append(lambda: setattr(fake, "failing", failing))
    with pytest.raises(Displaced, match="version v1 of reader stands over version v3"):
        roll_back(change, fake)
    assert fake.defaults["reader"] == "v1"


@pytest.mark.parametrize("default", ["v3", "v1"])
def test_a_version_made_after_a_rollback_and_put_in_force_is_left_and_told(default: str) -> None:
    """One that was made and is not in force cannot be told from one that the rollback put out of force."""
    fake = extensible()
    change = apply_plan("chg-1", planned(fake), fake)

    def somebody() -> None:
        fake.policies["reader"]["v3"], fake.defaults["reader"] = OTHERS, default

    fake.after_write.append(somebody)
    with pytest.raises(Conflict):
        roll_back(change, fake)
    assert fake.in_force("reader") == OTHERS
    assert fake.writes[2:] == ([] if default == "v3" else ["default reader v3"])


def test_a_rollback_that_takes_a_while_to_show_is_looked_at_again() -> None:
    fake = extensible()
    change = apply_plan("chg-1", planned(fake), fake)
    slow_to_show(fake, 2)
    roll_back(change, fake, pauses=(0.0, 0.0))
    assert fake.defaults["reader"] == "v1"


@pytest.mark.parametrize("unread", [False, True])
def test_a_rollback_that_does_not_show_may_have_been_made(unread: bool) -> None:
    fake = extensible()
    change = apply_plan("chg-1", planned(fake), fake)
    if unread:
        fake.after_write.append(fake.policies.clear)
    else:
        slow_to_show(fake, 9)
    with pytest.raises(AnswerLost):
        roll_back(change, fake, pauses=(0.0,))


def test_a_trust_policy_that_was_edited_is_not_put_back() -> None:
    fake = account()
    change = apply_plan("chg-1", trust_plan(fake), fake)
    fake.set_trust_policy(
        "emr-role", policy({"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": {}})
    )
    with pytest.raises(Conflict):
        roll_back(change, fake)
    assert fake.writes == ["trust emr-role"] * 2


def test_a_version_that_was_rotated_out_since_is_written_anew() -> None:
    fake = extensible()
    plan = planned(fake)
    change = apply_plan("chg-1", plan, fake)
    del fake.policies["reader"]["v1"]
    roll_back(change, fake)
    assert fake.in_force("reader") == plan.write.before
    assert fake.writes == ["add reader", "add reader"]
    roll_back(change, fake)
    assert len(fake.writes) == 2


def test_a_plan_that_was_altered_since_its_hash_was_made_is_not_written() -> None:
    fake = extensible()
    plan = planned(fake)
    wider = msgspec.structs.replace(plan.write, after=policy(reading("other", "data", "secret")))
    for altered in (msgspec.structs.replace(plan, write=wider), msgspec.structs.replace(plan, expires=9)):
        with pytest.raises(Conflict, match="hash"):
            apply_plan("chg-1", altered, fake)
    assert fake.writes == []


def test_the_lease_is_looked_at_before_the_write_and_nothing_is_written_without_it() -> None:
    fake = extensible()

    def over() -> None:
        raise LeaseLost("over")

    with pytest.raises(LeaseLost):
        apply_plan("chg-1", planned(fake), fake, over)
    assert fake.writes == []
    change = apply_plan("chg-1", planned(fake), fake)
    with pytest.raises(LeaseLost):
        roll_back(change, fake, over)
    assert fake.writes == ["add reader"]


def overtaken(fake: WritableAccount, failing: Exception | None = None) -> None:
    """Somebody makes v2 right before our write; the next write after ours fails."""

    def somebody() -> None:
        fake.policies["reader"]["v2"] = OTHERS
        fake.defaults["reader"] = "v2"

    fake.before_write.append(somebody)
    fake.after_write.append(lambda: setattr(fake, "failing", failing))


def test_a_version_made_at_the_same_moment_is_put_in_force_again() -> None:
    fake = extensible()
    plan = planned(fake)
    overtaken(fake)
    with pytest.raises(Conflict, match="v2 of reader was made at the same moment"):
        apply_plan("chg-1", plan, fake)
    assert fake.in_force("reader") == OTHERS


@pytest.mark.parametrize(
    ("failing", "error"),
    [
        (Refused("SetDefaultPolicyVersion", "NoPermission", "no"), Displaced),
        (NotThere("SetDefaultPolicyVersion", "EntityNotExist.Policy.Version", "v2"), Displaced),
        (Unreachable("SetDefaultPolicyVersion", "Throttling", "later"), AnswerLost),
    ],
)
def test_a_version_made_at_the_same_moment_that_cannot_be_put_back_is_no_change_that_was_not_made(
    failing: AccountError, error: type[AccountError]
) -> None:
    fake = extensible()
    plan = planned(fake)
    overtaken(fake, failing)
    with pytest.raises(error, match="v2") as caught:
        apply_plan("chg-1", plan, fake)
    assert type(caught.value) is error
    assert fake.in_force("reader") == plan.write.after


def slow_to_show(fake: WritableAccount, reads: int) -> None:
    """The next reads after the write answer what stood there before it."""
    old = fake.policy_versions("reader")
    really = fake.policy_versions
    left = [reads]

    def read(name: str) -> Any:
        left[0] -= 1
        return old if left[0] >= 0 else really(name)

    fake.after_write.append(lambda: setattr(fake, "policy_versions", read))


def test_a_write_that_takes_a_while_to_show_is_looked_at_again() -> None:
    fake = extensible()
    plan = planned(fake)
    slow_to_show(fake, 2)
    assert apply_plan("chg-1", plan, fake, pauses=(0.0, 0.0)).version == "v2"


def test_a_write_that_does_not_show_may_have_been_made() -> None:
    fake = extensible()
    plan = planned(fake)
    slow_to_show(fake, 9)
    with pytest.raises(AnswerLost):
        apply_plan("chg-1", plan, fake, pauses=(0.0,))


def test_spacing_does_not_make_another_document_but_the_order_of_lists_does() -> None:
    document = policy(reading("other"))
    assert stands_as(document, json.dumps(json.loads(document), indent=4))
    assert not stands_as(document, policy(reading("other", "data")))
    assert not stands_as('["a","b"]', '["b","a"]')
    assert not stands_as("{half", "{half")


def test_before_and_after_are_told_apart_live() -> None:
    fake = extensible()
    write = planned(fake).write
    assert is_unchanged(write, read_live(write, fake))
    assert not is_written(write, read_live(write, fake))
    apply_plan("chg-1", planned(fake), fake)
    assert is_written(write, read_live(write, fake))
    assert not is_unchanged(write, read_live(write, fake))


def test_the_plan_of_another_bucket_is_another_plan() -> None:
    fake = extensible()
    plan = planned(fake)
    assert plan.remedy == LIST_DATA
    assert plan.hash != planned(account(reader=policy(reading("third")))).hash


WIDE = policy({"Effect": "Allow", "Action": "*", "Resource": "*"})


def forged(fake: WritableAccount, **written: Any) -> Change:
    """A change that never was: somebody wrote it into the ledger, with a hash that is right."""
    write = msgspec.structs.replace(planned(fake).write, **written)
    return Change(id="chg-1", plan=sealed(msgspec.structs.replace(planned(fake), write=write)))


@pytest.mark.parametrize(
    "before", [WIDE, policy(reading("stolen")), policy(reading("other", "stolen")), "{}", "x"]
)
def test_a_made_up_change_puts_nothing_back_but_less_than_stands_there(before: str) -> None:
    fake = extensible()
    after = planned(fake).write.after
    edit(fake, after)
    with pytest.raises(Conflict, match="cannot be proved"):
        roll_back(forged(fake, before=before, after=after), fake)
    assert fake.writes == []


def test_a_made_up_change_cannot_bring_an_older_and_wider_version_back() -> None:
    fake = extensible()
    plan = planned(fake)
    fake.policies["reader"] = {"v1": WIDE, "v2": plan.write.after}
    fake.defaults["reader"] = "v2"
    write = msgspec.structs.replace(plan.write, version="v1")
    roll_back(Change(id="chg-1", plan=sealed(msgspec.structs.replace(plan, write=write))), fake)
    assert stands_as(fake.in_force("reader"), plan.write.before)
    assert fake.writes == ["add reader"]


def test_a_change_whose_plan_was_altered_is_not_taken_back() -> None:
    fake = extensible()
    plan = planned(fake)
    apply_plan("chg-1", plan, fake)
    write = msgspec.structs.replace(plan.write, version="v7")
    with pytest.raises(Conflict):
        roll_back(Change(id="chg-1", plan=msgspec.structs.replace(plan, write=write)), fake)
    assert fake.writes == ["add reader"]


def test_a_service_that_was_replaced_is_trusted_again_only_where_the_change_is_known_for_certain() -> None:
    fake = extensible()
    plan = plan_remedy(TrustService(role="emr-role", service=EMR), fake, trust_mode="replace")
    assert isinstance(plan, Plan)
    change = apply_plan("chg-1", plan, fake)
    with pytest.raises(Conflict):
        roll_back(change, fake)
    assert trust_policy(fake) == plan.write.after
    roll_back(change, fake, regain=True)
    assert trust_policy(fake) == plan.write.before


@pytest.mark.parametrize(
    "trusted", [{"RAM": ["acs:ram::2000000000000002:root"]}, {"Service": ["fc.aliyuncs.com"]}]
)
def test_a_made_up_change_trusts_nobody(trusted: dict[str, list[str]]) -> None:
    fake = extensible()
    plan = trust_plan(fake)
    fake.set_trust_policy("emr-role", plan.write.after)
    evil = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": trusted}
    before = json.dumps({"Version": "1", "Statement": [evil]})
    write = msgspec.structs.replace(plan.write, before=before)
    change = Change(id="chg-1", plan=sealed(msgspec.structs.replace(plan, write=write)))
    for regain in (False, True):
        with pytest.raises(Conflict):
            roll_back(change, fake, regain=regain)
    assert trust_policy(fake) == plan.write.after
