"""`rolemend audit` and `rolemend doctor` from a shell."""

from __future__ import annotations

import json
from typing import Any

import pytest

from demo import clients
from demo.stage import HOME, LEDGER, Stage
from localcloud.server import LocalCloud
from rolemend.audit.guides import GUIDES
from tests.audit.stage import break_sources, cluster, make_healthy, make_old_log, quiet_stage, ram_models
from tests.commands.shell import Done, rolemend, told_in_one_line


def run(stage: Stage, *arguments: object, **changes: str) -> Done:
    environment = {
        "ALIBABA_CLOUD_ACCESS_KEY_ID": stage.root.id,
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": stage.root.secret,
        "ROLEMEND_LEDGER_BUCKET": LEDGER,
        "ROLEMEND_REGION": HOME,
        "ROLEMEND_SCHEME": "http",
        "ROLEMEND_RAM_RATE": "5000",
    }
    return rolemend(*arguments, given=b"", **(environment | changes))


def findings(done: Done) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(done.out)["findings"]
    return found


@pytest.fixture
def stage(local: LocalCloud) -> Stage:
    stage = quiet_stage(local)
    make_healthy(stage)
    make_old_log(stage, ("corp-data", "Etl"))
    return stage


def test_an_account_without_a_fault_ends_with_code_0(stage: Stage) -> None:
    done = run(stage, "audit")
    assert (done.code, done.err) == (0, "")
    assert {each["answer"] for each in findings(done)} == {"passed", "not_applicable"}


def test_the_exit_code_is_that_of_the_worst_failure(stage: Stage) -> None:
    ram, models = clients.ram(stage.root), ram_models()
    request = models.CreatePolicyRequest(
        policy_name="never",
        policy_document=json.dumps({
            "Version": "1",
            "Statement": [{"Effect": "Allow", "Action": "oss:GetObject", "Resource": "acs:ecs:*:*:instance/*"}],
        }),
    )  # fmt: skip
    ram.create_policy(request)
    attach = models.AttachPolicyToRoleRequest(policy_type="Custom", policy_name="never", role_name="Etl")
    ram.attach_policy_to_role(attach)
    assert run(stage, "audit").code == 4  # medium
    cluster(stage, "Etl")
    detach = models.DetachPolicyFromRoleRequest(policy_type="Custom", policy_name="never", role_name="Etl")
    ram.detach_policy_from_role(detach)
    detach = models.DetachPolicyFromRoleRequest(policy_type="Custom", policy_name="etl-data", role_name="Etl")
    ram.detach_policy_from_role(detach)
    ram.delete_role(models.DeleteRoleRequest(role_name="Etl"))
    assert run(stage, "audit").code == 6  # critical


def test_doctor_asks_of_rolemend_itself_alone_and_finds_each_broken_source(stage: Stage) -> None:
    expected = break_sources(stage)
    done = run(stage, "doctor", "--regions", "cn-hangzhou,cn-shanghai,cn-beijing")
    assert done.code == 6
    found = findings(done)
    assert {each["check"] for each in found} == {name for name, guide in GUIDES.items() if guide.doctor}
    failed = {each["check"]: each["place"]["name"] for each in found if each["answer"] == "failed"}
    assert failed == {check: place for check, (place, _) in expected.items()}


def test_a_caller_without_rights_gets_unknown_and_never_passed(stage: Stage) -> None:
    from demo.stage import make_user

    keys = make_user(stage, "nobody")
    done = run(
        stage, "audit", ALIBABA_CLOUD_ACCESS_KEY_ID=keys.id, ALIBABA_CLOUD_ACCESS_KEY_SECRET=keys.secret
    )
    assert done.code == 7
    assert {each["answer"] for each in findings(done)} == {"unknown"}
    assert json.loads(done.out)["incomplete"]


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("audit", "--format", "paper"), "paper"),
        (("audit", "--accounts", "/no/such/file"), "/no/such/file"),
        (("audit", "--regions", "over there"), "over there"),
    ],
)
def test_a_wrong_command_line_is_told_in_one_line(
    stage: Stage, arguments: tuple[str, ...], word: str
) -> None:
    done = run(stage, *arguments)
    assert done.code in (1, 2)
    assert told_in_one_line(done, word)
