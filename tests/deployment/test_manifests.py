"""Every part of every s.yaml: against the component's schema, against Function Compute's limits, and what a deployment
needs beside the schema."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from localcloud.fc.cron import parse_schedule
from localcloud.fc.manifest import read_manifest
from localcloud.fc.spec import HttpTrigger, LogTrigger, TimerTrigger
from rolemend.policy import Principal, Request, Source, decide, parse_policy
from rolemend.settings import read_setup_settings
from rolemend.setup.parts import Names
from rolemend.setup.policies import filled
from rolemend.setup.wanted import FUNCTION_LOGSTORE, TRIGGER_LOGSTORE
from tests.deployment.manifests import (
    ACCOUNT,
    DOMAIN,
    FUNCTIONS,
    PROJECT,
    REGIONS,
    TRIGGERS,
    component_schema,
    resolved,
    variables,
)

FILES = (FUNCTIONS, REGIONS)
PARTS = [(path, name) for path in FILES for name in resolved(path)]
parts = pytest.mark.parametrize(("path", "name"), PARTS, ids=[f"{p.parent.name}-{n}" for p, n in PARTS])


def props(path: Path, name: str) -> dict[str, Any]:
    resource = resolved(path)[name]
    assert resource["component"] == "fc3"
    found: dict[str, Any] = resource["props"]
    return found


@parts
def test_a_function_is_valid_by_the_component_s_schema(path: Path, name: str) -> None:
    jsonschema.Draft7Validator(component_schema()).validate(props(path, name))


@parts
def test_every_trigger_is_valid_by_the_definition_of_its_own_kind(path: Path, name: str) -> None:
    schema = component_schema()
    for trigger in props(path, name).get("triggers", []):
        definition = {
            **schema["definitions"][TRIGGERS[trigger["triggerType"]]],
            "definitions": schema["definitions"],
        }
        jsonschema.Draft7Validator(definition).validate(trigger["triggerConfig"])
        unknown = set(trigger["triggerConfig"]) - set(definition["properties"])
        assert not unknown, "the schema lets members pass that nothing reads"


def test_without_the_patches_the_schema_refuses_what_the_service_takes() -> None:
    raw = json.loads(Path(__file__).with_name("fc3-schema.json").read_text("utf-8"))
    (config,) = [
        trigger["triggerConfig"]
        for trigger in props(FUNCTIONS, "watch")["triggers"]
        if trigger["triggerName"] == "actiontrail"
    ]
    definition = {**raw["definitions"]["ILogTriggerConfig"], "definitions": raw["definitions"]}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft7Validator(definition).validate(config)


@parts
def test_every_number_is_within_the_service_s_limits(path: Path, name: str) -> None:
    """https://www.alibabacloud.com/help/en/functioncompute/fc/product-overview/limits-of-usage"""
    found = props(path, name)
    memory, cpu = found["memorySize"], found["cpu"]
    assert 128 <= memory <= 32768
    assert memory % 64 == 0
    assert 0.05 <= cpu <= 16
    assert round(cpu / 0.05, 6) % 1 == 0
    assert 1 <= memory / 1024 / cpu <= 4, "GB of memory for each vCPU"
    assert 1 <= found["timeout"] <= 86_400
    assert 1 <= found["concurrencyConfig"]["reservedConcurrency"] <= 100
    assert len(found["layers"]) <= 5
    assert len(found.get("triggers", [])) <= 50
    written = found["environmentVariables"]
    assert sum(len(key) + len(value) for key, value in written.items()) <= 4096
    assert not [key for key in written if key.startswith("FC_")]


def test_all_reserved_instances_leave_room_for_others() -> None:
    """An account has 100 instances in a region at first, and must keep 30 that nothing reserves."""
    reserved = [
        props(FUNCTIONS, name)["concurrencyConfig"]["reservedConcurrency"] for name in resolved(FUNCTIONS)
    ]
    assert sum(reserved) <= 70


@parts
def test_a_function_runs_under_its_own_role_and_writes_a_log(path: Path, name: str) -> None:
    found = props(path, name)
    assert found["functionName"] == f"rolemend-{name}"
    assert found["role"] == f"rolemend-{name}"
    assert Path(found["code"]).stem == name
    assert (PROJECT / "functions" / name / "policy.json").is_file()
    assert found["logConfig"]["logstore"] == FUNCTION_LOGSTORE
    assert found["logConfig"]["enableRequestMetrics"] is True
    assert found["logConfig"]["logBeginRule"] == "None", "lines of JSON begin with no date"


@parts
def test_what_is_started_without_anybody_waiting_is_tried_again_and_its_failure_told(
    path: Path, name: str
) -> None:
    found = props(path, name)
    if name == "console":  # people wait for it
        return
    config = found["asyncInvokeConfig"]
    assert 1 <= config["maxAsyncRetryAttempts"] <= 8
    assert 60 <= config["maxAsyncEventAgeInSeconds"] <= 604_800, "the API's limit, smaller than the schema's"
    if (
        name == "notify" or path == REGIONS
    ):  # nobody is left to tell; another region's functions cannot be named
        return
    destination = config["destinationConfig"]["onFailure"]["destination"]
    assert destination == f"acs:fc:cn-hangzhou:{ACCOUNT}:functions/rolemend-notify"
    policy = json.loads((PROJECT / "functions" / name / "policy.json").read_text("utf-8"))
    invoked = [s["Resource"] for s in policy["Statement"] if "fc:InvokeFunction" in s["Action"]]
    assert "acs:fc:${region}:${account}:functions/rolemend-notify" in invoked[0]


@parts
def test_log_triggers_read_their_own_region_and_write_where_setup_made_a_logstore(
    path: Path, name: str
) -> None:
    found = props(path, name)
    for trigger in found.get("triggers", []):
        if trigger["triggerType"] != "log":
            continue
        assert trigger["sourceArn"].startswith(f"acs:log:{found['region']}:{ACCOUNT}:project/")
        assert trigger["invocationRole"] == f"acs:ram::{ACCOUNT}:role/aliyunlogetlrole"
        assert trigger["triggerConfig"]["logConfig"]["logstore"] == TRIGGER_LOGSTORE
        assert trigger["triggerConfig"]["functionParameter"]["source"]


def test_whatever_is_named_in_the_shell_watch_may_read_what_its_triggers_tell_of() -> None:
    """`setup` fills the policy, and `s deploy` the triggers, from the same variables."""
    named = set(re.findall(r"env\('(\w+_(?:PROJECT|LOGSTORE))'", FUNCTIONS.read_text("utf-8")))
    shell = variables(FUNCTIONS) | {name: f"corp-{name[-8:].strip('_').lower()}" for name in named}
    (watch,) = read_manifest(
        FUNCTIONS,
        account=ACCOUNT,
        environment=shell,
        layers=["rolemend"],
        code=PROJECT / "functions",
        only=["watch"],
    )
    told = read_setup_settings(shell)
    names = Names(
        account=ACCOUNT,
        region=told.region,
        regions=told.regions,
        ledger=told.ledger_bucket,
        ledger_region=told.ledger_region,
        trail_project=told.trail_project,
        event_logstore=told.event_logstore,
        policies={"watch": (PROJECT / "functions" / "watch" / "policy.json").read_text("utf-8")},
    )
    source = Source(kind="identity", policy=parse_policy(json.dumps(filled("watch", names))), name="watch")
    who = Principal(type="assumed_role", account=ACCOUNT, role="rolemend-watch")
    read = {f"{t.project}/logstore/{t.logstore}" for t in watch.triggers if isinstance(t, LogTrigger)}
    assert len(read) == 3
    assert {one.partition("=")[2] for one in watch.environment["ROLEMEND_LOGSTORES"].split()} == {
        one.replace("/logstore/", "/") for one in read
    }
    for place in read:
        resource = f"acs:log:{told.region}:{ACCOUNT}:project/{place}"
        asked = Request(action="log:GetCursorOrData", resource=resource, principal=who)
        assert decide(asked, [source]).outcome == "allow", place


@parts
def test_timers_have_a_schedule_and_a_job(path: Path, name: str) -> None:
    for trigger in props(path, name).get("triggers", []):
        if trigger["triggerType"] == "timer":
            parse_schedule(trigger["triggerConfig"]["cronExpression"])
            assert json.loads(trigger["triggerConfig"]["payload"])["job"]


@parts
def test_http_triggers_are_open_to_browsers_which_cannot_sign(path: Path, name: str) -> None:
    for trigger in props(path, name).get("triggers", []):
        if trigger["triggerType"] == "http":
            assert trigger["triggerConfig"]["authType"] == "anonymous"


@pytest.mark.parametrize("path", FILES, ids=["home", "region"])
def test_the_local_function_host_understands_the_file_as_it_is_meant(path: Path) -> None:
    specs = read_manifest(
        path, account=ACCOUNT, environment=variables(path), layers=["rolemend"], code=PROJECT / "functions"
    )
    for spec, resource in zip(specs, resolved(path).values(), strict=True):
        found = resource["props"]
        assert spec.key.arn == f"acs:fc:{found['region']}:{ACCOUNT}:functions/{found['functionName']}"
        assert (spec.runtime, spec.handler) == (found["runtime"], found["handler"])
        assert (spec.memory, spec.timeout) == (found["memorySize"], found["timeout"])
        assert spec.role == f"acs:ram::{ACCOUNT}:role/{found['role']}"
        assert spec.environment == found["environmentVariables"]
        assert spec.layers == tuple(found["layers"])
        assert (spec.log_project, spec.log_store) == (found["logConfig"]["project"], FUNCTION_LOGSTORE)
        assert spec.log_begin == found["logConfig"]["logBeginRule"]
        assert spec.max_instances == found["concurrencyConfig"]["reservedConcurrency"]
        config = found.get("asyncInvokeConfig", {})
        assert spec.asynchronous.retries == config.get("maxAsyncRetryAttempts", 3)
        assert spec.asynchronous.on_failure == config.get("destinationConfig", {}).get("onFailure", {}).get(
            "destination", ""
        )
        assert [trigger.name for trigger in spec.triggers] == [
            trigger["triggerName"] for trigger in found.get("triggers", [])
        ]
        for trigger, given in zip(spec.triggers, found.get("triggers", []), strict=True):
            assert_same_trigger(trigger, given)


def assert_same_trigger(trigger: object, given: dict[str, Any]) -> None:
    config = given["triggerConfig"]
    if isinstance(trigger, LogTrigger):
        assert given["sourceArn"].endswith(f"project/{trigger.project}")
        assert trigger.logstore == config["sourceConfig"]["logstore"]
        assert (trigger.interval, trigger.retries) == (
            config["jobConfig"]["triggerInterval"],
            config["jobConfig"]["maxRetryTime"],
        )
        assert trigger.parameter == config["functionParameter"]
    elif isinstance(trigger, TimerTrigger):
        assert (trigger.schedule, trigger.payload) == (config["cronExpression"], config["payload"])
    elif isinstance(trigger, HttpTrigger):
        assert (trigger.auth, list(trigger.methods)) == (config["authType"], config["methods"])


def test_few_variables_have_no_default() -> None:
    """What a user must set: where the ledger is, and where people are told."""
    text = FUNCTIONS.read_text("utf-8")
    assert set(re.findall(r"\$\{env\('(\w+)'\)\}", text)) <= {
        "ROLEMEND_LEDGER_BUCKET",
        "ROLEMEND_WEBHOOK_URL",
    }


def test_the_domain_is_valid_by_its_own_schema(tmp_path: Path) -> None:
    copy = tmp_path / "s.yaml"
    copy.write_text(DOMAIN.read_text("utf-8"))
    for name in ("certificate.pem", "private.key"):
        (tmp_path / name).write_text("-----BEGIN")
    resource = resolved(copy)["console-domain"]
    assert resource["component"] == "fc3-domain"
    found = resource["props"]
    schema = json.loads(Path(__file__).with_name("fc3-domain-schema.json").read_text("utf-8"))
    jsonschema.Draft7Validator(schema).validate(found)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft7Validator(schema).validate({**found, "domainName": "no domain"})
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft7Validator(schema).validate({k: v for k, v in found.items() if k != "certConfig"})
