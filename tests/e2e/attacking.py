"""What an attacker on the stage has: rights of one's own, pens for logs and ledger; and what must not have changed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import oss2

from demo.clients import Keys
from demo.scenarios import GUARDRAILS
from demo.stage import HOME, LEDGER, Stage, make_user
from rolemend.incident.journal import EMPTY, Fact, write_entries
from tests import clients
from tests.e2e.watching import invocations

ACCESS_LOG = f"oss-log-1000000000000001-{HOME}"
LEDGER_FREE = ("incidents/", "roles/", "index/", "open/", "pending/", "expiring/", "rejected/")
"""Where functions write: all of the ledger's bucket but `config/` and `approvals/`."""


def rights(stage: Stage) -> dict[str, Any]:
    """Every custom policy and trust policy in force, and what is attached to whom."""

    def read(cloud: Any) -> dict[str, Any]:
        ram = cloud.state.accounts[stage.account].ram
        policies = {name: one.document for name, one in ram.policies.items() if one.type == "Custom"}
        roles = {name: (one.trust_policy, tuple(one.attachments)) for name, one in ram.roles.items()}
        return {"policies": policies, "roles": roles}

    return stage.local.call(read)


def set_guardrails(stage: Stage, **changed: str) -> None:
    """The demo's guardrails with other values for some settings, or with further ones."""
    rules = GUARDRAILS
    for name, value in changed.items():
        lines = [line for line in rules.splitlines() if not line.startswith(f"{name} =")]
        rules = "\n".join([*lines, f"{name} = {value}", ""])
    clients.bucket(stage.root, LEDGER).put_object("config/guardrails.toml", rules.encode())


def intruder(stage: Stage, *statements: tuple[Sequence[str], Sequence[str]]) -> Keys:
    """A RAM user with exactly these actions on these resources."""
    from alibabacloud_ram20150501 import models

    keys = make_user(stage, "mallory")
    allowed = [
        {"Effect": "Allow", "Action": list(actions), "Resource": list(resources)}
        for actions, resources in statements
    ]
    ram = clients.ram(stage.root)
    document = json.dumps({"Version": "1", "Statement": allowed})
    ram.create_policy(models.CreatePolicyRequest(policy_name="mallory", policy_document=document))
    request = models.AttachPolicyToUserRequest(
        policy_type="Custom", policy_name="mallory", user_name="mallory"
    )
    ram.attach_policy_to_user(request)
    return keys


def ledger_intruder(stage: Stage) -> Keys:
    """Who may do anything in the ledger's bucket where functions write, and nothing in `config/` and `approvals/`."""
    resources = [f"acs:oss:*:*:{LEDGER}/{prefix}*" for prefix in LEDGER_FREE]
    return intruder(stage, (["oss:GetObject", "oss:PutObject", "oss:DeleteObject"], resources))


def rewrite(keys: Keys, incident_id: str, facts: Sequence[Fact], time: float) -> None:
    """Put a journal of one's own in the place of an incident's, with a chain of hashes that is right."""
    data, _ = write_entries(EMPTY, facts, time=time, by="rolemend-remediate")
    bucket = clients.bucket(keys, LEDGER)
    key = f"incidents/{incident_id}.jsonl"
    for _ in range(10):
        bucket.delete_object(key)
        try:
            bucket.append_object(key, 0, data)
        except oss2.exceptions.PositionNotEqualToLength:  # a function has just begun it anew
            continue
        return
    raise AssertionError(f"{key} is written by others all the time")


def facts_of(stage: Stage, incident_id: str) -> list[Fact]:
    return [entry.fact for entry in stage.ledger().entries(incident_id)]


def write_line(stage: Stage, line: dict[str, Any]) -> None:
    """A line of OSS's access log, as one writes it who may write into that logstore."""
    from aliyun.log import LogItem, PutLogsRequest

    contents = [(key, str(value)) for key, value in line.items() if not key.startswith("__")]
    items = [LogItem(timestamp=int(stage.local.cloud.clock()), contents=contents)]
    clients.log(stage.root).put_logs(
        PutLogsRequest(ACCESS_LOG, "oss-log-store", topic="oss_access_log", logitems=items)
    )
    stage.settle()


def errors(stage: Stage, function: str = "") -> list[str]:
    """What failed, as the function host tells it."""
    return [json.dumps(one.error) for one in invocations(stage, function) if one.error]


def refused(call: Any) -> None:
    """Make a call that OSS must refuse."""
    try:
        call()
    except oss2.exceptions.AccessDenied:
        return
    raise AssertionError("the call was answered")
