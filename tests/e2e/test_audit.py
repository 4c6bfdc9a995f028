"""The function `audit` on its timer: one run however often it fires, in several invocations, over several accounts."""

from __future__ import annotations

import json
from typing import Any

from demo import clients
from demo.stage import HOME, LEDGER, Stage, deploy, make_role
from rolemend.audit import guides
from rolemend.audit.accounts import ACCESS_ROLE
from tests.audit.stage import (
    ECS,
    FAR,
    MEMBER,
    allow,
    audited,
    bucket,
    cluster,
    document,
    make_healthy,
    make_member,
    trust,
    whole,
)
from tests.e2e.watching import failures, invoke, results

TIME = "2026-01-31T18:00:00Z"
TIMER = json.dumps({"triggerTime": TIME, "triggerName": "nightly", "payload": '{"job":"audit"}'}).encode()
RUN = "20260131T180000Z"


def written(stage: Stage, run: str = RUN) -> dict[str, Any]:
    report = clients.bucket(stage.root, LEDGER).get_object(f"audits/{run}/report.json").read()
    found: dict[str, Any] = json.loads(report)
    return found


def keys(stage: Stage, prefix: str) -> list[str]:
    return [item.key for item in clients.bucket(stage.root, LEDGER).list_objects_v2(prefix).object_list]


def answers(report: dict[str, Any]) -> dict[str, str]:
    return {each["id"]: each["answer"] for each in report["findings"]}


def test_the_timer_s_report_says_what_the_command_says(stage: Stage) -> None:
    make_healthy(stage)
    invoke(stage, "audit", TIMER)
    stage.settle()
    report = written(stage)
    assert failures(stage, "audit") == []
    expected = {each.id: each.answer for each in audited(stage).findings}
    assert answers(report) == expected
    assert report["incomplete"] == []
    assert keys(stage, f"audits/{RUN}/facts/") == []


def test_over_several_regions_too(stage: Stage) -> None:
    """Each region is read by an invocation of its own, which knows nothing of who uses a role elsewhere."""
    make_healthy(stage)
    bucket(stage, "far-data", FAR)
    both = [allow("oss:GetObject", "oss:ListObjects", on=whole(name)) for name in ("corp-data", "far-data")]
    make_role(stage, "Wide", trust(ECS), {"wide": json.loads(document(*both))})
    for region in (HOME, FAR):
        cluster(stage, "Wide", region=region)
    deploy(stage, ROLEMEND_AUDIT_REGIONS=f"{HOME},{FAR}")
    invoke(stage, "audit", TIMER)
    stage.settle()
    expected = {each.id: each.answer for each in audited(stage, HOME, FAR).findings}
    assert answers(written(stage)) == expected
    assert not {
        each["place"]["name"] for each in written(stage)["findings"] if each["answer"] == "failed"
    } & {"Wide"}


def test_a_timer_that_fires_twice_makes_one_run(stage: Stage) -> None:
    make_healthy(stage)
    invoke(stage, "audit", TIMER)
    invoke(stage, "audit", TIMER)
    stage.settle()
    states = [one["state"] for one in results(stage, "audit")]
    assert states.count("done") == 1
    assert {key.split("/")[1] for key in keys(stage, "audits/")} == {RUN}
    invoke(stage, "audit", TIMER)
    stage.settle()
    assert [one["state"] for one in results(stage, "audit")].count("done") == 1


def test_what_does_not_fit_into_one_invocation_goes_on_where_it_was(stage: Stage) -> None:
    make_healthy(stage)
    expected = {each.id: each.answer for each in audited(stage).findings}
    calls = sum(audited(stage).reads.values())
    deploy(stage, ROLEMEND_AUDIT_SECONDS="0")
    invoke(stage, "audit", TIMER)
    stage.settle()
    steps = [one for one in results(stage, "audit") if one["state"] == "goes on"]
    assert len(steps) >= 2
    assert [one["answers"] for one in steps] == sorted({one["answers"] for one in steps})
    report = written(stage)
    assert answers(report) == expected
    assert sum(report["reads"].values()) == calls


def test_an_account_that_cannot_be_entered_leaves_the_others_whole(stage: Stage) -> None:
    make_healthy(stage)
    make_member(stage, MEMBER, ACCESS_ROLE)
    make_member(stage, "6543210987654321", "")
    accounts = "\n".join(f'[[accounts]]\nid = "{each}"' for each in (MEMBER, "6543210987654321"))
    clients.bucket(stage.root, LEDGER).put_object("config/audit-accounts.toml", accounts.encode())
    invoke(stage, "audit", TIMER)
    stage.settle()
    report = written(stage)
    assert set(report["accounts"]) == {stage.account, MEMBER, "6543210987654321"}
    failed = [each for each in report["findings"] if each["answer"] == "failed"]
    of_member = [each for each in failed if each["place"]["account"] == MEMBER]
    assert [each["check"] for each in of_member] == [guides.CLUSTER_ROLE]
    (said,) = report["incomplete"]
    assert said["values"]["account"] == "6543210987654321"
    own = {each["id"] for each in report["findings"] if each["place"]["account"] == stage.account}
    assert own == {each.id for each in audited(stage).findings}


def test_a_region_each_has_an_invocation_and_all_are_joined(stage: Stage) -> None:
    make_healthy(stage)
    cluster(stage, "Etl", "cn-shanghai")
    deploy(stage, ROLEMEND_AUDIT_REGIONS="cn-hangzhou,cn-shanghai")
    invoke(stage, "audit", TIMER)
    stage.settle()
    report = written(stage)
    assert report["regions"] == ["cn-hangzhou", "cn-shanghai"]
    assert len(keys(stage, f"audits/{RUN}/parts/")) == 2
    places = {each["place"]["region"] for each in report["findings"] if each["check"] == guides.CLUSTER_ROLE}
    assert places == {"cn-hangzhou", "cn-shanghai"}


def test_an_event_that_is_none_is_refused(stage: Stage) -> None:
    for payload in (b"", b"[]", b"{}", b'{"run": "../../x", "account": "1", "region": "r", "step": 0}'):
        invoke_and_fail(stage, payload)
    assert keys(stage, "audits/") == []


def invoke_and_fail(stage: Stage, payload: bytes) -> None:
    try:
        answer = invoke(stage, "audit", payload)
    except Exception:  # noqa: BLE001
        return
    assert "errorMessage" in answer or "BadEvent" in json.dumps(answer)
