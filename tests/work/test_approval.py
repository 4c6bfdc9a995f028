"""One approval applies exactly the plan that was approved, once, or nothing."""

from __future__ import annotations

import json
from collections.abc import Callable

import msgspec
import pytest

from rolemend.account.interface import Known, PolicyUsers, Unread
from rolemend.errors import AlreadyDecided, Refused, Unreachable
from rolemend.incident.approvals import Approve, Reject
from rolemend.remedy.model import sealed
from rolemend.work.undo import take_back
from tests.samples import LISTING, altered
from tests.work.scene import ID, Scene, Stopped, deny, edit, reading, rule


def waiting() -> Scene:
    """A plan that waits for its approval, and of which people were told."""
    scene = Scene(guardrails=rule("approve"))
    scene.mended()
    scene.notify()
    return scene


def test_a_plan_waits_for_its_approval_after_people_were_told() -> None:
    scene = waiting()
    assert scene.incident.state == "awaiting approval"
    assert scene.remediate().state == "awaiting approval"
    assert (scene.account.writes, len(scene.sent)) == ([], 1)
    assert list(scene.ledger.open_ids()) == []
    assert scene.incident.plan is not None
    assert f"rolemend incidents approve {ID} --plan {scene.incident.plan.hash}" in scene.sent[0].advice[-1]


def test_an_approved_plan_is_applied_once() -> None:
    scene = waiting()
    scene.approve()
    assert scene.remediate().state == "verified"
    assert scene.remediate().state == "verified"
    assert scene.account.writes == ["add reader"]
    (change,) = scene.incident.changes
    assert (change.approved_by, change.outcome) == ("ana", "verified")


def test_an_approval_that_comes_before_people_were_told_counts_too() -> None:
    scene = Scene(guardrails=rule("approve"))
    scene.mended()
    scene.approve()
    assert scene.remediate().state == "verified"


def test_two_instances_that_see_an_approval_apply_it_once() -> None:
    scene = waiting()
    scene.approve()
    scene.store.before_append.append(scene.rival)
    scene.remediate()
    assert scene.account.writes == ["add reader"]
    assert scene.incident.state == "verified"


def test_a_rejected_plan_closes_the_incident() -> None:
    scene = waiting()
    incident = scene.incident
    assert incident.plan is not None
    decision = Reject(plan=incident.plan.hash, round=incident.round, reason="not that bucket")
    scene.approvals.decide(incident, decision)
    assert scene.remediate().state == "closed"
    assert scene.incident.closed == "rejected by ana: not that bucket"
    assert scene.account.writes == []


def test_the_last_decision_counts() -> None:
    scene = waiting()
    scene.approve()
    incident = scene.incident
    assert incident.plan is not None
    scene.approvals.decide(incident, Reject(plan=incident.plan.hash, round=incident.round))
    assert scene.remediate().state == "closed"


def test_an_approval_of_another_hash_or_round_is_none() -> None:
    scene = waiting()
    incident = scene.incident
    assert incident.plan is not None
    wider = sealed(msgspec.structs.replace(incident.plan, gains=("everything",)))
    for decision in (
        Approve(plan=wider.hash, round=incident.round),
        Approve(plan=incident.plan.hash, round=incident.round + 1),
        Approve(plan=incident.plan.hash[:12], round=incident.round),
    ):
        scene.approvals.decide(incident, decision)
    assert scene.remediate().state == "awaiting approval"
    assert scene.account.writes == []


def test_an_approval_is_not_good_for_a_later_round() -> None:
    """The change is taken back by hand, so that the same plan would be made again."""
    scene = waiting()
    scene.approve()
    scene.remediate()
    scene.notify()
    scene.account.defaults["reader"] = "v1"
    del scene.account.policies["reader"]["v2"]
    again = altered(LISTING, signal_id="request-2", time=int(scene.incident.applied_at) + 100)
    scene.denied(again)
    scene.diagnose()
    scene.remediate()
    assert (scene.incident.round, scene.incident.state) == (2, "awaiting approval")
    assert scene.account.writes == ["add reader"]


def journal_gone(scene: Scene) -> None:
    """The change is taken back, the incident's journal expires, and the same denial comes back."""
    (change,) = scene.incident.changes
    take_back(change.id, scene.undo())
    scene.account.defaults["reader"] = "v1"
    scene.account.policies["reader"] = {"v1": scene.account.policies["reader"]["v1"]}
    del scene.store.objects[f"incidents/{ID}.jsonl"]
    scene.now += 400 * 86_400
    scene.memory.met.clear()
    scene.mended()
    scene.notify()


def of_an_earlier_version(scene: Scene) -> None:
    """The decision as it was written before decisions named a journal."""
    key = f"approvals/{ID}.jsonl"
    line = json.loads(scene.store.objects[key])
    assert line["fact"].pop("journal")
    scene.store.objects[key] = json.dumps(line).encode() + b"\n"


@pytest.mark.parametrize("earlier", [False, True])
def test_an_approval_is_not_good_for_a_journal_that_began_after_it(earlier: bool) -> None:
    """The round is the first again, and the plan the same."""
    scene = waiting()
    plan = scene.incident.plan
    scene.approve()
    if earlier:
        of_an_earlier_version(scene)
    scene.remediate()
    journal_gone(scene)
    assert (scene.incident.round, scene.incident.plan) == (1, plan)
    written = list(scene.account.writes)
    assert scene.remediate().state == "awaiting approval"
    assert scene.account.writes == written
    scene.approve()
    assert scene.remediate().state == "verified"


def test_a_rejection_is_not_good_for_a_journal_that_began_after_it() -> None:
    scene = waiting()
    incident = scene.incident
    assert incident.plan is not None
    scene.approvals.decide(incident, Reject(plan=incident.plan.hash, round=incident.round))
    assert scene.remediate().state == "closed"
    del scene.store.objects[f"incidents/{ID}.jsonl"]
    scene.now += 400 * 86_400
    scene.memory.met.clear()
    scene.mended()
    assert scene.remediate().state == "awaiting approval"
    scene.approvals.decide_once(scene.incident, Approve(plan=incident.plan.hash, round=1))
    assert scene.remediate().state == "verified"


def test_a_decision_of_an_earlier_version_on_the_same_journal_still_counts() -> None:
    scene = waiting()
    scene.approve()
    of_an_earlier_version(scene)
    incident = scene.incident
    assert incident.plan is not None
    with pytest.raises(AlreadyDecided):
        scene.approvals.decide_once(incident, Approve(plan=incident.plan.hash, round=1))
    assert scene.remediate().state == "verified"


def edited(scene: Scene) -> None:
    edit(scene, reading("other", "third"))


def same_text_anew(scene: Scene) -> None:
    edit(scene, reading("other"))


def shared(scene: Scene) -> None:
    scene.account.policy_users = Known(PolicyUsers(roles=("emr-role", "another")))


def denied(scene: Scene) -> None:
    scene.account.the_bucket_policy = Known(deny())


def proposing(scene: Scene) -> None:
    scene.guardrails = rule("propose")


def expiring(scene: Scene) -> None:
    guardrails = rule("approve")
    scene.guardrails = msgspec.structs.replace(
        guardrails, rule=(msgspec.structs.replace(guardrails.rule[0], expires="1h"),)
    )


@pytest.mark.parametrize(
    ("change", "state"),
    [
        (edited, "awaiting approval"),
        (same_text_anew, "awaiting approval"),
        (expiring, "awaiting approval"),
        (proposing, "awaiting approval"),
        (shared, "diagnosed"),
        (denied, "diagnosed"),
    ],
)
def test_a_plan_that_is_another_by_now_is_refused_and_people_are_told_again(
    change: Callable[[Scene], None], state: str
) -> None:
    scene = waiting()
    scene.approve()
    change(scene)
    assert scene.remediate().next == "notify"
    assert (scene.incident.state, scene.account.writes) == (state, [])
    assert scene.incident.refusal
    scene.notify()
    scene.notify()
    assert [message.id for message in scene.sent] == [f"{ID}-1-alert", f"{ID}-1-alert-2"]
    assert any("was not applied" in line for line in scene.sent[1].lines)
    scene.remediate()
    assert scene.account.writes == []


def test_the_plan_of_a_refusal_can_be_approved_in_its_turn() -> None:
    scene = waiting()
    scene.approve()
    edited(scene)
    scene.remediate()
    scene.notify()
    scene.approve()
    assert scene.remediate().state == "verified"
    assert scene.account.in_force("reader") == reading("other", "third", "data").replace(", ", ",").replace(
        ": ", ":"
    )


def test_an_approval_that_was_refused_is_not_followed_when_its_plan_comes_back() -> None:
    """People were told that it was not applied; the next plan is theirs to make."""
    scene = waiting()
    scene.approve()
    expiring(scene)
    scene.remediate()
    scene.notify()
    scene.approve()
    scene.guardrails = rule("approve")
    scene.remediate()
    scene.notify()
    assert scene.incident.plan is not None
    assert scene.incident.plan.expires == 0
    scene.remediate()
    assert (scene.incident.state, scene.account.writes) == ("alerted", [])


def test_an_account_that_cannot_be_read_leaves_the_approval_standing() -> None:
    scene = waiting()
    scene.approve()
    scene.account.the_bucket_policy = Unread("GetBucketPolicy", "throttled", transient=True)
    with pytest.raises(Unreachable):
        scene.remediate()
    assert scene.incident.state == "awaiting approval"


def test_an_approved_change_left_behind_is_finished_after_the_lease() -> None:
    scene = waiting()
    scene.approve()
    scene.account.failing = Stopped()
    with pytest.raises(Stopped):
        scene.remediate()
    scene.account.failing = None
    scene.now += 180
    assert scene.remediate().state == "verified"
    assert [change.approved_by for change in scene.incident.changes] == ["ana"]


def test_a_write_that_is_reserved_to_others_ends_in_an_alert_with_the_plan() -> None:
    scene = Scene()
    scene.diagnosed()
    scene.account.failing = Refused("CreatePolicyVersion", "NoPermission", "denied by a control policy")
    scene.remediate()
    scene.notify()
    assert scene.incident.state == "alerted"
    assert "acs:oss:*:*:data/*" in scene.sent[0].document
