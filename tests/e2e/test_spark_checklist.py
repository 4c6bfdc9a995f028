"""A refused Serverless Spark job from its denial to the end: mended by the deployed functions, or told to people."""

from __future__ import annotations

import json
from typing import Any

import pytest

from demo.receiver import Receiver
from demo.stage import HOME, Stage, make_user
from rolemend.incident.life import Incident
from tests.e2e.refused_jobs import (
    DATA,
    ROLE,
    SPARK,
    by_submitter,
    data_bucket,
    denied_job,
    on_bucket,
    refuse,
    run_job,
    workspace,
)
from tests.e2e.watching import failures
from tests.fix.reading import from_cli, make

DLF_ON_BEHALF, ODPS_ON_BEHALF = "dlf-auth:ActOnBehalfOfAnotherUser", "odps:ActOnBehalfOfAnotherUser"


def told(incident: Incident, receiver: Receiver) -> Any:
    """The one message about an incident, whose functions all ended well."""
    (message,) = [each for each in receiver.messages if each["message"]["incident"] == incident.id]
    return message["message"]


def cause(incident: Incident) -> str | None:
    assert incident.diagnosis is not None
    return incident.diagnosis.cause


def test_a_role_that_only_ecs_may_assume_is_made_to_trust_spark(stage: Stage, receiver: Receiver) -> None:
    place = workspace(stage, "ecs.aliyuncs.com")
    incident = refuse(stage, denied_job(stage, place, "sts", "sts:AssumeRole"))
    assert failures(stage) == []
    assert (cause(incident), incident.state) == ("role_not_trusted", "verified")
    assert incident.change is not None
    trusted = json.loads(incident.change.plan.write.after)["Statement"][0]["Principal"]["Service"]
    assert sorted(trusted) == ["ecs.aliyuncs.com", SPARK]
    message = told(incident, receiver)
    assert message["kind"] == "remediated"
    assert any(f"{ROLE} must exist and trust it" in line for line in message["lines"])
    assert f"StartJobRun --regionId {HOME} --workspaceId {place} " in message["verify"]
    assert run_job(stage, place) == "Success"


def test_a_role_that_lacks_the_bucket_is_mended(stage: Stage, receiver: Receiver) -> None:
    data_bucket(stage)
    place = workspace(stage, SPARK)
    incident = refuse(stage, on_bucket(stage, place))
    assert failures(stage) == []
    assert (cause(incident), incident.state) == ("permission_missing", "verified")
    assert told(incident, receiver)["kind"] == "remediated"
    assert run_job(stage, place, "--input", f"oss://{DATA}/in/") == "Success"


def test_a_role_that_the_guardrails_do_not_name_is_left_alone(stage: Stage, receiver: Receiver) -> None:
    place = workspace(stage, "ecs.aliyuncs.com", role="other-spark")
    incident = refuse(stage, denied_job(stage, place, "sts", "sts:AssumeRole", role=ROLE))
    assert incident.state == "alerted"
    message = told(incident, receiver)
    assert "other-spark" in message["advice"][0]
    assert SPARK in message["document"]
    assert message["verify"].startswith(f"aliyun emr-serverless-spark StartJobRun --regionId {HOME}")
    make(from_cli(message["fix"]["cli"]), stage.root)
    assert run_job(stage, place) == "Success"


def test_a_deleted_role_is_made_again_by_people(stage: Stage, receiver: Receiver) -> None:
    place = workspace(stage, SPARK)
    roles = stage.local.cloud.state.accounts[stage.account].ram.roles
    stage.local.call(lambda cloud: roles.pop(ROLE))
    incident = refuse(stage, denied_job(stage, place, "sts", "sts:AssumeRole"))
    assert (cause(incident), incident.state) == ("role_not_found", "alerted")
    assert "cannot be changed" in told(incident, receiver)["advice"][0]


def test_a_denial_by_dlf_is_answered_with_advice_for_the_submitter(stage: Stage, receiver: Receiver) -> None:
    make_user(stage, "ada")
    place = workspace(stage, SPARK, more=(DLF_ON_BEHALF,))
    incident = refuse(
        stage, by_submitter(stage, place, "dlf", "dlf:GetTable", "ada", resource="sales.orders")
    )
    assert failures(stage) == []
    assert (cause(incident), incident.state) == ("permission_missing", "alerted")
    message = told(incident, receiver)
    assert "Attach AliyunDLFReadOnlyAccess to ada" in message["advice"][0]
    assert f"execution role {ROLE} does not help" in message["advice"][0]
    assert any("who submitted it: ada needs the rights" in line for line in message["lines"])


def test_dlfs_own_permission_is_told_apart_from_the_ram_right(stage: Stage, receiver: Receiver) -> None:
    make_user(stage, "ada")
    place = workspace(stage, SPARK, more=(DLF_ON_BEHALF,))
    denied = by_submitter(
        stage, place, "dlf", "", "ada", resource="sales.orders", cause="dlf_data_permission_missing"
    )
    incident = refuse(stage, denied)
    assert cause(incident) == "dlf_data_permission_missing"
    assert "Grant ada the access in DLF itself" in told(incident, receiver)["advice"][0]


@pytest.mark.parametrize(
    ("more", "code", "says", "document"),
    [
        (
            (),
            "NoPermission",
            f"execution role {ROLE} that allows odps:ActOnBehalf",
            "users/default/ramuser/*",
        ),
        (
            (ODPS_ON_BEHALF,),
            "ODPS-0420095",
            "Ask the owner of the MaxCompute project to add ada",
            "add user RAM$",
        ),
    ],
)
def test_maxcompute_is_answered_for_the_one_who_lacks_the_right(
    stage: Stage, receiver: Receiver, more: tuple[str, ...], code: str, says: str, document: str
) -> None:
    make_user(stage, "ada")
    place = workspace(stage, SPARK, more=more)
    denied = by_submitter(stage, place, "maxcompute", "", "ada", resource="sales", code=code)
    incident = refuse(stage, denied)
    assert (cause(incident), incident.state) == ("permission_missing", "alerted")
    message = told(incident, receiver)
    assert says in message["advice"][0]
    assert document in message["document"]


def test_a_key_is_granted_to_the_role_by_people(stage: Stage, receiver: Receiver) -> None:
    place = workspace(stage, SPARK)
    incident = refuse(
        stage, denied_job(stage, place, "kms", "kms:Decrypt", resource="key-hzz65f3a68554c5a8b1f")
    )
    assert (cause(incident), incident.state) == ("kms_permission_missing", "alerted")
    assert "kms:GenerateDataKey" in told(incident, receiver)["document"]


def test_a_workspace_of_another_account_proves_nothing(stage: Stage, receiver: Receiver) -> None:
    workspace(stage, "ecs.aliyuncs.com")
    incident = refuse(stage, denied_job(stage, "w-0123456789abcdef", "sts", "sts:AssumeRole"))
    assert (cause(incident), incident.state) == ("role_not_trusted", "alerted")
    assert incident.change is None
    assert "workspace-role" in told(incident, receiver)["advice"][0]
