"""A creation that people were told of is closed once the same principal has created such a cluster, and it runs."""

from __future__ import annotations

from time import gmtime, strftime
from typing import Any

import pytest

from rolemend.account.interface import ClusterState
from rolemend.errors import Refused, Unreachable
from rolemend.signals.denial import ClusterTarget, DeniedPrincipal
from rolemend.work.closing import SILENT
from rolemend.work.events import Timer
from rolemend.work.watch import watch
from rolemend.work.watch_parts import Watched
from tests.samples import CREATION, altered, denied_creation
from tests.work.scene import Scene

HOME = "cn-hangzhou"
RUNNING = ClusterState(id="c-1", name="etl", release="EMR-3.30.0", state="RUNNING")


def told(**changes: Any) -> Scene:
    """A creation that only a person can mend, and of which people know."""
    scene = Scene(denial=altered(CREATION, **changes), now=CREATION.time + 600.0)
    scene.account.types["reader"] = "System"
    scene.mended()
    scene.notify()
    assert scene.incident.state == "alerted"
    return scene


def created(
    cluster: str = "c-1", after: int = 60, parameters: dict[str, Any] | None = None, **changes: Any
) -> Any:
    """The event of a creation that the API accepted some seconds after the denied one."""
    members: dict[str, Any] = {
        "errorCode": None,
        "eventId": f"event-of-{cluster}-{after}",
        "eventTime": strftime("%Y-%m-%dT%H:%M:%SZ", gmtime(CREATION.time + after)),
        "responseElements": {"ClusterId": cluster} if cluster else None,
    }
    event = denied_creation(**(members | changes))
    event["requestParameters"] |= parameters or {}
    return event


def asked(scene: Scene, *events: Any, states: tuple[ClusterState, ...] = (RUNNING,)) -> Watched:
    scene.trail.history[:] = events
    scene.clusters.clusters[HOME] = list(states)
    return watch(Timer("close"), scene.watch_parts())


def test_a_cluster_that_runs_closes_the_incident() -> None:
    scene = told()
    assert asked(scene, created()).incidents == (scene.id,)
    assert (scene.incident.state, list(scene.ledger.unmended_ids())) == ("closed", [])
    assert "it runs" in scene.incident.closed
    assert scene.trail.asked == [("RunCluster", CREATION.time, HOME)]
    assert scene.clusters.asked == [(HOME, ("c-1",))]


@pytest.mark.parametrize("phase", ["STARTING", "BOOTSTRAPPING", "START_FAILED", "TERMINATED_WITH_ERRORS"])
def test_that_the_api_accepted_it_proves_nothing_until_the_cluster_runs(phase: str) -> None:
    scene = told()
    asked(scene, created(), states=(altered_state(state=phase),))
    assert scene.incident.state == "alerted"
    asked(scene, created())
    assert scene.incident.state == "closed"


def altered_state(**changes: Any) -> ClusterState:
    parts = {"id": "c-1", "name": "etl", "release": "EMR-3.30.0", "state": "RUNNING"}
    return ClusterState(**(parts | changes))


@pytest.mark.parametrize(
    ("changes", "end"),
    [
        ({}, "alerted"),
        ({"ready": CREATION.time + 300.0}, "closed"),
        ({"ready": CREATION.time + 300.0, "reason": "NotAuthorized"}, "alerted"),
    ],
)
def test_a_cluster_that_is_gone_counts_if_it_was_ready_once(changes: dict[str, Any], end: str) -> None:
    scene = told()
    asked(scene, created(), states=(altered_state(state="TERMINATED", **changes),))
    assert scene.incident.state == end


@pytest.mark.parametrize(
    "event",
    [
        created(after=0),
        created(after=-60),
        created(errorCode="NoPermission"),
        created(parameters={"NodeAttributes.RamRole": "another-role"}),
        created(parameters={"NodeAttributes.RamRole": None}),
        created(parameters={"ReleaseVersion": "EMR-5.16.0"}),
        created(parameters={"ReleaseVersion": "EMR-3.32.0"}),
        created(parameters={"ReleaseVersion": "new"}),
        created(parameters={"RegionId": "cn-beijing"}),
        created(serviceName="Ecs"),
        created(recipientAccountId="2000000000000002"),
        created(
            userIdentity={
                "type": "ram-user",
                "principalId": "2",
                "accountId": CREATION.account,
                "userName": "eve",
            }
        ),
        created(userIdentity={"type": "root-account", "principalId": "1", "accountId": CREATION.account}),
        created(userIdentity=None),
        created(eventTime="soon"),
        created(cluster="c-2"),
    ],
)
def test_another_creation_closes_nothing(event: Any) -> None:
    scene = told()
    asked(scene, event)
    assert scene.incident.state == "alerted"


@pytest.mark.parametrize("release", ["EMR-3.30.0", "3.30.0", "EMR-3.29.1", "EMR-4.4.1"])
def test_a_release_that_wants_the_same_trust_is_as_good(release: str) -> None:
    scene = told()
    asked(scene, created(parameters={"ReleaseVersion": release}))
    assert scene.incident.state == "closed"


def test_a_contested_release_answers_for_itself_alone() -> None:
    for denied, made, end in (
        ("EMR-3.32.0", "EMR-3.32.0", "closed"),
        ("EMR-3.32.0", "EMR-3.30.0", "alerted"),
    ):
        scene = told(target=ClusterTarget(release=denied, role="emr-role"))
        asked(scene, created(parameters={"ReleaseVersion": made}))
        assert scene.incident.state == end


def test_a_cluster_that_the_event_does_not_name_is_found_by_name_and_time() -> None:
    event = created(cluster="")
    name = event["requestParameters"].get("ClusterName", "")
    near = altered_state(id="c-7", name=name, created=CREATION.time + 65.0)
    for state, end in ((altered_state(id="c-8", name=name, created=1.0), "alerted"), (near, "closed")):
        scene = told()
        asked(scene, event, states=(state,))
        assert scene.incident.state == end


def test_the_names_of_one_call_are_each_asked_for_once_however_many_wait() -> None:
    scene = told(action="emr:CreateCluster")
    other = told(action="emr:CreateCluster", principal=DeniedPrincipal(type="root", account=CREATION.account))
    scene.store.objects |= other.store.objects
    asked(scene)
    assert [name for name, _, _ in scene.trail.asked] == ["Create", "CreateCluster"]
    assert scene.clusters.asked == []


@pytest.mark.parametrize(
    "changes",
    [
        {"region": "evil.example/"},
        {"action": "emr:DeleteCluster"},
        {"account": "2000000000000002"},
        {"target": ClusterTarget(release="EMR-3.30.0", role="")},
    ],
)
def test_what_no_later_creation_can_answer_is_not_asked_for(changes: dict[str, Any]) -> None:
    scene = Scene(denial=altered(CREATION, **changes), now=CREATION.time + 600.0)
    scene.mended()
    scene.notify()
    scene.ledger.mark_unmended(scene.id)
    asked(scene, created())
    assert (scene.trail.asked, scene.clusters.asked) == ([], [])


def test_a_denial_from_a_clock_ahead_of_ours_asks_for_no_time_that_ends_before_it_begins() -> None:
    scene = told()
    scene.now = float(CREATION.time)
    asked(scene, created())
    assert (scene.trail.asked, scene.incident.state) == ([], "alerted")


def test_two_creations_that_tell_no_release_are_not_taken_for_the_same() -> None:
    scene = told(target=ClusterTarget(release="", role="emr-role"))
    asked(scene, created(parameters={"ReleaseVersion": None}))
    assert scene.incident.state == "alerted"


def test_without_open_creations_nothing_is_asked() -> None:
    scene = told()
    asked(scene, created())
    scene.trail.asked.clear()
    asked(scene, created())
    assert scene.trail.asked == []


@pytest.mark.parametrize("where", ["trail", "clusters"])
def test_what_could_not_be_read_closes_nothing(where: str) -> None:
    scene = told()
    error = Unreachable("LookupEvents", "Timeout", "no answer")
    if where == "trail":
        scene.trail.failing = error
    else:
        scene.clusters.failing[HOME] = Refused("ListClusters", "NoPermission", "no")
    with pytest.raises((Unreachable, Refused)):
        asked(scene, created())
    assert scene.incident.state == "alerted"


def test_a_region_that_does_not_answer_leaves_the_others_theirs_and_is_told() -> None:
    """It is no error: the region's name is what the caller wrote into the request."""
    scene, far = told(), told(region="cn-nowhere")
    scene.store.objects |= far.store.objects
    scene.clusters.failing["cn-nowhere"] = Unreachable("ListClusters", "Timeout", "no answer")
    seen = asked(scene, created(), created(cluster="c-9", parameters={"RegionId": "cn-nowhere"}))
    assert seen.passed_over == {SILENT: 1}
    assert scene.incident.state == "closed"
    assert scene.ledger.load(far.id).state == "alerted"


def test_a_denial_after_the_success_opens_it_again() -> None:
    scene = told()
    asked(scene, created())
    late = altered(CREATION, signal_id="b", time=CREATION.time + 600)
    assert scene.denied(late).state == "reopened"
