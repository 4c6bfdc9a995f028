"""Audits of accounts that refuse, throttle, change while they are read, or say what nobody understands."""

from __future__ import annotations

import time
from typing import Any

import pytest

from demo import clients
from demo.stage import Stage, make_role
from localcloud.faults import Fault
from localcloud.server import LocalCloud
from rolemend.account.survey import LiveSurvey
from rolemend.audit import guides
from rolemend.audit.judge import report
from rolemend.audit.model import Report
from rolemend.audit.reads import Reads
from rolemend.audit.sweep import sweep
from rolemend.checklist.model import FAILED, PASSED, UNKNOWN
from tests.audit.stage import (
    ECS,
    access,
    audited,
    cluster,
    failing,
    make_healthy,
    quiet_stage,
    scope,
    trust,
    writing,
)


@pytest.fixture
def stage(local: LocalCloud) -> Stage:
    stage = quiet_stage(local)
    make_healthy(stage)
    return stage


def answers(found: Report, check: str) -> set[str]:
    return {each.answer for each in found.findings if each.check == check}


REFUSED = {
    "GetRole": (guides.TRUST, guides.WORKSPACE_ROLE, guides.DEFAULT_ROLE),
    "ListPoliciesForRole": (guides.WRITE_SET, guides.OWN_RIGHTS, guides.WORKSPACE_DIRECTORY),
    "GetPolicy": (guides.RESOURCE_FORMS, guides.EXECUTION_RIGHTS, guides.OWN_UNUSED),
    "GetBucketInfo": (guides.BUCKET_CONFLICT, guides.WORKSPACE_DIRECTORY, guides.LEDGER),
    "GetBucketPolicy": (guides.BUCKET_CONFLICT, guides.WORKSPACE_DIRECTORY),
    "ListClusters": (guides.CLUSTER_ROLE,),
    "GetCluster": (guides.CLUSTER_ROLE,),
    "ListWorkspaces": (guides.WORKSPACE_ROLE,),
    "GetWorkspace": (guides.WORKSPACE_ROLE,),
    "DescribeTrails": (guides.TRAIL, guides.TRAIL_READS),
    "GetTrailStatus": (guides.TRAIL,),
    "GetLogStore": (guides.ACCESS_LOG, guides.TRAIL),
    "GetFunction": (guides.TRIGGER, guides.OWN_RIGHTS),
    "ListTriggers": (guides.TRIGGER,),
}


@pytest.mark.parametrize("operation", REFUSED)
def test_what_could_not_be_read_is_unknown_and_never_passed(
    stage: Stage, local: LocalCloud, operation: str
) -> None:
    fault = Fault(operation=operation, kind="error", status=403, code="NoPermission", times=None)
    local.call(lambda cloud: cloud.faults.append(fault))
    found = audited(stage)
    assert fault.hits
    assert found.incomplete
    for check in REFUSED[operation]:
        assert UNKNOWN in answers(found, check), check
        assert FAILED not in answers(found, check), check


def test_throttled_calls_are_made_again_and_slower(stage: Stage, local: LocalCloud) -> None:
    fault = Fault(service="ram", kind="throttle", times=3)
    local.call(lambda cloud: cloud.faults.append(fault))
    found = audited(stage)
    assert fault.hits == 3
    assert not found.incomplete
    assert found.reads["GetRole"] >= 1


def test_a_role_that_is_deleted_during_the_sweep_is_unknown(stage: Stage, local: LocalCloud) -> None:
    """It is there when GetRole asks, and gone when its policies are asked for."""
    make_role(stage, "Leaving", trust(ECS), {})
    cluster(stage, "Leaving")
    survey = LiveSurvey(access(stage), 100_000)
    asked = survey.attached

    def attached(kind: str, name: str) -> Any:
        if name == "Leaving":
            local.call(lambda cloud: cloud.state.accounts[stage.account].ram.roles.pop("leaving", None))
        return asked(kind, name)

    survey.attached = attached  # type: ignore[method-assign]
    found = judged(stage, survey)
    mine = [each for each in found.findings if each.place.name == "Leaving"]
    assert UNKNOWN in {each.answer for each in mine}
    assert FAILED not in {each.answer for each in mine}


def judged(stage: Stage, survey: Any) -> Report:
    reads, looked_at = Reads(), scope(stage)
    sweep(survey, looked_at, reads)
    return report(reads, looked_at, started=time.time(), ended=time.time(), calls={})


def test_a_policy_that_does_not_parse_leaves_its_questions_open(stage: Stage, local: LocalCloud) -> None:
    def spoil(cloud: Any) -> None:
        cloud.state.accounts[stage.account].ram.policies["etl-data"].versions[0].document = '{"Version": "1"'

    local.call(spoil)
    found = audited(stage)
    for check in (guides.NEVER_MATCHES, guides.RESOURCE_FORMS, guides.WRITE_SET):
        assert UNKNOWN in answers(found, check), check
    assert PASSED in answers(found, guides.WORKSPACE_DIRECTORY)
    assert failing(found) == set()


def test_a_trust_policy_that_does_not_parse_is_unknown(stage: Stage, local: LocalCloud) -> None:
    local.call(
        lambda cloud: setattr(cloud.state.accounts[stage.account].ram.roles["etl"], "trust_policy", "{}")
    )
    found = audited(stage)
    assert answers(found, guides.TRUST) == {UNKNOWN}


@pytest.mark.parametrize(
    ("release", "answer", "notes"), [("EMR-9.1.0", PASSED, 1), ("EMR-nightly", UNKNOWN, 0)]
)
def test_a_release_nobody_knows_counts_as_new_with_a_note_or_is_unknown(
    stage: Stage, local: LocalCloud, release: str, answer: str, notes: int
) -> None:
    def rename(cloud: Any) -> None:
        for each in cloud.state.emr.clusters.values():
            each.release = release

    local.call(rename)
    found = audited(stage)
    assert answers(found, guides.TRUST) == {answer}
    assert len(found.notes) == notes


def test_each_thing_is_read_once_however_many_need_it(stage: Stage) -> None:
    for number in range(5):
        make_role(stage, f"Sharing-{number}", trust(ECS), {})
        _attach(stage, f"Sharing-{number}", "etl-data")
        cluster(stage, f"Sharing-{number}")
        cluster(stage, f"Sharing-{number}")
    reads = audited(stage).reads
    roles = 1 + 2 + 6 + 5  # EMR's service role, the healthy two, Rolemend's own, and those that share
    assert reads["GetRole"] == reads["ListPoliciesForRole"] == roles
    assert reads["GetCluster"] == 11
    assert reads["GetBucketInfo"] == 3  # two and the ledger
    policies = 2 + 6 + 2  # of the two roles and Rolemend's own; EMR's own and Serverless Spark's
    assert reads["GetPolicy"] == policies


def _attach(stage: Stage, role: str, policy: str) -> None:
    from alibabacloud_ram20150501 import models

    request = models.AttachPolicyToRoleRequest(policy_type="Custom", policy_name=policy, role_name=role)
    clients.ram(stage.root).attach_policy_to_role(request)


def test_all_pages_of_ram_are_read(stage: Stage) -> None:
    """RAM's lists are cut at 100: the nearest name is behind that."""
    from alibabacloud_ram20150501 import models

    for number in range(120):
        make_role(stage, f"a-{number:03}", trust(ECS), {})
    make_role(stage, "zz-wanted", trust(ECS), {})
    make_role(stage, "zz-wanter", trust(ECS), {})
    cluster(stage, "zz-wanter")
    clients.ram(stage.root).delete_role(models.DeleteRoleRequest(role_name="zz-wanter"))
    (gone,) = [each for each in audited(stage).failed() if each.check == guides.CLUSTER_ROLE]
    assert "zz-wanted" in gone.evidence[0].statement.render()


def test_a_sweep_that_is_stopped_goes_on_from_its_answers(stage: Stage) -> None:
    survey, reads, looked_at = LiveSurvey(access(stage), 100_000), Reads(), scope(stage)
    steps = 0
    while not sweep(survey, looked_at, reads, deadline=0.0, clock=lambda: 1.0):
        reads = Reads.decode(reads.encode())
        steps += 1
    assert steps >= 2
    again = LiveSurvey(access(stage), 100_000)
    assert sweep(again, looked_at, reads)
    assert sum(again.count.calls.values()) == 0
    whole = audited(stage)
    resumed = report(reads, looked_at, started=0.0, ended=0.0, calls={})
    assert {each.id: each.answer for each in resumed.findings} == {
        each.id: each.answer for each in whole.findings
    }


def test_users_and_groups_with_emr_s_policies_are_asked_too(stage: Stage) -> None:
    from alibabacloud_ram20150501 import models

    from demo.stage import make_user

    make_user(stage, "ana", "AliyunEMRFullAccess")
    ram = clients.ram(stage.root)
    half = writing("corp-data").replace('acs:oss:*:*:corp-data",', 'acs:oss:*:*:corp-data/*",')
    ram.create_policy(models.CreatePolicyRequest(policy_name="half", policy_document=half))
    attach = models.AttachPolicyToUserRequest(policy_type="Custom", policy_name="half", user_name="ana")
    ram.attach_policy_to_user(attach)
    assert (guides.RESOURCE_FORMS, "ana", "corp-data") in failing(audited(stage))
