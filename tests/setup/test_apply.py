"""`rolemend setup` on an empty account: the plan, its application, twice in a row, after a stop, and the removal."""

from __future__ import annotations

import json
from pathlib import Path
from string import Template

import msgspec
import pytest

from localcloud.faults import Fault
from localcloud.server import LocalCloud
from localcloud.state import State
from tests import clients
from tests.clients import Keys
from tests.commands.shell import told_in_one_line
from tests.setup.installing import HOME, LEDGER, applied, setup, steps

PROJECT = Path(__file__).parents[2]
FUNCTIONS = sorted(path.parent.name for path in (PROJECT / "functions").glob("*/policy.json"))


def everything(state: State) -> dict[str, object]:
    """What stands in the cloud, without what reading it leaves behind."""
    found = msgspec.to_builtins(state)
    projects = found["sls"]["projects"]
    found["sls"]["projects"] = {name: sorted(project["logstores"]) for name, project in projects.items()}
    return {name: found[name] for name in ("accounts", "oss", "sls", "cms")}


def test_a_plan_shows_everything_as_new_and_changes_nothing(
    local: LocalCloud, root: Keys, state: State
) -> None:
    before = everything(state)
    done = setup(root, "plan")
    assert (done.code, done.err) == (0, "")
    assert f"+ bucket {LEDGER}" in done.lines
    assert [line for line in done.lines if line.startswith("+ role")] == [
        *(f"+ role rolemend-{function}" for function in FUNCTIONS),
        "+ role AliyunLogETLRole",
    ]
    assert '    +  "encryption": "AES256",' in done.lines
    assert everything(state) == before


def test_what_is_applied_is_all_there(local: LocalCloud, root: Keys, account: str, state: State) -> None:
    done = applied(root)
    assert done.lines[-5:] == [
        f"export ROLEMEND_REGION={HOME}",
        f"export ROLEMEND_LEDGER_BUCKET={LEDGER}",
        f"export ROLEMEND_LEDGER_REGION={HOME}",
        f"export ROLEMEND_TRAIL_PROJECT=rolemend-{account}-{HOME}",
        "export ROLEMEND_EVENT_LOGSTORE=cloudmonitor_spark",
    ]
    bucket = state.oss.buckets[LEDGER]
    assert bucket.encryption is not None
    assert bucket.logging is not None
    assert (bucket.acl, bucket.block_public, bucket.encryption.algorithm) == ("private", True, "AES256")
    assert (bucket.logging.target_bucket, bucket.logging.target_prefix) == (LEDGER, "access-log/")
    assert {rule.prefix for rule in bucket.lifecycle} == {"access-log/", "failures/", "rejected/"}
    trail = state.actiontrail.accounts[account].trails["rolemend"]
    assert (trail.event_rw, trail.trail_region, trail.logging) == ("All", "All", True)
    project = state.sls.projects[f"rolemend-{account}-{HOME}"]
    assert set(project.logstores) == {
        "actiontrail_rolemend",
        "cloudmonitor_spark",
        "rolemend-functions",
        "rolemend-triggers",
    }
    assert "oss-log-store" in state.sls.projects[f"oss-log-{account}-{HOME}"].logstores
    rule = state.cms.rules[account]["rolemend-spark-jobs"]
    assert (rule.product, rule.names) == ("EMRSpark", ["EMRSpark:JobRun:FAILED"])
    assert [(target.project, target.logstore) for target in rule.targets] == [
        (project.name, "cloudmonitor_spark")
    ]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_role_has_exactly_its_policy_with_the_accounts_names(
    local: LocalCloud, root: Keys, account: str, state: State, function: str
) -> None:
    applied(root)
    ram = state.accounts[account].ram
    policy = ram.policies[f"rolemend-{function}"]
    expected = Template((PROJECT / "functions" / function / "policy.json").read_text()).substitute(
        account=account,
        region=HOME,
        ledger_bucket=LEDGER,
        trail_project=f"rolemend-{account}-{HOME}",
        trail_logstore="actiontrail_rolemend",
        event_logstore="cloudmonitor_spark",
    )
    assert json.loads(policy.document) == json.loads(expected)
    assert "${" not in policy.document
    role = ram.roles[f"rolemend-{function}"]
    assert json.loads(role.trust_policy)["Statement"][0]["Principal"] == {"Service": ["fc.aliyuncs.com"]}


def test_a_second_apply_changes_nothing(local: LocalCloud, root: Keys, state: State) -> None:
    applied(root)
    before = everything(state)
    done = setup(root, "apply")  # it does not even ask
    assert (done.code, done.err) == (0, "")
    assert {line[0] for line in done.lines if not line.startswith("export")} == {"=", "T", "N"}
    assert everything(state) == before


@pytest.mark.parametrize(
    ("service", "operation"),
    [
        ("oss", "PutBucketTags"),
        ("oss", "PutBucketEncryption"),
        ("sls", "CreateLogStore"),
        ("sls", "CreateIndex"),
        ("actiontrail", "StartLogging"),
        ("sls", "UpsertCollectionPolicy"),
        ("cms", "PutEventRuleTargets"),
        ("ram", "CreateRole"),
        ("ram", "AttachPolicyToRole"),
    ],
)
def test_a_setup_that_stopped_anywhere_is_taken_up(
    local: LocalCloud, root: Keys, state: State, service: str, operation: str
) -> None:
    whole = set(steps(root))
    fault = Fault(service=service, operation=operation, kind="error", status=400, code="Broken", times=1)
    local.call(lambda cloud: cloud.faults.append(fault))
    stopped = setup(root, "apply", "--yes")
    assert stopped.code == 1
    assert "run the same command again to go on" in stopped.err
    applied(root)
    assert {name: step["change"] for name, step in steps(root).items()} == dict.fromkeys(whole, "keep")


def test_what_somebody_changed_is_shown_and_mended(
    local: LocalCloud, root: Keys, account: str, state: State
) -> None:
    applied(root)
    clients.bucket(root, LEDGER).delete_bucket_encryption()
    state.actiontrail.accounts[account].trails["rolemend"].logging = False
    policy = state.accounts[account].ram.policies["rolemend-notify"]
    for version in policy.versions:
        version.document = version.document.replace("oss:DeleteObject", "oss:*")
    changed = {name: step["diff"] for name, step in steps(root).items() if step["change"] != "keep"}
    assert set(changed) == {f"bucket {LEDGER}", "trail rolemend", "policy rolemend-notify"}
    assert any(line.startswith("-") and "oss:*" in line for line in changed["policy rolemend-notify"])
    applied(root)
    assert {step["change"] for step in steps(root).values()} == {"keep"}


def test_a_collection_that_somebody_narrowed_is_mended_and_the_order_of_regions_means_nothing(
    local: LocalCloud, root: Keys, account: str, state: State
) -> None:
    regions = {"ROLEMEND_LOG_REGIONS": "cn-beijing"}
    applied(root, **regions)
    policy = state.sls.collection[account]["rolemend-oss-access-log"]
    policy.regions.reverse()
    assert {step["change"] for step in steps(root, **regions).values()} == {"keep"}
    policy.instances = ["one-bucket"]
    (step,) = (step for step in steps(root, **regions).values() if step["change"] != "keep")
    assert any(line.startswith("-") and "instanceIds" in line for line in step["diff"])
    applied(root, **regions)
    assert state.sls.collection[account]["rolemend-oss-access-log"].instances == []


def test_nothing_is_done_unless_somebody_says_yes(local: LocalCloud, root: Keys, state: State) -> None:
    before = everything(state)
    for answer in ("", "n\n", "nope\n"):
        done = setup(root, "apply", given=answer)
        assert done.code == 1
        assert "Nothing was changed." in done.err
    assert everything(state) == before
    assert setup(root, "apply", given="y\n").code == 0


def test_destroy_leaves_nothing_but_the_ledger(
    local: LocalCloud, root: Keys, account: str, state: State
) -> None:
    before = everything(state)
    applied(root)
    clients.bucket(root, LEDGER).put_object("incidents/inc-1.jsonl", b"{}")
    done = setup(root, "destroy", "--yes")
    assert (done.code, done.err) == (0, "")
    after = everything(state)
    assert after["oss"]["buckets"].keys() == {LEDGER}  # type: ignore[index]
    assert {name: part for name, part in after.items() if name != "oss"} == {
        **{name: part for name, part in before.items() if name != "oss"},
        "sls": {"projects": {}, "collection": {account: {}}},
        "cms": {"rules": {account: {}}},
        "accounts": after["accounts"],
    }
    ram = state.accounts[account].ram
    assert not [name for name in (*ram.roles, *ram.policies) if "rolemend" in name or "etl" in name]
    assert state.actiontrail.accounts[account].trails == {}
    assert setup(root, "destroy", "--yes", "--with-ledger").code == 0
    assert not state.oss.buckets
    assert setup(root, "destroy", "--yes").lines == ["Nothing of it is there."]


def test_destroy_keeps_what_was_there_before(
    local: LocalCloud, root: Keys, account: str, state: State
) -> None:
    log = clients.log(root)
    log.create_project(f"oss-log-{account}-{HOME}", "")
    log.create_logstore(f"oss-log-{account}-{HOME}", "oss-log-store", 7, 1)
    ram = clients.ram(root)
    from alibabacloud_ram20150501 import models

    trust = {
        "Statement": [
            {"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": {"Service": ["log.aliyuncs.com"]}}
        ],
        "Version": "1",
    }
    ram.create_role(
        models.CreateRoleRequest(role_name="AliyunLogETLRole", assume_role_policy_document=json.dumps(trust))
    )
    attach = models.AttachPolicyToRoleRequest(
        policy_type="System", policy_name="AliyunLogETLRolePolicy", role_name="AliyunLogETLRole"
    )
    ram.attach_policy_to_role(attach)
    applied(root)
    assert setup(root, "destroy", "--yes", "--with-ledger").code == 0
    assert set(state.sls.projects) == {f"oss-log-{account}-{HOME}"}
    assert "aliyunlogetlrole" in state.accounts[account].ram.roles


DELETES = (
    ("ram", "DetachPolicyFromRole", 0),
    ("ram", "DeleteRole", 3),
    ("cms", "DeleteEventRules", 0),
    ("sls", "DeleteCollectionPolicy", 0),
    ("sls", "DeleteProject", 0),
    ("sls", "DeleteProject", 1),
    ("actiontrail", "DeleteTrail", 0),
    ("ram", "DeletePolicy", 2),
    ("oss", "DeleteObject", 0),
    ("oss", "DeleteBucket", 0),
)
"""Every kind of thing that `destroy` deletes, by service and operation, and how many such calls pass before."""


def test_a_removal_that_stopped_at_each_of_its_deletes_leaves_nothing(
    local: LocalCloud, root: Keys, account: str, state: State
) -> None:
    """The regions are not said again: they are known from the ledger alone."""
    applied(root, "--regions", "cn-beijing")
    clients.bucket(root, LEDGER).put_object("incidents/inc-1.jsonl", b"{}")
    for service, operation, skip in DELETES:
        fault = Fault(service=service, operation=operation, status=400, code="Broken", skip=skip)
        local.call(lambda cloud, fault=fault: cloud.faults.append(fault))  # type: ignore[misc]
    stopped: list[str] = []
    while (done := setup(root, "destroy", "--yes", "--with-ledger")).code:
        assert told_in_one_line(done, "Broken", "run the same command again to go on")
        stopped.append(done.err)
        assert len(stopped) <= len(DELETES)
    assert len(stopped) == len(DELETES)
    assert not state.oss.buckets
    assert not state.sls.projects
    ram = state.accounts[account].ram
    assert not [name for name in (*ram.roles, *ram.policies) if "rolemend" in name or "etl" in name]
    others = (state.sls.collection, state.cms.rules)
    assert [dict(each.get(account, {})) for each in others] == [{}, {}]
    assert state.actiontrail.accounts[account].trails == {}


def test_destroy_with_open_incidents_is_refused_unless_told(
    local: LocalCloud, root: Keys, state: State
) -> None:
    applied(root)
    clients.bucket(root, LEDGER).put_object(f"open/inc-{'a' * 24}", b"")
    before = everything(state)
    done = setup(root, "destroy", "--yes")
    assert done.code == 1
    assert "1 incidents are open" in done.err
    assert everything(state) == before
    assert setup(root, "destroy", "--yes", "--abandon-incidents").code == 0


def test_each_region_has_its_project_and_its_access_log(
    local: LocalCloud, root: Keys, account: str, state: State
) -> None:
    applied(root, "--regions", "cn-beijing")
    assert state.sls.projects[f"rolemend-{account}-cn-beijing"].region == "cn-beijing"
    assert state.sls.projects[f"oss-log-{account}-cn-beijing"].region == "cn-beijing"
    assert state.sls.collection[account]["rolemend-oss-access-log"].regions == [HOME, "cn-beijing"]
    noted = json.loads(clients.bucket(root, LEDGER).get_object("config/setup.json").read())
    assert noted["regions"] == ["cn-beijing", HOME]
    del noted["regions"]  # as records were that noted the projects alone
    clients.bucket(root, LEDGER).put_object("config/setup.json", json.dumps(noted))
    assert setup(root, "destroy", "--yes", "--with-ledger", "--regions", "cn-beijing").code == 0
    assert not state.sls.projects


def test_destroy_looks_in_the_regions_of_every_apply(
    local: LocalCloud, root: Keys, account: str, state: State
) -> None:
    log = clients.log(root, "cn-beijing")
    log.create_project(f"oss-log-{account}-cn-beijing", "")
    applied(root, "--regions", "cn-beijing")
    assert "~ record" not in applied(root).out
    assert setup(root, "destroy", "--yes").code == 0
    assert set(state.sls.projects) == {f"oss-log-{account}-cn-beijing"}, "which was there before"
