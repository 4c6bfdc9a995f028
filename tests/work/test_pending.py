"""Creations that the API accepted are followed until their cluster runs or has failed, whatever happens on the way."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from rolemend.account.interface import ClusterState
from rolemend.errors import Refused, Unreachable
from rolemend.signals.denial import ClusterTarget
from rolemend.work.events import Timer, TrailEvents
from rolemend.work.pending import GIVE_UP_SECONDS
from rolemend.work.watch import watch
from rolemend.work.watch_parts import Watched
from tests.samples import CREATION, denied_creation
from tests.work.scene import Scene

HOME = "cn-hangzhou"
PENDING = Timer("pending")


def accepted(cluster: str = "c-1", event: str = "event-1", **changes: Any) -> dict[str, Any]:
    """A RunCluster event without an error."""
    answer = {"ClusterId": cluster} if cluster else None
    return denied_creation(**{"errorCode": None, "eventId": event, "responseElements": answer, **changes})


def state(phase: str, reason: str = "", cluster: str = "c-1", **changes: Any) -> ClusterState:
    parts = {"name": "etl", "release": "EMR-3.30.0", "created": float(CREATION.time), "message": "no"}
    return ClusterState(id=cluster, state=phase, reason=reason, **{**parts, **changes})


FAILED = state("START_FAILED", "NotAuthorized")


def scene(*states: ClusterState) -> Scene:
    made = Scene(now=CREATION.time + 60.0)
    made.clusters.clusters[HOME] = list(states)
    return made


def seen(made: Scene, *events: dict[str, Any]) -> Watched:
    return watch(TrailEvents(events), made.watch_parts())


def follow(made: Scene) -> Watched:
    return watch(PENDING, made.watch_parts())


def pending(made: Scene) -> list[str]:
    return [key for key in made.store.objects if key.startswith("pending/")]


def test_an_accepted_creation_is_remembered_once_under_its_region_and_cluster() -> None:
    made = scene()
    for _ in range(2):
        assert seen(made, accepted()).pending == 1
    assert pending(made) == [f"pending/{HOME}/{CREATION.time}-c-1.json"]
    assert made.started == []


def test_nothing_is_asked_while_nothing_is_pending() -> None:
    made = scene(FAILED)
    assert follow(made) == Watched()
    assert made.clusters.asked == []


@pytest.mark.parametrize("end", ["START_FAILED", "TERMINATED_WITH_ERRORS", "TERMINATED"])
def test_a_cluster_that_was_not_authorised_becomes_a_denial_of_its_creator(end: str) -> None:
    made = scene(state(end, "NotAuthorized", message="You are not authorized"))
    seen(made, accepted())
    (key,) = follow(made).incidents
    denial = made.ledger.load(key).denial
    assert denial is not None
    assert (denial.code, denial.message) == ("NotAuthorized", "You are not authorized")
    assert (denial.principal.name, denial.action) == ("emr-dev", "emr:RunCluster")
    assert denial.target == ClusterTarget(release="EMR-3.30.0", role="emr-role")
    assert denial.time == CREATION.time
    assert made.started == ["diagnose"]
    assert pending(made) == []


def test_a_reason_that_quotes_the_code_of_another_service_is_a_denial_too() -> None:
    text = "Instances could not be created: InvalidRamRole.NotEcsRole"
    made = scene(state("START_FAILED", "ServiceFailure", message=text))
    seen(made, accepted())
    assert follow(made).denials == 1


@pytest.mark.parametrize("end", ["RUNNING", "TERMINATED", "TERMINATE_FAILED"])
def test_a_cluster_that_ran_is_dropped(end: str) -> None:
    made = scene(state(end))
    seen(made, accepted())
    assert follow(made).passed_over == {f"cluster {end}": 1}
    assert pending(made) == []


def test_a_failure_of_another_kind_is_counted_and_dropped() -> None:
    made = scene(state("START_FAILED", "OutOfStock"))
    seen(made, accepted())
    assert follow(made).passed_over == {"cluster failed: OutOfStock": 1}
    assert pending(made) == []


@pytest.mark.parametrize(
    "now", [state("STARTING"), state("BOOTSTRAPPING"), state("TERMINATING"), state("START_FAILED")]
)
def test_a_cluster_that_has_not_ended_or_tells_no_reason_yet_is_looked_at_again(now: ClusterState) -> None:
    made = scene(now)
    seen(made, accepted())
    assert (follow(made).pending, len(pending(made))) == (1, 1)
    made.clusters.clusters[HOME] = [FAILED]
    assert follow(made).denials == 1


def test_one_question_is_asked_for_each_region() -> None:
    made = scene()
    seen(
        made,
        *(accepted(f"c-{number}", f"e-{number}") for number in range(5)),
        accepted("c-9", "e-9", acsRegion="cn-beijing", requestParameters={}),
    )
    follow(made)
    assert sorted(made.clusters.asked) == [
        ("cn-beijing", ("c-9",)),
        (HOME, ("c-0", "c-1", "c-2", "c-3", "c-4")),
    ]


def test_a_region_that_does_not_answer_keeps_no_other_waiting_and_is_an_error() -> None:
    made = scene(FAILED)
    made.clusters.failing["cn-beijing"] = Unreachable("ListClusters", "Timeout", "no answer")
    seen(made, accepted(), accepted("c-9", "e-9", acsRegion="cn-beijing", requestParameters={}))
    with pytest.raises(Unreachable):
        follow(made)
    assert made.started == ["diagnose"]
    assert [key.split("/")[1] for key in pending(made)] == ["cn-beijing"]


@pytest.mark.parametrize("refused", [True, False])
def test_what_cannot_be_found_out_is_given_up_in_time_and_kept_aside(refused: bool) -> None:
    made = scene()
    if refused:
        made.clusters.failing[HOME] = Refused("ListClusters", "NoPermission", "no")
    seen(made, accepted())
    made.now = CREATION.time + float(GIVE_UP_SECONDS)
    for over in (False, True):
        made.now += over
        if refused:
            with pytest.raises(Refused):
                follow(made)
        else:
            assert follow(made).given_up == int(over)
        assert bool(pending(made)) is not over
    (kept,) = [key for key in made.store.objects if key.startswith("rejected/")]
    assert "followed no further" in json.loads(made.store.objects[kept])["reason"]


def test_an_event_that_comes_late_is_looked_after_once_before_it_is_given_up() -> None:
    made = scene(FAILED)
    made.now = CREATION.time + 10.0 * GIVE_UP_SECONDS
    seen(made, accepted())
    assert follow(made).denials == 1


def test_without_an_id_the_cluster_of_the_same_name_release_and_moment_is_followed() -> None:
    parameters = {"ClusterName": "etl", "ReleaseVersion": "EMR-3.30.0", "NodeAttributes.RamRole": "emr-role"}
    made = scene(
        state("RUNNING", cluster="c-other", name="other"),
        state("RUNNING", cluster="c-old", created=CREATION.time - 600.0),
        state("RUNNING", cluster="c-new", created=CREATION.time + 90.0),
        state("START_FAILED", "NotAuthorized", created=CREATION.time + 2.0),
    )
    seen(made, accepted("", requestParameters=parameters))
    assert follow(made).denials == 1
    assert made.clusters.asked == [(HOME, ())]
    assert pending(made) == []


def test_events_that_come_again_after_the_end_raise_nothing_twice() -> None:
    made = scene(FAILED)
    for _ in range(3):
        seen(made, accepted())
        follow(made)
    (key,) = [key for key in made.store.objects if key.startswith("incidents/")]
    incident = made.ledger.load(key.removeprefix("incidents/").removesuffix(".jsonl"))
    assert (incident.count, incident.round) == (1, 1)


def test_two_instances_at_once_count_the_failure_once() -> None:
    made = scene(FAILED)
    seen(made, accepted())
    made.store.before_append.append(lambda: follow(made))
    (key,) = follow(made).incidents
    assert made.ledger.load(key).count == 1
    assert pending(made) == []


def test_another_instance_may_drop_a_creation_between_listing_and_reading() -> None:
    made = scene()

    class Rival:
        def states(self, region: str, ids: Any) -> tuple[ClusterState, ...]:
            made.store.objects.clear()
            return (FAILED,)

    made.clusters = Rival()  # type: ignore[assignment]
    seen(made, accepted())
    assert follow(made).passed_over == {"settled by another instance": 1}


def test_a_stop_between_denial_and_dropping_loses_and_doubles_nothing() -> None:
    made = scene(FAILED)
    seen(made, accepted())
    before = dict(made.store.objects)
    made.functions.failing = Unreachable("InvokeFunction", "Throttling", "later")
    with pytest.raises(Unreachable):
        follow(made)
    assert set(before) <= set(made.store.objects)
    made.functions.failing = None
    (key,) = follow(made).incidents
    assert (made.ledger.load(key).count, made.started, pending(made)) == (1, ["diagnose"], [])


def test_a_broken_object_is_given_up_and_a_foreign_one_left_alone() -> None:
    made = scene(FAILED)
    made.store.objects[f"pending/{HOME}/{CREATION.time}-c-1.json"] = b"{half"
    made.store.objects["pending/README"] = b"what is this"
    assert follow(made).given_up == 1
    assert pending(made) == ["pending/README"]


def test_creations_by_its_own_roles_are_not_followed() -> None:
    made = scene()
    identity = {"type": "assumed-role", "principalId": "3:s", "userName": "rolemend-x:s", "accountId": "1"}
    assert seen(made, accepted(userIdentity=identity)).pending == 0
    assert pending(made) == []


def test_building_watch_imports_no_sdk_of_emr() -> None:
    program = (
        "import sys; from rolemend.bootstrap import build_watch; build_watch(None, {"
        "'FC_ACCOUNT_ID': '1', 'FC_REGION': 'cn-hangzhou', 'FC_FUNCTION_NAME': 'watch',"
        "'ROLEMEND_LEDGER_BUCKET': 'ledger', 'ALIBABA_CLOUD_ACCESS_KEY_ID': 'k',"
        "'ALIBABA_CLOUD_ACCESS_KEY_SECRET': 's'});"
        "print([name for name in sys.modules if name.startswith(('alibabacloud', 'Tea', 'darabonba'))])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
