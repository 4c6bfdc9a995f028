"""What was granted is taken back by a person or when its time is over, and never over somebody else's edit."""

from __future__ import annotations

import json
from collections.abc import Callable

import msgspec
import pytest

from rolemend.account.interface import Known, Unread
from rolemend.errors import Conflict, NothingToTakeBack, Refused, RoleBusy, UnknownIncident, Unreachable
from rolemend.incident.approvals import RollBack
from rolemend.incident.index import Index
from rolemend.incident.journal import Intended
from rolemend.remedy.guardrails import Guardrails
from rolemend.work.remediate import LEASE_SECONDS
from rolemend.work.undo import take_back
from tests.samples import LISTING, altered
from tests.work.scene import Scene, Stopped, deny, edit, reading, rule

REFUSED = Refused("SetDefaultPolicyVersion", "NoPermission", "no")


def with_rule(**settings: object) -> Guardrails:
    guardrails = rule("auto")
    return msgspec.structs.replace(
        guardrails, rule=(msgspec.structs.replace(guardrails.rule[0], **settings),)
    )


def mended(**settings: object) -> Scene:
    scene = Scene(guardrails=with_rule(**settings))
    scene.mended()
    scene.notify()
    assert scene.incident.state == "verified"
    return scene


def denied_again(scene: Scene, signal: str) -> None:
    """The denial comes back, and goes its way up to the message."""
    settled = max(scene.incident.applied_at, scene.incident.closed_at)
    scene.now = settled + 200
    scene.denied(altered(LISTING, signal_id=signal, time=int(settled) + 100))
    scene.diagnose()
    scene.remediate()


def change_id(scene: Scene) -> str:
    return scene.incident.changes[-1].id


def test_a_change_is_taken_back_once() -> None:
    scene = mended()
    for _ in range(2):
        incident = take_back(change_id(scene), scene.undo())
        assert (incident.state, incident.closed) == ("closed", "taken back by ana")
    assert scene.account.defaults["reader"] == "v1"
    assert scene.account.writes == ["add reader", "default reader v1"]
    assert scene.facts.count("TakenBack") == 1
    (line,) = Index(scene.store).newest_first()
    assert [change.outcome for change in line.changes] == ["taken back"]


def test_a_change_over_which_somebody_wrote_is_left_alone() -> None:
    scene = mended()
    edit(scene, reading("other", "data", "third"))
    with pytest.raises(Conflict):
        take_back(change_id(scene), scene.undo())
    assert scene.account.in_force("reader") == reading("other", "data", "third")
    assert scene.incident.state == "verified"


def edited_at_the_next_write(scene: Scene, document: str) -> None:
    scene.account.before_write.append(lambda: edit(scene, document))


def test_an_edit_at_the_moment_of_a_rollback_is_not_lost_and_the_change_is_not_called_taken_back() -> None:
    scene = mended()
    edited_at_the_next_write(scene, reading("other", "data", "third"))
    with pytest.raises(Conflict, match="v50 of reader was made at the same moment"):
        take_back(change_id(scene), scene.undo())
    assert scene.account.in_force("reader") == reading("other", "data", "third")
    assert scene.incident.changes[0].outcome == "verified"


def test_out_of_an_edit_at_the_moment_when_a_grant_ends_the_grant_alone_is_taken() -> None:
    scene = mended(expires="1h")
    edited_at_the_next_write(scene, reading("other", "data", "third"))
    scene.now += 3_601
    assert scene.expire().taken_back == (change_id(scene),)
    assert json.loads(scene.account.in_force("reader")) == json.loads(reading("other", "third"))


def test_an_edit_at_the_moment_when_a_grant_ends_that_cannot_be_put_back_is_told() -> None:
    scene = mended(expires="1h")
    edited_at_the_next_write(scene, reading("other", "data", "third"))
    scene.account.after_write.append(lambda: setattr(scene.account, "failing", REFUSED))
    scene.now += 3_601
    assert scene.expire().left == (change_id(scene),)
    scene.notify()
    assert "version v1 of reader stands over version v50" in " ".join(scene.sent[-1].lines)


def test_after_a_person_took_a_change_back_none_is_made_without_asking() -> None:
    scene = mended()
    take_back(change_id(scene), scene.undo())
    denied_again(scene, "r-2")
    assert (scene.incident.round, scene.incident.state) == (2, "awaiting approval")
    assert scene.incident.verdict is not None
    assert scene.incident.verdict.held == "taken_back"
    scene.notify()
    assert any("taken back a change" in step for step in scene.sent[-1].advice)
    assert scene.account.defaults["reader"] == "v1"


def test_a_change_of_an_earlier_round_can_be_taken_back() -> None:
    scene = mended()
    first = change_id(scene)
    scene.denied(altered(LISTING, signal_id="r-2", time=int(scene.incident.applied_at) + 100))
    incident = take_back(first, scene.undo())
    assert (incident.state, incident.changes[0].outcome) == ("reopened", "taken back")
    assert scene.account.defaults["reader"] == "v1"


def test_a_rollback_waits_for_nobody_who_is_changing_the_role() -> None:
    scene = mended()
    scene.remediate_parts().leases.take("emr-role", "inc-1")
    with pytest.raises(RoleBusy):
        take_back(change_id(scene), scene.undo())
    scene.now += LEASE_SECONDS
    assert take_back(change_id(scene), scene.undo()).state == "closed"


def test_a_change_that_was_not_made_cannot_be_taken_back() -> None:
    scene = Scene()
    scene.diagnosed()
    scene.account.failing = Stopped()
    with pytest.raises(Stopped):
        scene.remediate()
    with pytest.raises(NothingToTakeBack):
        take_back(change_id(scene), scene.undo())


@pytest.mark.parametrize("name", ["", "chg-1", "../x", "chg-" + "0" * 24 + "-00000000"])
def test_an_unknown_change_is_an_error(name: str) -> None:
    with pytest.raises(UnknownIncident):
        take_back(name, mended().undo())


def test_a_rollback_that_stopped_before_the_ledger_is_finished_the_next_time() -> None:
    scene = mended()

    def stop() -> None:
        raise Stopped

    scene.store.before_append.append(stop)
    with pytest.raises(Stopped):
        take_back(change_id(scene), scene.undo())
    scene.now += LEASE_SECONDS
    take_back(change_id(scene), scene.undo())
    assert scene.account.writes == ["add reader", "default reader v1"]
    assert scene.incident.state == "closed"


def test_a_grant_is_taken_back_when_its_time_is_over_and_not_before() -> None:
    scene = mended(expires="1h")
    scene.now += 3_599
    assert scene.expire().taken_back == ()
    assert scene.account.defaults["reader"] == "v2"
    scene.now += 2
    assert scene.expire().taken_back == (change_id(scene),)
    assert scene.account.defaults["reader"] == "v1"
    assert (scene.incident.state, scene.incident.changes[0].outcome) == ("closed", "expired")
    assert scene.expire().taken_back == ()
    assert not [key for key in scene.store.objects if key.startswith("expiring/")]


def test_a_grant_without_an_end_is_left() -> None:
    scene = mended()
    scene.now += 10_000_000
    assert scene.expire().taken_back == ()
    assert scene.account.defaults["reader"] == "v2"


def test_a_grant_that_has_ended_may_be_given_again() -> None:
    scene = mended(expires="1h")
    scene.now += 3_601
    scene.expire()
    denied_again(scene, "r-2")
    assert scene.incident.state == "verified"
    assert len(scene.incident.changes) == 2


def test_a_grant_that_somebody_edited_since_is_left_and_people_are_told() -> None:
    scene = mended(expires="1h")
    rewritten = reading("other", "data", "third").replace("oss:GetBucketInfo", "oss:PutObject")
    edit(scene, rewritten)
    scene.now += 3_601
    assert scene.expire().left == (change_id(scene),)
    assert scene.started[-1] == "notify"
    scene.notify()
    assert (scene.sent[-1].kind, scene.incident.state) == ("alert", "alerted")
    assert "its time is over" in " ".join(scene.sent[-1].lines)
    assert scene.expire().left == ()
    assert scene.account.in_force("reader") == rewritten


def test_out_of_a_document_that_was_edited_since_only_the_ended_grant_is_taken() -> None:
    scene = mended(expires="1h")
    edit(scene, reading("other", "data", "third"))
    scene.now += 3_601
    assert scene.expire().taken_back == (change_id(scene),)
    assert json.loads(scene.account.in_force("reader")) == json.loads(reading("other", "third"))
    assert scene.incident.changes[0].outcome == "expired"


def test_an_ended_grant_that_a_person_took_out_is_over() -> None:
    scene = mended(expires="1h")
    edit(scene, reading("third"))
    scene.now += 3_601
    assert scene.expire().taken_back == (change_id(scene),)
    assert scene.account.in_force("reader") == reading("third")


def test_an_ended_grant_that_was_taken_out_by_an_instance_that_stopped_is_noted_by_the_next() -> None:
    scene = mended(expires="1h")
    edit(scene, reading("other", "data", "third"))
    scene.now += 3_601

    def stop() -> None:
        raise Stopped

    scene.store.before_append.append(stop)
    with pytest.raises(Stopped):
        scene.expire()
    scene.now += LEASE_SECONDS
    assert scene.expire().taken_back == (change_id(scene),)
    assert scene.account.writes == ["add reader", "add reader"]


def refused_before() -> Scene:
    """A grant that ends, whose rollback was asked for in the console and refused."""
    scene = mended(expires="1h")
    (note,) = scene.incident.changes
    scene.approvals.decide(
        scene.incident, RollBack(change=note.id, plan=note.plan.hash, outcome=note.outcome)
    )
    scene.account.failing = REFUSED
    scene.remediate()
    scene.account.failing = None
    assert scene.incident.changes[0].outcome == "not taken back"
    scene.notify()
    assert (len(scene.sent), scene.incident.state) == (2, "alerted")
    return scene


def not_rolled_back() -> Scene:
    """A grant that ends, did not help, and could not be rolled back."""
    scene = Scene(guardrails=with_rule(expires="1h"))
    scene.diagnosed()

    def spoil() -> None:
        scene.account.the_bucket_policy, scene.account.failing = Known(deny()), REFUSED

    scene.account.after_write.append(spoil)
    scene.remediate()
    scene.account.failing = None
    assert scene.incident.changes[0].outcome == "not taken back"
    scene.notify()
    assert scene.incident.state == "alerted"
    return scene


@pytest.mark.parametrize("how", [refused_before, not_rolled_back])
def test_a_grant_whose_rollback_was_refused_ends_all_the_same(how: Callable[[], Scene]) -> None:
    scene = how()
    scene.now += 3_601
    assert scene.expire().taken_back == (change_id(scene),)
    assert (scene.account.defaults["reader"], scene.incident.changes[0].outcome) == ("v1", "expired")


@pytest.mark.parametrize("how", [refused_before, not_rolled_back])
def test_a_grant_whose_rollback_was_refused_and_whose_end_is_refused_is_told_again_and_left(
    how: Callable[[], Scene],
) -> None:
    scene = how()
    told = len(scene.sent)
    scene.account.failing = REFUSED
    scene.now += 3_601
    assert scene.expire().left == (change_id(scene),)
    scene.notify()
    assert (len(scene.sent), scene.incident.state) == (told + 1, "alerted")
    assert "its time is over" in " ".join(scene.sent[-1].lines)
    assert scene.expire().left == ()


def test_an_account_that_does_not_answer_is_asked_again_by_the_next_timer() -> None:
    scene = mended(expires="1h")
    scene.now += 3_601
    scene.account.failing = Unreachable("SetDefaultPolicyVersion", "Throttling", "later")
    with pytest.raises(Unreachable):
        scene.expire()
    scene.account.failing = None
    assert scene.expire().taken_back == (change_id(scene),)


def test_a_grant_whose_journal_is_gone_is_told_once_and_keeps_no_other_waiting() -> None:
    scene = mended(expires="1h")
    gone = "chg-" + "0" * 24 + "-00000000"
    scene.remediate_parts().expiries.record(gone, scene.now)
    scene.now += 3_601
    with pytest.raises(UnknownIncident, match=gone):
        scene.expire()
    assert scene.incident.changes[0].outcome == "expired"
    assert not [key for key in scene.store.objects if key.startswith("expiring/")]
    assert scene.expire().left == ()


def test_a_marker_of_a_change_that_was_not_made_is_dropped() -> None:
    scene = Scene(guardrails=with_rule(expires="1h"))
    scene.diagnosed()
    scene.account.failing = Conflict("CreatePolicyVersion", "Edited", "no")
    scene.remediate()
    scene.now += 3_601
    assert scene.expire().dropped == 1


def test_a_change_that_is_being_made_is_not_taken_back() -> None:
    scene = Scene(guardrails=with_rule(expires="1m"))
    scene.diagnosed()
    scene.account.failing = Stopped()
    with pytest.raises(Stopped):
        scene.remediate()
    scene.now += 61
    assert scene.expire().dropped == 0
    assert [key for key in scene.store.objects if key.startswith("expiring/")]


def test_a_role_gets_no_more_changes_in_a_day_than_its_rule_allows() -> None:
    scene = mended(changes_per_day=1, expires="1m")
    scene.now += 61
    scene.expire()
    denied_again(scene, "r-2")
    assert scene.incident.verdict is not None
    assert (scene.incident.verdict.mode, scene.incident.verdict.held) == ("propose", "changes_per_day")
    scene.notify()
    assert any("as many changes today" in step for step in scene.sent[-1].advice)
    scene.now += 86_400
    scene.denied(altered(LISTING, signal_id="r-3", time=int(scene.now)))
    assert scene.account.writes == ["add reader", "default reader v1"]


def test_a_change_whose_verification_needs_more_tries_counts_once() -> None:
    """Each try holds the lease of its own, and says in the role's journal which change it was about."""
    scene = Scene(guardrails=with_rule(changes_per_day=2, expires="1m"))
    scene.diagnosed()
    busy, known = Unread("GetBucketPolicy", "throttled", transient=True), scene.account.the_bucket_policy
    scene.account.after_write.append(lambda: setattr(scene.account, "the_bucket_policy", busy))
    for _ in range(3):
        with pytest.raises(Unreachable):
            scene.remediate()
    scene.account.the_bucket_policy = known
    scene.remediate()
    assert scene.incident.state == "verified"
    scene.notify()
    scene.now += 61
    scene.expire()
    denied_again(scene, "r-2")
    assert scene.incident.verdict is not None
    assert (scene.incident.verdict.mode, scene.incident.verdict.held) == ("auto", "")


def approvable(scene: Scene, signal: str) -> None:
    """The grant's time is over, the denial comes back, and its plan is approved."""
    scene.now += 61
    scene.expire()
    denied_again(scene, signal)
    scene.notify()
    assert scene.incident.state == "awaiting approval"
    scene.approve()


def test_an_approval_gives_a_role_no_more_changes_in_a_day_than_its_rule_allows() -> None:
    scene = Scene(guardrails=with_rule(mode="approve", changes_per_day=1, expires="1m"))
    scene.mended()
    scene.notify()
    scene.approve()
    assert scene.remediate().state == "verified"
    scene.notify()
    approvable(scene, "r-2")
    done = list(scene.account.writes)
    assert scene.remediate().next == "notify"
    assert scene.account.writes == done
    incident = scene.incident
    assert incident.verdict is not None
    assert (incident.verdict.mode, incident.verdict.held) == ("propose", "changes_per_day")
    scene.notify()
    assert any("was not applied" in line for line in scene.sent[-1].lines)
    assert any("as many changes today" in step for step in scene.sent[-1].advice)
    scene.now += 2 * 86_400
    scene.denied(altered(LISTING, signal_id="r-3", time=int(scene.now)))
    scene.diagnose()
    scene.remediate()
    scene.notify()
    scene.approve()
    assert scene.remediate().state == "verified"


def test_an_approved_change_that_was_left_behind_is_held_to_the_day_too() -> None:
    scene = Scene(guardrails=with_rule(mode="approve", changes_per_day=1, expires="1m"))
    scene.mended()
    scene.notify()
    scene.approve()
    scene.remediate()
    scene.notify()
    approvable(scene, "r-2")
    done, plan = list(scene.account.writes), scene.incident.plan
    assert plan is not None
    announced = Intended(change=f"chg-{scene.id[4:]}-00000000", plan=plan, approved_by="ana")
    scene.ledger.extend(scene.id, lambda _: [announced])
    scene.now += LEASE_SECONDS
    scene.remediate()
    assert scene.account.writes == done
    assert "changes_per_day" in scene.incident.rolled_back


@pytest.mark.parametrize("held", ["changes_per_day", "taken_back"])
def test_a_change_that_only_the_journal_announces_is_held_back_like_any_other(held: str) -> None:
    """More may write into the journal than may change roles; and one that was left behind may come after others."""
    scene = mended(changes_per_day=1, expires="1m") if held == "changes_per_day" else mended()
    if held == "taken_back":
        take_back(change_id(scene), scene.undo())
    scene.now += 61
    scene.expire()
    denied_again(scene, "r-2")
    incident, done = scene.incident, list(scene.account.writes)
    assert (incident.verdict is not None and incident.verdict.held) == held
    assert incident.plan is not None
    forged = Intended(change=f"chg-{scene.id[4:]}-00000000", plan=incident.plan)
    scene.ledger.extend(scene.id, lambda _: [forged])
    scene.now += LEASE_SECONDS
    scene.remediate()
    assert scene.account.writes == done
    assert held in scene.incident.rolled_back


def test_a_marker_that_somebody_made_ends_no_grant_that_has_no_end() -> None:
    scene = mended()
    scene.store.put(f"expiring/0000000001-{change_id(scene)}", b"")
    assert (scene.expire().taken_back, scene.account.defaults["reader"]) == ((), "v2")
    assert scene.expire().dropped == 0
