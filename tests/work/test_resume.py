"""Instances of `remediate` that stop half-way, come twice or all at once: each change is made once or not at all."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from rolemend.account.interface import Absent, Known, Unread
from rolemend.errors import AnswerLost, Refused, RoleBusy, Unreachable
from rolemend.incident.journal import Closed, Intended, Reopened
from rolemend.remedy.model import sealed
from rolemend.work.remediate import LEASE_SECONDS
from rolemend.work.undo import take_back
from tests.fakes import MemoryStore
from tests.remedy.test_apply import overtaken, slow_to_show
from tests.samples import LISTING, altered
from tests.work.scene import ID, MENDED, Scene, Stopped, deny, edit, reading, rule
from tests.work.test_undo import with_rule


def stopped_before_the_write(scene: Scene) -> Scene:
    scene.diagnosed()
    scene.account.failing = Stopped()
    with pytest.raises(Stopped):
        scene.remediate()
    scene.account.failing = None
    return scene


def stopped_after_the_write(scene: Scene) -> Scene:
    scene.diagnosed()

    def stop() -> None:
        raise Stopped

    scene.account.after_write.append(stop)
    with pytest.raises(Stopped):
        scene.remediate()
    return scene


def test_a_rollback_never_overwrites_what_somebody_else_wrote() -> None:
    scene = stopped_after_the_write(Scene())
    scene.now += LEASE_SECONDS
    scene.store.before_append.append(lambda: edit(scene, reading("third")))
    scene.remediate()
    assert scene.account.in_force("reader") == reading("third")


def test_a_write_that_did_not_come_through_is_planned_anew() -> None:
    scene = Scene()
    scene.diagnosed()
    scene.account.failing = Unreachable("CreatePolicyVersion", "Throttling", "later")
    assert scene.remediate().next == ""
    assert "Throttling" in scene.incident.waiting
    scene.account.failing = None
    assert scene.diagnose().next == "remediate"
    assert scene.remediate().state == "verified"
    assert scene.account.writes == ["add reader"]


def test_a_write_that_cannot_be_read_back_is_looked_at_after_the_lease() -> None:
    scene = Scene()
    scene.diagnosed()
    policies = dict(scene.account.policies)
    scene.account.after_write.append(scene.account.policies.clear)
    with pytest.raises(AnswerLost):
        scene.remediate()
    assert scene.facts[-1] == "Intended"
    scene.account.policies |= policies
    scene.now += LEASE_SECONDS
    assert scene.remediate().state == "verified"
    assert scene.account.writes == ["add reader"]


def test_a_write_whose_answer_was_lost_and_that_shows_late_is_found_after_the_lease() -> None:
    scene = Scene(guardrails=with_rule(expires="1h"))
    scene.diagnosed()
    scene.account.lost = 1
    slow_to_show(scene.account, 1)
    with pytest.raises(AnswerLost):
        scene.remediate()
    assert scene.facts[-1] == "Intended"
    with pytest.raises(RoleBusy):
        scene.remediate_parts().leases.take("emr-role", "inc-1")
    scene.now += LEASE_SECONDS
    assert scene.remediate().state == "verified"
    assert scene.account.writes == ["add reader"]
    scene.now += 3_601
    assert scene.expire().taken_back == (scene.incident.changes[0].id,)


def test_a_version_of_a_person_that_cannot_be_put_back_leaves_a_change_that_can_be_taken_back() -> None:
    scene = Scene(guardrails=with_rule(expires="1h"))
    scene.diagnosed()
    overtaken(scene.account, Refused("SetDefaultPolicyVersion", "NoPermission", "no"))
    scene.remediate()
    assert scene.facts[-2:] == ["Applied", "RolledBack"]
    (change,) = scene.incident.changes
    assert (change.outcome, scene.account.defaults["reader"]) == ("not taken back", "v3")
    assert "v3 of reader stands over version v2" in change.reason
    scene.notify()
    assert scene.sent[-1].kind == "alert"
    assert "stands over version v2" in scene.sent[-1].lines[-1]
    scene.account.failing = None
    take_back(change.id, scene.undo())
    assert (scene.account.defaults["reader"], scene.incident.changes[0].outcome) == ("v1", "taken back")


def test_a_version_of_a_person_that_was_overtaken_before_a_stop_is_told() -> None:
    """It is not put in force again: which versions are new is known of the journal alone by then."""
    scene = Scene()
    overtaken(scene.account)
    scene.account.after_write.clear()
    stopped_after_the_write(scene)
    scene.now += LEASE_SECONDS
    scene.remediate()
    assert (scene.facts[-1], scene.account.writes) == ("RolledBack", ["add reader"])
    (change,) = scene.incident.changes
    assert change.outcome == "not taken back"
    assert "stands over version v2" in change.reason
    scene.notify()
    assert scene.sent[-1].kind == "alert"
    take_back(change.id, scene.undo())
    assert scene.account.defaults["reader"] == "v1"


def test_a_version_of_a_person_made_after_our_write_and_not_in_force_is_no_overtaken_one() -> None:
    scene = stopped_after_the_write(Scene())
    scene.account.policies["reader"]["v3"] = reading("third")
    scene.now += LEASE_SECONDS
    assert scene.remediate().state == "verified"


def test_a_made_up_intent_puts_no_older_version_in_force() -> None:
    """Who writes into the journal could leave versions out of its plan, so that old ones look new."""
    scene = Scene(guardrails=rule("approve"))
    scene.diagnosed()
    scene.remediate()
    plan = scene.incident.plan
    assert plan is not None
    scene.account.policies["reader"] |= {"v2": reading("other", "secret"), "v3": plan.write.after}
    scene.account.defaults["reader"] = "v3"
    forged = sealed(
        msgspec.structs.replace(plan, write=msgspec.structs.replace(plan.write, versions=("v1",)))
    )
    scene.ledger.extend(scene.id, lambda _: [Intended(change=f"chg-{scene.id[4:]}-00000000", plan=forged)])
    scene.now += LEASE_SECONDS
    scene.remediate()
    assert scene.account.defaults["reader"] == "v3"
    assert scene.account.writes == []


def test_a_version_of_a_person_whose_putting_back_has_no_answer_is_looked_at_after_the_lease() -> None:
    scene = Scene()
    scene.diagnosed()
    overtaken(scene.account, Unreachable("SetDefaultPolicyVersion", "Timeout", "no answer"))
    with pytest.raises(AnswerLost):
        scene.remediate()
    assert scene.facts[-1] == "Intended"
    scene.account.failing = None
    scene.account.defaults["reader"] = "v2"  # the request had its effect
    scene.now += LEASE_SECONDS
    scene.remediate()
    assert (scene.facts[-1], scene.account.defaults["reader"]) == ("Abandoned", "v2")
    assert "edited in between" in scene.incident.rolled_back


def test_a_write_whose_answer_was_lost_is_not_repeated() -> None:
    scene = Scene()
    scene.account.lost = 1
    assert scene.mended().state == "verified"
    assert scene.account.writes == ["add reader"]


def test_two_instances_at_once_apply_once() -> None:
    """The other one comes in right before the first one's plan enters the ledger."""
    scene = Scene()
    scene.diagnosed()
    scene.store.before_append.append(scene.rival)
    scene.remediate()
    assert scene.facts == MENDED
    assert scene.account.writes == ["add reader"]


def test_a_second_instance_leaves_a_change_alone_that_was_just_intended() -> None:
    scene = stopped_before_the_write(Scene())
    scene.now += LEASE_SECONDS - 1
    assert scene.remediate().next == ""
    assert scene.facts[-1] == "Intended"
    assert scene.account.writes == []


@pytest.mark.parametrize("stop", [stopped_before_the_write, stopped_after_the_write])
def test_a_change_left_behind_is_finished_after_the_lease(stop: Callable[[Scene], Scene]) -> None:
    scene = stop(Scene())
    scene.now += LEASE_SECONDS
    assert scene.remediate().state == "verified"
    assert scene.account.writes == ["add reader"]


@pytest.mark.parametrize("stop", [stopped_before_the_write, stopped_after_the_write])
def test_of_two_instances_that_take_up_a_change_left_behind_one_makes_it(
    stop: Callable[[Scene], Scene],
) -> None:
    scene = stop(Scene())
    scene.now += LEASE_SECONDS
    scene.store.before_append.append(scene.rival)
    scene.remediate()
    assert scene.incident.state == "verified"
    assert scene.account.writes == ["add reader"]
    assert scene.facts.count("Verified") == 1


def test_a_second_instance_while_a_change_is_verified_changes_nothing() -> None:
    scene = Scene()
    scene.diagnosed()
    scene.store.before_append += [lambda: None, lambda: None, scene.rival]
    scene.remediate()
    assert scene.facts == MENDED
    assert scene.account.writes == ["add reader"]


def test_a_change_left_behind_is_not_made_against_newer_guardrails() -> None:
    scene = stopped_before_the_write(Scene())
    scene.now += LEASE_SECONDS
    scene.guardrails = rule("propose")
    scene.remediate()
    assert scene.facts[-1] == "Abandoned"
    assert scene.account.writes == []


def test_a_change_left_behind_is_not_made_on_an_older_diagnosis() -> None:
    scene = stopped_before_the_write(Scene())
    scene.now += LEASE_SECONDS
    scene.account.the_bucket_policy = Known(deny())
    scene.remediate()
    assert scene.facts[-1] == "Abandoned"
    assert scene.account.writes == []


def test_a_change_left_behind_is_not_made_over_an_edit_in_between() -> None:
    scene = stopped_before_the_write(Scene())
    scene.now += LEASE_SECONDS
    edit(scene, reading("third"))
    scene.remediate()
    assert "edited in between" in scene.incident.rolled_back
    assert scene.account.in_force("reader") == reading("third")


def test_a_change_left_behind_waits_for_an_account_that_cannot_be_read() -> None:
    scene = stopped_before_the_write(Scene())
    scene.now += LEASE_SECONDS
    scene.account.the_bucket_policy = Unread("GetBucketPolicy", "throttled", transient=True)
    with pytest.raises(Unreachable):
        scene.remediate()
    assert scene.facts[-1] == "Intended"


def test_a_made_change_waits_for_an_account_that_cannot_be_read_and_is_verified_later() -> None:
    scene = Scene()
    scene.diagnosed()
    busy = Unread("GetBucketPolicy", "throttled", transient=True)
    scene.account.after_write.append(lambda: setattr(scene.account, "the_bucket_policy", busy))
    with pytest.raises(Unreachable):
        scene.remediate()
    assert scene.incident.state == "remediated"
    scene.account.the_bucket_policy = Absent()
    assert scene.remediate().state == "verified"


def test_an_incident_reopened_meanwhile_is_left_to_its_new_round() -> None:
    scene = Scene()
    scene.diagnosed()
    again = altered(LISTING, signal_id="request-2", time=LISTING.time + 10)

    def reopen() -> None:
        scene.ledger.extend(ID, lambda known: [Closed(reason="by hand"), Reopened(denial=again)])

    scene.store.before_append.append(reopen)
    scene.remediate()
    assert scene.incident.state == "reopened"
    assert scene.account.writes == []


def test_a_ledger_that_takes_no_intent_lets_nothing_be_written() -> None:
    class Full(MemoryStore):
        def append(self, key: str, position: int, data: bytes) -> None:
            if b'"intended"' in data:
                raise Unreachable("AppendObject", "Timeout", "no answer")
            super().append(key, position, data)

    scene = Scene(store=Full())
    scene.diagnosed()
    with pytest.raises(Unreachable):
        scene.remediate()
    assert scene.account.writes == []


def test_an_approval_that_only_the_journal_tells_of_applies_nothing() -> None:
    """More may write into the journal than may approve."""
    scene = Scene(guardrails=rule(mode="approve"))
    scene.diagnosed()
    scene.remediate()
    plan = scene.incident.plan
    assert plan is not None
    forged = Intended(change=f"chg-{scene.id[4:]}-00000000", plan=plan, approved_by="ana")
    scene.ledger.extend(scene.id, lambda _: [forged])
    scene.now += LEASE_SECONDS
    scene.remediate()
    assert scene.account.writes == []
    assert scene.incident.changes[0].outcome == "abandoned"
