"""A job's denial on its way through the functions: what is mended, what people are told, and what is left alone."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from rolemend.account.interface import Known, Unread
from rolemend.incident.life import ALERTED, OPEN, VERIFIED
from rolemend.remedy.guardrails import Guardrails, Rule
from rolemend.signals.denial import Denial
from tests.checklist.spark_cases import SPARK, WORKSPACE, WRITING, denial, on, trusting
from tests.fakes import WritableAccount
from tests.work.scene import Scene, open_account

NAMED = ("read", "write", "trust")
AUTO = Guardrails(
    rule=(Rule(name="spark", mode="auto", roles=("spark-*",), buckets=("data", "lab-*"), actions=NAMED),)
)


def writer(*buckets: str) -> str:
    statement = {"Effect": "Allow", "Action": list(WRITING), "Resource": list(on(*buckets))}
    return json.dumps({"Version": "1", "Statement": [statement]})


def scene(denied: Denial, *services: str, buckets: tuple[str, ...] = ("lab-files",), **changes: Any) -> Scene:
    """A workspace whose role trusts these services, and reads and writes these buckets."""
    account: WritableAccount = open_account()
    account.policies.clear()
    account.attach("spark-policy", writer(*buckets))
    account.the_role = trusting(*services)
    account.the_workspace = Known(WORKSPACE)
    account.policy_users = Known(msgspec.structs.replace(account.policy_users.value, roles=("spark-job",)))  # type: ignore[union-attr]
    for name, value in changes.items():
        setattr(account, name, value)
    return Scene(account=account, denial=denied, guardrails=AUTO)


def test_a_role_that_does_not_trust_spark_is_mended() -> None:
    played = scene(denial("sts"), "ecs.aliyuncs.com")
    assert played.mended().state == VERIFIED
    assert played.account.writes == ["trust spark-job"]
    assert isinstance(played.account.the_role, Known)
    assert SPARK in played.account.the_role.value.trust_policy
    assert "ecs.aliyuncs.com" in played.account.the_role.value.trust_policy


def test_a_role_that_lacks_the_bucket_is_mended() -> None:
    played = scene(denial(), SPARK)
    assert played.mended().state == VERIFIED
    assert played.account.writes == ["add spark-policy"]
    assert "acs:oss:*:*:data/*" in played.account.in_force("spark-policy")


def test_a_workspace_directory_is_given_to_its_role() -> None:
    workspace = Known(msgspec.structs.replace(WORKSPACE, directory="oss://data/jobs"))
    played = scene(denial(), SPARK, buckets=("other",), the_workspace=workspace)
    assert played.mended().state == VERIFIED
    document = json.loads(played.account.in_force("spark-policy"))
    assert "oss:PutObject" in document["Statement"][-1]["Action"]


@pytest.mark.parametrize(
    ("denied", "changes", "reason"),
    [
        (denial("sts"), {"the_workspace": Unread("GetWorkspace", "Forbidden.RAM")}, "open_questions"),
        (denial("sts"), {"the_bucket": Unread("GetBucketInfo", "AccessDenied")}, "open_questions"),
        (denial("sts"), {"the_role": trusting("ecs.aliyuncs.com", name="rolemend-spark")}, "own_role"),
    ],
)
def test_what_is_not_certain_is_left_to_people(denied: Denial, changes: dict[str, Any], reason: str) -> None:
    played = scene(denied, "ecs.aliyuncs.com", **changes)
    assert played.mended().no_plan == reason
    assert played.account.writes == []


def test_a_directory_that_the_role_cannot_write_is_named_beside_the_trust() -> None:
    incident = scene(denial("sts"), "ecs.aliyuncs.com", buckets=("other",)).mended()
    assert (incident.no_plan, incident.no_plan_detail) == ("other_checks_failed", "workspace-directory")


def test_where_the_refused_bucket_fails_behind_the_directory_the_directory_is_the_other_one() -> None:
    incident = scene(denial(), SPARK, buckets=("other",)).mended()
    assert incident.diagnosis is not None
    assert incident.diagnosis.cause == "permission_missing"
    assert (incident.no_plan, incident.no_plan_detail) == ("other_checks_failed", "workspace-directory")


@pytest.mark.parametrize("service", ["dlf", "maxcompute", "kms"])
def test_what_only_people_grant_goes_to_people(service: str) -> None:
    played = scene(denial(service), SPARK)
    played.diagnosed()
    assert played.started[-1] == "notify"
    played.notify()
    assert played.incident.state == ALERTED
    (message,) = played.sent
    assert message.advice
    assert played.account.writes == []


def test_a_workspace_that_does_not_answer_yet_keeps_the_incident_open() -> None:
    late = Unread("GetWorkspace", "Throttling", transient=True)
    incident = scene(denial("sts"), "ecs.aliyuncs.com", the_workspace=late).diagnosed()
    assert incident.state == OPEN
    assert "Throttling" in incident.waiting
