"""Who may write into the ledger, but neither into `config/` nor `approvals/`, gains no right by it."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from demo.clients import Keys
from demo.receiver import Receiver
from demo.scenarios import SCENARIOS
from demo.stage import FUNCTIONS, LEDGER, Stage
from rolemend.checklist.model import TrustService
from rolemend.incident.journal import Applied, Diagnosed, Fact, Intended, Opened, Planned, Verified
from rolemend.remedy.model import Change, Plan, Write, sealed
from tests import clients
from tests.e2e.attacking import (
    errors,
    facts_of,
    ledger_intruder,
    refused,
    rewrite,
    rights,
    set_guardrails,
)
from tests.e2e.test_operator import run
from tests.e2e.watching import attempt, fire, invoke

LISTING = SCENARIOS[1]
ROLE = "emr-demo-reader"
WIDE = json.dumps({"Version": "1", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})
EVIL_TRUST = json.dumps(
    {
        "Version": "1",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": "sts:AssumeRole",
                "Principal": {"RAM": ["acs:ram::2000000000000002:root"]},
            }
        ],
    }
)


def denied(stage: Stage, mode: str) -> str:
    """The headline failure under one mode; the incident's id."""
    set_guardrails(stage, mode=f'"{mode}"')
    attempt(stage, LISTING)
    (incident_id,) = stage.incidents()
    return incident_id


def planned(stage: Stage, incident_id: str) -> Plan:
    plan = stage.incidents()[incident_id].plan
    assert plan is not None
    return plan


def long_ago(stage: Stage) -> float:
    """A time at which every lease of it is over."""
    return stage.local.cloud.clock() - 3_600


def change_id(incident_id: str) -> str:
    return f"chg-{incident_id.removeprefix('inc-')}-00000000"


def in_force(stage: Stage, policy: str = ROLE) -> str:
    return str(rights(stage)["policies"][policy])


def made_up(stage: Stage, plan: Plan, kind: str) -> Plan:
    """A plan of which the ledger says that it was applied: taking it back would write the attacker's document."""
    if kind == "trust policy":
        live = rights(stage)["roles"][ROLE][0]
        write = Write(kind="trust_policy", name=ROLE, before=EVIL_TRUST, after=live)
        return Plan(remedy=TrustService(role=ROLE, service="ecs.aliyuncs.com"), write=write, gains=())
    target = "rolemend-watch" if kind == "policy of a function" else ROLE
    live = in_force(stage, target)
    write = msgspec.structs.replace(plan.write, name=target, before=WIDE, after=live)
    return msgspec.structs.replace(plan, write=write, actions=("*",))


@pytest.mark.parametrize("kind", ["policy", "policy of a function", "trust policy"])
@pytest.mark.parametrize("how", ["applied", "intended", "expired", "rolled back by an operator"])
def test_a_made_up_change_is_not_taken_back(stage: Stage, kind: str, how: str) -> None:
    incident_id = denied(stage, "propose")
    mallory, before = ledger_intruder(stage), rights(stage)
    name = change_id(incident_id)
    plan = sealed(
        msgspec.structs.replace(made_up(stage, planned(stage, incident_id), kind), expires=1, hash="")
    )
    applied = Applied(change=Change(id=name, plan=plan))
    facts = [*facts_of(stage, incident_id), Intended(change=name, plan=plan)]
    facts += {"intended": [], "applied": [applied]}.get(how, [applied, Verified(change=name)])
    rewrite(mallory, incident_id, facts, long_ago(stage))
    clients.bucket(mallory, LEDGER).put_object(f"expiring/0000000001-{name}", b"")
    clients.bucket(mallory, LEDGER).put_object(f"open/{incident_id}", b"")
    before = rights(stage)
    if how == "expired":
        invoke(stage, "remediate", b'{"triggerName": "expire", "payload": "{}"}')
    elif how == "rolled back by an operator":
        done = run(stage, "rollback", name)
        assert (done.code, "cannot be proved" in done.out) == (1, True)
    else:
        invoke(stage, "remediate", json.dumps({"incident": incident_id}).encode())
    stage.settle()
    assert rights(stage) == before
    if how in ("applied", "expired"):
        assert stage.incidents()[incident_id].state == "alerted"


def test_an_older_and_wider_version_is_not_brought_back(stage: Stage) -> None:
    """The made-up change names it as the version from before a change that was really made."""
    from alibabacloud_ram20150501 import models

    incident_id = denied(stage, "auto")
    (note,) = stage.incidents()[incident_id].changes
    ram = clients.ram(stage.root)
    for document in (WIDE, note.plan.write.after):
        request = models.CreatePolicyVersionRequest(
            policy_name=ROLE, policy_document=document, set_as_default=True
        )
        ram.create_policy_version(request)
    write = msgspec.structs.replace(note.plan.write, version="v3")
    plan = sealed(msgspec.structs.replace(note.plan, write=write, expires=1, hash=""))
    known = facts_of(stage, incident_id)
    facts: list[Fact] = [fact for fact in known if isinstance(fact, Opened | Diagnosed)]
    facts += [
        Intended(change=note.id, plan=plan),
        Applied(change=Change(id=note.id, plan=plan, version="v4")),
    ]
    mallory = ledger_intruder(stage)
    rewrite(mallory, incident_id, [*facts, Verified(change=note.id)], long_ago(stage))
    clients.bucket(mallory, LEDGER).put_object(f"expiring/0000000001-{note.id}", b"")
    invoke(stage, "remediate", b'{"triggerName": "expire", "payload": "{}"}')
    assert json.loads(in_force(stage)) == json.loads(note.plan.write.before)


def test_an_approval_that_only_the_journal_tells_of_applies_nothing(stage: Stage) -> None:
    incident_id = denied(stage, "approve")
    mallory, before = ledger_intruder(stage), rights(stage)
    plan = planned(stage, incident_id)
    intended = Intended(
        change=change_id(incident_id), plan=plan, approved_by="acs:ram::1000000000000001:root"
    )
    rewrite(mallory, incident_id, [*facts_of(stage, incident_id), intended], long_ago(stage))
    invoke(stage, "remediate", json.dumps({"incident": incident_id}).encode())
    stage.settle()
    after = rights(stage)
    assert after["policies"] == before["policies"]
    assert stage.incidents()[incident_id].changes[0].outcome == "abandoned"


@pytest.mark.parametrize("prefix", ["approvals/inc-", "config/"])
def test_what_only_people_write_cannot_be_written(stage: Stage, prefix: str) -> None:
    mallory = ledger_intruder(stage)
    refused(lambda: clients.bucket(mallory, LEDGER).put_object(f"{prefix}guardrails.toml", b""))


@pytest.mark.parametrize("with_hash", [True, False], ids=["with its hash", "under the old hash"])
def test_a_plan_that_was_changed_before_its_approval_is_not_applied(
    stage: Stage, receiver: Receiver, with_hash: bool
) -> None:
    """The operator approves what the journal holds now; remediate makes another plan, and says so."""
    incident_id = denied(stage, "approve")
    mallory, plan = ledger_intruder(stage), planned(stage, incident_id)
    write = msgspec.structs.replace(plan.write, after=WIDE)
    altered = msgspec.structs.replace(plan, write=write)
    altered = sealed(altered) if with_hash else altered
    facts = [
        msgspec.structs.replace(fact, plan=altered) if isinstance(fact, Planned) else fact
        for fact in facts_of(stage, incident_id)
    ]
    rewrite(mallory, incident_id, facts, stage.local.cloud.clock())
    before = rights(stage)
    assert run(stage, "incidents", "approve", incident_id, "--plan", altered.hash).code == 0
    stage.settle()
    assert rights(stage) == before
    incident = stage.incidents()[incident_id]
    assert incident.refusal or incident.rolled_back
    assert len(receiver.messages) == 2


def test_a_policy_edited_between_approval_and_write_is_left_as_it_is(stage: Stage) -> None:
    from alibabacloud_ram20150501 import models

    incident_id = denied(stage, "approve")
    plan = planned(stage, incident_id)
    edited = plan.write.before.replace("demo-data-orders", "demo-data-other")
    request = models.CreatePolicyVersionRequest(policy_name=ROLE, policy_document=edited, set_as_default=True)
    clients.ram(stage.root).create_policy_version(request)
    assert run(stage, "incidents", "approve", incident_id, "--plan", plan.hash).code == 0
    stage.settle()
    assert json.loads(in_force(stage)) == json.loads(edited)
    assert "another one by now" in stage.incidents()[incident_id].refusal


DAMAGE: dict[str, Any] = {
    "an altered value": lambda data: data.replace(b'"count":1', b'"count":9'),
    "a line taken out": lambda data: b"".join(data.splitlines(keepends=True)[1:]),
    "lines swapped": lambda data: b"".join(reversed(data.splitlines(keepends=True))),
    "a line cut off": lambda data: data[:-20],
    "no JSON": lambda data: b"\x00\xff" * 50 + b"\n",
    "a newer schema": lambda data: data.replace(b'"schema":1', b'"schema":99', 1),
    "another kind of fact": lambda data: data.replace(b'"type":"counted"', b'"type":"granted"'),
    "deep JSON": lambda data: b"[" * 100_000 + b"\n",
}


@pytest.mark.parametrize("name", DAMAGE)
def test_a_journal_that_was_tampered_with_is_told_and_nothing_is_applied(stage: Stage, name: str) -> None:
    incident_id = denied(stage, "approve")
    mallory, before = ledger_intruder(stage), rights(stage)
    key, bucket = f"incidents/{incident_id}.jsonl", clients.bucket(mallory, LEDGER)
    bucket.put_object(key, DAMAGE[name](bucket.get_object(key).read()))
    clients.bucket(mallory, LEDGER).put_object(f"open/{incident_id}", b"")
    set_guardrails(stage)
    for function in ("diagnose", "remediate", "notify"):
        answer = invoke(stage, function, json.dumps({"incident": incident_id}).encode())
        assert answer["errorType"] == "LedgerDamaged"
    fire(stage, "sweep")
    assert any("LedgerDamaged" in result for result in errors(stage, "watch"))
    shown = run(stage, "incidents", "show", incident_id)
    assert (shown.code, shown.err.count("\n")) == (1, 1)
    assert rights(stage) == before


def test_a_role_s_journal_that_was_tampered_with_is_told_and_nothing_is_applied(stage: Stage) -> None:
    incident_id = denied(stage, "approve")
    mallory = ledger_intruder(stage)
    clients.bucket(mallory, LEDGER).put_object(f"roles/{ROLE}.jsonl", b'{"schema":1}\n')
    before = rights(stage)
    run(stage, "incidents", "approve", incident_id, "--plan", planned(stage, incident_id).hash)
    stage.settle()
    assert rights(stage) == before
    assert any("LedgerDamaged" in result for result in errors(stage, "remediate"))


@pytest.mark.parametrize("action", ["oss:*", "oss:PutBucketPolicy", "oss:GetObject\n", "*", "ram:CreateUser"])
def test_a_made_up_denial_grants_no_more_than_a_job_needs(stage: Stage, action: str) -> None:
    incident_id = denied(stage, "propose")
    mallory, before = ledger_intruder(stage), rights(stage)
    opened, *_ = facts_of(stage, incident_id)
    assert isinstance(opened, Opened)
    denial = msgspec.structs.replace(opened.denial, action=action)
    set_guardrails(stage)
    rewrite(mallory, incident_id, [msgspec.structs.replace(opened, denial=denial)], stage.local.cloud.clock())
    invoke(stage, "diagnose", json.dumps({"incident": incident_id}).encode())
    stage.settle()
    assert rights(stage) == before


def test_who_takes_remediate_over_gives_no_function_a_right(stage: Stage) -> None:
    """With the credentials of the running function: its rights on all policies and roles end at Rolemend's own."""
    from alibabacloud_ram20150501 import models
    from alibabacloud_tea_openapi.exceptions import ClientException

    denied(stage, "auto")
    before = rights(stage)
    sessions = stage.local.call(lambda cloud: list(cloud.state.sessions.values()))
    session = next(one for one in sessions if one.role == "rolemend-remediate")
    ram = clients.ram(Keys(session.access_key_id, session.secret, session.token))
    made = models.CreatePolicyVersionRequest(policy_document=WIDE, set_as_default=True)
    back = models.SetDefaultPolicyVersionRequest(version_id="v1")
    role = models.UpdateRoleRequest(new_assume_role_policy_document=EVIL_TRUST)
    for function in FUNCTIONS:
        made.policy_name = back.policy_name = role.role_name = f"rolemend-{function}"
        for call, request in (
            (ram.create_policy_version, made),
            (ram.set_default_policy_version, back),
            (ram.update_role, role),
        ):
            with pytest.raises(ClientException, match="NoPermission"):
                call(request)
    assert rights(stage) == before
    made.policy_name = ROLE
    ram.create_policy_version(made)
    assert rights(stage) != before, "only what is Rolemend's own is kept from it"
