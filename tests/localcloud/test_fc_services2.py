"""Reading an s.yaml of FC 2.0: component fc, whose functions belong to services."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from demo.stage import ROOT
from localcloud.fc.manifest import ManifestError, read_manifest
from localcloud.fc.spec import FunctionSpec, HttpTrigger, LogTrigger, parse_function_arn

ACCOUNT = "1000000000000001"
ENVIRONMENT = {
    "ROLEMEND_LEDGER_BUCKET": "ledger",
    "ROLEMEND_WEBHOOK_URL": "http://127.0.0.1/",
    "NAME": "given",
}


def service(folder: Path, name: str = "echo", **function: Any) -> dict[str, Any]:
    return {
        "region": "cn-hangzhou",
        "service": {"name": "samples", "role": "samples"},
        "function": {
            "name": name,
            "runtime": "python3.10",
            "handler": "sample.echo",
            "codeUri": str(folder),
            **function,
        },
    }


def read(folder: Path, *props: dict[str, Any]) -> list[FunctionSpec]:
    path = folder / "s.yaml"
    services = {f"s{i}": {"component": "fc", "props": part} for i, part in enumerate(props)}
    path.write_text(yaml.safe_dump({"edition": "1.0.0", "name": "x", "services": services}))
    return read_manifest(path, account=ACCOUNT, environment=ENVIRONMENT)


def errors_of(folder: Path, *props: dict[str, Any]) -> list[str]:
    with pytest.raises(ManifestError) as caught:
        read(folder, *props)
    return caught.value.errors


def test_a_function_of_a_service_is_read(tmp_path: Path) -> None:
    asked = {
        "maxAsyncRetryAttempts": 2,
        "destination": {"onFailure": f"acs:fc:cn-hangzhou:{ACCOUNT}:functions/f"},
    }
    props = service(
        tmp_path,
        asyncConfiguration=asked,
        environmentVariables={"A": "${env(NAME)}", "B": "${config(AccountID)}"},
    )
    web = {"name": "web", "type": "http", "config": {"authType": "anonymous", "methods": ["GET"]}}
    (spec,) = read(tmp_path, {**props, "triggers": [web]})
    assert spec.key.arn == f"acs:fc:cn-hangzhou:{ACCOUNT}:services/samples/functions/echo"
    assert (spec.role, spec.runtime, spec.old_context, spec.wsgi) == (
        f"acs:ram::{ACCOUNT}:role/samples",
        "python3.10",
        True,
        True,
    )
    assert spec.environment == {"A": "given", "B": ACCOUNT}
    assert (spec.asynchronous.retries, spec.asynchronous.on_failure) == (2, asked["destination"]["onFailure"])  # type: ignore[index]
    assert spec.triggers == (HttpTrigger("web", "anonymous", ("GET",)),)


def test_what_is_no_property_is_named(tmp_path: Path) -> None:
    props = service(tmp_path, cpu=1)
    props["service"]["vpc"] = {}
    assert sorted(errors_of(tmp_path, {**props, "code": "."})) == [
        "resources.s0.props.code: no such property",
        "resources.s0.props.function.cpu: no such property",
        "resources.s0.props.service.vpc: no such property",
    ]


def test_a_service_without_a_name_is_refused(tmp_path: Path) -> None:
    props = service(tmp_path)
    del props["service"]["name"]
    assert "resources.s0.props.service.name: is missing" in errors_of(tmp_path, props)


def test_a_service_has_one_role(tmp_path: Path) -> None:
    other = service(tmp_path, "kind")
    other["service"]["role"] = "others"
    (error,) = errors_of(tmp_path, service(tmp_path), other)
    assert error.startswith("services: samples has two roles")


def failure_goes_to(spec: FunctionSpec) -> str:
    """The function's name without its generation, "" for nowhere."""
    key = parse_function_arn(spec.asynchronous.on_failure)
    return key.name if key is not None and bool(key.service) == bool(spec.key.service) else ""


def test_both_manifests_deploy_the_same_functions() -> None:
    """Names, roles, limits, triggers, logs and variables; the generation and what names another function differ."""

    def essence(path: Path) -> dict[str, Any]:
        specs = read_manifest(
            path,
            account=ACCOUNT,
            environment=ENVIRONMENT,
            layers=("rolemend", "rolemend-fc2"),
            code=ROOT / "functions",
        )
        own = {"ROLEMEND_AUDIT", "ROLEMEND_DIAGNOSE", "ROLEMEND_REMEDIATE", "ROLEMEND_NOTIFY"}
        return {
            spec.key.name: (
                spec.role,
                spec.memory,
                spec.timeout,
                spec.triggers,
                (spec.asynchronous.retries, spec.asynchronous.max_age, failure_goes_to(spec)),
                (spec.log_project, spec.log_store, spec.log_begin),
                spec.description,
                {name: value for name, value in spec.environment.items() if name not in own},
            )
            for spec in specs
        }

    new, old = essence(ROOT / "s.yaml"), essence(ROOT / "deploy" / "fc2" / "s.yaml")
    assert new == old
    assert new.keys() == {
        f"rolemend-{path.parent.name}" for path in (ROOT / "functions").glob("*/handler.py")
    }
    assert {name for name, function in new.items() if function[4][2] == "rolemend-notify"} == {
        f"rolemend-{name}" for name in ("watch", "diagnose", "remediate", "audit")
    }
    assert any(isinstance(trigger, LogTrigger) for trigger in new["rolemend-watch"][3])
