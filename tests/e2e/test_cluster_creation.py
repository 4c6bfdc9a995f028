"""Every way in which a creation lacks a permission, told in the API's answer and later by the cluster's state."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from demo import clients
from demo.clients import Keys
from demo.receiver import Receiver
from demo.run import refusal
from demo.scenarios import GUARDRAILS, reading, run_cluster, trust
from demo.stage import HOME, LEDGER, Stage, make_role, make_user, set_stage
from localcloud.faults import Fault
from localcloud.server import LocalCloud
from rolemend.incident.life import VERIFIED
from tests.e2e.watching import essences, failures, fire, host, invocations, invoke, results

MODES = ("answer", "later")
MOST_INSTANCES = 4
"""Of `watch`, that the plays here bring about at most."""
ECS, EMR = "ecs.aliyuncs.com", "emr.aliyuncs.com"
NEW, OLD = "EMR-5.16.0", "EMR-3.30.0"

Call = Callable[[], Any]


@dataclass(frozen=True)
class Creation:
    """`prepare` answers the call; `cause` and `failed` checks must come out, and `mended` whether the role was."""

    prepare: Callable[[Stage], Call]
    cause: str
    failed: tuple[str, ...]
    mended: bool = False
    settings: dict[str, bool] = field(default_factory=dict)
    told: str = ""
    """What the advice or its document must hold."""


def attach(stage: Stage, user: str, name: str, document: dict[str, Any]) -> None:
    """A custom policy of a user."""
    from alibabacloud_ram20150501 import models

    ram = clients.ram(stage.root)
    ram.create_policy(models.CreatePolicyRequest(policy_name=name, policy_document=json.dumps(document)))
    ram.attach_policy_to_user(
        models.AttachPolicyToUserRequest(policy_type="Custom", policy_name=name, user_name=user)
    )


def role(stage: Stage, name: str, *services: str) -> None:
    make_role(stage, name, trust(*services), {name: reading("demo-data-a")})


def full(stage: Stage, name: str = "fay") -> Keys:
    return make_user(stage, name, "AliyunEMRFullAccess")


def old_release(stage: Stage) -> Call:
    role(stage, "emr-demo-old", ECS)
    return run_cluster(full(stage), "emr-demo-old", OLD)


def new_release(stage: Stage) -> Call:
    role(stage, "emr-demo-new", EMR)
    return run_cluster(full(stage), "emr-demo-new", NEW)


def in_group(stage: Stage) -> Call:
    from alibabacloud_ram20150501 import models

    ram, keys = clients.ram(stage.root), make_user(stage, "gina")
    ram.create_group(models.CreateGroupRequest(group_name="builders"))
    ram.add_user_to_group(models.AddUserToGroupRequest(group_name="builders", user_name="gina"))
    ram.attach_policy_to_group(
        models.AttachPolicyToGroupRequest(
            policy_type="System", policy_name="AliyunEMRFullAccess", group_name="builders"
        )
    )
    role(stage, "emr-demo-group", EMR)
    return run_cluster(keys, "emr-demo-group", NEW)


def by_other_policy(stage: Stage) -> Call:
    keys = make_user(stage, "olga")
    statement = {"Effect": "Allow", "Action": ["emr:Run*", "ram:PassRole"], "Resource": "*"}
    attach(stage, "olga", "builders", {"Version": "1", "Statement": [statement]})
    role(stage, "emr-demo-other", ECS)
    return run_cluster(keys, "emr-demo-other", OLD)


def misspelt(stage: Stage) -> Call:
    role(stage, "emr-demo-reader", ECS)
    return run_cluster(full(stage), "emr-demo-raeder", NEW)


def look_alike(stage: Stage) -> Call:
    role(stage, "emr-demo-reader", ECS)
    return run_cluster(full(stage), "emr\u2011demo\u2011reader", NEW)


def developer(stage: Stage) -> Call:
    from alibabacloud_emr20210320 import models

    role(stage, "emr-demo-creator", ECS)
    request = models.CreateClusterRequest(
        region_id=HOME,
        cluster_name="demo",
        cluster_type="DATALAKE",
        release_version=NEW,
        node_attributes=models.NodeAttributes(ram_role="emr-demo-creator"),
    )
    emr = clients.emr(make_user(stage, "devin", "AliyunEMRDevelopAccess"))
    return lambda: emr.create_cluster(request)


def developer_of_old_api(stage: Stage) -> Call:
    """CreateClusterV2 answers with the codes of its own generation."""
    from tests.clients import Keys as TestKeys
    from tests.localcloud.test_emr_create import create_2016

    keys = make_user(stage, "dora", "AliyunEMRDevelopAccess")
    parameters = {"EmrVer": OLD, "UserDefinedEmrEcsRole": "emr-demo-v2"}
    role(stage, "emr-demo-v2", EMR)
    return lambda: create_2016(TestKeys(keys.id, keys.secret), **parameters)


def old_api(stage: Stage) -> Call:
    from tests.clients import Keys as TestKeys
    from tests.localcloud.test_emr_create import create_2016

    keys = full(stage)
    role(stage, "emr-demo-v2", ECS)
    return lambda: create_2016(
        TestKeys(keys.id, keys.secret), EmrVer=OLD, UserDefinedEmrEcsRole="emr-demo-v2"
    )


def may_not_pass(stage: Stage) -> Call:
    role(stage, "emr-demo-pass", ECS)
    return run_cluster(make_user(stage, "dan", "AliyunEMRDevelopAccess"), "emr-demo-pass", NEW)


def no_service_role(stage: Stage) -> Call:
    stage.local.call(lambda cloud: cloud.state.accounts[stage.account].ram.roles.pop("aliyunemrdefaultrole"))
    role(stage, "emr-demo-service", ECS)
    return run_cluster(full(stage), "emr-demo-service", NEW)


TRUST, NAME, RIGHT = ("trust-policy",), ("role-name",), ("creator-policy",)
CREATIONS = {
    "old release": Creation(old_release, "role_not_trusted", TRUST, mended=True),
    "new release": Creation(new_release, "role_not_trusted", TRUST, mended=True),
    "group": Creation(in_group, "role_not_trusted", TRUST, mended=True),
    "other policy": Creation(by_other_policy, "role_not_trusted", TRUST, mended=True),
    "older API": Creation(old_api, "role_not_trusted", TRUST, mended=True),
    "misspelt": Creation(misspelt, "role_not_found", NAME, told="emr-demo-reader"),
    "look-alike": Creation(look_alike, "role_not_found", NAME, told="the role emr-demo-reader."),
    "developer": Creation(
        developer, "permission_missing", (*RIGHT, "pass-role"), told="in the place of AliyunEMRDevelopAccess"
    ),
    "developer of the older API": Creation(
        developer_of_old_api, "permission_missing", RIGHT, told="in the place of AliyunEMRDevelopAccess"
    ),
    "pass role": Creation(
        may_not_pass, "pass_role_missing", ("pass-role",), settings={"check_pass_role": True}, told="ram:PassRole"
    ),
    "service role": Creation(
        no_service_role, "service_role_missing", ("service-role",), settings={"check_service_role": True},
        told="AliyunEMRDefaultRole",
    ),
}  # fmt: skip


def settle(stage: Stage) -> None:
    """Let the events travel, the timer look after what was accepted, and everything that follows end."""
    stage.settle()
    stage.local.call(lambda cloud: cloud.services["fc"].fire_timer("rolemend-watch", "pending"))  # type: ignore[attr-defined]
    stage.settle()


def choose(stage: Stage, mode: str, creation: Creation) -> None:
    service: Any = stage.local.cloud.services["emr"]
    service.failure_mode = mode
    for name, value in creation.settings.items():
        setattr(service, name, value)


def pending(stage: Stage) -> list[str]:
    return [one.key for one in clients.bucket(stage.root, LEDGER).list_objects_v2("pending/").object_list]


def left_pending(stage: Stage) -> list[str]:
    """What still pends when the timer has come for each instance that may read a range again.

    Each instance keeps what it reads in a range the first time, even if another one settled it since; it is dropped by
    the next timer, whose own calls may bring a trigger, and with it one instance more.
    """
    for _ in range(MOST_INSTANCES):
        if not pending(stage):
            break
        settle(stage)
    return pending(stage)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", CREATIONS)
def test_a_creation_that_lacks_something_ends_the_same_whichever_way_it_is_told(
    stage: Stage, receiver: Receiver, name: str, mode: str
) -> None:
    creation = CREATIONS[name]
    call = creation.prepare(stage)
    choose(stage, mode, creation)
    refused = refusal(call)
    assert (refused is None) is (mode == "later" and creation.failed[0] != "creator-policy")
    settle(stage)
    (incident,) = stage.incidents().values()
    assert incident.diagnosis is not None
    failed = tuple(finding.check for finding in incident.diagnosis.findings if finding.answer == "failed")
    assert (incident.diagnosis.cause, failed) == (creation.cause, creation.failed)
    (message,) = receiver.messages
    assert creation.told in json.dumps(message, ensure_ascii=False)
    assert left_pending(stage) == []
    assert failures(stage) == []
    if creation.mended:
        assert incident.state == VERIFIED
        assert refusal(call) is None
        settle(stage)
        assert left_pending(stage) == []
        assert len(stage.incidents()) == 1


def run_all(local: LocalCloud, receiver: Receiver, change: Callable[[Any], None]) -> Any:
    """Three creations that fail later, each event and timer delivered as `change` sets it."""
    local.reset()
    receiver.messages.clear()
    stage = set_stage(local, receiver.url, GUARDRAILS)
    calls = [CREATIONS["old release"].prepare(stage)]
    role(stage, "emr-demo-second", EMR)
    keys = full(stage, "fred")
    calls += [run_cluster(keys, "emr-demo-second", NEW), run_cluster(keys, "emr-demo-missing", NEW)]
    stage.settle()
    choose(stage, "later", CREATIONS["old release"])
    local.call(lambda cloud: change(host(stage).settings))
    for call in calls:
        call()
    for _ in range(2):
        settle(stage)
    for one in [one for one in invocations(stage, "watch") if one.payload]:
        invoke(stage, "watch", one.payload)
    settle(stage)
    assert left_pending(stage) == []
    return essences(stage), sorted(message["id"] for message in receiver.messages)


def plain(settings: Any) -> None:
    settings.pause_triggers = True


def twice(settings: Any) -> None:
    settings.pause_triggers = settings.duplicate_deliveries = True


def twice_and_reversed(settings: Any) -> None:
    twice(settings)
    settings.reverse_deliveries = True


def test_the_way_of_delivery_does_not_change_the_end_of_a_later_failure(
    local: LocalCloud, receiver: Receiver
) -> None:
    expected = run_all(local, receiver, plain)
    incidents, messages = expected
    assert sorted(one["state"] for one in incidents.values()) == ["alerted", "verified", "verified"]
    assert {one["count"] for one in incidents.values()} == {1}
    assert len(messages) == 3
    for change in (twice, twice_and_reversed):
        assert run_all(local, receiver, change) == expected


def test_a_creation_is_followed_while_it_takes_its_time(stage: Stage, receiver: Receiver) -> None:
    service: Any = stage.local.cloud.services["emr"]
    call = CREATIONS["old release"].prepare(stage)
    service.failure_mode, service.starting_seconds = "later", 3600.0
    call()
    settle(stage)
    assert stage.incidents() == {}
    (key,) = pending(stage)
    assert key.startswith(f"pending/{HOME}/")
    assert [one["pending"] for one in results(stage, "watch") if one["pending"]] == [1, 1]
    for cluster in stage.local.cloud.state.emr.clusters.values():
        cluster.bootstrapping = 0.0
    settle(stage)
    assert [one["state"] for one in essences(stage).values()] == ["verified"]
    assert left_pending(stage) == []


def test_an_event_that_names_no_cluster_is_followed_all_the_same(stage: Stage, receiver: Receiver) -> None:
    """Whether an event holds the answer with the ClusterId is documented for no creation of a cluster."""

    publish = stage.local.cloud.publish

    def without_answer(event: dict[str, Any], account: str) -> None:
        event.pop("responseElements", None)
        publish(event, account)

    call = CREATIONS["new release"].prepare(stage)
    choose(stage, "later", CREATIONS["new release"])
    stage.local.cloud.publish = without_answer  # type: ignore[method-assign]
    try:
        call()
        settle(stage)
    finally:
        stage.local.cloud.publish = publish  # type: ignore[method-assign]
    assert [one["state"] for one in essences(stage).values()] == ["verified"]
    assert left_pending(stage) == []


@pytest.mark.parametrize("mode", MODES)
def test_an_incident_is_closed_once_the_same_creation_runs_and_not_when_it_is_accepted(
    stage: Stage, receiver: Receiver, mode: str
) -> None:
    service: Any = stage.local.cloud.services["emr"]
    call = CREATIONS["misspelt"].prepare(stage)
    choose(stage, mode, CREATIONS["misspelt"])
    refusal(call)
    settle(stage)
    assert [one["state"] for one in essences(stage).values()] == ["alerted"]
    role(stage, "emr-demo-raeder", ECS)
    time.sleep(1.1)  # events tell whole seconds, and a success counts from the next one on
    service.starting_seconds = 3600.0
    assert refusal(call) is None
    settle(stage)
    fire(stage, "close")
    assert [one["state"] for one in essences(stage).values()] == ["alerted"]
    for cluster in stage.local.cloud.state.emr.clusters.values():
        cluster.bootstrapping = cluster.running = 0.0
    fire(stage, "close")
    assert [one["state"] for one in essences(stage).values()] == ["closed"]
    assert failures(stage) == []


@pytest.mark.parametrize(
    ("service", "operation", "kind"),
    [
        ("emr", "ListClusters", "error"),
        ("emr", "ListClusters", "throttle"),
        ("oss", "AppendObject", "error"),
        ("oss", "DeleteObject", "error"),
        ("fc", "InvokeFunction", "error"),
    ],
)
def test_a_fault_on_the_way_delays_a_later_failure_and_neither_loses_nor_doubles_it(
    stage: Stage, receiver: Receiver, service: str, operation: str, kind: str
) -> None:
    host(stage).settings.retry_scale = 0.001
    call = CREATIONS["old release"].prepare(stage)
    choose(stage, "later", CREATIONS["old release"])
    call()
    stage.settle()
    fault = Fault(service=service, operation=operation, kind=kind, caller="rolemend-watch", times=None)  # type: ignore[arg-type]
    stage.local.call(lambda cloud: cloud.faults.append(fault))
    settle(stage)
    stage.local.call(lambda cloud: cloud.faults.clear())
    settle(stage)
    (incident,) = essences(stage).values()
    assert (incident["state"], incident["count"], incident["messages"]) == ("verified", 1, 1)
    assert left_pending(stage) == []
