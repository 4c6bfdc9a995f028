"""A creation whose event only says NoPermission: what RAM itself tells of it decides."""

from __future__ import annotations

from typing import Any

import pytest

from demo.receiver import Receiver
from demo.scenarios import GUARDRAILS, reading, run_cluster, trust
from demo.stage import Stage, make_role, make_user, set_stage
from localcloud.ram.state import ControlPolicy
from localcloud.server import LocalCloud
from rolemend.checklist.model import REPORTED
from tests.e2e.failures import allowing
from tests.e2e.plays import denied, take_action


def refused_by_a_control_policy(stage: Stage) -> None:
    """The user's own policies allow the creation; a policy of the resource directory does not."""
    keys = make_user(stage, "olga", "AliyunEMRFullAccess")
    make_role(stage, "emr-demo-cp", trust("ecs.aliyuncs.com"), {"emr-demo-cp": reading("demo-data-a")})
    policies = [
        ControlPolicy(name="FullAliyunAccess", document=allowing("*")),
        ControlPolicy(name="no-clusters", document=allowing("emr:RunCluster", effect="Deny")),
    ]
    stage.local.call(lambda cloud: cloud.state.accounts[stage.account].ram.control_policies.extend(policies))
    denied(stage, run_cluster(keys, "emr-demo-cp", "EMR-5.16.0"))


def diagnosis(local: LocalCloud, *without: str) -> Any:
    with Receiver() as receiver:
        stage = set_stage(local, receiver.url, GUARDRAILS)
        for action in without:
            take_action(stage, "diagnose", action)
        refused_by_a_control_policy(stage)
        [incident] = stage.incidents().values()
        return incident.diagnosis


@pytest.mark.parametrize("without", ["", "ram:DecodeDiagnosticMessage"])
def test_a_control_policy_is_the_cause_as_the_log_of_the_call_tells(local: LocalCloud, without: str) -> None:
    """The log alone says so too; what only the opened message names is then left out."""
    found = diagnosis(local, without)
    assert found.cause == "control_policy_deny"
    said = [evidence for evidence in found.findings[0].evidence if evidence.certainty == REPORTED]
    assert said[0].statement.values["layer"] == "ControlPolicy"
    assert ("no-clusters" in said[0].statement.values["policies"]) == (not without)


def test_without_the_log_nothing_is_said_of_it_but_that_it_was_refused(local: LocalCloud) -> None:
    found = diagnosis(local, "openapiexplorer:GetRequestLog")
    assert found.cause is None
    assert "GetRequestLog" in str(found.findings[0].evidence)
