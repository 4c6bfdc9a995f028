"""`rolemend audit` and `rolemend doctor` from a shell."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from demo import clients
from demo.stage import HOME, LEDGER, TRAIL_PROJECT, Stage
from localcloud.server import LocalCloud
from rolemend.audit import guides
from rolemend.audit.guides import GUIDES
from tests.audit.stage import break_sources, cluster, make_healthy, make_old_log, quiet_stage, ram_models
from tests.commands.shell import Done, rolemend, told_in_one_line

OWN = {
    guides.ACCESS_LOG, guides.LEDGER, guides.OWN_RIGHTS, guides.OWN_UNUSED, guides.TRAIL, guides.TRAIL_READS,
    guides.TRIGGER,
}  # fmt: skip
"""The checks of Rolemend itself."""


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


def write_report(stage: Stage, path: Path, *arguments: object) -> Done:
    done = run(stage, "audit", *arguments)
    path.write_text(done.out, "utf-8")
    return done


def test_each_form_comes_out_of_the_command_in_both_languages(stage: Stage) -> None:
    for form, begin in {
        "html": "<!doctype html>",
        "csv": "\ufeff",
        "sarif": "{",
        "ocsf": "[",
        "json": "{",
    }.items():
        done = run(stage, "audit", "--format", form, "--lang", "zh")
        assert (done.code, done.err) == (0, "")
        assert done.out.startswith(begin)
        assert re.search("[一-鿿]", done.out)


def test_an_accepted_failure_no_longer_decides_the_exit_code(stage: Stage, tmp_path: Path) -> None:
    delete_trail_reads(stage)
    done = write_report(stage, tmp_path / "before.json")
    assert done.code == 5
    (failed,) = [each for each in findings(done) if each["answer"] == "failed"]
    accepted = tmp_path / "accepted.toml"
    entry = f'[[accepted]]\nid = "{failed["id"]}"\nreason = "moved next week"\nuntil = '
    accepted.write_text(entry + "2999-12-31", "utf-8")
    done = run(stage, "audit", "--accepted", accepted, "--since", tmp_path / "before.json")
    assert done.code == 0
    comparison = json.loads(done.out)["comparison"]
    assert (comparison["new"], [each["id"] for each in comparison["accepted"]]) == ([], [failed["id"]])
    accepted.write_text(entry + "2020-01-01", "utf-8")
    done = run(stage, "audit", "--accepted", accepted)
    assert done.code == 5
    assert [each["until"] for each in json.loads(done.out)["comparison"]["expired"]] == ["2020-01-01"]


def test_the_ledger_s_bucket_has_the_last_report_and_what_is_accepted(stage: Stage) -> None:
    delete_trail_reads(stage)
    assert run(stage, "audit", "--store").code == 5
    done = run(stage, "audit", "--store")
    comparison = json.loads(done.out)["comparison"]
    (failed,) = comparison["open"]
    assert (comparison["new"], done.code) == ([], 5)
    bucket = clients.bucket(stage.root, LEDGER)
    entry = f'[[accepted]]\nid = "{failed}"\nreason = "moved next week"\nuntil = 2999-12-31\n'
    bucket.put_object("config/accepted.toml", entry.encode())
    assert run(stage, "audit").code == 0
    bucket.put_object("config/accepted.toml", b"[[accepted]]\nid = 1")
    done = run(stage, "audit")
    assert done.code == 5
    assert "config/accepted.toml" in json.loads(done.out)["notes"][0]["values"]["key"]
    assert len(list(bucket.list_objects_v2("reports/").object_list)) == 4


@pytest.mark.parametrize("option", ["--accepted", "--since"])
def test_a_file_that_cannot_be_used_is_told_before_anything_is_read(
    stage: Stage, tmp_path: Path, option: str
) -> None:
    path = tmp_path / "given"
    wrong = (b"[", b'{"findings": 1}', b"\xff", b'accepted = "x"\nmore = 1')
    for content in (None, *wrong):
        if content is not None:
            path.write_bytes(content)
        done = run(stage, "audit", option, path)
        assert (done.code, done.out) == (2, "")
        assert told_in_one_line(done, "given")


def delete_trail_reads(stage: Stage) -> None:
    """One failure of the severity high: the trail leaves reads out."""
    from alibabacloud_actiontrail20200706 import models

    request = models.UpdateTrailRequest(name="rolemend", event_rw="Write", trail_region="All")
    clients.actiontrail(stage.root).update_trail(request)


def judged(done: Done) -> dict[str, tuple[str, str]]:
    """Answer and statement of each finding that is not about Rolemend itself or its logs."""
    left_out = {*OWN, guides.UNUSED_GRANT}
    return {
        each["id"]: (each["answer"], json.dumps(each["statement"]))
        for each in findings(done)
        if each["check"] not in left_out
    }


def test_a_snapshot_is_judged_as_the_account_is(stage: Stage, tmp_path: Path) -> None:
    ram = clients.ram(stage.root)
    ram.detach_policy_from_role(
        ram_models().DetachPolicyFromRoleRequest(
            policy_type="Custom", policy_name="etl-data", role_name="Etl"
        )
    )
    ram.delete_role(ram_models().DeleteRoleRequest(role_name="Etl"))
    assert run(stage, "snapshot", tmp_path / "account.json").code == 0
    live = run(stage, "audit")
    nobody = {"ALIBABA_CLOUD_ACCESS_KEY_ID": "", "ALIBABA_CLOUD_ACCESS_KEY_SECRET": ""}
    done = run(stage, "audit", "--snapshot", tmp_path / "account.json", **nobody, ROLEMEND_LEDGER_BUCKET="")
    assert (done.code, live.code) == (6, 6), done.err
    assert judged(done) == judged(live)
    assert not [each for each in findings(done) if each["check"] in OWN]


@pytest.mark.parametrize(
    ("content", "more", "told"),
    [
        (b"no state", (), "account.json"),
        (b"{}", (), "not a state file"),
        (b"{}", ("--store",), "--store"),
        (b"{}", ("--accounts", "accounts.toml"), "--accounts"),
    ],
)
def test_a_snapshot_that_cannot_be_used_is_told(
    tmp_path: Path, content: bytes, more: tuple[str, ...], told: str
) -> None:
    (tmp_path / "account.json").write_bytes(content)
    done = rolemend("audit", "--snapshot", tmp_path / "account.json", *more)
    assert done.code == 2
    assert told_in_one_line(done, told)


def stop_trail(stage: Stage) -> None:
    from alibabacloud_actiontrail20200706 import models

    clients.actiontrail(stage.root).stop_logging(models.StopLoggingRequest(name="rolemend"))


def delete_event_logstore(stage: Stage) -> None:
    clients.log(stage.root).delete_logstore(TRAIL_PROJECT, "cloudmonitor_spark")


def delete_trail_logstore(stage: Stage) -> None:
    clients.log(stage.root).delete_logstore(TRAIL_PROJECT, "actiontrail_rolemend")


def delete_access_log(stage: Stage) -> None:
    clients.log(stage.root).delete_logstore(f"oss-log-{stage.account}-{HOME}", "oss-log-store")


def open_ledger(stage: Stage) -> None:
    ledger = clients.bucket(stage.root, LEDGER)
    ledger.put_bucket_public_access_block(False)
    ledger.put_bucket_acl("public-read")


@pytest.mark.parametrize(
    ("broken", "expected"),
    [
        (stop_trail, {guides.TRAIL: {"rolemend"}}),
        (delete_trail_logstore, {guides.TRAIL: {"rolemend"}, guides.TRIGGER: {"rolemend-watch/actiontrail"}}),
        (delete_event_logstore, {guides.TRIGGER: {"rolemend-watch/spark-jobs"}}),
        (delete_access_log, {
            guides.ACCESS_LOG: {"corp-data", "corp-lab"}, guides.TRIGGER: {"rolemend-watch/oss-access-log"},
        }),
        (open_ledger, {guides.LEDGER: {LEDGER}}),
    ],
)  # fmt: skip
def test_doctor_names_a_source_that_is_broken_in_any_way(
    stage: Stage, broken: Callable[[Stage], None], expected: dict[str, set[str]]
) -> None:
    broken(stage)
    done = run(stage, "doctor")
    failed: dict[str, set[str]] = {}
    for each in findings(done):
        if each["answer"] == "failed":
            failed.setdefault(each["check"], set()).add(each["place"]["name"])
    assert failed == expected
