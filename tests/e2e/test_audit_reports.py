"""The function `audit` keeps its report in the ledger's bucket, beside the one before."""

from __future__ import annotations

import json

from demo import clients
from demo.receiver import Receiver
from demo.stage import LEDGER, Stage
from rolemend.audit import guides
from rolemend.audit.accounts import ACCESS_ROLE
from rolemend.audit.archive import read_report
from rolemend.audit.comparison import Earlier
from tests.audit.stage import MEMBER, cluster, make_healthy, make_member
from tests.e2e.test_audit import keys
from tests.e2e.watching import failures, invoke

FIRST, SECOND = "2026-01-31T18:00:00Z", "2026-02-01T18:00:00Z"


def run(stage: Stage, time: str) -> None:
    timer = {"triggerTime": time, "triggerName": "nightly", "payload": '{"job":"audit"}'}
    invoke(stage, "audit", json.dumps(timer).encode())
    stage.settle()
    assert failures(stage, "audit") == []


def kept(stage: Stage, day: str, run: str) -> Earlier:
    key = f"reports/{day}-{run}.json"
    return read_report(clients.bucket(stage.root, LEDGER).get_object(key).read())


def test_each_run_is_kept_once_compared_with_the_one_before_and_told_of_what_is_new(
    stage: Stage, receiver: Receiver
) -> None:
    from alibabacloud_ram20150501 import models

    make_healthy(stage)
    make_member(stage, MEMBER, ACCESS_ROLE)
    accounts = f'[[accounts]]\nid = "{MEMBER}"\n'
    clients.bucket(stage.root, LEDGER).put_object("config/audit-accounts.toml", accounts.encode())
    run(stage, FIRST)
    first = kept(stage, "2026-01-31", "20260131T180000Z")
    assert first.report.is_complete()
    assert first.comparison.since == ""
    (gone,) = [each for each in first.report.failed() if each.check == guides.CLUSTER_ROLE]

    cluster(stage, "Etl")
    clients.ram(stage.root).detach_policy_from_role(
        models.DetachPolicyFromRoleRequest(policy_type="Custom", policy_name="etl-data", role_name="Etl")
    )
    clients.ram(stage.root).delete_role(models.DeleteRoleRequest(role_name="Etl"))
    accepted = (
        f'[[accepted]]\nid = "{gone.id}"\nreason = "the cluster is being retired"\nuntil = 2999-12-31\n'
    )
    clients.bucket(stage.root, LEDGER).put_object("config/accepted.toml", accepted.encode())
    run(stage, SECOND)
    second = kept(stage, "2026-02-01", "20260201T180000Z")
    assert second.comparison.since == "20260131T180000Z"
    assert [each.id for each in second.comparison.accepted] == [gone.id]
    failed = {each.id: each for each in second.report.failed()}
    assert {failed[each].check for each in second.comparison.new} == {guides.CLUSTER_ROLE}
    assert {failed[each].place.account for each in second.comparison.new} == {stage.account}
    names = {key.rpartition(".")[0] for key in keys(stage, "reports/")}
    assert names == {"reports/2026-01-31-20260131T180000Z", "reports/2026-02-01-20260201T180000Z"}
    page = clients.bucket(stage.root, LEDGER).get_object("reports/2026-02-01-20260201T180000Z.html").read()
    assert b"the cluster is being retired" in page
    told = [message for message in receiver.messages if message["id"] == "audit-20260201T180000Z"]
    assert len(told) == 1
    assert guides.CLUSTER_ROLE in json.dumps(told[0])
