"""`remediate` writes only what it has diagnosed and proved and may write, and takes back what does not help."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from rolemend.account.interface import (
    Absent,
    AttachedPolicy,
    Bucket,
    Known,
    PolicyUsers,
    Reading,
    Role,
    Unread,
)
from rolemend.checklist.trust import trusted_services
from rolemend.errors import (
    AccountError,
    Conflict,
    GuardrailsError,
    NotThere,
    Refused,
    Unreachable,
)
from rolemend.incident.journal import Closed
from rolemend.incident.leases import Leases
from rolemend.remedy.guardrails import Guardrails, Rule
from rolemend.signals.denial import ClusterTarget
from tests.checklist.test_cluster_creation import FULL
from tests.remedy.test_plan import trusting
from tests.samples import ACCOUNT, CREATION, LISTING, altered
from tests.work.scene import ID, MENDED, Scene, deny, edit, reading, rule


def test_a_missing_bucket_is_listed_and_the_denied_call_decided_again() -> None:
    scene = Scene()
    incident = scene.mended()
    assert scene.facts == MENDED
    assert incident.state == "verified"
    assert incident.change is not None
    assert incident.change.version == "v2"
    resources = json.loads(scene.account.in_force("reader"))["Statement"][0]["Resource"]
    assert resources[2:] == ["acs:oss:*:*:data", "acs:oss:*:*:data/*"]
    assert scene.started == ["diagnose", "remediate", "notify"]


def test_doing_it_twice_changes_nothing() -> None:
    scene = Scene()
    scene.mended()
    before = dict(scene.store.objects)
    assert scene.remediate().state == "verified"
    assert scene.store.objects == before
    assert scene.account.writes == ["add reader"]


@pytest.mark.parametrize(("ago", "walks"), [(10, 2), (1000, 1)])
def test_a_role_that_was_changed_a_moment_ago_is_read_again_under_the_lease(ago: int, walks: int) -> None:
    """What was read beside the taking of the lease may be from before that change."""
    scene = Scene()
    scene.diagnosed()
    leases = Leases(scene.store, "other", lambda: scene.now - ago)
    leases.release(leases.take("emr-role", "inc-2"), "chg-1")
    reads: list[str] = []
    read = scene.account.policies_of_role

    def counted(name: str) -> Reading[tuple[AttachedPolicy, ...]]:
        reads.append(name)
        return read(name)

    scene.account.policies_of_role = counted  # type: ignore[method-assign]
    scene.remediate()
    assert scene.incident.state == "verified"
    assert len(reads) == walks + 1  # and once after the write


@pytest.mark.parametrize(
    ("mode", "state"),
    [("propose", "awaiting approval"), ("approve", "awaiting approval"), ("observe", "closed")],
)
def test_nothing_is_written_where_the_guardrails_do_not_say_auto(mode: str, state: str) -> None:
    scene = Scene(guardrails=rule(mode))
    incident = scene.mended()
    assert (incident.state, scene.account.writes) == (state, [])
    assert incident.plan is not None
    assert scene.started[-1] == "notify"


def test_the_default_guardrails_propose() -> None:
    scene = Scene(guardrails=Guardrails())
    assert scene.mended().state == "awaiting approval"
    assert scene.account.writes == []


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (GuardrailsError(["rule 1.mode: must be one of …"]), "rule 1.mode"),
        (Refused("GetObject", "AccessDenied", "no right to access this object"), "AccessDenied"),
    ],
)
def test_guardrails_that_cannot_be_used_change_nothing_and_people_are_told(
    error: Exception, told: str
) -> None:
    scene = Scene(guardrails=error)
    incident = scene.mended()
    assert (incident.no_plan, scene.account.writes) == ("guardrails", [])
    assert told in incident.no_plan_detail
    assert scene.started[-1] == "notify"


def test_guardrails_that_cannot_be_read_now_are_tried_again() -> None:
    scene = Scene(guardrails=Unreachable("GetObject", "Timeout", "no answer"))
    scene.diagnosed()
    with pytest.raises(Unreachable):
        scene.remediate()
    assert scene.facts == MENDED[:3]


def test_a_diagnosis_that_changed_stops_it() -> None:
    scene = Scene()
    scene.diagnosed()
    scene.account.the_bucket = Known(Bucket(name="data", region="cn-beijing", acl="private", owner=ACCOUNT))
    assert scene.remediate().next == ""
    assert (scene.account.writes, scene.incident.verdict) == ([], None)
    assert "changed" in scene.incident.waiting
    assert scene.diagnose().cause == "wrong_endpoint"


def test_a_right_that_somebody_gave_meanwhile_closes_the_incident() -> None:
    scene = Scene()
    scene.diagnosed()
    attached = scene.account.policies_of_role("emr-role")
    assert isinstance(attached, Known)
    given = msgspec.structs.replace(attached.value[0], document=reading("data"), updated=LISTING.time + 50.0)
    scene.account.role_policies = Known((given,))
    assert scene.remediate().state == "closed"
    assert scene.account.writes == []


@pytest.mark.parametrize("part", ["role_policies", "the_bucket_policy"])
def test_an_account_that_cannot_be_read_now_is_waited_for(part: str) -> None:
    scene = Scene()
    scene.diagnosed()
    setattr(scene.account, part, Unread("GetX", "throttled", transient=True))
    assert scene.remediate().next == ""
    assert scene.incident.waiting
    setattr(scene.account, part, Known(()) if part == "role_policies" else Absent())
    scene.diagnose()
    assert scene.remediate().state == "verified"
    assert scene.incident.waiting == ""


def test_an_open_question_stops_it_and_is_named() -> None:
    scene = Scene()
    scene.account.the_bucket_policy = Unread("GetBucketPolicy", "refused")
    incident = scene.mended()
    assert (incident.no_plan, incident.no_plan_detail) == ("open_questions", "bucket-level")
    assert scene.account.writes == []


def test_a_second_failed_check_stops_it_because_the_change_alone_would_not_help() -> None:
    scene = Scene()
    scene.account.the_bucket_policy = Known(deny())
    incident = scene.mended()
    assert (incident.no_plan, incident.no_plan_detail) == ("other_checks_failed", "bucket-level")
    assert scene.account.writes == []


def shared(scene: Scene) -> None:
    scene.account.policy_users = Known(PolicyUsers(roles=("emr-role", "another")))


def system(scene: Scene) -> None:
    scene.account.types["reader"] = "System"


def named(name: str, **changes: Any) -> Callable[[Scene], None]:
    def rename(scene: Scene) -> None:
        scene.account.the_role = Known(Role(name=name, arn="", trust_policy="{}", **changes))

    return rename


def foreign(scene: Scene) -> None:
    scene.account.the_bucket = Known(
        Bucket(
            name="data",
            region="cn-hangzhou",
            acl="private",
            owner="2000000000000002",
        )
    )


def missing(scene: Scene) -> None:
    scene.account.the_bucket = Absent()


def unread(scene: Scene) -> None:
    scene.account.the_bucket = Unread("GetBucketInfo", "refused")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (shared, "shared_policy"),
        (system, "system_policy"),
        (named("AliyunECSInstanceForEMRRole"), "default_role"),
        (named("AliyunServiceRoleForEMR"), "service_linked_role"),
        (named("odd", service_linked=True), "service_linked_role"),
        (foreign, "advice_only"),
        (missing, "foreign_bucket"),
        (unread, "refused_read"),
    ],
)
def test_what_must_not_be_touched_becomes_an_alert(change: Callable[[Scene], None], reason: str) -> None:
    scene = Scene()
    change(scene)
    assert scene.mended().no_plan == reason
    assert scene.account.writes == []
    scene.notify()
    assert scene.incident.state == "alerted"
    assert [message.kind for message in scene.sent] == ["alert"]


def test_a_change_that_does_not_help_is_rolled_back() -> None:
    scene = Scene()
    scene.diagnosed()
    scene.account.after_write.append(lambda: setattr(scene.account, "the_bucket_policy", Known(deny())))
    scene.remediate()
    assert scene.facts[-1] == "RolledBack"
    assert "bucket-level" in scene.incident.rolled_back
    assert scene.account.defaults["reader"] == "v1"
    assert scene.account.writes == ["add reader", "default reader v1"]
    assert scene.started[-1] == "notify"


def test_a_document_that_was_changed_again_before_it_was_verified_is_left_alone() -> None:
    scene = Scene()
    scene.diagnosed()
    scene.store.before_append += [lambda: None, lambda: edit(scene, reading("data", "third"))]
    scene.remediate()
    assert scene.facts[-2:] == ["Applied", "RolledBack"]
    assert "not rolled back" in scene.incident.rolled_back
    assert scene.account.in_force("reader") == reading("data", "third")


@pytest.mark.parametrize(
    "error",
    [
        Refused("SetDefaultPolicyVersion", "NoPermission", "no"),
        NotThere("SetDefaultPolicyVersion", "EntityNotExist.Policy.Version", "v1"),
    ],
)
def test_a_rollback_that_is_refused_is_told_to_people(error: AccountError) -> None:
    scene = Scene()
    scene.diagnosed()

    def spoil() -> None:
        scene.account.the_bucket_policy, scene.account.failing = Known(deny()), error

    scene.account.after_write.append(spoil)
    scene.remediate()
    assert "not rolled back" in scene.incident.rolled_back
    scene.notify()
    (message,) = scene.sent
    assert message.lines[-1].startswith("A change could not be taken back: still denied")
    assert "Take back by hand" in message.advice[0]
    assert "acs:oss:*:*:data/*" in message.difference


@pytest.mark.parametrize(
    "error",
    [
        Refused("CreatePolicyVersion", "NoPermission", "no"),
        Conflict("CreatePolicyVersion", "Edited", "no"),
        NotThere("CreatePolicyVersion", "EntityNotExist.Policy", "gone"),
        AccountError("CreatePolicyVersion", "MalformedPolicyDocument", "no"),
    ],
)
def test_a_write_that_the_account_does_not_take_ends_in_an_alert(error: AccountError) -> None:
    scene = Scene()
    scene.diagnosed()
    scene.account.failing = error
    scene.remediate()
    assert scene.facts[-1] == "Abandoned"
    scene.notify()
    assert scene.incident.state == "alerted"
    assert scene.account.policies["reader"].keys() == {"v1"}


@pytest.mark.parametrize("state", ["open", "alerted", "closed"])
def test_an_incident_in_another_state_is_not_planned_for(state: str) -> None:
    scene = Scene()
    scene.denied()
    if state != "open":
        scene.diagnose()
    if state == "closed":
        scene.ledger.extend(ID, lambda known: [Closed(reason="by hand")])
    if state == "alerted":
        shared(scene)
        scene.remediate()
        scene.notify()
    count = len(scene.entries)
    scene.account.policy_users = Known(PolicyUsers(roles=("emr-role",)))
    assert scene.remediate().state == state
    assert len(scene.entries) == count
    assert scene.account.writes == []


def test_advice_is_never_applied() -> None:
    scene = Scene()
    scene.account.the_bucket_policy = Known(deny())
    scene.account.attach("data-reader", reading("data"))
    incident = scene.mended()
    assert incident.diagnosis is not None
    assert incident.diagnosis.cause == "bucket_policy_deny"
    assert (scene.account.writes, incident.no_plan) == ([], "advice_only")


def untrusted(mode: str = "auto", trust_mode: str = "add") -> Scene:
    """A cluster that could not be created because its role does not trust EMR."""
    scene = Scene(denial=CREATION)
    scene.guardrails = msgspec.structs.replace(rule(mode), trust_policy=trust_mode)
    arn = f"acs:ram::{ACCOUNT}:role/emr-role"
    scene.account.the_role = Known(Role(name="emr-role", arn=arn, trust_policy=trusting("ecs.aliyuncs.com")))
    scene.account.user_policies = Known((FULL,))
    return scene


def trusted(scene: Scene) -> list[str]:
    assert isinstance(scene.account.the_role, Known)
    return trusted_services(scene.account.the_role.value.trust_policy)


@pytest.mark.parametrize(
    ("trust_mode", "services"),
    [("add", ["emr.aliyuncs.com", "ecs.aliyuncs.com"]), ("replace", ["emr.aliyuncs.com"])],
)
def test_a_role_that_a_release_needs_to_trust_emr_is_mended(trust_mode: str, services: list[str]) -> None:
    scene = untrusted(trust_mode=trust_mode)
    assert scene.mended().state == "verified"
    assert trusted(scene) == services
    assert scene.account.writes == ["trust emr-role"]


def test_a_trust_policy_is_not_written_where_the_guardrails_propose() -> None:
    scene = untrusted("propose")
    assert scene.mended().state == "awaiting approval"
    assert scene.account.writes == []


def test_a_trust_policy_that_does_not_help_is_put_back() -> None:
    scene = untrusted()
    scene.diagnosed()
    scene.account.after_write.append(lambda: setattr(scene.account, "user_policies", Known(())))
    scene.remediate()
    assert "creator-policy" in scene.incident.rolled_back
    assert trusted(scene) == ["ecs.aliyuncs.com"]


def test_rolemend_never_changes_a_role_of_its_own() -> None:
    """Anyone who may create a cluster may name this role, and a node of the cluster would have its rights."""
    guardrails = Guardrails(rule=(Rule(name="all", mode="auto", roles=("*",)),))
    scene = Scene(
        denial=altered(CREATION, target=ClusterTarget(release="EMR-3.30.0", role="Rolemend-Remediate"))
    )
    scene.guardrails = guardrails
    scene.account.user_policies = Known((FULL,))
    own = "rolemend-remediate"
    arn = f"acs:ram::{ACCOUNT}:role/{own}"
    scene.account.the_role = Known(Role(name=own, arn=arn, trust_policy=trusting("fc.aliyuncs.com")))
    incident = scene.mended()
    assert (incident.no_plan, incident.no_plan_detail) == ("own_role", own)
    assert scene.account.writes == []
    assert scene.started[-1] == "notify"
