"""From an empty account to one in which `rolemend doctor` finds nothing wrong: setup, s.yaml, doctor, and back."""

from __future__ import annotations

import json
from typing import Any

import pytest

from demo.stage import ROOT
from localcloud.server import LocalCloud
from localcloud.state import State
from tests import clients
from tests.clients import Keys
from tests.commands.shell import Done, rolemend
from tests.setup.installing import HOME, LEDGER, applied, setup
from tests.setup.test_apply import everything

FUNCTIONS = sorted(path.parent.name for path in (ROOT / "functions").glob("*/handler.py"))


def deploy(local: LocalCloud, account: str, done: Done, manifest: str = "s.yaml", **variables: str) -> None:
    """Deploy with the variables that `setup apply` printed, and the one that people have to choose."""
    printed = dict(
        line.removeprefix("export ").split("=", 1) for line in done.lines if line.startswith("export")
    )
    environment = printed | {"ROLEMEND_WEBHOOK_URL": "http://127.0.0.1:9/", "ROLEMEND_SCHEME": "http"}
    service: Any = local.cloud.services["fc"]
    service.settings.code = ROOT / "functions"
    options: dict[str, Any] = {"account": account, "env": environment, "variables": variables}
    local.call(lambda cloud: cloud.services["fc"].deploy(ROOT / manifest, **options))  # type: ignore[attr-defined]


def doctor(root: Keys, **changes: str) -> Done:
    """With no more than what `setup` and `s deploy` were told: region and ledger."""
    environment = {
        "ALIBABA_CLOUD_ACCESS_KEY_ID": root.id,
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": root.secret,
        "ROLEMEND_LEDGER_BUCKET": LEDGER,
        "ROLEMEND_REGION": HOME,
        "ROLEMEND_SCHEME": "http",
    }
    return rolemend("doctor", given=b"", **(environment | changes))


def findings(done: Done) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(done.out)["findings"]
    return found


def wrong(done: Done) -> list[tuple[str, str, str]]:
    """Everything that is not passed: check, place and answer."""
    return [
        (each["check"], each["place"]["name"], each["answer"])
        for each in findings(done)
        if each["answer"] != "passed"
    ]


@pytest.fixture
def installed(local: LocalCloud, root: Keys, account: str) -> None:
    deploy(local, account, applied(root))


@pytest.mark.usefixtures("installed")
def test_an_account_that_was_set_up_and_deployed_has_nothing_wrong(root: Keys) -> None:
    done = doctor(root)
    assert (done.code, done.err, wrong(done)) == (0, "", [])
    roles = {each["place"]["name"] for each in findings(done) if each["place"]["kind"] == "role"}
    assert roles == {f"rolemend-{name}" for name in FUNCTIONS}


@pytest.mark.usefixtures("installed")
def test_a_second_apply_changes_nothing_and_finds_nothing(root: Keys, state: State) -> None:
    before, told = everything(state), wrong(doctor(root))
    assert "Nothing is to be done." in setup(root, "apply").lines
    assert everything(state) == before
    assert wrong(doctor(root)) == told == []


@pytest.mark.usefixtures("installed")
def test_a_role_that_could_write_its_own_policy_is_found(root: Keys, account: str, state: State) -> None:
    version = state.accounts[account].ram.policies["rolemend-remediate"].versions[0]
    document = json.loads(version.document)
    document["Statement"] = [each for each in document["Statement"] if each["Effect"] == "Allow"]
    version.document = json.dumps(document)
    found = [(place, answer) for _, place, answer in wrong(doctor(root))]
    assert found == [("rolemend-remediate", "failed")]


@pytest.mark.usefixtures("local")
def test_services_of_the_older_generation_have_nothing_wrong_either(
    local: LocalCloud, root: Keys, account: str
) -> None:
    deploy(local, account, applied(root), "deploy/fc2/s.yaml", scheme="http")
    done = doctor(root, ROLEMEND_SERVICE="rolemend")
    assert (done.code, done.err, wrong(done)) == (0, "", [])
    assert doctor(root).code != 0


@pytest.mark.usefixtures("local")
def test_what_was_set_up_and_not_deployed_is_told(root: Keys) -> None:
    applied(root)
    done = doctor(root)
    assert done.code != 0
    missing = {place.partition("/")[0] for check, place, answer in wrong(done) if answer == "failed"}
    assert missing == {f"rolemend-{name}" for name in FUNCTIONS}


@pytest.mark.usefixtures("installed")
def test_a_project_of_another_name_is_found_by_whoever_is_told_of_it(
    local: LocalCloud, root: Keys, account: str
) -> None:
    named = {"ROLEMEND_TRAIL_PROJECT": "corp-audit-trail"}
    assert setup(root, "destroy", "--yes", "--with-ledger").code == 0
    deploy(local, account, applied(root, **named))
    assert wrong(doctor(root, **named)) == []
    assert doctor(root).code != 0


@pytest.mark.usefixtures("installed")
def test_destroy_leaves_nothing_behind_but_the_ledger(
    local: LocalCloud, root: Keys, account: str, state: State
) -> None:
    clients.bucket(root, LEDGER).put_object("incidents/inc-1.jsonl", b"{}")
    local.do(local.cloud.services["fc"].remove_all())  # type: ignore[attr-defined]
    assert setup(root, "destroy", "--yes").code == 0
    assert set(state.oss.buckets) == {LEDGER}
    ram = state.accounts[account].ram
    assert set(ram.roles) == {"aliyunserviceroleforactiontrail"}, (
        "ActionTrail's own, which it made for itself"
    )
    left = (ram.policies, state.sls.projects, state.sls.collection[account], state.cms.rules[account])
    assert not any(left)
    assert state.actiontrail.accounts[account].trails == {}
    assert setup(root, "destroy", "--yes", "--with-ledger").code == 0
    assert not state.oss.buckets
