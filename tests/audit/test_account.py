"""The audit of an account on the local cloud, read by the real SDKs."""

from __future__ import annotations

import pytest

from demo import clients
from demo.stage import make_role
from localcloud.emr.state import Failure
from localcloud.server import LocalCloud
from rolemend.audit import guides
from rolemend.audit.guides import GUIDES
from rolemend.checklist.model import FAILED, PASSED, UNKNOWN
from tests.audit.stage import (
    ECS,
    REGIONS,
    audited,
    break_sources,
    cluster,
    failing,
    make_broken,
    make_healthy,
    make_old_log,
    quiet_stage,
    ram_models,
    trust,
)

USED = (
    ("corp-data", "Etl"),
    ("form-data", "One-Form"),
    ("half-data", "Half-Writer"),
    ("never-data", "Never"),
    ("key-data", "Without-Key"),
    ("key-data", "With-Key"),
    ("denying-data", "Denied"),
    ("corp-lab", "Spark-Shut"),
)


def test_nothing_is_said_against_an_account_that_is_as_it_should_be(local: LocalCloud) -> None:
    stage = quiet_stage(local)
    make_healthy(stage)
    make_old_log(stage, ("corp-data", "Etl"))
    found = audited(stage)
    assert failing(found) == set()
    assert {each.check for each in found.findings if each.answer == PASSED} == set(GUIDES)
    assert found.is_complete(), [
        each.statement.render() for each in found.findings if each.answer == "unknown"
    ]


def test_each_check_fails_once_and_passes_once_and_nothing_else_is_reported(local: LocalCloud) -> None:
    stage = quiet_stage(local)
    make_healthy(stage)
    expected = make_broken(stage) | break_sources(stage)
    make_old_log(stage, *USED)
    found = audited(stage, *REGIONS)
    assert failing(found) == {(check, *place) for check, place in expected.items()}
    # There is one ledger and one trail, which the test before saw pass.
    assert set(expected) == set(GUIDES) - {guides.LEDGER}
    by_answer = {(each.check, each.answer) for each in found.findings}
    assert {check for check in expected if (check, PASSED) not in by_answer} == {guides.TRAIL_READS}
    for each in found.failed():
        guide = GUIDES[each.check]
        assert each.remedy is not None
        assert each.remedy.render()
        assert guide.doc.startswith("https://")
    assert len({each.id for each in found.findings}) == len(found.findings)


@pytest.mark.parametrize("way", ["public", "open", "gone"])
def test_a_ledger_that_is_not_as_it_must_be_is_told(local: LocalCloud, way: str) -> None:
    from demo import clients
    from demo.stage import LEDGER

    stage = quiet_stage(local)
    ledger = clients.bucket(stage.root, LEDGER)
    ledger.put_bucket_public_access_block(False)
    if way == "public":
        ledger.put_bucket_acl("public-read")
    if way == "gone":
        local.call(lambda cloud: cloud.state.oss.buckets.pop(LEDGER))
    assert (guides.LEDGER, FAILED) in {
        (each.check, each.answer) for each in audited(stage, doctor=True).findings
    }


def test_a_cluster_that_ended_with_errors_is_nobody_s_concern(local: LocalCloud) -> None:
    stage = quiet_stage(local)
    make_healthy(stage)
    make_role(stage, "Gone", trust(ECS), {})
    ended = cluster(stage, "Gone")
    clients.ram(stage.root).delete_role(ram_models().DeleteRoleRequest(role_name="Gone"))
    found = audited(stage)
    assert (guides.CLUSTER_ROLE, ended, "Gone") in failing(found)
    assert found.is_complete()
    failure = Failure(code="NoPermission", message="", state="TERMINATED_WITH_ERRORS")
    local.call(lambda cloud: setattr(cloud.state.emr.clusters[ended], "failure", failure))
    assert failing(audited(stage)) == set()


def test_a_log_of_more_users_than_one_answer_holds_makes_no_grant_unused(
    local: LocalCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rolemend.account import access_log

    stage = quiet_stage(local)
    make_healthy(stage)
    make_old_log(stage, ("corp-data", "Etl"), ("corp-data", "Other"))
    monkeypatch.setattr(access_log, "_MOST", 2)
    found = audited(stage)
    answers = {each.answer for each in found.findings if each.check == guides.UNUSED_GRANT}
    assert UNKNOWN in answers
    assert not answers & {PASSED, FAILED}
