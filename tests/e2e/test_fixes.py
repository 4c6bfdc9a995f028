"""What a message tells people to run mends the case: each printed form is read back and run, and the call repeated."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from demo.receiver import Receiver
from demo.scenarios import SCENARIOS, Call, reading, run_cluster, trust
from demo.stage import Stage, make_role, make_user
from tests.e2e.failures import FAILURES
from tests.e2e.watching import failures
from tests.fix.reading import blocks, from_api, from_cli, make

FORMS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "cli": lambda fix: from_cli(fix["cli"]),
    "api": lambda fix: from_api(fix["api"]),
}
MENDED = (
    "nothing-attached",
    "objects-only",
    "bucket-only",
    "action-missing",
    "look-alike",
    "identity-deny",
    "other-vpc",
    "kms",
    "other-account",
)
"""Those that a change of a policy mends; the others are settings, or somebody else's decision."""


def told(stage: Stage, receiver: Receiver, call: Call) -> dict[str, Any]:
    """The message that comes of a call that is denied."""
    with pytest.raises(Exception, match=r"."):
        call()
    stage.settle()
    assert failures(stage) == []
    (message,) = receiver.messages
    found: dict[str, Any] = message["message"]
    return found


def run(stage: Stage, message: dict[str, Any], form: str) -> None:
    """Run what a form says, as the account's administrator."""
    calls = FORMS[form](message["fix"])
    assert calls
    make(calls, stage.root)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", MENDED)
def test_the_printed_fix_mends_access_to_oss(stage: Stage, receiver: Receiver, name: str, form: str) -> None:
    call = next(one for one in FAILURES if one.name == name).prepare(stage)
    message = told(stage, receiver, call)
    assert message["verify"].startswith("hdfs dfs -ls oss://job-data")
    assert message["faq"].startswith("2.")
    run(stage, message, form)
    call()


def old_release(stage: Stage) -> Call:
    make_role(stage, "emr-old", trust("ecs.aliyuncs.com"), {"emr-old": reading("a-bucket")})
    return run_cluster(make_user(stage, "tess", "AliyunEMRFullAccess"), "emr-old", "EMR-3.30.0")


def new_release(stage: Stage) -> Call:
    make_role(stage, "emr-new", trust("emr.aliyuncs.com"), {"emr-new": reading("a-bucket")})
    return run_cluster(make_user(stage, "tess", "AliyunEMRFullAccess"), "emr-new", "EMR-5.16.0")


def role_missing(stage: Stage) -> Call:
    return run_cluster(make_user(stage, "tess", "AliyunEMRFullAccess"), "zzz-nowhere", "EMR-5.16.0")


def creator(stage: Stage) -> Call:
    return next(one for one in SCENARIOS if one.name == "creator-policy").prepare(stage)


CREATIONS = {"1.1": creator, "1.2": role_missing, "1.3": old_release, "1.3 new": new_release}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("item", CREATIONS)
def test_the_printed_fix_mends_a_creation(stage: Stage, receiver: Receiver, item: str, form: str) -> None:
    call = CREATIONS[item](stage)
    message = told(stage, receiver, call)
    assert message["faq"] == item.partition(" ")[0]
    assert message["verify"].endswith("Cluster again")
    run(stage, message, form)
    call()


@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: failure.name)
def test_every_message_has_the_whole_advice(stage: Stage, receiver: Receiver, failure: Any) -> None:
    message = told(stage, receiver, failure.prepare(stage))
    assert message["happened"]
    assert message["verify"]
    fix = message["fix"]
    assert all(fix[form] for form in ("console", "cli", "terraform", "api", "risk"))
    assert from_cli(fix["cli"]) or from_api(fix["api"])
    assert blocks(fix["terraform"]) or fix["terraform"].startswith("# ")
    if failure.cause:
        assert message["faq"]


def test_a_proposed_plan_is_printed_with_exactly_its_document(stage: Stage, receiver: Receiver) -> None:
    message = told(stage, receiver, old_release(stage))
    (incident,) = stage.incidents().values()
    assert incident.plan is not None
    after = json.loads(incident.plan.write.after)
    fix = message["fix"]
    (command,), (call,) = from_cli(fix["cli"]), from_api(fix["api"])
    assert json.loads(command.parameters["NewAssumeRolePolicyDocument"]) == after
    assert json.loads(call.parameters["NewAssumeRolePolicyDocument"]) == after
    assert json.loads(blocks(fix["terraform"])[-1][1]["assume_role_policy_document"]) == after


def test_the_long_forms_come_last_and_the_check_closes_the_message(stage: Stage, receiver: Receiver) -> None:
    message = told(stage, receiver, old_release(stage))
    lines = receiver.messages[0]["text"].splitlines()
    assert lines[-1] == message["verify"]
    places = [lines.index(heading) for heading in ("aliyun CLI:", "Terraform:", "API:")]
    assert places == sorted(places)
    assert places[0] > max(lines.index(line) for line in message["advice"])
    assert lines.index(f"{message['faq']} {message['happened']}") < places[0]
