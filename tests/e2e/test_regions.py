"""An account that `rolemend setup` made ready, with `watch` in two regions: what each finds goes to the home region."""

from __future__ import annotations

from pathlib import Path

import oss2
import pytest

from demo.receiver import Receiver
from demo.stage import HOME, LEDGER, Stage, deploy, make_user
from localcloud.accounts import DEMO_ACCOUNT, open_account
from localcloud.server import LocalCloud
from tests import clients
from tests.clients import Keys
from tests.deployment.manifests import REGIONS
from tests.setup.installing import applied

AWAY = "cn-beijing"
PROJECT = f"rolemend-{DEMO_ACCOUNT}"


@pytest.fixture
def ready(local: LocalCloud, receiver: Receiver) -> Stage:
    """Set up by the command and deployed from both files, without the demo's own hands."""
    key = local.call(lambda cloud: open_account(cloud.state, DEMO_ACCOUNT))
    stage = Stage(local, Keys(key.id, key.secret), DEMO_ACCOUNT, receiver.url)
    applied(stage.root, "--regions", AWAY, ROLEMEND_LEDGER_BUCKET=LEDGER)
    deploy(stage, ROLEMEND_TRAIL_PROJECT=f"{PROJECT}-{HOME}", ROLEMEND_REST_SECONDS="2")
    deploy_away(stage, REGIONS)
    return stage


def deploy_away(stage: Stage, path: Path) -> None:
    environment = {
        "ROLEMEND_REGION": AWAY,
        "ROLEMEND_HOME_REGION": HOME,
        "ROLEMEND_LEDGER_BUCKET": LEDGER,
        "ROLEMEND_SCHEME": "http",
    }
    stage.local.call(
        lambda cloud: cloud.services["fc"].deploy(path, account=stage.account, env=environment)  # type: ignore[attr-defined]
    )


def refuse(stage: Stage, user: str, bucket: str, region: str) -> None:
    """A user without any right reads a bucket."""
    clients.bucket(stage.root, bucket, region).create_bucket("private")
    keys = make_user(stage, user)
    with pytest.raises(oss2.exceptions.AccessDenied):
        clients.bucket(keys, bucket, region).get_object("part-0")


def test_denials_of_both_regions_are_diagnosed_at_home(ready: Stage, receiver: Receiver) -> None:
    refuse(ready, "ana", "corp-north", AWAY)
    refuse(ready, "bob", "corp-home", HOME)
    ready.settle()
    found = {
        incident.denial.target.bucket: incident
        for incident in ready.incidents().values()
        if incident.denial is not None and hasattr(incident.denial.target, "bucket")
    }
    assert set(found) == {"corp-north", "corp-home"}
    assert all(incident.diagnosis is not None for incident in found.values())
    assert len(receiver.messages) == 2
    fc = ready.local.cloud.services["fc"]
    assert {(key.name, key.region) for key in fc.functions()} >= {  # type: ignore[attr-defined]
        ("rolemend-watch", AWAY),
        ("rolemend-watch", HOME),
        ("rolemend-diagnose", HOME),
    }
    assert not [one for one in fc.invocations if one.status == "failed"]  # type: ignore[attr-defined]


def test_what_a_function_prints_and_what_a_trigger_says_lands_in_the_logstores_of_its_region(
    ready: Stage,
) -> None:
    refuse(ready, "ana", "corp-north", AWAY)
    ready.settle()
    projects = ready.local.cloud.state.sls.projects
    for region in (AWAY, HOME):
        assert {"rolemend-functions", "rolemend-triggers"} <= set(projects[f"{PROJECT}-{region}"].logstores)


def test_a_function_that_fails_for_good_is_told_to_people(ready: Stage, receiver: Receiver) -> None:
    """Without its rights, diagnose fails on every try; notify hears of it from Function Compute."""
    ram = ready.local.cloud.state.accounts[DEMO_ACCOUNT].ram
    ram.roles["rolemend-diagnose"].attachments.clear()
    # It keeps the one right with which Function Compute sends the failure on.
    from alibabacloud_ram20150501 import models

    document = (
        '{"Version": "1", "Statement": [{"Effect": "Allow", "Action": "fc:InvokeFunction", "Resource": "*"}]}'
    )
    client = clients.ram(ready.root)
    client.create_policy(models.CreatePolicyRequest(policy_name="only-invoke", policy_document=document))
    client.attach_policy_to_role(
        models.AttachPolicyToRoleRequest(
            policy_type="Custom", policy_name="only-invoke", role_name="rolemend-diagnose"
        )
    )
    refuse(ready, "bob", "corp-home", HOME)
    ready.settle()
    titles = [message["title"] for message in receiver.messages]
    assert "The function rolemend-diagnose failed for good" in titles
    kept = clients.bucket(ready.root, LEDGER).list_objects_v2("failures/").object_list
    assert "-rolemend-diagnose-" in kept[0].key
