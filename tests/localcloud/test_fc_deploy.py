"""Reading an `s.yaml`: variables, properties, and all mistakes at once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from localcloud.fc.manifest import ManifestError, read_manifest
from localcloud.fc.spec import (
    EventTrigger,
    FunctionKey,
    HttpTrigger,
    LogTrigger,
    TimerTrigger,
    parse_function_arn,
)
from localcloud.server import LocalCloud
from tests.clients import Keys
from tests.localcloud.fc_functions.deployment import Deployment, function, open_host


@pytest.fixture
def fc(local: LocalCloud, root: Keys, account: str, tmp_path: Path) -> Deployment:
    return open_host(local, root, account, tmp_path)


ACCOUNT = "1000000000000001"


def read(folder: Path, document: Any, environment: dict[str, str] | None = None, **options: Any) -> Any:
    path = folder / "s.yaml"
    path.write_text(document if isinstance(document, str) else yaml.safe_dump(document))
    return read_manifest(path, account=ACCOUNT, environment=environment or {}, **options)


def manifest(*functions: dict[str, Any], **members: Any) -> dict[str, Any]:
    resources = {f"r{i}": {"component": "fc3", "props": props} for i, props in enumerate(functions)}
    return {"edition": "3.0.0", "resources": resources, **members}


def errors_of(folder: Path, document: Any, **options: Any) -> list[str]:
    with pytest.raises(ManifestError) as refused:
        read(folder, document, **options)
    return refused.value.errors


def test_a_whole_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "code").mkdir()
    (tmp_path / "pattern.json").write_text(json.dumps({"source": ["acs.emr"]}))
    props = {
        "functionName": "diagnose",
        "region": "cn-shanghai",
        "runtime": "python3.10",
        "handler": "a.b",
        "code": "code",
    }
    (tmp_path / "diagnose.json").write_text(json.dumps(props))
    specs = read(
        tmp_path,
        """
edition: 3.0.0
name: rolemend
access: default
vars:
  region: cn-shanghai
  project: trail-${config('AccountID')}
  nested: {memory: 256}
resources:
  watch:
    component: fc3
    props:
      region: ${vars.region}
      functionName: watch
      runtime: python3.12
      handler: handler.handler
      code: ./code
      memorySize: ${vars.nested.memory}
      timeout: 60
      role: rolemend-watch
      description: ${this.props.functionName} of ${this.region}
      layers: ["acs:fc:${vars.region}:${config('AccountID')}:layers/rolemend/versions/1"]
      environmentVariables:
        NEXT: acs:fc:${vars.region}:${config('AccountID')}:functions/${resources.diagnose.props.functionName}
        LEVEL: ${env('LEVEL', 'info')}
        BUCKET: ${env('BUCKET', '${vars.project}')}
      logConfig: {project: "${vars.project}", logstore: functions}
      asyncInvokeConfig:
        maxAsyncRetryAttempts: 2
        maxAsyncEventAgeInSeconds: 600
        destinationConfig:
          onFailure: {destination: "acs:fc:cn-shanghai:1000000000000001:functions/notify"}
      instanceLifecycleConfig: {initializer: {handler: handler.prepare, timeout: 30}}
      triggers:
        - triggerName: trail
          triggerType: log
          sourceArn: acs:log:${vars.region}:${config('AccountID')}:project/${vars.project}
          triggerConfig:
            sourceConfig: {logstore: actiontrail_main}
            jobConfig: {maxRetryTime: "5", triggerInterval: "30"}
            functionParameter: {source: actiontrail}
            enable: true
        - triggerName: clock
          triggerType: timer
          triggerConfig: {cronExpression: "@every 4m", enable: true, payload: "{}"}
        - triggerName: bus
          triggerType: eventbridge
          triggerConfig:
            triggerEnable: true
            asyncInvocationType: false
            eventRuleFilterPattern: ${file('./pattern.json')}
            eventSourceConfig: {eventSourceType: Default}
            runOptions: {mode: event-streaming, retryStrategy: {PushRetryStrategy: EXPONENTIAL_DECAY_RETRY}}
        - triggerName: web
          triggerType: http
          triggerConfig: {authType: function, disableURLInternet: true, methods: [GET]}
  diagnose:
    component: fc3
    props: ${json(file('./diagnose.json'))}
""",
        {"LEVEL": "debug"},
        layers=["rolemend"],
    )
    watch, diagnose = specs
    assert watch.key == FunctionKey(ACCOUNT, "cn-shanghai", "", "watch")
    assert watch.key.arn == f"acs:fc:cn-shanghai:{ACCOUNT}:functions/watch"
    assert (watch.memory, watch.timeout) == (256, 60)
    assert watch.role == f"acs:ram::{ACCOUNT}:role/rolemend-watch"
    assert watch.description == "watch of cn-shanghai"
    assert watch.environment == {
        "NEXT": f"acs:fc:cn-shanghai:{ACCOUNT}:functions/diagnose",
        "LEVEL": "debug",
        "BUCKET": f"trail-{ACCOUNT}",
    }
    assert (watch.log_project, watch.log_store) == (f"trail-{ACCOUNT}", "functions")
    assert (watch.asynchronous.retries, watch.asynchronous.max_age) == (2, 600)
    assert watch.asynchronous.on_failure.endswith("functions/notify")
    assert (watch.initializer.handler, watch.initializer.timeout) == ("handler.prepare", 30)
    log, clock, bus, web = watch.triggers
    parameter = {"source": "actiontrail"}
    assert log == LogTrigger("trail", f"trail-{ACCOUNT}", "actiontrail_main", 30, 5, 0, parameter)
    assert clock == TimerTrigger("clock", "@every 4m", "{}")
    assert bus == EventTrigger("bus", {"source": ["acs.emr"]}, streaming=True, retries=176)
    assert web == HttpTrigger("web", "function", ("GET",), intranet_only=True)
    assert (diagnose.runtime, diagnose.code) == ("python3.10", tmp_path / "code")


def test_files_and_paths_are_read_beside_the_manifest(tmp_path: Path) -> None:
    (tmp_path / "settings.json").write_text('{"mode": "test", "memory": 128}')
    (tmp_path / "where").write_text("settings.json")
    props = function(
        "echo",
        memorySize="${vars.settings.memory}",
        environmentVariables={"HERE": "${path('.')}", "MODE": "<${vars.settings.mode}>"},
    )
    variables = {"settings": "${json(file('${file('where')}'))}"}
    (spec,) = read(tmp_path, manifest(props, vars=variables))
    assert spec.memory == 128
    assert spec.environment == {"HERE": str(tmp_path), "MODE": "<test>"}


def test_templates_are_extended(tmp_path: Path) -> None:
    document = manifest(function("echo"), template={"base": {"timeout": 9, "functionName": "other"}})
    document["resources"]["r0"]["extend"] = {"name": "base"}
    (spec,) = read(tmp_path, document)
    assert (spec.key.name, spec.timeout) == ("echo", 9)


def test_variables_can_be_given_and_functions_chosen(tmp_path: Path) -> None:
    document = manifest(
        function("echo"), function("kind", region="${vars.where}"), vars={"where": "cn-beijing"}
    )
    assert [spec.key.name for spec in read(tmp_path, document, only=["r0"])] == ["echo"]
    (spec,) = read(tmp_path, document, only={"kind"}, variables={"where": "cn-shanghai"})
    assert (spec.key.name, spec.key.region) == ("kind", "cn-shanghai")
    assert errors_of(tmp_path, document, only=["nobody"]) == ["resources: none of nobody"]


def test_a_service_name_makes_2_0_functions(tmp_path: Path) -> None:
    (spec,) = read(tmp_path, manifest(function("echo")), service_name="rolemend")
    assert spec.key.arn == f"acs:fc:cn-hangzhou:{ACCOUNT}:services/rolemend/functions/echo"
    assert not spec.wsgi
    web = {
        "triggerName": "w",
        "triggerType": "http",
        "triggerConfig": {"authType": "anonymous", "methods": ["GET"]},
    }
    (spec,) = read(tmp_path, manifest(function("echo", triggers=[web])), service_name="rolemend")
    assert spec.wsgi


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("${vars.missing}", "no 'missing'"),
        ("${env('MISSING')}", "environment variable 'MISSING' is not set"),
        ("${config('AccessKeyID')}", "only config('AccountID')"),
        ("${resources.other.props.x}", "no resource 'other'"),
        ("${resources.r0.output.url}", "no 'output'"),
        ("${this.props.none}", "no 'none'"),
        ("${this.props.role}", "needs itself"),
        ("${file('./none')}", "No such file"),
        ("${json(file('./s.yaml'))}", "not JSON"),
        ("${magic('x')}", "no such function"),
        ("${output.x}", "unknown kind of variable"),
        ("${vars.a", "does not close it"),
    ],
)
def test_what_cannot_be_resolved_is_named_with_its_place(
    tmp_path: Path, expression: str, reason: str
) -> None:
    (error,) = errors_of(tmp_path, manifest(function("echo", role=expression)))
    assert error.startswith("resources.r0.props.role: ")
    assert reason in error


def test_every_mistake_is_reported_at_once(tmp_path: Path) -> None:
    wrong = function(
        "no spaces",
        runtime="nodejs20",
        handler="nothing",
        code="./absent",
        memorySize=100,
        timeout=0,
        role="a/b",
        layers=["unknown"],
        environmentVariables={"FC_OWN": "x", "NUMBER": 1},
        asyncInvokeConfig={"maxAsyncRetryAttempts": 9},
        colour="red",
        triggers=[
            {"triggerName": "a", "triggerType": "oss", "triggerConfig": {}},
            {"triggerName": "b", "triggerType": "log", "sourceArn": "acs:log:x", "triggerConfig": {}},
            {"triggerName": "c", "triggerType": "timer", "triggerConfig": {"cronExpression": "* *"}},
            {
                "triggerName": "d",
                "triggerType": "http",
                "triggerConfig": {"authType": "jwt", "methods": ["CALL"]},
            },
            {
                "triggerName": "e",
                "triggerType": "eventbridge",
                "triggerConfig": {"eventRuleFilterPattern": "{"},
            },
            "text",
        ],
    )
    del wrong["region"]
    errors = "\n".join(errors_of(tmp_path, manifest(wrong)))
    for place in (
        "functionName: is no function name",
        "region: is missing",
        "runtime: is 'nodejs20'",
        "handler: is not file",
        "code: is neither",
        "memorySize: is not a number",
        "timeout: is not a number",
        "role: is neither",
        "layers: the host has no layer 'unknown'",
        "environmentVariables.FC_OWN",
        "environmentVariables.NUMBER",
        "maxAsyncRetryAttempts: is not a number from 0 to 8",
        "colour: no such property",
        "triggerType: is 'oss'",
        "sourceArn: is not",
        "triggers[1].triggerConfig.sourceConfig.logstore: is missing",
        "cronExpression: 2 fields",
        "authType: is 'jwt'",
        "methods: 'CALL'",
        "eventRuleFilterPattern: is not JSON",
        "triggers[5]: is not a mapping",
    ):
        assert place in errors, place


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a: [", "cannot be read"),
        ("- 1", "is not a mapping"),
        ("edition: 2.0.0", "edition: is '2.0.0'"),
        ("edition: 3.0.0", "resources: is missing"),
        ("edition: 3.0.0\nvars: 1", "vars: is not a mapping"),
        (
            "edition: 3.0.0\nresources: {a: {component: fc3, extend: [], props: {}}}",
            "functionName: is missing",
        ),
        ("edition: 3.0.0\nresources: {a: {component: fc, props: {}}}", "resources.a.component: is not fc3"),
        ("edition: 3.0.0\nresources: {a: 1}", "resources.a.component: is not fc3"),
        (
            "edition: 3.0.0\nresources: {a: {component: fc3, props: 1}}",
            "resources.a.props.functionName: is missing",
        ),
        ("!!python/object/apply:os.system ['true']", "cannot be read"),
    ],
)
def test_a_file_that_is_no_manifest_is_refused(tmp_path: Path, text: str, reason: str) -> None:
    assert reason in "\n".join(errors_of(tmp_path, text))


def test_one_name_is_deployed_once(tmp_path: Path) -> None:
    (error,) = errors_of(tmp_path, manifest(function("echo"), function("echo")))
    assert "two functions are named echo" in error


def test_nothing_is_deployed_from_a_file_with_a_mistake(fc: Deployment) -> None:
    with pytest.raises(ManifestError):
        fc.deploy(function("echo"), function("kind", timeout=-1))
    assert fc.service.functions() == []


@pytest.mark.parametrize(
    ("arn", "key"),
    [
        ("acs:fc:r:1:functions/f", FunctionKey("1", "r", "", "f")),
        ("acs:fc:r:1:functions/f/LATEST", FunctionKey("1", "r", "", "f")),
        ("acs:fc:r:1:services/s/functions/f", FunctionKey("1", "r", "s", "f")),
        ("acs:fc:r:1:services/s.prod/functions/f", FunctionKey("1", "r", "s", "f")),
        ("acs:mns:r:1:/queues/q/messages", None),
        ("acs:fc:r:1", None),
        ("functions/f", None),
    ],
)
def test_function_arns_of_both_generations_are_read(arn: str, key: FunctionKey | None) -> None:
    assert parse_function_arn(arn) == key
