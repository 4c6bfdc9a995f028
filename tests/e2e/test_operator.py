"""What an operator does from a shell: list, show, approve, reject, export, take back; with one's own credentials."""

from __future__ import annotations

import json

import pytest

from demo.receiver import Receiver
from demo.scenarios import GUARDRAILS, SCENARIOS
from demo.stage import HOME, LEDGER, Stage, make_user
from rolemend.incident.approvals import Approve
from rolemend.incident.journal import Lines, write_entries
from tests import clients
from tests.clients import Keys
from tests.commands.shell import Done, rolemend, told_in_one_line
from tests.e2e.watching import attempt

LISTING = SCENARIOS[1]


def run(stage: Stage, *arguments: str, keys: Keys | None = None) -> Done:
    keys = keys or stage.root
    environment = {
        "ALIBABA_CLOUD_ACCESS_KEY_ID": keys.id,
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": keys.secret,
        "ROLEMEND_LEDGER_BUCKET": LEDGER,
        "ROLEMEND_REGION": HOME,
        "ROLEMEND_SCHEME": "http",
        "ROLEMEND_SERVICE": "rolemend" if stage.fc2 else "",
    }
    return rolemend(*arguments, given=b"", **environment)


def denied(stage: Stage, mode: str) -> str:
    """The headline failure under one mode; the incident's id."""
    rules = GUARDRAILS.replace('mode = "auto"', f'mode = "{mode}"')
    clients.bucket(stage.root, LEDGER).put_object("config/guardrails.toml", rules.encode())
    attempt(stage, LISTING)
    (incident_id,) = stage.incidents()
    return incident_id


def plan(stage: Stage, incident_id: str) -> str:
    found = stage.incidents()[incident_id].plan
    assert found is not None
    return found.hash


def in_force(stage: Stage) -> str:
    policy = stage.local.cloud.state.accounts[stage.account].ram.policies["emr-demo-reader"]
    return policy.default_version


def test_one_approval_applies_the_plan_that_people_were_told_of(stage: Stage, receiver: Receiver) -> None:
    incident_id = denied(stage, "approve")
    assert in_force(stage) == "v1"
    (message,) = receiver.messages
    command = next(line for line in message["message"]["advice"] if "rolemend incidents approve" in line)
    arguments = command.split("rolemend ")[1].split()
    done = run(stage, *arguments)
    assert (done.code, done.err) == (0, "")
    stage.settle()
    incident = stage.incidents()[incident_id]
    assert (incident.state, in_force(stage)) == ("verified", "v2")
    assert incident.changes[0].approved_by.endswith("root")
    assert len(receiver.messages) == 2
    again = run(stage, *arguments)
    assert (again.code, in_force(stage)) == (1, "v2")
    assert told_in_one_line(again, "no plan that waits")


def test_a_hash_that_is_not_the_plan_s_approves_nothing(stage: Stage) -> None:
    incident_id = denied(stage, "approve")
    for given, code in (("0" * 64, 1), (plan(stage, incident_id)[:11], 2)):
        done = run(stage, "incidents", "approve", incident_id, "--plan", given)
        assert done.code == code
        assert told_in_one_line(done)
    stage.settle()
    assert in_force(stage) == "v1"


def now(stage: Stage) -> float:
    return stage.local.cloud.clock()


def test_the_first_decision_stands_and_who_comes_later_is_told(stage: Stage) -> None:
    incident_id = denied(stage, "approve")
    hash_ = plan(stage, incident_id)
    line = write_entries(Lines((), 0, ""), [Approve(plan=hash_, round=1)], time=now(stage), by="ana")[0]
    key, ledger = f"approvals/{incident_id}.jsonl", clients.bucket(stage.root, LEDGER)
    ledger.append_object(key, 0, line)
    for verb in ("reject", "approve"):
        done = run(stage, "incidents", verb, incident_id, "--plan", hash_)
        assert done.code == 1
        assert told_in_one_line(done, "this plan was approved already (ana); that decision stands")
    assert ledger.get_object(key).read() == line


def test_the_same_decision_is_recorded_once_and_remediate_started_again(stage: Stage) -> None:
    incident_id = denied(stage, "approve")
    hash_ = plan(stage, incident_id)
    me = f"acs:ram::{stage.account}:root"
    line = write_entries(Lines((), 0, ""), [Approve(plan=hash_, round=1)], time=now(stage), by=me)[0]
    key, ledger = f"approvals/{incident_id}.jsonl", clients.bucket(stage.root, LEDGER)
    ledger.append_object(key, 0, line)
    assert run(stage, "incidents", "approve", incident_id, "--plan", hash_).code == 0
    stage.settle()
    assert (in_force(stage), ledger.get_object(key).read()) == ("v2", line)


def test_who_may_not_write_approvals_approves_nothing(stage: Stage) -> None:
    incident_id = denied(stage, "approve")
    reader = make_user(stage, "rita", "AliyunOSSReadOnlyAccess")
    done = run(stage, "incidents", "approve", incident_id, "--plan", plan(stage, incident_id), keys=reader)
    assert done.code == 1
    assert told_in_one_line(done, "AppendObject", "AccessDenied")
    stage.settle()
    assert in_force(stage) == "v1"


def test_only_the_console_s_role_may_write_an_approval_and_no_function_the_guardrails(stage: Stage) -> None:
    from demo.stage import FUNCTIONS, function_policy
    from rolemend.policy import Request, Source, decide, parse_policy

    for function in FUNCTIONS:
        source = Source(kind="identity", policy=parse_policy(function_policy(function), "identity"))
        for action in ("oss:PutObject", "oss:DeleteObject"):
            for key in ("approvals/inc-0.jsonl", "config/guardrails.toml"):
                request = Request(action=action, resource=f"acs:oss:*:{stage.account}:{LEDGER}/{key}")
                may = (function, action, key) == ("console", "oss:PutObject", "approvals/inc-0.jsonl")
                expected = "allow" if may else "implicit_deny"
                assert decide(request, [source]).outcome == expected, (function, action, key)


def test_a_rejected_plan_is_closed(stage: Stage) -> None:
    incident_id = denied(stage, "approve")
    hash_ = plan(stage, incident_id)
    assert run(stage, "incidents", "reject", incident_id, "--plan", hash_, "--reason", "no").code == 0
    stage.settle()
    incident = stage.incidents()[incident_id]
    assert (incident.state, in_force(stage)) == ("closed", "v1")
    assert incident.closed.endswith(": no")


def test_what_happened_is_listed_shown_exported_and_taken_back(stage: Stage) -> None:
    incident_id = denied(stage, "auto")
    listed = json.loads(run(stage, "incidents", "list", "--format", "json").out)
    assert (listed["id"], listed["state"], listed["cause"]) == (incident_id, "verified", "permission_missing")
    assert run(stage, "incidents", "list", "--state", "open").out == ""
    assert incident_id in run(stage, "incidents", "list").out
    assert "Verified" in run(stage, "incidents", "show", incident_id).out
    entries = [json.loads(line)["entry"]["fact"]["type"] for line in run(stage, "incidents", "export").lines]
    assert entries[0] == "opened"
    assert "verified" in entries
    change = json.loads(run(stage, "changes", "list", "--format", "json").out)["change"]
    assert (change["outcome"], change["role"]) == ("verified", "emr-demo-reader")
    assert "demo-data-clicks" in run(stage, "changes", "show", change["id"]).out
    done = run(stage, "rollback", change["id"])
    assert (done.code, done.err) == (0, "")
    assert in_force(stage) == "v1"
    assert run(stage, "rollback", change["id"]).code == 0
    assert "taken back" in run(stage, "changes", "list").out
    assert stage.incidents()[incident_id].state == "closed"


def test_each_message_of_a_digest_is_listed(stage: Stage) -> None:
    fields = {"kind": "alert", "severity": "warning", "first": 1, "last": 2, "who": "ana\x1b[31m"}
    fields |= {
        "action": "oss:GetObject",
        "target": "oss://data/x",
        "code": "AccessDenied",
        "cause": "permission_missing",
    }
    lines = [
        json.dumps({"message": f"m-{number}", "incident": f"inc-{number:024x}", "count": number} | fields)
        for number in (3, 4)
    ]
    whole = {"title": "The function x failed\x1b[31m", "lines": ["It was tried 4 times"]}
    notice = {"message": "m-5", "incident": "", "count": 0, "whole": whole} | fields | {"kind": "notice"}
    content = "".join(line + "\n" for line in [*lines, json.dumps(notice)]).encode()
    clients.bucket(stage.root, LEDGER).put_object("digests/ops-1.jsonl", content)
    done = run(stage, "incidents", "digest", "ops-1")
    assert (done.code, done.err) == (0, "")
    shown = done.out.splitlines()
    assert "The function x failed" in shown[2]
    assert shown.pop().strip() == "It was tried 4 times"
    shown.pop()
    assert [line.split()[-1] for line in shown] == ["3", "4"]
    assert f"inc-{3:024x}  alert  " in shown[0]
    assert "\x1b" not in done.out
    listed = run(stage, "incidents", "digest", "ops-1", "--format", "json")
    assert [json.loads(line)["message"] for line in listed.out.splitlines()] == ["m-3", "m-4", "m-5"]
    missing = run(stage, "incidents", "digest", "ops-2")
    assert missing.code == 1
    assert told_in_one_line(missing, "NoSuchKey")


def test_a_rollback_over_an_edit_is_refused_with_the_difference(stage: Stage) -> None:
    from alibabacloud_ram20150501 import models

    incident_id = denied(stage, "auto")
    change = stage.incidents()[incident_id].changes[0]
    edited = change.plan.write.after.replace("oss:GetObject", "oss:PutObject")
    request = models.CreatePolicyVersionRequest(
        policy_name="emr-demo-reader", policy_document=edited, set_as_default=True
    )
    clients.ram(stage.root).create_policy_version(request)
    done = run(stage, "rollback", change.id)
    assert done.code == 1
    assert any(line.startswith("-") and "oss:GetObject" in line for line in done.lines)
    assert any(line.startswith("+") and "oss:PutObject" in line for line in done.lines)
    assert in_force(stage) == "v3"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("incidents", "show", "inc-" + "0" * 24), "has no incident"),
        (("incidents", "show", "../config"), "not an incident id"),
        (("changes", "show", "chg-1"), "not a change id"),
        (("rollback", "chg-" + "0" * 24 + "-00000000"), "has no incident"),
        (("incidents", "list", "--since", "yesterday"), "--since"),
    ],
)
def test_what_is_not_there_is_told_in_one_line(stage: Stage, arguments: tuple[str, ...], told: str) -> None:
    done = run(stage, *arguments)
    assert done.code in (1, 2)
    assert told_in_one_line(done, told)


def test_a_damaged_journal_is_told_and_the_others_are_exported(stage: Stage) -> None:
    incident_id = denied(stage, "auto")
    bucket = clients.bucket(stage.root, LEDGER)
    key = f"incidents/{incident_id}.jsonl"
    data = bucket.get_object(key).read()
    bucket.put_object(key, data.replace(b'"count":1', b'"count":7'))
    done = run(stage, "incidents", "export")
    assert (done.code, done.out) == (1, "")
    assert told_in_one_line(done, incident_id, "does not follow")
    assert told_in_one_line(run(stage, "incidents", "show", incident_id), "does not follow")
