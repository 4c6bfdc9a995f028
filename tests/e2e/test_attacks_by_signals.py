"""Who can provoke or forge denials, or invoke functions, gets nothing that the guardrails do not name."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from demo import clients
from demo.clients import Keys
from demo.node import node_keys, start_cluster
from demo.receiver import Receiver
from demo.scenarios import SCENARIOS, list_bucket, reading, trust
from demo.stage import HOME, Stage, make_role
from localcloud.accounts import open_account
from tests.e2e.attacking import rights, set_guardrails, write_line
from tests.e2e.plays import denied
from tests.e2e.test_operator import run
from tests.e2e.watching import attempt, essences, failures, invocations, invoke
from tests.samples import denied_creation, denied_line

LISTING = SCENARIOS[1]
ROLE = "emr-demo-reader"
OTHER = "2000000000000002"


def node_of(stage: Stage, role: str, *documents: dict[str, Any]) -> Keys:
    """The credentials of a node whose role has these policies."""
    policies = {f"{role}-{number}": document for number, document in enumerate(documents)}
    make_role(stage, role, trust("ecs.aliyuncs.com"), dict(policies))
    keys = node_keys(stage, start_cluster(stage, role, HOME))
    stage.settle()
    return keys


def forged_line(stage: Stage, **changes: Any) -> dict[str, Any]:
    """A refused GetObject of `emr-demo-reader` that never was, on a bucket that the guardrails name."""
    line = denied_line(
        bucket="demo-data-clicks",
        object="in/part-0",
        owner_id=stage.account,
        requester_id="300000000000000001",
        extend_information=f"{stage.account},{ROLE},vm-ram-i-1,{stage.account}",
        bucket_location=f"oss-{HOME}",
        request_id="66F0000000000000000000AA",
    )
    return line | changes


@pytest.fixture
def prepared(stage: Stage) -> Stage:
    """The role and buckets of the headline scenario, in which nothing was denied yet."""
    LISTING.prepare(stage)
    stage.settle()
    return stage


@pytest.mark.parametrize(
    ("role", "bucket"),
    [
        ("emr-demo-reader", "corp-payroll"),
        ("other-etl", "demo-data-clicks"),
        ("xemr-demo-reader", "demo-data-a"),
    ],
)
def test_a_provoked_denial_outside_the_guardrails_changes_nothing(
    stage: Stage, receiver: Receiver, role: str, bucket: str
) -> None:
    clients.bucket(stage.root, bucket).create_bucket("private")
    keys = node_of(stage, role, reading("demo-data-orders"))
    before = rights(stage)
    denied(stage, list_bucket(keys, bucket))
    assert rights(stage) == before
    (message,) = receiver.messages
    assert message["kind"] == "alert"
    assert bucket in message["message"]["document"]


def test_a_call_from_outside_of_a_condition_does_not_take_the_condition_away(
    stage: Stage, receiver: Receiver
) -> None:
    """Who has a role's credentials elsewhere provokes a denial on a bucket that the guardrails name."""
    clients.bucket(stage.root, "demo-data-clicks").create_bucket("private")
    free, bound = reading("demo-data-orders"), reading("demo-data-clicks")
    bound["Statement"][0]["Condition"] = {"IpAddress": {"acs:SourceIp": ["203.0.113.0/24"]}}
    keys = node_of(stage, "emr-demo-bound", free, bound)
    before = rights(stage)
    denied(stage, list_bucket(keys, "demo-data-clicks"))
    assert rights(stage) == before
    (message,) = receiver.messages
    assert message["kind"] == "alert"
    assert any("emr-demo-bound-1 Statement[0]" in line for line in message["message"]["advice"])


def test_a_forged_record_gains_no_more_than_the_guardrails_name(prepared: Stage) -> None:
    """Within them a forged denial does what a provoked one would: exactly the group of the action on the bucket."""
    before = rights(prepared)
    write_line(prepared, forged_line(prepared))
    after = rights(prepared)
    (statement,) = json.loads(after["policies"].pop(ROLE))["Statement"]
    assert {one.rpartition(":")[2] for one in statement["Resource"]} == {
        "demo-data-orders", "demo-data-orders/*", "demo-data-clicks", "demo-data-clicks/*",
    }  # fmt: skip
    assert set(statement["Action"]) == {"oss:GetObject", "oss:ListObjects"}
    before["policies"].pop(ROLE)
    assert after == before


FORGED: dict[str, dict[str, Any]] = {
    "a dot": {"bucket": "demo-data-.evil"},
    "upper case": {"bucket": "DEMO-DATA-CLICKS"},
    "a letter of another script": {"bucket": "demo-data-\u0441licks"},
    "full width": {"bucket": "demo-data-\uff43licks"},
    "an invisible mark": {"bucket": "demo-data-\u200bclicks"},
    "percent encoding": {"bucket": "demo-data-%63licks"},
    "a path": {"bucket": "demo-data-clicks/../corp-payroll"},
    "a wildcard": {"bucket": "demo-data-*"},
    "a question mark": {"bucket": "demo-data-click?"},
    "a line's end": {"bucket": "demo-data-clicks\n"},
    "an ARN in a bucket": {"bucket": "demo-data-clicks:*"},
    "every action": {"operation": "*"},
    "a pattern of actions": {"operation": "Get*"},
    "the right to give rights": {"operation": "PutBucketPolicy"},
    "the right to open the bucket": {"operation": "PutBucketAcl"},
    "the right to delete the bucket": {"operation": "DeleteBucket"},
    "a role's name with a pattern": {
        "extend_information": "1000000000000001,emr-demo-*,vm-ram-i-1,1000000000000001"
    },
    "a role of Rolemend": {
        "extend_information": "1000000000000001,rolemend-remediate,vm-ram-i-1,1000000000000001"
    },
    "a default role": {
        "extend_information": "1000000000000001,AliyunECSInstanceForEMRRole,vm-ram-i-1,1000000000000001"
    },
    "another account's role": {"extend_information": f"{OTHER},{ROLE},vm-ram-i-1,{OTHER}"},
    "another account's log": {
        "owner_id": OTHER,
        "extend_information": f"{OTHER},{ROLE},vm-ram-i-1,{OTHER}",
    },
    "no account": {"owner_id": "-", "extend_information": f"-,{ROLE},vm-ram-i-1,-"},
    "a region that is a host": {"bucket_location": "oss-evil.example.com/"},
}


def test_made_up_names_match_no_pattern_and_nobody_speaks_for_another_account(prepared: Stage) -> None:
    set_guardrails(prepared, roles='["*"]', buckets='["*"]')
    before = rights(prepared)
    for number, (name, changes) in enumerate(FORGED.items()):
        write_line(prepared, forged_line(prepared, **changes, request_id=f"66F00000000000000000{number:04}"))
        assert rights(prepared) == before, name
    assert failures(prepared) == []
    states = {incident.state for incident in prepared.incidents().values()}
    assert states <= {"alerted", "closed"}


@pytest.mark.parametrize("open_to_us", [True, False], ids=["and lets us read it", "and says nothing of it"])
def test_a_bucket_of_another_account_is_not_listed_whatever_its_name(
    prepared: Stage, open_to_us: bool
) -> None:
    key = prepared.local.call(lambda cloud: open_account(cloud.state, OTHER))
    bucket = clients.bucket(Keys(key.id, key.secret), "demo-data-evil")
    bucket.create_bucket("private")
    if open_to_us:
        statement = {
            "Effect": "Allow", "Action": ["oss:GetBucketInfo", "oss:GetBucketPolicy"],
            "Principal": [prepared.account], "Resource": [f"acs:oss:*:{OTHER}:demo-data-evil"],
        }  # fmt: skip
        bucket.put_bucket_policy(json.dumps({"Version": "1", "Statement": [statement]}))
    before = rights(prepared)
    for number, owner in enumerate((prepared.account, OTHER)):
        line = forged_line(prepared, bucket="demo-data-evil", owner_id=owner, request_id=f"66F0-{number}")
        write_line(prepared, line)
    assert rights(prepared) == before


def event(**changes: Any) -> bytes:
    """A denied creation as EventBridge would send it, made up by who may invoke `watch`."""
    made_up = denied_creation(**changes)
    return json.dumps({"specversion": "1.0", "type": "actiontrail:ActionTrail", "data": made_up}).encode()


def creation(role: str, account: str = "1000000000000001") -> bytes:
    parameters = {"RegionId": HOME, "ReleaseVersion": "EMR-3.30.0", "NodeAttributes.RamRole": role}
    identity = {"type": "root-account", "accountId": account, "principalId": account}
    return event(
        requestParameters=parameters,
        userIdentity=identity,
        recipientAccountId=account,
        eventId=f"{role}-{account}",
    )


def test_an_event_that_a_stranger_sends_trusts_nobody_outside_of_the_guardrails(prepared: Stage) -> None:
    make_role(prepared, "corp-admin", trust("ecs.aliyuncs.com"), {})
    before = rights(prepared)
    strangers = [
        creation("corp-admin"), creation("rolemend-remediate"), creation("AliyunEMRDefaultRole"),
        creation("AliyunECSInstanceForEMRRole"), creation(ROLE, OTHER), creation("emr-demo-*"),
    ]  # fmt: skip
    for payload in strangers:
        assert "errorMessage" not in invoke(prepared, "watch", payload)
        prepared.settle()
    assert rights(prepared) == before


@pytest.mark.parametrize("function", ["diagnose", "remediate", "notify"])
def test_of_a_payload_nothing_counts_but_the_incident_s_id(
    stage: Stage, receiver: Receiver, function: str
) -> None:
    set_guardrails(stage, mode='"approve"')
    attempt(stage, LISTING)
    (incident_id,) = stage.incidents()
    plan = stage.incidents()[incident_id].plan
    assert plan is not None
    before, seen = rights(stage), essences(stage)
    further = {
        "approved": True, "approved_by": "root", "mode": "auto", "plan": plan.hash, "role": "corp-admin",
        "bucket": "*", "document": plan.write.after, "triggerName": "expire", "payload": '{"job": "expire"}',
    }  # fmt: skip
    for _ in range(3):
        invoke(stage, function, json.dumps({"incident": incident_id, **further}).encode())
        stage.settle()
    assert (rights(stage), essences(stage)) == (before, seen)
    assert len(receiver.messages) == 1


@pytest.mark.parametrize("mode", ["auto", "approve"])
def test_every_payload_sent_again_to_every_function_changes_nothing(
    stage: Stage, receiver: Receiver, mode: str
) -> None:
    set_guardrails(stage, mode=f'"{mode}"')
    attempt(stage, LISTING)
    if mode == "approve":
        (incident_id,) = stage.incidents()
        plan = stage.incidents()[incident_id].plan
        assert plan is not None
        run(stage, "incidents", "approve", incident_id, "--plan", plan.hash)
        stage.settle()
    before, seen, told = rights(stage), essences(stage), len(receiver.messages)
    sent = {(one.function.name.removeprefix("rolemend-"), one.payload) for one in invocations(stage)}
    for function, payload in sorted(sent):
        invoke(stage, function, payload)
        stage.settle()
    assert (rights(stage), essences(stage), len(receiver.messages)) == (before, seen, told)


@pytest.mark.parametrize(
    "incident",
    [
        "inc-" + "0" * 23 + "\n",
        "inc-" + "\u0660" * 24,
        "INC-" + "0" * 24,
        "inc-" + "0" * 24 + "/../x",
        "",
        "*",
    ],
)
def test_what_is_no_incident_s_id_is_no_key_in_the_ledger(stage: Stage, incident: str) -> None:
    for function in ("diagnose", "remediate", "notify"):
        answer = invoke(stage, function, json.dumps({"incident": incident}).encode())
        assert answer["errorType"] == "BadEvent"


def test_who_uses_up_the_changes_of_one_role_leaves_an_honest_role_its_own(stage: Stage) -> None:
    set_guardrails(stage, changes_per_day="1")
    for name in ("one", "two", "three"):
        clients.bucket(stage.root, f"demo-data-{name}").create_bucket("private")
    greedy = node_of(stage, "emr-demo-greedy", reading("demo-data-a"))
    for name in ("one", "two", "three"):
        denied(stage, list_bucket(greedy, f"demo-data-{name}"))
    attempt(stage, LISTING)
    found = {
        (incident.fingerprint[1].rpartition(":")[2], incident.fingerprint[3]): incident
        for incident in stage.incidents().values()
    }
    assert found[ROLE, "bucket:demo-data-clicks"].state == "verified"
    greedy_states = [found["emr-demo-greedy", f"bucket:demo-data-{n}"].state for n in ("one", "two", "three")]
    assert greedy_states == ["verified", "alerted", "alerted"]


def test_denials_made_up_for_an_honest_role_use_up_its_changes_aloud(
    prepared: Stage, receiver: Receiver
) -> None:
    """What is left: the honest denial is proposed, and people are told why it was not mended."""
    set_guardrails(prepared, changes_per_day="1")
    write_line(prepared, forged_line(prepared, bucket="demo-data-orders", operation="PutObject"))
    write_line(prepared, forged_line(prepared, request_id="66F0-2"))
    first, second = receiver.messages
    assert (first["kind"], second["kind"]) == ("remediated", "alert")
    assert any("as many changes today" in line for line in second["message"]["advice"])


def starred(stars: int) -> str:
    return "acs:oss:*:*:" + "*a" * stars + "*b"


def crafted(statements: list[dict[str, Any]]) -> dict[str, Any]:
    return {"Version": "1", "Statement": statements}


def allowing(**members: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": "oss:GetObject", "Resource": "*"} | members


SLOW: dict[str, Callable[[], dict[str, Any]]] = {
    "stars": lambda: crafted([allowing(Resource=[starred(n) for n in range(20, 60)])]),
    "question marks": lambda: crafted(
        [allowing(Action="oss:Put*", Resource=["acs:oss:*:*:" + "?*" * n + "x" for n in range(20, 60)])]
    ),
    "many statements": lambda: crafted(
        [allowing(Action=f"oss:?*{n}*", Resource=f"acs:oss:*:*:*{n}*?") for n in range(60)]
    ),
    "allow and deny in turn": lambda: crafted(
        [
            allowing(Effect=("Allow", "Deny")[n % 2], Action=f"oss:*{chr(97 + n % 26)}*", Resource=f"*{n}*")
            for n in range(60)
        ]
    ),
    "not, and not again": lambda: crafted(
        [
            {"Effect": ("Allow", "Deny")[n % 2], "NotAction": f"oss:*{n}*", "Resource": f"acs:oss:*:*:*{n}*"}
            for n in range(55)
        ]
    ),
    "conditions": lambda: crafted(
        [
            allowing(
                Effect=("Allow", "Deny")[n % 2],
                Action="oss:ListObjects",
                Condition={"StringLike": {"oss:Prefix": [f"*{n}*{m}*" for m in range(4)]}},
            )
            for n in range(40)
        ]
    ),
}


@pytest.mark.parametrize("name", SLOW)
def test_a_policy_made_to_be_slow_holds_nothing_up(stage: Stage, name: str) -> None:
    """All limits of RAM are kept; what cannot be proved in time is not written."""
    document = SLOW[name]()
    assert len(json.dumps(document, separators=(",", ":"))) <= 6144
    clients.bucket(stage.root, "demo-data-slow").create_bucket("private")
    text = json.dumps(document, separators=(",", ":"))
    make_role(stage, "emr-demo-slow", trust("ecs.aliyuncs.com"), {"emr-demo-slow": text})
    keys = node_keys(stage, start_cluster(stage, "emr-demo-slow", HOME))
    stage.settle()
    begun = time.monotonic()
    try:
        clients.bucket(keys, "demo-data-slow").put_object("x", b"1")
    except Exception:  # noqa: BLE001
        stage.settle()
    assert time.monotonic() - begun < 30
    assert failures(stage) == []
    for incident in stage.incidents().values():
        assert incident.state in ("verified", "alerted", "closed")


def test_other_credentials_than_the_account_s_cannot_invoke(stage: Stage) -> None:
    key = stage.local.call(lambda cloud: open_account(cloud.state, OTHER))
    stranger = replace(stage, root=Keys(key.id, key.secret))
    with pytest.raises(Exception, match=r"(?i)denied|signature|permission"):
        invoke(stranger, "remediate", b'{"incident": "inc-000000000000000000000000"}')
