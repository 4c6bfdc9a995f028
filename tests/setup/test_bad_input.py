"""What stands in a setup's way is told in one line, before anything was changed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from localcloud.accounts import open_account
from localcloud.faults import Fault
from localcloud.server import LocalCloud
from localcloud.state import State
from tests import clients
from tests.clients import Keys
from tests.commands.shell import told_in_one_line
from tests.localcloud.identities import allow, make_user
from tests.setup.installing import HOME, LEDGER, applied, setup, steps
from tests.setup.test_apply import everything


@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        ("ROLEMEND_REGION", "cn-hangzou", "did you mean cn-hangzhou?"),
        ("ROLEMEND_REGION", "evil.example/", "is not a region"),
        ("ROLEMEND_LOG_REGIONS", "cn-beijing,cn-atlantis", "'cn-atlantis' is no region of Alibaba Cloud"),
        ("ROLEMEND_LEDGER_BUCKET", "", "ROLEMEND_LEDGER_BUCKET: missing"),
        ("ROLEMEND_LEDGER_BUCKET", "Not A Bucket", "is not a bucket name"),
        ("ROLEMEND_TRAIL_PROJECT", "Bad_Name", "is not a project name"),
        ("ROLEMEND_KEEP_DAYS", "ever", "is not a whole number of days"),
    ],
)
def test_a_wrong_setting_is_named(root: Keys, variable: str, value: str, told: str) -> None:
    done = setup(root, "plan", **{variable: value})
    assert done.code == 1
    assert told_in_one_line(done, variable, told)


def test_all_wrong_settings_are_named_at_once(root: Keys) -> None:
    done = setup(root, "plan", ROLEMEND_REGION="x", ROLEMEND_LEDGER_BUCKET="", ROLEMEND_KEEP_DAYS="-1")
    assert told_in_one_line(done, "ROLEMEND_REGION", "ROLEMEND_LEDGER_BUCKET", "ROLEMEND_KEEP_DAYS")


def test_without_credentials_nothing_is_asked(local: LocalCloud, tmp_path: Path) -> None:
    done = setup(Keys("", ""), "plan", HOME=str(tmp_path))
    assert done.code == 1
    assert told_in_one_line(done, "no credentials were found")


def test_a_folder_without_functions_is_told(root: Keys, tmp_path: Path) -> None:
    done = setup(root, "plan", "--functions", str(tmp_path))
    assert done.code == 2
    assert told_in_one_line(done, "--functions")


def test_a_policy_with_an_unknown_name_is_told(root: Keys, tmp_path: Path) -> None:
    (tmp_path / "watch").mkdir()
    (tmp_path / "watch" / "policy.json").write_text('{"Version": "1", "Statement": [], "x": "${moon}"}')
    done = setup(root, "plan", "--functions", str(tmp_path))
    assert told_in_one_line(done, "functions/watch/policy.json", "${moon} has no value")


def test_a_bucket_of_another_account_is_told_and_nothing_is_made(
    local: LocalCloud, root: Keys, account: str, state: State
) -> None:
    key = local.call(lambda cloud: open_account(cloud.state, "2000000000000002"))
    clients.bucket(Keys(key.id, key.secret), LEDGER).create_bucket()
    done = setup(root, "apply", "--yes")
    assert done.code == 1
    assert told_in_one_line(done, "nothing was changed", "belongs to another account", "--ledger")
    assert not state.accounts[account].ram.roles
    assert not state.sls.projects


def test_a_bucket_with_something_else_in_it_is_left_alone(root: Keys, state: State) -> None:
    box = clients.bucket(root, LEDGER)
    box.create_bucket("public-read")
    box.put_object("precious", b"1")
    done = setup(root, "apply", "--yes")
    assert told_in_one_line(done, "Something else lies in it")
    assert state.oss.buckets[LEDGER].acl == "public-read"
    assert setup(root, "destroy", "--yes", "--with-ledger").lines == ["Nothing of it is there."]
    assert box.get_object("precious").read() == b"1"


def test_a_bucket_with_former_versions_alone_is_left_alone(root: Keys) -> None:
    from oss2.models import BucketVersioningConfig

    box = clients.bucket(root, LEDGER)
    box.create_bucket()
    box.put_bucket_versioning(BucketVersioningConfig("Enabled"))
    version = box.put_object("precious", b"1").versionid
    box.delete_object("precious")
    done = setup(root, "apply", "--yes")
    assert told_in_one_line(done, "Something else lies in it")
    assert setup(root, "destroy", "--yes", "--with-ledger").lines == ["Nothing of it is there."]
    assert box.get_object("precious", params={"versionId": version}).read() == b"1"


def test_an_empty_bucket_without_our_tag_is_not_removed_until_apply_has_tagged_it(
    root: Keys, state: State
) -> None:
    clients.bucket(root, LEDGER).create_bucket()
    done = setup(root, "destroy", "--yes", "--with-ledger")
    assert (done.code, len(done.lines)) == (1, 1)
    assert done.lines[0].startswith(
        f"! bucket {LEDGER}: It is empty and does not carry the tag rolemend=setup"
    )
    assert set(state.oss.buckets) == {LEDGER}
    applied(root)
    assert setup(root, "destroy", "--yes", "--with-ledger").code == 0
    assert not state.oss.buckets


def test_a_bucket_in_another_region_is_told(root: Keys) -> None:
    applied(root)
    done = setup(root, "apply", "--yes", ROLEMEND_LEDGER_REGION="cn-beijing")
    assert told_in_one_line(done, "It lies in cn-hangzhou, not in cn-beijing")


@pytest.mark.parametrize("kind", ["role", "policy", "project", "trail"])
def test_what_somebody_else_made_is_never_changed(root: Keys, account: str, state: State, kind: str) -> None:
    from alibabacloud_actiontrail20200706 import models as trails
    from alibabacloud_ram20150501 import models

    document, ram = json.dumps(allow("oss:GetObject")), clients.ram(root)
    if kind == "role":
        trust = allow("sts:AssumeRole")
        del trust["Statement"][0]["Resource"]
        trust["Statement"][0]["Principal"] = {"Service": ["ecs.aliyuncs.com"]}
        ram.create_role(
            models.CreateRoleRequest(
                role_name="rolemend-watch", assume_role_policy_document=json.dumps(trust)
            )
        )
    elif kind == "policy":
        ram.create_policy(models.CreatePolicyRequest(policy_name="rolemend-watch", policy_document=document))
    else:
        name = f"rolemend-{account}-{HOME}" if kind == "project" else "theirs"
        clients.log(root).create_project(name, "")
        arn = f"acs:log:{HOME}:{account}:project/{name}"
        if kind == "trail":
            clients.actiontrail(root).create_trail(
                trails.CreateTrailRequest(name="rolemend", event_rw="Write", sls_project_arn=arn)
            )
    done = setup(root, "apply", "--yes")
    assert done.code == 1
    assert told_in_one_line(done, "nothing was changed", kind)
    assert LEDGER not in state.oss.buckets


def test_a_role_of_ours_with_more_than_its_policy_stops_everything(
    root: Keys, account: str, state: State
) -> None:
    from alibabacloud_ram20150501 import models

    applied(root)
    attach = models.AttachPolicyToRoleRequest(
        policy_type="System", policy_name="AdministratorAccess", role_name="rolemend-remediate"
    )
    clients.ram(root).attach_policy_to_role(attach)
    done = setup(root, "apply", "--yes")
    assert told_in_one_line(done, "role rolemend-remediate", "System:AdministratorAccess", "Detach")
    assert setup(root, "destroy", "--yes", "--with-ledger").code == 0
    assert "rolemend-remediate" not in state.accounts[account].ram.roles


def test_a_role_that_was_taken_away_is_made_again(root: Keys, account: str, state: State) -> None:
    applied(root)
    del state.accounts[account].ram.roles["rolemend-diagnose"]
    assert steps(root)["role rolemend-diagnose"]["change"] == "make"
    applied(root)
    assert "rolemend-diagnose" in state.accounts[account].ram.roles


def test_a_read_that_fails_is_unknown_and_never_taken_for_absent(local: LocalCloud, root: Keys) -> None:
    applied(root)
    fault = Fault(service="ram", operation="GetRole", kind="error", status=500, code="Down", times=None)
    local.call(lambda cloud: cloud.faults.append(fault))
    assert steps(root)["role rolemend-watch"]["change"] == "unread"
    for verb in ("apply", "destroy"):
        done = setup(root, verb, "--yes")
        assert done.code == 1
        assert "It cannot be read" in done.err


def installer(root: Keys, name: str, policy: dict[str, Any]) -> Keys:
    """A RAM user with these rights."""
    return make_user(clients.ram(root), name, policy)


def test_missing_rights_are_named_before_anything_is_done(root: Keys, account: str, state: State) -> None:
    user = installer(root, "junior", allow(["ram:*", "oss:*", "log:*", "actiontrail:*"], "*"))
    done = setup(user, "apply", "--yes")
    assert done.code == 1
    assert told_in_one_line(done, "you have no right to", "cms:PutEventRule on *", "rolemend setup rights")
    assert not state.accounts[account].ram.roles


def test_a_missing_right_to_remove_is_named_before_anything_is_removed(
    root: Keys, account: str, state: State
) -> None:
    applied(root, "--regions", "cn-beijing")
    refused = f"acs:log:cn-beijing:{account}:project/oss-log-{account}-cn-beijing"
    policy = allow("*", "*")
    policy["Statement"].append({"Effect": "Deny", "Action": "log:DeleteProject", "Resource": refused})
    before = everything(state)
    done = setup(installer(root, "junior", policy), "destroy", "--yes")
    assert done.code == 1
    assert told_in_one_line(
        done, f"no right to log:DeleteProject on {refused};", "setup rights --for destroy"
    )
    assert everything(state)["sls"] == before["sls"]
    assert "rolemend-watch" in state.accounts[account].ram.roles


def test_a_record_that_cannot_be_read_stops_a_removal_and_no_list_of_rights(root: Keys, state: State) -> None:
    box = clients.bucket(root, LEDGER)
    box.create_bucket()
    box.put_object("config/setup.json", b"[")
    done = setup(root, "destroy", "--yes")
    assert done.code == 1
    assert told_in_one_line(done, "nothing was removed", "config/setup.json in the ledger cannot be read")
    listed = setup(root, "rights", "--for", "destroy")
    assert listed.code == 0
    assert "config/setup.json in the ledger cannot be read" in listed.err
    assert json.loads(listed.out)["Statement"]


def test_rights_that_cannot_be_read_are_unknown(root: Keys) -> None:
    user = installer(root, "blind", allow(["oss:*", "log:*", "actiontrail:*", "cms:*", "ram:GetRole"], "*"))
    done = setup(user, "plan")
    assert [line for line in done.lines if line.startswith("? rights that could not be checked")]


def test_the_printed_rights_are_enough(root: Keys, account: str, state: State) -> None:
    own = ["ram:ListPoliciesForUser", "ram:GetPolicy", "ram:ListGroupsForUser"]
    for verb, arguments in (("apply", ()), ("destroy", ("--with-ledger",))):
        policy = json.loads(setup(root, "rights", "--for", verb).out)
        assert not [s for s in policy["Statement"] for action in s["Action"] if "*" in action]
        policy["Statement"].append({"Effect": "Allow", "Action": own, "Resource": "*"})
        policy["Statement"].append({"Effect": "Allow", "Action": "oss:ListObjects", "Resource": "*"})
        user = installer(root, f"installer-{verb}", policy)
        done = setup(user, verb, "--yes", *arguments)
        assert (done.code, done.err) == (0, "")
    assert not state.oss.buckets
